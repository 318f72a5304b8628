"""Collections: by when they are due, and what a thing is that was found at a client's."""

from datetime import date

import pytest

from app.domain.collecting import (
    Find,
    FindKind,
    check_visit_day,
    collect_by,
    requested_too_long_ago,
    what_it_is,
)
from app.domain.errors import BadValue
from app.domain.lifecycle import State
from app.domain.loans import CollectionSpeed
from app.domain.promises import WorkingTimes

GOOD_FRIDAY, EASTER_MONDAY = date(2026, 4, 3), date(2026, 4, 6)
HOLIDAYS = frozenset({GOOD_FRIDAY, EASTER_MONDAY})
STANDARD, URGENT = CollectionSpeed.STANDARD, CollectionSpeed.URGENT


@pytest.mark.parametrize(
    ("speed", "requested_on", "due_on"),
    [
        (STANDARD, date(2026, 3, 2), date(2026, 3, 9)),
        (URGENT, date(2026, 3, 2), date(2026, 3, 3)),
        (URGENT, date(2026, 3, 6), date(2026, 3, 9)),
        (URGENT, date(2026, 3, 7), date(2026, 3, 9)),
        (URGENT, date(2026, 4, 2), date(2026, 4, 7)),
        (STANDARD, date(2026, 4, 1), date(2026, 4, 10)),
    ],
)
def test_a_collection_is_due_after_five_working_days_or_one(
    speed: CollectionSpeed, requested_on: date, due_on: date
) -> None:
    assert collect_by(speed, requested_on, HOLIDAYS) == due_on


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 3, 7), "7 March 2026 is a Saturday, when nothing is collected. The next working day is Monday 9 "),
        (date(2026, 3, 8), "8 March 2026 is a Sunday, when nothing is collected. The next working day is Monday 9 "),
        (GOOD_FRIDAY, "is a bank holiday, when nothing is collected. The next working day is Tuesday 7 April 2026."),
    ],
)
def test_nobody_comes_on_a_day_off_and_the_next_working_day_is_named(day: date, said: str) -> None:
    with pytest.raises(BadValue) as refused:
        check_visit_day(day, WorkingTimes(HOLIDAYS))
    assert (refused.value.code, refused.value.field) == ("not-a-working-day", "on")
    assert said in refused.value.detail


@pytest.mark.parametrize(("day", "saturdays"), [(date(2026, 3, 6), False), (date(2026, 3, 7), True)])
def test_a_visit_may_be_planned_for_a_working_day(day: date, saturdays: bool) -> None:
    check_visit_day(day, WorkingTimes(HOLIDAYS, saturdays))


@pytest.mark.parametrize("speed", CollectionSpeed)
@pytest.mark.parametrize("today", [date(2026, 3, 9), date(2026, 4, 5), date(2026, 4, 7), date(2026, 4, 11)])
def test_what_was_requested_up_to_that_day_is_overdue_and_nothing_after_it(speed: CollectionSpeed, today: date) -> None:
    newest = requested_too_long_ago(speed, today, HOLIDAYS)
    for day in range(-20, 1):
        requested_on = date.fromordinal(today.toordinal() + day)
        assert (collect_by(speed, requested_on, HOLIDAYS) < today) == (requested_on <= newest), requested_on


@pytest.mark.parametrize(
    ("find", "what"),
    [
        (Find("", is_our_label=False), FindKind.NO_LABEL),
        (Find("5012345678900", is_our_label=False), FindKind.NOT_OURS),
        (Find("ES1", is_our_label=True), FindKind.UNKNOWN),
        (Find("ES1", is_our_label=True, state=State.ON_LOAN, lent_to=1), FindKind.THIS_CLIENTS),
        (Find("ES1", is_our_label=True, state=State.AWAITING_COLLECTION, lent_to=1), FindKind.THIS_CLIENTS),
        (Find("ES1", is_our_label=True, state=State.ON_TRIAL, lent_to=2), FindKind.ANOTHER_CLIENTS),
        (Find("ES1", is_our_label=True, state=State.MISSING), FindKind.MISSING),
        (Find("ES1", is_our_label=True, state=State.MISSING, lent_to=2), FindKind.MISSING),
        (Find("ES1", is_our_label=True, state=State.DISPATCHED), FindKind.ON_THE_WAY),
        (Find("ES1", is_our_label=True, state=State.IN_STOCK), FindKind.IN_STORE),
        (Find("ES1", is_our_label=True, state=State.IN_REPAIR), FindKind.IN_STORE),
        (Find("ES1", is_our_label=True, state=State.SCRAPPED), FindKind.SCRAPPED),
    ],
)
def test_a_find_is_what_the_record_says_of_it(find: Find, what: FindKind) -> None:
    assert what_it_is(find, client_id=1) is what


@pytest.mark.parametrize("what", FindKind)
def test_each_find_says_what_it_is_and_what_happens_with_it(what: FindKind) -> None:
    assert what.text.endswith(".")
    assert "returns desk" in what.next_step or "query shelf" in what.next_step
