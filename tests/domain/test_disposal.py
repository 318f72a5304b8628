"""Scrap: what must be said of the waste, who must agree, and what may be taken off first."""

from dataclasses import replace
from datetime import date

import pytest

from app.domain.clearance import Evidence, HoldFact, HoldKind, step_for
from app.domain.disposal import (
    Batteries,
    Disposal,
    PartCondition,
    TakenPart,
    WasteStream,
    check_disposal,
    check_donor,
    check_harvest,
    check_is_there,
    check_not_taken,
    check_other_person,
    needs_second_person,
    part_reason,
    second_person_wanted,
)
from app.domain.errors import BadValue, Conflict, NotAllowed, NotClear
from app.domain.hygiene import TO_AGREE, Outcome, Route
from app.domain.labels import display
from app.domain.lifecycle import State

ASKED = HoldFact(HoldKind.SCRAP_REQUEST, "Frame cracked.")
NOTICE = HoldFact(HoldKind.SAFETY_NOTICE, "NatPSA/2026/001")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (Disposal("x", WasteStream.METAL, reference="WTN-1"), None),
        (Disposal("x", WasteStream.METAL, reference_follows=True), None),
        (Disposal("x", WasteStream.NOWHERE), None),
        (Disposal("x", WasteStream.WEEE, Batteries.NONE, "WTN-1"), None),
        (Disposal("x", WasteStream.METAL), "reference-wanted"),
        (Disposal("x", WasteStream.WEEE, reference="WTN-1"), "batteries-wanted"),
    ],
)
def test_the_waste_is_said_as_its_stream_needs(said: Disposal, code: str | None) -> None:
    if code is None:
        check_disposal(said)
        return
    with pytest.raises(BadValue) as refused:
        check_disposal(said)
    assert refused.value.code == code


def test_what_is_missing_goes_nowhere_and_nothing_else_does() -> None:
    check_is_there(State.MISSING, WasteStream.NOWHERE)
    check_is_there(State.RETURNED, WasteStream.METAL)
    with pytest.raises(Conflict, match="missing"):
        check_is_there(State.MISSING, WasteStream.METAL)
    with pytest.raises(Conflict, match="not missing"):
        check_is_there(State.RETURNED, WasteStream.NOWHERE)


def test_a_dear_item_needs_a_second_person() -> None:
    assert [needs_second_person(price, 50_000) for price in (49_999, 50_000, 50_001)] == [False, True, True]
    assert needs_second_person(0, 0)
    assert "ES-0000001-43" in second_person_wanted("ES000000143").detail
    check_other_person("technician", "manager")
    with pytest.raises(NotAllowed):
        check_other_person("manager", "manager")


CLEAN = Evidence(
    State.SCRAPPED,
    times_issued=1,
    returned_seq=3,
    decontamination_outcome=Outcome.PASSED,
    decontamination_seq=5,
)


@pytest.mark.parametrize(
    ("evidence", "was_here", "code"),
    [
        (CLEAN, True, None),
        (Evidence(State.SCRAPPED), True, None),
        (replace(CLEAN, state=State.IN_REPAIR, holds=(ASKED,)), True, "not-scrapped"),
        (replace(CLEAN, state=State.IN_REPAIR), True, "not-scrapped"),
        (replace(CLEAN, state=State.MISSING, holds=(ASKED,)), True, "not-scrapped"),
        (CLEAN, False, "not-here"),
        (replace(CLEAN, holds=(NOTICE,)), True, "not-clear"),
        (replace(CLEAN, holds=(ASKED, NOTICE)), True, "not-clear"),
        (replace(CLEAN, holds=(HoldFact(HoldKind.FAULT, "Castor"),)), True, "not-clear"),
        (replace(CLEAN, decontamination_seq=2), True, "not-clear"),
        (replace(CLEAN, decontamination_outcome=None), True, "not-clear"),
        (replace(CLEAN, decontamination_outcome=Outcome.FAILED), True, "not-clear"),
        (replace(CLEAN, decontamination_outcome=Outcome.CANNOT), True, "not-clear"),
        (replace(CLEAN, single_patient_use=True), True, "not-clear"),
    ],
)
def test_parts_are_taken_only_off_what_is_known_to_be_safe(
    evidence: Evidence, was_here: bool, code: str | None
) -> None:
    if code is None:
        check_harvest(evidence, was_here=was_here)
        return
    with pytest.raises(Conflict) as refused:
        check_harvest(evidence, was_here=was_here)
    assert refused.value.code == code
    assert isinstance(refused.value, NotClear) == (code == "not-clear")


@pytest.mark.parametrize(
    ("description", "number", "is_there_still"),
    [
        ("Handset", "HS-4", False),
        ("handset ", "", False),
        ("Remote control", "hs-4", False),
        ("Handset", "HS-5", True),
        ("Castor", "", True),
    ],
)
def test_the_same_part_is_taken_off_once(description: str, number: str, is_there_still: bool) -> None:
    taken = [TakenPart("Handset", "HS-4", date(2026, 3, 2), "technician")]
    if is_there_still:
        check_not_taken(description, number, taken)
        return
    with pytest.raises(Conflict, match="technician took “Handset” off it on 2 March 2026") as refused:
        check_not_taken(description, number, taken)
    assert refused.value.code == "already-harvested"


def test_a_part_is_not_fitted_when_a_notice_came_for_the_item_it_is_from() -> None:
    check_donor("ES000000143", (ASKED,))
    with pytest.raises(Conflict, match="Do not fit it"):
        check_donor("ES000000143", (ASKED, NOTICE))


@pytest.mark.parametrize(
    ("holds", "state", "waits"),
    [
        ((ASKED,), State.IN_REPAIR, True),
        ((ASKED, NOTICE), State.IN_REPAIR, False),
        ((), State.IN_REPAIR, False),
        ((ASKED,), State.SCRAPPED, False),
    ],
)
def test_what_waits_for_a_second_person_is_kept_in_the_cage(
    holds: tuple[HoldFact, ...], state: State, waits: bool
) -> None:
    step = step_for(Evidence(state, holds=holds), Route.WASH_DOWN)
    assert (step is TO_AGREE) == waits


def test_choices_have_words() -> None:
    assert all(stream.text and stream.means for stream in WasteStream)
    assert all(answer.text for answer in Batteries)
    assert [one.text for one in PartCondition] == ["As new", "Good", "Worn"]


@pytest.mark.parametrize("why", ["Fault: Its cables overheat", "Fault: Its cables overheat."])
def test_what_carries_a_part_of_a_held_item_is_held_for_it_in_a_sentence(why: str) -> None:
    assert part_reason("Castor, Handset", "ES000000001", why) == (
        f"It carries a part of {display('ES000000001')} (Castor, Handset), which is held now: "
        "Fault: Its cables overheat. Look at the part, or change it."
    )
