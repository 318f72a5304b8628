"""What every scan shares, whatever it says of an item: it is taken once, answered for once, and its answer is kept."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.access import StoreRef
from app.domain.dates import uk_date
from app.domain.errors import Conflict, RuleError
from app.domain.kept_scans import clock_wrong, is_kept, moved_since, was_never_then
from app.domain.scanning import check_tag
from app.models import ScanKind, ScanOutcome
from app.web.results import ItemResult, refused
from app.web.shapes import Shape

LONGEST_RAW = 300

# The scan ids are claimed in their own order, before any item is locked: two devices that drain the same queue wait
# for each other here and cannot block each other for ever.
CLAIM = text("""
    INSERT INTO return_scan (scan_id, kind, raw, store_id, scanned_into, handed_to, order_number, device_scanned_at,
                             scanned_at, received_at, received_by)
    SELECT scan_id, CAST(:kind AS text), raw, :store_id, CAST(:into AS text), handed_to, order_number,
           device_scanned_at, scanned_at, :at, :actor
    FROM jsonb_to_recordset(CAST(:scans AS jsonb)) AS scan (
        scan_id uuid, raw text, handed_to text, order_number text, device_scanned_at timestamptz,
        scanned_at timestamptz)
    ORDER BY scan_id
    ON CONFLICT (scan_id) DO NOTHING
    RETURNING scan_id
""")

EARLIER = text("SELECT scan_id, kind, raw, result FROM return_scan WHERE scan_id = ANY(:scan_ids)")

# Found by their ids one by one: the plan must not depend on how many scans there were when it was made.
KEEP = text("""
    UPDATE return_scan SET outcome = answer.outcome, result = answer.result
    FROM jsonb_to_recordset(CAST(:answers AS jsonb)) AS answer (scan_id uuid, outcome text, result jsonb)
    WHERE return_scan.scan_id = answer.scan_id
      AND return_scan.scan_id = ANY(ARRAY(
          SELECT CAST(given ->> 'scan_id' AS uuid) FROM jsonb_array_elements(CAST(:answers AS jsonb)) AS given))
""")

SEEN_SINCE = text("""
    SELECT item.barcode, back.at AS came_back,
           COALESCE(loan.started_at, CASE WHEN item.state = 'dispatched' THEN item.last_moved_at END) AS went_out,
           (SELECT max(at) FROM movement WHERE item_id = item.id AND to_state IN ('dispatched', 'on_loan', 'on_trial'))
               AS was_out, loan.id IS NOT NULL AS is_lent,
           (SELECT at FROM movement WHERE item_id = item.id AND seq = 1) AS came_here,
           EXISTS (SELECT FROM stop_use_notice WHERE loan_id = loan.id) AS is_stopped
    FROM item
    LEFT JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL
    LEFT JOIN movement AS back ON back.item_id = item.id AND back.seq = item.returned_seq
    WHERE item.barcode = ANY(:barcodes)
