"""The four rates that are all called recycling rate, each by its own name and formula (ADR 53)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

DEFAULT_FLOOR_PENCE: Final = 3000
"""Where no credit has a floor: what costs less is often not worth its collection and cleaning."""


class Basis(StrEnum):
    """Whose collections and releases count: those of the period, or those of what was issued in it."""

    PERIOD = "period"
    COHORT = "cohort"

    @property
    def text(self) -> str:
        """The basis in a sentence."""
        return _BASIS_TEXT[self]


_BASIS_TEXT: Final = {
    Basis.PERIOD: (
        "What happened in the period is counted, whenever the item was issued. What comes back may have been issued "
        "years before, so a rate can be above 100 %."
    ),
    Basis.COHORT: (
        "What was issued in the period is followed until the day as at which the report stands. What is still out "
        "counts as not collected, so a rate of a young period is low and grows."
    ),
}


class Event(StrEnum):
    """What is counted: each once for each time that an item goes out."""

    ISSUED = "issued"
    RECYCLED = "recycled"
    COLLECTED = "collected"
    PASSED = "passed"

    @property
    def text(self) -> str:
        """What the event is, in words."""
        return _EVENT_TEXT[self]


_EVENT_TEXT: Final = {
    Event.ISSUED: "Issued",
    Event.RECYCLED: "Issued, having been used before",
    Event.COLLECTED: "Collected",
    Event.PASSED: "Passed for reissue",
}
EVENT_WORDS: Final = {
    Event.ISSUED: "An item was handed to a client: delivered, issued over the counter, or put on trial.",
    Event.RECYCLED: "The same, of an item that had been issued before, here or before it came into these books.",
    Event.COLLECTED: (
        "An item that a client had was received in a store, or was found after it had gone missing from them. What "
        "came back undelivered was never issued."
    ),
    Event.PASSED: "An item that was collected was released to the shelf for the first time since, clean and inspected.",
}
VALUE_WORDS: Final = "By value, each item counts as what was paid for it when it was received, whatever its age."


class Part(StrEnum):
    """The two parts of a rate."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"


class Rate(StrEnum):
    """The four rates."""

    COLLECTION = "collection_rate"
    REUSE = "reuse_of_collected"
    RECYCLED_SHARE = "recycled_issue_share"
    WHOLE_LOOP = "whole_loop_recovery"

    @property
    def text(self) -> str:
        """The rate's name."""
        return RATES[self].name

    def event(self, part: Part) -> Event:
        """What is counted above the line, or below it."""
        return RATES[self].above if part == Part.NUMERATOR else RATES[self].below


@dataclass(frozen=True, slots=True)
class PublicFigure:
    """A figure that others have published, which only this rate is to be compared with; `link`: where, if known."""

    words: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """One rate: `above` ÷ `below`, in words, and what it may be compared with."""

    name: str
    above: Event
    below: Event
    words: str
    compares: tuple[PublicFigure, ...] = ()

    @property
    def formula(self) -> str:
        """The formula as people write it."""
        return f"{self.above.text} ÷ {self.below.text[0].lower()}{self.below.text[1:]}"


RATES: Final[Mapping[Rate, Definition]] = {
    Rate.COLLECTION: Definition(
        "Collection rate",
        Event.COLLECTED,
        Event.ISSUED,
        "How much comes back, fit for use or not.",
        (
            PublicFigure("Devon: 68 %"),
            PublicFigure("Suffolk: about 60 %"),
            PublicFigure(
                "England in 2017/18: about 57 %",
                "https://www.accessandmobilityprofessional.com/cost-of-recycling-mobility-aids-makes-it-more-viable-for-some-councils-to-buy-new/",
            ),
        ),
    ),
    Rate.REUSE: Definition(
        "Reuse of what is collected",
        Event.PASSED,
        Event.COLLECTED,
        "How much of what comes back can go out again.",
        (
            PublicFigure(
                "Devon: target of 90 % for items over £30",
                "https://www.devon.gov.uk/accesstoinformation/archives/information_request/medical-aids-and-mobility-equipment",
            ),
            PublicFigure(
                "Medequip in 2024: 90 % by value",
                "https://www.medequip-uk.com/news/articles/2024/recycling-for-optimum-efficiency-and-economy",
            ),
        ),
    ),
    Rate.RECYCLED_SHARE: Definition(
        "Recycled share of issues",
        Event.RECYCLED,
        Event.ISSUED,
        "How much of what goes out had been used before.",
        (
            PublicFigure(
                "Norfolk: target of 60 %",
                "https://attoday.co.uk/integrated-community-services-in-norfolk-and-waveney-to-reuse-60-percent-of-equipment/",
            ),
        ),
    ),
    Rate.WHOLE_LOOP: Definition(
        "Whole-loop recovery",
        Event.PASSED,
        Event.ISSUED,
        "How much of what goes out comes back and can go out again: the first rate times the second. Where nothing was "
        "collected there is no second rate, and so none here.",
        (
            PublicFigure(
                "England in 2017, as a Minister said: typically around 60 %",
                "https://www.theyworkforyou.com/wrans/?id=2017-03-15.68152.h",
            ),
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """So many items, and what was paid for them."""

    items: int = 0
    pence: int = 0

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(self.items + other.items, self.pence + other.pence)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A numerator, a denominator, and what they come to. `is_rate`: not where a rate that it is made of is none."""

    numerator: int
    denominator: int
    is_rate: bool = True

    @property
    def percent(self) -> Decimal | None:
        """In percent, to one decimal; None, not nothing, where there is nothing to divide by."""
        return percent_of(self.numerator, self.denominator) if self.is_rate else None


@dataclass(frozen=True, slots=True)
class Measured:
    """One rate, by count and by value."""

    by_count: Ratio
    by_value: Ratio


def measure(rate: Rate, counts: Mapping[Event, Counted]) -> Measured:
    """A rate of what was counted; what is not there did not happen.

    The whole loop is the first rate times the second: where nothing was collected there is no second, and so no whole.
    """
    above = counts.get(rate.event(Part.NUMERATOR), Counted())
    below = counts.get(rate.event(Part.DENOMINATOR), Counted())
    between = counts.get(Event.COLLECTED, Counted()) if rate is Rate.WHOLE_LOOP else below
    return Measured(
        Ratio(above.items, below.items, is_rate=between.items != 0),
        Ratio(above.pence, below.pence, is_rate=between.pence != 0),
    )


def percent_of(part: int, whole: int) -> Decimal | None:
    """The part in percent, to one decimal, halves up; None where the whole is nothing."""
    if whole == 0:
        return None
    return (Decimal(100) * part / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)


AVOIDED_WORDS: Final = (
    "For each issue of an item that had been used before: what a new one would have cost, less what it cost to make "
    "this one fit to go out again. A new one would have cost the catalogue price at which the order was submitted; "
    "over the counter, and where no order is known, what was paid for this item. Making it fit cost what was charged "
    "for its collection, cleaning, inspections, repairs and parts since it last came back, without VAT. A visit counts "
    "with the item that it was charged with. What cost more than a new one counts against the rest."
)
WORK: Final = ("collection", "decontamination", "inspection", "repair", "parts")
"""The kinds of charges that making an item fit again consists of."""
