"""Shares make exactly 100 %, and every penny is allotted to somebody."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import RuleError
from app.domain.panel_funding import Share, allot, check_split, in_percent, is_joint
from app.domain.panel_meeting import Side


def split(*percents: str) -> list[Share]:
    return [Share(f"F{place}", Decimal(percent)) for place, percent in enumerate(percents)]


@pytest.mark.parametrize("percents", [["100"], ["60", "40"], ["33.34", "33.33", "33.33"], ["99.99", "0.01"]])
def test_what_comes_to_the_whole_is_a_split(percents: list[str]) -> None:
    check_split(split(*percents), field="funding")


@pytest.mark.parametrize(
    ("shares", "code"),
    [
        ([], "funding-not-100-percent"),
        (split("33.33", "33.33", "33.33"), "funding-not-100-percent"),
        (split("60", "40.01"), "funding-not-100-percent"),
        (split("60", "39.99"), "funding-not-100-percent"),
        (split("100", "0"), "bad-percentage"),
        (split("110", "-10"), "bad-percentage"),
        (split("33.333", "66.667"), "bad-percentage"),
        ([Share("ASC", Decimal(50)), Share("ASC", Decimal(50))], "funder-twice"),
    ],
)
def test_what_does_not_is_refused(shares: list[Share], code: str) -> None:
    with pytest.raises(RuleError) as refusal:
        check_split(shares, field="funding")
    assert (refusal.value.code, refusal.value.field) == (code, "funding")


@pytest.mark.parametrize(
    ("pence", "percents", "wanted"),
    [
        (310_000, ["60", "40"], [186_000, 124_000]),
        (100, ["33.34", "33.33", "33.33"], [34, 33, 33]),
        (7, ["100"], [7]),
        (1, ["50", "50"], [1, 0]),
        (101, ["50", "50"], [51, 50]),
        (5, ["33.33", "33.33", "33.34"], [2, 1, 2]),
        (0, ["60", "40"], [0, 0]),
    ],
)
def test_the_pennies_that_are_left_go_to_the_largest_remainders(
    pence: int, percents: list[str], wanted: list[int]
) -> None:
    assert [one.pence for one in allot(pence, split(*percents))] == wanted


@st.composite
def splits(draw: st.DrawFn) -> list[Share]:
    """Any split into two-decimal shares of exactly 100 %."""
    cuts = sorted(draw(st.sets(st.integers(1, 9_999), max_size=6)))
    ends = [0, *cuts, 10_000]
    return [Share(f"F{place}", Decimal(end - begin) / 100) for place, (begin, end) in enumerate(pairwise(ends))]


@given(st.integers(0, 10**9), splits())
def test_no_penny_is_lost_or_made_and_nobody_is_a_penny_out(pence: int, shares: list[Share]) -> None:
    check_split(shares, field="funding")
    found = allot(pence, shares)
    assert sum(one.pence for one in found) == pence
    assert [(one.funder, one.percent) for one in found] == [(one.funder, one.percent) for one in shares]
    assert all(abs(one.pence - pence * one.percent / 100) < 1 for one in found)


def test_money_is_joint_when_both_sides_pay() -> None:
    assert [is_joint(sides) for sides in ([], [Side.HEALTH], [Side.HEALTH] * 2, list(Side))] == [
        False,
        False,
        False,
        True,
    ]


def test_percentages_are_written_as_people_do() -> None:
    assert [in_percent(Decimal(one)) for one in ("60.00", "33.33", "100", "0.10")] == [
        "60 %",
        "33.33 %",
        "100 %",
        "0.1 %",
    ]
