"""Budgets: a year in months to the penny, how it stands, and what it is likely to come to."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.budgets import (
    MONTHS,
    MOST_PENCE,
    NAMES,
    Books,
    Level,
    Progress,
    Standing,
    check_year,
    forecast,
    months_of,
    overlap,
    profile,
    progress_at,
    standing_of,
    twelfths,
)
from app.domain.errors import BadValue

YEAR = (10_000,) * 12


@given(st.integers(0, 10**12))
def test_twelfths_are_equal_but_for_a_penny_and_lose_none(pence: int) -> None:
    months = twelfths(pence)
    assert (len(months), sum(months)) == (MONTHS, pence)
    assert max(months) - min(months) <= 1


@pytest.mark.parametrize(
    ("pence", "months", "kept"),
    [
        (1_201, None, (101, *[100] * 11)),
        (0, None, (0,) * 12),
        (None, [5] * 12, (5,) * 12),
        (60, [60, *[0] * 11], (60, *[0] * 11)),
    ],
)
def test_a_budget_is_given_for_the_year_or_for_each_month(
    pence: int | None, months: list[int] | None, kept: tuple[int, ...]
) -> None:
    assert profile(pence, months) == kept


@pytest.mark.parametrize(
    ("pence", "months", "code"),
    [
        (None, None, "no-amount"),
        (-1, None, "negative-budget"),
        (None, [1] * 11, "twelve-months"),
        (None, [-1, *[1] * 11], "negative-month"),
        (100_050, [1] * 12, "months-do-not-add-up"),
        (None, [MOST_PENCE] * 12, "budget-too-large"),
    ],
)
def test_what_is_no_budget_is_refused(pence: int | None, months: list[int] | None, code: str) -> None:
    with pytest.raises(BadValue) as refused:
        profile(pence, months)
    assert refused.value.code == code


def test_a_financial_year_has_twelve_months_from_april() -> None:
    months = months_of(2026)
    assert (months[0], months[8], months[9], months[-1]) == (
        date(2026, 4, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
        date(2027, 3, 1),
    )
    assert [f"{month:%B}" for month in months] == list(NAMES)


@pytest.mark.parametrize(
    ("today", "books_since", "progress"),
    [
        (date(2026, 3, 31), None, Progress(0, 0, 0)),
        (date(2026, 4, 1), None, Progress(0, 0, 1)),
        (date(2026, 11, 27), date(2020, 1, 1), Progress(0, 7, 8)),
        (date(2026, 11, 27), date(2026, 9, 1), Progress(5, 7, 8)),
        (date(2026, 11, 27), date(2026, 11, 1), Progress(7, 7, 8)),
        (date(2027, 3, 31), None, Progress(0, 11, 12)),
        (date(2027, 4, 1), None, Progress(0, 12, 12)),
    ],
)
def test_how_far_a_year_has_gone(today: date, books_since: date | None, progress: Progress) -> None:
    assert progress_at(2026, today, books_since=books_since) == progress


@pytest.mark.parametrize(
    ("books", "progress", "pence", "arithmetic"),
    [
        (
            Books((0, 0, 10_000, 20_001, 500, *[0] * 7), 1_000),
            Progress(2, 4, 5),
            136_508,
            "£305.01 spent + £10 committed + 7 times £150.01 for the months to come, "
            "the mean of June to July = £1,365.08",
        ),
        (
            Books((-9_000, *[0] * 11)),
            Progress(0, 1, 2),
            -99_000,
            "-£90 spent + £0 committed + 10 times -£90 for the months to come, the mean of April = -£990",
        ),
        (
            Books((300, *[0] * 11), 200),
            Progress(0, 0, 1),
            110_500,
            "£3 spent + £2 committed + £1,100 for the months to come, as budgeted, because no month is over yet "
            "= £1,105",
        ),
        (Books((100,) * 12), Progress(0, 12, 12), 1_200, "£12 spent + £0 committed = £12"),
        (
            Books(),
            Progress(0, 0, 0),
            120_000,
            "£0 spent + £0 committed + £1,200 for the months to come, as budgeted, because no month is over yet "
            "= £1,200",
        ),
    ],
    ids=["the mean", "credits", "April", "over", "to come"],
)
def test_a_forecast_says_its_arithmetic(books: Books, progress: Progress, pence: int, arithmetic: str) -> None:
    said = forecast(YEAR, books, progress)
    assert (said.pence, said.arithmetic) == (pence, arithmetic)


def test_a_budget_beside_its_books() -> None:
    standing = standing_of(YEAR, Books((10_000,) * 7 + (5_000,) + (0,) * 4, 3_000), Progress(0, 7, 8))
    assert (standing.budget, standing.due, standing.actual, standing.committed) == (120_000, 80_000, 75_000, 3_000)
    assert (standing.used, standing.left, standing.forecast, standing.variance) == (78_000, 42_000, 118_000, 2_000)
    assert standing.used_percent == 65


@pytest.mark.parametrize(
    ("budget", "actual", "committed", "likely", "levels", "words"),
    [
        (1_000, 0, 0, 0, (), "Within budget"),
        (1_000, 700, 99, 1_000, (), "Within budget"),
        (1_000, 700, 100, 1_000, (Level.MOST_USED,), "80 % used"),
        (1_000, 100, 0, 1_001, (Level.FORECAST_OVER,), "Forecast over"),
        (1_000, 900, 0, 1_200, (Level.MOST_USED, Level.FORECAST_OVER), "Forecast over"),
        (1_000, 900, 100, 1_000, (Level.MOST_USED, Level.ALL_USED), "Used up"),
        (1_000, 900, 101, 1_001, (Level.MOST_USED, Level.ALL_USED, Level.FORECAST_OVER), "Overspent"),
        (0, 0, 0, 0, (), "Within budget"),
        (0, 1, 0, 1, (Level.MOST_USED, Level.ALL_USED, Level.FORECAST_OVER), "Overspent"),
        (1_000, -500, 0, -500, (), "Within budget"),
    ],
)
def test_what_finance_is_told(
    budget: int, actual: int, committed: int, likely: int, levels: tuple[Level, ...], words: str
) -> None:
    standing = Standing(budget, budget, actual, committed, likely, "")
    assert (standing.levels, standing.in_words) == (levels, words)


def test_a_budget_of_nothing_has_no_percentage() -> None:
    assert Standing(0, 0, 1, 0, 1, "").used_percent is None


@pytest.mark.parametrize(
    ("whole", "teams", "words"),
    [
        (None, [100], None),
        (100, [60, 40], None),
        (100, [], None),
        (
            10_000,
            [6_000, 4_050],
            "The budgets of its teams come to £100.50, which is £0.50 more than its own of £100. "
            "A team's budget is a part of its funder's.",
        ),
    ],
)
def test_teams_have_parts_of_their_funders_budget(whole: int | None, teams: list[int], words: str | None) -> None:
    assert overlap(whole, teams) == words


@pytest.mark.parametrize(("today", "last"), [(date(2026, 3, 31), 2035), (date(2026, 4, 1), 2036)])
def test_a_budget_is_for_a_year_at_most_ten_ahead(today: date, last: int) -> None:
    check_year(2019, today=today)
    check_year(last, today=today)
    with pytest.raises(BadValue, match=f"Give a financial year up to {last}/{last % 100 + 1}") as refused:
        check_year(last + 1, today=today)
    assert (refused.value.code, refused.value.field) == ("budget-year-out-of-range", "year")
