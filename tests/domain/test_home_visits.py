"""Visits to homes: which day they may be planned for, when a try was, and when the manager must know."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.errors import BadValue
from app.domain.home_visits import check_day, check_try, is_same_try, is_to_escalate

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
PLANNED = NOW - timedelta(days=2)


@pytest.mark.parametrize(
    ("tries", "escalated", "told"), [(2, False, False), (3, False, True), (4, False, True), (4, True, False)]
)
def test_the_manager_is_told_once_after_so_many_tries(tries: int, escalated: bool, told: bool) -> None:
    assert is_to_escalate(tries, after_tries=3, escalated=escalated) is told


@pytest.mark.parametrize(
    ("minutes", "same"), [([], False), ([0], True), ([-59], True), ([59], True), ([-60], False), ([60, 300, 1], True)]
)
def test_what_is_recorded_within_an_hour_of_a_try_is_that_try(minutes: list[int], same: bool) -> None:
    assert is_same_try(NOW, [NOW + timedelta(minutes=one) for one in minutes]) is same


@pytest.mark.parametrize(("days", "code"), [(-1, "planned-in-the-past"), (366, "planned-too-far-ahead")])
def test_a_visit_is_planned_for_a_day_within_a_year(days: int, code: str) -> None:
    with pytest.raises(BadValue) as refusal:
        check_day(TODAY + timedelta(days=days), today=TODAY)
    assert (refusal.value.code, refusal.value.field) == (code, "planned_on")
    check_day(TODAY, today=TODAY)


@pytest.mark.parametrize("tried_at", [NOW + timedelta(seconds=1), PLANNED - timedelta(minutes=2)])
def test_a_try_is_after_the_planning_and_not_to_come(tried_at: datetime) -> None:
    with pytest.raises(BadValue) as refusal:
        check_try(tried_at, planned_at=PLANNED, now=NOW)
    assert refusal.value.code == "tried-when"
    check_try(PLANNED - timedelta(seconds=30), planned_at=PLANNED, now=NOW)
    check_try(NOW, planned_at=PLANNED, now=NOW)
