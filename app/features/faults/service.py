"""Faults that people report from a label, and what is done about them.

Anybody can scan a label, so a report proves nothing. It fails safe all the same: what is said to be dangerous is held
at once and cannot be issued again until a manager lifts the hold. Nobody's equipment at home is taken away by a report
alone: who looks at it says whether its use is stopped (ADR 37).
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, ledger, outbox, safety
from app.domain.access import Permission
from app.domain.clearance import HoldFact, HoldKind
from app.domain.dates import uk_date
from app.domain.errors import BadValue, Conflict, NotAllowed, NotFound
from app.domain.labels import display
from app.models import FaultReport
from app.web.held_at_clients import AtClient, find_client, stop_held, tell_of_report
from app.web.who import tell_all_who_may, who_can

PUBLIC: Final = "public"
"""Whose name stands in histories for somebody who did not sign in."""

FAULT_REPORTED: Final = "fault_reported"
REASON: Final = "Reported as dangerous from its label. Read the report, check the item, then lift this hold."

HELD_ALREADY = text("""
    SELECT hold.id FROM fault_report JOIN hold ON hold.id = fault_report.hold_id
    WHERE fault_report.item_id = :item_id AND hold.lifted_at IS NULL ORDER BY hold.id LIMIT 1
""")
LOCK_ITEM = text("""
    SELECT item.id FROM item JOIN fault_report ON fault_report.item_id = item.id WHERE fault_report.id = :report_id
    FOR UPDATE OF item
""")
IS_HELD = text("SELECT EXISTS (SELECT FROM hold WHERE item_id = :item_id AND kind = 'fault' AND lifted_at IS NULL)")
MANAGERS = text("""
    SELECT account.username FROM account
    JOIN account_role ON account_role.account_id = account.id AND account_role.role = 'manager'
    JOIN account_store ON account_store.account_id = account.id AND account_store.store_id = :store_id
    WHERE account.is_active ORDER BY account.username
