"""What the public page of a label warns of."""

from typing import Any

import pytest

from app.domain.clearance import HoldKind
from app.domain.label_warnings import LabelWarning, find_warning
from app.domain.lifecycle import State

DO_NOT_USE, CHECK_FIRST = LabelWarning.DO_NOT_USE, LabelWarning.CHECK_FIRST
NOT_EXAMINED = LabelWarning.NOT_EXAMINED


def warning(state: State = State.ON_LOAN, *holds: HoldKind, **facts: bool) -> LabelWarning | None:
    known: dict[str, Any] = {"is_stopped": False, "has_failed": False, "is_reported": False}
    return find_warning(state, holds, **known | facts)


@pytest.mark.parametrize("state", State)
def test_a_state_alone_says_nothing_unless_something_is_wrong(state: State) -> None:
    unfit = {State.IN_REPAIR, State.SCRAPPED}
    assert warning(state) == (DO_NOT_USE if state in unfit else None)


@pytest.mark.parametrize("kind", HoldKind)
def test_a_hold_for_a_danger_is_told_and_one_for_the_way_is_not(kind: HoldKind) -> None:
    of_the_way = {HoldKind.IN_TRANSIT, HoldKind.SCRAP_REQUEST}
    assert warning(State.ON_LOAN, kind) == (None if kind in of_the_way else DO_NOT_USE)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"is_stopped": True}, DO_NOT_USE),
        ({"has_failed": True}, DO_NOT_USE),
        ({"is_reported": True}, CHECK_FIRST),
        ({"is_reported": True, "has_failed": True}, DO_NOT_USE),
        ({"is_overdue": True}, NOT_EXAMINED),
        ({"is_overdue": True, "is_reported": True}, NOT_EXAMINED),
        ({"is_overdue": True, "is_stopped": True}, DO_NOT_USE),
    ],
)
def test_what_is_known_for_wrong_comes_before_what_was_only_reported(facts: dict[str, Any], told: LabelWarning) -> None:
    assert warning(**facts) == told
