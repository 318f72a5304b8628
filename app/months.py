"""The months that movements and charges are kept in: made ahead, listed, put aside and brought back (ADR 62).

A month is put aside with both its partitions, the oldest first. What remains of it: an anchor for each item's
movements, so that its chain is still proven around them, the orders that were charged, spells, accounts and sums by
month, and the closed month. What was issued in it may still be out: its return needs the account alone (ADR 68).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import uk_date
from app.domain.errors import Conflict, NotFound

WHOLES: Final = ("movement", "charge")
TRIES: Final = 10
WAIT: Final = timedelta(milliseconds=800)
"""How long we wait for both tables together: whoever comes meanwhile waits behind us."""
PAUSE: Final = 1.0
"""Seconds between two tries to get hold of the tables: whoever works in them goes first."""
LOCKED: Final = {"55P03", "40P01", "57014"}
"""SQLSTATE of a lock that was not to be had in time, of a deadlock, and of a statement that took too long."""
ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtext('months'))")

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
           (SELECT count(*) FROM item JOIN movement ON movement.item_id = item.id AND movement.seq = item.repair_seq
            WHERE item.state = 'in_repair'
              AND at < (CAST(:month AS date) + interval '1 month') AT TIME ZONE 'UTC') AS mended,
           (SELECT count(*) FROM funding_dispute AS said WHERE settled_at IS NULL AND EXISTS (
                SELECT FROM charge WHERE order_id = said.order_id AND period <= :month)) AS disputed,
           (SELECT count(DISTINCT posting_id) FROM charge AS line
            WHERE is_unpriced AND reversal_of IS NULL
              AND (period <= :month OR kind = 'credit' AND EXISTS (
                       SELECT FROM charge AS issue
                       WHERE issue.item_id = line.item_id AND issue.is_issue AND issue.period <= :month))
              AND NOT EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = line.id)) AS unpriced,
           (SELECT count(*) FROM spell WHERE is_recycled AND new_pence IS NULL
            AND issued_at < (CAST(:month AS date) + interval '1 month') AT TIME ZONE 'UTC') AS unsettled
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
ORDERS: Final = """
    INSERT INTO order_put_aside (order_id, month)
    SELECT DISTINCT order_id, CAST(:month AS date) FROM {part} WHERE order_id IS NOT NULL
"""
COUNT: Final = "SELECT count(*) FROM {part}"
NOTE: Final = text("""
    INSERT INTO month_put_aside (whole, month, lines, digest, put_aside_at, put_aside_by)
    VALUES (:whole, :month, :lines, :digest, :at, :actor)
""")
BOUNDED: Final = text(
    "SELECT set_config(name, :wait, true) FROM (VALUES ('lock_timeout'), ('statement_timeout')) AS set(name)"
)
UTC: Final = text("SET LOCAL TIME ZONE 'UTC'")
NEWEST: Final = text("SELECT max(month) FROM month_put_aside")
NOTED: Final = text("SELECT lines, digest FROM month_put_aside WHERE whole = :whole AND month = :month")
FORGET: Final = text("DELETE FROM month_put_aside WHERE whole = :whole AND month = :month")
FORGET_TO_SEE_TO: Final = text("DELETE FROM charge_to_see_to WHERE period = :month")
SEE_TO_AGAIN: Final = text("SELECT keep_charges_to_see_to(:month, :month)")
FORGET_ANCHORS: Final = text("""
    WITH items AS (DELETE FROM movement_put_aside WHERE month = :month)
    DELETE FROM order_put_aside WHERE month = :month
""")
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

    What reads or writes meanwhile waits for less than a second at a time. Raises NotFound `no-such-month`, Conflict
    `month-open`, `month-young`, `month-not-the-oldest`, `month-in-use`, `month-changed`, `months-busy`.
    """
    await session.execute(ALONE)
    found = [one for one in await list_months(session) if one.month == month and one.is_attached]
    if not found:
        raise NotFound("no-such-month", f"No partition of {month:%Y-%m} is attached.")
    # So that a line is the same text wherever it is read.
    await session.execute(UTC)
    asked = {"month": month, "today": today, "years": years}
    _check((await session.execute(IN_THE_WAY, asked)).one(), month, years)
    lines = {}
    for one in found:
        part = _part(one.whole, month)
        kept = (await session.execute(text(DIGEST.format(part=part)))).one()
        anchors = ANCHORS if one.whole == "movement" else ORDERS
        await session.execute(text(anchors.format(part=part)), {"month": month})
        await session.execute(NOTE, {"whole": one.whole, "month": month, **kept._mapping, "actor": actor, "at": at})
        lines[one.whole] = int(kept.lines)
    await session.execute(FORGET_TO_SEE_TO, {"month": month})
    await _with_the_tables(session, partial(_detach, session, lines, asked))
    return lines


