"""Which days somebody asks figures of."""

from datetime import date

import pytest

from app.domain.asked_period import asked_period, month_of_text, next_month
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
    assert next_month(date(2026, 12, 31)) == date(2027, 1, 1)
    assert month_of_text(" 2026-12 ") == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("period", "first", "last", "code", "field"),
    [
        ("2026-13", None, None, "bad-period", "period"),
        ("0000-01", None, None, "bad-period", "period"),
        ("March", None, None, "bad-period", "period"),
        ("2026-03", TODAY, None, "period-and-days", "period"),
        (None, TODAY, None, "from-and-to", "to"),
        (None, None, TODAY, "from-and-to", "from"),
        (None, date(2026, 3, 3), TODAY, "from-after-to", "from"),
        (None, date(1999, 12, 31), TODAY, "bad-day", "from"),
        (None, TODAY, date(3000, 1, 1), "bad-day", "to"),
        (None, date(2016, 4, 1), date(2026, 3, 31), "period-too-long", "from"),
        (None, date(2021, 2, 2), TODAY, "period-too-long", "from"),
    ],
)
def test_what_cannot_be_a_period_is_refused_at_its_field(
    period: str | None, first: date | None, last: date | None, code: str, field: str
) -> None:
    with pytest.raises(BadValue) as refused:
        asked_period(period, first, last, today=TODAY)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_five_years_and_a_month_are_not_too_long() -> None:
    assert asked_period(None, date(2021, 2, 3), TODAY, today=TODAY).first == date(2021, 2, 3)
    assert asked_period(None, date(2021, 2, 1), date(2026, 2, 28), today=TODAY).last == date(2026, 2, 28)
