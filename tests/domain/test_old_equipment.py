"""What must be said of old equipment of the same kind, and what may not be said of it."""

from dataclasses import dataclass

import pytest

from app.domain.clearance import HoldKind
from app.domain.errors import BadValue, Conflict, Incomplete, RuleError
from app.domain.lifecycle import State
from app.domain.old_equipment import (
    Standing,
    asks_for_fault,
    check_old,
    check_said,
    gets_notice,
    hold_without_notice,
    is_kept_faulty,
    must_be_decided,
    possible_actions,
    replaced_reason,
)
from app.domain.ordering import SupersedeAction
from app.domain.stop_use import ItemFault

KEEP, STOP, COLLECT = SupersedeAction.KEEP, SupersedeAction.STOP_USE, SupersedeAction.COLLECT
YES, NO, NOT_KNOWN = ItemFault.YES, ItemFault.NO, ItemFault.NOT_KNOWN
FAULT, INVESTIGATION = HoldKind.FAULT, HoldKind.INVESTIGATION


@dataclass
class Sling:
    """A sling at a client's."""

    must_be_decided: bool = True
    action: SupersedeAction | None = None
    is_under_notice: bool = False
    barcode: str = "ES000001738"
    product_name: str = "Sling, medium"


@pytest.mark.parametrize(
    ("category", "code", "state", "expected"),
    [
        ("12 36 21", "SLING-M", State.ON_LOAN, True),
        ("12 36 21", "SLING-M", State.ON_TRIAL, True),
        ("12 36 21", "SLING-M", State.AWAITING_COLLECTION, False),
        ("12 36 03", "HOIST", State.ON_LOAN, False),
        ("", "SLING-L", State.ON_LOAN, True),
    ],
)
def test_of_what_something_must_be_said(category: str, code: str, state: State, expected: bool) -> None:
    new = [("18 12 10", "BED"), ("12 36 21", "SLING-L")]
    assert must_be_decided(state, category, code, new=new) is expected
    assert not must_be_decided(state, category, code, new=[])


@pytest.mark.parametrize(
    ("old", "code"),
    [
        (Sling(), "say-what-becomes-of-old-equipment"),
        (Sling(must_be_decided=False), None),
        (Sling(action=KEEP), None),
        (Sling(action=KEEP, is_under_notice=True), "use-was-stopped"),
        (Sling(action=STOP, is_under_notice=True), None),
        (Sling(action=COLLECT, is_under_notice=True), None),
    ],
)
def test_each_is_decided_about_and_none_is_kept_whose_use_was_stopped(old: Sling, code: str | None) -> None:
    if code is None:
        check_old([old])
        return
    with pytest.raises(RuleError) as refused:
        check_old([Sling(action=COLLECT), old])
    assert (refused.value.code, refused.value.field) == (code, "supersedes")


def test_the_refusal_names_each_old_item() -> None:
    with pytest.raises(Incomplete, match=r"equipment of the same kind: Sling, medium \(ES000001738\)\. Say") as refused:
        check_old([Sling()])
    assert refused.value.wanted == {"old_equipment": [{"barcode": "ES000001738", "product_name": "Sling, medium"}]}
    with pytest.raises(Conflict, match=r"The use of ES-0000017-38 was stopped\. Have it collected, not kept\."):
        check_old([Sling(action=KEEP, is_under_notice=True)])


def test_only_what_the_client_has_is_spoken_of_and_once() -> None:
    check_said(["A", "B"], there={"A", "B", "C"})
    with pytest.raises(BadValue, match="once"):
        check_said(["A", "A"], there={"A"})
    with pytest.raises(Conflict, match="This client does not have B, D"):
        check_said(["A", "B", "D"], there={"A"})


def test_what_must_not_be_used_is_not_offered_to_be_kept_in_use() -> None:
    assert possible_actions(Sling()) == (KEEP, STOP, COLLECT)
    assert possible_actions(Sling(is_under_notice=True)) == (STOP, COLLECT)


@pytest.mark.parametrize(("action", "asks"), [(KEEP, False), (STOP, True), (COLLECT, True)])
def test_what_goes_is_asked_about_unless_that_was_said_when_its_use_was_stopped(
    action: SupersedeAction, asks: bool
) -> None:
    assert asks_for_fault(Sling(), action) is asks
    assert not asks_for_fault(Sling(is_under_notice=True), action)


@pytest.mark.parametrize("action", SupersedeAction)
@pytest.mark.parametrize("fault", [YES, NO, NOT_KNOWN, None])
def test_only_what_something_is_wrong_with_cannot_be_kept(action: SupersedeAction, fault: ItemFault | None) -> None:
    assert is_kept_faulty(action, fault) is (action is KEEP and fault is YES)


@pytest.mark.parametrize(
    ("action", "is_there", "is_under_notice", "expected"),
    [
        (STOP, True, False, True),
        (STOP, True, True, False),
        (STOP, False, False, False),
        (COLLECT, True, False, False),
        (KEEP, True, False, False),
        (None, True, False, False),
    ],
)
def test_a_notice_is_given_once_and_only_of_what_is_there(
    action: SupersedeAction | None, is_there: bool, is_under_notice: bool, expected: bool
) -> None:
    assert gets_notice(action, Standing(is_there, is_under_notice, ())) is expected


@pytest.mark.parametrize(
    ("fault", "stands", "expected"),
    [
        (None, Standing(True, False, ()), None),
        (NO, Standing(True, False, ()), None),
        (YES, Standing(True, False, ()), FAULT),
        (NOT_KNOWN, Standing(True, False, ()), INVESTIGATION),
        (NOT_KNOWN, Standing(True, False, (FAULT,)), INVESTIGATION),
        (NOT_KNOWN, Standing(True, False, (FAULT, INVESTIGATION)), None),
        (YES, Standing(True, False, (INVESTIGATION,)), FAULT),
        (YES, Standing(True, False, (FAULT,)), None),
        # What is known of it stands, unless it is worse.
        (NOT_KNOWN, Standing(True, True, ()), None),
        (NOT_KNOWN, Standing(False, False, ()), None),
        (YES, Standing(True, True, ()), FAULT),
        (YES, Standing(False, False, ()), FAULT),
        (YES, Standing(False, True, (FAULT,)), None),
    ],
)
def test_what_gets_no_notice_is_held_unless_nothing_is_wrong_with_it(
    fault: ItemFault | None, stands: Standing, expected: HoldKind | None
) -> None:
    assert hold_without_notice(fault, stands) is expected


def test_a_hold_says_why_the_item_was_replaced() -> None:
    assert replaced_reason("The frame is cracked.") == "It was replaced at a client's: The frame is cracked."
