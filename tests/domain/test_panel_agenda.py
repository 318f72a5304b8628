"""The agenda of a meeting before it, and what may be done while it is held and after it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.errors import RuleError
from app.domain.panel_agenda import (
    AgendaChange,
    check_being_held,
    check_can_close,
    check_can_rearrange,
    check_day,
    check_not_over,
    check_open,
    rearrange,
)

UP, DOWN, OFF = AgendaChange
TODAY, TOMORROW = date(2026, 3, 2), date(2026, 3, 3)


@pytest.mark.parametrize(
    ("number", "change", "agenda"),
    [
        ("a", UP, "abc"),
        ("b", UP, "bac"),
        ("c", UP, "acb"),
        ("a", DOWN, "bac"),
        ("b", DOWN, "acb"),
        ("c", DOWN, "abc"),
        ("a", OFF, "bc"),
        ("b", OFF, "ac"),
    ],
)
def test_a_case_goes_up_down_or_off(number: str, change: AgendaChange, agenda: str) -> None:
    assert rearrange("abc", number, change) == list(agenda)


def test_what_may_be_done_when() -> None:
    check_can_rearrange(has_begun=False)
    check_being_held(has_begun=True)
    check_can_close(TODAY, TODAY, has_begun=True)
    check_can_close(TODAY, TOMORROW, has_begun=True)
    check_open(is_closed=False)
    with pytest.raises(RuleError, match="has begun"):
        check_can_rearrange(has_begun=True)
    with pytest.raises(RuleError, match="Record who is there first"):
        check_can_close(TODAY, TODAY, has_begun=False)
    with pytest.raises(RuleError, match="The meeting is on 3 March 2026"):
        check_can_close(TOMORROW, TODAY, has_begun=True)
    with pytest.raises(RuleError, match="closed"):
        check_open(is_closed=True)


def test_a_meeting_is_scheduled_for_today_or_within_a_year() -> None:
    for day in (TODAY, TODAY + timedelta(days=366)):
        check_day(day, TODAY)
    for day, code in ((TODAY - timedelta(days=1), "day-is-past"), (date.min, "day-is-past"), (date.max, "day-too-far")):
        with pytest.raises(RuleError) as refusal:
            check_day(day, TODAY)
        assert (refusal.value.code, refusal.value.field) == (code, "held_on")


def test_who_is_there_is_recorded_until_noon_of_the_next_day() -> None:
    check_not_over(TODAY, datetime(2026, 3, 3, 11, 59, tzinfo=UTC))
    check_not_over(TODAY, datetime(2026, 2, 20, 9, tzinfo=UTC))
    with pytest.raises(RuleError, match="This meeting was on 2 March 2026"):
        check_not_over(TODAY, datetime(2026, 3, 3, 12, tzinfo=UTC))
