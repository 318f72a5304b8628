"""Scans that waited on a device: by whose clock they were made, and whether they still say where a thing is."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.kept_scans import (
    clock_offset,
    clock_wrong,
    is_from_long_ago,
    is_kept,
    is_same_scan,
    moved_since,
    offset_in_words,
    says_nothing_of_the_order,
    was_never_then,
)

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("behind", "offset"),
    [
        (timedelta(0), timedelta(0)),
        (2 * MINUTE, timedelta(0)),
        (-2 * MINUTE, timedelta(0)),
        (3 * MINUTE, 3 * MINUTE),
        (-DAY, -DAY),
        (9_000 * DAY, 9_000 * DAY),
    ],
)
def test_a_clock_is_wrong_by_what_it_shows_as_it_sends(behind: timedelta, offset: timedelta) -> None:
    assert clock_offset(NOW - behind, NOW) == offset


@pytest.mark.parametrize(("seconds", "same"), [(0, True), (60, True), (-60, True), (61, False), (-61, False)])
def test_what_is_scanned_again_within_a_minute_is_the_same_scan(seconds: int, same: bool) -> None:
    assert is_same_scan(NOW + timedelta(seconds=seconds), NOW) is same


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (DAY, "1 day slow"),
        (-DAY, "1 day fast"),
        (3 * DAY + HOUR, "3 days slow"),
        (23 * HOUR + 50 * MINUTE, "1 day slow"),
        (-HOUR, "1 hour fast"),
        (58 * MINUTE, "1 hour slow"),
        (3 * MINUTE, "3 minutes slow"),
    ],
)
def test_how_wrong_it_is_is_said_as_people_say_it(offset: timedelta, words: str) -> None:
    assert offset_in_words(offset) == words


def test_whoever_scanned_two_minutes_ago_still_stands_there() -> None:
    assert [is_kept(NOW - waited, NOW) for waited in (-MINUTE, MINUTE, 2 * MINUTE, 3 * MINUTE)] == [False] * 3 + [True]


@pytest.mark.parametrize(
    ("went_out", "came_back", "code"),
    [
        (None, None, None),
        (NOW - HOUR, None, None),
        (NOW, NOW - HOUR, None),
        (NOW + 2 * MINUTE, None, None),
        (NOW + 3 * MINUTE, None, "moved-since-scan"),
        (NOW + DAY, NOW + HOUR, "moved-since-scan"),
        (None, NOW + MINUTE, "already-returned"),
        (NOW - HOUR, NOW + MINUTE, "already-returned"),
    ],
)
def test_a_scan_says_nothing_any_more_of_what_has_moved_since(
    went_out: datetime | None, came_back: datetime | None, code: str | None
) -> None:
    error = moved_since(NOW, went_out=went_out, came_back=came_back)
    assert (error and error.code) == code
    if error:
        assert error.detail.startswith("It was scanned on 2 March 2026 at 14:05, and it ")
        assert error.detail.endswith(" Nothing was changed.")


def test_a_clock_that_nobody_compared_is_believed_only_where_a_newer_loan_would_end() -> None:
    error = moved_since(NOW, went_out=NOW + HOUR, came_back=None, is_measured=False)
    assert error
    assert error.code == "moved-since-scan"
    assert "If it is here now, scan it again" in error.detail
    assert moved_since(NOW, went_out=NOW - HOUR, came_back=NOW + HOUR, is_measured=False) is None


def test_a_time_that_is_still_to_come_says_nothing_of_what_came_first() -> None:
    told = [says_nothing_of_the_order(NOW + ahead, NOW) for ahead in (-DAY, 2 * MINUTE, 3 * MINUTE, DAY)]
    assert told == [False, False, True, True]
    assert "Set the date" in clock_wrong().detail


def test_a_time_before_the_item_was_here_is_none() -> None:
    assert was_never_then(NOW - HOUR, NOW, is_measured=False)
    for at, is_measured in ((None, False), (NOW, False), (NOW - HOUR, True)):
        assert not was_never_then(at, NOW, is_measured=is_measured)


def test_a_scan_of_more_than_ninety_days_ago_is_doubted() -> None:
    assert [is_from_long_ago(NOW - days * DAY, NOW) for days in (0, 90, 91)] == [False, False, True]
