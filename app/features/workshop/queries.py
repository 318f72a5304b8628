"""Reads of the workshop: what waits on which bench."""

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.clearance import find_blockers, is_past_use, step_for
from app.domain.dates import uk_date
from app.domain.errors import NotFound
from app.domain.lifecycle import State
from app.features.workshop.schemas import BenchItem, BenchLine, QueueLine
from app.web.results import BlockerBody

BENCHES = (State.RETURNED, State.DECONTAMINATING, State.AWAITING_INSPECTION, State.IN_REPAIR)

QUEUE = text("""
    SELECT item.barcode, product.name AS product_name, item.serial_number, item.state, store.code AS store,
           last.outcome AS last_outcome,
           CAST(EXTRACT(day FROM CAST(:now AS timestamptz) - movement.at) AS int) AS since_days
    FROM item
    JOIN product ON product.id = item.product_id
    JOIN store ON store.id = item.store_id
    JOIN movement ON movement.item_id = item.id AND movement.seq = item.last_seq
    LEFT JOIN LATERAL (
        SELECT outcome FROM decontamination WHERE item_id = item.id AND finished_seq > item.returned_seq
        ORDER BY id DESC LIMIT 1
    ) AS last ON true
    WHERE item.state = :state AND (CAST(:store AS text) IS NULL OR store.code = :store)
    ORDER BY movement.at, item.id LIMIT :limit
""")
COUNTS = text("""
    SELECT item.state, count(*) AS items FROM item JOIN store ON store.id = item.store_id
    WHERE item.state = ANY(:states) AND (CAST(:store AS text) IS NULL OR store.code = :store) GROUP BY item.state
""")


async def list_queue(
    session: AsyncSession, state: State, *, store: str | None, now: datetime, limit: int = 200
) -> list[QueueLine]:
    """The items on a bench, longest waiting first."""
    rows = await session.execute(QUEUE, {"state": state.value, "store": store, "now": now, "limit": limit})
    return [QueueLine(**row) for row in rows.mappings()]


async def count_benches(session: AsyncSession, *, store: str | None) -> dict[State, int]:
    """How many items stand on each bench."""
    rows = await session.execute(COUNTS, {"states": [state.value for state in BENCHES], "store": store})
    found = {State(row.state): row.items for row in rows}
    return {state: found.get(state, 0) for state in BENCHES}


async def list_bench(
    session: AsyncSession, state: State, *, store: str | None, releaser: str, now: datetime
) -> list[BenchLine]:
    """The items on a bench with what to do next; before the shelf also what keeps `releaser` from releasing each."""
    queue = await list_queue(session, state, store=store, now=now)
    items = await ledger.read_items(session, [line.barcode for line in queue])
    return [
        _bench_line(line, item, releaser=releaser, today=uk_date(now))
        for line in queue
        # One that was moved on between the two statements is on this bench no longer.
        if (item := items.get(line.barcode)) and item.state is state
    ]


async def get_bench_item(session: AsyncSession, barcode: str) -> BenchItem:
    """One item for the repair bench or for cleaning by order. Raises NotFound `unknown-barcode`."""
    item = (await ledger.read_items(session, [barcode])).get(barcode)
    if item is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    fact = item.evidence
    serial = await session.scalar(text("SELECT serial_number FROM item WHERE id = :item_id"), {"item_id": item.id})
    return BenchItem(
        barcode=item.barcode,
        product_name=item.product_name,
        state=item.state,
        serial_number=serial,
        holds=[f"{hold.kind.text}: {hold.reason}" for hold in fact.holds],
        is_spent=fact.is_spent,
    )


def _bench_line(line: QueueLine, item: ledger.ItemRecord, *, releaser: str, today: date) -> BenchLine:
    fact = item.evidence
    at_the_shelf = item.state is State.AWAITING_INSPECTION
    blockers = find_blockers(fact, on=today, releaser=releaser) if at_the_shelf else []
    must_be_scrapped = is_past_use(fact, item.route)
    return BenchLine(
        **line.model_dump(),
        next_text=step_for(fact, item.route, on=today, reader=releaser).text,
        held=bool(fact.holds),
        is_inspected=fact.is_inspected,
        blockers=[BlockerBody(code=one.code, detail=one.detail) for one in blockers],
        must_be_scrapped=must_be_scrapped,
        may_be_cleaned_by_order=must_be_scrapped and not fact.is_spent,
    )
