"""JSON routes of panel cases and meetings. Every reading of a case is logged as one of the client's record."""

from datetime import date
from typing import Annotated

from fastapi import Path, Response

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.dates import uk_date
from app.domain.panel import CaseState
from app.features.panel import (
    appealing,
    cases,
    deciding,
    meeting_queries,
    meetings,
    minutes,
    queries,
    ratifying,
    reviewing,
    ring_fences,
)
from app.features.panel.decision_schemas import (
    AppealBody,
    NewDecision,
    NewInterest,
    NewRecommendation,
    RatifyBody,
    ReviewBody,
    WhyBody,
)
from app.features.panel.meeting_schemas import (
    AgendaBody,
    AttendanceBody,
    InviteBody,
    ListingBody,
    MeetingBody,
    MeetingRow,
    NewMeeting,
    NoteBody,
)
from app.features.panel.records import read_case
from app.features.panel.schemas import CaseBody, CaseChange, CaseRow, FollowUpRow, NewCase, ScreenBody, WithdrawBody
from app.features.panel.similar import SimilarCase, list_similar
from app.panelling import list_follow_up
from app.web.auth import Actor
from app.web.clock import Now
from app.web.etags import Version, etag
from app.web.fields import BIGGEST_ID, After, Id, Limit
from app.web.once import api_router
from app.web.paging import DAY_AND_NUMBER, Page, day_cursor, number_cursor, page_of
from app.web.tags import Tag

router = api_router("specialist equipment panel")

Number = Annotated[str, Path(max_length=20)]


@router.post("/panel-cases", status_code=201)
async def make_case(session: Session, actor: Actor, now: Now, response: Response, body: NewCase) -> CaseBody:
    """Draw up a case about an order that waits for a panel. The shelves are searched now, and that is kept with it."""
    number = await cases.make_case(session, body, actor=actor.username, at=now)
    return await _shown(session, actor, now, response, number)


