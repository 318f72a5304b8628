"""Which items an order gets: read the shelf, let the rules choose, and lock what was chosen before others do."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.db import array_of
from app.domain.allocation import (
    Because,
    Candidate,
    Explanation,
    ProductFacts,
    Wanted,
    choose,
    find_equivalents,
    is_close_equivalent,
    may_stand_in,
)
from app.domain.authority import Tier
from app.domain.clearance import find_blockers
from app.domain.inspections import InspectionKind
from app.domain.lifecycle import State
from app.features.ordering.records import LineRecord, OrderRecord
from app.on_the_shelf import CANNOT_GO, CARRIED, KEPT_BACK, NOT_INSPECTED, PROMISED
from app.web.look_ahead import days_ahead

AS_MANY_AS_THERE_ARE = 10_000
MOST_INSTEAD = 10
"""So many products with a recycled item that can go out, and so many with a new one, are looked at that could come
instead of one: those that carry the least beyond it. What cannot go out does not count."""


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A close technical equivalent that is on the shelf."""

    product_code: str
    name: str
    recycled: int
    new: int
    unit_price_pence: int


@dataclass(frozen=True, slots=True)
class Product:
    """A product as far as equivalents are judged by it."""

    code: str
    name: str
    category: str
    tier: Tier
    safe_working_load_kg: int | None
    dimensions: dict[str, int]
    price: int


@dataclass(slots=True)
class Shelf:
    """What could be chosen for an order. `own`: reserved for its client before. `decided_loads`: products whose load
    the prescriber knows to be too low and decided about. `soon_days`: as in `Wanted`. What was taken is taken out."""

    candidates: list[Candidate]
    own: frozenset[str]
    products: Mapping[str, Product]
    elsewhere: Mapping[str, Mapping[State, int]]
    decided_loads: frozenset[str] = frozenset()
    soon_days: int = 0

    def take(self, barcodes: Iterable[str]) -> None:
        """Another line must not choose these."""
        gone = set(barcodes)
        self.candidates = [one for one in self.candidates if one.barcode not in gone]


