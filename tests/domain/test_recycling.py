"""The four recycling rates: formulas, rounding, and nothing said where there is nothing to divide by."""

from decimal import Decimal

import pytest

from app.domain.recycling import RATES, Basis, Counted, Event, Part, Rate, Ratio, measure, percent_of

SEEN = {
    Event.ISSUED: Counted(100, 900_000),
    Event.RECYCLED: Counted(60, 300_000),
    Event.COLLECTED: Counted(68, 750_000),
    Event.PASSED: Counted(61, 700_000),
}


@pytest.mark.parametrize(
    ("rate", "by_count", "by_value"),
    [
        (Rate.COLLECTION, (68, 100, "68.0"), (750_000, 900_000, "83.3")),
        (Rate.REUSE, (61, 68, "89.7"), (700_000, 750_000, "93.3")),
        (Rate.RECYCLED_SHARE, (60, 100, "60.0"), (300_000, 900_000, "33.3")),
        (Rate.WHOLE_LOOP, (61, 100, "61.0"), (700_000, 900_000, "77.8")),
    ],
)
def test_each_rate_by_count_and_by_value(
    rate: Rate, by_count: tuple[int, int, str], by_value: tuple[int, int, str]
) -> None:
    measured = measure(rate, SEEN)
    for ratio, (above, below, percent) in ((measured.by_count, by_count), (measured.by_value, by_value)):
        assert (ratio, ratio.percent) == (Ratio(above, below), Decimal(percent))


def test_the_whole_loop_is_the_first_rate_times_the_second() -> None:
    first, second, whole = (measure(rate, SEEN).by_count for rate in (Rate.COLLECTION, Rate.REUSE, Rate.WHOLE_LOOP))
    assert first.numerator * second.numerator * whole.denominator == (
        first.denominator * second.denominator * whole.numerator
    )


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [
        (0, 0, None),
        (3, 0, None),
        (0, 3, "0.0"),
        (1, 3, "33.3"),
        (2, 3, "66.7"),
        (1, 2000, "0.1"),  # 0.05 % is rounded up
        (3, 2, "150.0"),
    ],
)
def test_percent_has_one_decimal_and_is_none_where_there_is_nothing(part: int, whole: int, percent: str | None) -> None:
    assert percent_of(part, whole) == (None if percent is None else Decimal(percent))


@pytest.mark.parametrize("rate", Rate)
def test_what_did_not_happen_is_nothing_of_nothing(rate: Rate) -> None:
    measured = measure(rate, {})
    assert measured.by_count == measured.by_value == Ratio(0, 0, is_rate=False)
    assert measured.by_count.percent is None


def test_without_a_second_rate_there_is_no_whole_loop() -> None:
    """What was passed this month may have been collected before: that is not the first rate times the second."""
    counts = {Event.ISSUED: Counted(4, 900), Event.PASSED: Counted(2, 500)}
    whole = measure(Rate.WHOLE_LOOP, counts)
    assert (whole.by_count.percent, whole.by_value.percent) == (None, None)
    assert (whole.by_count.numerator, whole.by_count.denominator) == (2, 4)
    for_nothing = measure(Rate.WHOLE_LOOP, counts | {Event.COLLECTED: Counted(1, 0)})
    assert (for_nothing.by_count.percent, for_nothing.by_value.percent) == (Decimal("50.0"), None)


def test_what_is_counted_in_parts_is_added() -> None:
    assert Counted(2, 700) + Counted(1, 50) == Counted(3, 750)


def test_each_rate_has_its_name_formula_and_words() -> None:
    assert [(rate.text, RATES[rate].formula) for rate in Rate] == [
        ("Collection rate", "Collected ÷ issued"),
        ("Reuse of what is collected", "Passed for reissue ÷ collected"),
        ("Recycled share of issues", "Issued, having been used before ÷ issued"),
        ("Whole-loop recovery", "Passed for reissue ÷ issued"),
    ]
    assert [Rate.REUSE.event(part) for part in Part] == [Event.PASSED, Event.COLLECTED]
    assert all(basis.text for basis in Basis)
