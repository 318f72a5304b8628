"""Who recommended otherwise, and when the chair must say why."""

from contextlib import nullcontext

import pytest

from app.domain.errors import BadValue
from app.domain.panel import DecisionKind
from app.domain.panel_votes import check_why_against, dissenters

APPROVE, WITH_CONDITIONS, DEFER, DECLINE = DecisionKind
ABLE = ("chair", "panel1", "panel2")


@pytest.mark.parametrize(
    ("decided", "recommended", "against"),
    [
        (APPROVE, {}, {}),
        (APPROVE, {"panel1": APPROVE, "panel2": WITH_CONDITIONS}, {}),
        (WITH_CONDITIONS, {"panel1": APPROVE}, {}),
        (APPROVE, {"panel2": DECLINE, "panel1": DEFER}, {"panel1": DEFER, "panel2": DECLINE}),
        (DECLINE, {"panel1": DEFER, "panel2": DECLINE}, {"panel1": DEFER}),
        (DECLINE, {"panel1": APPROVE, "panel3": APPROVE}, {"panel1": APPROVE}),
    ],
)
def test_who_decides_and_recommended_otherwise_is_named(
    decided: DecisionKind, recommended: dict[str, DecisionKind], against: dict[str, DecisionKind]
) -> None:
    assert dissenters(decided, recommended, ABLE) == against


@pytest.mark.parametrize(
    ("against", "why", "refused"),
    [
        ({}, "", False),
        ({"panel1": DECLINE}, "", False),
        ({"panel1": DECLINE, "panel2": DECLINE}, "", True),
        ({"panel1": DECLINE, "panel2": DECLINE}, "So.", True),
        ({"panel1": DECLINE, "panel2": DECLINE}, "The chest infection cannot wait.", False),
    ],
)
def test_against_most_of_them_wants_a_reason(against: dict[str, DecisionKind], why: str, refused: bool) -> None:
    with pytest.raises(BadValue, match="2 of the 3 who decide") if refused else nullcontext():
        check_why_against(against, ABLE, why)
