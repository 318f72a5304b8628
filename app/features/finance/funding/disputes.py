"""Who pays for an order, when that is not agreed: disputes, their settling, and their clock (ADR 51)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, funding, outbox
from app.charging import IS_CHARGED, ORDERS_CHARGES_ASIDE
from app.domain.access import Permission, roles_with
from app.domain.dates import in_words, uk_date
from app.domain.errors import Conflict, NotFound, WrongState
from app.domain.funding import Journal, settle_by
from app.domain.panel_funding import Share
from app.features.finance.funding.queries import OVERDUE
from app.models import FundingDispute

REMINDED_EVERY: Final = timedelta(days=7)
STANDS: Final = text(f"""
    SELECT decision, {IS_CHARGED} AS is_charged, {ORDERS_CHARGES_ASIDE} AS put_aside,
           EXISTS (SELECT FROM funding_dispute WHERE order_id = asked.id AND settled_at IS NULL) AS is_disputed,
           (SELECT panel.name FROM panel_case AS brought JOIN panel ON panel.id = brought.panel_id
            JOIN panel_decision AS made ON made.case_id = brought.id
            WHERE brought.order_id = asked.id AND made.kind IN ('approve', 'approve_with_conditions')
              AND NOT EXISTS (SELECT FROM panel_decision AS later WHERE later.supersedes_id = made.id)
            LIMIT 1) AS panel
    FROM equipment_order AS asked WHERE id = :order_id
""")  # noqa: S608 - the parts are constants
WHOSE: Final = text("""
    SELECT asked.id, asked.number FROM funding_dispute AS said JOIN equipment_order AS asked ON asked.id = said.order_id
    WHERE said.id = :id AND asked.decision <> 'draft'
