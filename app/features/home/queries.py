"""Counts and short lists for the start page; what each leads to is another feature's page."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.clearance import HoldKind
from app.domain.dates import UK
from app.domain.inspections import InspectionKind
from app.domain.lifecycle import OUT, State
from app.domain.transfers import LATE_AFTER
from app.fetching import ASKED_FOR, is_anothers

BENCHES = (State.RETURNED, State.DECONTAMINATING, State.AWAITING_INSPECTION, State.IN_REPAIR)
SOON = timedelta(days=7)
INSPECTIONS_AHEAD = timedelta(days=30)

MOST = 1_000
"""So far the start page counts: beyond it says that there are more, so that it takes no longer where there are many."""

MOST_HELD_OUT = 100
"""The same of holds on items that are out."""
MOST_OF_ONES_OWN = 50
"""The same of one's own trials, collections and reservations."""

# How many are counted is written into these statements: PostgreSQL plans them anew each time for a bound that it is
# only given. An item may wait for an inspection of each kind.
_BEYOND_KINDS = (MOST + 1) * len(InspectionKind)

# Items are counted in the index of their states, and looked at only where they are few enough to say since when.
BENCH_COUNTS = text(f"""
    SELECT bench.state, found.items, CASE WHEN found.items < {MOST + 1} THEN (
               SELECT min(last_moved_at) FROM item WHERE item.state = bench.state) END AS oldest_at
    FROM (VALUES {", ".join(f"('{state.value}')" for state in BENCHES)}) AS bench (state) CROSS JOIN LATERAL (
        SELECT count(*) AS items FROM (
            SELECT FROM item WHERE item.state = bench.state LIMIT {MOST + 1}) AS counted
    ) AS found WHERE found.items > 0
""")  # noqa: S608 - constants
# What is scrapped has no inspection due: the days alone are counted, and no item is looked at.
# Scans to reconcile are counted as their page lists them: without an item that was scanned twice within the hour.
STORE_COUNTS = text(f"""
    SELECT
        (SELECT count(*) FROM (
            SELECT FROM return_scan AS scan
            WHERE scan.outcome IN ('refused', 'unknown') AND scan.reconciled_at IS NULL
              AND (scan.kind <> 'stocktake' OR scan.result ->> 'code' = 'stocktake-closed')
              AND (scan.result ->> 'code' = 'already-returned' AND EXISTS (
                  SELECT FROM movement WHERE movement.item_id = (
                      SELECT id FROM item WHERE barcode = scan.result ->> 'barcode') AND movement.move = 'return'
                  AND movement.store_id = scan.store_id
                  AND movement.at BETWEEN scan.received_at - interval '1 hour' AND scan.received_at)) IS NOT TRUE
            ORDER BY scan.id LIMIT {MOST + 1}) AS counted) AS scans_to_reconcile,
        (SELECT count(*) FROM (
            SELECT DISTINCT collection_id FROM collection_line
            WHERE collected_at IS NULL AND cancelled_at IS NULL LIMIT {MOST + 1}) AS counted) AS open_collections,
        (SELECT LEAST(count(DISTINCT counted.item_id), {MOST + 1}) FROM (
            SELECT item_id FROM inspection_due
            WHERE due_on < :today ORDER BY due_on LIMIT {_BEYOND_KINDS}) AS counted) AS inspections_overdue,
        (SELECT LEAST(count(DISTINCT counted.item_id), {MOST + 1}) FROM (
            SELECT item_id FROM inspection_due
            WHERE due_on BETWEEN :today AND :inspections_until
            ORDER BY due_on LIMIT {_BEYOND_KINDS}) AS counted) AS inspections_soon,
        (SELECT count(*) FROM (
            SELECT FROM consignment_line AS line JOIN consignment ON consignment.id = line.consignment_id
            WHERE line.arrived_at IS NULL AND line.missing_at IS NULL AND line.sent_at < :late_before
              AND (consignment.from_store_id = ANY(:stores) OR consignment.to_store_id = ANY(:stores))
            LIMIT {MOST + 1}) AS counted) AS not_arrived,
        (SELECT count(*) FROM inspection_visit WHERE ended_at IS NULL AND escalated_at IS NOT NULL) AS visits_in_vain,
        (SELECT count(*) FROM authority_copy WHERE sent_on IS NULL) AS copies_to_send
""")  # noqa: S608 - constants
HELD = text(f"""
    SELECT count(*) FROM (SELECT DISTINCT item_id FROM hold WHERE lifted_at IS NULL LIMIT {MOST + 1}) AS counted
""")  # noqa: S608 - constants
# What came by an order belongs to who ordered it: it was the store that recorded the delivery, asked for the old
# equipment or held the item. Each list begins from what is open, so that it does not grow with history.
# Trials begin from those of the county that end by then. The day is asked for by a SELECT: PostgreSQL would plan anew
# each time (1.3 ms, for 0.05 ms of work) for a day that it sees, for it knows then that they are few.
TRIALS = text("""
    WITH ending AS MATERIALIZED (
        SELECT id, item_id, client_id, started_by, trial_ends_on FROM loan
        WHERE kind = 'trial' AND ended_at IS NULL AND trial_ends_on <= (SELECT CAST(:until AS date))
        ORDER BY trial_ends_on, id
    )
    SELECT loan.id, item.barcode, product.name AS product_name, client.client_ref, loan.trial_ends_on,
           loan.trial_ends_on < :today AS is_overdue
    FROM ending AS loan JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    JOIN client ON client.id = loan.client_id
    LEFT JOIN order_unit ON order_unit.loan_id = loan.id
    LEFT JOIN equipment_order ON equipment_order.id = order_unit.order_id
    WHERE COALESCE(equipment_order.made_by, loan.started_by) = :actor AND item.state = 'on_trial'
    ORDER BY loan.trial_ends_on, loan.id LIMIT :limit
""")
# Begins from what the person ever asked for or ordered, not from all that the county is to fetch: that grows with it.
COLLECTIONS = text(f"""
    WITH waits AS MATERIALIZED (
        SELECT own.id, open.waiting FROM unnest(ARRAY({ASKED_FOR})) AS own (id) CROSS JOIN LATERAL (
            SELECT count(*) AS waiting FROM collection_line
            WHERE collection_id = own.id AND collected_at IS NULL AND cancelled_at IS NULL
        ) AS open
        WHERE open.waiting > 0 AND NOT {is_anothers("own.id")}
        ORDER BY own.id LIMIT :limit
    )
    SELECT collection.number, client.client_ref, collection.requested_at, collection.speed, waits.waiting
    FROM waits JOIN collection ON collection.id = waits.id JOIN client ON client.id = collection.client_id
    ORDER BY waits.id
""")  # noqa: S608 - constants

