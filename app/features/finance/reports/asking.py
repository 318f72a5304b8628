"""What a report of costs is asked, as it stands in an address; and the same address for what it is drilled to."""

from dataclasses import asdict, dataclass, field
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query
from pydantic import AfterValidator, BeforeValidator, Field

from app.domain.access import Actor, Permission
from app.domain.cost_reports import Dimension, Span, check_whole_months, read_category, read_grouping, read_span
from app.domain.costs import ChargeKind
from app.domain.dates import uk_date
from app.domain.errors import BadValue, NotAllowed
from app.domain.statements import Part
from app.features.finance.asking import Word, or_none
from app.web.clock import Now

Fewest = Annotated[Annotated[int, Field(ge=2, le=100)] | None, BeforeValidator(or_none), Query()]
"""Of fewer people than that nothing is said by itself."""
LINES = "/finance/reports/costs/lines"


@dataclass(frozen=True, slots=True)
class Asked:
    """A report of costs. `filters`: what it is narrowed to, by the names of the address; `at`: of each dimension the
    value to which its lines are asked for."""

    span: Span
    group_by: tuple[Dimension, ...] = (Dimension.FUNDER,)
    filters: dict[str, str] = field(default_factory=dict)
    smallest: int | None = None
    at: tuple[str, ...] = ()

    def lines_at(self, *at: str, **narrower: str) -> str:
        """The address of the lines behind a cell; of all of them without a value."""
        asked = [
            ("from", self.span.since.isoformat()),
            ("to", self.span.until.isoformat()),
            ("by", self.span.by.value),
            *(self.filters | narrower).items(),
        ]
        if at:
            asked.append(("group_by", ",".join(self.group_by[: len(at)])))
        return f"{LINES}?{urlencode([*asked, *(('at', value) for value in at)])}"

    @property
    def query(self) -> str:
        """The question as an address has it."""
        asked = {
            "from": self.span.since.isoformat(),
            "to": self.span.until.isoformat(),
            "by": self.span.by.value,
            "group_by": ",".join(self.group_by),
            **self.filters,
        }
        return urlencode(asked | ({"smallest": str(self.smallest)} if self.smallest else {}))


@dataclass(frozen=True, slots=True)
class When:
    """A month (`2026-03`), `this_month`, `last_month`, `this_year`, `last_year`, or `from` and `to`; `by=happened` goes
    by the day of the movement."""

    period: Word = ""
    since: Annotated[str, AfterValidator(str.strip), Query(alias="from", max_length=10)] = ""
    until: Annotated[str, AfterValidator(str.strip), Query(alias="to", max_length=10)] = ""
    by: Word = ""


@dataclass(frozen=True, slots=True)
class Only:
    """What the charges are narrowed to. `part`: of a month, `month`, `late` or `corrections`; `provisional`: the order
    whose lines stand provisionally, since its split is not agreed."""

    funder: Word = ""
    team: Word = ""
    store: Word = ""
    kind: Word = ""
    product_code: Word = ""
    category: Word = ""
    part: Word = ""
    provisional: Word = ""


class Question:
    """Which charges are asked for."""

    def __init__(self, now: Now, when: Annotated[When, Depends()], only: Annotated[Only, Depends()]) -> None:
        self.today = uk_date(now)
        self.when = asdict(when)
        self.filters = {name: value for name, value in asdict(only).items() if value}

    @property
    def typed(self) -> dict[str, list[str]]:
        """As the page's form takes it."""
        when = {"period": "period", "since": "from", "until": "to", "by": "by"}
        return {when[name]: [value] for name, value in self.when.items()} | {
            name: [value] for name, value in self.filters.items()
        }

    def read(self, actor: Actor, group_by: str, *, smallest: int | None = None, at: tuple[str, ...] = ()) -> Asked:
        """The question in the domain's words.

        Raises BadValue as `read_span`, `read_grouping`, `read_category` and `check_whole_months` do, `unknown-kind`,
        `unknown-part`, `a-value-for-each`; NotAllowed `not-by-prescriber`.
        """
        dimensions = read_grouping(group_by)
        if Dimension.PRESCRIBER in dimensions and not actor.may(Permission.SEE_COSTS_BY_PRESCRIBER):
            detail = (
                "Costs by prescriber are shown to finance and managers only. Choose another dimension, such as team."
            )
            raise NotAllowed("not-by-prescriber", detail, field="group_by")
        if at and len(at) != len(dimensions):
            detail = (
                "Give `at` once for each dimension that is grouped by, in that order; or not at all, for every line."
            )
            raise BadValue("a-value-for-each", detail, field="at")
        filters = dict(self.filters)
        if filters.get("kind", ChargeKind.HIRE) not in set(ChargeKind):
            known = ", ".join(ChargeKind)
            raise BadValue("unknown-kind", f"There is no such kind of charge. Those known are: {known}.", field="kind")
        if filters.get("part", Part.MONTH) not in set(Part):
            raise BadValue("unknown-part", f"The parts of a month are: {', '.join(Part)}.", field="part")
        if "category" in filters:
            filters["category"] = read_category(filters["category"])
        span = read_span(today=self.today, **self.when)
        if smallest:
            check_whole_months(span)
        return Asked(span, dimensions, filters, smallest, at)
