"""Bodies and forms of rates."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from app.domain.catalogue import as_iso_9999_group
from app.domain.costs import ChargeKind, Step
from app.domain.loans import CollectionSpeed
from app.domain.ordering import Speed
from app.domain.tariffs import InForce, Rate, days_in_words, price_in_words, variant_in_words
from app.web.asked import asked, needed
from app.web.fields import Body, Code, Day, OptionalLine, ReasonLine
from app.web.shapes import Shape
from app.web.typed import pence_from, plain_percent

DEAREST = 100_000_000
MOST_STEPS = 24
LONGEST_MONTHS = 1200
STEP = re.compile(r"([0-9]{1,4})\s*[:=,; ]\s*([0-9]{1,3}(?:\.[0-9]{1,2})?)\s*%?")


def pounds_from(typed: object) -> int:
    """The pence of an amount, with a sentence that speaks of an amount."""
    try:
        return pence_from(typed)
    except ValueError as wrong:
        raise ValueError(str(wrong).replace("price", "amount")) from wrong


def percent_from(typed: object) -> object:
    """A percentage as people write it, with its sign or without."""
    return typed.strip().removesuffix("%").strip() if isinstance(typed, str) else typed


# What is below zero is let through, so that the rule says what is wrong with it.
RatePence = Annotated[int, Field(ge=-DEAREST, le=DEAREST)]
RatePercent = Annotated[
    Decimal, BeforeValidator(plain_percent), Field(ge=-1000, le=1000, decimal_places=2, allow_inf_nan=False)
]
Vat = Annotated[Decimal, BeforeValidator(plain_percent), Field(ge=0, le=100, decimal_places=2, allow_inf_nan=False)]
Group = Annotated[str, AfterValidator(as_iso_9999_group)]


class TaperStep(Body):
    """From so many months after it was received on, this part is credited."""

    from_months: Annotated[int, Field(ge=-LONGEST_MONTHS, le=LONGEST_MONTHS)]
    percent: RatePercent


class NewTariff(Body):
    """A rate: exactly one of `pence`, `percent` and `taper`. `variant`: the speed, route or kind of inspection that it
    is for, empty for every one; for a `product_code`, for what begins with a `category`, or for everything.

    `replaces`: the one in force for the same thing ends the day before, in the same breath.
    """

    kind: ChargeKind
    variant: OptionalLine = ""
    product_code: Code | None = None
    category: Group | None = None
    starts_on: Day
    ends_on: Day | None = None
    pence: RatePence | None = None
    percent: RatePercent | None = None
    taper: Annotated[list[TaperStep], Field(max_length=MOST_STEPS)] | None = None
    floor_pence: RatePence = 0
    vat_percent: Vat = Decimal(0)
    note: OptionalLine = ""
    replaces: bool = False

    def rate(self) -> Rate:
        """As the rules have it."""
        taper = None if self.taper is None else tuple(Step(one.from_months, one.percent) for one in self.taper)
        return Rate(
            kind=self.kind,
            starts_on=self.starts_on,
            variant=self.variant,
            product=self.product_code,
            category=self.category,
            ends_on=self.ends_on,
            pence=self.pence,
            percent=self.percent,
            taper=taper,
            floor_pence=self.floor_pence,
        )


class EndTariff(Body):
    """The last day of a rate, before the one that it has, if any; and why it ends."""

    ends_on: Day
    reason: ReasonLine


class WithdrawTariff(Body):
    """Why a rate is withdrawn. `let_replaced_go_on`: the one that it was to replace does not end the day before, but
    goes on as it would have without it."""

    reason: ReasonLine
    let_replaced_go_on: bool = False


class TaperBody(Shape):
    """A step of a taper."""

    from_months: int
    percent: float


class StayingBody(Shape):
    """Lines that stay at a rate which was replaced or ended since for their day: how many (10,000 stands for more),
    where they are listed, and what to do."""

    tariff_id: int
    lines: int
    url: str
    detail: str


class TariffBody(Shape):
    """A rate; nothing of it ever changes but its end. `is_in_force`: on the day that was asked for, or today. One that
    was withdrawn before its first day has never priced anything: by whom, when and why is with it. `staying`, where one
    rate is told of: the lines that stay at it past its end, and at the one that it replaced."""

    id: int
    kind: ChargeKind
    variant: str
    product_code: str | None
    product_name: str | None
    category: str | None
    starts_on: date
    ends_on: date | None
    pence: int | None
    percent: float | None
    taper: list[TaperBody] | None
    floor_pence: int
    vat_percent: float
    note: str
    is_in_force: bool
    made_at: datetime
    made_by: str
    ended_at: datetime | None
    ended_by: str | None
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_because: str | None = None
    staying: list[StayingBody] = []

    @property
    def name(self) -> str:
        """What it is a rate of, in words."""
        return f"{self.kind.text}: {self.closer}" if self.closer else self.kind.text

    @property
    def days(self) -> str:
        """Its days, in words."""
        return days_in_words(self.starts_on, self.ends_on)

    @property
    def price(self) -> str:
        """Its price, in words."""
        taper = [Step(one.from_months, Decimal(str(one.percent))) for one in self.taper or ()]
        percent = None if self.percent is None else Decimal(str(self.percent))
        return price_in_words(self.kind, pence=self.pence, percent=percent, taper=taper, floor_pence=self.floor_pence)

    @property
    def closer(self) -> str:
        """The speed, route or kind of inspection, in words."""
        return variant_in_words(self.kind, self.variant)

    @property
    def subject(self) -> str:
        """What it is for."""
        if self.product_code:
            return f"{self.product_name} ({self.product_code})"
        return f"Category {self.category}" if self.category else "Everything"

    def in_force(self) -> InForce:
        """As the rules have it."""
        return InForce(self.id, self.starts_on, self.ends_on)


@dataclass(frozen=True, slots=True)
class Replaced:
    """The rate that another replaced, and that can go on without it, to `until`; none for good."""

    rate: TariffBody
    until: date | None

    @property
    def days(self) -> str:
        """Its days, if it goes on."""
        return days_in_words(self.rate.starts_on, self.until)


class TariffForm(Shape):
    """A rate as its page asks for it: pounds instead of pence, steps as lines. `what`: kind and variant."""

    what: Annotated[str, asked("Choose what the rate is for."), Field(max_length=80)] = needed()
    product_code: Code | None = None
    category: Group | None = None
    how: Annotated[str, asked("Choose how the price is said."), Field(pattern="^(fixed|percentage|taper)$")] = needed()
    pence: Annotated[int, BeforeValidator(pounds_from)] | None = None
    percent: Annotated[RatePercent, BeforeValidator(percent_from)] | None = None
    taper: Annotated[str, Field(max_length=2000)] | None = None
    floor_pence: Annotated[int, BeforeValidator(pounds_from)] = 0
    vat_percent: Annotated[Vat, BeforeValidator(percent_from)] = Decimal(0)
    starts_on: Annotated[Day, asked("Enter its first day.")] = needed()
    ends_on: Day | None = None
    note: OptionalLine = ""
    replaces: bool = False

    def steps(self) -> list[TaperStep]:
        """The steps that were written, one a line. Raises ValueError with a sentence for people."""
        found = []
        for line in filter(None, map(str.strip, (self.taper or "").splitlines())):
            step = STEP.fullmatch(line)
            if step is None:
                raise ValueError(f"“{line[:40]}” is no step. Write months and percent on each line, such as 12: 75.")
            found.append({"from_months": int(step[1]), "percent": step[2]})
        if not found:
            raise ValueError("Write the steps: months and percent, one step a line, such as 12: 75.")
        if len(found) > MOST_STEPS:
            raise ValueError(f"Write {MOST_STEPS} steps at most.")
        return [TaperStep.model_validate(step) for step in found]


class EndForm(Shape):
    """The end of a rate, on its page."""

    ends_on: Annotated[Day, asked("Enter its last day.")] = needed()
    reason: Annotated[ReasonLine, asked("Say why it ends.")] = needed()


class WithdrawForm(Shape):
    """The same, on its page. `afterwards` is asked where it was to replace another."""

    afterwards: Annotated[str, Field(pattern="^(goes_on|ends|)$")] = ""
    because: Annotated[ReasonLine, asked("Say why it is withdrawn.")] = needed()


class TryForm(Shape):
    """What would be provided: the product, how, and for how long."""

    product: Annotated[Code, asked("Choose the product.")] = needed()
    recycled: bool = False
    age: Annotated[int, Field(ge=0, le=LONGEST_MONTHS)] = 0
    speed: Speed = Speed.FIVE_DAY
    collection_speed: CollectionSpeed = CollectionSpeed.STANDARD
    months: Annotated[int, Field(ge=0, le=LONGEST_MONTHS)] = 6
