"""What to do next with an item in one's hands, for every state, route and circumstance."""

from itertools import product

import pytest

from app.domain.hygiene import BENCH, QUARANTINE, ROUTE_TEXT, TO_SCRAP, Route, next_step
from app.domain.lifecycle import State

BENCHES = {
    State.IN_STOCK: "shelf",
    State.RESERVED: "shelf",
    State.DISPATCHED: "van",
    State.ON_LOAN: "client",
    State.ON_TRIAL: "client",
    State.AWAITING_COLLECTION: "client",
    State.DECONTAMINATING: "decontamination",
    State.AWAITING_INSPECTION: "inspection",
    State.IN_REPAIR: "repair",
    State.SCRAPPED: "scrap",
    State.MISSING: "returns",
}
AT_A_CLIENTS = {State.ON_LOAN, State.ON_TRIAL, State.AWAITING_COLLECTION}
UNDER_WORK = {State.RETURNED, State.DECONTAMINATING, State.AWAITING_INSPECTION, State.IN_REPAIR}


def wanted(state: State, route: Route, on_hold: bool, single_patient_use: bool, inspected: bool) -> str:
    """The bench, by hand."""
    if on_hold and state is not State.SCRAPPED:
        return "collection" if state in AT_A_CLIENTS else "quarantine"
    if single_patient_use and state in UNDER_WORK:
        return "scrap"
    if state is State.RETURNED:
        return "scrap" if route is Route.CANNOT else route.value
    if state is State.AWAITING_INSPECTION and inspected:
        return "release"
    return BENCHES[state]


@pytest.mark.parametrize("state", State)
def test_the_next_step_in_every_circumstance(state: State) -> None:
    for route, on_hold, single, inspected in product(Route, (False, True), (False, True), (False, True)):
        step = next_step(state, route, on_hold=on_hold, single_patient_use=single, inspected=inspected)
        assert step.route == wanted(state, route, on_hold, single, inspected), (route, on_hold, single, inspected)
        assert step.text.endswith(".")


def test_a_returned_item_goes_where_its_product_says() -> None:
    assert next_step(State.RETURNED, Route.LAUNDRY).text == "Take it to decontamination: laundry."
    assert next_step(State.RETURNED, Route.CANNOT) is TO_SCRAP
    assert next_step(State.RETURNED, Route.LAUNDRY, single_patient_use=True) is TO_SCRAP


def test_a_hold_goes_before_all_else() -> None:
    assert next_step(State.RETURNED, Route.CANNOT, on_hold=True, single_patient_use=True) is QUARANTINE
    assert next_step(State.AWAITING_INSPECTION, Route.LAUNDRY, on_hold=True, inspected=True) is QUARANTINE


def test_every_state_and_route_is_covered() -> None:
    assert set(BENCH) == set(State) - {State.RETURNED}
    assert set(ROUTE_TEXT) == set(Route)
    assert Route.QUARANTINE_THEN_CLEAN.text == "Quarantine, then clean"
