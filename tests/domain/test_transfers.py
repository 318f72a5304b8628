"""Consignments: what may be sent, what arrives, what is late, and what a store is short of."""

from datetime import date
from typing import Any

import pytest

from app.domain.clearance import Evidence, HoldFact, HoldKind
from app.domain.errors import RuleError
from app.domain.hygiene import Outcome
from app.domain.lifecycle import IN_STORE, OUT, State
from app.domain.transfers import (
    Arrival,
    Stock,
    Suggestion,
    check_may_send,
    contamination,
    differs_from_list,
    find_arrival,
    held_because,
    is_late,
    load_apart,
    load_step,
    on_its_way,
    suggest,
)


def cleaned(outcome: Outcome) -> dict[str, Any]:
    """A cleaning after the return, as evidence has it."""
    return {"decontamination_outcome": outcome, "decontamination_seq": 5}


@pytest.mark.parametrize(("day", "late"), [(2, False), (5, False), (6, True)])
def test_what_has_not_arrived_after_three_days_is_late(day: int, late: bool) -> None:
    assert is_late(date(2026, 3, 2), date(2026, 3, day)) == late


@pytest.mark.parametrize(
    ("evidence", "says"),
    [
        (Evidence(State.IN_STOCK), ""),
        (Evidence(State.RETURNED, returned_seq=3), "has not passed decontamination"),
        (
            Evidence(State.RETURNED, returned_seq=3, **cleaned(Outcome.FAILED)),
            "failed",
        ),
        (
            Evidence(State.RETURNED, returned_seq=3, **cleaned(Outcome.CANNOT)),
            "cannot",
        ),
        (Evidence(State.IN_REPAIR, returned_seq=3, **cleaned(Outcome.PASSED)), ""),
        # That it is for a single patient is another thing: it was cleaned.
        (
            Evidence(
                State.AWAITING_INSPECTION,
                single_patient_use=True,
                times_issued=1,
                returned_seq=3,
                **cleaned(Outcome.PASSED),
            ),
            "",
        ),
    ],
)
def test_what_was_not_cleaned_since_its_use_is_contaminated(evidence: Evidence, says: str) -> None:
    said = contamination(evidence)
    assert says in said
    assert bool(said) is bool(says)


def test_what_is_on_its_way_is_moved_by_its_consignment() -> None:
    assert (on_its_way().code, on_its_way().field) == ("in-transit", "barcode")


def test_what_is_contaminated_is_marked_and_loaded_apart() -> None:
    assert "mark it “Contaminated”" in load_apart("Coast").text
    assert load_apart("Coast").text.endswith("It goes to Coast.")


@pytest.mark.parametrize(
    ("wanted", "sent", "says"),
    [(0, 1, "not on the list"), (2, 2, ""), (2, 3, "asks for 2 of these, and with this one 3 are sent")],
)
def test_what_the_list_does_not_ask_for_is_said(wanted: int, sent: int, says: str) -> None:
    said = differs_from_list(wanted, sent)
    assert says in said
    assert bool(said) is bool(says)


@pytest.mark.parametrize("state", sorted(IN_STORE - {State.RESERVED}))
def test_what_stands_in_the_store_may_be_sent_clean_or_dirty(state: State) -> None:
    check_may_send(state, is_here=True, is_in_transit=False)


@pytest.mark.parametrize(
    ("state", "is_here", "is_in_transit", "code"),
    [
        (State.IN_STOCK, True, True, "in-transit"),
        (State.RESERVED, True, False, "reserved"),
        (State.IN_STOCK, False, False, "not-here"),
        *((state, True, False, "wrong-state") for state in sorted({*OUT, State.MISSING, State.SCRAPPED})),
    ],
)
def test_what_may_not_be_sent_is_refused(state: State, is_here: bool, is_in_transit: bool, code: str) -> None:
    with pytest.raises(RuleError) as refusal:
        check_may_send(state, is_here=is_here, is_in_transit=is_in_transit)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("is_here", "sent_with", "arrival"),
    [
        (False, "T1", Arrival.EXPECTED),
        (False, "T2", Arrival.OF_ANOTHER),
        (True, "T2", Arrival.OF_ANOTHER),
        (False, None, Arrival.NOT_SENT),
    ],
)
def test_whatever_came_is_taken(is_here: bool, sent_with: str | None, arrival: Arrival) -> None:
    assert find_arrival(State.IN_STOCK, is_here=is_here, sent_with=sent_with, consignment="T1") == arrival


