"""Every form in which real notices write what they cover, asked of a register in SQL; near misses; few items alone."""

from collections.abc import Sequence
from datetime import date
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import matching
from app.domain.lifecycle import State
from app.domain.maker_names import Alias, name_key
from app.domain.notice_conditions import Marking
from app.domain.notice_evidence import NearMiss
from app.domain.notice_parsing import read_scope
from app.domain.notice_products import ProductFacts
from app.domain.notices import ItemFacts, Result, match
from app.features.workshop.repairs import service as repairs
from app.features.workshop.repairs.service import NewPart
from app.scope_sql import Answer
from tests.conftest import Clock, Query, Sessions, Statements
from tests.domain.notice_forms import FORMS, TODAY, Form, line
from tests.given import Given

ALIAS = text("""
    INSERT INTO maker_alias (name, name_key, resolves_to, resolves_to_key, from_on, until_on, recorded_at, recorded_by)
    VALUES (:name, :name_key, :to, :to_key, :from_on, :until_on, now(), 'safety')
""")


async def record(session: AsyncSession, aliases: Sequence[Alias]) -> None:
    """Makers' other names."""
    for alias in aliases:
        keys = {"name_key": name_key(alias.name), "to": alias.resolves_to, "to_key": name_key(alias.resolves_to)}
        days = {"from_on": alias.from_on, "until_on": alias.until_on}
        await session.execute(ALIAS, {"name": alias.name, **keys, **days})


class Stocked:
    """Puts items of which the facts are known into the register, by the real verbs."""

    def __init__(self, given: Given, sessions: Sessions, clock: Clock) -> None:
        self._given, self._sessions, self._clock = given, sessions, clock
        self._numbers = count(1)
        self._products: dict[tuple[str, ...], str] = {}

    async def product(self, facts: ProductFacts, serial: str = "") -> str:
        """Its line in the catalogue, another for each serial number; without a category it is of a group of its own."""
        key = facts.code, facts.manufacturer, facts.model, facts.category, *facts.udi_di, serial
        if key not in self._products:
            details: dict[str, Any] = {
                "manufacturer": facts.manufacturer,
                "model": facts.model,
                "udi_di": list(facts.udi_di),
            }
            pairs = facts.category or "99 99"
            self._products[key] = await self._given.product(facts.code or None, category=pairs, **details)
        return self._products[key]

    async def item(self, facts: ItemFacts) -> str:
        """The item, with its parts and with what is used together with it."""
        details = {name: getattr(facts, name) for name in ("lot_number", "manufactured_on", "dispatched_on", "udi_di")}
        details |= {"received_on": facts.received_on, "manufactured_precision": facts.manufactured_precision}
        serials = {"serial_numbers": [facts.serial_number]} if facts.serial_number else {}
        details = {name: value for name, value in details.items() if value is not None} | serials
        serial = f"{facts.serial_number}/{next(self._numbers)}" if facts.serial_number else ""
        [barcode] = await self._given.items(1, product=await self.product(facts.product, serial), **details)
        if facts.together:
            client = await self._given.client(address=f"{barcode} High Street")
            await self._given.on(barcode, State.ON_LOAN, client=client)
            for other in facts.together:
                [beside] = await self._given.items(1, product=await self.product(other))
                await self._given.on(beside, State.ON_LOAN, client=client)
        if facts.parts:
            await self._given.on(barcode, State.IN_REPAIR)
            parts = [
                NewPart(part_number=number, description="Part", cost_pence=1, fitted_on=day)
                for number, day in facts.parts
            ]
            async with self._sessions.begin() as session:
                await repairs.fit_parts(session, barcode, parts, actor="technician", at=self._clock.now)
        return barcode


@pytest.fixture
def stocked(given: Given, sessions: Sessions, clock: Clock) -> Stocked:
    """Puts items into the register."""
    return Stocked(given, sessions, clock)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
async def test_sql_covers_what_the_form_says(form: Form, stocked: Stocked, session: AsyncSession, query: Query) -> None:
    asks_for_category = any(each.get("categories") for each in form.lines)
    items = [one for one in form.items if one[0].product.category or not asks_for_category]
    barcodes = [await stocked.item(facts) for facts, _ in items]
    await record(session, form.aliases)
    ids = {row["barcode"]: row["id"] for row in await query("SELECT id, barcode FROM item")}
    answers = [
        Answer(ids[barcode], question, is_so)
        for barcode, (facts, _) in zip(barcodes, items, strict=True)
        for question, is_so in facts.answers.items()
    ]
    scope = read_scope(form.lines)
    register = await matching.read_register(session, today=TODAY, answers=answers)
    rows = {row.barcode: row for row in await matching.find_matches(session, scope, register)}
    found = [rows[barcode].result.value if barcode in rows else "not_affected" for barcode in barcodes]
    assert found == [result for _, result in items]
    facts = await matching.read_facts(session, [ids[barcode] for barcode in barcodes], answers)
    for barcode in barcodes:
        one = match(scope, facts[ids[barcode]], names=register.names, today=TODAY)
        assert one.result is (rows[barcode].result if barcode in rows else Result.NOT_AFFECTED)


