"""Repair or scrap: what speaks for which, with the arithmetic, and what is said of a repair (docs/adr/0027).

A repair is worth it while it and all repairs before cost no more than a part of what the item is still worth: the price
of a new one, less the part of its expected life that is over. What nobody knows is said, and decided by a person.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from app.domain.dates import in_words
from app.domain.errors import BadValue


class RepairOutcome(StrEnum):
    """How a repair ended."""

    REPAIRED = "repaired"
    BEYOND_REPAIR = "beyond_repair"

    @property
    def text(self) -> str:
        """The outcome as people read it."""
        return self.value.replace("_", " ").capitalize()


class Advice(StrEnum):
    """What the arithmetic says. It advises; nothing is refused by it."""

    REPAIR = "repair"
    SCRAP = "scrap"
    DECIDE = "decide"

    @property
    def text(self) -> str:
        """The advice as people read it."""
        return ADVICE_TEXT[self]


ADVICE_TEXT: dict[Advice, str] = {
    Advice.REPAIR: "Repair it",
    Advice.SCRAP: "Scrap it",
    Advice.DECIDE: "A person must decide",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one item. Pence; None is what nobody knows.

    `new_pence`: what its product costs now; 0 counts as unknown. `earlier_pence`: all repairs before. `fitted_pence`:
    what went into this repair already. `estimate_pence`: what all of this repair costs. `past_use`: it may not be used
    again, whatever it costs.
    """

    paid_pence: int
    new_pence: int
    received_on: date
    expected_life_months: int | None
    times_issued: int
    earlier_pence: int = 0
    fitted_pence: int = 0
    estimate_pence: int | None = None
    past_use: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the arithmetic: an amount in pence, or in words what is no amount."""

    label: str
    pence: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Advised:
    """The advice, a sentence that says why, and the arithmetic."""

    advice: Advice
    why: str
    lines: tuple[Line, ...]


NOT_KNOWN = "Not known"


def advise(facts: Facts, *, on: date, limit_percent: int) -> Advised:
    """Repair or scrap. `limit_percent`: so much of what it is still worth may all its repairs cost together."""
    age = months_between(facts.received_on, on)
    full = facts.new_pence
    worth = _worth(facts, age)
    limit = (full if worth is None else worth) * limit_percent // 100
    this = facts.fitted_pence if facts.estimate_pence is None else max(facts.estimate_pence, facts.fitted_pence)
    cost = facts.earlier_pence + this
    lines = (
        Line("It was bought for", facts.paid_pence),
        Line("Issued so far", words=f"{facts.times_issued} {'time' if facts.times_issued == 1 else 'times'}"),
        Line("A new one costs now", full or None, "" if full else NOT_KNOWN),
        _age_line(facts, age, worth),
        Line(f"Limit: {limit_percent} % of {'a new one' if worth is None else 'what it is worth'}", limit),
        Line("Repairs before this one", facts.earlier_pence),
        Line("Parts fitted in this repair", facts.fitted_pence),
        Line("This repair, as estimated", facts.estimate_pence, "" if facts.estimate_pence is not None else NOT_KNOWN),
        Line("All repairs together", cost),
    )
    advice, why = _decide(facts, limit=limit, cost=cost)
    return Advised(advice, why, lines)


REFURBISH_TEXT: dict[Advice, str] = {
    Advice.REPAIR: "Refurbish it",
    Advice.SCRAP: "Replace it",
    Advice.DECIDE: ADVICE_TEXT[Advice.DECIDE],
}
"""The advice where no repair goes on."""


def refurbish_or_replace(facts: Facts, *, making_fit_pence: int | None, on: date, limit_percent: int) -> Advised:
    """Whether it is worth making an item fit once more, which costs so much (None: nobody knows), or to replace it.

    By the arithmetic of `advise`: what is to be spent on it is held against what it is still worth.
    """
    advised = advise(replace(facts, estimate_pence=making_fit_pence), on=on, limit_percent=limit_percent)
    named = {
        "Repairs before this one": "Repairs so far",
        "This repair, as estimated": "Making it fit once more, at the rates of today",
        "All repairs together": "All of it together",
    }
    lines = tuple(
        replace(line, label=named.get(line.label, line.label))
        for line in advised.lines
        if line.label != "Parts fitted in this repair" or line.pence
    )
    why = {
        "It may not be used again, whatever its repair would cost.": (
            "It may not be used again, whatever that would cost."
        ),
        "Its repairs cost more than the limit.": "It costs more than the limit.",
        "Nobody has estimated what this repair costs. So far it is within the limit.": (
            "There is no rate for making it fit. Its repairs so far are within the limit."
        ),
        "Its repairs stay within the limit.": "It stays within the limit.",
    }
    return Advised(advised.advice, why.get(advised.why, advised.why), lines)


def months_between(begin: date, end: date) -> int:
    """Whole months from one day to another; none when the second is before the first."""
    months = (end.year - begin.year) * 12 + end.month - begin.month - (end.day < begin.day)
    return max(months, 0)


def _worth(facts: Facts, age: int) -> int | None:
    """What it is worth by its age; None where nobody knows how long such a thing lasts."""
    life = facts.expected_life_months
    return None if life is None else facts.new_pence * max(life - age, 0) // life


def _age_line(facts: Facts, age: int, worth: int | None) -> Line:
    said = f"after {age} {'month' if age == 1 else 'months'}"
    if worth is None:
        return Line(f"What it is worth {said}", words=f"{NOT_KNOWN}: its product says no expected life")
    return Line(f"What it is worth {said} of {facts.expected_life_months}", worth)


def _decide(facts: Facts, *, limit: int, cost: int) -> tuple[Advice, str]:
    if facts.past_use:
        return Advice.SCRAP, "It may not be used again, whatever its repair would cost."
    if not facts.new_pence:
        return Advice.DECIDE, "Nobody knows what a new one costs."
    if cost > limit:
        return Advice.SCRAP, "Its repairs cost more than the limit."
    if facts.estimate_pence is None:
        return Advice.DECIDE, "Nobody has estimated what this repair costs. So far it is within the limit."
    if facts.expected_life_months is None:
        return Advice.DECIDE, "It is within the limit of a new one, but nobody knows how long such a thing lasts."
    return Advice.REPAIR, "Its repairs stay within the limit."


def check_fitted_on(fitted_on: date, *, received_on: date, today: date) -> None:
    """Whether a part can have been fitted on that day. Raises BadValue `date-in-the-future`, `date-too-old`."""
    if fitted_on > today:
        detail = "A part is fitted today at the latest. Record it when it is fitted."
        raise BadValue("date-in-the-future", detail, field="fitted_on")
    if fitted_on < received_on:
        detail = f"The item came in on {in_words(received_on)}. A part cannot have been fitted before that."
        raise BadValue("date-too-old", detail, field="fitted_on")