PRODUCTS = text("""
    SELECT code, name, category, tier, safe_working_load_kg, dimensions, purchase_price_pence AS price FROM product
    WHERE code = ANY(:codes) OR (category <> '' AND category IN (SELECT category FROM product WHERE code = ANY(:codes)))
    ORDER BY code
""")
# Of each list of products, nearest first, those that have an item that can go out: it is read until there are enough of
# them, or to its end. What is held, reserved or overdue is passed over, or ten of it would hide the eleventh. Recycled
# is said as a range: new items of a product that has many are not read to find that none of them is recycled.
_NEAREST = f"""
    SELECT DISTINCT found.code
    FROM jsonb_to_recordset(CAST(:lists AS jsonb))
        AS list (codes text[], needed_kg double precision, is_recycled boolean)
    CROSS JOIN LATERAL (
        SELECT near.code
        FROM (SELECT product.id, place.code, place.number
              FROM unnest(list.codes) WITH ORDINALITY AS place (code, number) JOIN product ON product.code = place.code
              ORDER BY place.number OFFSET 0) AS near
        WHERE COALESCE((
            SELECT true FROM item JOIN product ON product.id = item.product_id
            WHERE item.product_id = near.id AND item.state = 'in_stock'
              AND item.times_issued >= CASE WHEN list.is_recycled THEN 1 ELSE 0 END
              AND item.times_issued <= CASE WHEN list.is_recycled THEN 2147483647 ELSE 0 END
              AND COALESCE({CARRIED} >= list.needed_kg, true) AND NOT ({CANNOT_GO})
            LIMIT 1), false)
        ORDER BY near.number LIMIT {MOST_INSTEAD}
    ) AS found
"""  # noqa: S608 - the parts are the constants above
# Of each product the nearest hundred recycled and the nearest hundred new ones, or as many as are wanted: nobody reads
# why a thousand were not chosen. Of what could come instead only as many as are wanted, or five. What cannot go, or
# carries too little for most of the lines, comes last among them, or a hundred on hold would hide the one that is free.
# What is kept for this client already, by a reservation of no order, is there to be chosen too. What is asked of a
# product, and of the client, is asked once and not with each item.
SHELF = text(f"""
    WITH instead AS ({_NEAREST}), mine AS MATERIALIZED (
        SELECT DISTINCT item_id FROM reservation
        WHERE client_id = :client_id AND ended_at IS NULL
          AND NOT EXISTS (SELECT FROM order_unit WHERE order_unit.reservation_id = reservation.id)
    ), of_these AS MATERIALIZED (
        SELECT id, code, safe_working_load_kg, single_patient_use,
               EXISTS (SELECT FROM product_inspection AS wanted WHERE wanted.product_id = product.id) AS is_inspected,
               (SELECT kind FROM product_inspection AS wanted
                WHERE wanted.product_id = product.id AND wanted.kind = 'loler') AS examination
        FROM product
        WHERE code = ANY(ARRAY(SELECT unnest(CAST(:asked AS text[])) UNION SELECT code FROM instead))
    ), there AS (
        SELECT item.barcode, product.code AS product_code, store.code AS store, item.times_issued > 0 AS is_recycled,
               product.id AS product_id, own.item_id IS NOT NULL AS is_own, due.due_on AS examined_by,
               {CARRIED} AS safe_working_load_kg,
               COALESCE(item.certified_load_kg < product.safe_working_load_kg, false) AS is_weaker,
               (SELECT count(*) FROM unnest(CAST(:needed AS double precision[])) AS needed (kg)
                WHERE {CARRIED} < needed.kg) AS too_weak_for,
               COALESCE(fence.team_id = :team_id, false) AS is_ours, {PROMISED} AS is_promised,
               ({KEPT_BACK} OR (product.is_inspected AND {NOT_INSPECTED})) AS cannot_go
        FROM of_these AS product JOIN item ON item.product_id = product.id JOIN store ON store.id = item.store_id
        LEFT JOIN inspection_due AS due ON due.item_id = item.id AND due.kind = product.examination
        LEFT JOIN ring_fence AS fence ON fence.item_id = item.id
        LEFT JOIN mine AS own ON own.item_id = item.id
        WHERE item.state IN ('in_stock', 'reserved') AND (item.state = 'in_stock' OR own.item_id IS NOT NULL)
    ), near AS (
        SELECT *, row_number() OVER (PARTITION BY product_id, is_recycled
                                     ORDER BY NOT is_own, cannot_go, too_weak_for, is_weaker, NOT is_ours,
                                              store <> :store, examined_by DESC NULLS LAST, barcode) AS place
        FROM there
    )
    SELECT * FROM near
    WHERE place <= CASE WHEN product_code = ANY(:asked) THEN CAST(:themselves AS int) ELSE :instead END
    ORDER BY barcode
""")  # noqa: S608 - the parts are the constants above
ELSEWHERE = text(f"""
    SELECT product.code, item.state, count(*) AS items FROM item JOIN product ON product.id = item.product_id
    WHERE product.code = ANY({array_of("codes", "text")}) AND item.state <> 'in_stock' GROUP BY product.code, item.state
""")  # noqa: S608 - a constant
# An item that somebody else is taking at this moment is passed over instead of waited for; LIMIT locks no more than it
# gives, so that many can choose from one shelf at once.
LOCK_BEST = text(f"""
    SELECT barcode FROM item
    WHERE barcode = ANY({array_of("ranked", "text")}) AND (state = 'in_stock' OR barcode = ANY(:own))
    ORDER BY array_position(CAST(:ranked AS text[]), barcode) LIMIT :quantity FOR UPDATE SKIP LOCKED
""")  # noqa: S608 - a constant
# Asked once the items are locked, by a statement of its own: what others committed just before is seen.
STILL_FREE = text(f"""
    SELECT item.barcode FROM item
    WHERE item.barcode = ANY({array_of("barcodes", "text")})
      AND NOT EXISTS (SELECT FROM reservation AS theirs
                      WHERE theirs.item_id = item.id AND theirs.ended_at IS NULL AND theirs.until_on >= :today
                        AND (theirs.client_id <> :client_id
                             OR EXISTS (SELECT FROM order_unit WHERE order_unit.reservation_id = theirs.id)))
      AND NOT EXISTS (SELECT FROM ring_fence WHERE ring_fence.item_id = item.id AND ring_fence.team_id <> :team_id)
      AND (item.state = 'in_stock' OR EXISTS (
          SELECT FROM reservation AS mine
          WHERE mine.item_id = item.id AND mine.ended_at IS NULL AND mine.client_id = :client_id))
""")  # noqa: S608 - a constant


