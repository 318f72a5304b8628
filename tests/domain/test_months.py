"""Months as they are written, read, said and counted."""

from datetime import date

import pytest

from app.domain.errors import BadValue
from app.domain.months import (
    last_day,
    month_in_words,
    month_name,
    months_after,
    months_between,
    put_aside_before,
    read_begun_month,
    read_month,
)


def test_a_month_is_read_as_it_is_written() -> None:
    march = date(2026, 3, 1)
    assert read_month("2026-03") == march
    assert (month_name(march), month_in_words(march)) == ("2026-03", "March 2026")


def test_of_a_month_that_has_not_begun_nothing_is_said() -> None:
    today = date(2026, 3, 1)
    assert read_begun_month("2026-03", today=today) == today
    for written, code in (("2026-04", "month-not-begun"), ("2026-4", "not-a-period")):
        with pytest.raises(BadValue) as refused:
            read_begun_month(written, today=today)
        assert (refused.value.code, refused.value.field) == (code, "period")


def test_months_are_counted() -> None:
    january = date(2026, 1, 1)
    assert (months_after(date(2025, 12, 31), 1), months_after(january, -12)) == (january, date(2025, 1, 1))
    assert (last_day(date(2026, 2, 7)), last_day(date(2028, 2, 1))) == (date(2026, 2, 28), date(2028, 2, 29))
    touched = months_between(date(2025, 11, 30), date(2026, 2, 1))
    assert [month_name(month) for month in touched] == ["2025-11", "2025-12", "2026-01", "2026-02"]


def test_months_that_are_put_aside_are_named_by_the_first_that_is_there() -> None:
    assert put_aside_before(None) == ""
    assert put_aside_before(date(2019, 12, 1)) == "Charges before January 2020 are put aside, and are not shown here."
    assert put_aside_before(date(2019, 3, 1), "Movements").startswith("Movements before April 2019 are put aside")


@pytest.mark.parametrize(
    "written", ["", "2026-13", "2026-00", "2026-1", "0026-01", "26-01", "\uff12026-01", "2026-01\n"]
)
def test_what_is_no_month_is_refused(written: str) -> None:
    with pytest.raises(BadValue) as refused:
        read_month(written)
    assert (refused.value.code, refused.value.field) == ("not-a-period", "period")
