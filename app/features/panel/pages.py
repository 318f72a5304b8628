"""Pages of panel cases: the list, one case, drawing it up page by page, submitting, screening, withdrawing."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Path, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.dates import uk_date
from app.domain.errors import Incomplete
from app.domain.panel import CaseState, Screening, Step, can
from app.domain.panel_case import Section
from app.domain.panel_review import ReviewOutcome
from app.features.panel import cases, page_queries, queries
from app.features.panel.case_forms import (
    LABELS,
    OPTIONS,
    QUOTES,
    ScreenForm,
    SectionForm,
    WithdrawForm,
    names_of,
    read_part,
    typed_case,
)
from app.features.panel.records import read_case
from app.features.panel.schemas import CaseBody, NewCase
from app.features.panel.similar import list_similar
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import BIGGEST_ID, After
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.shapes import Shape
from app.web.templating import render

CASES_ON_A_PAGE = 50
DRAFT, PART, SCREEN, WITHDRAW = "panel/draft.html", "panel/part.html", "panel/screen.html", "panel/withdraw.html"

Number = Annotated[str, Path(max_length=20)]

router = page_router()


class StartForm(Shape):
    """The order that the case is about."""

    order_number: str = Field(min_length=1, max_length=20)


class SubmitForm(Shape):
    """A button: everything is said on the case's pages."""


@router.get("/panel-cases")
async def list_cases(
    request: Request, session: Session, actor: Actor, now: Now, state: CaseState | None = None, after: After = None
) -> HTMLResponse:
    """The cases that this person may read, the newest first; those that wait for the panel, urgent ones first, then
    who has waited longest. The reading is logged."""
    who, before = actor.username, number_cursor(after) or BIGGEST_ID
    waits = state in {CaseState.SUBMITTED, CaseState.SCREENED, CaseState.LISTED}
    rows = await queries.list_cases(
        session, actor=who, state=state, before=before, limit=CASES_ON_A_PAGE, urgent_first=waits
    )
    page = page_of(rows, limit=CASES_ON_A_PAGE, cursor=lambda row: row.id)
    await audit.record(session, "panel_cases_listed", "panel_cases", actor=who, at=now, found=len(page.items))
    asked = {"state": state.value} if state else {}
    context = {
        "cases": page.items,
        "state": state,
        "states": list(CaseState),
        "today": uk_date(now),
        "now": now,
        "waits": waits,
        "next_href": f"/panel-cases?{urlencode(asked | {'after': page.next})}" if page.next else None,
    }
    return render(request, "panel/list.html", context)


