"""A stop-use notice that was given by mistake: withdrawn by another person, and kept on record (ADR 37)."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.dates import uk_date
from app.domain.errors import Conflict
from app.domain.stop_use import NO_DANGER, Grounds, check_withdrawal
from app.features.stop_use import letters
from app.features.stop_use.service import facts_of, unknown_notice
from app.web.overloads import is_too_weak

# The client before the item, as everywhere: a weight that is being written down is seen.
LOCK_CLIENT = text("""
    SELECT client.id FROM stop_use_notice AS notice JOIN loan ON loan.id = notice.loan_id
    JOIN client ON client.id = loan.client_id WHERE notice.id = :notice_id FOR NO KEY UPDATE OF client
""")
LOCK_ITEM = text("""
    SELECT item.id FROM stop_use_notice AS notice JOIN loan ON loan.id = notice.loan_id
    JOIN item ON item.id = loan.item_id WHERE notice.id = :notice_id FOR UPDATE OF item
""")
NOTICE = text("""
    SELECT notice.reason, notice.given_at, notice.given_by, notice.withdrawn_at, loan.ended_at, loan.client_id,
           COALESCE(asked.made_by, loan.started_by) AS prescriber, item.barcode, product.name AS product_name,
           client.client_ref, client.name AS client_name, care_provider.name AS provider, care_provider.email,
           care_provider.phone,
           EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.lifted_at IS NULL
                   AND hold.kind <> ALL(:no_danger)) AS is_held,
           EXISTS (SELECT FROM standing_inspection AS made
                   WHERE made.item_id = item.id AND made.outcome <> 'passed' AND NOT EXISTS (
                       SELECT FROM standing_inspection AS newer
                       WHERE newer.item_id = made.item_id AND newer.kind = made.kind
                         AND (newer.examined_on, newer.id) > (made.examined_on, made.id))) AS has_failed
    FROM stop_use_notice AS notice JOIN loan ON loan.id = COALESCE(notice.loan_id, notice.withdrawn_loan_id)
    JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    JOIN client ON client.id = loan.client_id
    LEFT JOIN order_unit AS unit ON unit.loan_id = loan.id
    LEFT JOIN equipment_order AS asked ON asked.id = unit.order_id
    LEFT JOIN care_provider ON care_provider.id = COALESCE(client.care_provider_id, notice.care_provider_id)
    WHERE notice.id = :notice_id FOR UPDATE OF notice
""")
WITHDRAW = text("""
    UPDATE stop_use_notice SET withdrawn_loan_id = loan_id, loan_id = NULL, withdrawn_at = :at, withdrawn_by = :actor,
           withdrawn_reason = :reason
    WHERE id = :notice_id
""")


async def withdraw(session: AsyncSession, notice_id: int, *, reason: str, actor: str, at: datetime) -> None:
    """Withdraw a notice that was a mistake. The care provider is told that it may be used again, who gave it and whose
    loan it is too.

    Raises NotFound `unknown-notice`, Conflict `withdrawn-already`, `loan-ended` or `still-not-to-be-used`, NotAllowed
    `same-person`.
    """
    await session.execute(LOCK_CLIENT, {"notice_id": notice_id})
    await session.execute(LOCK_ITEM, {"notice_id": notice_id})
    values = {"notice_id": notice_id, "no_danger": [kind.value for kind in NO_DANGER]}
    row = (await session.execute(NOTICE, values)).one_or_none()
    if row is None:
        raise unknown_notice()
    if row.withdrawn_at is not None:
        raise Conflict("withdrawn-already", "This notice is withdrawn already.")
    if row.ended_at is not None:
        raise Conflict("loan-ended", "The item has come back: this notice is closed, and stays on record.")
    too_weak = await is_too_weak(session, row.client_id, row.barcode, stopped_for=row.reason)
    check_withdrawal(Grounds(row.is_held, row.has_failed, too_weak), given_by=row.given_by, by=actor)
    await session.execute(WITHDRAW, {"notice_id": notice_id, "reason": reason, "at": at, "actor": actor})
    stop = facts_of(row, reason=row.reason, given_by=row.given_by, given_on=uk_date(row.given_at))
    about: dict[str, audit.Detail] = {"notice": notice_id, "reason": reason}
    await audit.record(session, "stop_use_withdrawn", f"item:{row.barcode}", actor=actor, at=at, **about)
    await letters.tell_withdrawn(session, notice_id, stop, actor=actor, at=at)
    for username in sorted({row.given_by, row.prescriber} - {actor}):
        await letters.tell_of_mistake(session, notice_id, stop, why=reason, to=username, actor=actor, at=at)