async def test_near_misses_are_listed_and_not_decided(stocked: Stocked, session: AsyncSession, clock: Clock) -> None:
    product = ProductFacts(manufacturer="Arjo", model="700-19425")
    numbers = ("AB0001", "ABO001", "AB0004", "AB9999", None)
    barcodes = [await stocked.item(ItemFacts(product, clock.today, serial_number=number)) for number in numbers]
    await stocked.item(ItemFacts(ProductFacts(model="Other"), clock.today, serial_number="AB0004"))
    lots = line("exclude", where={"lots": ["L1"]})
    scope = read_scope([line(models=["700-19425"], where={"serials": ["AB0001", "AB0003"]}), lots])
    register = await matching.read_register(session, today=clock.today)
    near, unmatched = await matching.check_lists(session, scope, register)
    assert [(one.line, one.listed, one.numbers) for one in unmatched] == [(0, 2, ("AB0003",))]
    assert [(one.barcode, one.line, one.miss) for one in near] == [
        (barcodes[1], 0, NearMiss(Marking.SERIAL, "ABO001", "AB0001")),
        (barcodes[2], 0, NearMiss(Marking.SERIAL, "AB0004", "AB0001")),
        (barcodes[2], 0, NearMiss(Marking.SERIAL, "AB0004", "AB0003")),
    ]
    rows = await matching.find_matches(session, scope, register)
    assert [(row.barcode, row.result.value) for row in rows] == [(barcodes[0], "affected"), (barcodes[4], "possible")]
    because = matching.Because(scope)
    assert because.of(rows[1].evidence) == (
        "Its model is covered: model 700-19425.",
        "Its serial number is not recorded, so it may be covered: one of 2 serial numbers: AB0001 or AB0003.",
    )
    assert because.of(rows[1].evidence) is because.of(rows[1].evidence)


async def test_few_items_are_asked_alone_and_in_few_statements(
    stocked: Stocked, session: AsyncSession, clock: Clock, query: Query, statements: Statements
) -> None:
    first, second = [await stocked.item(ItemFacts(ProductFacts(model="A"), clock.today)) for _ in range(2)]
    [row] = await query("SELECT id FROM item WHERE barcode = :barcode", barcode=second)
    scope = read_scope([line(models=["A"]), line("exclude", models=["A"], where={"lots": ["L1"]})])
    statements.clear()
    register = await matching.read_register(session, today=clock.today, item_ids=[row["id"]])
    assert [one.barcode for one in await matching.find_matches(session, scope, register)] == [second]
    assert len(statements) == 4
    statements.clear()
    assert list(await matching.read_facts(session, [row["id"]])) == [row["id"]]
    assert len(statements) == 3
    assert first != second


async def test_the_week_of_a_date_ends_on_its_sunday(stocked: Stocked, session: AsyncSession) -> None:
    product = ProductFacts(model="A")
    made = date(2009, 3, 9)
    await stocked.item(ItemFacts(product, TODAY, manufactured_on=made, manufactured_precision="week"))
    register = await matching.read_register(session, today=TODAY)
    for day, results in (("2009-03-15", ["affected"]), ("2009-03-16", [])):
        scope = read_scope([line(models=["A"], where={"date": {"kind": "manufactured", "from": day}})])
        assert [row.result.value for row in await matching.find_matches(session, scope, register)] == results


async def test_a_thing_is_not_together_with_itself(stocked: Stocked, session: AsyncSession, clock: Clock) -> None:
    hoist = ProductFacts(model="Hoist")
    sling = ProductFacts(model="Sling")
    await stocked.item(ItemFacts(hoist, clock.today, together=(sling,)))
    register = await matching.read_register(session, today=clock.today)
    for model, result in (("Hoist", "possible"), ("Sling", "affected")):
        scope = read_scope([line(models=["Hoist"], where={"together_with": {"models": [model]}})])
        assert [row.result.value for row in await matching.find_matches(session, scope, register)] == [result]


async def test_a_notice_of_which_nothing_is_in_the_catalogue_finds_nothing(session: AsyncSession) -> None:
    register = await matching.read_register(session, today=TODAY)
    for lines in ([line(models=["A"])], [line(models=["A"]), line(models=["B"]), line("exclude", models=["C"])]):
        assert await matching.find_matches(session, read_scope(lines), register) == []
