"""The months that movements and charges are kept in: made ahead, listed, put aside and brought back (ADR 62).

A month is put aside with both its partitions, the oldest first. What remains of it: an anchor for each item's
movements, so that its chain is still proven around them, spells, accounts and sums by month, and the closed month.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import uk_date
from app.domain.errors import Conflict, NotFound

WHOLES: Final = ("movement", "charge")

MAKE: Final = text("""
    SELECT sum(empty_other_months(whole) + make_months(whole, CAST(:today AS date),
                                                       (CAST(:today AS date) + interval '6 months')::date))
    FROM unnest(CAST(:wholes AS text[])) AS whole
""")
LISTED: Final = text("""
    SELECT whole, month, part.relispartition AS is_attached,
           GREATEST(part.reltuples, 0)::bigint AS lines, pg_total_relation_size(part.oid) AS bytes,
           EXISTS (SELECT FROM finance_period WHERE period = month) AS is_closed
    FROM pg_class AS part JOIN pg_namespace ON pg_namespace.oid = relnamespace AND nspname = 'months'
    CROSS JOIN LATERAL (SELECT split_part(relname, '_', 1) AS whole,
                               to_date(right(relname, 7), 'YYYY_MM') AS month) AS told
    WHERE relkind = 'r' AND relname ~ '^(movement|charge)_[0-9]{4}_[0-9]{2}$' ORDER BY month, whole DESC
""")
IN_THE_WAY: Final = text("""
    SELECT NOT EXISTS (SELECT FROM finance_period WHERE period = :month) AS is_open,
           CAST(:month AS date) + interval '1 month' > CAST(:today AS date) - make_interval(years => :years)
               AS is_young,
           EXISTS (SELECT FROM movement WHERE at < CAST(:month AS date)::timestamp AT TIME ZONE 'UTC')
           OR EXISTS (SELECT FROM charge WHERE period < :month) AS is_not_the_oldest,
           (SELECT count(*) FROM item_account JOIN loan ON loan.item_id = item_account.item_id AND ended_at IS NULL
            WHERE issue_month <= :month) AS lent,
           (SELECT count(*) FROM repair JOIN movement ON movement.item_id = repair.item_id AND seq = started_seq
            WHERE finished_at IS NULL AND at < (CAST(:month AS date) + interval '1 month') AT TIME ZONE 'UTC') AS mended
""")
DIGEST: Final = """
    SELECT count(*) AS lines, encode(sha256(convert_to(COALESCE(
               string_agg(line::text, chr(10) ORDER BY line.id), ''), 'UTF8')), 'hex') AS digest
    FROM {part} AS line
"""
ANCHORS: Final = """
    INSERT INTO movement_put_aside (item_id, first_seq, until_seq, until_hash, month)
    SELECT item_id, min(seq), max(seq), (array_agg(hash ORDER BY seq DESC))[1], CAST(:month AS date)
    FROM (SELECT item_id, seq, hash, seq - row_number() OVER (PARTITION BY item_id ORDER BY seq) AS run
          FROM {part}) AS line
    GROUP BY item_id, run
"""
NOTE: Final = text("""
    INSERT INTO month_put_aside (whole, month, lines, digest, put_aside_at, put_aside_by)
    VALUES (:whole, :month, :lines, :digest, :at, :actor)
