"""Batches of scans as devices send them. A scan that is malformed is one refused scan, never a refused batch."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import ErrorDetails

from app.domain.dates import in_words as day_in_words
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.domain.kept_scans import clock_offset, is_from_long_ago, offset_in_words, says_nothing_of_the_order
from app.domain.scanning import SCAN_AGAIN, step_after_refusal
from app.web.fields import Body, Code, Line, OptionalLine
from app.web.scans import Scan, ScanResult, ScanWarning, written_out
from app.web.shapes import Shape
from app.web.wording import in_words

MOST_SCANS = 500
OLDEST_YEAR = 2000
YEARS_TO_KEEP = range(1970, 2200)
CLOCKS_DIFFER = timedelta(hours=1)
LONGEST_ECHO = 40
NO_OBJECT = "A scan must be an object with scan_id and barcode."
CLOCK_LOST = ScanWarning(
    code="clock-wrong",
    detail="The clock of this device is wrong: the time of the service counts. Set its date, time and time zone.",
)

CLOCK_DOUBTED = "scanned-long-ago"

_SCAN_ID: TypeAdapter[UUID] = TypeAdapter(UUID)


class ScanBody(Shape):
    """One scan: `scan_id` is a UUID that the device gives it, `scanned_at` an instant with its zone."""

    scan_id: UUID
    barcode: str
    scanned_at: AwareDatetime | None = None


class ReturnScanBody(ScanBody):
    """One scan of something that came back, and in what condition."""

    condition: OptionalLine | None = None


class DeliveryScanBody(ScanBody):
    """One scan of something that was handed to a client. `received_by`: who took it in. `order`: for which it was
    thought to be; another one's item is then refused."""

    received_by: Line
    order: Annotated[OptionalLine, Field(max_length=20)] = ""


def _or_none(given: Any, handler: ValidatorFunctionWrapHandler) -> datetime | None:
    try:
        found: datetime | None = handler(given)
    except ValidationError:
        return None
    return found


def _scans_of(body: type[ScanBody]) -> Any:
    return Field(min_length=1, max_length=MOST_SCANS, json_schema_extra={"items": body.model_json_schema()})


class BatchBody(Body):
    """1 to 500 scans. `sent_at`: what the device's clock says as it sends them; by that its times are put right. What
    cannot be read as an instant counts as not said."""

    sent_at: Annotated[AwareDatetime | None, WrapValidator(_or_none)] = None
    scans: Annotated[list[Any], _scans_of(ScanBody)]


class StoreBatchBody(BatchBody):
    """1 to 500 scans at one store."""

    store: Code


class ReturnsBody(StoreBatchBody):
    """Scans at the returns desk."""

    scans: Annotated[list[Any], _scans_of(ReturnScanBody)]


class DeliveriesBody(StoreBatchBody):
    """Scans at clients' doors, of what is left there."""

    scans: Annotated[list[Any], _scans_of(DeliveryScanBody)]


class CollectionsBody(StoreBatchBody):
    """Scans at clients' doors, of what is taken away."""


class ScanResults(Shape):
    """One result per scan, in the order they were sent."""

    results: list[ScanResult | dict[str, Any]]


class Batch(NamedTuple):
    """The scans of a batch that can be taken, and the refusals of those that cannot, in their places."""

    read: list[Scan | dict[str, Any]]

    @property
    def scans(self) -> list[Scan]:
        """Those that can be taken."""
        return [one for one in self.read if isinstance(one, Scan)]

    def answered(self, results: list[ScanResult]) -> ScanResults:
        """The results of `scans`, with the refusals of the others in between."""
        taken = iter(results)
        return ScanResults(results=[next(taken) if isinstance(one, Scan) else one for one in self.read])


def read_batch(batch: BatchBody, body: type[ScanBody] = ScanBody, *, at: datetime) -> Batch:
    """The scans of a batch, each by the service's clock, which says `at`."""
    offset = clock_offset(batch.sent_at, at) if batch.sent_at else None
    return Batch([_read_scan(given, body, at=at, offset=offset) for given in batch.scans])


def _read_scan(given: Any, kind: type[ScanBody], *, at: datetime, offset: timedelta | None) -> Scan | dict[str, Any]:
    """The scan; or, when not even its id can be read, the refusal that goes back (nothing of it is kept)."""
    if not isinstance(given, dict):
        return _unreadable({}, BadValue("malformed-scan", NO_OBJECT, field="scan_id"))
    try:
        body = kind.model_validate(given)
    except ValidationError as invalid:
        flaw = _flaw(invalid.errors()[:3])
        try:
            scan_id = _SCAN_ID.validate_python(given.get("scan_id"))
        except ValidationError:
            return _unreadable(given, flaw)
        return Scan(scan_id, _echo(given.get("barcode")), None, flaw=flaw)
    said: dict[str, Any] = {
        "condition": getattr(body, "condition", None),
        "handed_to": getattr(body, "received_by", None),
        "order_number": getattr(body, "order", "").upper() or None,
    }
    return Scan(body.scan_id, body.barcode, **_times(body.scanned_at, at=at, offset=offset), **said)


def _times(said: datetime | None, *, at: datetime, offset: timedelta | None) -> dict[str, Any]:
    """When the scan was made, by the service's clock, and what is to be said of the device's.

    A time so long ago that no device keeps a scan for so long is kept, and doubted aloud. The time that a device claims
    whose clock is lost is not believed. What is not on loan it still brings back; of what
    is, nobody can tell whether it went out before the scan or after.
    """
    if said is None:
        return {"scanned_at": None}
    said = _in_utc(said)
    try:
        scanned_at = said + (offset or timedelta(0))
    except OverflowError:
        scanned_at = said
    kept = said if said.year in YEARS_TO_KEEP else None
    if not (scanned_at.year >= OLDEST_YEAR and scanned_at <= at + CLOCKS_DIFFER):
        has_no_order = said.year < OLDEST_YEAR or says_nothing_of_the_order(said, at)
        return {"scanned_at": None, "clock": CLOCK_LOST, "device_scanned_at": kept, "has_no_order": has_no_order}
    if offset is None:
        found = {"scanned_at": scanned_at, "has_no_order": says_nothing_of_the_order(scanned_at, at)}
        return found | _doubted(scanned_at, at)
    measured = {"scanned_at": min(scanned_at, at), "is_measured": True}
    if not offset:
        return measured | _doubted(scanned_at, at)
    detail = f"The clock of this device is {offset_in_words(offset)}. The time of this scan was put right. "
    warning = ScanWarning(code=CLOCK_LOST.code, detail=f"{detail}Set its date, time and time zone.")
    return measured | {"clock": warning, "device_scanned_at": kept}


def _doubted(scanned_at: datetime, at: datetime) -> dict[str, Any]:
    """What is said of a time so long ago, if it is. It still keeps the scan from ending a newer loan."""
    if not is_from_long_ago(scanned_at, at):
        return {}
    detail = (
        f"The device says that this was scanned on {day_in_words(uk_date(scanned_at))}. That is so long ago that its "
        "clock may be wrong. If that day is wrong, set its date, time and time zone."
    )
    return {"clock": ScanWarning(code=CLOCK_DOUBTED, detail=detail), "device_scanned_at": scanned_at}


def _in_utc(said: datetime) -> datetime:
    """By UTC: PostgreSQL reads no zone that is further than 15:59 from it. At either end of all years, as it is."""
    try:
        return said.astimezone(UTC)
    except OverflowError:
        return said.replace(tzinfo=UTC)


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
    if field == "received_by":
        return "A delivery must say who took it in, on one line."
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
