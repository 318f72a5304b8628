"""Reads of the returns desk."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.clearance import step_for
from app.domain.errors import NotFound, RuleError
from app.domain.scanning import check_tag
from app.features.returns.schemas import MissingItem, UnmatchedScan
from app.models import ScanOutcome
from app.web.results import HoldBody, ItemResult, Step, refused
from app.web.scans import written_out

# A label that is strange to a count is told with the count, unless the count was over when it came.
# A scan's day is the one that people see: when it was made, or when it came in where the device did not say.
OPEN = """
    FROM return_scan AS scan
    JOIN store ON store.id = scan.store_id
    LEFT JOIN item ON item.barcode = scan.result ->> 'barcode'
    WHERE scan.outcome IN ('refused', 'unknown') AND scan.reconciled_at IS NULL
      AND (scan.kind <> 'stocktake' OR scan.result ->> 'code' = 'stocktake-closed')
      AND (CAST(:store AS text) IS NULL OR store.code = :store)
      AND (CAST(:since AS date) IS NULL OR CAST(:since AS date) <=
           CAST(coalesce(scan.scanned_at, scan.received_at) AT TIME ZONE 'Europe/London' AS date))
      AND (CAST(:until AS date) IS NULL OR CAST(:until AS date) >=
           CAST(coalesce(scan.scanned_at, scan.received_at) AT TIME ZONE 'Europe/London' AS date))
"""
# An item that was scanned again at its store within the hour of its return: the desk was told that it is back and what
# is next, so nobody has anything to find out. Later, or at another store, somebody should know how it got there.
SHOWN = """(CAST(:repeats AS boolean) OR (scan.result ->> 'code' = 'already-returned' AND EXISTS (
    SELECT FROM movement WHERE movement.item_id = item.id AND movement.move = 'return'
    AND movement.store_id = scan.store_id
    AND movement.at BETWEEN scan.received_at - interval '1 hour' AND scan.received_at)) IS NOT TRUE)"""
UNMATCHED = text(f"""
    SELECT scan.id AS number, scan.kind, scan.handed_to, scan.order_number, scan.scanned_into, scan.device_scanned_at,
           scan.raw, store.code AS store, scan.received_at, scan.received_by, scan.scanned_at,
           scan.outcome, scan.result ->> 'code' AS code, scan.result ->> 'detail' AS detail, item.barcode,
           EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.kind = 'whereabouts_in_question'
                   AND hold.lifted_at IS NULL) AS in_question,
           scan.result ->> 'product_name' AS product_name, scan.reconciled_by, scan.reconciled_note
    {OPEN} AND scan.id > :after AND {SHOWN} ORDER BY scan.id LIMIT :limit
""")  # noqa: S608 - both parts are the constants above
COUNT_UNMATCHED = text(f"""
    SELECT count(*) FILTER (WHERE shown) AS total, count(*) FILTER (WHERE shown AND id <= :after) AS before,
           count(*) FILTER (WHERE NOT shown) AS repeats
    FROM (SELECT scan.id, {SHOWN} AS shown {OPEN}) AS scan
""")  # noqa: S608 - both parts are the constants above
# The page before holds `limit` scans, so it begins after the one that stands `limit` + 1 before this page.
PAGE_BEFORE = text(
    f"SELECT scan.id {OPEN} AND scan.id <= :after AND {SHOWN} ORDER BY scan.id DESC OFFSET :limit LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which scans to list: of one store, and scanned on or between two days in the UK.

    `repeats`: also those that need nobody, because the item had been returned at that store within the hour.
    """

    store: str | None = None
    since: date | None = None
    until: date | None = None
    repeats: bool = True


class Place(NamedTuple):
    """Where a page stands in its list: how many scans there are, how many before it, and where the last page began.

    `repeats`: how many are left out because they need nobody.
    """

    total: int
    before: int
    previous: int
    repeats: int


async def place_of_page(session: AsyncSession, wanted: Wanted, *, after: int, limit: int) -> Place:
    """How many scans nobody has reconciled, and where the page that begins behind `after` stands among them."""
    values = {**asdict(wanted), "after": after}
    counts = (await session.execute(COUNT_UNMATCHED, values)).one()
    previous = await session.scalar(PAGE_BEFORE, {**values, "limit": limit}) if counts.before > limit else 0
    return Place(counts.total, counts.before, int(previous or 0), counts.repeats)


async def list_unmatched(
    session: AsyncSession, wanted: Wanted | None = None, *, after: int, limit: int
) -> list[UnmatchedScan]:
    """Scans that nobody has reconciled, oldest first, `limit + 1` of them."""
    values = {**asdict(wanted or Wanted()), "after": after, "limit": limit + 1}
    rows = (await session.execute(UNMATCHED, values)).mappings()
    return [UnmatchedScan(**row) for row in rows]


async def get_item(session: AsyncSession, barcode: str) -> MissingItem:
    """The item, as far as finding it asks. Raises NotFound `unknown-barcode`."""
    item = (await ledger.read_items(session, [barcode])).get(barcode)
    if item is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    return MissingItem(barcode=item.barcode, product_name=item.product_name, state=item.state)


async def look_up(session: AsyncSession, raw: str, *, prefix: str, reader: str, on: date) -> ItemResult:
    """Where the item of a scanned label stands and what `reader` does with it on that day.

    Never raises for what a scanner may send.
    """
    try:
        tag = check_tag(raw, prefix=prefix)
        item = (await ledger.read_items(session, [tag])).get(tag)
        if item is None:
            raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    except RuleError as error:
        return refused(written_out(raw), error)
    fact = item.evidence
    todo = step_for(fact, item.route, on=on, reader=reader)
    return ItemResult(
        barcode=tag,
        outcome=ScanOutcome.ACCEPTED,
        state=item.state,
        product_name=item.product_name,
        next_step=Step(route=todo.route, text=todo.text),
        holds=[HoldBody(kind=hold.kind.value, reason=hold.reason) for hold in fact.holds],
    )