""")
UTC: Final = text("SET LOCAL TIME ZONE 'UTC'")
NEWEST: Final = text("SELECT max(month) FROM month_put_aside")
NOTED: Final = text("SELECT lines, digest FROM month_put_aside WHERE whole = :whole AND month = :month")
FORGET: Final = text("DELETE FROM month_put_aside WHERE whole = :whole AND month = :month")
FORGET_ANCHORS: Final = text("DELETE FROM movement_put_aside WHERE month = :month")
FORGET_TO_SEE_TO: Final = text("DELETE FROM charge_to_see_to WHERE period = :month")
SEE_TO_AGAIN: Final = text("SELECT keep_charges_to_see_to(:month, :month)")
PUT_ASIDE: Final = text("SELECT COALESCE(sum(lines), 0) FROM month_put_aside WHERE whole = 'movement'")
BOUNDS: Final = {"movement": "'{} 00:00:00+00'", "charge": "'{}'"}


@dataclass(frozen=True, slots=True)
class Month:
    """One partition: about how many lines, and its size."""

    whole: str
    month: date
    is_attached: bool
    lines: int
    bytes: int
    is_closed: bool


async def make_months(session: AsyncSession, *, at: datetime) -> int:
    """Make the months from this one to half a year ahead, and those of what came into no month; returns how many."""
    values = {"today": uk_date(at), "wholes": list(WHOLES)}
    # Nobody queues behind us for long: the next night comes.
    await session.execute(text("SET LOCAL lock_timeout = '4s'"))
    return int((await session.execute(MAKE, values)).scalar_one())


async def list_months(session: AsyncSession) -> list[Month]:
    """Every month there is a partition of, attached or not, the oldest first. Lines as the statistics have them."""
    return [Month(**row) for row in (await session.execute(LISTED)).mappings()]


async def count_put_aside(session: AsyncSession) -> int:
    """How many movements stand in months that were put aside."""
    return int((await session.execute(PUT_ASIDE)).scalar_one())


async def detach_month(
    session: AsyncSession, month: date, *, years: int, today: date, actor: str, at: datetime
) -> dict[str, int]:
    """Put a month aside; its tables stay in the schema `months`, to be copied and dropped. Returns its lines by table.

    Raises NotFound `no-such-month`, Conflict `month-open`, `month-young`, `month-not-the-oldest`, `month-in-use`.
    """
    found = [one for one in await list_months(session) if one.month == month and one.is_attached]
    if not found:
        raise NotFound("no-such-month", f"No partition of {month:%Y-%m} is attached.")
    # So that a line is the same text wherever it is read.
    await session.execute(UTC)
    values = {"month": month, "today": today, "years": years}
    stands = (await session.execute(IN_THE_WAY, values)).one()
    if stands.is_open:
        raise Conflict("month-open", f"Finance has not closed {month:%Y-%m}.")
    if stands.is_young:
        raise Conflict("month-young", f"{month:%Y-%m} is not yet {years} years old.")
    if stands.is_not_the_oldest:
        raise Conflict("month-not-the-oldest", "Months are put aside one after the other, the oldest first.")
    if stands.lent or stands.mended:
        raise Conflict(
            "month-in-use",
            f"{stands.lent} items are still out since then or before, and {stands.mended} repairs are not over.",
        )
    lines = {}
    for one in found:
        part = _part(one.whole, month)
        kept = (await session.execute(text(DIGEST.format(part=part)))).one()
        if one.whole == "movement":
            await session.execute(text(ANCHORS.format(part=part)), {"month": month})
        await session.execute(text(f"ALTER TABLE {one.whole} DETACH PARTITION {part}"))
        who = {"actor": actor, "at": at}
        await session.execute(NOTE, {"whole": one.whole, "month": month, **kept._mapping, **who})
        lines[one.whole] = int(kept.lines)
    await session.execute(FORGET_TO_SEE_TO, {"month": month})
    return lines


async def attach_month(session: AsyncSession, month: date) -> dict[str, int]:
    """Bring the newest month that was put aside back, if it is what was put aside. Returns its lines by table.

    Raises NotFound `no-such-month`, Conflict `month-not-the-newest`, `month-changed`.
    """
    newest = (await session.execute(NEWEST)).scalar_one()
    tables = {one.whole for one in await list_months(session) if one.month == month and not one.is_attached}
    if newest is None or not tables:
        raise NotFound("no-such-month", f"Nothing of {month:%Y-%m} is put aside here.")
    if newest != month:
        raise Conflict("month-not-the-newest", f"{newest:%Y-%m} was put aside last: attach it first.")
    await session.execute(UTC)
    lines = {}
    for whole in sorted(tables):
        part, key = _part(whole, month), {"whole": whole, "month": month}
        kept = (await session.execute(text(DIGEST.format(part=part)))).one()
        if tuple(kept) != tuple((await session.execute(NOTED, key)).one()):
            raise Conflict("month-changed", f"{part} is not what was put aside: its lines are others.")
        first, after = (BOUNDS[whole].format(day) for day in (month, _next(month)))
        await session.execute(
            text(f"ALTER TABLE {whole} ATTACH PARTITION {part} FOR VALUES FROM ({first}) TO ({after})")
        )
        await session.execute(FORGET, key)
        lines[whole] = int(kept.lines)
    await session.execute(FORGET_ANCHORS, {"month": month})
    await session.execute(SEE_TO_AGAIN, {"month": month})
    return lines


def _part(whole: str, month: date) -> str:
    return f"months.{whole}_{month:%Y_%m}"


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
