"""Bodies of the returns desk. A scan that is malformed is one refused scan, never a refused batch."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from app.domain.errors import BadValue
from app.domain.lifecycle import Move, State, can_move
from app.domain.scanning import SCAN_AGAIN, step_after_refusal
from app.features.returns.service import Scan, ScanResult, written_out
from app.web.asked import asked, needed
from app.web.fields import BIGGEST_ID, Body, Code, Day, OptionalLine, Paragraph
from app.web.wording import in_words


class ScanBody(BaseModel):
    """One scan: `scan_id` is a UUID that the device gives it, `scanned_at` an instant with its zone."""

    scan_id: UUID
    barcode: str
    scanned_at: AwareDatetime | None = None
    condition: OptionalLine | None = None


class ScansBody(Body):
    """1 to 500 scans at one store."""

    store: Code
    scans: Annotated[
        list[Any],
        Field(min_length=1, max_length=500, json_schema_extra={"items": ScanBody.model_json_schema()}),
    ]


class ScanResults(BaseModel):
    """One result per scan, in the order they were sent."""

    results: list[ScanResult | dict[str, Any]]


class ReconcileBody(Body):
    """What was done about the scan."""

    note: Paragraph


class FoundBody(Body):
    """Where it turned up, and how."""

    store: Code
    reason: Paragraph


class FoundItem(BaseModel):
    """A found item."""

    barcode: str
    state: State


class ReconcileForm(BaseModel):
    """What was done about the scans that are ticked, on their page."""

    numbers: Annotated[
        list[Annotated[int, Field(ge=1, le=BIGGEST_ID)]],
        Field(max_length=100),
        asked("Tick the scans that you have dealt with."),
    ] = needed()
    note: Annotated[Paragraph, asked("Say what was done about them.")] = needed()


class UnmatchedForm(BaseModel):
    """Which scans to reconcile are wanted, on their page: from the first day to the last."""

    store: str | None = None
    since: Day | None = None
    until: Day | None = None


class FoundForm(BaseModel):
    """Where it turned up, on its page."""

    store: Annotated[str, asked("Choose the store that it is in now.")] = needed()
    reason: Annotated[Paragraph, asked("Say where it was found, and how.")] = needed()


class MissingItem(BaseModel):
    """An item as far as finding it asks."""

    barcode: str
    product_name: str
    state: State

    def can(self, move: Move) -> bool:
        """Whether the lifecycle has this move from where the item stands."""
        return can_move(self.state, move)


class UnmatchedScan(BaseModel):
    """A scan to reconcile."""

    number: int
    raw: str
    store: str
    received_at: datetime
    received_by: str
    scanned_at: datetime | None
    outcome: str
    code: str | None
    detail: str | None
    barcode: str | None
    product_name: str | None
    reconciled_by: str | None
    reconciled_note: str | None


OLDEST_YEAR = 2000
CLOCKS_DIFFER = timedelta(hours=1)
LONGEST_ECHO = 40
NO_OBJECT = "A scan must be an object with scan_id and barcode."

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
