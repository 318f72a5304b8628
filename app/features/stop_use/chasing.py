"""Chases stop-use notices that nobody has acknowledged: every day by the worker, and at once by hand."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.dates import uk_date
from app.domain.errors import Conflict
from app.domain.promises import working_days_after
from app.domain.stop_use import StopUse, check_chase
from app.features.stop_use import letters
from app.features.stop_use.service import facts_of, unknown_notice
from app.web.bank_holidays import bank_holidays

WORKING_DAYS_TO_ANSWER = 1

# Who cares for the client now is who must know, also when that changed since the notice was given.
OPEN = """
    SELECT notice.id, notice.reason, notice.given_at, notice.given_by, notice.acknowledged_at, notice.chased_at,
           notice.told, loan.ended_at, notice.withdrawn_at,
           COALESCE(asked.made_by, loan.started_by) AS prescriber,
           item.barcode, product.name AS product_name, client.client_ref, client.name AS client_name,
           care_provider.name AS provider, care_provider.email, care_provider.phone
    FROM stop_use_notice AS notice JOIN loan ON loan.id = COALESCE(notice.loan_id, notice.withdrawn_loan_id)
    JOIN item ON item.id = loan.item_id
    JOIN product ON product.id = item.product_id JOIN client ON client.id = loan.client_id
    LEFT JOIN order_unit AS unit ON unit.loan_id = loan.id
    LEFT JOIN equipment_order AS asked ON asked.id = unit.order_id
    LEFT JOIN care_provider ON care_provider.id = COALESCE(client.care_provider_id, notice.care_provider_id)
"""
DUE = text(f"""{OPEN}
    WHERE notice.acknowledged_at IS NULL AND loan.ended_at IS NULL AND notice.withdrawn_at IS NULL
      AND (notice.chased_at IS NULL OR CAST(notice.chased_at AT TIME ZONE 'Europe/London' AS date) < :today)
    ORDER BY notice.id FOR UPDATE OF notice SKIP LOCKED
""")
ONE = text(f"{OPEN} WHERE notice.id = :notice_id FOR UPDATE OF notice")
CHASED = text("UPDATE stop_use_notice SET chased_at = :at, told = COALESCE(:told, told) WHERE id = :notice_id")
ACCOUNTS = text("SELECT username FROM account WHERE username = ANY(:usernames) ORDER BY username")


async def chase_stop_use_notices(session: AsyncSession, *, today: date, actor: str, at: datetime) -> int:
    """Write again to the care provider, to who gave the notice and to whose loan it is, daily from one working day on;
    returns how many."""
    holidays = bank_holidays(today)
    notices = [
        row
        for row in await session.execute(DUE, {"today": today})
        if working_days_after(uk_date(row.given_at), WORKING_DAYS_TO_ANSWER, holidays) <= today
    ]
    for row in notices:
        stop = _facts(row)
        if stop.email:
            await letters.tell_provider(session, row.id, stop, again=True, actor=actor, at=at)
        about_it = {"usernames": [stop.given_by, row.prescriber]}
        for username in (await session.scalars(ACCOUNTS, about_it)).all():
            await letters.tell_unacknowledged(session, row.id, stop, to=username, actor=actor, at=at)
        await _chased(session, row.id, stop, at=at)
    return len(notices)


async def chase(session: AsyncSession, notice_id: int, *, actor: str, at: datetime) -> str:
    """Write to the care provider again now; returns its name.

    Raises NotFound `unknown-notice`, Conflict `nothing-to-chase`, `no-address-to-chase` or `chased-just-now`.
    """
    row = (await session.execute(ONE, {"notice_id": notice_id})).one_or_none()
    if row is None:
        raise unknown_notice()
    if row.acknowledged_at or row.ended_at or row.withdrawn_at:
        detail = "There is nobody to chase: the notice is acknowledged or withdrawn, or the item has come back."
        raise Conflict("nothing-to-chase", detail)
    stop = _facts(row)
    if not stop.email:
        detail = f"There is no e-mail address to write to. {stop.whom_to_phone}"
        raise Conflict("no-address-to-chase", detail)
    check_chase(row.told, row.chased_at, stop.provider, at=at)
    await letters.tell_provider(session, row.id, stop, again=True, actor=actor, at=at)
    await _chased(session, row.id, stop, at=at)
    await audit.record(session, "stop_use_chased", letters.about(row.id), actor=actor, at=at)
    return stop.provider


def _facts(row: Any) -> StopUse:
    return facts_of(row, reason=row.reason, given_by=row.given_by, given_on=uk_date(row.given_at))


async def _chased(session: AsyncSession, notice_id: int, stop: StopUse, *, at: datetime) -> None:
    told = stop.provider if stop.email else None
    await session.execute(CHASED, {"notice_id": notice_id, "told": told, "at": at})