# Begins from the items that were held first of those that are out: as many items as are asked for have so many holds
# that none of another item comes before them. How many there are is counted to a hundred, as before. The states are
# written out, for only so is the index of them used.
HELD_OUT = text(f"""
    WITH first AS MATERIALIZED (
        SELECT id FROM item
        WHERE held_since IS NOT NULL AND state IN ({", ".join(f"'{state.value}'" for state in sorted(OUT))})
        ORDER BY held_since, id LIMIT {MOST_HELD_OUT + 1}
    ), held AS MATERIALIZED (
        SELECT hold.id, hold.kind, hold.reason, hold.placed_at, hold.item_id
        FROM first JOIN hold ON hold.item_id = first.id AND hold.lifted_at IS NULL
        ORDER BY hold.placed_at, hold.item_id, hold.id LIMIT {MOST_HELD_OUT + 1}
    ), shown AS MATERIALIZED (
        SELECT *, (SELECT count(*) FROM held) AS found FROM held ORDER BY placed_at, item_id, id LIMIT :limit
    )
    SELECT item.barcode, product.name AS product_name, item.state, shown.kind, shown.reason, shown.placed_at,
           client.client_ref, shown.found
    FROM shown JOIN item ON item.id = shown.item_id JOIN product ON product.id = item.product_id
    LEFT JOIN loan ON loan.item_id = shown.item_id AND loan.ended_at IS NULL
    LEFT JOIN client ON client.id = loan.client_id
    ORDER BY shown.placed_at, shown.item_id, shown.id
""")  # noqa: S608 - constants
# Those that end first are chosen before anything is joined to them. What an order holds is its maker's, whoever made
# the reservation; of one's own it is asked in their order, until there are enough.
RESERVATIONS = text("""
    WITH own AS (
        SELECT kept.id, kept.until_on FROM order_unit AS unit
        JOIN reservation AS kept ON kept.id = unit.reservation_id AND kept.ended_at IS NULL
        WHERE unit.order_id = ANY(ARRAY(SELECT id FROM equipment_order WHERE made_by = :actor))
          AND unit.loan_id IS NULL
        UNION ALL (
            SELECT id, until_on FROM (
                SELECT id, until_on FROM reservation WHERE made_by = :actor AND ended_at IS NULL
                ORDER BY until_on, id OFFSET 0) AS kept
            WHERE NOT EXISTS (SELECT FROM order_unit WHERE reservation_id = kept.id OFFSET 0)
            ORDER BY until_on, id LIMIT :limit)
    ), first AS MATERIALIZED (SELECT id FROM own ORDER BY until_on, id LIMIT :limit)
    SELECT reservation.id, item.barcode, product.name AS product_name, client.client_ref,
           reservation.from_on, reservation.until_on, reservation.until_on < :today AS has_passed,
           order_unit.id IS NOT NULL AND order_unit.cancelled_at IS NULL AS of_an_order
    FROM first JOIN reservation ON reservation.id = first.id
    JOIN item ON item.id = reservation.item_id JOIN product ON product.id = item.product_id
    JOIN client ON client.id = reservation.client_id
    LEFT JOIN order_unit ON order_unit.reservation_id = reservation.id
    ORDER BY reservation.until_on, reservation.id
""")