async def read_shelf(
    session: AsyncSession, order: OrderRecord, *, today: date, decided_loads: frozenset[str] = frozenset()
) -> Shelf:
    """What is there for the lines of an order, with the evidence of each item. Four statements."""
    codes = sorted({line.product_code for line in order.lines})
    rows = (await session.execute(PRODUCTS, {"codes": codes})).mappings()
    of_class = {row["code"]: Product(**dict(row) | {"tier": Tier(row["tier"])}) for row in rows}
    needed = {line.position: _needed_kg(order, line, decided_loads) for line in order.lines}
    lists = [
        {"codes": near, "needed_kg": needed[line.position], "is_recycled": is_recycled}
        for line in order.lines
        if (near := _could_come_instead(line, of_class))
        for is_recycled in ([True] if order.recycled_only else [True, False])
    ]
    wanted = sum(line.quantity for line in order.lines)
    values = {"client_id": order.client_id, "team_id": order.team_id, "store": order.store, "today": today}
    values |= {"asked": codes, "lists": json.dumps(lists)}
    values |= {"needed": [kg for kg in needed.values() if kg is not None]}
    values |= {"themselves": max(100, wanted), "instead": max(5, wanted)}
    there = list((await session.execute(SHELF, values)).mappings())
    found = {*codes, *(row["product_code"] for row in there)}
    products = {code: product for code, product in of_class.items() if code in found}
    items = await ledger.read_items(session, [row["barcode"] for row in there]) if there else {}
    elsewhere: dict[str, dict[State, int]] = defaultdict(dict)
    for row in await session.execute(ELSEWHERE, {"codes": codes}):
        elsewhere[row.code][State(row.state)] = row.items
    candidates = [_candidate(row, items[row["barcode"]], today) for row in there if row["barcode"] in items]
    own = frozenset(row["barcode"] for row in there if row["is_own"])
    return Shelf(candidates, own, products, elsewhere, decided_loads, days_ahead(session))


def _could_come_instead(line: LineRecord, of_class: Mapping[str, Product]) -> list[str]:
    """The codes of what could come instead of it, the nearest load first; where the line takes an equivalent unseen,
    only of what may be sent so: ten dearer ones would hide the one that may."""
    if line.product_code not in of_class:
        return []
    asked, others = _asked(of_class, line), [one for one in of_class.values() if one.code != line.product_code]
    is_one = may_stand_in if line.accept_equivalent else is_close_equivalent
    close = [one for one in others if is_one(asked, _facts(one))]
    return [one.code for one in sorted(close, key=lambda one: (one.safe_working_load_kg or 0, one.code))]


def _needed_kg(order: OrderRecord, line: LineRecord, decided_loads: frozenset[str]) -> float | None:
    """What an item must carry for this line, as `order_load_blockers` asks it; None: it asks nothing."""
    if order.weight_kg is not None and line.product_code not in decided_loads:
        return order.weight_kg
    loads = [load for load in (line.safe_working_load_kg, order.weight_kg) if load is not None]
    return min(loads, default=None)


def plan(shelf: Shelf, order: OrderRecord, line: LineRecord, quantity: int, *, today: date) -> Explanation:
    """What the rules choose for a line now: what is kept for the client already, then the best of the shelf."""
    own, others = _pools(shelf, line)
    wanted = _wanted(shelf, order, line, quantity, today)
    mine = choose(wanted, own)
    left = quantity - len(mine.chosen)
    rest = choose(replace(wanted, quantity=left), others, elsewhere=shelf.elsewhere.get(line.product_code))
    if not left:
        rest = _not_needed(rest, wanted, others)
    kept = [replace(one, detail=f"It was reserved for this client. {one.detail}") for one in mine.chosen]
    counted = defaultdict(int, mine.counted)
    for code, count in rest.counted.items():
        counted[code] += count
    return Explanation((*kept, *rest.chosen), (*mine.others, *rest.others), counted)


async def choose_and_lock(
    session: AsyncSession, shelf: Shelf, order: OrderRecord, line: LineRecord, quantity: int, *, today: date
) -> Explanation:
    """What a line gets, locked; what others are taking at this moment is passed over and named. Two statements, and
    two more each time that somebody was quicker."""
    ranked = plan(shelf, order, line, AS_MANY_AS_THERE_ARE, today=today).barcodes
    locked = await _lock_best(session, shelf, order, ranked, quantity, today=today)
    passed = ranked[: ranked.index(locked[-1])] if len(locked) == quantity else ranked
    missed = [barcode for barcode in passed if barcode not in locked]
    shelf.take(missed)
    found_now = plan(shelf, order, line, quantity, today=today)
    shelf.take(locked)
    lost = [Because(barcode, "taken-meanwhile", "Somebody else is taking it at this moment.") for barcode in missed]
    counted = {**found_now.counted} | ({"taken-meanwhile": len(lost)} if lost else {})
    return Explanation(found_now.chosen, (*lost, *found_now.others), counted)


