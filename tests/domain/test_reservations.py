"""The days of reservations: which may be asked for, which meet, and whom they keep from an item."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import BadValue
from app.domain.lifecycle import State
from app.domain.reservations import Days, Kept, blocks_issue, check_dates, keeps_item, overlaps

TODAY = date(2026, 3, 2)
SIX_MONTHS = date(2026, 9, 2)
starts = st.dates(date(2026, 1, 1), date(2026, 3, 1))
some_days = st.builds(
    lambda start, length: Days(start, None if length is None else start + timedelta(days=length)),
    starts,
    st.none() | st.integers(0, 40),
)


@pytest.mark.parametrize(
    ("from_on", "until_on"),
    [
        (TODAY, TODAY),
        (TODAY, TODAY + timedelta(days=366)),
        (SIX_MONTHS, SIX_MONTHS),
        (SIX_MONTHS, SIX_MONTHS + timedelta(days=366)),
    ],
)
def test_a_reservation_starts_within_six_months_and_lasts_a_year_at_most(from_on: date, until_on: date) -> None:
    check_dates(from_on, until_on, today=TODAY)


@pytest.mark.parametrize(
    ("from_on", "until_on", "code", "field", "says"),
    [
        (TODAY - timedelta(days=1), TODAY, "starts-in-the-past", "from", "today, 2 March 2026"),
        (SIX_MONTHS + timedelta(days=1), SIX_MONTHS, "starts-too-far-ahead", "from", "by 2 September 2026"),
        (TODAY, TODAY - timedelta(days=1), "ends-before-it-starts", "until", "on or after its first day"),
        (TODAY, TODAY + timedelta(days=367), "reserved-too-long", "until", "until 3 March 2027"),
    ],
)
def test_other_days_are_refused_with_what_would_be_right(
    from_on: date, until_on: date, code: str, field: str, says: str
) -> None:
    with pytest.raises(BadValue, match=says) as refusal:
        check_dates(from_on, until_on, today=TODAY)
    assert (refusal.value.code, refusal.value.field) == (code, field)


def days(text: str) -> Days:
    """`3-5`: from the 3rd to the 5th of March, `3-`: from the 3rd on."""
    start, end = text.split("-")
    return Days(date(2026, 3, int(start)), date(2026, 3, int(end)) if end else None)


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("3-5", "6-8", False),
        ("3-5", "5-8", True),
        ("3-8", "5-6", True),
        ("3-3", "3-3", True),
        ("3-", "20-21", True),
        ("9-", "3-8", False),
        ("9-", "3-", True),
        ("9-", "3-9", True),
    ],
)
def test_reservations_meet_when_they_have_a_day_in_common(one: str, other: str, meet: bool) -> None:
    assert overlaps(days(one), days(other)) == meet
    assert overlaps(days(other), days(one)) == meet


@given(some_days, some_days)
def test_meeting_is_having_a_day_in_common(one: Days, other: Days) -> None:
    horizon = [date(2026, 1, 1) + timedelta(days=n) for n in range(120)]

    def covered(asked: Days) -> set[date]:
        return {day for day in horizon if asked.from_on <= day <= (asked.until_on or day)}

    assert overlaps(one, other) == bool(covered(one) & covered(other))


@pytest.mark.parametrize(
    ("client_id", "from_on", "until_on", "blocked"),
    [
        (1, 5, None, False),  # the client's own reservation
        (2, 5, None, True),  # a loan has no end, and so meets what comes later
        (2, 5, 9, False),  # a trial that ends the day before
        (2, 5, 10, True),
        (2, 12, 20, True),
        (2, 13, None, False),  # the reservation is over
    ],
)
def test_a_reservation_keeps_other_clients_from_the_item(
    client_id: int, from_on: int, until_on: int | None, blocked: bool
) -> None:
    reserved = days("10-12")
    until = date(2026, 3, until_on) if until_on else None
    asked = date(2026, 3, from_on)
    assert blocks_issue(reserved, reserved_for=1, client_id=client_id, from_on=asked, until_on=until) == blocked


@given(some_days, some_days)
def test_a_client_is_never_kept_from_what_is_reserved_for_them(reserved: Days, asked: Days) -> None:
    own = blocks_issue(reserved, reserved_for=7, client_id=7, from_on=asked.from_on, until_on=asked.until_on)
    others = blocks_issue(reserved, reserved_for=7, client_id=8, from_on=asked.from_on, until_on=asked.until_on)
    assert (own, others) == (False, overlaps(reserved, asked))


@pytest.mark.parametrize(
    ("state", "from_on", "others", "goes_free"),
    [
        (State.RESERVED, 2, [], True),
        (State.IN_STOCK, 2, [], False),  # it is free already
        (State.DISPATCHED, 2, [], False),
        (State.RESERVED, 2, ["2-9"], False),  # somebody else's too
        (State.RESERVED, 2, ["4-9"], True),  # theirs has not begun
        (State.RESERVED, 2, ["1-1"], True),  # theirs is over
        (State.RESERVED, 2, ["1-1 O000001"], False),  # an order keeps it for good
        (State.RESERVED, 5, [], True),  # put aside when it was reserved for later
        (State.RESERVED, 5, ["6-9"], True),
        (State.RESERVED, 5, ["1-1"], False),  # it is put aside for them, and they have not been told that it ended
    ],
)
def test_an_item_goes_free_with_the_reservation_that_keeps_it(
    state: State, from_on: int, others: list[str], goes_free: bool
) -> None:
    assert keeps_item(state, date(2026, 3, from_on), [kept(one) for one in others], today=TODAY) == goes_free


def kept(text: str) -> Kept:
    """`2-9`: kept from the 2nd to the 9th of March; `2-9 O000001`: by that order."""
    when, _, number = text.partition(" ")
    span = days(when)
    return Kept(1, span.from_on, span.until_on or date.max, number or None)


@pytest.mark.parametrize(("text", "until"), [("1-1", 2), ("1-9", 9), ("1-9 O000001", None)])
def test_a_live_reservation_keeps_others_from_the_item_today_at_least_and_an_orders_for_good(
    text: str, until: int | None
) -> None:
    assert kept(text).days(TODAY) == Days(date(2026, 3, 1), date(2026, 3, until) if until else None)
