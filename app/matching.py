"""Which items of the register a safety notice covers: for all features that activate one, or that change an item.

Reads only; what follows from a match is its caller's. The rules are `domain/notices.py`, and as SQL `scope_sql.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.maker_names import Alias, MakerNames
from app.domain.notice_conditions import Marking, NumberList
from app.domain.notice_evidence import NearMiss, explain, find_near_misses, read_findings, write_findings
from app.domain.notice_parsing import KEYS
from app.domain.notice_products import ProductFacts, find_products
from app.domain.notice_scope import Scope
from app.domain.notices import ItemFacts, Result, decide
from app.domain.written_numbers import forms_of, loose_forms
from app.scope_sql import HOME, Answer, Compiled, KnownProduct, Register, compile_findings, compile_scope, is_near

NAMES_AS_JSON: Final = """
    SELECT jsonb_agg(jsonb_build_array(name, resolves_to, from_on, until_on) ORDER BY id) FROM maker_alias
"""
"""Which makers' names stand for one maker, as `names_from` takes them."""
NAMES = text(NAMES_AS_JSON)
PRODUCTS = text("SELECT id, code, manufacturer, model, category, udi_di FROM product ORDER BY id")
FACTS = text("""
    SELECT item.id, item.serial_number, item.lot_number, item.manufactured_on, item.manufactured_precision,
           item.received_on, item.dispatched_on, item.udi_di, product.code, product.manufacturer, product.model,
           product.category, product.udi_di AS product_udi_di
    FROM item JOIN product ON product.id = item.product_id WHERE item.id = ANY (:item_ids)
""")
PARTS = text("""
    SELECT repair.item_id, part.part_number, part.fitted_on
    FROM standing_part AS part JOIN repair ON repair.id = part.repair_id
    WHERE repair.item_id = ANY (:item_ids) ORDER BY part.id
""")
TOGETHER = text(f"""
    WITH ours AS (
        SELECT loan.item_id, {HOME} AS home, client.postcode FROM loan JOIN client ON client.id = loan.client_id
        WHERE loan.ended_at IS NULL AND loan.item_id = ANY (:item_ids)
    )
    SELECT ours.item_id, product.code, product.manufacturer, product.model, product.category, product.udi_di
    FROM ours JOIN client ON client.postcode = ours.postcode AND {HOME} = ours.home
    JOIN loan ON loan.client_id = client.id AND loan.ended_at IS NULL AND loan.item_id <> ours.item_id
    JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    ORDER BY ours.item_id, loan.id
""")
NEARBY = text(f"""
    SELECT ours.item_id, GREATEST(ours.started_at, theirs.started_at) AS since,
           product.code, product.manufacturer, product.model, product.category, product.udi_di
    FROM loan AS ours JOIN client AS here ON here.id = ours.client_id JOIN client AS there ON {is_near("here", "there")}
    JOIN loan AS theirs ON theirs.client_id = there.id AND theirs.ended_at IS NULL AND theirs.item_id <> ours.item_id
    JOIN item ON item.id = theirs.item_id JOIN product ON product.id = item.product_id
    WHERE ours.ended_at IS NULL AND ours.item_id = ANY (:item_ids)
    ORDER BY ours.item_id, theirs.id
""")
# Planned for the values at hand; not compiled to machine code, which takes longer than it saves; and with memory for
# lists and loans to be looked up by hashing: without it, 300,000 loans were walked through once for each item.
PLANNING = text("""
    SELECT set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true),
           set_config('work_mem', '64MB', true)
""")


