"""Pages of what follows a decision: the worklist, the review of an approval, and the appeal."""

from typing import Annotated, Final

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, ledger
from app.db import Session
from app.domain.dates import uk_date
from app.domain.errors import NotFound
from app.domain.labels import display
from app.domain.panel_appeal import Appellant
from app.domain.panel_review import ReviewOutcome
from app.features.panel import appealing, reviewing, ring_fences
from app.features.panel.asking import read_answer
from app.features.panel.pages import Number, read_shown
from app.panelling import list_follow_up
from app.web.asked import asked, needed
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import Day, OptionalParagraph, Reason
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.shapes import Shape
from app.web.tags import Tag
from app.web.templating import render

APPEAL: Final = "panel/appeal.html"
REVIEW: Final = "panel/review.html"
LIFT: Final = "panel/lift_ring_fence.html"

router = page_router()


class AppealForm(Shape):
    """Why the decision is not right, what is new, and who says so."""

    appellant: Annotated[Appellant, asked("Choose who appeals.")] = needed()
    grounds: Annotated[Reason, asked("Say why the decision is not right.")] = needed()
    new_evidence: OptionalParagraph = ""


class ReviewForm(Shape):
    """What somebody found who looked again."""

    outcome: Annotated[ReviewOutcome, asked("Choose what you found.")] = needed()
    findings: Annotated[Reason, asked("Say how you know.")] = needed()
    next_review_on: Day | None = None


class LiftForm(Shape):
    """Why others may have it."""

    reason: Annotated[Reason, asked("Say why others may have it.")] = needed()


@router.get("/panel-follow-up")
async def follow_up(request: Request, session: Session, actor: Actor, now: Now) -> HTMLResponse:
    """Reviews that are due, answers that did not come, and what is out without an approval; the reading is logged."""
    today = uk_date(now)
    rows = await list_follow_up(session, actor.username, today=today)
    await audit.record(session, "panel_cases_listed", "panel_cases", actor=actor.username, at=now, found=len(rows))
    return render(request, "panel/follow_up.html", {"rows": rows, "today": today})


@router.get("/panel-cases/{number}/appeal")
async def appeal_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """Why is the decision not right?"""
    _, context = await read_shown(session, number, actor, now)
    return render(request, APPEAL, {"form": Form(), "appellants": list(Appellant), **context})


@router.post("/panel-cases/{number}/appeal")
async def appeal(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Appeal against it."""
    offered = {"appellants": list(Appellant)}
    answer = await read_answer(request, session, actor, now, number, AppealForm, APPEAL, **offered)
    with answer.or_again():
        await appealing.appeal(session, number, **answer.body.model_dump(), actor=actor.username, at=now)
    said = "The appeal is kept. The chairs are told, and others than those who decided hear it."
    return redirect(request, f"/panel-cases/{answer.case.number}", said)


@router.get("/panel-cases/{number}/review")
async def review_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """What came of it?"""
    _, context = await read_shown(session, number, actor, now)
    return render(request, REVIEW, {"form": Form(), "outcomes": list(ReviewOutcome), **context})


@router.post("/panel-cases/{number}/review")
async def review(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Keep what was found."""
    offered = {"outcomes": list(ReviewOutcome)}
    answer = await read_answer(request, session, actor, now, number, ReviewForm, REVIEW, **offered)
    with answer.or_again():
        await reviewing.review(session, number, **answer.body.model_dump(), actor=actor.username, at=now)
    return redirect(request, f"/panel-cases/{answer.case.number}", "What you found is kept, and its panel hears of it.")


@router.get("/items/{barcode}/ring-fence/lift")
async def lift_form(request: Request, session: Session, actor: Actor, tag: Tag) -> HTMLResponse:
    """Why may others have it?"""
    return render(request, LIFT, {"form": Form(), "item": await _read_item(session, tag)})


@router.post("/items/{barcode}/ring-fence/lift")
async def lift_ring_fence(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """Anybody's again."""
    form, body = await read_form(request, LiftForm)
    item = await _read_item(session, tag)
    if body is None:
        return render(request, LIFT, {"form": form, "item": item}, 422)
    with or_again(LIFT, form, item=item):
        await ring_fences.lift(session, tag, reason=body.reason, person=actor, at=now)
    return redirect(request, f"/items/{tag}", f"The ring-fence of {display(tag)} is lifted: any team can have it.")


async def _read_item(session: AsyncSession, tag: str) -> ledger.ItemRecord:
    item = (await ledger.read_items(session, [tag])).get(tag)
    if item is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    return item
