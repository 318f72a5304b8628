"""Where an order stands and what can be done with it: whole tables, and the laws that they must keep."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import WrongState
from app.domain.lifecycle import State
from app.domain.ordering import (
    ACTS,
    NEXT,
    STILL_HERE,
    Act,
    OrderDecision,
    OrderReason,
    OrderState,
    Speed,
    SupersedeAction,
    UnitState,
    acts_from,
    can,
    check_act,
    decision_after_cancel,
    order_state,
    unit_state,
)

W, H, S, D, C = (
    UnitState.WANTED,
    UnitState.HELD,
    UnitState.DISPATCHED,
    UnitState.DELIVERED,
    UnitState.CANCELLED,
)
APPROVED = OrderDecision.APPROVED
units_of_an_order = st.lists(st.sampled_from(UnitState), max_size=6)


@pytest.mark.parametrize("is_cancelled", [False, True])
@pytest.mark.parametrize("has_loan", [False, True])
@pytest.mark.parametrize("is_reserved", [False, True])
@pytest.mark.parametrize("item_state", [None, *State])
def test_a_piece_stands_where_its_reservation_its_item_and_its_loan_say(
    is_cancelled: bool, has_loan: bool, is_reserved: bool, item_state: State | None
) -> None:
    if is_cancelled:
        wanted = C
    elif has_loan:
        wanted = D
    elif is_reserved:
        wanted = {State.DISPATCHED: S, State.RESERVED: H}.get(item_state or State.MISSING, W)
    else:
        wanted = W
    found = unit_state(is_cancelled=is_cancelled, has_loan=has_loan, is_reserved=is_reserved, item_state=item_state)
    assert found is wanted


@pytest.mark.parametrize(
    ("units", "state"),
    [
        ([W], "approved"),
        ([H], "allocated"),
        ([S], "dispatched"),
        ([D], "delivered"),
        ([W, H, S, D, C], "approved"),
        ([D, S, H], "allocated"),
        ([D, S], "dispatched"),
        ([D, C], "delivered"),
        ([C], "cancelled"),
        ([C, C, H], "allocated"),
    ],
)
def test_an_approved_order_is_as_far_as_its_least_advanced_piece(units: list[UnitState], state: str) -> None:
    assert order_state(APPROVED, units, is_allocated=True) == OrderState(state)


@pytest.mark.parametrize(
    ("units", "state"),
    [([H], "approved"), ([D, H], "approved"), ([W], "approved"), ([S], "dispatched"), ([D], "delivered")],
)
def test_pieces_that_are_only_held_do_not_make_an_order_allocated(units: list[UnitState], state: str) -> None:
    assert order_state(APPROVED, units, is_allocated=False) == OrderState(state)


@pytest.mark.parametrize("decision", [one for one in OrderDecision if one is not APPROVED])
@pytest.mark.parametrize("units", [[], [W], [H, W], [C]])
def test_an_order_that_is_not_approved_is_what_was_decided(decision: OrderDecision, units: list[UnitState]) -> None:
    assert order_state(decision, units, is_allocated=True).value == decision.value


# What can be done, by hand: decision and pieces (w wanted, h held, s with the driver, d delivered, c cancelled).
LETTERS = {"w": W, "h": H, "s": S, "d": D, "c": C}
POSSIBLE = {
    ("draft", "", False): "submit cancel",
    ("awaiting_authorisation", "wh", False): "authorise decline cancel",
    ("awaiting_panel", "wh", False): "cancel",
    ("declined", "c", False): "",
    ("cancelled", "c", False): "",
    ("approved", "w", False): "cancel allocate",
    ("approved", "w", True): "cancel allocate",
    ("approved", "h", False): "cancel allocate dispatch",
    ("approved", "h", True): "cancel dispatch",
    ("approved", "wh", False): "cancel allocate dispatch",
    ("approved", "wh", True): "cancel allocate dispatch",
    ("approved", "ws", True): "cancel allocate deliver",
    ("approved", "hs", False): "cancel allocate dispatch deliver",
    ("approved", "hs", True): "cancel dispatch deliver",
    ("approved", "s", True): "deliver",
    ("approved", "sd", True): "deliver",
    ("approved", "d", True): "",
    ("approved", "wd", True): "cancel allocate",
    ("approved", "dc", True): "",
    ("approved", "c", False): "",
}


@pytest.mark.parametrize(("decision", "pieces", "is_allocated"), list(POSSIBLE))
def test_an_order_can_do_exactly_what_the_table_says(decision: str, pieces: str, is_allocated: bool) -> None:
    units = [LETTERS[letter] for letter in pieces]
    possible = acts_from(OrderDecision(decision), units, is_allocated=is_allocated)
    assert " ".join(possible) == POSSIBLE[decision, pieces, is_allocated]


def test_every_act_and_state_is_in_the_tables_and_in_the_cases() -> None:
    assert set(ACTS) == set(Act)
    assert set(NEXT) == set(OrderState)
    assert {decision for decision, _, _ in POSSIBLE} == set(OrderDecision)


@given(st.sampled_from(Act), st.sampled_from(OrderDecision), units_of_an_order, st.booleans())
def test_what_cannot_be_done_is_refused_with_what_to_do_instead(
    act: Act, decision: OrderDecision, units: list[UnitState], is_allocated: bool
) -> None:
    if can(act, decision, units, is_allocated=is_allocated):
        check_act(act, decision, units, is_allocated=is_allocated)
        return
    with pytest.raises(WrongState) as refusal:
        check_act(act, decision, units, is_allocated=is_allocated)
    assert refusal.value.code == "wrong-state"
    state = order_state(decision, units, is_allocated=is_allocated)
    assert refusal.value.detail.startswith(f"The order is “{state.text.lower()}”, so it cannot be ")
    assert refusal.value.detail.endswith(NEXT[state])


def test_a_refusal_speaks_as_the_trade_does() -> None:
    with pytest.raises(WrongState, match=r"“dispatched”, so it cannot be cancelled\. It is with the driver"):
        check_act(Act.CANCEL, APPROVED, [S], is_allocated=True)
    with pytest.raises(WrongState, match=r"“approved”, so it cannot be sent out\. It waits for equipment"):
        check_act(Act.DISPATCH, APPROVED, [W], is_allocated=False)


@given(units_of_an_order)
def test_cancelling_is_possible_until_everything_has_left_the_store(units: list[UnitState]) -> None:
    assert can(Act.CANCEL, APPROVED, units, is_allocated=False) == (not STILL_HERE.isdisjoint(units))


@given(units_of_an_order)
def test_after_a_cancel_nothing_is_wanted_and_what_has_left_is_still_to_be_delivered(units: list[UnitState]) -> None:
    left = [C if unit in STILL_HERE else unit for unit in units]
    decision = decision_after_cancel(units)
    assert decision is (APPROVED if {S, D} & set(units) else OrderDecision.CANCELLED)
    assert order_state(decision, left, is_allocated=True) in {
        OrderState.CANCELLED,
        OrderState.DISPATCHED,
        OrderState.DELIVERED,
    }
    assert can(Act.DELIVER, decision, left, is_allocated=True) == (S in units)


@given(st.lists(st.sampled_from([W, H, S, D]), min_size=1, max_size=5))
def test_an_order_never_goes_back_when_one_piece_goes_on(units: list[UnitState]) -> None:
    way = [W, H, S, D]
    states = [OrderState.APPROVED, OrderState.ALLOCATED, OrderState.DISPATCHED, OrderState.DELIVERED]
    before = states.index(order_state(APPROVED, units, is_allocated=True))
    for place, unit in enumerate(units):
        if unit is not D:
            ahead = [*units[:place], way[way.index(unit) + 1], *units[place + 1 :]]
            assert states.index(order_state(APPROVED, ahead, is_allocated=True)) >= before


@given(units_of_an_order)
def test_the_order_of_the_pieces_does_not_matter(units: list[UnitState]) -> None:
    shuffled = sorted(units)
    for decision, act in product(OrderDecision, Act):
        for is_allocated in (False, True):
            same = order_state(decision, shuffled, is_allocated=is_allocated)
            assert same is order_state(decision, units, is_allocated=is_allocated)
            possible = can(act, decision, shuffled, is_allocated=is_allocated)
            assert possible == can(act, decision, units, is_allocated=is_allocated)


def test_words_for_people() -> None:
    assert OrderState.AWAITING_PANEL.text == "Awaiting panel"
    assert UnitState.HELD.text == "Held"
    assert [speed.text for speed in Speed] == [
        "Emergency, within hours",
        "Same day",
        "Next working day",
        "3 working days",
        "5 working days",
        "7 working days",
    ]
    assert [OrderReason.HOSPITAL_DISCHARGE.text, OrderReason.LONG_TERM_NEED.text] == [
        "Hospital discharge",
        "Long-term need",
    ]
    assert [action.text for action in SupersedeAction] == ["Keep it in use", "Stop using it now", "Collect it"]
