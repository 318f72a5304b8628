"""A statement for who pays: what of it is of this month, how the year stands, and the words that it opens with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.domain.months import month_in_words
from app.domain.panel_funding import in_percent
from app.domain.panel_settings import first_day


class Part(StrEnum):
    """When a line of a month comes from."""

    MONTH = "month"
    LATE = "late"
    CORRECTIONS = "corrections"

    @property
    def text(self) -> str:
        """The part as people read it."""
        return _PART_TEXT[self]


_PART_TEXT: Final = {
    Part.MONTH: "Of this month",
    Part.LATE: "Of earlier months, recorded late",
    Part.CORRECTIONS: "Corrections of earlier months",
}
PARTS: Final = tuple(Part)


@dataclass(frozen=True, slots=True)
class Year:
    """A financial year until the end of a month of it. `months`: the budget's, from April on, where there is one."""

    year: int
    period: date
    net_pence: int
    months: Sequence[int] | None = None

    @property
    def budget_pence(self) -> int | None:
        """The year's budget."""
        return None if self.months is None else sum(self.months)

    @property
    def due_pence(self) -> int | None:
        """The budget of the months until then."""
        start = first_day(self.year)
        begun = (self.period.year - start.year) * 12 + self.period.month - start.month + 1
        return None if self.months is None else sum(self.months[:begun])

    @property
    def left_pence(self) -> int | None:
        """What the year's budget leaves; below zero where it is spent already."""
        return None if self.budget_pence is None else self.budget_pence - self.net_pence


def share_in_words(least: Decimal | None, most: Decimal | None) -> str:
    """Which part is paid of what is shared: one, or from one to another; empty where nothing is shared."""
    if least is None or most is None:
        return ""
    return in_percent(least) if least == most else f"{in_percent(least)} to {in_percent(most)}"


def opening(funder: str, period: date, *, is_closed: bool) -> str:
    """The sentences that a statement begins with."""
    month = month_in_words(period)
    paid = f"This is what {funder} is charged and credited for community equipment in {month}."
    if is_closed:
        return (
            f"{paid} The month is closed: these figures do not change any more. What is found to be wrong is corrected "
            "in a later month, and shown there apart."
        )
    return f"{paid} The month is open: figures may still change until it is closed."
