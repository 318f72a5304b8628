"""Repair or scrap: the arithmetic as a table, and what is said of a part."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.domain.errors import BadValue
from app.domain.refurbishing import (
    Advice,
    Facts,
    RepairOutcome,
    advise,
    check_fitted_on,
    months_between,
    refurbish_or_replace,
)

TODAY = date(2026, 3, 2)
# £1,000 new, half of its life over: it is worth £500, and at 60 % the limit is £300.
HOIST = Facts(
    paid_pence=90_000,
    new_pence=100_000,
    received_on=date(2021, 3, 2),
    expected_life_months=120,
    times_issued=4,
    estimate_pence=20_000,
)


@pytest.mark.parametrize(
    ("change", "advice", "why"),
    [
        ({}, Advice.REPAIR, "within the limit"),
        ({"estimate_pence": 30_000}, Advice.REPAIR, "within the limit"),
        ({"estimate_pence": 30_001}, Advice.SCRAP, "more than the limit"),
        ({"earlier_pence": 10_000}, Advice.REPAIR, "within the limit"),
        ({"earlier_pence": 10_001}, Advice.SCRAP, "more than the limit"),
        # What went into it already counts, even when the estimate is lower.
        ({"fitted_pence": 30_001}, Advice.SCRAP, "more than the limit"),
        ({"fitted_pence": 20_000}, Advice.REPAIR, "within the limit"),
        # Nobody has estimated: what is known may be too much already.
        ({"estimate_pence": None}, Advice.DECIDE, "Nobody has estimated"),
        ({"estimate_pence": None, "fitted_pence": 30_001}, Advice.SCRAP, "more than the limit"),
        # Nobody knows how long it lasts: its worth is at most the price of a new one.
        ({"expected_life_months": None}, Advice.DECIDE, "nobody knows how long"),
        ({"expected_life_months": None, "estimate_pence": 60_000}, Advice.DECIDE, "nobody knows how long"),
        ({"expected_life_months": None, "estimate_pence": 60_001}, Advice.SCRAP, "more than the limit"),
        ({"new_pence": 0}, Advice.DECIDE, "Nobody knows what a new one costs"),
        # Its life is over: it is worth nothing, so only what costs nothing is worth it.
        ({"expected_life_months": 60, "estimate_pence": 1}, Advice.SCRAP, "more than the limit"),
        ({"expected_life_months": 12, "estimate_pence": 0}, Advice.REPAIR, "within the limit"),
        ({"past_use": True, "estimate_pence": 0}, Advice.SCRAP, "may not be used again"),
    ],
)
def test_the_advice_follows_from_the_arithmetic(change: dict[str, Any], advice: Advice, why: str) -> None:
    advised = advise(replace(HOIST, **change), on=TODAY, limit_percent=60)
    assert advised.advice is advice
    assert why in advised.why


def test_the_arithmetic_is_shown_line_by_line() -> None:
    advised = advise(replace(HOIST, earlier_pence=4_000, fitted_pence=1_500), on=TODAY, limit_percent=60)
    assert [(line.label, line.pence, line.words) for line in advised.lines] == [
        ("It was bought for", 90_000, ""),
        ("Issued so far", None, "4 times"),
        ("A new one costs now", 100_000, ""),
        ("What it is worth after 60 months of 120", 50_000, ""),
        ("Limit: 60 % of what it is worth", 30_000, ""),
        ("Repairs before this one", 4_000, ""),
        ("Parts fitted in this repair", 1_500, ""),
        ("This repair, as estimated", 20_000, ""),
        ("All repairs together", 24_000, ""),
    ]


def test_what_nobody_knows_is_said_and_not_guessed() -> None:
    facts = Facts(0, 0, date(2026, 2, 1), None, 1)
    words = {line.label: line.words for line in advise(facts, on=TODAY, limit_percent=50).lines if line.words}
    assert words == {
        "Issued so far": "1 time",
        "A new one costs now": "Not known",
        "What it is worth after 1 month": "Not known: its product says no expected life",
        "This repair, as estimated": "Not known",
    }


@pytest.mark.parametrize(
    ("begin", "end", "months"),
    [
        (date(2026, 1, 31), date(2026, 2, 28), 0),
        (date(2026, 1, 31), date(2026, 3, 31), 2),
        (date(2025, 12, 2), date(2026, 3, 2), 3),
        (date(2025, 12, 3), date(2026, 3, 2), 2),
        (date(2026, 5, 1), date(2026, 3, 2), 0),
    ],
)
def test_months_are_whole(begin: date, end: date, months: int) -> None:
    assert months_between(begin, end) == months


def test_a_part_is_fitted_between_the_receipt_and_today() -> None:
    check_fitted_on(TODAY, received_on=TODAY, today=TODAY)
    for day, code in ((date(2026, 3, 3), "date-in-the-future"), (date(2026, 2, 28), "date-too-old")):
        with pytest.raises(BadValue) as refused:
            check_fitted_on(day, received_on=date(2026, 3, 1), today=TODAY)
        assert (refused.value.code, refused.value.field) == (code, "fitted_on")


def test_advice_and_outcomes_have_words() -> None:
    assert [one.text for one in Advice] == ["Repair it", "Scrap it", "A person must decide"]
    assert [one.text for one in RepairOutcome] == ["Repaired", "Beyond repair"]


@pytest.mark.parametrize(
    ("change", "making_fit", "advice", "why"),
    [
        ({}, 1_000, Advice.REPAIR, "It stays within the limit."),
        ({"earlier_pence": 29_001}, 1_000, Advice.SCRAP, "It costs more than the limit."),
        ({}, None, Advice.DECIDE, "There is no rate for making it fit. Its repairs so far are within the limit."),
        ({"new_pence": 0}, 1_000, Advice.DECIDE, "Nobody knows what a new one costs."),
        ({"past_use": True}, 1_000, Advice.SCRAP, "It may not be used again, whatever that would cost."),
    ],
)
def test_what_stands_on_the_shelf_is_refurbished_or_replaced(
    change: dict[str, Any], making_fit: int | None, advice: Advice, why: str
) -> None:
    facts = replace(HOIST, estimate_pence=None, **change)
    found = refurbish_or_replace(facts, making_fit_pence=making_fit, on=TODAY, limit_percent=60)
    assert (found.advice, found.why) == (advice, why)
    labels = [line.label for line in found.lines]
    assert "Making it fit once more, at the rates of today" in labels
    assert "Parts fitted in this repair" not in labels
    in_repair = replace(facts, fitted_pence=5)
    again = refurbish_or_replace(in_repair, making_fit_pence=making_fit, on=TODAY, limit_percent=60)
    assert "Parts fitted in this repair" in [line.label for line in again.lines]
