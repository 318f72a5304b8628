"""Pages of a panel's meetings: the list, a new one, and one with who is there and its cases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from app.db import Session
from app.domain.access import Actor as Person
from app.domain.panel import DecisionKind
from app.domain.panel_agenda import AgendaChange
from app.domain.panel_review import ReviewOutcome
from app.features.panel import meeting_queries, meetings, minutes, page_queries
from app.web.asked import asked, needed
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import BIGGEST_ID, After, Code, Day, Id, Paragraph
from app.web.flash import redirect
from app.web.forms import Form, ShowAgain, or_again, read_form
from app.web.once import page_router
from app.web.paging import DAY_AND_NUMBER, day_cursor, page_of
from app.web.shapes import Shape
from app.web.templating import render

Model = TypeVar("Model", bound=BaseModel)

MEETINGS_ON_A_PAGE = 50
HAPPENED: Final = {
    "came": "Came",
    "left": "Left",
    "note": "Note",
    "ratified": "Ratified",
    "not_ratified": "Not ratified",
}
NEW, MEETING = "panel/new_meeting.html", "panel/meeting.html"

router = page_router()


class MeetingForm(Shape):
    """A meeting of a panel on a day."""

    panel: Annotated[Code, asked("Choose the panel.")] = needed()
    held_on: Annotated[Day, asked("Enter the day of the meeting.")] = needed()


class AttendanceForm(Shape):
    """Who is there now."""

    present: list[str] = Field(default_factory=list, max_length=50)


class ListingForm(Shape):
    """A screened case."""

    case: Annotated[str, Field(max_length=20), asked("Choose a case.")] = needed()


class AgendaForm(Shape):
    """What is done to a case on the agenda: each has its button."""

    case: Annotated[str, Field(max_length=20), asked("Choose a case.")] = needed()
    change: Annotated[AgendaChange, asked("Press the button that says what to do with it.")] = needed()


class InviteForm(Shape):
    """Who comes as well; `chairs`: they may chair this meeting."""

    username: Annotated[str, Field(max_length=100), asked("Choose who comes.")] = needed()
    chairs: bool = False


class NoteForm(Shape):
    """Something to take down. `about`: a case of the agenda; empty: the meeting."""

    note: Annotated[Paragraph, asked("Write the note.")] = needed()
    about: Annotated[str, Field(max_length=20)] = ""


class CloseForm(Shape):
    """A button."""


@router.get("/panel-meetings")
async def list_meetings(request: Request, session: Session, actor: Actor, after: After = None) -> HTMLResponse:
    """Meetings of one's panels, the latest first."""
    day, _, number = day_cursor(after, DAY_AND_NUMBER).partition(" ")
    rows = await meeting_queries.list_meetings(
        session,
        actor=actor.username,
        day=date.fromisoformat(day) if day else date.max,
        before=int(number or BIGGEST_ID),
        limit=MEETINGS_ON_A_PAGE,
    )
    page = page_of(rows, limit=MEETINGS_ON_A_PAGE, cursor=lambda row: f"{row.held_on} {row.id}")
    next_href = f"/panel-meetings?{urlencode({'after': page.next})}" if page.next else None
    return render(request, "panel/meetings.html", {"meetings": page.items, "next_href": next_href})


@router.get("/panel-meetings/new")
async def new_form(request: Request, session: Session, actor: Actor) -> HTMLResponse:
    """Which panel, and when?"""
    panels = await page_queries.list_chaired(session, actor.username)
    return render(request, NEW, {"form": Form({"panel": [panels[0][0] if panels else ""]}), "panels": panels})