@router.post("/panel-cases/new")
async def start(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Draw up a case about an order, and go to it."""
    _, body = await read_form(request, StartForm)
    new = NewCase(order_number=body.order_number if body else " ")
    number = await cases.make_case(session, new, actor=actor.username, at=now)
    return redirect(request, f"/panel-cases/{number}", f"Case {number} is kept as a draft. Fill in its pages.")


@router.get("/panel-cases/{number}")
async def get_case(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """One case; to who draws it up, as what is still to be done."""
    case, context = await read_shown(session, number, actor, now)
    if case.state is CaseState.DRAFT and context["brings"]:
        return render(request, DRAFT, {"form": Form(), **context})
    similar = await list_similar(session, context["case_id"], actor=actor.username)
    return render(request, "panel/case.html", {"similar": similar, **context})


@router.get("/panel-cases/{number}/parts/{section}")
async def part_form(
    request: Request, session: Session, actor: Actor, now: Now, number: Number, section: Section
) -> HTMLResponse:
    """One page of a draft, as it stands."""
    case, context = await read_shown(session, number, actor, now)
    context |= await _asked(session, case, section)
    return render(request, PART, {"form": typed_case(case, section), **context})


@router.post("/panel-cases/{number}/parts/{section}")
async def change_part(
    request: Request, session: Session, actor: Actor, now: Now, number: Number, section: Section
) -> Response:
    """Save it."""
    form, body = await read_form(request, SectionForm)
    case, context = await read_shown(session, number, actor, now)
    context |= await _asked(session, case, section)
    change = None
    if body:
        try:
            change = read_part(section, form, body, [code for code, _ in context["funders"]])
        except ValidationError as invalid:
            form.refuse(str(invalid.errors()[0]["msg"]).removeprefix("Value error, "))
    if body is None or change is None:
        return render(request, PART, {"form": form, **context}, 422)
    details: dict[str, Any] = {"version": body.version or case.version, "actor": actor.username, "at": now}
    with or_again(PART, form.against(typed_case(case, section).typed), **context):
        await cases.change_case(session, number, change, **details)
    return redirect(request, f"/panel-cases/{case.number}", f"{section.text}: saved.")


@router.post("/panel-cases/{number}/submit")
async def submit(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Put it before the panel, or say what is missing."""
    form, _ = await read_form(request, SubmitForm)
    case, context = await read_shown(session, number, actor, now)
    with or_again(DRAFT, form, **context):
        try:
            await cases.submit_case(session, number, must_differ=True, actor=actor.username, at=now)
        except Incomplete as refusal:
            for one in refusal.wanted["missing"]:
                form.refuse(one["detail"])
            return render(request, DRAFT, {"form": form, **context}, 422)
    said = f"Case {case.number} is submitted. Somebody of the panel looks whether it is complete."
    return redirect(request, f"/panel-cases/{case.number}", said)


@router.get("/panel-cases/{number}/screen")
async def screen_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """Is it complete, and does it need the panel?"""
    case, context = await read_shown(session, number, actor, now)
    gaps = "\n".join(gap.detail for gap in case.gaps)
    return render(request, SCREEN, {"form": Form({"gaps": [gaps]}), "outcomes": list(Screening), **context})


@router.post("/panel-cases/{number}/screen")
async def screen(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Say so."""
    form, body = await read_form(request, ScreenForm)
    case, context = await read_shown(session, number, actor, now)
    context["outcomes"] = list(Screening)
    if body is None:
        return render(request, SCREEN, {"form": form, **context}, 422)
    gaps = [line.strip()[:200] for line in body.gaps.splitlines() if line.strip()][:30]
    details: dict[str, Any] = {"outcome": body.outcome, "gaps": gaps, "note": body.note, "actor": actor.username}
    with or_again(SCREEN, form, **context):
        await cases.screen_case(session, number, **details, at=now)
    return redirect(request, f"/panel-cases/{case.number}", f"{body.outcome.text}: kept with the case.")


@router.get("/panel-cases/{number}/withdraw")
async def withdraw_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """Why?"""
    _, context = await read_shown(session, number, actor, now)
    return render(request, WITHDRAW, {"form": Form(), **context})


@router.post("/panel-cases/{number}/withdraw")
async def withdraw(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Take it back."""
    form, body = await read_form(request, WithdrawForm)
    case, context = await read_shown(session, number, actor, now)
    if body is None:
        return render(request, WITHDRAW, {"form": form, **context}, 422)
    with or_again(WITHDRAW, form, **context):
        await cases.withdraw_case(session, number, reason=body.reason, actor=actor.username, at=now)
    return redirect(request, f"/panel-cases/{case.number}", "The case is withdrawn. Its order waits still.")


async def read_shown(session: AsyncSession, number: str, actor: Person, now: Now) -> tuple[CaseBody, dict[str, Any]]:
    """The case and what its pages share; the reading is logged as one of the client's record."""
    record = await read_case(session, number, actor=actor.username)
    case = await queries.show_case(session, record)
    subject = f"client:{case.client_ref}"
    await audit.record(session, "panel_case_read", subject, actor=actor.username, at=now, case=case.number)
    member = record.member(actor.username)
    names = {one["username"]: one["name"] for one in record.row["members"] or []}
    return case, {
        "case": case,
        "case_id": record.id,
        "brings": record.is_of_prescribers,
        "sits": member is not None,
        "chairs": member is not None and member.is_chair,
        "own_interest": next((one for one in record.interests if one.username == actor.username), None),
        "is_deferred": can(Step.SUBMIT, case.state, record.kind_in_force, has_lapsed=record.has_lapsed)
        and case.state is CaseState.DECIDED,
        "to_ratify": record.waits_for_meeting,
        "keeps": member is not None and (member.is_chair or record.row["chairs_meeting"]),
        "open_appeal": record.appeal is not None,
        "can_appeal": record.can_be_appealed,
        "to_review": case.state is CaseState.DECIDED and (record.is_out or record.is_approved),
        "names_of_before": [names.get(one, one) for one in sorted(record.heard_before)],
        "found": {one.value: one.text for one in ReviewOutcome},
        "sections": list(Section),
        "labels": LABELS,
        "names": names | {case.made_by: case.made_by_name},
        "today": uk_date(now),
    }


async def _asked(session: AsyncSession, case: CaseBody, section: Section) -> dict[str, Any]:
    """What one page asks, and what it offers to choose from."""
    trials = await page_queries.list_trials(session, case.client_ref) if section is Section.TRIALS else []
    return {
        "section": section,
        "asks": names_of(section),
        "options": OPTIONS,
        "quotes": range(1, QUOTES + 1),
        "trials": trials,
        "funders": await page_queries.list_funders(session) if section is Section.FUNDING else [],
    }