""")


async def report_fault(
    session: AsyncSession,
    barcode: str,
    *,
    form_id: UUID,
    description: str,
    phone: str | None,
    is_dangerous: bool,
    at: datetime,
) -> None:
    """Keep what somebody reports of an item, and tell the managers of its store.

    The same form sent twice is one report. A dangerous one holds the item, unless an earlier one holds it still. Raises
    NotFound `unknown-barcode`.
    """
    items = await ledger.read_items(session, [barcode], lock=True)
    if barcode not in items:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    item = items[barcode]
    # Asked once the item is locked: the other sending of this form has ended.
    if await session.scalar(select(col(FaultReport.id)).where(col(FaultReport.form_id) == form_id)):
        return
    row = {
        "form_id": form_id,
        "item_id": item.id,
        "description": description,
        "phone": phone,
        "is_dangerous": is_dangerous,
        "reported_at": at,
        "hold_id": await _hold(session, item, at=at) if is_dangerous else None,
    }
    report_id = (await session.execute(insert(FaultReport).values(**row).returning(col(FaultReport.id)))).scalar_one()
    await audit.record(
        session, FAULT_REPORTED, f"item:{barcode}", actor=PUBLIC, at=at, report=report_id, dangerous=is_dangerous
    )
    await _tell_managers(session, item, report_id, is_dangerous=is_dangerous, at=at)


async def close_fault(
    session: AsyncSession,
    report_id: int,
    *,
    done: str,
    stop_use: bool | None = None,
    may_lift: bool = False,
    actor: str,
    at: datetime,
) -> str:
    """Somebody has looked at the fault, and something was done; a hold stays until it is lifted. Returns the tag.

    `stop_use`: whether it must not be used any more, where a client has it: it is held then, if it is not yet, and its
    use is stopped. Of what was reported as dangerous that must be said; that it is used on, only by who may lift its
    hold (`may_lift`). Raises NotFound `unknown-fault-report`, Conflict `fault-closed-already`, BadValue
    `say-whether-it-is-used`, NotAllowed `not-yours-to-decide`.
    """
    # The item before the report, as when one is made.
    await session.execute(LOCK_ITEM, {"report_id": report_id})
    found = await session.execute(select(FaultReport).where(col(FaultReport.id) == report_id).with_for_update())
    report = found.scalar_one_or_none()
    if report is None:
        raise NotFound("unknown-fault-report", "There is no reported fault with this number.")
    if report.closed_at is not None:
        raise Conflict("fault-closed-already", f"{report.closed_by} closed this already: {report.done}")
    there = await find_client(session, report.item_id)
    if there and report.is_dangerous and stop_use is None and not there.is_stopped:
        detail = "A client has it, and it was reported as dangerous. Say whether its use there is stopped or goes on."
        raise BadValue("say-whether-it-is-used", detail, field="stop_use")
    goes_on = bool(there and report.is_dangerous and not stop_use and not there.is_stopped)
    if goes_on and not may_lift:
        who = await who_can(session, Permission.LIFT_HOLDS, today=uk_date(at))
        detail = "It was reported as dangerous. That a client goes on using it is said by who may lift its hold."
        raise NotAllowed(
            "not-yours-to-decide", f"{detail} {who} Stop its use, or leave the report to them.", field="stop_use"
        )
    closed = {"closed_at": at, "closed_by": actor, "done": done}
    await session.execute(update(FaultReport).where(col(FaultReport.id) == report_id).values(**closed))
    find = text("SELECT barcode FROM item WHERE id = :item_id")
    barcode: str = (await session.execute(find, {"item_id": report.item_id})).scalar_one()
    said = {} if there is None else {"use_stopped": "yes" if stop_use else "no"}
    await audit.record(session, "fault_closed", f"item:{barcode}", actor=actor, at=at, report=report_id, **said)
    if there and stop_use:
        held = HoldFact(HoldKind.FAULT, f"Reported from its label, and looked at: {done}")
        if not await session.scalar(IS_HELD, {"item_id": report.item_id}):
            about: dict[str, Any] = {"kind": held.kind, "reason": held.reason, "actor": actor, "at": at}
            await safety.hold(session, report.item_id, barcode, **about)
        await stop_held(session, report.item_id, held, actor=actor, at=at)
    if goes_on and there:
        await _tell_that_it_is_used_on(session, there, done, actor=actor, at=at)
    return barcode


async def _tell_that_it_is_used_on(
    session: AsyncSession, there: AtClient, done: str, *, actor: str, at: datetime
) -> None:
    tag = display(there.barcode)
    what = f"{there.product_name} ({tag}) was reported as dangerous while client {there.client_ref} has it."
    letter = {"purpose": "used_on", "subject": f"Used on after a report of danger: {tag}"}
    letter |= {"body": f"{what} {actor} looked at it, and it is used on: {done}", "about": f"item:{there.barcode}"}
    await tell_all_who_may(session, Permission.LIFT_HOLDS, letter, actor=actor, at=at)


async def _hold(session: AsyncSession, item: ledger.ItemRecord, *, at: datetime) -> int:
    """The hold of an earlier report that is still open, else a new one."""
    held: int | None = await session.scalar(HELD_ALREADY, {"item_id": item.id})
    if held is not None:
        return held
    details: dict[str, Any] = {"kind": HoldKind.FAULT, "reason": REASON, "actor": PUBLIC, "at": at}
    hold_id = await safety.hold(session, item.id, item.barcode, **details)
    # Managers are told of the report itself.
    said = HoldFact(HoldKind.FAULT, REASON)
    await tell_of_report(session, item.id, said, actor=PUBLIC, at=at)
    return hold_id


async def _tell_managers(
    session: AsyncSession, item: ledger.ItemRecord, report_id: int, *, is_dangerous: bool, at: datetime
) -> None:
    """What was written, and the telephone number, stand on the report alone: they may be about somebody's health."""
    tag = display(item.barcode)
    danger = " Somebody is in danger, or could be hurt, it says. The item is on hold." if is_dangerous else ""
    subject = f"{'Danger reported' if is_dangerous else 'Fault reported'}: {tag}"
    body = f"Somebody scanned the label of {item.product_name} ({tag}) and reported a fault.{danger}"
    for username in (await session.scalars(MANAGERS, {"store_id": item.store_id})).all():
        await outbox.post(
            session,
            purpose=FAULT_REPORTED,
            subject=subject,
            body=f"{body} Read the report under “Faults”.",
            to=username,
            about=f"fault_report:{report_id}",
            actor=PUBLIC,
            at=at,
        )
