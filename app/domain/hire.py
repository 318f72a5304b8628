"""The nights of a hire, each by the rate that was in force on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Generic, TypeVar

Rate = TypeVar("Rate")


@dataclass(frozen=True, slots=True)
class InForce(Generic[Rate]):
    """A rate, and its days; `ends_on`: the last of them, none for good."""

    rate: Rate
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Nights(Generic[Rate]):
    """Nights in a row that have one rate, or none; `since`: the day of the first."""

    since: date
    nights: int
    rate: Rate | None


def nights_by_rate(
    since: date, until: date, rates: Sequence[InForce[Rate]], closest: Callable[[Sequence[Rate]], Rate | None]
) -> list[Nights[Rate]]:
    """All nights of a hire from one day to another, one at least, in their order. A night has the rate of the day on
    which it begins: of several that are in force the one that is said most closely (`closest`)."""
    end = max(until, since + timedelta(days=1))
    changes = {one.starts_on for one in rates}
    changes |= {one.ends_on + timedelta(days=1) for one in rates if one.ends_on and one.ends_on < end}
    days = [since, *sorted(day for day in changes if since < day < end), end]
    found: list[Nights[Rate]] = []
    for day, following in pairwise(days):
        rate = closest([one.rate for one in rates if one.starts_on <= day <= (one.ends_on or date.max)])
        if found and found[-1].rate == rate:
            found[-1] = Nights(found[-1].since, (following - found[-1].since).days, rate)
        else:
            found.append(Nights(day, (following - day).days, rate))
    return found
