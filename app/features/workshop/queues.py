"""Reads of the benches' queues: what waits where, for whom and how long, and what was done today."""

from datetime import date, datetime, time, timedelta

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.benches import UNDER_WORK, Bench, Demand, why_here
from app.domain.clearance import find_blockers, is_past_use, step_for
from app.domain.dates import UK, uk_date
from app.domain.errors import BadValue
from app.domain.hygiene import InfectionRisk, Job, Route, needs_details
from app.domain.lifecycle import State
from app.domain.ordering import Speed
from app.domain.promises import days_allowed
from app.features.workshop.queue_schemas import BenchLine, HourDone
from app.features.workshop.repairs.queries import advise_on, limit_percent
from app.web.paging import number_cursor
from app.web.results import BlockerBody

LINES_ON_A_PAGE = 50
FARTHEST = 100_000

# The rule of `is_past_use`; a test compares the two.
_STANDING = """
    SELECT item.id, item.barcode, item.product_id, item.serial_number, item.state, store.code AS store,
           product.name AS product_name, product.decontamination_route, product.strike_through_test,
           item.purchase_price_pence AS paid_pence, product.purchase_price_pence AS new_pence, item.received_on,
           product.expected_life_months, item.times_issued,
           item.last_moved_at AS since, item.returned_seq,
           EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.lifted_at IS NULL) AS held,
           (product.single_patient_use AND item.times_issued > 0)
           OR (item.state = 'returned' AND (product.decontamination_route = 'cannot'
               OR COALESCE((SELECT outcome = 'cannot' FROM decontamination
                            WHERE item_id = item.id AND finished_at IS NOT NULL ORDER BY id DESC LIMIT 1), false)))
           AS past_use
    FROM item
    JOIN product ON product.id = item.product_id
    JOIN store ON store.id = item.store_id
    WHERE item.state = ANY(:states) AND (CAST(:store AS text) IS NULL OR store.code = :store)
"""
# Pieces of open orders that nothing is held for and the shelf has nothing for: the first item of a product on this
# bench is for the most urgent of them, the second for the next, and so on. An order that lacks something has no
# promised day, so they go by the day that its speed would have made it, counted in days of the calendar. What is told
# of an item besides is looked up for the page only.
_QUEUE = """
    WITH standing AS ({standing}), here AS (
        SELECT *, row_number() OVER (PARTITION BY product_id, held ORDER BY since, id) AS place
        FROM standing WHERE past_use = :past_use
    ), unheld AS MATERIALIZED (
        SELECT unit.id, unit.order_line_id, unit.order_id FROM order_unit AS unit
        LEFT JOIN reservation AS kept ON kept.id = unit.reservation_id AND kept.ended_at IS NULL
        WHERE unit.loan_id IS NULL AND unit.cancelled_at IS NULL AND kept.id IS NULL
    ), asked_for AS (
        SELECT line.product_id, unit.id, asked.submitted_at, asked.made_by, quick.speed,
               CAST(asked.submitted_at AT TIME ZONE 'Europe/London' AS date)
               + (CAST(:days AS int[]))[quick.speed] AS wanted_on
        FROM unheld AS unit
        JOIN order_line AS line ON line.id = unit.order_line_id
        JOIN equipment_order AS asked ON asked.id = unit.order_id
        CROSS JOIN LATERAL (SELECT array_position(CAST(:speeds AS text[]), asked.speed) AS speed) AS quick
        WHERE asked.decision IN ('awaiting_authorisation', 'awaiting_panel', 'approved')
          AND line.product_id IN (SELECT product_id FROM here)
    ), shelf AS (
        SELECT item.product_id, count(*) AS items FROM item
        WHERE item.state = 'in_stock' AND item.product_id IN (SELECT product_id FROM asked_for)
          AND NOT EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.lifted_at IS NULL)
          AND NOT EXISTS (
              SELECT FROM product_inspection AS rule
              LEFT JOIN inspection_due AS known ON known.item_id = item.id AND known.kind = rule.kind
              WHERE rule.product_id = item.product_id AND COALESCE(known.due_on < :today, true))
        GROUP BY item.product_id
    ), wanted AS (
        SELECT * FROM (
            SELECT asked_for.*, row_number() OVER (
                PARTITION BY asked_for.product_id ORDER BY wanted_on, speed, submitted_at, asked_for.id
            ) - COALESCE(shelf.items, 0) AS place
            FROM asked_for LEFT JOIN shelf ON shelf.product_id = asked_for.product_id
        ) AS ranked WHERE place > 0
    ), told AS (
        SELECT product_id, count(*) AS pieces, count(DISTINCT made_by) AS prescribers, min(submitted_at) AS first_at
        FROM wanted GROUP BY product_id
    ), page AS (
        SELECT here.*, told.pieces, told.prescribers, told.first_at, own.kept_from,
               row_number() OVER (
                   ORDER BY here.held, LEAST(wanted.wanted_on, own.kept_from) NULLS LAST, wanted.speed,
                            wanted.submitted_at, here.since, here.id) AS turn
        FROM here
        LEFT JOIN told ON told.product_id = here.product_id
        LEFT JOIN wanted ON wanted.product_id = here.product_id AND wanted.place = here.place AND NOT here.held
        LEFT JOIN LATERAL (
            SELECT min(from_on) AS kept_from FROM reservation WHERE item_id = here.id AND ended_at IS NULL
        ) AS own ON true
        ORDER BY turn LIMIT :limit OFFSET :offset
    )
    SELECT page.*, job.route, job.infection_risk, job.contractor, job.quarantine_until,
           newest.outcome AS last_outcome, newest.finished_seq > page.returned_seq AS is_recent,
           cost.earlier_pence, cost.fitted_pence, cost.estimate_pence
    FROM page
    CROSS JOIN LATERAL (
        SELECT COALESCE(sum(parts_pence + labour_pence) FILTER (WHERE NOT is_current), 0) AS earlier_pence,
               COALESCE(sum(parts_pence) FILTER (WHERE is_current), 0) AS fitted_pence,
               max(estimate_pence) FILTER (WHERE is_current) AS estimate_pence
        FROM repair_cost WHERE repair_cost.item_id = page.id
    ) AS cost
    LEFT JOIN LATERAL (
        SELECT outcome, finished_seq FROM decontamination WHERE item_id = page.id AND finished_at IS NOT NULL
        ORDER BY id DESC LIMIT 1
    ) AS newest ON true
    LEFT JOIN decontamination AS job ON job.item_id = page.id AND job.finished_at IS NULL
    ORDER BY page.turn
"""
_SPEEDS = {"speeds": [speed.value for speed in Speed], "days": [days_allowed(speed) for speed in Speed]}