""")
SETTLED: Final = text("SELECT settled_by, settled_at FROM funding_dispute WHERE id = :id")
DRAFT: Final = "It is a draft still: its prescriber says on it who pays, and whether that is agreed."


async def open_dispute(
    session: AsyncSession, number: str, *, reason: str, until: date | None, actor: str, at: datetime
) -> int:
    """Take down that it is not agreed who pays for an order; returns the number of the dispute. It goes on as usual;
    all that it was charged is in dispute with it, and what it is charged from now on.

    Raises NotFound `unknown-order`, WrongState, Conflict `already-disputed`, `charges-put-aside`, BadValue
    `settle-by-out-of-range`.
    """
    day = settle_by(until, today=uk_date(at))
    order_id = await funding.lock_order(session, number)
    order = (await session.execute(STANDS, {"order_id": order_id})).one()
    if order.decision == "draft":
        raise WrongState("wrong-state", DRAFT)
    await _check_goes_on(session, order_id)
    if order.is_disputed:
        detail = "Who pays for this order is disputed already. Settle that dispute."
        raise Conflict("already-disputed", detail, field="order_number")
    # What comes back meanwhile is charged before, or is provisional.
    await session.execute(funding.LOCK_ITEMS, {"order_id": order_id})
    line = {"order_id": order_id, "reason": reason, "settle_by": day, "opened_at": at, "opened_by": actor}
    made = await session.execute(insert(FundingDispute).values(**line).returning(col(FundingDispute.id)))
    facts = {"reason": reason, "settle_by": day.isoformat()}
    await audit.record(session, "funding_disputed", f"order:{number.upper()}", actor=actor, at=at, **facts)
    return int(made.scalar_one())


async def preview(session: AsyncSession, dispute_id: int, shares: Sequence[Share]) -> Journal:
    """What settling it so would post; nothing is written.

    Raises NotFound `unknown-dispute`, WrongState, Conflict `charges-put-aside`, BadValue as `read_split` does.
    """
    order_id, _ = await _order_of(session, dispute_id)
    await _check_goes_on(session, order_id)
    return await funding.plan(session, order_id, await funding.read_split(session, shares))


async def settle(
    session: AsyncSession, dispute_id: int, shares: Sequence[Share], *, settlement: str, actor: str, at: datetime
) -> Journal:
    """End a dispute: the order is paid for so from now on, and what was charged is taken back and posted so.

    Raises NotFound `unknown-dispute`, Conflict `already-settled`, `charges-put-aside`, WrongState, BadValue as
    `read_split` does.
    """
    _, number = await _order_of(session, dispute_id)
    split = await funding.read_split(session, shares)
    order_id = await funding.lock_order(session, number)
    done = (await session.execute(SETTLED, {"id": dispute_id})).one()
    if done.settled_at is not None:
        raise Conflict("already-settled", f"{done.settled_by} settled it on {in_words(uk_date(done.settled_at))}.")
    await _check_goes_on(session, order_id)
    return await funding.fund(session, order_id, split, because=settlement, settles=True, actor=actor, at=at)


async def change_split(
    session: AsyncSession, number: str, shares: Sequence[Share], *, reason: str, actor: str, at: datetime
) -> None:
    """Another split for an order of which nothing is charged yet.

    Raises NotFound `unknown-order`, WrongState, Conflict `charged-already`, `already-disputed`, `panel-decided`,
    BadValue as `read_split` does.
    """
    split = await funding.read_split(session, shares)
    order_id = await funding.lock_order(session, number)
    order = (await session.execute(STANDS, {"order_id": order_id})).one()
    if order.decision in {"draft", "declined", "cancelled"}:
        ended = "The order has ended: what is not charged is paid by nobody."
        raise WrongState("wrong-state", DRAFT if order.decision == "draft" else ended)
    if order.is_charged:
        detail = "Something of it is charged already. Open a dispute about it, and settle that: it moves the money."
        raise Conflict("charged-already", detail)
    if order.is_disputed:
        raise Conflict("already-disputed", "Who pays for it is disputed. Settle the dispute: that says who pays.")
    if order.panel:
        detail = f"{order.panel} decided who pays for it. It decides anew, or a dispute is opened and settled."
        raise Conflict("panel-decided", detail)
    await funding.fund(session, order_id, split, because=reason, settles=False, actor=actor, at=at)


async def remind_of_funding_disputes(session: AsyncSession, *, today: date, actor: str, at: datetime) -> int:
    """Tell those who settle disputes of each that is past its day, once a week; returns how many there are."""
    rows = (await session.execute(OVERDUE, {"today": today})).all()
    for row in rows:
        letter = {
            "purpose": "funding_dispute_overdue",
            "about": f"funding_dispute:{row.id}",
            "subject": f"Order {row.order_number}: who pays should be settled by now",
            "body": (
                f"Who pays for order {row.order_number} was to be settled by {in_words(row.settle_by)}. What it costs "
                "is split provisionally until then. Settle it under Finance, Funding disputes."
            ),
        }
        since = at - REMINDED_EVERY
        roles = roles_with(Permission.SETTLE_FUNDING)
        await outbox.post_to_roles(session, roles, letter, unless_since=since, actor=actor, at=at)
    return len(rows)


async def _check_goes_on(session: AsyncSession, order_id: int) -> None:
    """Whether there is anything that somebody pays for, and all of it can be moved. Raises WrongState, Conflict."""
    order = (await session.execute(STANDS, {"order_id": order_id})).one()
    funding.refuse_put_aside(order.put_aside)
    if order.decision in {"declined", "cancelled"} and not order.is_charged:
        raise WrongState("wrong-state", "The order has ended, and nothing of it was charged: nobody pays for it.")


async def _order_of(session: AsyncSession, dispute_id: int) -> tuple[int, str]:
    """The id and the number of the order that a dispute is about."""
    found = (await session.execute(WHOSE, {"id": dispute_id})).one_or_none()
    if found is None:
        raise NotFound("unknown-dispute", "There is no funding dispute with this number.", field="dispute_id")
    return int(found.id), str(found.number)
