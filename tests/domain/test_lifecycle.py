"""The lifecycle, pair by pair, against a table that was written by hand; and the laws that any such table must keep."""

from itertools import product

import pytest

from app.domain.errors import WrongState
from app.domain.lifecycle import (
    BIRTH,
    IN_STORE,
    MOVE_TEXT,
    MOVES,
    NEXT,
    OUT,
    Move,
    State,
    can_move,
    is_issue,
    is_return,
    moves_from,
    next_state,
)

# What each state allows, and where it leads; "·" is: it stays in the same state. Nothing else is possible.
EXPECTED = {
    "in_stock": (
        "reserve:reserved dispatch:dispatched issue:on_loan start_trial:on_trial pass_inspection:· "
        "fail_inspection:in_repair fail_decontamination:returned scrap:scrapped mark_missing:missing transfer:·"
    ),
    "reserved": (
        "release:in_stock dispatch:dispatched issue:on_loan start_trial:on_trial pass_inspection:· "
        "fail_inspection:in_repair fail_decontamination:returned mark_missing:missing transfer:·"
    ),
    "dispatched": ("deliver:on_loan start_trial:on_trial return:returned fail_decontamination:· mark_missing:missing"),
    "on_loan": (
        "request_collection:awaiting_collection return:returned pass_inspection:· fail_inspection:· "
        "fail_decontamination:· mark_missing:missing"
    ),
    "on_trial": (
        "keep_after_trial:on_loan request_collection:awaiting_collection return:returned pass_inspection:· "
        "fail_inspection:· fail_decontamination:· mark_missing:missing"
    ),
    "awaiting_collection": (
        "cancel_collection:on_loan start_trial:on_trial return:returned pass_inspection:· fail_inspection:· "
        "fail_decontamination:· mark_missing:missing"
    ),
    "returned": "start_decontamination:decontaminating scrap:scrapped mark_missing:missing transfer:·",
    "decontaminating": (
        "pass_decontamination:awaiting_inspection fail_decontamination:returned scrap:scrapped mark_missing:missing "
        "transfer:·"
    ),
    "awaiting_inspection": (
        "release:in_stock pass_inspection:· fail_inspection:in_repair fail_decontamination:returned scrap:scrapped "
        "mark_missing:missing transfer:·"
    ),
    "in_repair": (
        "take_back_failure:awaiting_inspection complete_repair:awaiting_inspection fail_decontamination:returned "
        "scrap:scrapped mark_missing:missing transfer:·"
    ),
    "scrapped": "",
    "missing": "return:returned find:returned scrap:scrapped",
}


def expected(state: State, move: Move) -> State | None:
    """Where the table by hand says that the move leads."""
    ways = dict(pair.split(":") for pair in EXPECTED[state].split())
    if move not in ways:
        return None
    return state if ways[move] == "·" else State(ways[move])


@pytest.mark.parametrize(("state", "move"), list(product(State, Move)))
def test_a_move_leads_where_the_table_says_or_is_refused_with_what_is_possible(state: State, move: Move) -> None:
    target = expected(state, move)
    assert can_move(state, move) == (target is not None)
    if target is not None:
        assert next_state(state, move) is target
        return
    with pytest.raises(WrongState) as refusal:
        next_state(state, move)
    assert refusal.value.code == "wrong-state"
    assert state.text.lower() in refusal.value.detail
    assert move.text.lower() in refusal.value.detail
    assert refusal.value.detail.endswith(NEXT[state])


def test_nothing_can_be_done_with_a_scrapped_item() -> None:
    assert moves_from(State.SCRAPPED) == []
    with pytest.raises(WrongState, match="Nothing can be done with it any more"):
        next_state(State.SCRAPPED, Move.FIND)


def test_the_moves_of_a_state_come_in_one_order() -> None:
    for state in State:
        found = moves_from(state)
        assert found == sorted(found, key=list(Move).index)


def test_an_item_is_born_in_stock_and_only_once() -> None:
    assert BIRTH is State.IN_STOCK
    assert Move.RECEIVE not in {move for _, move in MOVES}


def test_every_state_can_be_reached_and_every_move_but_the_birth_is_used() -> None:
    reached = {BIRTH}
    while more := {target for (state, _), target in MOVES.items() if state in reached} - reached:
        reached |= more
    assert reached == set(State)
    assert {move for _, move in MOVES} == set(Move) - {Move.RECEIVE}


def test_after_a_return_only_release_from_the_bench_leads_to_the_shelf() -> None:
    came_back = {State.RETURNED}
    while more := {t for (s, m), t in MOVES.items() if s in came_back and m is not Move.RELEASE} - came_back:
        came_back |= more
    assert came_back == {
        State.RETURNED,
        State.DECONTAMINATING,
        State.AWAITING_INSPECTION,
        State.IN_REPAIR,
        State.MISSING,
        State.SCRAPPED,
    }
    doors = {(state, move) for (state, move), target in MOVES.items() if target is State.IN_STOCK and state != target}
    assert doors == {(State.AWAITING_INSPECTION, Move.RELEASE), (State.RESERVED, Move.RELEASE)}


def test_what_is_out_can_always_be_scanned_back_and_what_is_in_a_store_can_be_transferred() -> None:
    assert {state for state in State if can_move(state, Move.RETURN)} == OUT | {State.MISSING}
    assert {state for state in State if can_move(state, Move.TRANSFER)} == IN_STORE
    assert set(State) - {State.MISSING, State.SCRAPPED} == OUT | IN_STORE
    assert not OUT & IN_STORE


@pytest.mark.parametrize(("state", "move"), list(product(State, Move)))
def test_an_item_is_issued_when_it_is_handed_to_a_client_and_not_when_a_trial_goes_on(state: State, move: Move) -> None:
    hands_over = {Move.ISSUE, Move.DELIVER, Move.START_TRIAL}
    goes_on = state is State.AWAITING_COLLECTION and move is Move.START_TRIAL
    assert is_issue(state, move) == (move in hands_over and not goes_on)


@pytest.mark.parametrize("move", Move)
def test_a_return_and_a_finding_make_an_item_dirty(move: Move) -> None:
    assert is_return(move) == (move in {Move.RETURN, Move.FIND})


def test_states_and_moves_have_words_for_people() -> None:
    assert State.AWAITING_COLLECTION.text == "Awaiting collection"
    assert set(MOVE_TEXT) == set(Move)
    assert Move.RETURN.text == "Returned"
    assert len({move.text for move in Move}) == len(Move)
