"""What a scan that does not name one of our items means, and what to do with the thing in one's hands."""

import pytest

from app.domain.errors import BadValue, Conflict, NotFound, RuleError, WrongState
from app.domain.hygiene import TO_EXAMINE_OR_DECIDE, NextStep
from app.domain.labels import is_tag, make_tag
from app.domain.lifecycle import State
from app.domain.scanning import (
    FAULTS,
    NO_SCAN_ID,
    QUERY_SHELF,
    RING_THE_STORE,
    SCAN_AGAIN,
    SET_THE_CLOCK,
    SHORTER_CONDITION,
    STEP_FOR_CODE,
    check_tag,
    check_was_out,
    check_was_with_driver,
    step_after_refusal,
    why_not_collected,
)

TAG = make_tag("ES", 1234)


@pytest.mark.parametrize(
    "raw",
    [
        TAG,
        TAG.lower(),
        f"]C1{TAG}",
        f"]A0{TAG}\n",
        f"]A0*{TAG}*\r\n",
        f"*{TAG.lower()}*\t",
        f"  {TAG}\r\n",
        f"{TAG}\t",
        f"{TAG[:2]}-{TAG[2:9]}-{TAG[9:]}",
    ],
)
def test_a_tag_of_ours_is_read_however_it_is_written(raw: str) -> None:
    assert check_tag(raw, prefix="ES") == TAG


@pytest.mark.parametrize(
    ("raw", "kind", "code"),
    [
        ("ES000123473", BadValue, "mistyped-barcode"),
        ("ES00012347", BadValue, "mistyped-barcode"),
        ("ES0O0123472", BadValue, "mistyped-barcode"),
        (f"{TAG}3", BadValue, "mistyped-barcode"),
        (f"AB{TAG}", BadValue, "mistyped-barcode"),
        ("", BadValue, "not-a-barcode"),
        ("   \r\n", BadValue, "not-a-barcode"),
        ("A" * 1000, BadValue, "not-a-barcode"),
        ("ES0001\x00234", BadValue, "not-a-barcode"),
        ("05012345678900", NotFound, "unknown-barcode"),
        ("hello", NotFound, "unknown-barcode"),
        (make_tag("XY", 7), NotFound, "other-service"),
    ],
)
def test_anything_else_is_refused_by_what_it_is(raw: str, kind: type[RuleError], code: str) -> None:
    with pytest.raises(kind) as refusal:
        check_tag(raw, prefix="ES")
    assert refusal.value.code == code
    assert refusal.value.field == "barcode"
    assert refusal.value.detail.endswith(".")


OTHER = make_tag("XY", 7)


@pytest.mark.parametrize(
    "raw",
    [
        f"7{TAG}",
        f"7 {TAG.lower()}",
        f"ES00{TAG}",
        f"{TAG[:-1]}{TAG}",
        f"7]C1{TAG}",
        f"7*{TAG}*",
        f"{TAG}{TAG}",
        f"{TAG}{make_tag('ES', 5)}",
        f"{OTHER}{TAG}",
        f"{TAG}{OTHER}",
        f"{OTHER}{make_tag('QRS', 7)}",
        f"]C1{TAG}]C1{TAG}",
        f"{TAG}x",
    ],
)
def test_a_tag_with_more_around_it_is_suspect_and_neither_guessed_nor_sent_to_the_query_shelf(raw: str) -> None:
    with pytest.raises(BadValue, match="more than one label, or a key") as refusal:
        check_tag(raw, prefix="ES")
    assert refusal.value.code == "suspect-barcode"
    assert step_after_refusal(refusal.value) is SCAN_AGAIN


def test_a_right_label_of_another_service_is_no_suspect_though_it_ends_as_ours_do() -> None:
    theirs = make_tag("LYES", 1234)
    assert is_tag(theirs[2:])
    with pytest.raises(NotFound) as refusal:
        check_tag(theirs, prefix="ES")
    assert refusal.value.code == "other-service"


def test_each_way_of_mistyping_has_its_own_words() -> None:
    assert len(set(FAULTS.values())) == len(FAULTS)
    with pytest.raises(BadValue, match="the last two digits do not fit the rest"):
        check_tag("ES000123473", prefix="ES")


