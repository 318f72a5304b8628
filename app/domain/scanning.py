"""What a scan that does not name one of our items means, and what to do with the thing in one's hands."""

from app.domain.carriers import is_carried, read_label_text
from app.domain.errors import BadValue, Conflict, NotFound, RuleError
from app.domain.hygiene import TO_EXAMINE_OR_DECIDE, NextStep
from app.domain.labels import TagFault, TagKind, display, holds_a_tag
from app.domain.lifecycle import NEXT, State

QUERY_SHELF = NextStep("query_shelf", "Put it on the query shelf, for the manager to find out what it is.")
SCAN_AGAIN = NextStep("scan_again", "Scan the label again, or type all of the tag, with its last two digits.")
SET_THE_CLOCK = NextStep(
    "set_clock",
    "Keep the item here. Set the date, time and time zone of the device, or take another device; then scan it again.",
)
SHORTER_CONDITION = NextStep(
    "scan_again", "Scan it again, and say its condition on one line of 200 characters or fewer."
)
NO_SCAN_ID = NextStep(
    "use_another_device",
    "Scan it on the scan page or with another device, and tell the manager that this one gives its scans no ids.",
)

SCAN_IF_HERE = NextStep(
    "scan_again",
    "If it is in your hands now, scan it again. If it is not, there is nothing to do: the manager is told.",
)
RING_THE_STORE = NextStep(
    "ring_store", "Do not leave it with the client. If it was left, ring the store now and say who has it."
)
BRING_IT_BACK = NextStep(
    "store", "If it is on the van, take it to the store and scan it there as a return: that ends its loan."
)
LEFT_WITH_CLIENT = NextStep("client", "Leave it there: the client has it now.")
TO_THE_STORE = NextStep("store", "Take it to the store and scan it there as a return. Keep it away from what is clean.")
SAY_WHO = NextStep("scan_again", "Write who takes it in, on one line of 200 characters or fewer, then scan it again.")

# A scan can be malformed in a part that no second reading of the label would mend.
STEP_FOR_FIELD = {
    "scan_id": NO_SCAN_ID,
    "scanned_at": SET_THE_CLOCK,
    "condition": SHORTER_CONDITION,
    "received_by": SAY_WHO,
    "order": SCAN_AGAIN,
}
STEP_FOR_CODE = {
    "mistyped-barcode": SCAN_AGAIN,
    "suspect-barcode": SCAN_AGAIN,
    "not-a-barcode": SCAN_AGAIN,
    "scan-id-reused": SCAN_AGAIN,
    "examination-due-soon": TO_EXAMINE_OR_DECIDE,
    "not-yours-to-decide": TO_EXAMINE_OR_DECIDE,
    "not-out": QUERY_SHELF,
    "moved-since-scan": SCAN_IF_HERE,
    "clock-wrong": SET_THE_CLOCK,
    "not-with-the-driver": RING_THE_STORE,
    "another-order": RING_THE_STORE,
    "not-called-back": BRING_IT_BACK,
    "already-collected": TO_THE_STORE,
}

FAULTS: dict[TagFault | None, str] = {
    TagFault.CHECK_DIGITS: "the last two digits do not fit the rest",
    TagFault.PREFIX: "the letters at the start are wrong",
    TagFault.LETTER_FOR_DIGIT: "there is a letter among the digits",
    TagFault.LENGTH: "there are too few or too many digits",
    None: "it does not fit",
}


def check_tag(raw: str, *, prefix: str) -> str:
    """The tag in normal form, when the text is one of this service's, or one of its labels that carries it.

    Raises BadValue `mistyped-barcode`, `suspect-barcode` or `not-a-barcode`, and NotFound `other-service` or
    `unknown-barcode`.
    """
    reading = read_label_text(raw, prefix=prefix)
    if reading.kind is TagKind.OURS and reading.tag:
        return reading.tag
    is_others_carrier = reading.kind is TagKind.OTHER_SERVICE and is_carried(raw)
    may_hold_ours = reading.kind in {TagKind.NOT_A_TAG, TagKind.OTHER_SERVICE} and not is_others_carrier
    if may_hold_ours and holds_a_tag(raw, prefix=prefix):
        # The item in one's hands is most likely one of ours, and on loan: the query shelf would leave it there.
        detail = "More was read than one label: there is more than one label, or a key was struck with the scan."
        raise BadValue("suspect-barcode", detail, field="barcode")
    raise _refusal(reading.kind, reading.fault, reading.tag)


