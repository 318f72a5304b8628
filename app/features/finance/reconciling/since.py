"""What of a month is to be compared again since everything was compared at night (ADR 78).

Comparing a month means going through the whole life of each of its items: half a minute of a county. Lines and
movements are only ever added, so what was compared and added up is as it was, unless something came since.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.finance.reconciling import queries

MARGIN: Final = timedelta(minutes=10)
"""What bears an earlier time may be committed later: so long before a night began nothing was under way any more."""
LATEST: Final = timedelta(days=2)
"""A night that is longer ago says nothing: something keeps the worker from its work."""
KEPT: Final = 500
"""So many differences of a run are kept, and shown; how many there are is said all the same."""
STANDING: Final = "standing"
"""Where a run keeps what each open month held as it began."""

# What was posted before an instant: the same numbers at any later time, or lines were changed or removed.
_HELD = """
    SELECT count(*) AS lines, COALESCE(sum(id), 0)::text AS numbers,
           COALESCE(sum(amount_pence), 0)::bigint AS net_pence, COALESCE(sum(vat_pence), 0)::bigint AS vat_pence
    FROM charge WHERE period = {} AND posted_at < :before
"""
HELD = text(_HELD.format(":period"))
HELD_BY_MONTH = text(f"""
    SELECT month.period::date AS period, held.*
    FROM generate_series(COALESCE((SELECT max(period) + interval '1 month' FROM finance_period),
                                  first_month_of_charges()),
                         CAST(:last AS date), interval '1 month') AS month (period)
    CROSS JOIN LATERAL ({_HELD.format("month.period::date")}) AS held
""")  # noqa: S608 - the part is a constant
LAST_RUN = text("""
    SELECT at, sums, differences FROM reconciliation_run WHERE period IS NULL AND at > :after ORDER BY at DESC, id DESC
    LIMIT 1
""")
# These say of old lines, too, what they should have been.
RULES_CHANGED = text("""
    SELECT EXISTS (SELECT FROM tariff WHERE made_at >= :since OR ended_at >= :since)
        OR EXISTS (SELECT FROM audit_event WHERE action = 'product_changed' AND at >= :since)
""")
CHANGED = text("""
    SELECT item_id FROM charge WHERE period = :period AND posted_at >= :since AND item_id IS NOT NULL
    UNION
    SELECT item_id FROM movement
    WHERE at >= GREATEST(:since, CAST(:period AS date)::timestamp AT TIME ZONE 'Europe/London')
      AND at < (CAST(:period AS date) + interval '1 month') AT TIME ZONE 'Europe/London'
    UNION
    SELECT id FROM item WHERE barcode = ANY(:differing)
    ORDER BY 1
""")


@dataclass(frozen=True, slots=True)
class Held:
    """What a month held of lines that were posted before an instant. `numbers`: the sum of theirs."""

    lines: int
    numbers: str
    net_pence: int
    vat_pence: int


@dataclass(frozen=True, slots=True)
class Night:
    """A comparison of everything, and when it was. `before`: what was posted earlier was compared; `standing`: what
    each open month held of that, by its name; `differing`: the items of which something did not add up, or nothing if
    they were too many to keep."""

    at: datetime
    before: datetime
    standing: dict[str, Held]
    differing: tuple[str, ...] | None


async def read_standing(session: AsyncSession, *, at: datetime) -> dict[str, Any]:
    """What a run that began at this instant keeps of the months that are open."""
    before = at - MARGIN
    rows = await session.execute(HELD_BY_MONTH, {"before": before, "last": at.date()})
    months = {
        f"{row['period']:%Y-%m}": {name: value for name, value in row.items() if name != "period"}
        for row in rows.mappings()
    }
    return {"before": before.isoformat(), "months": months}


async def find_night(session: AsyncSession, *, at: datetime) -> Night | None:
    """The last comparison of everything, if it is not too long ago and kept how the months stood."""
    row = (await session.execute(LAST_RUN, {"after": at - LATEST})).one_or_none()
    if row is None or STANDING not in row.sums:
        return None
    kept = row.sums[STANDING]
    is_all = len(row.differences) < KEPT
    return Night(
        at=row.at,
        before=datetime.fromisoformat(kept["before"]),
        standing={month: Held(**held) for month, held in kept["months"].items()},
        differing=tuple(sorted({one["barcode"] for one in row.differences if one["barcode"]})) if is_all else None,
    )


async def read_items_since(session: AsyncSession, period: date, *, at: datetime) -> tuple[Sequence[int], Night | None]:
    """The items whose histories are to be gone through to know a month, and the night in which the others were; without
    one they are all that have to do with it.

    They are all, too, where rates or products were changed since, and where what was there before is not what it was.
    """
    night = await find_night(session, at=at)
    if night is None or night.differing is None or await _is_otherwise(session, night, period):
        return await queries.read_items(session, period), None
    asked = {"period": period, "since": night.before, "differing": list(night.differing)}
    return (await session.scalars(CHANGED, asked)).all(), night


async def _is_otherwise(session: AsyncSession, night: Night, period: date) -> bool:
    if await session.scalar(RULES_CHANGED, {"since": night.before}):
        return True
    held = (await session.execute(HELD, {"period": period, "before": night.before})).mappings().one()
    return night.standing.get(f"{period:%Y-%m}") != Held(**held)