@dataclass(frozen=True, slots=True)
class Matched:
    """An item that is affected or possible; `evidence` is what `notice_evidence.read_findings` reads. `changed_by`: it
    is neither, since this person changed what the catalogue says, and waits for somebody else as others do."""

    item_id: int
    barcode: str
    result: Result
    evidence: str
    changed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items there are of each result."""

    affected: int
    possible: int
    not_affected: int


@dataclass(frozen=True, slots=True)
class Unmatched:
    """How many numbers of a list stand on none of our records, with those numbers; `line`: its place."""

    line: int
    marking: Marking
    listed: int
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """An item whose number is easily taken for one of a list."""

    item_id: int
    barcode: str
    line: int
    miss: NearMiss


async def read_names(session: AsyncSession) -> MakerNames:
    """Which makers' names stand for one maker. One statement."""
    return names_from(await session.scalar(NAMES) or [])


def names_from(rows: Sequence[tuple[str, str, str | None, str | None]]) -> MakerNames:
    """The same from `NAMES_AS_JSON`, which some other statement read along."""
    return MakerNames([Alias(name, now, _day(since), _day(until)) for name, now, since, until in rows])


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None


async def read_register(
    session: AsyncSession, *, today: date, answers: Sequence[Answer] = (), item_ids: Sequence[int] | None = None
) -> Register:
    """What scopes are asked with. Two statements, whatever the number of scopes.

    `answers`: what was seen on items, an item's newest to each question. `item_ids`: only these items are asked about.
    """
    rows = await session.execute(PRODUCTS)
    products = [KnownProduct(row.id, _product(row)) for row in rows]
    return Register(products, await read_names(session), today, answers, item_ids)


async def compile_for(session: AsyncSession, scope: Scope, register: Register) -> Compiled:
    """The statement that finds what the scope covers, to be put into a larger one. The rest of the transaction is
    planned as it wants to be."""
    await session.execute(PLANNING)
    return compile_scope(scope, register)


async def find_matches(session: AsyncSession, scope: Scope, register: Register) -> list[Matched]:
    """Every item that the scope makes affected or possible, by barcode. Two statements."""
    compiled = await compile_for(session, scope, register)
    wanted = text(f"""
        SELECT matched.item_id, item.barcode, matched.result, matched.evidence
        FROM ({compiled.sql}) AS matched JOIN item ON item.id = matched.item_id ORDER BY item.barcode
    """)
    rows = await session.execute(wanted, dict(compiled.values))
    return [Matched(row.item_id, row.barcode, Result(row.result), row.evidence) for row in rows]


async def find_evidence(session: AsyncSession, scope: Scope, register: Register) -> dict[int, str]:
    """The evidence on each item that the register names, whatever the scope makes of it; thousands have the same.
    Two statements."""
    await session.execute(PLANNING)
    compiled = compile_findings(scope, register)
    found: dict[int, tuple[tuple[int, tuple[int, ...]], ...]] = dict.fromkeys(register.item_ids or (), ())
    for row in await session.execute(text(f"{compiled.sql} ORDER BY line"), dict(compiled.values)):
        found[row.item_id] += ((row.line, tuple(row.findings)),)
    known = {each: write_findings(decide(scope, dict(each)).findings) for each in set(found.values())}
    return {item_id: known[each] for item_id, each in found.items()}