@router.get("/panel-cases")
async def list_cases(
    session: Session,
    actor: Actor,
    now: Now,
    state: CaseState | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[CaseRow]:
    """The cases that you may read, the newest first: your team's, and those put before a panel that you sit on."""
    before = number_cursor(after) or BIGGEST_ID
    rows = await queries.list_cases(session, actor=actor.username, state=state, before=before, limit=limit)
    page = page_of(rows, limit=limit, cursor=lambda row: row.id)
    who = actor.username
    await audit.record(session, "panel_cases_listed", "panel_cases", actor=who, at=now, found=len(page.items))
    return page


@router.get("/panel-cases/{number}")
async def get_case(session: Session, actor: Actor, now: Now, response: Response, number: Number) -> CaseBody:
    """One case with everything about it; the reading is logged."""
    return await _shown(session, actor, now, response, number)


@router.get("/panel-cases/{number}/similar")
async def list_similar_cases(session: Session, actor: Actor, number: Number) -> list[SimilarCase]:
    """Decided cases about the same product, or one of its category and tier; nothing of the person."""
    case = await read_case(session, number, actor=actor.username)
    return await list_similar(session, case.id, actor=actor.username)


@router.patch("/panel-cases/{number}")
async def change_case(
    session: Session, actor: Actor, now: Now, response: Response, number: Number, version: Version, body: CaseChange
) -> CaseBody:
    """Change what the body names of a draft; a list replaces the one before."""
    await cases.change_case(session, number, body, version=version, actor=actor.username, at=now)
    return await _shown(session, actor, now, response, number)


@router.post("/panel-cases/{number}/submit")
async def submit(session: Session, actor: Actor, now: Now, response: Response, number: Number) -> CaseBody:
    """Put it before its panel: it is searched once more and frozen. Also the answer to a deferral."""
    await cases.submit_case(session, number, actor=actor.username, at=now)
    return await _shown(session, actor, now, response, number)


@router.post("/panel-cases/{number}/screen")
async def screen(
    session: Session, actor: Actor, now: Now, response: Response, number: Number, body: ScreenBody | None = None
) -> CaseBody:
    """Find a submitted case complete, incomplete, or one that no panel is needed for; without a body, complete."""
    said = body or ScreenBody()
    await cases.screen_case(session, number, **said.model_dump(), actor=actor.username, at=now)
    return await _shown(session, actor, now, response, number)


@router.post("/panel-cases/{number}/withdraw")
async def withdraw(
    session: Session, actor: Actor, now: Now, response: Response, number: Number, body: WithdrawBody | None = None
) -> CaseBody:
    """Take it back before it is decided."""
    said = body or WithdrawBody()
    await cases.withdraw_case(session, number, reason=said.reason, actor=actor.username, at=now)
    return await _shown(session, actor, now, response, number)


@router.post("/panel-cases/{number}/interests", status_code=201)
async def declare_interest(
    session: Session, actor: Actor, now: Now, response: Response, number: Number, body: NewInterest | None = None
) -> CaseBody:
    """Declare that you, or as a chair that another member, cannot decide it; without a body, you."""
    said = body or NewInterest()
    await deciding.declare_interest(session, number, **said.model_dump(), actor=actor.username, at=now)
    return await _shown(session, actor, now, response, number)


@router.post("/panel-cases/{number}/recommendations", status_code=201)
async def recommend(
    session: Session, actor: Actor, now: Now, response: Response, number: Number, body: NewRecommendation
) -> CaseBody:
    """Say what you recommend; the chair records the decision."""
    kind = body.recommendation
    await deciding.recommend(session, number, kind=kind, reasons=body.reasons, actor=actor.username, at=now)
    return await _shown(session, actor, now, response, number)


@router.post("/panel-cases/{number}/decision")
async def decide(
    session: Session, actor: Actor, now: Now, response: Response, number: Number, body: NewDecision
) -> CaseBody:
    """Record the decision of the meeting in which it is listed. An approved order goes on by itself."""
    await deciding.decide(session, number, body.as_proposal(), body.shares, actor=actor.username, at=now)
    return await _shown(session, actor, now, response, number)


@router.post("/panel-cases/{number}/chair-action")
async def act_as_chair(
    session: Session, actor: Actor, now: Now, response: Response, number: Number, body: NewDecision
) -> CaseBody:
    """Approve an urgent case between meetings; the next meeting ratifies it or not."""
    await deciding.act_as_chair(session, number, body.as_proposal(), body.shares, actor=actor.username, at=now)
    return await _shown(session, actor, now, response, number)


@router.post("/panel-cases/{number}/ratify")
async def ratify(
    session: Session, actor: Actor, now: Now, response: Response, number: Number, body: RatifyBody | None = None
) -> CaseBody:
    """Say whether the meeting ratifies the chair's action; without a body, it does. What is not ratified is stopped."""
    said = body or RatifyBody()
    await ratifying.ratify(session, number, **said.model_dump(), actor=actor.username, at=now)
    return await _shown(session, actor, now, response, number)


@router.post("/panel-cases/{number}/appeal", status_code=201)
async def appeal(
    session: Session, actor: Actor, now: Now, response: Response, number: Number, body: AppealBody | None = None
) -> CaseBody:
    """Appeal against the decision in force; others than those who made it hear the appeal in a meeting."""
    said = body or AppealBody()
    await appealing.appeal(session, number, **said.model_dump(), actor=actor.username, at=now)
    return await _shown(session, actor, now, response, number)


@router.post("/panel-cases/{number}/review", status_code=201)
async def review(
    session: Session, actor: Actor, now: Now, response: Response, number: Number, body: ReviewBody
) -> CaseBody:
    """Say what came of what the panel approved; its next meeting is shown it."""
    await reviewing.review(session, number, **body.model_dump(), actor=actor.username, at=now)
    return await _shown(session, actor, now, response, number)


@router.get("/panel-follow-up")
async def follow_up(session: Session, actor: Actor, now: Now) -> list[FollowUpRow]:
    """Decided cases of yours, or of your panels, that are still work: a review, a late answer, or what is out without
    an approval."""
    rows = await list_follow_up(session, actor.username, today=uk_date(now))
    await audit.record(session, "panel_cases_listed", "panel_cases", actor=actor.username, at=now, found=len(rows))
    return [FollowUpRow.model_validate(row, from_attributes=True) for row in rows]


@router.post("/items/{barcode}/ring-fence/lift", status_code=204)
async def lift_ring_fence(session: Session, actor: Actor, now: Now, tag: Tag, body: WhyBody) -> None:
    """Let others have an item that a panel keeps for one team: a manager, or a chair of that panel."""
    await ring_fences.lift(session, tag, reason=body.reason, person=actor, at=now)


@router.post("/panel-meetings", status_code=201)
async def make_meeting(session: Session, actor: Actor, now: Now, body: NewMeeting) -> MeetingBody:
    """Schedule a meeting; without `members` every member of the panel is invited."""
    who = actor.username
    meeting_id = await meetings.make_meeting(
        session, body.panel, held_on=body.held_on, members=body.members, actor=who, at=now
    )
    return await meeting_queries.get_meeting(session, meeting_id, actor=who, at=now)


@router.get("/panel-meetings")
async def list_meetings(session: Session, actor: Actor, limit: Limit = 50, after: After = None) -> Page[MeetingRow]:
    """Meetings of the panels that you sit on, the latest first."""
    day, _, number = day_cursor(after, DAY_AND_NUMBER).partition(" ")
    before = date.fromisoformat(day) if day else date.max
    rows = await meeting_queries.list_meetings(
        session, actor=actor.username, day=before, before=int(number or BIGGEST_ID), limit=limit
    )
    return page_of(rows, limit=limit, cursor=lambda row: f"{row.held_on} {row.id}")


@router.get("/panel-meetings/{meeting_id}")
async def get_meeting(session: Session, actor: Actor, now: Now, meeting_id: Id) -> MeetingBody:
    """One meeting with who is there and its cases."""
    return await meeting_queries.get_meeting(session, meeting_id, actor=actor.username, at=now)


@router.post("/panel-meetings/{meeting_id}/attendance")
async def attend(session: Session, actor: Actor, now: Now, meeting_id: Id, body: AttendanceBody) -> MeetingBody:
    """Say who is there now; who was there before and is not named has left."""
    await meetings.record_attendance(session, meeting_id, body.present, actor=actor.username, at=now)
    return await meeting_queries.get_meeting(session, meeting_id, actor=actor.username, at=now)


@router.post("/panel-meetings/{meeting_id}/cases", status_code=201)
async def list_case(session: Session, actor: Actor, now: Now, meeting_id: Id, body: ListingBody) -> MeetingBody:
    """Put a screened case on the agenda."""
    await meetings.list_case_in(session, meeting_id, body.case, actor=actor.username, at=now)
    return await meeting_queries.get_meeting(session, meeting_id, actor=actor.username, at=now)


@router.post("/panel-meetings/{meeting_id}/cases/{number}")
async def change_agenda(
    session: Session, actor: Actor, now: Now, meeting_id: Id, number: Number, body: AgendaBody
) -> MeetingBody:
    """Move a case up or down the agenda, or take it off, before the meeting begins."""
    await minutes.change_agenda(session, meeting_id, number, body.change, actor=actor.username, at=now)
    return await meeting_queries.get_meeting(session, meeting_id, actor=actor.username, at=now)


@router.post("/panel-meetings/{meeting_id}/members", status_code=201)
async def invite(session: Session, actor: Actor, now: Now, meeting_id: Id, body: InviteBody) -> MeetingBody:
    """Invite a member of this panel or, to hear an appeal, of another; with `chairs` they may chair this meeting."""
    await meetings.invite(session, meeting_id, body.username, chairs=body.chairs, actor=actor.username, at=now)
    return await meeting_queries.get_meeting(session, meeting_id, actor=actor.username, at=now)


@router.post("/panel-meetings/{meeting_id}/notes", status_code=201)
async def take_note(session: Session, actor: Actor, now: Now, meeting_id: Id, body: NoteBody) -> MeetingBody:
    """Take something down while the meeting is held. It is never changed."""
    await minutes.take_note(session, meeting_id, body.note, case=body.case, actor=actor.username, at=now)
    return await meeting_queries.get_meeting(session, meeting_id, actor=actor.username, at=now)


@router.post("/panel-meetings/{meeting_id}/close")
async def close_meeting(session: Session, actor: Actor, now: Now, meeting_id: Id) -> MeetingBody:
    """End the meeting: its minutes stay as they are, and what it did not decide waits for another one."""
    await minutes.close_meeting(session, meeting_id, actor=actor.username, at=now)
    return await meeting_queries.get_meeting(session, meeting_id, actor=actor.username, at=now)


async def _shown(session: Session, actor: Person, now: Now, response: Response, number: str) -> CaseBody:
    case = await queries.get_case(session, number, actor=actor.username)
    response.headers["ETag"] = etag(case.version)
    subject = f"client:{case.client_ref}"
    await audit.record(session, "panel_case_read", subject, actor=actor.username, at=now, case=case.number)
    return case