QUEUE = text(_QUEUE.format(standing=_STANDING))
_COUNTS = """
    WITH standing AS ({standing})
    SELECT CASE WHEN past_use THEN 'scrap' ELSE state END AS bench, count(*) AS items FROM standing GROUP BY 1
"""
COUNTS = text(_COUNTS.format(standing=_STANDING))
# What was taken back was not done: a pass that its correction says was none, an inspection of the wrong item.
DONE = text("""
    SELECT CAST(EXTRACT(hour FROM movement.at AT TIME ZONE 'Europe/London') AS int) AS hour,
           count(*) FILTER (WHERE move = 'pass_decontamination') AS cleaned,
           count(*) FILTER (WHERE move IN ('pass_inspection', 'fail_inspection')) AS inspected,
           count(*) FILTER (WHERE move = 'complete_repair') AS repaired,
           count(*) FILTER (WHERE move = 'release') AS released,
           count(*) FILTER (WHERE move = 'scrap') AS scrapped
    FROM movement JOIN store ON store.id = movement.store_id
    WHERE movement.at >= :begins AND movement.at < :ends AND (CAST(:store AS text) IS NULL OR store.code = :store)
      AND (move IN ('pass_decontamination', 'complete_repair', 'scrap')
           OR (from_state = 'awaiting_inspection' AND move IN ('pass_inspection', 'fail_inspection', 'release')))
      AND NOT EXISTS (
          SELECT FROM decontamination AS wrong JOIN decontamination AS correction ON correction.corrects_id = wrong.id
          WHERE wrong.item_id = movement.item_id AND wrong.finished_seq = movement.seq)
      AND NOT (move IN ('pass_inspection', 'fail_inspection') AND EXISTS (
          SELECT FROM inspection AS wrong JOIN inspection AS newer ON newer.supersedes_id = wrong.id
          WHERE wrong.item_id = movement.item_id AND wrong.seq = movement.seq AND newer.item_id <> wrong.item_id))
    GROUP BY 1 ORDER BY 1
""")


