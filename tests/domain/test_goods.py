"""Dates of goods, when two serial numbers are the same, and what goes with the maker's label."""

from datetime import date

import pytest

from app.domain.goods import Said, date_words, fill_in, find_contradictions, find_date_faults, serial_key
from app.domain.makers_labels import LabelFacts

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("dates", "codes"),
    [
        ({}, []),
        ({"received_on": TODAY, "manufactured_on": TODAY, "dispatched_on": TODAY}, []),
        ({"received_on": date(2026, 3, 3)}, ["date-in-the-future"]),
        ({"dispatched_on": date(1949, 12, 31)}, ["date-too-old"]),
        ({"manufactured_on": date(1950, 1, 1)}, []),
        (
            {"received_on": date(2026, 1, 1), "manufactured_on": TODAY, "dispatched_on": TODAY},
            ["made-after-it-came", "sent-after-it-came"],
        ),
    ],
)
def test_every_date_that_cannot_be_is_named(dates: dict[str, date | None], codes: list[str]) -> None:
    assert [fault.code for fault in find_date_faults(dates, today=TODAY)] == codes


@pytest.mark.parametrize(
    ("precision", "made", "codes"),
    [
        (None, date(2026, 1, 22), ["made-after-it-came", "sent-before-it-was-made"]),
        ("day", date(2026, 1, 22), ["made-after-it-came", "sent-before-it-was-made"]),
        ("week", date(2026, 1, 22), []),
        ("week", date(2026, 1, 26), ["made-after-it-came", "sent-before-it-was-made"]),
        ("month", date(2026, 1, 31), []),
        ("month", date(2026, 2, 1), ["made-after-it-came", "sent-before-it-was-made"]),
        ("year", date(2026, 12, 31), []),
        ("year", date(2027, 1, 1), ["date-in-the-future", "made-after-it-came", "sent-before-it-was-made"]),
        ("week", date(1, 1, 1), ["date-too-old"]),
    ],
)
def test_the_day_it_was_made_is_held_to_what_was_claimed_of_it(
    precision: str | None, made: date, codes: list[str]
) -> None:
    came = date(2026, 1, 20)
    dates = {"received_on": came, "dispatched_on": came, "manufactured_on": made}
    assert [fault.code for fault in find_date_faults(dates, today=TODAY, precision=precision)] == codes


@pytest.mark.parametrize("other", ["sn-001", "SN 001", "Sn001"])
def test_serial_numbers_are_the_same_whatever_their_case_blanks_and_dashes(other: str) -> None:
    assert serial_key("SN-001") == serial_key(other) != serial_key("SN-01")


LABEL = LabelFacts("07032069804988", "SN-9", "L-7", date(2025, 7, 1), "month")


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        (Said(), []),
        (Said(udi_di="07032069804988", serial_numbers=["sn9", "S"], lot_number="l7", quantity=2), []),
        (Said(udi_di="05012345678900"), ["udi_di"]),
        (Said(serial_numbers=["SN-8"], lot_number="L-8"), ["serial_numbers", "lot_number"]),
        (Said(quantity=1), []),
        (Said(quantity=2), ["quantity"]),
        (Said(manufactured_on=date(2025, 7, 31), manufactured_precision="day"), []),
        (Said(manufactured_on=date(2025, 8, 1), manufactured_precision="day"), ["manufactured_on"]),
        (Said(manufactured_on=date(2025, 8, 4), manufactured_precision="week"), ["manufactured_on"]),
        (Said(manufactured_on=date(2025, 6, 30), manufactured_precision="week"), []),
        (Said(manufactured_on=date(2025, 1, 1), manufactured_precision="year"), []),
    ],
)
def test_what_cannot_be_true_beside_the_label_is_named(said: Said, fields: list[str]) -> None:
    assert [fault.field for fault in find_contradictions(said, LABEL)] == fields
    assert list(find_contradictions(said, LabelFacts())) == []


def test_what_was_not_said_is_taken_from_the_label() -> None:
    assert fill_in(Said(quantity=1), LABEL) == Said(1, ["SN-9"], "L-7", "07032069804988", date(2025, 7, 1), "month")
    said = Said(None, ["A"], "B", "05012345678900", date(2025, 7, 2), "day")
    assert fill_in(said, LABEL) == said
    assert fill_in(Said(quantity=3), LabelFacts()) == Said(3, [])


@pytest.mark.parametrize(
    ("precision", "words"),
    [("day", "2 March 2026"), ("week", "in the week of 2 March 2026"), ("month", "March 2026"), ("year", "2026")],
)
def test_a_day_of_manufacture_is_said_as_far_as_it_is_known(precision: str, words: str) -> None:
    assert date_words(TODAY, precision) == words
    assert date_words(None, None) == ""
