"""Which month may be closed, and what somebody should have seen before."""

from datetime import date

import pytest

from app.domain.errors import Conflict
from app.domain.periods import (
    Finding,
    check_closable,
    check_seen,
    next_to_close,
    notice,
)

JANUARY, FEBRUARY, MARCH, APRIL = (date(2026, month, 1) for month in (1, 2, 3, 4))
TODAY = date(2026, 4, 15)


@pytest.mark.parametrize(
    ("period", "last_closed", "oldest", "code"),
    [
        (MARCH, FEBRUARY, JANUARY, None),
        (MARCH, None, MARCH, None),
        (FEBRUARY, None, MARCH, None),
        (date(2025, 3, 1), None, MARCH, None),
        (date(2025, 2, 1), None, MARCH, "before-the-books"),
        (MARCH, None, None, None),
        (date(2025, 3, 1), None, None, "before-the-books"),
        (APRIL, MARCH, JANUARY, "period-not-over"),
        (date(2027, 1, 1), None, None, "period-not-over"),
        (FEBRUARY, FEBRUARY, JANUARY, "period-closed"),
        (JANUARY, FEBRUARY, FEBRUARY, "period-closed"),
        (MARCH, JANUARY, JANUARY, "close-earlier-first"),
        (MARCH, None, FEBRUARY, "close-earlier-first"),
    ],
)
def test_months_are_closed_one_after_the_other_once_they_are_over(
    period: date, last_closed: date | None, oldest: date | None, code: str | None
) -> None:
    found = None
    try:
        check_closable(period, today=TODAY, last_closed=last_closed, oldest=oldest)
    except Conflict as refusal:
        found = refusal.code
    assert found == code


def test_a_month_is_over_on_the_first_day_of_the_next() -> None:
    with pytest.raises(Conflict, match="It can be closed from 1 April 2026 on"):
        check_closable(MARCH, today=date(2026, 3, 31), last_closed=FEBRUARY, oldest=FEBRUARY)
    check_closable(MARCH, today=APRIL, last_closed=FEBRUARY, oldest=FEBRUARY)


@pytest.mark.parametrize(
    ("last_closed", "oldest", "following"),
    [(FEBRUARY, JANUARY, MARCH), (None, JANUARY, JANUARY), (None, None, None), (MARCH, JANUARY, None)],
)
def test_the_next_month_to_close(last_closed: date | None, oldest: date | None, following: date | None) -> None:
    assert next_to_close(today=TODAY, last_closed=last_closed, oldest=oldest) == following


def test_what_is_there_is_noticed_and_named() -> None:
    noticed = notice(
        {Finding.PROVISIONAL: 1, Finding.UNPRICED: 1200, Finding.DISPUTE_OVERDUE: 2, Finding.WITHOUT_FUNDER: 0}
    )
    assert [(one.code, one.count) for one in noticed] == [
        (Finding.UNPRICED, 1200),
        (Finding.PROVISIONAL, 1),
        (Finding.DISPUTE_OVERDUE, 2),
    ]
    assert [one.detail.split(".")[0] for one in noticed] == [
        "1,200 lines have no rate and cost nothing as they stand",
        "1 line is split provisionally",
        "2 disputes were to be settled by a day that is over",
    ]
    check_seen(noticed, list(Finding))
    with pytest.raises(Conflict, match="1,200 lines have no rate") as refused:
        check_seen(noticed, [Finding.PROVISIONAL, Finding.DISPUTE_OVERDUE])
    assert refused.value.code == "not-acknowledged"
