"""Reads of the returns desk."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.clearance import step_for
from app.domain.errors import NotFound, RuleError
from app.domain.scanning import check_tag
from app.features.returns.schemas import MissingItem, UnmatchedScan
from app.features.returns.service import written_out
from app.models import ScanOutcome
from app.web.results import HoldBody, ItemResult, Step, refused

UNMATCHED = text("""
    SELECT scan.id AS number, scan.raw, store.code AS store, scan.received_at, scan.received_by, scan.scanned_at,
           scan.outcome, scan.result ->> 'code' AS code, scan.result ->> 'detail' AS detail, item.barcode,
           scan.result ->> 'product_name' AS product_name, scan.reconciled_by, scan.reconciled_note
    FROM return_scan AS scan
    JOIN store ON store.id = scan.store_id
    LEFT JOIN item ON item.barcode = scan.result ->> 'barcode'
    WHERE scan.outcome IN ('refused', 'unknown') AND scan.reconciled_at IS NULL AND scan.id > :after
    ORDER BY scan.id LIMIT :limit
""")
COUNT_UNMATCHED = text("""
    SELECT count(*) FROM return_scan WHERE outcome IN ('refused', 'unknown') AND reconciled_at IS NULL
""")


async def count_unmatched(session: AsyncSession) -> int:
    """How many scans nobody has reconciled."""
    return int(await session.scalar(COUNT_UNMATCHED) or 0)


async def list_unmatched(session: AsyncSession, *, after: int, limit: int) -> list[UnmatchedScan]:
    """Scans that nobody has reconciled, oldest first, `limit + 1` of them."""
    rows = (await session.execute(UNMATCHED, {"after": after, "limit": limit + 1})).mappings()
    return [UnmatchedScan(**row) for row in rows]


async def get_item(session: AsyncSession, barcode: str) -> MissingItem:
    """The item, as far as finding it asks. Raises NotFound `unknown-barcode`."""
    item = (await ledger.read_items(session, [barcode])).get(barcode)
    if item is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    return MissingItem(barcode=item.barcode, product_name=item.product_name, state=item.state)


async def look_up(session: AsyncSession, raw: str, *, prefix: str) -> ItemResult:
    """Where the item of a scanned label stands and what to do with it. Never raises for what a scanner may send."""
    try:
        tag = check_tag(raw, prefix=prefix)
        item = (await ledger.read_items(session, [tag])).get(tag)
        if item is None:
            raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    except RuleError as error:
        return refused(written_out(raw), error)
    fact = item.evidence
    todo = step_for(fact, item.route)
    return ItemResult(
        barcode=tag,
        outcome=ScanOutcome.ACCEPTED,
        state=item.state,
        product_name=item.product_name,
        next_step=Step(route=todo.route, text=todo.text),
        holds=[HoldBody(kind=hold.kind.value, reason=hold.reason) for hold in fact.holds],
    )
