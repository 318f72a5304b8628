"""What waits for finance: counts for the start page, by one statement."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.charging import IS_CHARGED
from app.domain.costs import month_of
from app.domain.panel_settings import financial_year
from app.features.home.queries import MOST

# An order that came to nothing is disputed while something of it was charged.
WAITING: Final = text(f"""
    WITH known AS (SELECT max(period) AS closed FROM finance_period),
    open_dispute AS (
        SELECT settle_by FROM funding_dispute AS said JOIN equipment_order AS asked ON asked.id = said.order_id
        WHERE said.settled_at IS NULL AND asked.decision <> 'draft' AND (
            asked.decision NOT IN ('declined', 'cancelled') OR {IS_CHARGED})
    )
    SELECT
        (SELECT count(*) FROM (
            SELECT FROM charge_to_see_to WHERE is_unpriced LIMIT :beyond) AS counted) AS unpriced,
        (SELECT count(*) FROM (
            SELECT FROM charge_to_see_to
            WHERE is_nobodys AND period > COALESCE(known.closed, '2000-01-01') LIMIT :beyond) AS counted) AS nobodys,
        (SELECT count(*) FROM open_dispute) AS disputes,
        (SELECT count(*) FROM open_dispute WHERE settle_by < :today) AS disputes_late,
        (SELECT count(*) FROM generate_series(
            CAST(CASE WHEN known.closed IS NULL THEN first_month_of_charges()
                      ELSE known.closed + interval '1 month' END AS timestamp),
            CAST(:month AS timestamp) - interval '1 month', interval '1 month')) AS to_close,
        (SELECT count(DISTINCT budget.id) FROM budget JOIN budget_alert ON budget_alert.budget_id = budget.id
         WHERE budget.year = :year AND stands AND level IN ('all_used', 'forecast_over')) AS budgets_over
    FROM known
""")  # noqa: S608 - the part is a constant


@dataclass(frozen=True, slots=True)
class MoneyWaiting:
    """What finance has to see to; lines are counted as far as all of the start page counts. `nobodys`: issues, hire and
    visits in open months for which nobody is said to pay; `budgets_over`: used up, or forecast to be overspent, at the
    last daily look."""

    unpriced: int
    nobodys: int
    disputes: int
    disputes_late: int
    to_close: int
    budgets_over: int

    @property
    def is_clear(self) -> bool:
        """Nothing waits."""
        return not (self.unpriced or self.nobodys or self.disputes or self.to_close or self.budgets_over)


async def count_money_waiting(session: AsyncSession, *, today: date) -> MoneyWaiting:
    """What waits for finance. One statement."""
    values = {"today": today, "month": month_of(today), "year": financial_year(today), "beyond": MOST + 1}
    return MoneyWaiting(**(await session.execute(WAITING, values)).mappings().one())
