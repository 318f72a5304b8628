"""Statements: the year against its budget, and the words that they open with."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.statements import PARTS, Year, opening, share_in_words


@pytest.mark.parametrize(
    ("period", "months", "figures"),
    [
        (date(2025, 4, 1), [100] * 12, (1200, 100, 300)),
        (date(2025, 12, 1), [100] * 12, (1200, 900, 300)),
        (date(2026, 3, 1), [0] * 11 + [500], (500, 500, -400)),
        (date(2026, 3, 1), None, (None, None, None)),
    ],
)
def test_a_year_stands_against_its_budget(
    period: date, months: list[int] | None, figures: tuple[int | None, int | None, int | None]
) -> None:
    year = Year(2025, period, 900, months)
    assert (year.budget_pence, year.due_pence, year.left_pence) == figures


def test_a_statement_says_whether_its_figures_may_change() -> None:
    month = date(2026, 3, 1)
    assert opening("The ICB", month, is_closed=False) == (
        "This is what The ICB is charged and credited for community equipment in March 2026. The month is open: "
        "figures may still change until it is closed."
    )
    assert "do not change any more" in opening("The ICB", month, is_closed=True)


def test_each_part_has_its_words() -> None:
    assert [part.text for part in PARTS] == [
        "Of this month",
        "Of earlier months, recorded late",
        "Corrections of earlier months",
    ]


def test_a_share_is_said_once_or_from_one_to_another() -> None:
    assert share_in_words(None, None) == ""
    assert share_in_words(Decimal("60.00"), Decimal("60.00")) == "60 %"
    assert share_in_words(Decimal("33.33"), Decimal("60.00")) == "33.33 % to 60 %"
