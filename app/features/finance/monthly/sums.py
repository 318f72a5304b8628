"""The sums of charges by month, as a part of a statement: kept ones, and those of the newest months from the lines."""

from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.costs import month_of

ISSUE_PERCENT: Final = """
    CASE WHEN kind IN ('new_purchase', 'recycled_issue', 'hire') AND recycled IS NOT NULL
         THEN CASE WHEN reversal_of IS NULL THEN percent ELSE -percent END ELSE 0 END
"""
QUANTITY_PERCENT: Final = "CASE WHEN reversal_of IS NULL THEN quantity ELSE -quantity END * percent"
CELLS: Final = """
    period, COALESCE(funder_id, 0) AS funder_id, COALESCE(team_id, 0) AS team_id, COALESCE(store_id, 0) AS store_id,
    kind, COALESCE(left(category, 2), '') AS category,
    CASE WHEN kind NOT IN ('new_purchase', 'recycled_issue', 'hire') THEN ''
         WHEN recycled THEN 'recycled' WHEN NOT recycled THEN 'new' ELSE '' END AS condition
"""
"""What a line is summed under."""

SUMS: Final = f"""
    wanted AS MATERIALIZED (
        SELECT CAST(month AS date) AS period, NOT EXISTS (
            SELECT FROM charge_month_summed AS done
            WHERE done.period = CAST(month AS date)
              AND (done.is_final OR done.period < CAST(:live_from AS date))) AS is_live
        FROM generate_series(CAST(CAST(:since AS date) AS timestamp), CAST(CAST(:until AS date) AS timestamp),
                             interval '1 month') AS month
    ), sums AS (
        SELECT period, funder_id, team_id, store_id, kind, category, condition,
               lines, quantity_percent, net_pence, vat_pence, issue_percent
        FROM charge_month WHERE period = ANY(ARRAY(SELECT period FROM wanted WHERE NOT is_live))
        UNION ALL
        SELECT {CELLS}, 1, {QUANTITY_PERCENT}, amount_pence, vat_pence, {ISSUE_PERCENT}
        FROM charge WHERE period = ANY(ARRAY(SELECT period FROM wanted WHERE is_live))
    )
"""  # noqa: S608 - the parts are the constants above
"""The CTEs `wanted` (months) and `sums`, for `since` and `until`, first days of months. The binds are `asked_of`'s.

A month that is closed, and any older than the last one, is read as it was summed; the others, and what was never
summed, from the lines themselves.
"""

STALE: Final = text("""
    SELECT CAST(month AS date) AS period
    FROM generate_series(CAST((SELECT min(period) FROM charge) AS timestamp),
                         CAST((SELECT max(period) FROM charge) AS timestamp), interval '1 month') AS month
    WHERE NOT EXISTS (SELECT FROM charge_month_summed AS done
                      WHERE done.period = CAST(month AS date) AND done.is_final)
      AND (NOT :only_closed OR EXISTS (SELECT FROM finance_period WHERE period = CAST(month AS date)))
    ORDER BY 1
""")
FORGET: Final = text("DELETE FROM charge_month WHERE period = ANY(:months)")
# One statement sees one state of the books: a month that it finds closed has all its lines.
SUM_UP: Final = text(
    f"""
    WITH noted AS (
        INSERT INTO charge_month_summed AS done (period, summed_at, is_final)
        SELECT month, :at, EXISTS (SELECT FROM finance_period WHERE period = month)
        FROM unnest(CAST(:months AS date[])) AS month
        ON CONFLICT (period) DO UPDATE SET summed_at = excluded.summed_at, is_final = excluded.is_final
    )
    INSERT INTO charge_month (period, funder_id, team_id, store_id, kind, category, condition,
                              lines, quantity_percent, net_pence, vat_pence, issue_percent)
    SELECT {CELLS}, count(*), sum({QUANTITY_PERCENT}), sum(amount_pence), sum(vat_pence), sum({ISSUE_PERCENT})
    FROM charge WHERE period = ANY(:months) GROUP BY 1, 2, 3, 4, 5, 6, 7
"""  # noqa: S608 - the parts are the constants above
)
AS_OF: Final = text("""
    SELECT min(summed_at) FROM charge_month_summed
    WHERE NOT is_final AND period BETWEEN :since AND :until AND period < :live_from
""")


def asked_of(since: date, until: date, *, today: date) -> dict[str, date]:
    """The binds of `SUMS`: months from and to, and from which month on the lines themselves are read: the last one."""
    this = month_of(today)
    last = this.replace(year=this.year - 1, month=12) if this.month == 1 else this.replace(month=this.month - 1)
    return {"since": since, "until": until, "live_from": last}


async def as_of(session: AsyncSession, asked: dict[str, date]) -> datetime | None:
    """Since when the oldest sums among these months may have changed; nothing where all are of this moment."""
    found: datetime | None = await session.scalar(AS_OF, asked)
    return found


async def sum_up_months(session: AsyncSession, *, only_closed: bool = False, at: datetime) -> int:
    """Sum up every month that is not final yet, or only those that have been closed since; returns how many."""
    months = list(await session.scalars(STALE, {"only_closed": only_closed}))
    if months:
        await session.execute(FORGET, {"months": months})
        await session.execute(SUM_UP, {"months": months, "at": at})
    return len(months)


async def sum_up_closed_months(session: AsyncSession, *, at: datetime) -> int:
    """Sum up months that have been closed since they were summed last; returns how many."""
    return await sum_up_months(session, only_closed=True, at=at)
