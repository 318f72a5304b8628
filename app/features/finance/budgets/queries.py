"""Reads of budgets, and of the books that they are compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.budgets import MONTHS, Books, Standing, months_of, overlap, progress_at, standing_of
from app.domain.cost_reports import Dimension
from app.domain.errors import NotFound
from app.domain.panel_funding import Share, allot
from app.domain.panel_settings import financial_year
from app.features.finance.kept_since import FIRST_MONTH
from app.features.finance.monthly.grains import BOOKS
from app.features.finance.monthly.sums import sums_of
from app.features.finance.reports.commitments import GOES_AHEAD, PAYERS

SHOWN: Final = """
    SELECT budget.id, budget.year, budget.months, budget.note, budget.version, budget.changed_at, budget.changed_by,
           budget.funder_id, COALESCE(budget.team_id, 0) AS team_id, funder.code AS funder, funder.name AS funder_name,
           team.code AS team, team.name AS team_name
    FROM budget JOIN funder ON funder.id = budget.funder_id LEFT JOIN team ON team.id = budget.team_id
"""
LIST: Final = text(
    f"{SHOWN} WHERE budget.id > :after AND (CAST(:year AS integer) IS NULL OR budget.year = :year) "
    "ORDER BY budget.id LIMIT :limit"
)
ONE: Final = text(f"{SHOWN} WHERE budget.id = :budget_id")
OF_THE_YEAR: Final = text(f"{SHOWN} WHERE budget.year = :year ORDER BY funder.code, team.code NULLS FIRST")
SPENT: Final = text(
    f"""
    WITH {sums_of(BOOKS)}
    SELECT funder_id, team_id, period, sum(net_pence) AS pence, {FIRST_MONTH} AS books_since
    FROM sums GROUP BY 1, 2, 3
"""  # noqa: S608 - the part is a constant
)
# Split by order, as the report of commitments does, so that both come to the same penny.
COMMITTED: Final = text(f"""
    WITH wanted AS (
        SELECT line.order_id, sum(line.unit_price_pence) AS pence
        FROM order_unit AS unit JOIN order_line AS line ON line.id = unit.order_line_id
        WHERE unit.loan_id IS NULL AND unit.cancelled_at IS NULL GROUP BY 1
    )
    SELECT asked.team_id, wanted.pence, {PAYERS}
    FROM wanted JOIN equipment_order AS asked ON asked.id = wanted.order_id
    JOIN funder ON funder.id = asked.funder_id WHERE {GOES_AHEAD}
""")  # noqa: S608 - the parts are constants
CHOICES: Final = text("""
    SELECT 'funder' AS what, code, name FROM funder UNION ALL SELECT 'team', code, name FROM team ORDER BY 1, 2
""")
NAMES: Final = text("SELECT id, code, name FROM funder WHERE id = ANY(:ids)")
OWN: Final = 0
"""In place of a funder's number in sums: the service's own."""


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """A budget as it is kept. `team`: none, it is all of the funder's."""

    id: int
    year: int
    months: list[int]
    note: str
    version: int
    changed_at: datetime
    changed_by: str
    funder_id: int
    team_id: int
    funder: str
    funder_name: str
    team: str | None
    team_name: str | None

    @property
    def pence(self) -> int:
        """The year's sum."""
        return sum(self.months)

    @property
    def name(self) -> str:
        """What it is called: Adult social care, or Adult social care, Seaham team."""
        return f"{self.funder_name}, {self.team_name}" if self.team else self.funder_name


@dataclass(frozen=True, slots=True)
class Compared:
    """A budget beside what the books say of it."""

    budget: BudgetRow
    books: Books
    standing: Standing


@dataclass(frozen=True, slots=True)
class Without:
    """What somebody pays that is in no budget: all of a funder's, that of teams without one, or the service's own.

    `funder`: the code of one that has no budget at all, so that its lines are these.
    """

    name: str
    funder: str
    actual_pence: int
    committed_pence: int


@dataclass(frozen=True, slots=True)
class YearOfBudgets:
    """All budgets of a year. `rest`: everything that is in no budget, together, and `without`: by who pays; `warnings`:
    where budgets of teams are more than their funder's."""

    year: int
    rows: list[Compared]
    rest: Standing
    warnings: list[str] = field(default_factory=list)
    without: list[Without] = field(default_factory=list)

    @property
    def counted(self) -> list[Standing]:
        """What adds up to all lines and all commitments: a team's budget is counted where its funder has none."""
        whole = {one.budget.funder_id for one in self.rows if one.budget.team is None}
        own = [one.standing for one in self.rows if one.budget.team is None or one.budget.funder_id not in whole]
        return [*own, self.rest]


@dataclass(frozen=True, slots=True)
class Paid:
    """Sums of the books by month, and what is committed."""

    spent: Sequence[Any]
    committed: int


async def list_budgets(session: AsyncSession, *, year: int | None, after: int, limit: int) -> list[BudgetRow]:
    """Budgets in the order they were made. One statement."""
    found = await session.execute(LIST, {"year": year, "after": after, "limit": limit})
    return [BudgetRow(**row) for row in found.mappings()]


