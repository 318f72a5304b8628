"""Collections: by when they are due, and what a thing is that was found at a client's."""

from datetime import date

import pytest

from app.domain.collecting import Find, FindKind, collect_by, requested_too_long_ago, what_it_is
from app.domain.lifecycle import State
from app.domain.loans import CollectionSpeed

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