class Because:
    """Turns evidence into sentences; thousands of items have the same."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._known: dict[str, tuple[str, ...]] = {}

    def of(self, evidence: str) -> tuple[str, ...]:
        """The sentences."""
        if evidence not in self._known:
            self._known[evidence] = explain(self._scope, read_findings(evidence))
        return self._known[evidence]


async def read_facts(
    session: AsyncSession, item_ids: Sequence[int], answers: Sequence[Answer] = ()
) -> dict[int, ItemFacts]:
    """What is recorded of these items, to ask many scopes about few items (`notices.match`). Three statements, and one
    more where somebody has looked at them."""
    wanted = {"item_ids": list(item_ids)}
    parts: dict[int, list[tuple[str, date]]] = {}
    for row in await session.execute(PARTS, wanted):
        parts.setdefault(row.item_id, []).append((row.part_number, row.fitted_on))
    together: dict[int, list[ProductFacts]] = {}
    for row in await session.execute(TOGETHER, wanted):
        together.setdefault(row.item_id, []).append(_product(row))
    seen: dict[int, dict[str, bool]] = {}
    when: dict[int, dict[str, datetime]] = {}
    for answer in answers:
        seen.setdefault(answer.item_id, {})[answer.question] = answer.is_so
        if answer.seen_at:
            when.setdefault(answer.item_id, {})[answer.question] = answer.seen_at
    # Nobody asks what is nearby where nobody has looked.
    nearby: dict[int, list[tuple[ProductFacts, datetime]]] = {}
    for row in await session.execute(NEARBY, {"item_ids": list(seen)}) if seen else ():
        nearby.setdefault(row.item_id, []).append((_product(row), row.since))
    return {
        row.id: ItemFacts(
            product=ProductFacts(row.code, row.manufacturer, row.model, row.category, tuple(row.product_udi_di)),
            received_on=row.received_on,
            serial_number=row.serial_number,
            lot_number=row.lot_number,
            manufactured_on=row.manufactured_on,
            manufactured_precision=row.manufactured_precision,
            dispatched_on=row.dispatched_on,
            udi_di=row.udi_di,
            parts=tuple(parts.get(row.id, ())),
            together=tuple(together.get(row.id, ())),
            nearby=tuple(nearby.get(row.id, ())),
            answers=seen.get(row.id, {}),
            seen_at=when.get(row.id, {}),
        )
        for row in await session.execute(FACTS, wanted)
    }


NUMBERED = {
    Marking.SERIAL: text("SELECT id, barcode, serial_number AS number FROM item WHERE product_id = ANY (:products)"),
    Marking.LOT: text("SELECT id, barcode, lot_number AS number FROM item WHERE product_id = ANY (:products)"),
}


async def check_lists(session: AsyncSession, scope: Scope, register: Register) -> tuple[list[Near], list[Unmatched]]:
    """The items of the products of a line whose number is nearly one of its lists, and how many numbers of a list stand
    on none of them, for a person to look at.

    A statement for each list of a line that takes items in.
    """
    near: list[Near] = []
    unmatched: list[Unmatched] = []
    for place, line in enumerate(scope.lines):
        lists = [leaf for leaf in line.leaves if isinstance(leaf, NumberList) and not line.is_exclude]
        if not lists:
            continue
        found = find_products(line, [product.facts for product in register.products], register.names)
        products = [product.id for product, each in zip(register.products, found, strict=True) if each is not None]
        for leaf in lists:
            rows = (await session.execute(NUMBERED[leaf.marking], {"products": products})).all()
            near += _near(leaf, place, [(row.id, row.barcode, row.number) for row in rows if row.number])
            without = _without_item(leaf, [row.number for row in rows if row.number])
            unmatched.append(Unmatched(place, leaf.marking, len(leaf.numbers), without))
    return near, unmatched


def _without_item(leaf: NumberList, recorded: Sequence[str]) -> tuple[str, ...]:
    key_of = KEYS[leaf.marking]
    keys = {key_of(number) for number in recorded}
    forms = {form for number in recorded for form in forms_of(number)}
    return tuple(
        number for number in leaf.numbers if key_of(number) not in keys and forms.isdisjoint(loose_forms(number))
    )


def _near(leaf: NumberList, place: int, items: Sequence[tuple[int, str, str]]) -> list[Near]:
    by_number: dict[str, list[tuple[int, str]]] = {}
    for item_id, barcode, number in items:
        by_number.setdefault(number, []).append((item_id, barcode))
    misses = find_near_misses(leaf.marking, leaf.numbers, by_number)
    return [Near(item_id, barcode, place, miss) for miss in misses for item_id, barcode in by_number[miss.recorded]]


def _product(row: Row[Any]) -> ProductFacts:
    return ProductFacts(row.code, row.manufacturer, row.model, row.category, tuple(row.udi_di))
