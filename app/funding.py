"""Who pays for an order, for all features that say so: the split as it is kept, and the journal that posts another.

Whoever changes a split has the order locked (not its key: what is charged meanwhile refers to it). The items that its
charges are of are locked after it, in the order of their barcodes, and its lines are read only then: what comes back
meanwhile is charged before, and is in the journal, or after, by the new split (ADR 51).
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Row, delete, insert, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.charging import IS_CHARGED, ORDERS_CHARGES_ASIDE
from app.domain.errors import BadValue, Conflict, NotFound
from app.domain.funders import FunderKind, check_no_person
from app.domain.funding import Journal, Posted, kept, make_journal
from app.domain.months import month_in_words, months_after
from app.domain.panel_funding import Share, check_split, in_percent
from app.models import OrderShare
from app.put_right import SAME_PRICE, put_right

FUNDERS: Final = text("SELECT id, code, kind FROM funder WHERE upper(code) = ANY(:codes)")
ORDER: Final = text(f"""
    SELECT asked.id, asked.number, funder.code AS lead, {IS_CHARGED} AS is_charged,
           {ORDERS_CHARGES_ASIDE} AS put_aside,
           EXISTS (SELECT FROM funding_dispute WHERE order_id = asked.id AND settled_at IS NULL) AS is_disputed
    FROM equipment_order AS asked JOIN funder ON funder.id = asked.funder_id WHERE asked.id = :order_id
""")  # noqa: S608 - the parts are constants
LOCK_ORDER: Final = text("SELECT id FROM equipment_order WHERE number = upper(:number) FOR NO KEY UPDATE")
POSTINGS: Final = text("SELECT id, posting_id FROM charge WHERE id = ANY(:ids) ORDER BY id")
SHARES: Final = text("""
    SELECT funder.code, part.percent FROM order_share AS part JOIN funder ON funder.id = part.funder_id
    WHERE part.order_id = :order_id ORDER BY part.position
""")
# What has a charge of the order, and what is to have one.
LOCK_ITEMS: Final = text("""
    SELECT id FROM item
    WHERE id IN (SELECT item_id FROM charge WHERE order_id = :order_id
                 UNION SELECT kept.item_id FROM order_unit AS unit
                 JOIN reservation AS kept ON kept.id = unit.reservation_id AND kept.ended_at IS NULL
                 WHERE unit.order_id = :order_id)
    ORDER BY barcode FOR UPDATE
""")
# Whoever takes one of them back refers to it, and waits.
LOCK_CHARGES: Final = text("""
    SELECT id FROM charge WHERE posting_id IN (SELECT posting_id FROM charge WHERE order_id = :order_id)
    ORDER BY id FOR UPDATE
""")
# Of a drive that is shared with another order all lines, since a charge is taken back as a whole.
STANDING: Final = text("""
    SELECT line.id, line.posting_id, COALESCE(funder.code, '') AS funder, funder.kind AS funder_kind, line.percent,
           line.amount_pence, line.vat_pence, line.is_provisional, CASE WHEN line.kind = 'top_up' THEN (
               SELECT issue.posting_id FROM charge AS issue
               WHERE issue.item_id = line.item_id AND issue.movement_seq = line.movement_seq AND issue.is_issue
                 AND issue.reversal_of IS NULL
                 AND NOT EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = issue.id)
               LIMIT 1) END AS beside,
           line.order_id IS DISTINCT FROM :order_id AS is_others
    FROM charge AS line LEFT JOIN funder ON funder.id = line.funder_id
    WHERE line.posting_id IN (SELECT posting_id FROM charge WHERE order_id = :order_id) AND line.reversal_of IS NULL
      AND NOT EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = line.id)
    ORDER BY line.id
""")
SETTLE: Final = text("""
    UPDATE funding_dispute SET settled_at = :at, settled_by = :actor, settlement = :settlement
    WHERE order_id = :order_id AND settled_at IS NULL
