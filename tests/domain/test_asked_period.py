"""Which days somebody asks figures of."""

from datetime import date

import pytest

from app.domain.asked_period import asked_period, check_days
from app.domain.errors import BadValue

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("period", "first", "last", "words", "name"),
    [
        ("2026-02", None, None, "February 2026", "2026-02"),
        (None, None, None, "March 2026", "2026-03"),
        ("", None, None, "March 2026", "2026-03"),
        (None, TODAY, TODAY, "2 March 2026 to 2 March 2026", "2026-03-02-to-2026-03-02"),
    ],
)
def test_a_month_of_the_books_or_days(
    period: str | None, first: date | None, last: date | None, words: str, name: str
) -> None:
    asked = asked_period(period, first, last, today=TODAY)
    assert (asked.words, asked.name) == (words, name)
    assert asked.query == ({"period": name} if asked.is_booked else {"from": "2026-03-02", "to": "2026-03-02"})
    assert asked.basis.startswith("Lines that are posted" if asked.is_booked else "Lines of what happened")


def test_a_month_ends_with_its_last_day() -> None:
    asked = asked_period("2028-02", None, None, today=TODAY)
    assert (asked.first, asked.last) == (date(2028, 2, 1), date(2028, 2, 29))


@pytest.mark.parametrize(
    ("period", "first", "last", "code", "field"),
    [
        ("2026-13", None, None, "not-a-period", "period"),
        ("March", None, None, "not-a-period", "period"),
        ("2026-03", TODAY, None, "period-or-days", "period"),
        ("2026-03", None, TODAY, "period-or-days", "period"),
        (None, None, TODAY, "first-day-wanted", "from"),
        (None, date(2026, 3, 3), TODAY, "ends-before-it-starts", "to"),
        (None, date(2026, 3, 3), None, "ends-before-it-starts", "to"),
        (None, date(1999, 12, 31), TODAY, "bad-day", "from"),
        (None, TODAY, date(3000, 1, 1), "bad-day", "to"),
        (None, date(2016, 4, 1), date(2026, 3, 31), "period-too-long", "to"),
        (None, date(2021, 2, 2), TODAY, "period-too-long", "to"),
        (None, date(2021, 1, 31), date(2026, 2, 28), "period-too-long", "to"),
    ],
)
def test_what_cannot_be_a_period_is_refused_at_its_field(
    period: str | None, first: date | None, last: date | None, code: str, field: str
) -> None:
    with pytest.raises(BadValue) as refused:
        asked_period(period, first, last, today=TODAY)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_what_is_too_long_is_told_what_would_do() -> None:
    with pytest.raises(BadValue, match="such as 1 January 2016 to 31 January 2021"):
        check_days(date(2016, 1, 1), date(2026, 1, 1))


def test_five_years_and_a_month_are_not_too_long() -> None:
    assert asked_period(None, date(2021, 2, 3), None, today=TODAY).last == TODAY
    for first, last in (
        (date(2021, 2, 3), TODAY),
        (date(2021, 2, 1), date(2026, 2, 28)),
        (date(2021, 4, 15), date(2026, 5, 14)),
    ):
        check_days(first, last)
