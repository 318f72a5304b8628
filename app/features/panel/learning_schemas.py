"""Bodies of what a panel's figures say: numbers of cases, never of persons."""

from datetime import date

from app.domain.panel import DecisionKind
from app.domain.panel_figures import Stage
from app.web.shapes import Shape


class Waiting(Shape):
    """For how many days cases waited at a stage that ended in the period: half of them up to `median_days`, nine of
    ten up to `ninetieth_days`."""

    stage: Stage
    cases: int
    median_days: float
    ninetieth_days: float


class Decided(Shape):
    """How many decisions of each kind a month had."""

    month: str
    decisions: dict[DecisionKind, int]


class TeamRate(Shape):
    """Of a team's cases that were screened first in the period, how many were found incomplete at least once. All
    empty: the team had fewer than five."""

    team: str
    cases: int | None
    incomplete: int | None
    percent: int | None


class Special(Shape):
    """A product outside the agreed range, in how many cases it was approved, how many pieces, and what of their price
    recycled ones saved. `is_often`: often enough to think of a line in the range."""

    product_code: str
    product: str
    approvals: int
    pieces: int
    saved_pence: int
    is_often: bool


class Committed(Shape):
    """What approvals of the period that hold commit a funder to."""

    funder: str
    name: str
    pence: int


class YearOfBudget(Shape):
    """A financial year that the period touches: the budget, and what is committed in the whole of it."""

    year: int
    budget_pence: int | None
    committed_pence: int

    @property
    def left_pence(self) -> int | None:
        """What is left of the budget; less than nothing when too much is committed."""
        return None if self.budget_pence is None else self.budget_pence - self.committed_pence


class Figures(Shape):
    """What the figures of a panel, or of all, say of a period."""

    panel: str | None
    since: date
    until: date
    waiting: list[Waiting]
    decisions: list[Decided]
    teams: list[TeamRate]
    specials: list[Special]
    committed: list[Committed]
    budgets: list[YearOfBudget]