def test_what_was_missing_is_found_where_it_comes_in() -> None:
    assert find_arrival(State.MISSING, is_here=True, sent_with=None, consignment="T1") is Arrival.FOUND


@pytest.mark.parametrize(
    ("state", "code"), [(State.IN_STOCK, "already-here"), *((one, "not-in-a-store") for one in sorted(OUT))]
)
def test_what_was_not_on_its_way_is_refused(state: State, code: str) -> None:
    with pytest.raises(RuleError) as refusal:
        find_arrival(state, is_here=True, sent_with=None, consignment="T1")
    assert refusal.value.code == code


def stock(store: str, minimum: int, free: int, recycled: int, coming: int = 0, code: str = "P") -> Stock:
    return Stock(store, code, "Commode", minimum, free, recycled, coming)


def test_a_shortage_is_filled_from_who_can_spare_most_recycled_ones_and_the_rest_is_told() -> None:
    found = suggest(
        [stock("SAT", 6, 1, 1), stock("A", 1, 3, 2), stock("B", 0, 3, 1), stock("C", 0, 9, 0), stock("D", 5, 5, 5)]
    )
    assert found == [
        Suggestion("A", "SAT", "P", "Commode", 2),
        Suggestion("B", "SAT", "P", "Commode", 1),
        Suggestion(
            None,
            "SAT",
            "P",
            "Commode",
            2,
            "A needs 1 for its own minimum of 1. B has 2 new to spare: ask for them there. "
            "C has 9 new to spare: ask for them there. D needs 5 for its own minimum of 5.",
        ),
    ]


def test_what_is_coming_counts_and_what_is_spared_is_spared_once() -> None:
    assert suggest([stock("SAT", 2, 0, 0, coming=2), stock("A", 0, 5, 5)]) == []
    found = suggest([stock("S1", 2, 0, 0), stock("S2", 2, 0, 0), stock("A", 0, 3, 3), stock("A", 0, 3, 3, code="Q")])
    assert [(one.from_store, one.to_store, one.quantity) for one in found] == [
        ("A", "S1", 2),
        ("A", "S2", 1),
        (None, "S2", 1),
    ]


def test_what_is_on_its_way_says_how_it_is_moved() -> None:
    error = on_its_way()
    assert error.code == "in-transit"
    assert "Receive it there under Transfers" in error.detail


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([], "No other store has one that may go out today."),
        ([stock("A", 1, 2, 0)], "A has 1 new to spare: ask for it there. A needs 1 for its own minimum of 1."),
        (
            [Stock("A", "P", "Commode", 0, 0, 0, blocked=2, store_name="Main store")],
            "No other store has one that may go out today. "
            "On the shelf of Main store stand 2 that may not go out today.",
        ),
    ],
)
def test_what_is_left_short_says_what_there_is(others: list[Stock], said: str) -> None:
    assert [one.because for one in suggest([stock("S", 1, 0, 0), *others])] == [said]


def test_what_stands_here_and_may_not_go_out_is_told() -> None:
    here = Stock("S", "P", "Commode", 1, 0, 0, blocked=1)
    [short] = suggest([here, stock("A", 1, 1, 1)])
    assert short.because == "A needs 1 for its own minimum of 1. On the shelf here stands 1 that may not go out today."


def test_what_is_on_hold_is_said_to_be_when_it_is_sent() -> None:
    holds = (HoldFact(HoldKind.FAULT, "Castor loose."), HoldFact(HoldKind.IN_TRANSIT, "Sent."))
    assert held_because(Evidence(State.IN_STOCK, holds=holds)) == "Fault: Castor loose."
    assert held_because(Evidence(State.IN_STOCK, holds=holds[1:])) == ""
    routes = [load_step(Evidence(State.IN_STOCK, holds=some), "Coast").route for some in (holds, holds[1:])]
    assert routes == ["load_held", "load"]
    dirty = Evidence(State.RETURNED, returned_seq=5, holds=holds)
    assert load_step(dirty, "Coast").route == "load_contaminated"