async def attach_month(session: AsyncSession, month: date) -> dict[str, int]:
    """Bring the newest month that was put aside back, if it is what was put aside. Returns its lines by table.

    Raises NotFound `no-such-month`, Conflict `month-not-the-newest`, `month-changed`, `months-busy`.
    """
    await session.execute(ALONE)
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
        await session.execute(FORGET, key)
        lines[whole] = int(kept.lines)
    await _with_the_tables(session, partial(_attach, session, sorted(tables), month))
    await session.execute(FORGET_ANCHORS, {"month": month})
    await session.execute(SEE_TO_AGAIN, {"month": month})
    return lines


def _check(stands: Row[Any], month: date, years: int) -> None:
    """Whether anything needs the lines themselves. What is out does not: its account says what it was issued at."""
    if stands.is_open:
        raise Conflict("month-open", f"Finance has not closed {month:%Y-%m}.")
    if stands.is_young:
        raise Conflict("month-young", f"{month:%Y-%m} is not yet {years} years old.")
    if stands.is_not_the_oldest:
        raise Conflict("month-not-the-oldest", "Months are put aside one after the other, the oldest first.")
    needed = {
        "repairs that began by then are not over": stands.mended,
        "orders that were charged by then are in dispute": stands.disputed,
        "charges of then, or credits of what was issued then, have no price": stands.unpriced,
        "reissues of then are not settled: the worker does that by night": stands.unsettled,
    }
    if any(needed.values()):
        told = "; ".join(f"{count:,} {what}" for what, count in needed.items() if count)
        raise Conflict("month-in-use", f"The lines of {month:%Y-%m} are still needed: {told}.")


async def _with_the_tables(session: AsyncSession, change: Callable[[], Awaitable[None]]) -> None:
    """Do this while nobody reads or writes them. We give up before the database looks for a deadlock, so that it is
    never a scan that fails, and try again."""
    for _ in range(TRIES):
        try:
            async with session.begin_nested():
                # A bound for each lock would not do: parts that come free one after the other add up.
                await session.execute(BOUNDED, {"wait": f"{WAIT // timedelta(milliseconds=1)}ms"})
                await session.execute(text("LOCK TABLE movement, charge IN ACCESS EXCLUSIVE MODE"))
                await session.execute(text("SET LOCAL statement_timeout TO DEFAULT"))
                await change()
                await session.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", "") not in LOCKED:
                raise
            await asyncio.sleep(PAUSE)
        else:
            return
    raise Conflict("months-busy", "Movements and charges were in use all the time. Try again when less is going on.")


async def _detach(session: AsyncSession, lines: Mapping[str, int], asked: Mapping[str, Any]) -> None:
    """Nobody writes now: what was looked at before is looked at once more."""
    month = asked["month"]
    _check((await session.execute(IN_THE_WAY, asked)).one(), month, asked["years"])
    for whole, count in lines.items():
        part = _part(whole, month)
        if (await session.execute(text(COUNT.format(part=part)))).scalar_one() != count:
            raise Conflict("month-changed", f"Lines were written to {part} meanwhile. Try again.")
        await session.execute(text(f"ALTER TABLE {whole} DETACH PARTITION {part}"))


async def _attach(session: AsyncSession, wholes: Iterable[str], month: date) -> None:
    for whole in wholes:
        first, after = (BOUNDS[whole].format(day) for day in (month, _next(month)))
        bounds = f"FOR VALUES FROM ({first}) TO ({after})"
        await session.execute(text(f"ALTER TABLE {whole} ATTACH PARTITION {_part(whole, month)} {bounds}"))


def _part(whole: str, month: date) -> str:
    return f"months.{whole}_{month:%Y_%m}"


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