""")


class ScanWarning(Shape):
    """Something to put right that does not stop the work."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan as it came: its id is the scanner's, its barcode may be anything. `flaw`: why it cannot be taken.

    `scanned_at` is by the service's clock; None where nobody knows. `device_scanned_at`: what the device said, where
    its clock was wrong. `is_measured`: the two clocks were compared as it was sent, so that `scanned_at` is to be
    believed. `has_no_order`: its time cannot be, so it may have been made before anything. `handed_to`, `order_number`:
    what a delivery is scanned with.
    """

    scan_id: UUID
    barcode: str
    scanned_at: datetime | None
    condition: str | None = None
    flaw: RuleError | None = None
    clock: ScanWarning | None = None
    device_scanned_at: datetime | None = None
    is_measured: bool = False
    has_no_order: bool = False
    handed_to: str | None = None
    order_number: str | None = None

    def waited(self, at: datetime) -> bool:
        """Whether the device had kept it for so long that its maker has gone on."""
        return self.is_measured and self.may_be_old(at)

    def may_be_old(self, at: datetime) -> bool:
        """Whether it was made so long ago by what the device says, whether or not that is to be believed."""
        return bool(self.scanned_at and is_kept(self.scanned_at, at))


class ScanResult(ItemResult):
    """What came of one scan."""

    scan_id: UUID
    warnings: list[ScanWarning] = Field([])


Take = Callable[[list[Scan]], Awaitable[dict[UUID, ScanResult]]]


async def answer_each(
    session: AsyncSession,
    scans: Sequence[Scan],
    take: Take,
    *,
    kind: ScanKind,
    store: StoreRef,
    into: str | None = None,
    actor: str,
    at: datetime,
) -> list[ScanResult]:
    """Claim these scans, have `take` do those that are new, and answer each, in order.

    `into`: the number of the stocktake or the consignment that they are of.

    A scan id that was taken before is a `duplicate` with the answer of then. `take` keeps its answers itself. One
    statement besides its own, two when some came before.
    """
    first: dict[UUID, Scan] = {}
    for scan in scans:
        first.setdefault(scan.scan_id, scan)
    about = {"kind": kind.value, "store_id": store.id, "into": into, "actor": actor, "at": at}
    fresh = await _claim(session, list(first.values()), about)
    answers = await take([first[scan_id] for scan_id in first if scan_id in fresh])
    earlier = await _earlier(session, [scan_id for scan_id in first if scan_id not in fresh])
    results = []
    for scan in scans:
        fresh_now = scan.scan_id in fresh
        fresh.discard(scan.scan_id)
        if fresh_now:
            results.append(answers[scan.scan_id])
        else:
            before = earlier.get(scan.scan_id) or (kind, _raw(first[scan.scan_id]), answers[scan.scan_id])
            results.append(_repeat(scan, kind, before))
    return results


def read_tags(scans: Sequence[Scan], *, prefix: str) -> tuple[dict[UUID, str], dict[UUID, ItemResult]]:
    """The tags of those that can be read, and the refusals of the others."""
    tags: dict[UUID, str] = {}
    results: dict[UUID, ItemResult] = {}
    for scan in scans:
        try:
            if scan.flaw:
                raise scan.flaw
            tags[scan.scan_id] = check_tag(scan.barcode, prefix=prefix)
        except RuleError as error:
            results[scan.scan_id] = refused(_raw(scan), error)
    return tags, results


async def refuse_what_moved_since(
    session: AsyncSession,
    scans: Sequence[Scan],
    tags: dict[UUID, str],
    *,
    is_within_stores: bool = False,
    ends_loans: bool = False,
    actor: str,
    at: datetime,
) -> dict[UUID, ItemResult]:
    """Refuse scans that waited while their item went on its way; they are taken out of `tags`.

    `is_within_stores`: they are of what goes from store to store. That it went out since, even if it is back, makes
    them worthless; that it came in does not, because the scan that brought it in may have waited on the same device.
    `ends_loans`: what they say ends a loan, so one that is older than the loan is refused also where nobody compared
    the clocks (ADR 37), and so is one whose time cannot be, where the use of the item is stopped.

    No statement when none waited, else three, which lock what they read.
    """
    waited = {
        scan.scan_id: scan
        for scan in scans
        if scan.scan_id in tags and (scan.waited(at) or (ends_loans and (scan.has_no_order or scan.may_be_old(at))))
    }
    if not waited:
        return {}
    items = await ledger.read_items(session, list(tags.values()), lock=True)
    rows = await session.execute(SEEN_SINCE, {"barcodes": [tags[scan_id] for scan_id in waited]})
    seen = {row.barcode: row for row in rows}
    results: dict[UUID, ItemResult] = {}
    for scan_id, scan in waited.items():
        row = seen.get(tags[scan_id])
        error = _moved_since(scan, row, is_within_stores=is_within_stores) if row else None
        if error:
            tag = tags.pop(scan_id)
            results[scan_id] = refused(tag, error, items[tag], reader=actor, on=uk_date(at))
    return results


def _moved_since(scan: Scan, row: Row[Any], *, is_within_stores: bool) -> RuleError | None:
    is_nonsense = scan.has_no_order or was_never_then(scan.scanned_at, row.came_here, is_measured=scan.is_measured)
    if is_nonsense and row.is_lent and not is_within_stores:
        return clock_wrong() if row.is_stopped else None
    if scan.scanned_at is None:
        return None
    if is_within_stores:
        return moved_since(scan.scanned_at, went_out=row.was_out, came_back=None)
    seen = {"went_out": row.went_out, "came_back": row.came_back}
    return moved_since(scan.scanned_at, **seen, is_measured=scan.is_measured)


def answer(scan: Scan, result: ItemResult, *warnings: ScanWarning) -> ScanResult:
    """The result with what is to be said besides. Where it has no code itself, it gets the first warning's."""
    told = [*warnings, *([scan.clock] if scan.clock else [])]
    made = ScanResult(scan_id=scan.scan_id, **dict(result))
    if not told:
        return made
    said = " ".join(filter(None, (made.detail, told[0].detail)))
    words = {} if made.code else {"code": told[0].code, "detail": said}
    return made.model_copy(update={"warnings": told, **words})


def to_keep(answers: Mapping[UUID, ScanResult]) -> str:
    """The answers as `KEEP` takes them."""
    return json.dumps(
        [
            {"scan_id": str(scan_id), "outcome": one.outcome.value, "result": one.model_dump(mode="json")}
            for scan_id, one in answers.items()
        ]
    )


def written_out(sent: str) -> str:
    """What a scanner sent, as it can be stored and read: control characters written out, cut at 300 characters."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in sent[: LONGEST_RAW + 1])
    return shown if len(shown) <= LONGEST_RAW else f"{shown[: LONGEST_RAW - 1]}…"


async def _claim(session: AsyncSession, scans: Sequence[Scan], about: Mapping[str, Any]) -> set[UUID]:
    lines = [
        {
            "scan_id": str(scan.scan_id),
            "raw": _raw(scan),
            "handed_to": scan.handed_to,
            "order_number": scan.order_number,
            "device_scanned_at": scan.device_scanned_at and scan.device_scanned_at.isoformat(),
            "scanned_at": scan.scanned_at and scan.scanned_at.isoformat(),
        }
        for scan in scans
    ]
    return set((await session.execute(CLAIM, {"scans": json.dumps(lines), **about})).scalars())


async def _earlier(session: AsyncSession, scan_ids: list[UUID]) -> dict[UUID, tuple[ScanKind, str, ScanResult]]:
    if not scan_ids:
        return {}
    rows = await session.execute(EARLIER, {"scan_ids": scan_ids})
    return {row.scan_id: (ScanKind(row.kind), row.raw, ScanResult.model_validate(row.result)) for row in rows}


def _repeat(scan: Scan, kind: ScanKind, before: tuple[ScanKind, str, ScanResult]) -> ScanResult:
    """The answer to a scan id that was taken before: the same, marked as a duplicate."""
    what, raw, answered = before
    if (what, raw) != (kind, _raw(scan)):
        detail = "This scan id was used for another label. The device must give each scan an id of its own. Scan again."
        return ScanResult(scan_id=scan.scan_id, **dict(refused(_raw(scan), Conflict("scan-id-reused", detail))))
    if answered.outcome is not ScanOutcome.ACCEPTED:
        return answered
    return answered.model_copy(update={"outcome": ScanOutcome.DUPLICATE, "code": "scan-already-taken"})


def _raw(scan: Scan) -> str:
    return written_out(scan.barcode)