def step_after_refusal(error: RuleError) -> NextStep | None:
    """What to do after this refusal, where it does not depend on the item: None for the rest."""
    if error.code == "malformed-scan":
        return STEP_FOR_FIELD.get(error.field or "", SCAN_AGAIN)
    return STEP_FOR_CODE.get(error.code)


def check_was_out(state: State, error: RuleError, *, is_back_again: bool = False) -> RuleError:
    """Why a return was refused, in the words of the returns desk. `is_back_again`: it was taken in before, and this is
    another return.

    `already-returned`: it was scanned in before and stands in the store. `not-out`: by the record it never left, so it
    may have been used without anybody knowing; it must not go back to the shelf on the strength of the record.
    """
    if is_back_again:
        detail = f"By the record it was taken in, and has not been out since: it is “{state.text.lower()}”."
        return Conflict("not-out", detail)
    if state in {State.RETURNED, State.DECONTAMINATING, State.AWAITING_INSPECTION, State.IN_REPAIR}:
        return Conflict("already-returned", f"It was scanned in before: it is “{state.text.lower()}”.")
    if state in {State.IN_STOCK, State.RESERVED, State.SCRAPPED}:
        return Conflict("not-out", f"By the record it was not out: it is “{state.text.lower()}”.")
    return error


def check_was_with_driver(state: State, error: RuleError) -> RuleError:
    """Why a delivery was refused, in the words of whoever stands at the client's door.

    `already-delivered`: by the record a client has it. `not-with-the-driver`: by the record it never left the store.
    """
    if state in {State.ON_LOAN, State.ON_TRIAL, State.AWAITING_COLLECTION}:
        return Conflict("already-delivered", f"By the record a client has it: it is “{state.text.lower()}”.")
    if state is not State.DISPATCHED:
        detail = f"By the record it is not with the driver: it is “{state.text.lower()}”."
        return Conflict("not-with-the-driver", detail)
    return error


def why_not_collected(state: State) -> RuleError:
    """Why something that no collection waits for cannot be recorded as collected.

    `not-called-back`: a client has it, and nobody has asked for it. `on-its-way`: it has not been delivered yet.
    """
    if state in {State.ON_LOAN, State.ON_TRIAL, State.AWAITING_COLLECTION}:
        return Conflict("not-called-back", f"Nobody has asked for its collection: it is “{state.text.lower()}”.")
    error = Conflict("on-its-way", f"No collection waits for it. {NEXT[state]}")
    return check_was_out(state, error)


def _refusal(kind: TagKind, fault: TagFault | None, tag: str | None) -> RuleError:
    if kind is TagKind.MISTYPED:
        detail = f"This asset tag is mistyped or misread: {FAULTS[fault]}. Scan it, or type all of it again."
        return BadValue("mistyped-barcode", detail, field="barcode")
    if kind is TagKind.OTHER_SERVICE:
        which = f"{display(tag)} is the label" if tag else "This is the GS1 asset number"
        return NotFound("other-service", f"{which} of another service.", field="barcode")
    if kind is TagKind.NOT_A_BARCODE:
        detail = "No label carries this: it is empty, too long, or has characters that cannot be printed."
        return BadValue("not-a-barcode", detail, field="barcode")
    detail = "This is not one of our asset tags. Scan our own label on the item."
    return NotFound("unknown-barcode", detail, field="barcode")


COMMANDS: dict[str, str] = {
    "CMD-RETURN": "return",
    "CMD-DELIVERED": "deliver",
    "CMD-COLLECTED": "collect",
    "CMD-START-CLEANING": "start_decontamination",
    "CMD-CLEANED": "pass_decontamination",
    "CMD-CLEAN-FAILED": "fail_decontamination",
    "CMD-INSPECTED": "pass_inspection",
    "CMD-INSPECT-FAILED": "fail_inspection",
    "CMD-RELEASE": "release",
    "CMD-LOOK-UP": "look_up",
}
"""Barcodes that change what the scan page does with the scans after them: the command's text → the page's mode.

No asset tag can be one of them: a tag has no dash in its normal form and ends in nine digits.
"""
