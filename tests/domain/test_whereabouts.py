"""What is handed in although it never left, by the record."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.clearance import Evidence, HoldFact, HoldKind
from app.domain.errors import Conflict
from app.domain.lifecycle import Move, State, next_state
from app.domain.whereabouts import (
    PAST_RETURN,
    Whereabouts,
    came_back_again,
    is_put_in_question,
    moves_once_used,
    say_where_it_was,
)

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("state", State)
def test_what_stands_on_a_shelf_by_the_record_is_put_in_question(state: State) -> None:
    assert is_put_in_question(Evidence(state)) == (state in {State.IN_STOCK, State.RESERVED})
    on_a_bench = state in PAST_RETURN
    assert is_put_in_question(Evidence(state), is_back_again=True) == (
        is_put_in_question(Evidence(state)) or on_a_bench
    )


@pytest.mark.parametrize(
    ("after", "is_elsewhere", "is_back_again"),
    [(timedelta(0), False, False), (-MINUTE, False, False), (MINUTE, False, True), (-MINUTE, True, True)],
)
def test_a_return_after_its_cleaning_had_begun_or_at_another_store_is_another_one(
    after: timedelta, is_elsewhere: bool, is_back_again: bool
) -> None:
    began = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
    assert came_back_again(began + after, began, is_elsewhere=is_elsewhere) is is_back_again
    assert came_back_again(began + after, None, is_elsewhere=is_elsewhere), "nobody knows that it was in"


@pytest.mark.parametrize("kind", HoldKind)
def test_it_is_put_in_question_once_also_while_it_is_on_its_way(kind: HoldKind) -> None:
    evidence = Evidence(State.IN_STOCK, holds=(HoldFact(kind, "Why."),))
    assert is_put_in_question(evidence) == (kind is not HoldKind.WHEREABOUTS)


@pytest.mark.parametrize("state", State)
def test_what_was_used_goes_to_be_cleaned_by_moves_that_there_are(state: State) -> None:
    moves = moves_once_used(Evidence(state))
    lost_and_found = [Move.MARK_MISSING, Move.FIND]
    clean = {State.IN_STOCK, State.RESERVED, *PAST_RETURN}
    assert list(moves) == (lost_and_found if state in clean else [Move.FIND] if state is State.MISSING else [])
    for move in moves:
        state = next_state(state, move)
    assert not moves or state is State.RETURNED


def test_what_is_for_one_patient_and_may_have_had_one_is_scrapped() -> None:
    with pytest.raises(Conflict, match="Scrap it") as refusal:
        moves_once_used(Evidence(State.IN_STOCK, single_patient_use=True))
    assert refusal.value.code == "single-patient-use"


def test_what_was_found_out_has_words() -> None:
    assert [one.text for one in Whereabouts] == ["It never left the store", "It was used, or may have been"]


def test_whoever_would_lift_its_hold_is_sent_to_say_where_it_was() -> None:
    refusal = say_where_it_was("ES000001005")
    assert refusal.code == "whereabouts-in-question"
    assert "/items/ES000001005/whereabouts" in refusal.detail