async def count_benches(session: AsyncSession, *, store: str | None) -> dict[Bench, int]:
    """How many items wait on each bench."""
    rows = await session.execute(COUNTS, {"states": list(UNDER_WORK), "store": store})
    found = {Bench(row.bench): row.items for row in rows}
    return {bench: found.get(bench, 0) for bench in Bench}


async def list_bench(
    session: AsyncSession,
    bench: Bench,
    *,
    store: str | None,
    releaser: str,
    now: datetime,
    offset: int = 0,
    limit: int = LINES_ON_A_PAGE,
) -> list[BenchLine]:
    """The queue of a bench from its place `offset` on, `limit + 1` lines: what is waited for most comes first.

    Each says what to do next; before the shelf also what keeps `releaser` from releasing it. Two statements.
    """
    today = uk_date(now)
    values = {"states": list(bench.states), "store": store, "past_use": bench is Bench.SCRAP, "today": today, **_SPEEDS}
    rows = (await session.execute(QUEUE, {**values, "offset": offset, "limit": limit + 1})).mappings().all()
    items = await ledger.read_items(session, [row["barcode"] for row in rows])
    percent = limit_percent(session)
    return [
        _line(row, item, releaser=releaser, now=now, limit_percent=percent)
        for row in rows
        # One that was moved on between the two statements is on this bench no longer.
        if (item := items.get(row["barcode"])) and item.state == row["state"]
    ]


async def count_done(session: AsyncSession, on: date, *, store: str | None) -> list[HourDone]:
    """What was done at the benches on a day, hour by hour of the clock on the wall; hours with nothing are left out."""
    begins = datetime.combine(on, time.min, UK)
    ends = datetime.combine(on + timedelta(days=1), time.min, UK)
    rows = await session.execute(DONE, {"begins": begins, "ends": ends, "store": store})
    return [HourDone(**row) for row in rows.mappings()]


def queue_cursor(after: str | None) -> int:
    """How many lines of a queue were shown already. Raises BadValue `bad-cursor`."""
    offset = number_cursor(after)
    if offset > FARTHEST:
        raise BadValue("bad-cursor", f"A queue is shown as far as its first {FARTHEST:,} items.", field="after")
    return offset


def _line(row: RowMapping, item: ledger.ItemRecord, *, releaser: str, now: datetime, limit_percent: int) -> BenchLine:
    fact, today = item.evidence, uk_date(now)
    at_the_shelf = item.state is State.AWAITING_INSPECTION
    blockers = find_blockers(fact, on=today, releaser=releaser) if at_the_shelf else []
    must_be_scrapped = is_past_use(fact, item.route)
    advises = must_be_scrapped or item.state is State.IN_REPAIR
    advised = advise_on(row, past_use=must_be_scrapped, on=today, limit_percent=limit_percent) if advises else None
    job = Job(
        route=Route(row["route"] or row["decontamination_route"]),
        infection_risk=row["infection_risk"] and InfectionRisk(row["infection_risk"]),
        quarantine_until=row["quarantine_until"],
        has_cover=row["strike_through_test"],
    )
    demand = Demand(
        held=row["held"],
        place=row["place"],
        pieces=row["pieces"] or 0,
        prescribers=row["prescribers"] or 0,
        since=row["first_at"] and uk_date(row["first_at"]),
        kept_from=row["kept_from"],
    )
    return BenchLine(
        barcode=item.barcode,
        product_name=item.product_name,
        serial_number=row["serial_number"],
        state=item.state,
        store=row["store"],
        last_outcome=row["last_outcome"] if row["is_recent"] else None,
        since=row["since"],
        since_days=(now - row["since"]).days,
        why=why_here(demand),
        is_waited_for=demand.place <= demand.pieces and not demand.held,
        next_text=step_for(fact, item.route, on=today, reader=releaser).text,
        held=bool(fact.holds),
        is_inspected=fact.is_inspected,
        blockers=[BlockerBody(code=one.code, detail=one.detail) for one in blockers],
        must_be_scrapped=must_be_scrapped,
        waits_for_scrap=fact.waits_for_scrap,
        advice=advised and advised.advice,
        may_be_cleaned_by_order=must_be_scrapped and not fact.is_spent,
        route_text=job.route.text,
        contractor=row["contractor"] or "",
        quarantine_until=job.quarantine_until,
        needs_details=needs_details(job) or (job.quarantine_until is not None and job.quarantine_until > today),
    )
