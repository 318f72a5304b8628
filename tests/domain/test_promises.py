"""The promised day: speeds, the cut-off, weekends and England's bank holidays; and the laws of counting."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.dates import UK, uk_date
from app.domain.ordering import Speed
from app.domain.promises import (
    WORKING_DAYS,
    Coming,
    ItemLost,
    Withdrawn,
    WorkingTimes,
    days_allowed,
    is_late,
    is_working_day,
    promised_on,
    working_days_after,
    working_days_between,
)

# England in the spring of 2026: Good Friday, Easter Monday, early May and spring bank holidays.
HOLIDAYS = frozenset({date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 4), date(2026, 5, 25)})
TIMES = WorkingTimes(HOLIDAYS)
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
        (Speed.EMERGENCY, uk(3, 2, 20), (3, 2)),
        (Speed.EMERGENCY, uk(3, 2, 20, 1), (3, 3)),  # at night it is tomorrow's
        (Speed.EMERGENCY, uk(3, 7, 12), (3, 7)),  # it is served on Saturdays,
        (Speed.EMERGENCY, uk(3, 7, 23, 30), (3, 8)),  # on Sundays
        (Speed.EMERGENCY, uk(4, 6, 10), (4, 6)),  # and on Easter Monday
        (Speed.SAME_DAY, uk(3, 2, 15), (3, 2)),
        (Speed.SAME_DAY, uk(3, 2, 15, 1), (3, 3)),
        (Speed.SAME_DAY, uk(3, 2, 23, 30), (3, 3)),
        (Speed.SAME_DAY, uk(3, 3, 0, 10), (3, 3)),
        (Speed.SAME_DAY, uk(3, 6, 17), (3, 9)),  # Friday evening to Monday
        (Speed.SAME_DAY, uk(3, 7, 9), (3, 9)),
        (Speed.SAME_DAY, uk(4, 6, 10), (4, 7)),  # Easter Monday
        (Speed.SAME_DAY, uk(4, 2, 16), (4, 7)),  # Maundy Thursday, over Easter
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
        (Speed.SAME_DAY, datetime(2026, 7, 1, 14, 30, tzinfo=UTC), (7, 2)),  # half past three in London
        (Speed.SAME_DAY, datetime(2026, 1, 5, 14, 30, tzinfo=UTC), (1, 5)),  # half past two
        (Speed.NEXT_DAY, datetime(2026, 3, 28, 16, 0, tzinfo=UTC), (3, 31)),  # the Saturday before the clocks change
        (Speed.EMERGENCY, datetime(2026, 3, 29, 19, 30, tzinfo=UTC), (3, 30)),  # half past eight on that Sunday
        (Speed.EMERGENCY, datetime(2026, 10, 25, 19, 30, tzinfo=UTC), (10, 25)),  # half past seven: changed back
    ],
)
def test_the_promised_day(speed: Speed, ordered_at: datetime, day: tuple[int, int]) -> None:
    assert promised_on(speed, ordered_at, TIMES) == date(2026, *day)


@pytest.mark.parametrize(
    ("speed", "ordered_at", "day"),
    [
        (Speed.SAME_DAY, uk(3, 6, 12), (3, 6)),
        (Speed.SAME_DAY, uk(3, 6, 12, 1), (3, 7)),  # Friday afternoon to Saturday
        (Speed.SAME_DAY, uk(3, 8, 9), (3, 9)),  # Sunday is none
        (Speed.NEXT_DAY, uk(3, 6, 12), (3, 7)),
        (Speed.FIVE_DAY, uk(3, 2, 9), (3, 7)),
        (Speed.NEXT_DAY, uk(4, 2, 12), (4, 4)),  # over Good Friday
        (Speed.EMERGENCY, uk(3, 6, 12, 1), (3, 7)),
    ],
)
def test_a_service_sets_its_own_cut_offs_and_its_saturdays(
    speed: Speed, ordered_at: datetime, day: tuple[int, int]
) -> None:
    times = WorkingTimes(HOLIDAYS, saturdays=True, cut_offs=dict.fromkeys(Speed, time(12)))
    assert promised_on(speed, ordered_at, times) == date(2026, *day)


@pytest.mark.parametrize(
    ("day", "is_one", "following"),
    [
        (date(2026, 3, 6), True, date(2026, 3, 9)),
        (date(2026, 3, 7), False, date(2026, 3, 9)),
        (date(2026, 3, 8), False, date(2026, 3, 9)),
        (date(2026, 4, 3), False, date(2026, 4, 7)),
    ],
)
def test_working_days_and_the_next_one(day: date, is_one: bool, following: date) -> None:
    assert TIMES.is_working_day(day) == is_one
    assert TIMES.next_working_day(day) == following
    assert WorkingTimes(HOLIDAYS, saturdays=True).is_working_day(date(2026, 3, 7))
    assert not WorkingTimes(frozenset({date(2026, 3, 7)}), saturdays=True).is_working_day(date(2026, 3, 7))


@pytest.mark.parametrize(
    ("coming", "said"),
    [
        (Coming(), "None is known to be on its way."),
        (Coming(being_cleaned=1), "1 is being cleaned or checked."),
        (Coming(in_repair=2), "2 are in repair."),
        (Coming(to_collect=1), "1 is to be collected, on a day that is not planned yet."),
        (Coming(to_collect=3, next_on=date(2026, 3, 12)), "The next is due back on 12 March 2026."),
        (
            Coming(being_cleaned=2, in_repair=1, to_collect=1, next_on=date(2026, 3, 12)),
            "2 are being cleaned or checked, 1 is in repair, and the next is due back on 12 March 2026.",
        ),
    ],
)
def test_what_is_known_without_a_promise(coming: Coming, said: str) -> None:
    assert coming.text == said


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
    assert not is_late(None, delivered_on, date(2026, 3, today))


@given(st.sampled_from(sorted(WORKING_DAYS)), instants, some_days_off)
def test_a_promise_is_a_working_day_and_never_sooner_than_the_speed_says(
    speed: Speed, ordered_at: datetime, holidays: frozenset[date]
) -> None:
    promised = promised_on(speed, ordered_at, WorkingTimes(holidays))
    assert is_working_day(promised, holidays)
    between = working_days_between(uk_date(ordered_at), promised, holidays)
    assert WORKING_DAYS[speed] <= between <= WORKING_DAYS[speed] + 1


@given(st.sampled_from(Speed), instants, instants, some_days_off)
def test_who_orders_later_is_never_promised_sooner(
    speed: Speed, one: datetime, other: datetime, holidays: frozenset[date]
) -> None:
    first, second = sorted((one, other))
    times = WorkingTimes(holidays)
    assert promised_on(speed, first, times) <= promised_on(speed, second, times)


@given(instants, some_days_off)
def test_a_faster_speed_is_never_promised_later(ordered_at: datetime, holidays: frozenset[date]) -> None:
    promises = [promised_on(speed, ordered_at, WorkingTimes(holidays)) for speed in Speed]
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


def test_what_has_no_promised_day_is_put_in_order_by_days_of_the_calendar() -> None:
    assert [days_allowed(speed) for speed in Speed] == [0, 0, 1, 4, 7, 9]


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        (
            ["ES 0000 0123 08"],
            "ES 0000 0123 08 was held for it, and it cannot go out now. Nothing is held in its place.",
        ),
        (["A", "B"], "A and B were held for it, and they cannot go out now. Nothing is held in their place."),
    ],
)
def test_a_prescriber_reads_which_day_is_not_promised_any_more_and_why(tags: list[str], said: str) -> None:
    letter = Withdrawn("O000012", "C-7", date(2026, 3, 9), tags).letter()
    assert letter.subject == "Order O000012 has no promised day any more"
    assert letter.body.startswith(f"Order O000012 for client C-7 was promised for 9 March 2026. {said}")
    assert "you are told as soon as there is something for all of it." in letter.body


@pytest.mark.parametrize(
    ("instead", "day", "said"),
    [
        ((), None, "Nothing is held in its place. Its day is not known yet: you are told as soon as"),
        (("B",), date(2026, 3, 9), "B is held for it instead. Its day is still 9 March 2026."),
        (("B", "C"), None, "B and C are held for it instead. Its day is not known yet."),
    ],
)
def test_who_loses_an_item_is_told_why_and_what_is_held_instead(
    instead: tuple[str, ...], day: date | None, said: str
) -> None:
    letter = ItemLost("O000012", "C-7", ["A"], "It came back.", instead, day).letter()
    assert letter.subject == "Order O000012 lost an item that was held for it"
    assert letter.body.startswith(f"Order O000012 for client C-7: A was held for it. It came back. {said}")
