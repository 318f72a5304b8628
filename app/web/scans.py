"""Scans as devices send them, wherever they are scanned: read one by one, known by their ids, answered in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from app.domain.errors import BadValue, Conflict, RuleError
from app.domain.scanning import SCAN_AGAIN, check_tag, step_after_refusal
from app.models import ScanOutcome
from app.web.fields import OptionalLine
from app.web.results import ItemResult, refused
from app.web.wording import in_words

LONGEST_RAW = 300
OLDEST_YEAR = 2000
CLOCKS_DIFFER = timedelta(hours=1)
LONGEST_ECHO = 40
NO_OBJECT = "A scan must be an object with scan_id and barcode."


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan as it came: its id is the scanner's, its barcode may be anything. `flaw`: why it cannot be taken.

    `clock_is_wrong`: the device said a time that cannot be, which is not kept.
    """

    scan_id: UUID
    barcode: str
    scanned_at: datetime | None
    condition: str | None = None
    flaw: RuleError | None = None
    clock_is_wrong: bool = False


class ScanWarning(BaseModel):
    """Something to put right that does not stop the work."""

    code: str
    detail: str


class ScanResult(ItemResult):
    """What came of one scan."""

    scan_id: UUID
    warnings: list[ScanWarning] = Field([])


CLOCK_WRONG = ScanWarning(
    code="clock-wrong",
    detail="The clock of this device is wrong: the time of the service counts. Set its date, time and time zone.",
)


class ScanBody(BaseModel):
    """One scan: `scan_id` is a UUID that the device gives it, `scanned_at` an instant with its zone."""

    scan_id: UUID
    barcode: str
    scanned_at: AwareDatetime | None = None
    condition: OptionalLine | None = None


ScanList = Annotated[
    list[Any],
    Field(min_length=1, max_length=500, json_schema_extra={"items": ScanBody.model_json_schema()}),
]
"""1 to 500 scans, each read by itself: one that is malformed is one refused scan, never a refused batch."""


class ScanResults(BaseModel):
    """One result per scan, in the order they were sent."""

    results: list[ScanResult | dict[str, Any]]


_SCAN_ID: TypeAdapter[UUID] = TypeAdapter(UUID)


def read_scan(given: Any, *, at: datetime) -> Scan | dict[str, Any]:
    """The scan; or, when not even its id can be read, the refusal that goes back (nothing of it is kept).

    `at`: the service's time, which no scan can be after.
    """
    if not isinstance(given, dict):
        return _unreadable({}, BadValue("malformed-scan", NO_OBJECT, field="scan_id"))
    try:
        body = ScanBody.model_validate(given)
    except ValidationError as invalid:
        flaw = _flaw(invalid.errors()[:3])
        try:
            scan_id = _SCAN_ID.validate_python(given.get("scan_id"))
        except ValidationError:
            return _unreadable(given, flaw)
        return Scan(scan_id, _echo(given.get("barcode")), None, flaw=flaw)
    # A device whose clock is lost still brings the item back; the time that it claims is then not kept.
    if body.scanned_at and not (body.scanned_at.year >= OLDEST_YEAR and body.scanned_at <= at + CLOCKS_DIFFER):
        return Scan(body.scan_id, body.barcode, None, body.condition, clock_is_wrong=True)
    return Scan(body.scan_id, body.barcode, body.scanned_at, body.condition)


def _flaw(errors: list[ErrorDetails]) -> BadValue:
    """What is wrong, in the words of whoever holds the device. The first part that is wrong says what to do."""
    detail = " ".join(_fault(str(error["loc"][0]), error) for error in errors)
    return BadValue("malformed-scan", detail, field=str(errors[0]["loc"][0]))


def _fault(field: str, error: ErrorDetails) -> str:
    if field == "scanned_at":
        why = "does not say its time zone" if error["type"] == "timezone_aware" else "is no date and time"
        sent = written_out(_echo(error["input"]))[:LONGEST_ECHO]
        return f"The time that the device sent, “{sent}”, {why}. It must look like 2026-03-27T14:05:00Z."
    if field == "condition":
        return f"The condition cannot be kept. {in_words(error)}"
    if field == "scan_id":
        return "The device gave this scan no id of its own. It must be a UUID."
    return "The scan came without a barcode." if error["input"] is None else in_words(error)


def _unreadable(given: dict[str, Any], flaw: BadValue) -> dict[str, Any]:
    todo = step_after_refusal(flaw) or SCAN_AGAIN
    return {
        "scan_id": written_out(_echo(given.get("scan_id"))),
        "barcode": written_out(_echo(given.get("barcode"))),
        "outcome": "refused",
        "code": flaw.code,
        "detail": f"{flaw.detail} It was not kept.",
        "state": None,
        "next_step": {"route": todo.route, "text": todo.text},
        "holds": [],
    }


def _echo(sent: object) -> str:
    """What was sent for a text, as it goes back: a number as it is written, and nothing for what is no text at all."""
    return str(sent) if isinstance(sent, str | int | float) and not isinstance(sent, bool) else ""


def answer_of(scan: Scan, result: ItemResult) -> ScanResult:
    """The result with what is to be said of the device. Where nothing else is, it is also the result's own code."""
    answer = ScanResult(scan_id=scan.scan_id, **dict(result))
    if not scan.clock_is_wrong:
        return answer
    told = {} if answer.code else {"code": CLOCK_WRONG.code, "detail": CLOCK_WRONG.detail}
    return answer.model_copy(update={"warnings": [CLOCK_WRONG], **told})


def read_labels(scans: Sequence[Scan], *, prefix: str) -> tuple[dict[UUID, str], dict[UUID, ItemResult]]:
    """The tags that the scans name, and the refusals of those that name none of ours."""
    tags: dict[UUID, str] = {}
    results: dict[UUID, ItemResult] = {}
    for scan in scans:
        try:
            if scan.flaw:
                raise scan.flaw
            tags[scan.scan_id] = check_tag(scan.barcode, prefix=prefix)
        except RuleError as error:
            results[scan.scan_id] = refused(raw_of(scan), error)
    return tags, results


def repeat_of(scan: Scan, before: tuple[str, ScanResult]) -> ScanResult:
    """The answer to a scan id that was taken before: the same, marked as a duplicate."""
    raw, answer = before
    if raw != raw_of(scan):
        detail = "This scan id was used for another label. The device must give each scan an id of its own. Scan again."
        return ScanResult(scan_id=scan.scan_id, **dict(refused(raw_of(scan), Conflict("scan-id-reused", detail))))
    if answer.outcome is not ScanOutcome.ACCEPTED:
        return answer
    return answer.model_copy(update={"outcome": ScanOutcome.DUPLICATE, "code": "scan-already-taken"})


def raw_of(scan: Scan) -> str:
    """What the scanner sent, as it is kept."""
    return written_out(scan.barcode)


def written_out(sent: str) -> str:
    """What a scanner sent, as it can be stored and read: control characters written out, cut at 300 characters."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in sent[: LONGEST_RAW + 1])
    return shown if len(shown) <= LONGEST_RAW else f"{shown[: LONGEST_RAW - 1]}…"