""")


async def read_split(session: AsyncSession, shares: Sequence[Share], *, field: str = "funding") -> tuple[Share, ...]:
    """The shares as they were asked for, by the codes as they are kept. None asked for: none.

    Raises BadValue `unknown-funder`, `person-never-charged` and as `check_split` does.
    """
    if not shares:
        return ()
    codes = [share.funder.upper() for share in shares]
    known = {row.code.upper(): row for row in await session.execute(FUNDERS, {"codes": codes})}
    for share in shares:
        if share.funder.upper() not in known:
            raise BadValue("unknown-funder", f"{share.funder} is no funder here. Choose one of the list.", field=field)
    check_no_person([row.code for row in known.values() if row.kind == FunderKind.PERSON], field=field)
    found = tuple(Share(known[share.funder.upper()].code, share.percent) for share in shares)
    check_split(found, field=field)
    return found


async def refuse_person(session: AsyncSession, funder: str, *, field: str = "funder") -> None:
    """Whether somebody of this code can be charged for everything. Raises BadValue `unknown-funder`,
    `person-never-charged`."""
    await read_split(session, [Share(funder, Decimal(100))], field=field)


async def read_shares(session: AsyncSession, order_id: int) -> tuple[Share, ...]:
    """The shares of an order; none where its lead funder pays for everything."""
    return tuple(Share(row.code, row.percent) for row in await session.execute(SHARES, {"order_id": order_id}))


async def write_shares(session: AsyncSession, order_id: int, lead: str, shares: Sequence[Share]) -> None:
    """Keep a split that was read, in the place of the one before."""
    await session.execute(delete(OrderShare).where(col(OrderShare.order_id) == order_id))
    parts = kept(lead, shares)
    if not parts:
        return
    codes = [share.funder.upper() for share in parts]
    ids = {row.code: row.id for row in await session.execute(FUNDERS, {"codes": codes})}
    rows = [
        {"order_id": order_id, "funder_id": ids[share.funder], "position": place, "percent": share.percent}
        for place, share in enumerate(parts, start=1)
    ]
    await session.execute(insert(OrderShare), rows)


async def plan(
    session: AsyncSession, order_id: int, shares: Sequence[Share], *, is_provisional: bool = False
) -> Journal:
    """The journal by which these shares pay for all that stands of the order; nothing is written."""
    rows = (await session.execute(STANDING, {"order_id": order_id})).all()
    lines = [
        Posted(
            row.id,
            row.posting_id,
            row.funder,
            row.percent,
            row.amount_pence,
            row.vat_pence,
            row.is_provisional,
            row.beside,
            row.is_others,
        )
        for row in rows
    ]
    persons = {row.funder for row in rows if row.funder_kind == FunderKind.PERSON}
    return make_journal(lines, shares, persons=persons, is_provisional=is_provisional)


async def fund(
    session: AsyncSession,
    order_id: int,
    shares: Sequence[Share],
    *,
    because: str,
    settles: bool,
    actor: str,
    at: datetime,
) -> Journal:
    """Another split for an order that is locked: what is charged from now on follows it, and what was charged is taken
    back and posted by it, as the journal says. `settles`: a dispute that is open ends with it; otherwise what is
    charged stays provisional. Raises Conflict `charges-put-aside`.
    """
    await session.execute(LOCK_ITEMS, {"order_id": order_id})
    order = (await session.execute(ORDER, {"order_id": order_id})).one()
    refuse_put_aside(order.put_aside)
    before = await read_shares(session, order_id)
    await write_shares(session, order_id, order.lead, shares)
    if settles and order.is_disputed:
        values = {"order_id": order_id, "settlement": because, "actor": actor, "at": at}
        await session.execute(SETTLE, values)
    is_provisional = order.is_disputed and not settles
    journal = make_journal([], shares)
    if order.is_charged:
        await session.execute(LOCK_CHARGES, {"order_id": order_id})
        journal = await plan(session, order_id, shares, is_provisional=is_provisional)
    if journal.reversed:
        await _post(session, journal, because=because, actor=actor, at=at)
    is_settled = settles and order.is_disputed
    if is_settled or journal.reversed or before != kept(order.lead, shares):
        facts: dict[str, str | int] = {
            "funding": in_words(shares),
            "because": because,
            "lines": len(journal.reversed) + journal.posted,
        }
        verb = "funding_settled" if is_settled else "funding_changed"
        await audit.record(session, verb, f"order:{order.number}", actor=actor, at=at, **facts)
    return journal


def refuse_put_aside(newest: date | None) -> None:
    """Whether all that an order was charged can be moved. `newest`: as `ORDERS_CHARGES_ASIDE` says. Raises Conflict
    `charges-put-aside`."""
    if newest is not None:
        before = month_in_words(months_after(newest, 1))
        raise Conflict(
            "charges-put-aside",
            f"What this order was charged before {before} is put aside, so who pays for it cannot be moved. Ask "
            "whoever runs the service to bring those months back first.",
            field="order_number",
        )


async def take_back(session: AsyncSession, ids: Sequence[int], *, because: str, actor: str, at: datetime) -> None:
    """Take back whole charges by their lines: each by a charge of its own, as the database wants it."""
    rows = (await session.execute(POSTINGS, {"ids": list(ids)})).all()
    await put_right(session, _taking_back(rows), because=because, actor=actor, at=at)


async def lock_order(session: AsyncSession, number: str) -> int:
    """Lock an order by its number; returns its id. Raises NotFound `unknown-order`."""
    order_id: int | None = await session.scalar(LOCK_ORDER, {"number": number})
    if order_id is None:
        raise NotFound("unknown-order", "There is no order with this number.", field="order_number")
    return order_id


def in_words(shares: Sequence[Share]) -> str:
    """A split as it is written: ASC 60 %, ICB 40 %."""
    return ", ".join(f"{share.funder} {in_percent(share.percent)}" for share in shares)


async def _post(session: AsyncSession, journal: Journal, *, because: str, actor: str, at: datetime) -> None:
    rows = (await session.execute(POSTINGS, {"ids": list(journal.reversed)})).all()
    instead: list[dict[str, Any]] = []
    for one in journal.replaced:
        posting = {"posting_id": str(uuid4()), **SAME_PRICE}
        for corrects, line in zip(one.corrects, one.lines, strict=True):
            amounts = {"percent": str(line.percent), "amount_pence": line.pence, "vat_pence": line.vat_pence}
            instead.append({"id": corrects, "funder": line.funder, **posting, **amounts})
    await put_right(session, _taking_back(rows), instead, because=because, actor=actor, at=at)


def _taking_back(rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    """In the order of their numbers; each charge by a posting of its own, as the database wants it."""
    postings = {row.posting_id: str(uuid4()) for row in rows}
    return [{"id": row.id, "posting_id": postings[row.posting_id]} for row in rows]