@router.post("/panel-meetings/new")
async def make(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Schedule it; every member is invited."""
    form, body = await read_form(request, MeetingForm)
    context = {"panels": await page_queries.list_chaired(session, actor.username)}
    if body is None:
        return render(request, NEW, {"form": form, **context}, 422)
    with or_again(NEW, form, **context):
        meeting_id = await meetings.make_meeting(
            session, body.panel, held_on=body.held_on, members=[], actor=actor.username, at=now
        )
    return redirect(request, f"/panel-meetings/{meeting_id}", "The meeting is scheduled. Put cases on its agenda.")


@router.get("/panel-meetings/{meeting_id}")
async def get_meeting(request: Request, session: Session, actor: Actor, now: Now, meeting_id: Id) -> HTMLResponse:
    """Who is there, and which cases are heard."""
    return render(request, MEETING, {"form": Form(), **await _context(session, actor, now, meeting_id)})


@router.post("/panel-meetings/{meeting_id}/attendance")
async def attend(request: Request, session: Session, actor: Actor, now: Now, meeting_id: Id) -> Response:
    """Record who is there now."""
    async with _act(request, session, actor, now, meeting_id, AttendanceForm) as body:
        await meetings.record_attendance(session, meeting_id, body.present, actor=actor.username, at=now)
    return redirect(request, f"/panel-meetings/{meeting_id}", "Who is there is recorded.")


@router.post("/panel-meetings/{meeting_id}/cases")
async def list_case(request: Request, session: Session, actor: Actor, now: Now, meeting_id: Id) -> Response:
    """Put a case on the agenda."""
    async with _act(request, session, actor, now, meeting_id, ListingForm) as body:
        await meetings.list_case_in(session, meeting_id, body.case, actor=actor.username, at=now)
    return redirect(request, f"/panel-meetings/{meeting_id}", f"Case {body.case} is on the agenda.")


@router.post("/panel-meetings/{meeting_id}/agenda")
async def change_agenda(request: Request, session: Session, actor: Actor, now: Now, meeting_id: Id) -> Response:
    """Move a case, or take it off."""
    async with _act(request, session, actor, now, meeting_id, AgendaForm) as body:
        await minutes.change_agenda(session, meeting_id, body.case, body.change, actor=actor.username, at=now)
    done = {AgendaChange.OFF: "is taken off. It waits for a meeting"}.get(body.change, f"is moved {body.change.value}")
    return redirect(request, f"/panel-meetings/{meeting_id}", f"Case {body.case} {done}.")


@router.post("/panel-meetings/{meeting_id}/members")
async def invite(request: Request, session: Session, actor: Actor, now: Now, meeting_id: Id) -> Response:
    """Invite somebody, or let somebody chair it."""
    async with _act(request, session, actor, now, meeting_id, InviteForm) as body:
        await meetings.invite(session, meeting_id, body.username, chairs=body.chairs, actor=actor.username, at=now)
    said = "They are invited, and may chair this meeting." if body.chairs else "They are invited."
    return redirect(request, f"/panel-meetings/{meeting_id}", said)


@router.post("/panel-meetings/{meeting_id}/notes")
async def take_note(request: Request, session: Session, actor: Actor, now: Now, meeting_id: Id) -> Response:
    """Take something down."""
    async with _act(request, session, actor, now, meeting_id, NoteForm) as body:
        case = body.about or None
        await minutes.take_note(session, meeting_id, body.note, case=case, actor=actor.username, at=now)
    return redirect(request, f"/panel-meetings/{meeting_id}", "The note is kept.")


@router.post("/panel-meetings/{meeting_id}/close")
async def close(request: Request, session: Session, actor: Actor, now: Now, meeting_id: Id) -> Response:
    """End it."""
    async with _act(request, session, actor, now, meeting_id, CloseForm):
        left = await minutes.close_meeting(session, meeting_id, actor=actor.username, at=now)
    waits = f" Not decided, and waiting for another meeting: {', '.join(left)}." if left else ""
    return redirect(request, f"/panel-meetings/{meeting_id}", f"The meeting is closed.{waits}")


@asynccontextmanager
async def _act(
    request: Request, session: Session, actor: Person, now: Now, meeting_id: int, schema: type[Model]
) -> AsyncIterator[Model]:
    """What was asked of a meeting on its page, every field right; what is wrong or refused is shown there again."""
    form, body = await read_form(request, schema)
    context = await _context(session, actor, now, meeting_id)
    if body is None:
        raise ShowAgain(MEETING, {**context, "form": form})
    with or_again(MEETING, form, **context):
        yield body


async def _context(session: Session, actor: Person, now: Now, meeting_id: int) -> dict[str, Any]:
    meeting = await meeting_queries.get_meeting(session, meeting_id, actor=actor.username, at=now)
    people = await page_queries.list_who_may_come(session, meeting_id)
    chairs = any(one["username"] == actor.username and one["is_chair"] for one in people)
    is_open = meeting.closed_at is None
    screened = await page_queries.list_screened(session, meeting.panel) if chairs and is_open else []
    return {
        "meeting": meeting,
        "members": [one for one in people if one["comes"]],
        "others": [one for one in people if not one["comes"] or not one["is_chair"]],
        "chairs": chairs and is_open,
        "takes_notes": is_open and actor.username in meeting.present,
        "screened": screened,
        "outcomes": {one.value: one.text for one in ReviewOutcome},
        "happened": HAPPENED | {one.value: one.text for one in DecisionKind},
    }
