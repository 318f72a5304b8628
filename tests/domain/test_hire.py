"""Each night of a hire has the rate that was in force on it, and no night is left out or counted twice."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.hire import InForce, Nights, nights_by_rate

FIRST = date(2026, 3, 1)


def march(day: int) -> date:
    return date(2026, 3, day)


def last(rates: Sequence[str]) -> str | None:
    """Of two that are in force: the one that comes later in the alphabet."""
    return max(rates, default=None)


@pytest.mark.parametrize(
    ("since", "until", "rates", "nights"),
    [
        (march(1), march(11), [("A", FIRST, None)], [Nights(march(1), 10, "A")]),
        (march(1), march(1), [("A", FIRST, None)], [Nights(march(1), 1, "A")]),
        (march(1), march(11), [], [Nights(march(1), 10, None)]),
        (
            march(1),
            march(11),
            [("A", date(2020, 1, 1), march(4)), ("B", march(5), None)],
            [Nights(march(1), 4, "A"), Nights(march(5), 6, "B")],
        ),
        # A new rate on the day on which it comes back prices no night of it.
        (march(1), march(5), [("A", FIRST, march(4)), ("B", march(5), None)], [Nights(march(1), 4, "A")]),
        (
            march(1),
            march(11),
            [("A", march(3), march(4)), ("A", march(7), march(8))],
            [
                Nights(march(1), 2, None),
                Nights(march(3), 2, "A"),
                Nights(march(5), 2, None),
                Nights(march(7), 2, "A"),
                Nights(march(9), 2, None),
            ],
        ),
        # One for the product goes before one for everything, which changes meanwhile.
        (march(1), march(5), [("A", FIRST, march(2)), ("B", march(3), None), ("C", FIRST, None)],
         [Nights(march(1), 4, "C")]),
    ],
)  # fmt: skip
def test_nights_have_the_rate_of_then(
    since: date, until: date, rates: list[tuple[str, date, date | None]], nights: list[Nights[str]]
) -> None:
    assert nights_by_rate(since, until, [InForce(*one) for one in rates], last) == nights


day = st.integers(0, 60).map(lambda days: FIRST + timedelta(days=days))
spans = st.lists(st.tuples(st.sampled_from("ABC"), day, st.none() | day), max_size=6)


@given(since=day, until=day, rates=spans)
def test_every_night_is_counted_once(since: date, until: date, rates: list[tuple[str, date, date | None]]) -> None:
    in_force = [InForce(*one) for one in rates]
    found = nights_by_rate(since, until, in_force, last)
    counted = [(one.since + timedelta(days=more), one.rate) for one in found for more in range(one.nights)]
    nights = max((until - since).days, 1)
    assert counted == [
        (night, last([one.rate for one in in_force if one.starts_on <= night <= (one.ends_on or date.max)]))
        for night in (since + timedelta(days=more) for more in range(nights))
    ]
