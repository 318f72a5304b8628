"""The sums of charges by month, as a part of a statement: kept ones, and those of the newest month from the lines.

A month is summed up once it is over by a day. From its end on a trigger adds what comes to it as rows of their own, so
that kept sums are those of the lines at each moment; the next night makes them anew with what came (ADR 63).
"""

from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.finance.monthly.grains import COLUMNS, GRAINS, LINE, Grain

ISSUE_PERCENT: Final = """
    CASE WHEN kind IN ('new_purchase', 'recycled_issue', 'hire') AND recycled IS NOT NULL
         THEN CASE WHEN reversal_of IS NULL THEN percent ELSE -percent END ELSE 0 END
"""
QUANTITY_PERCENT: Final = "CASE WHEN reversal_of IS NULL THEN quantity ELSE -quantity END * percent"
CREDITED: Final = "CASE kind WHEN 'credit' THEN amount_pence ELSE 0 END"
MEASURES: Final = "lines, quantity_percent, net_pence, credited_pence, vat_pence, issue_percent"
STALE: Final = text("""
    SELECT CAST(month AS date) AS period
    FROM generate_series(CAST(first_month_of_charges() AS timestamp),
                         LEAST(last_month_of_charges(), now() AT TIME ZONE 'UTC' - interval '1 month 1 day'),
                         interval '1 month') AS month
    WHERE NOT EXISTS (SELECT FROM charge_month_summed AS done WHERE done.period = CAST(month AS date))
       OR EXISTS (SELECT FROM charge_month AS came WHERE came.period = CAST(month AS date) AND came.is_late)
    ORDER BY 1
""")
NOTE: Final = text("""
    INSERT INTO charge_month_summed AS done (period, summed_at) VALUES (:month, :at)
    ON CONFLICT (period) DO UPDATE SET summed_at = excluded.summed_at
""")


def sums_of(grain: Grain) -> str:
    """The CTEs `wanted` (months) and `sums` (columns and measures of the grain), for `since` and `until`, first days of
    months: a month that was summed up as it is kept, with what came since; any other from its lines.

    Of these each is asked for by itself: with an array of months, which nobody knows before, PostgreSQL looks into all.
    """
    columns = ", ".join(grain.columns)
    cells = ", ".join(f"{cell} AS {name}" for name, cell in grain.columns.items())
    return f"""
    wanted AS MATERIALIZED (
        SELECT CAST(month AS date) AS period,
               EXISTS (SELECT FROM charge_month_summed AS done WHERE done.period = CAST(month AS date)) AS is_kept
        FROM generate_series(CAST(CAST(:since AS date) AS timestamp), CAST(CAST(:until AS date) AS timestamp),
                             interval '1 month') AS month
    ), sums AS (
        SELECT period, {columns}, {MEASURES}
        FROM charge_month
        WHERE grain = {grain.number} AND period = ANY(ARRAY(SELECT period FROM wanted WHERE is_kept))
        UNION ALL
        SELECT month.period, {cells}, 1, {QUANTITY_PERCENT}, amount_pence, {CREDITED}, vat_pence, {ISSUE_PERCENT}
        FROM (SELECT period FROM wanted WHERE NOT is_kept) AS month
        CROSS JOIN LATERAL (SELECT * FROM charge WHERE charge.period = month.period OFFSET 0) AS line
    )
"""  # noqa: S608 - the parts are constants


def _summing() -> str:
    parts = []
    for grain in GRAINS:
        names = ["class" if name == "category" and "class" in grain.parts else name for name in COLUMNS]
        cells = ", ".join(
            f'"{name}"' if name in grain.parts else f"CAST(NULL AS {kind})"
            for name, kind in zip(names, COLUMNS.values(), strict=True)
        )
        grouped = ", ".join(f'"{name}"' for name in grain.parts)
        parts.append(f"""
            SELECT CAST(:month AS date), {grain.number}, {cells}, count(*), sum(parts) / 100.0, sum(net), sum(credited),
                   sum(vat), sum(issues) / 100.0
            FROM line GROUP BY {grouped}
        """)  # noqa: S608 - the parts are constants
    # Added up as whole numbers, in hundredths of a percent: as decimals it takes twice as long.
    return f"""
        WITH line AS MATERIALIZED (
            SELECT {", ".join(f'{cell} AS "{name}"' for name, cell in LINE.items())},
                   CAST(100 * {QUANTITY_PERCENT} AS bigint) AS parts,
                   CAST(100 * ({ISSUE_PERCENT}) AS integer) AS issues,
                   amount_pence AS net, {CREDITED} AS credited, vat_pence AS vat
            FROM charge WHERE period = :month
        ), gone AS (DELETE FROM charge_month WHERE period = :month)
        INSERT INTO charge_month (period, grain, {", ".join(COLUMNS)}, {MEASURES})
        {" UNION ALL ".join(parts)}
    """  # noqa: S608 - the parts are constants


SUM_UP: Final = text(_summing())
"""One statement sees one state of the books: a line that comes meanwhile is neither in the sums nor gone from beside
them."""


async def sum_up_months(session: AsyncSession, *, at: datetime) -> int:
    """Sum up every month that has been over for a day, unless it is kept and nothing came to it since; returns how
    many."""
    months: list[date] = list(await session.scalars(STALE))
    for month in months:
        # Noted first: who else sums up this month waits here, and sees these sums then.
        await session.execute(NOTE, {"month": month, "at": at})
        await session.execute(SUM_UP, {"month": month})
    return len(months)
