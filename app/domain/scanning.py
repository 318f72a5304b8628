"""What a scan that does not name one of our items means, and what to do with the thing in one's hands."""

from app.domain.carriers import is_carried, read_label_text
from app.domain.errors import BadValue, Conflict, NotFound, RuleError
from app.domain.hygiene import TO_EXAMINE_OR_DECIDE, NextStep
from app.domain.labels import TagFault, TagKind, display, holds_a_tag
from app.domain.lifecycle import State

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

# A scan can be malformed in a part that no second reading of the label would mend.
STEP_FOR_FIELD = {"scan_id": NO_SCAN_ID, "scanned_at": SET_THE_CLOCK, "condition": SHORTER_CONDITION}

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
    if error.code in {"mistyped-barcode", "suspect-barcode", "not-a-barcode", "scan-id-reused"}:
        return SCAN_AGAIN
    if error.code in {"examination-due-soon", "not-yours-to-decide"}:
        return TO_EXAMINE_OR_DECIDE
    return QUERY_SHELF if error.code == "not-out" else None


def check_was_out(state: State, error: RuleError) -> RuleError:
    """Why a return was refused, in the words of the returns desk.

    `already-returned`: it was scanned in before and stands in the store. `not-out`: by the record it never left, so it
    may have been used without anybody knowing; it must not go back to the shelf on the strength of the record.
    """
    if state in {State.RETURNED, State.DECONTAMINATING, State.AWAITING_INSPECTION, State.IN_REPAIR}:
        return Conflict("already-returned", f"It was scanned in before: it is “{state.text.lower()}”.")
    if state in {State.IN_STOCK, State.RESERVED, State.SCRAPPED}:
        return Conflict("not-out", f"By the record it was not out: it is “{state.text.lower()}”.")
    return error


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
