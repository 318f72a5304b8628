"""Pages of the reviews of people that a notice of advice asks for."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Path, Request
from fastapi.responses import HTMLResponse, Response

from app import audit
from app.db import Session
from app.domain.access import Permission
from app.domain.notice_work import ReviewOutcome
from app.features.notices import reviews, tracing
from app.features.notices.acting_api import NoAccessTries
from app.features.notices.acting_schemas import ReviewForm
from app.features.notices.reviews import Review
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id
from app.web.flash import redirect
from app.web.forms import Form, filled_or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.templating import render

REVIEW = "notices/review.html"
PEOPLE_ON_A_PAGE = 50

ClientRef = Annotated[str, Path(max_length=40)]
router = page_router()


@router.get("/safety-notices/{notice_id}/reviews")
async def list_reviews(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    notice_id: Id,
    done: bool = False,
    unreached: bool = False,
    after: After = None,
) -> HTMLResponse:
    """The reviews of people that a notice of advice asks for: open, of people whom nobody reaches, or done."""
    notice = await tracing.get_named(session, notice_id)
    rows = await reviews.list_reviews(
        session, notice_id, done=done, unreached=unreached, after=number_cursor(after), limit=PEOPLE_ON_A_PAGE
    )
    page = page_of(rows, limit=PEOPLE_ON_A_PAGE, cursor=lambda row: row.id)
    subject, found = f"safety_notice:{notice.reference}", len(page.items)
    await audit.record(session, "notice_reviews_listed", subject, actor=actor.username, at=now, found=found)
    shown = {"done": "true" if done else None, "unreached": "true" if unreached else None, "after": page.next}
    here = f"/safety-notices/{notice_id}/reviews"
    context = {
        "notice": notice,
        "reviews": page.items,
        "done": done,
        "unreached": unreached,
        "open_unreached": await reviews.count_unreached(session, notice_id),
        "next_href": f"{here}?{urlencode({k: v for k, v in shown.items() if v})}" if page.next else None,
    }
    return render(request, "notices/reviews.html", context)


@router.get("/safety-notices/{notice_id}/reviews/{client_ref}")
async def review_form(
    request: Request, session: Session, actor: Actor, now: Now, notice_id: Id, client_ref: ClientRef
) -> HTMLResponse:
    """How did it end?"""
    notice = await tracing.get_named(session, notice_id)
    review = await reviews.get_review(session, notice_id, client_ref)
    subject, about = f"client:{review.client_ref}", notice.reference
    await audit.record(session, "notice_review_read", subject, actor=actor.username, at=now, notice=about)
    context = {"notice": notice, "review": review, "outcomes": _outcomes(actor, review)}
    return render(request, REVIEW, {"form": Form(), **context})


@router.post("/safety-notices/{notice_id}/reviews/{client_ref}")
async def record_review(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    tries: NoAccessTries,
    notice_id: Id,
    client_ref: ClientRef,
) -> Response:
    """Keep it."""
    form, body = await read_form(request, ReviewForm)
    notice = await tracing.get_named(session, notice_id)
    review = await reviews.get_review(session, notice_id, client_ref)
    context: dict[str, Any] = {"notice": notice, "review": review, "outcomes": _outcomes(actor, review)}
    who: dict[str, Any] = {"handles_notices": actor.may(Permission.HANDLE_SAFETY_NOTICES), "actor": actor.username}
    with filled_or_again(REVIEW, form, body, **context) as said:
        is_told = await reviews.record_review(
            session, notice_id, client_ref, outcome=said.outcome, note=said.note, after_tries=tries, at=now, **who
        )
    if said.outcome is not ReviewOutcome.NOT_REACHED:
        words = f"The review of {review.client_ref} is recorded."
    else:
        words = f"Your try to reach {review.client_ref} is recorded."
    told = " Those who handle safety notices are told that nobody reaches them." if is_told else ""
    return redirect(request, f"/safety-notices/{notice_id}/reviews", words + told)


def _outcomes(actor: Actor, review: Review) -> list[tuple[str, ...]]:
    """What may be chosen. That nobody can reach them is for those who handle notices, when they were told."""
    may_give_up = review.escalated_at is not None and actor.may(Permission.HANDLE_SAFETY_NOTICES)
    offered = [one for one in ReviewOutcome if one is not ReviewOutcome.UNREACHABLE or may_give_up]
    if review.done_at:
        offered = [ReviewOutcome.NO_CHANGE, ReviewOutcome.CHANGED]
    return [(one.value, one.text, HINTS[one]) if one in HINTS else (one.value, one.text) for one in offered]


HINTS = {
    ReviewOutcome.NOT_REACHED: "They stay on the list, and are tried again",
    ReviewOutcome.UNREACHABLE: "The review ends, and is named when the notice is closed. Say what was tried",
}
