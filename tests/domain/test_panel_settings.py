"""What a panel must have, what its settings leave undone, and its financial year."""

from datetime import date

import pytest

from app.domain.errors import BadValue
from app.domain.panel_figures import Stage, check_period, percent_of
from app.domain.panel_meeting import Seat, Side, Terms
from app.domain.panel_settings import check_members, financial_year, find_gaps, first_day, year_in_words

HEALTH, CARE = Side.HEALTH, Side.SOCIAL_CARE
CHAIR, SECOND = Seat("chair", "Christine", CARE, True), Seat("deputy", "Dora", HEALTH, True)
MEMBER, OTHER = Seat("panel1", "Peter", HEALTH), Seat("panel2", "Priya", CARE)


@pytest.mark.parametrize(
    ("members", "quorum", "is_active", "code"),
    [
        ((CHAIR, MEMBER), 2, True, None),
        ((CHAIR, MEMBER), 3, True, "quorum-out-of-reach"),
        ((CHAIR,), 2, True, "quorum-out-of-reach"),
        ((MEMBER, OTHER), 2, True, "no-chair"),
        ((), 1, True, "no-chair"),
        ((), 1, False, None),
        ((CHAIR, CHAIR), 1, False, "member-twice"),
    ],
)
def test_a_panel_at_work_can_decide(members: tuple[Seat, ...], quorum: int, is_active: bool, code: str | None) -> None:
    if code is None:
        check_members(members, Terms(quorum), is_active=is_active)
        return
    with pytest.raises(BadValue) as refused:
        check_members(members, Terms(quorum), is_active=is_active)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("members", "quorum", "needs_both", "has_rules", "codes"),
    [
        ((CHAIR, SECOND, MEMBER), 2, True, True, []),
        ((CHAIR, SECOND, MEMBER), 2, True, False, ["no-rules"]),
        ((CHAIR, MEMBER), 2, True, True, ["one-chair", "all-must-be-there"]),
        ((CHAIR, OTHER), 1, True, True, ["one-chair", "one-side"]),
        ((CHAIR, OTHER), 1, False, True, ["one-chair"]),
    ],
)
def test_what_will_stop_a_panel_is_said(
    members: tuple[Seat, ...], quorum: int, needs_both: bool, has_rules: bool, codes: list[str]
) -> None:
    assert [gap.code for gap in find_gaps(members, Terms(quorum, needs_both), has_rules=has_rules)] == codes


@pytest.mark.parametrize(
    ("day", "year", "words"),
    [
        (date(2026, 3, 31), 2025, "2025/26"),
        (date(2026, 4, 1), 2026, "2026/27"),
        (date(2099, 12, 31), 2099, "2099/00"),
    ],
)
def test_a_financial_year_begins_in_april(day: date, year: int, words: str) -> None:
    assert (financial_year(day), year_in_words(year)) == (year, words)
    assert first_day(year) <= day < first_day(year + 1)


def test_of_a_few_nothing_is_said_and_a_period_ends_after_it_begins() -> None:
    assert [percent_of(2, 4), percent_of(0, 5), percent_of(2, 6), percent_of(5, 5)] == [None, 0, 33, 100]
    assert all(stage.text for stage in Stage)
    check_period(date(2026, 1, 1), date(2026, 1, 1))
    with pytest.raises(BadValue, match="before the first"):
        check_period(date(2026, 1, 2), date(2026, 1, 1))
    with pytest.raises(BadValue, match="10 years"):
        check_period(date(2000, 1, 1), date(2026, 1, 1))
