"""What comes to a home may make what is there dangerous: whoever lends asks notices about things used together.

In the transaction of the loan, so that it can be refused; without such a notice that is one statement. What comes to a
home while a notice is put into force is found by the worker (`features/notices/new_loans.py`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.labels import display
from app.domain.notice_evidence import read_findings
from app.domain.notice_products import Finding
from app.domain.notice_work import Cause, Handling
from app.notice_matches import InForce, read_scopes
from app.rematching import ask_about_items, read_in_force
from app.scope_sql import HOME, is_near

# Two who bring things to one home at the same moment: the second sees what the first has brought.
ONE_AFTER_THE_OTHER = text(f"""
    SELECT pg_advisory_xact_lock(hashtextextended('at home ' || home, 0)) FROM (
        SELECT DISTINCT {HOME} AS home FROM client WHERE client.id = ANY(:client_ids) ORDER BY home
    ) AS homes
""")  # noqa: S608 - the part is a constant
AT_HOMES = text(f"""
    WITH homes AS (
        SELECT DISTINCT client.postcode, {HOME} AS home FROM client WHERE client.id = ANY(:client_ids)
    ), there AS (
        SELECT loan.item_id, homes.home FROM homes
        JOIN client ON client.postcode = homes.postcode AND {HOME} = homes.home
        JOIN loan ON loan.client_id = client.id AND loan.ended_at IS NULL
    ), nearby AS (
        SELECT DISTINCT loan.item_id FROM client AS ours JOIN client AS near ON {is_near("ours", "near")}
        JOIN loan ON loan.client_id = near.id AND loan.ended_at IS NULL
        WHERE ours.id = ANY(:client_ids) AND loan.item_id NOT IN (SELECT item_id FROM there)
    )
    SELECT item.id, item.barcode, found.home
    FROM (SELECT item_id, home FROM there UNION ALL SELECT item_id, NULL FROM nearby) AS found
    JOIN item ON item.id = found.item_id ORDER BY item.barcode
""")  # noqa: S608 - the part is a constant
LOCK = text("""
    SELECT id FROM item WHERE id = ANY(:item_ids) OR barcode = ANY(:barcodes) ORDER BY barcode FOR UPDATE
""")
STANDING = text("""
    SELECT notice_id, item_id, evidence FROM notice_match
    WHERE item_id = ANY(:item_ids) AND notice_id = ANY(:notice_ids) AND outcome IS NULL AND result <> 'not_affected'
""")


@dataclass(frozen=True, slots=True)
class Homes:
    """Where something comes to, the notices about things used together, and what is there already."""

    client_ids: Sequence[int]
    notices: Sequence[InForce]
    item_ids: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Combined:
    """An item that a notice covers by what came to its home; `there`: all that is at that home."""

    reference: str
    barcode: str
    there: frozenset[str]


async def read_homes(session: AsyncSession, client_ids: Sequence[int]) -> Homes:
    """What is at the homes of these clients, before an item is locked. One statement where no notice asks for that."""
    in_force = await read_in_force(session, waits=False)
    scopes = await read_scopes(session, {notice.digest for notice in in_force}) if in_force else {}
    notices = [notice for notice in in_force if scopes[notice.digest].asks_together]
    if not notices or not client_ids:
        return Homes(client_ids, [])
    await session.execute(ONE_AFTER_THE_OTHER, {"client_ids": list(client_ids)})
    rows = await session.execute(AT_HOMES, {"client_ids": list(client_ids)})
    return Homes(client_ids, notices, [row.id for row in rows])


async def lock_homes(session: AsyncSession, client_ids: Sequence[int], barcodes: Collection[str]) -> Homes:
    """The same, with all that is there and these items locked, as whoever moves items locks them."""
    homes = await read_homes(session, client_ids)
    if homes.notices:
        await session.execute(LOCK, {"item_ids": list(homes.item_ids), "barcodes": list(barcodes)})
    return homes


async def ask_about_homes(session: AsyncSession, homes: Homes, *, actor: str, at: datetime) -> list[Combined]:
    """Ask again about all that is there, with what has come; returns what notices hold by that. What is only nearby, in
    what may be the same home, is held and refuses nothing: somebody looks. No statement where no notice asks for it."""
    if not homes.notices:
        return []
    rows = (await session.execute(AT_HOMES, {"client_ids": list(homes.client_ids)})).all()
    items = {row.id: row.barcode for row in rows}
    holding = {one.notice_id: one.reference for one in homes.notices if one.handling is Handling.QUARANTINE}
    asked = {"item_ids": list(items), "notice_ids": list(holding)}
    before = {tuple(row) for row in await session.execute(STANDING, asked)}
    await ask_about_items(session, homes.notices, items, cause=Cause.LOAN, actor=actor, at=at)
    now = {tuple(row) for row in await session.execute(STANDING, asked)}
    home = {row.id: row.home for row in rows}
    return [
        Combined(
            holding[notice_id],
            items[item_id],
            frozenset(barcode for other, barcode in items.items() if home[other] == home[item_id]),
        )
        for notice_id, item_id, evidence in sorted(now - before)
        if home[item_id] is not None and not any(Finding.NEARBY in found for found in read_findings(evidence).values())
    ]


def in_words(combined: Sequence[Combined]) -> str:
    """What is said to whoever wants to hand something over."""
    references = ", ".join(sorted({one.reference for one in combined}))
    tags = ", ".join(display(barcode) for barcode in sorted({one.barcode for one in combined}))
    return f"By safety notice {references} it must not be used together with what is at this home: that affects {tags}."
