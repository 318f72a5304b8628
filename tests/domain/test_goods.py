"""Dates of goods, and when two serial numbers are the same."""

from datetime import date

import pytest

from app.domain.goods import find_date_faults, serial_key

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
