"""Pages of stop-use notices: the worklist, one notice, and stopping the use of an item."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.dates import uk_date
from app.features.stop_use import chasing, queries, service, withdrawing
from app.features.stop_use.schemas import AcknowledgeForm, NoticeBody, StopUseForm, WithdrawForm
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.templating import render

NOTICES_ON_A_PAGE = 50
NOTICE = "stop_use/notice.html"
STOP = "stop_use/stop.html"

router = page_router()


@router.get("/stop-use")
async def worklist(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    unacknowledged: bool = False,
    after: After = None,
) -> HTMLResponse:
    """Open notices, those open longest first; the reading is logged."""
    rows = await queries.list_notices(
        session,
        is_open=True,
        unacknowledged=unacknowledged or None,
        after=number_cursor(after),
        limit=NOTICES_ON_A_PAGE,
    )
    page = page_of(rows, limit=NOTICES_ON_A_PAGE, cursor=lambda row: row.id)
    found = len(page.items)
    await audit.record(session, "stop_use_listed", "stop_use_notices", actor=actor.username, at=now, found=found)
    asked = {"unacknowledged": "true"} if unacknowledged else {}
    context = {
        "unacknowledged": unacknowledged,
        "notices": [(notice, _days_open(notice, uk_date(now))) for notice in page.items],
        "next_href": f"/stop-use?{urlencode(asked | {'after': page.next})}" if page.next else None,
    }
    return render(request, "stop_use/worklist.html", context)


@router.get("/loans/{loan_id}/stop-use")
async def stop_form(request: Request, session: Session, actor: Actor, now: Now, loan_id: Id) -> HTMLResponse:
    """Why the item must not be used any more."""
    return render(request, STOP, {"form": Form(), **await _loan(session, loan_id, actor, now)})


@router.post("/loans/{loan_id}/stop-use")
async def stop_use(request: Request, session: Session, actor: Actor, now: Now, loan_id: Id) -> Response:
    """Stop its use."""
    form, body = await read_form(request, StopUseForm)
    context = await _loan(session, loan_id, actor, now)
    if body is None:
        return render(request, STOP, {"form": form, **context}, 422)
    with or_again(STOP, form, **context):
        notice_id = await service.stop_use(
            session,
            loan_id,
            reason=body.reason,
            item_fault=body.item_fault,
            collect=body.collect,
            actor=actor.username,
            at=now,
        )
    notice = await queries.get_notice(session, notice_id)
    said = "Phone the care provider now: there is no e-mail address for them."
    if notice.told:
        said = f"{notice.care_provider} is told by e-mail."
    held = " It is on hold too." if body.item_fault.hold_kind else ""
    return redirect(request, f"/stop-use/{notice_id}", f"Its use is stopped. {said}{held}")


@router.get("/stop-use/{notice_id}")
async def get_notice(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> HTMLResponse:
    """One notice."""
    return render(request, NOTICE, {"form": Form(), **await _notice(session, notice_id, actor, now)})


@router.post("/stop-use/{notice_id}/acknowledge")
async def acknowledge(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> Response:
    """Somebody has said that it is not used any more."""
    form, body = await read_form(request, AcknowledgeForm)
    context = await _notice(session, notice_id, actor, now)
    if body is None:
        return render(request, NOTICE, {"form": form, **context}, 422)
    with or_again(NOTICE, form, **context):
        await service.acknowledge(session, notice_id, by=body.by, how=body.how, actor=actor.username, at=now)
    said = "Acknowledged. The notice stays open until the item is scanned back."
    return redirect(request, f"/stop-use/{notice_id}", said)


@router.post("/stop-use/{notice_id}/chase")
async def chase(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> Response:
    """Write to the care provider again."""
    context = await _notice(session, notice_id, actor, now)
    with or_again(NOTICE, Form(), **context):
        provider = await chasing.chase(session, notice_id, actor=actor.username, at=now)
    return redirect(request, f"/stop-use/{notice_id}", f"{provider} is written to again.")


@router.post("/stop-use/{notice_id}/withdraw")
async def withdraw(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> Response:
    """It was a mistake."""
    form, body = await read_form(request, WithdrawForm)
    context = await _notice(session, notice_id, actor, now)
    if body is None:
        return render(request, NOTICE, {"form": form, **context}, 422)
    with or_again(NOTICE, form, **context):
        await withdrawing.withdraw(session, notice_id, reason=body.reason, actor=actor.username, at=now)
    return redirect(
        request, f"/stop-use/{notice_id}", "Withdrawn. Whoever was told to stop is told that it was a mistake."
    )


def _days_open(notice: NoticeBody, today: date) -> int:
    return (today - uk_date(notice.given_at)).days


async def _notice(session: AsyncSession, notice_id: int, actor: Person, now: Now) -> dict[str, Any]:
    """The notice; the reading is logged."""
    notice = await queries.get_notice(session, notice_id)
    await audit.record(session, "stop_use_read", f"stop_use_notice:{notice_id}", actor=actor.username, at=now)
    return {"notice": notice}


async def _loan(session: AsyncSession, loan_id: int, actor: Person, now: Now) -> dict[str, Any]:
    """The loan; the reading is logged."""
    loan = await queries.get_loan(session, loan_id)
    await audit.record(session, "loans_listed", f"client:{loan.client_ref}", actor=actor.username, at=now, found=1)
    return {"loan": loan}