UNWEIGHED = text("""
    WITH weaker AS (
        SELECT loan.id FROM item JOIN loan ON loan.item_id = item.id AND loan.ended_at IS NULL
          AND item.load_lowered_at >= loan.started_at
        WHERE item.load_lowered_at IS NOT NULL
        UNION SELECT id FROM loan WHERE weight_wanted_since IS NOT NULL AND ended_at IS NULL
    )
    SELECT item.barcode, product.name AS product_name, client.client_ref,
           CASE WHEN item.certified_load_kg = LEAST(product.safe_working_load_kg, item.certified_load_kg)
                THEN item.certified_on
                ELSE CAST(COALESCE(item.load_lowered_at, loan.weight_wanted_since) AT TIME ZONE 'Europe/London'
                          AS date) END AS lowered_on,
           LEAST(product.safe_working_load_kg, item.certified_load_kg) AS carries_kg
    FROM weaker JOIN loan ON loan.id = weaker.id JOIN item ON item.id = loan.item_id
    JOIN client ON client.id = loan.client_id AND client.weight_kg IS NULL AND client.died_on IS NULL
    JOIN product ON product.id = item.product_id
    LEFT JOIN order_unit ON order_unit.loan_id = loan.id
    LEFT JOIN equipment_order ON equipment_order.id = order_unit.order_id
    WHERE COALESCE(equipment_order.made_by, loan.started_by) = :actor
      AND NOT EXISTS (SELECT FROM stop_use_notice WHERE loan_id = loan.id)
    ORDER BY COALESCE(item.load_lowered_at, loan.weight_wanted_since), loan.id LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Unweighed:
    """Somebody who has an item that carries less than it did when they got it, and of whom nobody knows the weight."""

    barcode: str
    product_name: str
    client_ref: str
    lowered_on: date
    carries_kg: int


@dataclass(frozen=True, slots=True)
class Bench:
    """One bench: how many items stand on it, and since when the one that was touched last longest ago."""

    state: State
    items: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """What waits in the stores; inspections are counted by item."""

    scans_to_reconcile: int
    open_collections: int
    inspections_overdue: int
    inspections_soon: int
    not_arrived: int
    visits_in_vain: int
    copies_to_send: int


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A trial of one's own that is over or nearly so."""

    id: int
    barcode: str
    product_name: str
    client_ref: str
    trial_ends_on: date
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """A collection that one asked for and that is not done; `waiting` counts its open lines."""

    number: str
    client_ref: str
    requested_at: datetime
    speed: str
    waiting: int


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A hold on an item that is out; `client_ref` only for those who may see clients. `found`: such holds in all."""

    barcode: str
    product_name: str
    state: State
    kind: HoldKind
    reason: str
    placed_at: datetime
    client_ref: str | None
    found: int


@dataclass(frozen=True, slots=True)
class ReservationRow:
    """A live reservation of one's own; one that an order holds is given up with the order."""

    id: int
    barcode: str
    product_name: str
    client_ref: str
    from_on: date
    until_on: date
    has_passed: bool
    of_an_order: bool


async def count_benches(session: AsyncSession) -> list[Bench]:
    """Every bench of the workshop, in the order an item passes them."""
    found = await session.execute(BENCH_COUNTS)
    rows = {row.state: row for row in found}
    return [
        Bench(state, rows[state].items, rows[state].oldest_at) if state in rows else Bench(state, 0, None)
        for state in BENCHES
    ]


async def count_waiting(session: AsyncSession, *, today: date, stores: list[int]) -> StoreCounts:
    """What waits in all stores; inspections count as soon for 30 days ahead. `stores`: from or to which it is late."""
    late_before = datetime.combine(today - LATE_AFTER, time(), UK)
    values: dict[str, object] = {"today": today, "inspections_until": today + INSPECTIONS_AHEAD}
    values |= {"late_before": late_before, "stores": stores}
    return StoreCounts(**(await session.execute(STORE_COUNTS, values)).mappings().one())


async def count_held(session: AsyncSession) -> int:
    """How many items are on hold."""
    return int(await session.scalar(HELD) or 0)


async def list_trials(
    session: AsyncSession, username: str, *, today: date, limit: int = MOST_OF_ONES_OWN + 1
) -> list[TrialRow]:
    """The person's own trials that end within seven days or should have ended, the latest first."""
    values = {"actor": username, "today": today, "until": today + SOON, "limit": limit}
    return [TrialRow(**row) for row in (await session.execute(TRIALS, values)).mappings()]


async def list_unweighed(session: AsyncSession, username: str, *, limit: int = 50) -> list[Unweighed]:
    """Clients of the person's own to be weighed, since what they have carries less than it did, or than was ordered;
    who waits longest stands first."""
    rows = await session.execute(UNWEIGHED, {"actor": username, "limit": limit})
    return [Unweighed(**row) for row in rows.mappings()]


async def list_collections(
    session: AsyncSession, username: str, *, limit: int = MOST_OF_ONES_OWN + 1
) -> list[CollectionRow]:
    """The collections that the person asked for and that are not done, oldest first."""
    rows = await session.execute(COLLECTIONS, {"actor": username, "limit": limit})
    return [CollectionRow(**row) for row in rows.mappings()]


async def list_held_out(session: AsyncSession, *, may_see_client: bool, limit: int) -> list[HeldOut]:
    """Holds on items that are with clients or on the way to them, the oldest first."""
    rows = await session.execute(HELD_OUT, {"limit": limit})
    return [
        HeldOut(
            barcode=row.barcode,
            product_name=row.product_name,
            state=State(row.state),
            kind=HoldKind(row.kind),
            reason=row.reason,
            placed_at=row.placed_at,
            client_ref=row.client_ref if may_see_client else None,
            found=row.found,
        )
        for row in rows
    ]


async def list_reservations(
    session: AsyncSession, username: str, *, today: date, limit: int = MOST_OF_ONES_OWN + 1
) -> list[ReservationRow]:
    """The person's own live reservations, the one that ends first first."""
    rows = await session.execute(RESERVATIONS, {"actor": username, "today": today, "limit": limit})
    return [ReservationRow(**row) for row in rows.mappings()]
