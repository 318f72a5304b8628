"""What the dashboard draws, read by one statement: sums of the books by month, funder, kind, category and condition."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.budgets import MONTHS
from app.domain.costs import OWN_ACCOUNT_TEXT, ChargeKind, month_of
from app.domain.errors import BadValue
from app.features.finance.monthly.grains import BOOKS
from app.features.finance.monthly.sums import sums_of

FUNDERS: Final = text("SELECT id, code, name FROM funder ORDER BY code")
# Added up once before it is grouped in four ways: the lines of a month are many.
READ: Final = text(
    f"""
    WITH {sums_of(BOOKS)}, added AS (
        SELECT period, funder_id, kind, category,
               CASE WHEN kind IN ('new_purchase', 'recycled_issue', 'hire') THEN recycled ELSE '' END AS condition,
               CAST(sum(net_pence) AS bigint) AS net, sum(issue_percent) AS percent
        FROM sums WHERE CAST(:funder_id AS bigint) IS NULL OR funder_id = :funder_id
        GROUP BY 1, 2, 3, 4, 5
    )
    SELECT GROUPING(period, funder_id, kind, category, condition) AS without,
           period, funder_id, kind, category, condition, sum(net) AS net, sum(percent) / 100 AS issues
    FROM added GROUP BY GROUPING SETS ((period, funder_id), (period, kind), (period, condition), (category))
"""  # noqa: S608 - the part is a constant
)
BY_FUNDER, BY_KIND, BY_CONDITION, BY_CATEGORY = 0b00111, 0b01011, 0b01110, 0b11101
"""Which columns a row of `READ` is not grouped by, as GROUPING counts them."""


@dataclass(frozen=True, slots=True)
class Funder:
    """Who pays. Service's own has number 0 and no code."""

    id: int
    code: str
    name: str


OWN: Final = Funder(0, "", OWN_ACCOUNT_TEXT)


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of some months, of all funders or of one. What is not there is nothing."""

    months: Sequence[date]
    funders: Sequence[Funder]
    funder: Funder | None
    by_funder: dict[tuple[date, int], int]
    by_kind: dict[tuple[date, ChargeKind], int]
    issues: dict[tuple[date, str], int]
    by_category: dict[str, int]
    today: date

    def of_funder(self, funder: Funder) -> list[int]:
        """What it pays in each month."""
        return [self.by_funder.get((month, funder.id), 0) for month in self.months]

    def of_kinds(self, *kinds: ChargeKind) -> list[int]:
        """What these kinds come to in each month."""
        return [sum(self.by_kind.get((month, kind), 0) for kind in kinds) for month in self.months]

    def issued(self, condition: str) -> list[int]:
        """How many issues there were in each month: `new` or `recycled`."""
        return [self.issues.get((month, condition), 0) for month in self.months]

    @property
    def net(self) -> list[int]:
        """What each month comes to."""
        return self.of_kinds(*ChargeKind)


def months_until(today: date, how_many: int) -> list[date]:
    """So many months, the last of which is that of today."""
    last = month_of(today)
    count = last.year * MONTHS + last.month - 1
    return [date(number // MONTHS, number % MONTHS + 1, 1) for number in range(count - how_many + 1, count + 1)]


async def read_sums(session: AsyncSession, *, months: int, funder: str | None, today: date) -> Sums:
    """The sums of the last so many months. Two statements. Raises BadValue `unknown-funder`."""
    funders = [Funder(row.id, row.code, row.name) for row in await session.execute(FUNDERS)]
    chosen = next((one for one in funders if one.code == funder), None)
    if funder and chosen is None:
        raise BadValue("unknown-funder", "There is no funder with this code.", field="funder")
    wanted = months_until(today, months)
    asked = {"since": wanted[0], "until": wanted[-1], "funder_id": chosen.id if chosen else None}
    rows = (await session.execute(READ, asked)).all()

    def grouped(without: int) -> list[Any]:
        return [row for row in rows if row.without == without]

    return Sums(
        months=wanted,
        funders=[*funders, OWN],
        funder=chosen,
        by_funder={(row.period, row.funder_id): int(row.net) for row in grouped(BY_FUNDER)},
        by_kind={(row.period, ChargeKind(row.kind)): int(row.net) for row in grouped(BY_KIND)},
        issues={(row.period, row.condition): round(row.issues) for row in grouped(BY_CONDITION)},
        by_category={row.category: int(row.net) for row in grouped(BY_CATEGORY)},
        today=today,
    )
