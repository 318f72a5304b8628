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


@pytest.mark.parametrize("other", ["sn-001", "SN 001", "Sn001"])
def test_serial_numbers_are_the_same_whatever_their_case_blanks_and_dashes(other: str) -> None:
    assert serial_key("SN-001") == serial_key(other) != serial_key("SN-01")