OUTCOMES = {
    State.RETURNED: "already-returned",
    State.DECONTAMINATING: "already-returned",
    State.AWAITING_INSPECTION: "already-returned",
    State.IN_REPAIR: "already-returned",
    State.IN_STOCK: "not-out",
    State.RESERVED: "not-out",
    State.SCRAPPED: "not-out",
}


@pytest.mark.parametrize("state", State)
def test_a_return_is_refused_in_the_words_of_the_desk(state: State) -> None:
    error = WrongState("wrong-state", "No.")
    seen = check_was_out(state, error)
    assert seen.code == OUTCOMES.get(state, "wrong-state")
    assert (seen is error) == (state not in OUTCOMES)
    assert seen is error or state.text.lower() in seen.detail


@pytest.mark.parametrize("code", ["examination-due-soon", "not-yours-to-decide"])
def test_what_falls_due_soon_is_examined_or_decided_about(code: str) -> None:
    assert step_after_refusal(Conflict(code, "No.")) is TO_EXAMINE_OR_DECIDE


@pytest.mark.parametrize(
    "code", ["mistyped-barcode", "suspect-barcode", "not-a-barcode", "malformed-scan", "scan-id-reused"]
)
def test_what_cannot_be_read_is_scanned_again(code: str) -> None:
    assert step_after_refusal(BadValue(code, "No.")) is SCAN_AGAIN


@pytest.mark.parametrize(
    ("field", "step"),
    [("scanned_at", SET_THE_CLOCK), ("condition", SHORTER_CONDITION), ("scan_id", NO_SCAN_ID), ("barcode", SCAN_AGAIN)],
)
def test_after_a_malformed_scan_the_part_that_is_wrong_says_what_to_do(field: str, step: NextStep) -> None:
    assert step_after_refusal(BadValue("malformed-scan", "No.", field=field)) is step


def test_what_was_not_out_goes_to_the_query_shelf() -> None:
    assert step_after_refusal(Conflict("not-out", "No.")) is QUERY_SHELF


@pytest.mark.parametrize("code", ["already-returned", "wrong-state", "unknown-barcode"])
def test_after_any_other_refusal_the_item_says_what_to_do(code: str) -> None:
    assert step_after_refusal(Conflict(code, "No.")) is None


@pytest.mark.parametrize("state", State)
def test_a_delivery_is_refused_in_the_words_of_whoever_stands_at_the_door(state: State) -> None:
    given = WrongState("wrong-state", "x")
    error = check_was_with_driver(state, given)
    codes = {
        State.DISPATCHED: "wrong-state",
        State.ON_LOAN: "already-delivered",
        State.ON_TRIAL: "already-delivered",
        State.AWAITING_COLLECTION: "already-delivered",
    }
    assert error.code == codes.get(state, "not-with-the-driver")
    if error is not given:
        assert state.text.lower() in error.detail
    if error.code == "not-with-the-driver":
        assert step_after_refusal(error) == RING_THE_STORE


@pytest.mark.parametrize("state", State)
def test_what_no_collection_waits_for_is_refused_with_what_to_do_with_it(state: State) -> None:
    error = why_not_collected(state)
    codes = {
        State.ON_LOAN: "not-called-back",
        State.ON_TRIAL: "not-called-back",
        State.AWAITING_COLLECTION: "not-called-back",
        State.DISPATCHED: "on-its-way",
        State.MISSING: "on-its-way",
        State.IN_STOCK: "not-out",
        State.RESERVED: "not-out",
        State.SCRAPPED: "not-out",
    }
    assert error.code == codes.get(state, "already-returned")
    assert error.detail.endswith(".")


@pytest.mark.parametrize("code", STEP_FOR_CODE)
def test_each_such_refusal_has_a_step_of_its_own(code: str) -> None:
    step = step_after_refusal(Conflict(code, "x"))
    assert step == STEP_FOR_CODE[code]
    assert step is not None
    assert step.text.endswith(".")


def test_a_second_return_of_what_was_taken_in_is_none() -> None:
    error = check_was_out(State.AWAITING_INSPECTION, Conflict("wrong-state", ""), is_back_again=True)
    assert (error.code, "has not been out since" in error.detail) == ("not-out", True)
