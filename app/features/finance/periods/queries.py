"""Reads of months: how each stands, and what somebody should see before one is closed."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.charging import NOBODYS
from app.domain.months import months_between
from app.domain.periods import Finding, Noticed, notice
from app.features.finance.disputed import IN_DISPUTE
from app.features.finance.freezing import WOULD_BE
from app.features.finance.monthly.grains import SMALLEST_FIRST
from app.features.finance.monthly.sums import sums_of
from app.features.finance.periods.schemas import Part, PeriodBody, Whole

STANDING = text("""
    SELECT (SELECT max(period) FROM finance_period) AS last_closed, first_month_of_charges() AS oldest
""")
MONTHS = text("""
    SELECT LEAST(first_month_of_charges(), min(period)) AS first,
           GREATEST(last_month_of_charges(), max(period)) AS last,
           COALESCE((max(period) + interval '1 month')::date, first_month_of_charges()) AS open_since
    FROM finance_period
""")
# Of closed months the sums are known; those of open ones are added up as they are kept, the newest from its lines.
PERIODS = text(f"""
    WITH {sums_of(SMALLEST_FIRST[0])}, added AS (
        SELECT period, sum(lines)::bigint AS lines, sum(net_pence)::bigint AS net_pence,
               sum(vat_pence)::bigint AS vat_pence
        FROM sums GROUP BY period
    )
    SELECT month::date AS period, COALESCE(closed.lines, added.lines, 0) AS lines,
           COALESCE((closed.totals ->> 'net_pence')::bigint, added.net_pence, 0) AS net_pence,
           COALESCE((closed.totals ->> 'vat_pence')::bigint, added.vat_pence, 0) AS vat_pence,
           closed.closed_at, closed.closed_by, closed.digest
    FROM generate_series(CAST(:first AS date)::timestamp, CAST(:until AS date)::timestamp, interval '1 month') AS month
    LEFT JOIN added ON added.period = month::date LEFT JOIN finance_period AS closed ON closed.period = month::date
    ORDER BY month DESC
""")  # noqa: S608 - the part is our own
OF_CLOSED = text("""
    SELECT period, lines, (totals ->> 'net_pence')::bigint AS net_pence, (totals ->> 'vat_pence')::bigint AS vat_pence,
           totals, closed_at, closed_by, digest
    FROM finance_period WHERE period = :period
""")
NOTICED = text(f"""
    WITH line AS (
        SELECT * FROM charge AS line WHERE line.period = :period AND line.reversal_of IS NULL
          AND NOT EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = line.id)
    )
    SELECT count(*) FILTER (WHERE line.is_unpriced) AS "unpriced",
           count(*) FILTER (WHERE {NOBODYS}) AS "without-funder",
           count(*) FILTER (WHERE {IN_DISPUTE}) AS "provisional",
           (SELECT count(*) FROM funding_dispute AS dispute
            WHERE dispute.settled_at IS NULL AND dispute.settle_by < :today
              AND dispute.order_id IN (SELECT order_id FROM line)) AS "dispute-overdue"
    FROM line
""")  # noqa: S608 - the part is a constant


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest closed month, and that of the oldest line."""

    last_closed: date | None
    oldest: date | None


async def read_standing(session: AsyncSession) -> Standing:
    """How far the books are closed."""
    row = (await session.execute(STANDING)).one()
    return Standing(row.last_closed, row.oldest)


async def list_periods(session: AsyncSession) -> list[PeriodBody]:
    """Every month from the first with lines to the last, the newest first; empty ones between are closed, too."""
    months = (await session.execute(MONTHS)).one()
    asked = {"first": months.first, "since": months.open_since, "until": months.last}
    return [body_of(row) for row in (await session.execute(PERIODS, asked)).mappings()]


async def list_months(session: AsyncSession) -> list[date]:
    """The first days of the same months, the newest first."""
    months = (await session.execute(MONTHS)).one()
    return [*months_between(months.first, months.last)][::-1] if months.first else []


async def find_closed(session: AsyncSession, period: date) -> Whole | None:
    """A closed month as it was closed."""
    row = (await session.execute(OF_CLOSED, {"period": period})).mappings().one_or_none()
    return whole_of(body_of(row), row["totals"]) if row else None


async def read_whole(session: AsyncSession, period: date) -> Whole:
    """What would be closed, as it stands now."""
    row = (await session.execute(WOULD_BE, {"period": period})).one()
    return whole_of(
        PeriodBody(
            period=f"{period:%Y-%m}",
            state="open",
            lines=row.now_lines,
            net_pence=row.now_totals["net_pence"],
            vat_pence=row.now_totals["vat_pence"],
        ),
        row.now_totals,
    )


async def read_noticed(session: AsyncSession, period: date, *, today: date) -> tuple[Noticed, ...]:
    """What somebody should see before this month is closed."""
    row = (await session.execute(NOTICED, {"period": period, "today": today})).mappings().one()
    return notice({code: row[code.value] for code in Finding})


def body_of(row: Any) -> PeriodBody:
    """A month, from a row."""
    state = "closed" if row["closed_at"] else "open"
    names = ("lines", "net_pence", "vat_pence", "closed_at", "closed_by", "digest")
    return PeriodBody(period=f"{row['period']:%Y-%m}", state=state, **{name: row[name] for name in names})


def whole_of(body: PeriodBody, totals: dict[str, Any]) -> Whole:
    """The month with its sums by funder and kind."""
    return Whole(**body.model_dump(), totals=[Part(**part) for part in totals["by"]])
