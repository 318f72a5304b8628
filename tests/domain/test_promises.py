"""The promised day: speeds, the cut-off, weekends and England's bank holidays; and the laws of counting."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.dates import UK, uk_date
from app.domain.ordering import Speed
from app.domain.promises import (
    WORKING_DAYS,
    is_late,
    is_working_day,
    promised_on,
    working_days_after,
    working_days_between,
)

# England in the spring of 2026: Good Friday, Easter Monday, early May and spring bank holidays.
HOLIDAYS = frozenset({date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 4), date(2026, 5, 25)})
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
minutes = st.integers(0, 60 * 24 * 364)
instants = minutes.map(lambda minute: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute))
some_days_off = st.frozensets(days, max_size=20)


def uk(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UK)


@pytest.mark.parametrize(
    ("speed", "ordered_at", "day"),
    [
        (Speed.EMERGENCY, uk(3, 2, 9), (3, 2)),
        (Speed.EMERGENCY, uk(3, 7, 23, 30), (3, 7)),  # a Saturday evening
        (Speed.SAME_DAY, uk(4, 6, 10), (4, 6)),  # Easter Monday
        (Speed.SAME_DAY, uk(3, 2, 17), (3, 2)),
        (Speed.NEXT_DAY, uk(3, 2, 9), (3, 3)),
        (Speed.NEXT_DAY, uk(3, 2, 16), (3, 3)),
        (Speed.NEXT_DAY, uk(3, 2, 16, 1), (3, 4)),
        (Speed.NEXT_DAY, uk(3, 6, 12), (3, 9)),  # Friday to Monday
        (Speed.NEXT_DAY, uk(3, 6, 17), (3, 10)),  # Friday evening counts as Monday
        (Speed.NEXT_DAY, uk(3, 7, 9), (3, 10)),  # and so does Saturday
        (Speed.NEXT_DAY, uk(3, 8, 20), (3, 10)),
        (Speed.NEXT_DAY, uk(4, 2, 12), (4, 7)),  # Maundy Thursday, over Easter
        (Speed.NEXT_DAY, uk(4, 2, 17), (4, 8)),
        (Speed.NEXT_DAY, uk(4, 6, 9), (4, 8)),  # on Easter Monday
        (Speed.THREE_DAY, uk(3, 2, 9), (3, 5)),
        (Speed.FIVE_DAY, uk(3, 2, 9), (3, 9)),
        (Speed.SEVEN_DAY, uk(3, 2, 9), (3, 11)),
        (Speed.SEVEN_DAY, uk(4, 1, 9), (4, 14)),
        (Speed.NEXT_DAY, datetime(2026, 7, 1, 15, 30, tzinfo=UTC), (7, 3)),  # half past four in London
        (Speed.SAME_DAY, datetime(2026, 7, 1, 23, 30, tzinfo=UTC), (7, 2)),  # tomorrow already in London
    ],
)
def test_the_promised_day(speed: Speed, ordered_at: datetime, day: tuple[int, int]) -> None:
    assert promised_on(speed, ordered_at, HOLIDAYS) == date(2026, *day)


@pytest.mark.parametrize(
    ("after", "until", "count"),
    [
        (date(2026, 3, 2), date(2026, 3, 2), 0),
        (date(2026, 3, 2), date(2026, 3, 3), 1),
        (date(2026, 3, 6), date(2026, 3, 9), 1),
        (date(2026, 3, 6), date(2026, 3, 8), 0),
        (date(2026, 4, 2), date(2026, 4, 7), 1),
        (date(2026, 4, 7), date(2026, 4, 2), -1),
        (date(2026, 3, 2), date(2026, 3, 16), 10),
    ],
)
def test_working_days_between_two_days(after: date, until: date, count: int) -> None:
    assert working_days_between(after, until, HOLIDAYS) == count


@pytest.mark.parametrize(
    ("delivered", "today", "late"),
    [(None, 4, False), (None, 5, False), (None, 6, True), (5, 9, False), (6, 9, True), (4, 4, False)],
)
def test_an_order_is_late_when_its_day_is_over(delivered: int | None, today: int, late: bool) -> None:
    delivered_on = date(2026, 3, delivered) if delivered else None
    assert is_late(date(2026, 3, 5), delivered_on, date(2026, 3, today)) == late


@given(st.sampled_from(sorted(WORKING_DAYS)), instants, some_days_off)
def test_a_promise_is_a_working_day_and_never_sooner_than_the_speed_says(
    speed: Speed, ordered_at: datetime, holidays: frozenset[date]
) -> None:
    promised = promised_on(speed, ordered_at, holidays)
    assert is_working_day(promised, holidays)
    between = working_days_between(uk_date(ordered_at), promised, holidays)
    assert WORKING_DAYS[speed] <= between <= WORKING_DAYS[speed] + 1


@given(st.sampled_from(Speed), instants, instants, some_days_off)
def test_who_orders_later_is_never_promised_sooner(
    speed: Speed, one: datetime, other: datetime, holidays: frozenset[date]
) -> None:
    first, second = sorted((one, other))
    assert promised_on(speed, first, holidays) <= promised_on(speed, second, holidays)


@given(instants, some_days_off)
def test_a_faster_speed_is_never_promised_later(ordered_at: datetime, holidays: frozenset[date]) -> None:
    promises = [promised_on(speed, ordered_at, holidays) for speed in Speed]
    assert promises == sorted(promises)


@given(days, days, days, some_days_off)
def test_working_days_add_up_whatever_day_they_are_counted_over(
    a: date, b: date, c: date, holidays: frozenset[date]
) -> None:
    over_b = working_days_between(a, b, holidays) + working_days_between(b, c, holidays)
    assert over_b == working_days_between(a, c, holidays)


@given(days, st.integers(0, 30), some_days_off)
def test_the_nth_working_day_is_n_working_days_away(day: date, count: int, holidays: frozenset[date]) -> None:
    reached = working_days_after(day, count, holidays)
    assert working_days_between(day, reached, holidays) == count
    assert count == 0 or working_days_between(day, reached - timedelta(days=1), holidays) == count - 1
