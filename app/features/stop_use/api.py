"""JSON routes of stop-use notices."""

from typing import Annotated

from fastapi import Query

from app import audit
from app.db import Session
from app.features.stop_use import chasing, queries, service, withdrawing
from app.features.stop_use.schemas import AcknowledgeBody, NoticeBody, StopUseBody, WithdrawBody
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id, Limit
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of

router = api_router("stop use")


@router.post("/loans/{loan_id}/stop-use", status_code=201)
async def stop_use(session: Session, actor: Actor, now: Now, loan_id: Id, body: StopUseBody) -> NoticeBody:
    """Stop the use of what a client has: their care provider is told, and it stays open until the item is back.

    Unless it is said that nothing is wrong with the item itself (`item_fault: no`), it is held as well.
    """
    notice_id = await service.stop_use(
        session,
        loan_id,
        reason=body.reason,
        item_fault=body.item_fault,
        collect=body.collect,
        actor=actor.username,
        at=now,
    )
    return await queries.get_notice(session, notice_id)


@router.get("/stop-use-notices")
async def list_notices(
    session: Session,
    actor: Actor,
    now: Now,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    unacknowledged: bool | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[NoticeBody]:
    """Notices, those given longest ago first. The reading is logged."""
    rows = await queries.list_notices(
        session, is_open=is_open, unacknowledged=unacknowledged, after=number_cursor(after), limit=limit
    )
    await audit.record(session, "stop_use_listed", "stop_use_notices", actor=actor.username, at=now, found=len(rows))
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.get("/stop-use-notices/{notice_id}")
async def get_notice(session: Session, actor: Actor, now: Now, notice_id: Id) -> NoticeBody:
    """One notice; the reading is logged."""
    notice = await queries.get_notice(session, notice_id)
    await audit.record(session, "stop_use_read", f"stop_use_notice:{notice_id}", actor=actor.username, at=now)
    return notice


@router.post("/stop-use-notices/{notice_id}/acknowledge")
async def acknowledge(session: Session, actor: Actor, now: Now, notice_id: Id, body: AcknowledgeBody) -> NoticeBody:
    """Somebody at the care provider's has said that it is not used any more. The notice stays open."""
    await service.acknowledge(session, notice_id, by=body.by, how=body.how, actor=actor.username, at=now)
    return await queries.get_notice(session, notice_id)


@router.post("/stop-use-notices/{notice_id}/chase")
async def chase(session: Session, actor: Actor, now: Now, notice_id: Id) -> NoticeBody:
    """Write to the care provider again now; 409 `chased-just-now` within an hour of the last time."""
    await chasing.chase(session, notice_id, actor=actor.username, at=now)
    return await queries.get_notice(session, notice_id)


@router.post("/stop-use-notices/{notice_id}/withdraw")
async def withdraw(session: Session, actor: Actor, now: Now, notice_id: Id, body: WithdrawBody) -> NoticeBody:
    """It was given by mistake: the care provider is told that it may be used again, and the notice stays on record.

    Somebody else than who gave it (403 `same-person`), and not while a hold, an inspection that did not pass or the
    client's weight asks for it (409 `still-not-to-be-used`).
    """
    await withdrawing.withdraw(session, notice_id, reason=body.reason, actor=actor.username, at=now)
    return await queries.get_notice(session, notice_id)
