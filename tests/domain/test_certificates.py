"""What a certificate of decontamination is worth now, for every way in which one ends."""

import pytest

from app.domain.certificates import HOLDS, find_standing, initials_of, is_certified, number_of
from app.domain.clearance import Evidence
from app.domain.hygiene import Outcome
from app.domain.lifecycle import State

CLEAN = {"decontamination_outcome": Outcome.PASSED, "decontamination_seq": 5, "returned_seq": 3}


def evidence(state: State = State.AWAITING_INSPECTION, **facts: object) -> Evidence:
    return Evidence(**{"state": state, **CLEAN, **facts})  # type: ignore[arg-type]


@pytest.mark.parametrize("state", sorted(set(State) - {State.RETURNED, State.DECONTAMINATING}))
def test_it_holds_until_the_next_use(state: State) -> None:
    over = {State.ON_LOAN, State.ON_TRIAL, State.AWAITING_COLLECTION, State.MISSING, State.SCRAPPED}
    standing = find_standing(evidence(state), Outcome.PASSED, 5, corrected="")
    assert standing.holds == (state not in over)
    assert standing.text.startswith("It no longer holds: ") or standing.text == HOLDS
    assert is_certified(evidence(state)) == standing.holds


@pytest.mark.parametrize(
    ("fact", "outcome", "corrected", "says"),
    [
        (evidence(), Outcome.FAILED, "", "The cleaning failed"),
        (evidence(), Outcome.CANNOT, "", "cannot be decontaminated"),
        (evidence(), Outcome.PASSED, "DC-000002 of 3 March 2026", "as DC-000002 of 3 March 2026 says. Treat the item"),
        (evidence(State.RETURNED, returned_seq=7), Outcome.PASSED, "", "has been out since"),
        (evidence(decontamination_seq=9), Outcome.PASSED, "", "cleaned again later"),
    ],
)
def test_what_does_not_hold_says_why(fact: Evidence, outcome: Outcome, corrected: str, says: str) -> None:
    standing = find_standing(fact, outcome, 5, corrected=corrected)
    assert not standing.holds
    assert says in standing.text


def test_an_item_that_was_never_cleaned_has_none() -> None:
    assert not is_certified(Evidence(State.IN_STOCK))
    assert is_certified(evidence(returned_seq=None))


def test_a_decontamination_has_a_number_for_people() -> None:
    assert number_of(42) == "DC-000042"


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Terry Nash", "TN"), ("senior.ot", "SO"), ("Ann-Marie O'Neil Fox Day", "AMO"), ("technician2", "T"), ("", "")],
)
def test_initials_are_those_of_the_words_of_a_name(name: str, initials: str) -> None:
    assert initials_of(name) == initials
