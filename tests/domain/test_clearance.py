"""May an item leave the store: each blocker alone, all their combinations, and what is not known."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest

from app.domain.clearance import (
    CLEARABLE,
    DueFact,
    Evidence,
    HoldFact,
    HoldKind,
    check_cleaning,
    check_use_goes_on,
    find_blockers,
    inspection_blockers,
    is_clear,
    is_past_use,
    leaving_blockers,
    needs_clearance,
    needs_label,
    place_blockers,
    step_for,
)
from app.domain.errors import Conflict, NotClear
from app.domain.hygiene import (
    QUARANTINE,
    TO_FETCH_STOPPED,
    TO_INSPECT_MORE,
    TO_KEEP,
    TO_RELEASE,
    TO_SCRAP,
    TO_WAIT_STOPPED,
    Outcome,
    Route,
    next_step,
)
from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.lifecycle import Move, State

TODAY = date(2026, 3, 2)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
FAULT = HoldFact(HoldKind.FAULT, "The castor is loose.")
NOTICE = HoldFact(HoldKind.SAFETY_NOTICE, "NatPSA/2026/001")


def loler(due_on: date | None = TOMORROW, *, failed: bool = False) -> DueFact:
    return DueFact(InspectionKind.LOLER, due_on, failed)


def back_and_ready(**changes: object) -> Evidence:
    """An item that came back with movement 5, was cleaned by Terry with 7 and checked with 8: nothing is missing."""
    facts: dict[str, object] = {
        "state": State.AWAITING_INSPECTION,
        "times_issued": 1,
        "returned_seq": 5,
        "inspectable_seq": 7,
        "decontamination_outcome": Outcome.PASSED,
        "decontamination_seq": 7,
        "decontaminated_by": "terry",
        "inspection_outcome": InspectionOutcome.PASSED,
        "inspection_seq": 8,
    }
    return Evidence(**(facts | changes))  # type: ignore[arg-type]


def codes(evidence: Evidence, *, on: date = TODAY, releaser: str | None = None) -> list[str]:
    return [blocker.code for blocker in find_blockers(evidence, on=on, releaser=releaser)]


def test_a_new_item_is_clear() -> None:
    assert codes(Evidence(State.IN_STOCK)) == []
    assert is_clear(Evidence(State.IN_STOCK), on=TODAY)


def test_an_item_that_was_cleaned_and_checked_is_clear() -> None:
    assert codes(back_and_ready()) == []
    assert is_clear(back_and_ready(state=State.IN_STOCK), on=TODAY)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"holds": (FAULT,)}, "on-hold"),
        ({"single_patient_use": True}, "single-patient-use"),
        ({"decontamination_outcome": None, "decontamination_seq": None}, "not-decontaminated"),
        ({"decontamination_seq": 5}, "not-decontaminated"),
        ({"decontamination_seq": 4}, "not-decontaminated"),
        ({"decontamination_outcome": None}, "not-decontaminated"),
        ({"decontamination_seq": None}, "not-decontaminated"),
        ({"decontamination_outcome": Outcome.FAILED}, "decontamination-failed"),
        ({"decontamination_outcome": Outcome.CANNOT}, "cannot-be-decontaminated"),
        ({"inspection_outcome": None, "inspection_seq": None}, "not-inspected"),
        ({"inspection_seq": 7}, "not-inspected"),
        ({"inspection_seq": 6}, "not-inspected"),
        ({"inspection_seq": None}, "not-inspected"),
        ({"inspection_outcome": InspectionOutcome.FAILED}, "inspection-failed"),
        ({"inspection_outcome": InspectionOutcome.DANGER}, "inspection-failed"),
        ({"inspectable_seq": None, "inspection_seq": 5}, "not-inspected"),
        ({"inspectable_seq": 9}, "not-inspected"),
        ({"due": (loler(YESTERDAY),)}, "inspection-overdue"),
        ({"due": (loler(None),)}, "inspection-unknown"),
        ({"due": (loler(failed=True),)}, "inspection-failed"),
        ({"due": (loler(YESTERDAY, failed=True),)}, "inspection-failed"),
        ({"due": (loler(None, failed=True),)}, "inspection-failed"),
    ],
)
def test_each_gap_in_the_evidence_blocks_alone(changes: dict[str, object], code: str) -> None:
    evidence = back_and_ready(**changes)
    assert codes(evidence) == [code]
    assert not is_clear(evidence, on=TODAY)
    [blocker] = find_blockers(evidence, on=TODAY)
    assert blocker.detail.endswith(".") or code == "on-hold"


def test_an_inspection_is_in_date_on_its_last_day() -> None:
    assert codes(back_and_ready(due=(loler(TODAY),))) == []
    assert codes(back_and_ready(due=(loler(TODAY),)), on=TOMORROW) == ["inspection-overdue"]


def test_a_new_item_needs_its_periodic_inspections_too() -> None:
    assert codes(Evidence(State.IN_STOCK, due=(loler(None),))) == ["inspection-unknown"]


def test_a_new_item_for_a_single_patient_may_go_out_once() -> None:
    assert codes(Evidence(State.IN_STOCK, single_patient_use=True)) == []
    assert codes(Evidence(State.IN_STOCK, single_patient_use=True, times_issued=1)) == ["single-patient-use"]


def test_a_new_item_that_was_repaired_must_be_checked_though_it_never_came_back() -> None:
    assert codes(Evidence(State.AWAITING_INSPECTION, inspectable_seq=4)) == ["not-inspected"]
    passed = {"inspection_outcome": InspectionOutcome.PASSED, "inspection_seq": 5}
    assert codes(Evidence(State.AWAITING_INSPECTION, inspectable_seq=4, **passed)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("high_risk", "releaser", "cleaners", "returned_seq", "blocked"),
    [
        (True, "terry", ("terry", "terry"), 5, True),
        (True, "terry", ("terry", "tasha"), 5, True),
        (True, "terry", ("tasha", "terry"), 5, True),
        (True, "tasha", ("terry", "terry"), 5, False),
        (False, "terry", ("terry", "terry"), 5, False),
        (True, None, ("terry", "terry"), 5, False),
        (True, "terry", ("terry", "terry"), None, False),
        (True, "terry", (None, None), 5, False),
    ],
)
def test_one_person_may_not_both_clean_and_release_a_high_risk_item(
    high_risk: bool,
    releaser: str | None,
    cleaners: tuple[str | None, str | None],
    returned_seq: int | None,
    blocked: bool,
) -> None:
    started_by, finished_by = cleaners
    evidence = back_and_ready(
        high_risk=high_risk,
        decontamination_started_by=started_by,
        decontaminated_by=finished_by,
        returned_seq=returned_seq,
    )
    assert codes(evidence, releaser=releaser) == (["same-person"] if blocked else [])


def test_every_hold_is_named_with_its_reason() -> None:
    blockers = find_blockers(back_and_ready(holds=(FAULT, NOTICE)), on=TODAY)
    assert [blocker.code for blocker in blockers] == ["on-hold", "on-hold"]
    assert blockers[0].detail == "Fault: The castor is loose."
    assert blockers[1].detail == "Safety notice: NatPSA/2026/001"


HOLDS = {(): [], (FAULT,): ["on-hold"], (FAULT, NOTICE): ["on-hold", "on-hold"]}
CLEANINGS: dict[tuple[Outcome | None, int | None], list[str]] = {
    (None, None): ["not-decontaminated"],
    (Outcome.PASSED, 4): ["not-decontaminated"],
    (Outcome.PASSED, 7): [],
    (Outcome.FAILED, 7): ["decontamination-failed"],
    (Outcome.FAILED, 4): ["not-decontaminated"],
    (Outcome.CANNOT, 7): ["cannot-be-decontaminated"],
    (Outcome.CANNOT, 4): ["cannot-be-decontaminated"],
}
CHECKS = {
    (None, None): ["not-inspected"],
    (InspectionOutcome.PASSED, 3): ["not-inspected"],
    (InspectionOutcome.PASSED, 8): [],
    (InspectionOutcome.FAILED, 8): ["inspection-failed"],
}
DUES = {
    (): [],
    (loler(),): [],
    (loler(YESTERDAY),): ["inspection-overdue"],
    (loler(None), DueFact(InspectionKind.PAT, YESTERDAY)): ["inspection-unknown", "inspection-overdue"],
}
RISKS = {(False, None): [], (True, "tasha"): [], (True, "terry"): ["same-person"]}
PATIENTS = {(False, 1): [], (True, 0): [], (True, 2): ["single-patient-use"]}


def test_all_blockers_are_named_at_once_in_every_combination() -> None:
    for holds, patients, cleaning, check, due, risk in product(HOLDS, PATIENTS, CLEANINGS, CHECKS, DUES, RISKS):
        evidence = back_and_ready(
            holds=holds,
            single_patient_use=patients[0],
            times_issued=patients[1],
            decontamination_outcome=cleaning[0],
            decontamination_seq=cleaning[1],
            inspection_outcome=check[0],
            inspection_seq=check[1],
            due=due,
            high_risk=risk[0],
        )
        wanted = HOLDS[holds] + PATIENTS[patients] + CLEANINGS[cleaning] + CHECKS[check] + DUES[due] + RISKS[risk]
        assert codes(evidence, releaser=risk[1]) == wanted


@pytest.mark.parametrize("state", State)
def test_an_item_is_clear_only_where_it_can_go_out_from(state: State) -> None:
    at_hand = state in {State.IN_STOCK, State.RESERVED}
    assert (state in CLEARABLE) == at_hand
    assert is_clear(Evidence(state), on=TODAY) == at_hand
    place = place_blockers(Evidence(state))
    assert [blocker.code for blocker in place] == ([] if at_hand else ["not-on-the-shelf"])
    assert all(state.text.lower() in blocker.detail for blocker in place)


def test_what_is_not_on_the_shelf_says_what_it_waits_for() -> None:
    said = {state: [one.detail for one in place_blockers(Evidence(state))] for state in State}
    at_the_bench = back_and_ready(state=State.AWAITING_INSPECTION)
    assert said == {
        State.IN_STOCK: [],
        State.RESERVED: [],
        State.DISPATCHED: ["The item is “dispatched”."],
        State.ON_LOAN: ["The item is “on loan”."],
        State.ON_TRIAL: ["The item is “on trial”."],
        State.AWAITING_COLLECTION: ["The item is “awaiting collection”."],
        State.RETURNED: ["The item is “returned”: it waits for decontamination."],
        State.DECONTAMINATING: ["The item is “decontaminating”: it waits for the end of its decontamination."],
        State.AWAITING_INSPECTION: ["The item is “awaiting inspection”: it waits for inspection and release."],
        State.IN_REPAIR: ["The item is “in repair”: it waits for repair, inspection and release."],
        State.SCRAPPED: ["The item is “scrapped”."],
        State.MISSING: ["The item is “missing”: it waits for somebody to find it."],
    }
    for evidence, wanted in (
        (at_the_bench, "its release"),
        (replace(at_the_bench, high_risk=True), "its release by somebody who did not clean it"),
    ):
        assert not is_clear(evidence, on=TODAY)
        [blocker] = place_blockers(evidence)
        assert blocker.detail == f"The item is “awaiting inspection”: it waits for {wanted}."


@pytest.mark.parametrize(("state", "move"), list(product(State, Move)))
def test_what_hands_an_item_out_or_shelves_it_asks_for_clearance(state: State, move: Move) -> None:
    gated = move in {Move.RESERVE, Move.DISPATCH, Move.DELIVER, Move.ISSUE, Move.START_TRIAL, Move.RELEASE}
    gives_up = state is State.RESERVED and move is Move.RELEASE
    trial_goes_on = state is State.AWAITING_COLLECTION and move is Move.START_TRIAL
    assert needs_clearance(state, move) == (gated and not gives_up and not trial_goes_on)


def test_kinds_of_holds_have_words_for_people() -> None:
    words = ["Safety notice", "Fault", "Investigation", "In transit", "Scrap request", "Whereabouts in question"]
    assert [kind.text for kind in HoldKind] == words


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("outcome", [None, *Outcome])
def test_the_next_step_follows_from_the_evidence(state: State, outcome: Outcome | None) -> None:
    seq = 7 if outcome else None
    evidence = Evidence(state=state, returned_seq=5, decontamination_outcome=outcome, decontamination_seq=seq)
    cannot = state is State.RETURNED and outcome is Outcome.CANNOT
    assert step_for(evidence, Route.LAUNDRY) == next_step(state, Route.CANNOT if cannot else Route.LAUNDRY)


def test_a_cannot_is_not_undone_by_another_return() -> None:
    evidence = back_and_ready(decontamination_outcome=Outcome.CANNOT, decontamination_seq=4)
    assert codes(evidence) == ["cannot-be-decontaminated"]
    assert step_for(replace(evidence, state=State.RETURNED), Route.LAUNDRY) is TO_SCRAP


@pytest.mark.parametrize("state", [State.IN_STOCK, State.RESERVED])
def test_what_may_not_go_out_is_kept_on_the_shelf_when_the_day_is_asked_for(state: State) -> None:
    lapsed = Evidence(state, due=(loler(YESTERDAY),))
    assert step_for(lapsed, Route.LAUNDRY, on=TODAY) is TO_KEEP
    assert step_for(lapsed, Route.LAUNDRY) == next_step(state, Route.LAUNDRY)
    assert step_for(Evidence(state, due=(loler(),)), Route.LAUNDRY, on=TODAY) == next_step(state, Route.LAUNDRY)
    assert step_for(replace(lapsed, holds=(FAULT,)), Route.LAUNDRY, on=TODAY) is QUARANTINE


def test_who_cleaned_a_high_risk_item_is_not_told_to_release_it_but_to_hand_it_over() -> None:
    ready = back_and_ready(high_risk=True, decontamination_started_by="ann", decontaminated_by="bob")
    steps = {who: step_for(ready, Route.LAUNDRY, on=TODAY, reader=who).route for who in ("ann", "bob", "cy", None)}
    assert steps == {"ann": "second_person", "bob": "second_person", "cy": "release", None: "release"}
    plain = replace(ready, high_risk=False)
    assert step_for(plain, Route.LAUNDRY, on=TODAY, reader="ann") is TO_RELEASE


def test_what_passed_its_check_and_needs_another_inspection_is_not_to_be_released_yet() -> None:
    ready = back_and_ready(due=(loler(YESTERDAY),))
    assert step_for(ready, Route.LAUNDRY, on=TODAY, reader="ann") is TO_INSPECT_MORE
    assert step_for(replace(ready, due=(loler(),)), Route.LAUNDRY, on=TODAY) is TO_RELEASE


@pytest.mark.parametrize("overruled", [False, True])
@pytest.mark.parametrize("route", Route)
@pytest.mark.parametrize("outcome", [None, *Outcome])
@pytest.mark.parametrize(("single", "issued"), [(False, 1), (True, 0), (True, 1)])
def test_what_cannot_be_cleaned_for_another_use_is_cleaned_only_by_order(
    single: bool, issued: int, outcome: Outcome | None, route: Route, overruled: bool
) -> None:
    evidence = Evidence(State.RETURNED, single_patient_use=single, times_issued=issued, decontamination_outcome=outcome)
    spent = single and issued > 0
    past_cleaning = (outcome is Outcome.CANNOT or route is Route.CANNOT) and not overruled
    if not spent and not past_cleaning:
        check_cleaning(evidence, route, overruled=overruled)
        return
    with pytest.raises(Conflict) as refusal:
        check_cleaning(evidence, route, overruled=overruled)
    assert refusal.value.code == ("single-patient-use" if spent else "cannot-be-decontaminated")


@pytest.mark.parametrize(
    ("evidence", "route", "past"),
    [
        (Evidence(State.RETURNED), Route.LAUNDRY, False),
        (Evidence(State.RETURNED), Route.CANNOT, True),
        (Evidence(State.DECONTAMINATING), Route.CANNOT, False),
        (Evidence(State.RETURNED, decontamination_outcome=Outcome.CANNOT, decontamination_seq=4), Route.LAUNDRY, True),
        (Evidence(State.AWAITING_INSPECTION, single_patient_use=True, times_issued=1), Route.LAUNDRY, True),
        (Evidence(State.AWAITING_INSPECTION, single_patient_use=True), Route.LAUNDRY, False),
    ],
)
def test_what_no_bench_makes_fit_for_another_client_is_past_use(evidence: Evidence, route: Route, past: bool) -> None:
    assert is_past_use(evidence, route) is past


@pytest.mark.parametrize("state", [State.IN_STOCK, State.RETURNED])
def test_what_is_on_its_way_is_scanned_in_unless_something_else_holds_it_too(state: State) -> None:
    way, fault = HoldFact(HoldKind.IN_TRANSIT, "Sent to Coast."), HoldFact(HoldKind.FAULT, "Loose castor.")
    assert step_for(Evidence(state=state, holds=(way,)), Route.WASH_DOWN).route == "receive"
    assert step_for(Evidence(state=state, holds=(way, fault)), Route.WASH_DOWN).route == "quarantine"


HELD = HoldFact(HoldKind.SAFETY_NOTICE, "MDA/2015/025: affected. Side rails.", "MDA/2015/025", 7)


def test_what_a_safety_notice_holds_names_it_wherever_it_is_refused() -> None:
    held = Evidence(State.IN_STOCK, holds=(HELD,))
    [blocker] = find_blockers(held, on=TODAY)
    assert (blocker.code, blocker.detail) == ("on-hold", "Safety notice MDA/2015/025: affected. Side rails.")


@pytest.mark.parametrize(
    ("state", "more", "route", "said"),
    [
        (State.IN_STOCK, (), "quarantine", "Quarantine it. Safety notice MDA/2015/025 covers it, or may."),
        (State.DISPATCHED, (), "quarantine", "Quarantine it. Safety notice MDA/2015/025 covers it, or may."),
        (State.RETURNED, (HELD,), "quarantine", "Safety notices MDA/2015/025 and MDA/2015/025 cover it, or may."),
        (State.ON_LOAN, (), "collection", "Safety notice MDA/2015/025 covers this, or may. Ask them to stop using it"),
        (State.SCRAPPED, (), "scrap", "It is scrapped."),
    ],
)
def test_who_has_it_in_their_hands_is_told_to_quarantine_it(
    state: State, more: tuple[HoldFact, ...], route: str, said: str
) -> None:
    step = step_for(Evidence(state, holds=(HELD, *more)), Route.LAUNDRY, on=TODAY)
    assert step.route == route
    assert said in step.text


def test_what_is_held_for_its_whereabouts_alone_is_to_be_looked_at() -> None:
    asked = HoldFact(HoldKind.WHEREABOUTS, "Scanned in as a return at MAIN, but by the record it was not out.")
    assert step_for(Evidence(State.IN_STOCK, holds=(asked,)), Route.WASH_DOWN).route == "query_shelf"
    assert step_for(Evidence(State.IN_STOCK, holds=(asked, FAULT)), Route.WASH_DOWN) is QUARANTINE


@pytest.mark.parametrize(
    ("state", "route", "asks"),
    [
        (State.IN_STOCK, Route.WASH_DOWN, True),
        (State.RETURNED, Route.WASH_DOWN, True),
        (State.ON_LOAN, Route.WASH_DOWN, True),
        (State.RETURNED, Route.CANNOT, False),
        (State.SCRAPPED, Route.WASH_DOWN, False),
    ],
)
def test_a_label_that_may_say_too_high_a_load_is_asked_for_with_whatever_is_done(
    state: State, route: Route, asks: bool
) -> None:
    plain, wanted = step_for(Evidence(state), route), step_for(Evidence(state, label_load_kg=160), route)
    more = " Print a new label for it: it carries 160 kg, and the old one may say more." if asks else ""
    text = plain.text.replace("It is ready to issue.", "It must not go out yet.")
    assert (wanted.route, wanted.text) == (plain.route, text + more)


@pytest.mark.parametrize(
    ("state", "move", "asks"),
    [
        (State.RESERVED, Move.DISPATCH, True),
        (State.DISPATCHED, Move.DELIVER, True),
        (State.DISPATCHED, Move.START_TRIAL, True),
        (State.IN_STOCK, Move.ISSUE, True),
        (State.IN_STOCK, Move.START_TRIAL, True),
        (State.IN_STOCK, Move.RESERVE, False),
        (State.AWAITING_INSPECTION, Move.RELEASE, False),
        (State.AWAITING_COLLECTION, Move.START_TRIAL, False),
    ],
)
def test_what_goes_to_a_client_has_a_label_that_says_what_it_carries(state: State, move: Move, asks: bool) -> None:
    assert needs_label(state, move) is asks


def test_a_label_that_may_say_too_much_keeps_an_item_from_leaving_and_from_nothing_else() -> None:
    there = Evidence(State.IN_STOCK)
    assert leaving_blockers(there, on=TODAY) == []
    unknown = replace(there, is_label_wanted=True)
    [blocker] = leaving_blockers(unknown, on=TODAY)
    assert blocker.detail.startswith("Nobody knows what it carries, and its label may say a load. Print a new label")
    assert "nobody knows what it carries" in step_for(unknown, Route.WASH_DOWN).text
    wrong = replace(there, label_load_kg=160, holds=(FAULT,))
    assert [one.code for one in find_blockers(wrong, on=TODAY)] == ["on-hold"]
    assert [one.code for one in leaving_blockers(wrong, on=TODAY)] == ["on-hold", "label-says-too-much"]


def test_what_is_held_is_not_used_on_and_each_hold_is_named() -> None:
    there = Evidence(State.ON_TRIAL, times_issued=1)
    check_use_goes_on(there)
    notice = HoldFact(HoldKind.SAFETY_NOTICE, "NatPSA/2026/001: the legs crack.", "NatPSA/2026/001", 7)
    with pytest.raises(NotClear, match="Have it collected") as refused:
        check_use_goes_on(replace(there, holds=(FAULT, notice)))
    assert [(one.code, one.detail) for one in refused.value.blockers] == [
        ("on-hold", "Fault: The castor is loose."),
        ("on-hold", "Safety notice NatPSA/2026/001: the legs crack."),
    ]


def test_what_is_on_its_way_and_in_question_is_received_first() -> None:
    both = tuple(HoldFact(kind, "Why.") for kind in (HoldKind.IN_TRANSIT, HoldKind.WHEREABOUTS))
    assert step_for(Evidence(State.IN_STOCK, holds=both), Route.LAUNDRY).route == "receive"
    assert step_for(Evidence(State.IN_STOCK, holds=both[1:]), Route.LAUNDRY).route == "query_shelf"


def test_of_what_a_client_must_not_use_the_next_step_is_to_fetch_it() -> None:
    asked = {state: step_for(Evidence(state), Route.LAUNDRY, is_stopped=True) for state in State}
    at_home = {
        State.ON_LOAN: TO_FETCH_STOPPED,
        State.ON_TRIAL: TO_FETCH_STOPPED,
        State.AWAITING_COLLECTION: TO_WAIT_STOPPED,
    }
    assert asked == {state: at_home.get(state) or step_for(Evidence(state), Route.LAUNDRY) for state in State}
    held = Evidence(State.ON_LOAN, holds=(FAULT,))
    assert step_for(held, Route.LAUNDRY, is_stopped=True) is TO_FETCH_STOPPED
    named = replace(held, holds=(FAULT, HoldFact(HoldKind.SAFETY_NOTICE, "", notice="NatPSA/2026/001", notice_id=1)))
    assert "NatPSA/2026/001 covers this" in step_for(named, Route.LAUNDRY, is_stopped=True).text


def test_what_it_lacks_of_one_kind_of_inspection() -> None:
    day = date(2026, 3, 2)
    due = (DueFact(InspectionKind.LOLER, day), DueFact(InspectionKind.PAT, None))
    benched = Evidence(State.ON_LOAN, returned_seq=3, inspectable_seq=5, due=due)
    lacks = {kind: [one.code for one in inspection_blockers(benched, kind, on=day)] for kind in InspectionKind}
    assert lacks == {
        InspectionKind.LOLER: [],
        InspectionKind.PAT: ["inspection-unknown"],
        InspectionKind.SERVICE: [],
        InspectionKind.FUNCTIONAL: ["not-inspected"],
    }