async def get_budget(session: AsyncSession, budget_id: int) -> BudgetRow:
    """One budget. One statement. Raises NotFound `unknown-budget`."""
    row = (await session.execute(ONE, {"budget_id": budget_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-budget", "There is no budget with this number.")
    return BudgetRow(**row)


async def list_choices(session: AsyncSession) -> dict[str, list[tuple[str, str]]]:
    """Every funder and every team, by what they are called in a form. One statement."""
    rows = (await session.execute(CHOICES)).all()
    return {f"{what}s": [(row.code, row.name) for row in rows if row.what == what] for what in ("funder", "team")}


async def list_warnings(session: AsyncSession, budget: BudgetRow) -> list[str]:
    """What looks wrong about the budgets of this funder in its year. One statement."""
    found = (await session.execute(OF_THE_YEAR, {"year": budget.year})).mappings()
    return _overlaps([BudgetRow(**row) for row in found if row["funder_id"] == budget.funder_id])


async def compare(session: AsyncSession, year: int, *, today: date) -> YearOfBudgets:
    """Every budget of a year beside the books. Four statements, however many budgets there are."""
    kept = [BudgetRow(**row) for row in (await session.execute(OF_THE_YEAR, {"year": year})).mappings()]
    months = months_of(year)
    spent = (await session.execute(SPENT, {"since": months[0], "until": months[-1]})).all()
    committed = await _committed(session) if financial_year(today) == year else {}
    progress = progress_at(year, today, books_since=next((row.books_since for row in spent), None))
    rows = []
    for one in kept:
        books = _books(one, months, spent, committed)
        rows.append(Compared(one, books, standing_of(one.months, books, progress)))
    rest, without = await _without(session, kept, spent, committed)
    standing = standing_of((0,) * MONTHS, _books_of(rest, months), progress)
    return YearOfBudgets(year, rows, standing, _overlaps(kept), without)


def _books(
    budget: BudgetRow, months: Sequence[date], spent: Sequence[Any], committed: Mapping[tuple[int, int], int]
) -> Books:
    def is_of_it(funder: int, team: int) -> bool:
        return funder == budget.funder_id and budget.team_id in {0, team}

    paid = [row for row in spent if is_of_it(row.funder_id, row.team_id)]
    return _books_of(Paid(paid, sum(pence for key, pence in committed.items() if is_of_it(*key))), months)


def _books_of(paid: Paid, months: Sequence[date]) -> Books:
    sums = [0] * MONTHS
    places = {month: place for place, month in enumerate(months)}
    for row in paid.spent:
        sums[places[row.period]] += int(row.pence)
    return Books(tuple(sums), paid.committed)


async def _committed(session: AsyncSession) -> dict[tuple[int, int], int]:
    """What is approved and not yet delivered, by funder and team, at catalogue prices; no penny is lost in a split."""
    found: dict[tuple[int, int], int] = {}
    for row in await session.execute(COMMITTED):
        shares = [Share(str(one["id"]), Decimal(one["percent"])) for one in row.shares]
        for part in allot(int(row.pence), shares):
            key = (int(part.funder), row.team_id)
            found[key] = found.get(key, 0) + part.pence
    return found


def _overlaps(kept: Sequence[BudgetRow]) -> list[str]:
    said = []
    for funder in dict.fromkeys(one.funder for one in kept):
        of_it = [one for one in kept if one.funder == funder]
        whole = next((one.pence for one in of_it if one.team is None), None)
        sentence = overlap(whole, [one.pence for one in of_it if one.team is not None])
        if sentence:
            said.append(f"{of_it[0].funder_name}: {sentence}")
    return said


async def _without(
    session: AsyncSession,
    kept: Sequence[BudgetRow],
    spent: Sequence[Any],
    committed: Mapping[tuple[int, int], int],
) -> tuple[Paid, list[Without]]:
    """What is spent and committed in no budget of this year: together, and by who pays."""
    budgeted = {(one.funder_id, one.team_id) for one in kept}

    def is_without(funder: int, team: int) -> bool:
        return budgeted.isdisjoint({(funder, 0), (funder, team)})

    paid = [row for row in spent if is_without(row.funder_id, row.team_id)]
    promised = {key: pence for key, pence in committed.items() if is_without(*key)}
    ids = {row.funder_id for row in paid} | {funder for funder, _ in promised}
    funders = (await session.execute(NAMES, {"ids": list(ids)})).all()
    names = {OWN: Dimension.FUNDER.nothing} | {row.id: row.name for row in funders}
    codes = {row.id: row.code for row in funders if all(row.id != funder for funder, _ in budgeted)}
    by_payer = [
        Without(
            names[payer],
            codes.get(payer, ""),
            sum(int(row.pence) for row in paid if row.funder_id == payer),
            sum(pence for (funder, _), pence in promised.items() if funder == payer),
        )
        for payer in ids
    ]
    found = [one for one in by_payer if one.actual_pence or one.committed_pence]
    return Paid(paid, sum(promised.values())), sorted(found, key=lambda one: one.name)
