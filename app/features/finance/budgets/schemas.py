"""Bodies and forms of budgets."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from app.domain.budgets import MONTHS, MOST_PENCE, twelfths
from app.features.finance.budgets.queries import BudgetRow
from app.web.asked import asked, needed
from app.web.fields import Body, Code, OptionalLine, no_truth
from app.web.shapes import Shape
from app.web.typed import amount_from

Money = Annotated[int, BeforeValidator(no_truth), Field(ge=0, le=MOST_PENCE)]
Year = Annotated[int, BeforeValidator(no_truth), Field(ge=2000, le=2999)]


def budget_from(typed: object) -> int:
    """The pence of a part of a budget as people write it, up to a thousand million pounds."""
    return amount_from(typed, most_pounds=MOST_PENCE // 100, what="amount")


Typed = Annotated[int, BeforeValidator(budget_from)]


class NewBudget(Body):
    """A budget to set: the year's `pence` in equal twelfths, or `months` from April to March, or both, if they agree.

    `year`: that in which the financial year begins, 2026 for 2026/27. `team`: only this team's part of the funder's.
    """

    funder: Code
    team: Code | None = None
    year: Year
    pence: Money | None = None
    months: Annotated[list[Money], Field(max_length=60)] | None = None
    note: OptionalLine = ""


class BudgetChange(Body):
    """What may change: the sum, alone as equal twelfths, or its months; and the note."""

    pence: Money | None = None
    months: Annotated[list[Money], Field(max_length=60)] | None = None
    note: OptionalLine | None = None


class BudgetBody(Shape):
    """A budget as it is kept."""

    id: int
    funder: str
    funder_name: str
    team: str | None
    team_name: str | None
    year: int
    pence: int
    months: list[int]
    note: str
    version: int
    changed_at: datetime
    changed_by: str
    warnings: list[str] = []


class ChangeForm(Shape):
    """A budget on its page: pounds instead of pence, and a box for each month, all empty for equal twelfths."""

    pence: Typed | None = None
    month_0: Typed | None = None
    month_1: Typed | None = None
    month_2: Typed | None = None
    month_3: Typed | None = None
    month_4: Typed | None = None
    month_5: Typed | None = None
    month_6: Typed | None = None
    month_7: Typed | None = None
    month_8: Typed | None = None
    month_9: Typed | None = None
    month_10: Typed | None = None
    month_11: Typed | None = None
    note: OptionalLine = ""
    version: Annotated[int, Field(ge=1, lt=2**31)] = 1

    @property
    def months(self) -> list[int] | None:
        """The months, where any is given: a box that was left empty is a month of nothing."""
        given = [getattr(self, f"month_{place}") for place in range(MONTHS)]
        return None if all(one is None for one in given) else [one or 0 for one in given]


class NewForm(ChangeForm):
    """The same page for a budget that is to be set."""

    funder: Annotated[Code, asked("Choose whose budget it is.")] = needed()
    team: Code | None = None
    year: Annotated[Year, asked("Choose the financial year.")] = needed()

    def as_new(self) -> NewBudget:
        """What is kept."""
        facts: dict[str, Any] = {"funder": self.funder, "team": self.team, "year": self.year, "note": self.note}
        return NewBudget(**facts, pence=self.pence, months=self.months)


def as_typed(row: BudgetRow) -> dict[str, list[str]]:
    """A budget as somebody would have typed it into its page; the months only where they are not equal twelfths."""
    months = {} if tuple(row.months) == twelfths(row.pence) else dict(enumerate(row.months))
    boxes = {f"month_{place}": [_pounds(pence)] for place, pence in months.items()}
    return {"pence": [_pounds(row.pence)], **boxes, "note": [row.note], "version": [str(row.version)]}


def _pounds(pence: int) -> str:
    return f"{pence // 100}.{pence % 100:02}"