async def _lock_best(
    session: AsyncSession, shelf: Shelf, order: OrderRecord, ranked: Sequence[str], quantity: int, *, today: date
) -> list[str]:
    """The best of these that nobody else is taking, locked, in their order; as many as wanted or as there are."""
    left, free = list(ranked), set[str]()
    while left and len(free) < quantity:
        best = {"ranked": left, "own": sorted(shelf.own), "quantity": quantity - len(free)}
        found = list((await session.execute(LOCK_BEST, best)).scalars())
        if not found:
            break
        values = {"barcodes": found, "client_id": order.client_id, "team_id": order.team_id, "today": today}
        free |= set((await session.execute(STILL_FREE, values)).scalars())
        left = [barcode for barcode in left if barcode not in found]
    return [barcode for barcode in ranked if barcode in free]


def equivalents(shelf: Shelf, order: OrderRecord, line: LineRecord, *, today: date) -> list[Equivalent]:
    """The close technical equivalents on the shelf, the best first, for a line whose own product is not there."""
    facts = []
    for product in shelf.products.values():
        pool = [one for one in shelf.candidates if one.product_code == product.code]
        asked = replace(_wanted(shelf, order, line, len(pool), today), product_code=product.code)
        free = [one.code for one in choose(asked, pool).chosen] if pool else []
        facts.append(_facts(product, recycled=free.count("recycled"), new=free.count("new")))
    mine = next(one for one in facts if one.code == line.product_code)
    return [
        Equivalent(one.code, shelf.products[one.code].name, one.recycled, one.new, shelf.products[one.code].price)
        for one in find_equivalents(mine, facts)
    ]


def recycled_is_there(shelf: Shelf, order: OrderRecord, line: LineRecord, *, today: date) -> bool:
    """Whether a recycled item of the product itself could be taken."""
    pool = [one for one in shelf.candidates if one.product_code == line.product_code and one.is_recycled]
    return bool(choose(_wanted(shelf, order, line, 1, today), pool).chosen)


def _pools(shelf: Shelf, line: LineRecord) -> tuple[list[Candidate], list[Candidate]]:
    """What is kept for the client already, and the rest of the shelf; equivalents only where the line takes them."""
    codes = {line.product_code}
    if line.accept_equivalent:
        asked = _asked(shelf.products, line)
        codes |= {code for code, product in shelf.products.items() if may_stand_in(asked, _facts(product))}
    pool = [one for one in shelf.candidates if one.product_code in codes]
    own = [one for one in pool if one.barcode in shelf.own]
    return own, [one for one in pool if one.barcode not in shelf.own]


def _not_needed(rest: Explanation, wanted: Wanted, others: Sequence[Candidate]) -> Explanation:
    """Nothing of the shelf is needed beside what is kept for the client; what would have done is named with that."""
    fitting = choose(replace(wanted, quantity=AS_MANY_AS_THERE_ARE), others)
    spare = [Because(one.barcode, "not-needed", "What is kept for the client is enough.") for one in fitting.chosen]
    counted = {**rest.counted} | ({"not-needed": len(spare)} if spare else {})
    return Explanation((), (*spare, *rest.others), counted)


def _wanted(shelf: Shelf, order: OrderRecord, line: LineRecord, quantity: int, today: date) -> Wanted:
    return Wanted(
        product_code=line.product_code,
        quantity=quantity,
        store=order.store,
        on=today,
        client_weight_kg=order.weight_kg,
        ordered_load_kg=line.safe_working_load_kg,
        is_load_decided=line.product_code in shelf.decided_loads,
        accept_equivalent=line.accept_equivalent,
        prefer_new=line.prefer_new,
        soon_days=shelf.soon_days,
        recycled_only=order.recycled_only,
        team_id=order.team_id,
    )


def _asked(products: Mapping[str, Product], line: LineRecord) -> ProductFacts:
    """The product of a line. What it may cost is what the order was judged by."""
    return replace(_facts(products[line.product_code]), price_pence=line.unit_price_pence)


def _facts(product: Product, *, recycled: int = 0, new: int = 0) -> ProductFacts:
    return ProductFacts(
        code=product.code,
        category=product.category,
        tier=product.tier,
        safe_working_load_kg=product.safe_working_load_kg,
        price_pence=product.price,
        dimensions=product.dimensions,
        recycled=recycled,
        new=new,
    )


def _candidate(row: RowMapping, item: ledger.ItemRecord, today: date) -> Candidate:
    examined = [due for due in item.evidence.due if due.kind is InspectionKind.LOLER]
    facts: dict[str, Any] = {name: row[name] for name in ("barcode", "product_code", "store", "is_recycled")}
    return Candidate(
        **facts,
        is_examined=bool(examined),
        examination_due_on=examined[0].due_on if examined else None,
        safe_working_load_kg=row["safe_working_load_kg"],
        blockers=tuple(find_blockers(item.evidence, on=today)),
        is_promised=row["is_promised"],
        ring_fence=item.ring_fence,
    )
