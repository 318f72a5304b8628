"""Bodies of a statement."""

from dataclasses import dataclass
from datetime import date, datetime

from app.domain.statements import Part, Year
from app.features.finance.reports.schemas import Report, as_report
from app.features.finance.tables import Table
from app.web.shapes import Shape


class Sums(Shape):
    """What the lines of a month come to; credits are below zero."""

    lines: int
    charged_pence: int
    credited_pence: int
    net_pence: int
    vat_pence: int
    gross_pence: int


class PartSum(Shape):
    """What a part of the lines comes to, by when it comes from. The parts come to the whole."""

    part: Part
    title: str
    lines: int
    net_pence: int
    vat_pence: int


class DisputeOf(Shape):
    """An order whose split is not agreed, and what of it stands provisionally in this month."""

    order_number: str
    settle_by: date | None
    provisional_pence: int


class Closed(Shape):
    """When the month was closed, and by whom."""

    at: datetime
    by: str


class YearBody(Shape):
    """The financial year until the end of the month, net. The budget's are null where the funder has none."""

    year: int
    net_pence: int
    budget_pence: int | None
    due_pence: int | None
    left_pence: int | None


class StatementBody(Shape):
    """What a funder pays for a month, to be handed to it. Nobody is named. `lines` has the first 1,000; `format=csv`
    has them all."""

    funder: str
    funder_name: str
    cost_centre: str
    period: str
    state: str
    closed_at: datetime | None
    opening: str
    sums: Sums
    by_kind: Report
    by_team: Report
    by_recycled: Report
    parts: list[PartSum]
    provisional_pence: int
    disputes: list[DisputeOf]
    year: YearBody
    lines: Report


@dataclass(frozen=True, slots=True)
class Statement:
    """The same before it is written. `period`: the first day of the month; `closed`: None where it is open."""

    funder: str
    funder_name: str
    cost_centre: str
    period: date
    closed: Closed | None
    opening: str
    sums: Sums
    by_kind: Table
    by_team: Table
    by_recycled: Table
    parts: list[PartSum]
    disputes: list[DisputeOf]
    year: Year
    lines: Table

    @property
    def provisional_pence(self) -> int:
        """What stands provisionally, all disputes together."""
        return sum(one.provisional_pence for one in self.disputes)

    @property
    def has_all_lines(self) -> bool:
        """Whether every line stands in `lines`."""
        return len(self.lines.rows) == self.sums.lines

    def body(self) -> StatementBody:
        """As the API answers it. Totals of lines are those of the whole month."""
        year = self.year
        return StatementBody(
            funder=self.funder,
            funder_name=self.funder_name,
            cost_centre=self.cost_centre,
            period=f"{self.period:%Y-%m}",
            state="closed" if self.closed else "open",
            closed_at=self.closed.at if self.closed else None,
            opening=self.opening,
            sums=self.sums,
            by_kind=as_report(self.by_kind),
            by_team=as_report(self.by_team),
            by_recycled=as_report(self.by_recycled),
            parts=self.parts,
            provisional_pence=self.provisional_pence,
            disputes=self.disputes,
            year=YearBody(
                year=year.year,
                net_pence=year.net_pence,
                budget_pence=year.budget_pence,
                due_pence=year.due_pence,
                left_pence=year.left_pence,
            ),
            lines=as_report(self.lines),
        )
