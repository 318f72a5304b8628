"""Dates and weights of a client's record."""

from datetime import date

import pytest

from app.domain.client_records import (
    check_is_alive,
    check_life,
    check_newer_weighing,
    check_weight,
    check_weight_stays,
    find_life_faults,
    find_weight_faults,
    way_of_asking,
)
from app.domain.errors import BadValue, Conflict

TODAY = date(2026, 3, 2)
OLD, LATER = date(1899, 1, 1), date(2026, 3, 3)


@pytest.mark.parametrize(
    ("born", "died", "codes"),
    [
        (None, None, []),
        (date(1938, 4, 2), TODAY, []),
        (LATER, LATER, ["date-in-the-future", "date-in-the-future"]),
        (OLD, None, ["date-too-old"]),
        (None, OLD, ["died-before-birth"]),
        (date(1938, 4, 2), date(1938, 4, 1), ["died-before-birth"]),
    ],
)
def test_every_fault_of_a_life_is_named(born: date | None, died: date | None, codes: list[str]) -> None:
    assert [fault.code for fault in find_life_faults(born=born, died=died, today=TODAY)] == codes


@pytest.mark.parametrize(
    ("weight", "on", "codes"),
    [
        (None, None, []),
        (72, TODAY, []),
        (72, None, ["weight-without-day"]),
        (None, LATER, ["day-without-weight", "date-in-the-future"]),
        (72, OLD, ["date-too-old"]),
    ],
)
def test_every_fault_of_a_weight_is_named(weight: int | None, on: date | None, codes: list[str]) -> None:
    assert [fault.code for fault in find_weight_faults(weight, on, today=TODAY)] == codes


def test_a_check_raises_the_first_fault_or_nothing() -> None:
    check_life(born=None, died=None, today=TODAY)
    check_weight(72, TODAY, today=TODAY)
    with pytest.raises(BadValue) as life:
        check_life(born=LATER, died=LATER, today=TODAY)
    with pytest.raises(BadValue) as weight:
        check_weight(None, LATER, today=TODAY)
    assert (life.value.field, weight.value.code) == ("date_of_birth", "day-without-weight")


def test_nothing_goes_to_somebody_who_has_died() -> None:
    check_is_alive(None)
    with pytest.raises(Conflict) as refused:
        check_is_alive(TODAY)
    assert (refused.value.code, refused.value.field) == ("client-has-died", "client_ref")


@pytest.mark.parametrize(
    ("q", "by"),
    [
        (None, None),
        (" ", None),
        ("Ashby", "a name"),
        ("O'Hara-Smith", "a name"),
        ("999 000 0018", "an NHS number"),
        ("27/3/1944", "a date of birth"),
        ("1944-03-27", "a date of birth"),
        ("ME14 1XX", "a reference or postcode"),
        ("C-1001", "a reference or postcode"),
    ],
)
def test_the_trail_keeps_how_a_client_was_looked_for_and_not_the_words(q: str | None, by: str | None) -> None:
    assert way_of_asking(q) == by


def test_an_older_weighing_does_not_take_the_place_of_a_newer_one() -> None:
    for weighed_on, known_on in ((None, TODAY), (TODAY, None), (TODAY, TODAY), (LATER, TODAY)):
        check_newer_weighing(weighed_on, known_on)
    with pytest.raises(Conflict) as refused:
        check_newer_weighing(TODAY, LATER)
    assert (refused.value.code, refused.value.field) == ("older-weighing", "weighed_on")


def test_a_weight_that_is_known_is_weighed_anew_and_not_taken_out() -> None:
    for weight, was in ((None, None), (80, None), (70, 80)):
        check_weight_stays(weight, was)
    with pytest.raises(Conflict) as refused:
        check_weight_stays(None, 80)
    assert (refused.value.code, refused.value.field) == ("weight-is-known", "weight_kg")
