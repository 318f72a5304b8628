"""The queues of the benches: what is waited for comes first and says so; many items at once; what was done today."""

from itertools import product as every
from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.benches import Bench
from app.domain.clearance import is_past_use
from app.domain.hygiene import Outcome
from app.domain.inspections import InspectionOutcome
from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query, SignIn, Statements
from tests.features.ordering.conftest import Orders
from tests.given import Given
from tests.problems import check_problem

QUEUE = "/api/v1/workshop/queue"


@pytest.fixture
def orders(given: Given, sign_in: SignIn) -> Orders:
    """Orders in few words."""
    return Orders(given, sign_in)


async def queue(client: AsyncClient, bench: Bench = Bench.RETURNED, **params: Any) -> list[tuple[str, str]]:
    """The barcodes of a bench in order, and why each stands where it does."""
    lines = (await client.get(QUEUE, params={"bench": bench.value, **params})).json()["items"]
    return [(line["barcode"], line["why"]) for line in lines]


NOBODY = "Nobody waits for it. It stands by how long it has been here."


async def test_what_prescribers_wait_for_comes_first_and_the_most_urgent_before_the_others(
    as_technician: AsyncClient, given: Given, orders: Orders, clock: Clock
) -> None:
    chair, stool, rail = [await given.product() for _ in range(3)]
    idle = await given.item(State.RETURNED, product=rail)
    clock.move(days=1)
    chairs = [await given.item(State.RETURNED, product=chair) for _ in range(3)]
    [stool_here] = [await given.item(State.RETURNED, product=stool)]
    await orders.submitted(chair)
    clock.move(days=1)
    await orders.submitted(chair, by="senior.ot")
    await orders.submitted(stool, speed="next_day")
    two_wait = "2 prescribers wait for this, the first since 3 March 2026."
    found = await queue(as_technician)
    assert found == [
        (stool_here, "1 prescriber waits for this, since 4 March 2026."),
        (chairs[0], two_wait),
        (chairs[1], two_wait),
        (idle, NOBODY),
        (chairs[2], "Those before it are enough for what is waited for: 2 of this product."),
    ]


async def test_nobody_waits_for_what_stands_on_the_shelf_or_is_held_for_its_order(
    as_technician: AsyncClient, given: Given, orders: Orders
) -> None:
    chair = await given.product()
    dirty = await given.item(State.RETURNED, product=chair)
    order = await orders.submitted(chair)
    assert (await queue(as_technician))[0][1].startswith("1 prescriber waits")
    shelf = await given.item(product=chair)
    assert await queue(as_technician) == [(dirty, NOBODY)]
    await orders.step(order["number"], "allocate")
    assert (await given.record(shelf)).state is State.RESERVED
    assert await queue(as_technician) == [(dirty, NOBODY)]


async def test_of_a_day_an_emergency_goes_before_what_was_ordered_earlier(
    as_technician: AsyncClient, given: Given, orders: Orders, clock: Clock
) -> None:
    products = [await given.product() for _ in range(3)]
    week, same_day, emergency = [await given.item(State.RETURNED, product=product) for product in products]
    for product, speed in zip(products, ("five_day", "same_day", "emergency"), strict=True):
        clock.move(minutes=5)
        await orders.submitted(product, speed=speed)
    assert [barcode for barcode, _ in await queue(as_technician)] == [emergency, same_day, week]


async def test_what_the_shelf_is_short_of_is_waited_for_and_no_more(
    as_technician: AsyncClient, given: Given, orders: Orders, clock: Clock
) -> None:
    chair = await given.product()
    dirty = [await given.item(State.RETURNED, product=chair) for _ in range(2)]
    await orders.submitted(chair)
    clock.move(days=1)
    await orders.submitted(chair, by="senior.ot")
    await given.item(product=chair)
    assert await queue(as_technician) == [
        (dirty[0], "1 prescriber waits for this, since 3 March 2026."),
        (dirty[1], "Those before it are enough for what is waited for: 1 of this product."),
    ]


async def test_an_item_on_hold_is_for_nobody_and_comes_last(
    as_technician: AsyncClient, given: Given, orders: Orders
) -> None:
    chair = await given.product()
    held, free = [await given.item(State.RETURNED, product=chair) for _ in range(2)]
    await given.hold(held)
    await orders.submitted(chair)
    assert [barcode for barcode, _ in await queue(as_technician)] == [free, held]
    assert (await queue(as_technician))[1][1] == "It is on hold, so it comes last."


async def test_what_is_kept_for_a_client_goes_before_what_nobody_waits_for(
    as_technician: AsyncClient, as_ot: AsyncClient, given: Given, clock: Clock
) -> None:
    idle = await given.item(State.AWAITING_INSPECTION)
    kept = await given.item()
    body = {"barcode": kept, "client_ref": await given.client(), "from": clock.day(5), "until": clock.day(9)}
    answer = await as_ot.post("/api/v1/reservations", json=body)
    assert answer.status_code == 201, answer.text
    await given.inspected(kept, InspectionOutcome.FAILED)
    await given.repaired(kept)
    found = await queue(as_technician, Bench.AWAITING_INSPECTION)
    assert [barcode for barcode, _ in found] == [kept, idle]
    assert found[0][1] == "It is kept for a client from 7 March 2026."


@pytest.mark.parametrize("spent", [False, True])
async def test_the_scrap_bench_has_what_the_rule_says_is_past_use_and_no_other(
    as_technician: AsyncClient, given: Given, spent: bool
) -> None:
    codes = [
        await given.product(single_patient_use=spent, decontamination_route=route) for route in ("wash_down", "cannot")
    ]
    states = (State.RETURNED,) if spent else (State.RETURNED, State.DECONTAMINATING, State.IN_REPAIR)
    barcodes = []
    for code, state in every(codes, states):
        if code == codes[0] or state is State.RETURNED:
            barcodes.append(await given.item(state, product=code))
    cannot = await given.item(State.DECONTAMINATING)
    await given.cleaned(cannot, Outcome.CANNOT)
    barcodes.append(cannot)
    records = [await given.record(barcode) for barcode in barcodes]
    wanted = {one.barcode for one in records if is_past_use(one.evidence, one.route)}
    assert {barcode for barcode, _ in await queue(as_technician, Bench.SCRAP)} == wanted
    others = [await queue(as_technician, bench) for bench in Bench if bench is not Bench.SCRAP]
    assert {barcode for found in others for barcode, _ in found} == set(barcodes) - wanted


async def test_a_queue_comes_in_pages_at_a_fixed_cost(
    as_technician: AsyncClient, technician: Browser, given: Given, statements: Statements
) -> None:
    barcodes = [await given.item(State.RETURNED) for _ in range(5)]
    counts, first = [], {}
    for limit in (1, 4):
        statements.clear()
        first = (await as_technician.get(QUEUE, params={"limit": limit})).json()
        counts.append(len(statements))
    assert counts[0] == counts[1]
    rest = (await as_technician.get(QUEUE, params={"limit": 4, "after": first["next"]})).json()
    assert [line["barcode"] for line in first["items"] + rest["items"]] == barcodes
    assert rest["next"] is None
    check_problem(await as_technician.get(QUEUE, params={"after": "200000"}), 422, "bad-cursor")
    check_problem(await as_technician.get(QUEUE, params={"bench": "moon"}), 422)
    statements.clear()
    await technician.get("/workshop?bench=returned")
    one_page = len(statements)
    await given.item(State.RETURNED)
    statements.clear()
    await technician.get("/workshop?bench=returned")
    assert len(statements) == one_page


async def test_the_page_says_what_was_done_today_and_by_the_hour(
    technician: Browser, given: Given, clock: Clock
) -> None:
    assert "Nothing was done at the benches yet today." in (await technician.get("/workshop")).text
    await given.recycled()
    await given.item(State.IN_REPAIR)
    clock.move(days=1)
    assert "Nothing was done at the benches yet today." in (await technician.get("/workshop")).text
    await given.recycled()
    rows = {row[0]: row[1:6] for row in tables(await technician.get("/workshop"))}
    assert rows["Today"] == ["1", "1", "0", "1", "0"]
    # A cleaning that is taken back was none.
    wrong = await given.item(State.AWAITING_INSPECTION)
    rows = {row[0]: row[1:6] for row in tables(await technician.get("/workshop"))}
    assert rows["Today"] == ["2", "1", "0", "1", "0"]
    record = (await technician.get(f"/items/{wrong}/cleanings")).soup.select_one('a[href$="/correct"]')
    assert record
    await technician.post_form(str(record["href"]), outcome="failed", reason="Soiled.")
    rows = {row[0]: row[1:6] for row in tables(await technician.get("/workshop"))}
    assert rows["Today"] == ["1", "1", "0", "1", "0"]


def tables(page: Any) -> list[list[str]]:
    """All rows of all tables of a page, as words."""
    return [[cell.get_text(strip=True) for cell in row.select("th, td")] for row in page.soup.select("tr")]


TOGETHER = "/workshop/together"
WASTE = {"waste_stream": "general", "reference": "WTN-1"}


def results(page: Any) -> list[str]:
    """How each of many items ended."""
    return [row[2] for row in tables(page) if len(row) == 4][1:]


async def test_many_are_scanned_and_then_cleaned_released_and_scrapped_together(
    technician: Browser, technician2: Browser, given: Given, query: Query
) -> None:
    items = [await given.item(State.RETURNED) for _ in range(2)]
    spent = await given.item(State.RETURNED, product=await given.product(single_patient_use=True))
    tags = "\n".join([*items, spent, "ES000123473", items[0]])
    begun = await technician.post_form(TOGETHER, barcodes=tags, do="start", infection_risk="low")
    assert [one.split(".")[0] for one in results(begun)] == ["Done", "Done", "Refused", "Refused", "Done already"]
    done = await technician.post_form(TOGETHER, barcodes="\n".join(items), do="passed", method="By hand")
    assert results(done) == ["Done", "Done"]
    papers = done.soup.select_one('a[href^="/certificates?"]')
    assert papers
    assert all(one in str(papers["href"]) for one in items)
    for barcode in items:
        await given.inspected(barcode)
    shelved = await technician2.post_form(TOGETHER, barcodes=", ".join([*items, spent]), do="release", bay="C1")
    assert [one.split(".")[0] for one in results(shelved)] == ["Done", "Done", "Refused"]
    gone = await technician.post_form(
        TOGETHER, barcodes="\n".join([items[0], spent]), do="scrap", notes="Cage 2.", **WASTE
    )
    assert [one.split(".")[0] for one in results(gone)] == ["Refused", "Done"]
    assert (await given.record(spent)).state is State.SCRAPPED
    again = await technician.post_form(TOGETHER, barcodes=spent, do="scrap", **WASTE)
    assert "scrapped" in results(again)[0]
    [line] = await query("SELECT reason FROM movement WHERE move = 'scrap'")
    assert line["reason"] == "Past use. Cage 2."


async def test_what_is_wrong_with_many_is_said_on_the_form(technician: Browser, given: Given) -> None:
    assert set((await technician.post_form(TOGETHER)).errors) == {"barcodes", "do"}
    barcode = await given.item(State.RETURNED)
    wrong = await technician.post_form(TOGETHER, barcodes=barcode, do="start", route="thermal", contractor="X")
    assert set(wrong.errors) == {"contractor"}
    kept = await given.reservation()
    refused = await technician.post_form(TOGETHER, barcodes=kept.barcode, do="release")
    assert "reserved" in results(refused)[0]
    assert (await given.record(kept.barcode)).state is State.RESERVED


async def test_many_cost_as_many_statements_as_one(technician: Browser, given: Given, statements: Statements) -> None:
    barcodes = [await given.item(State.AWAITING_INSPECTION) for _ in range(4)]
    for barcode in barcodes:
        await given.inspected(barcode, by="technician")
    page = await technician.get(TOGETHER)
    counts = []
    for some in (barcodes[:1], barcodes[1:]):
        page = await technician.get(TOGETHER)
        statements.clear()
        await technician.send(page, TOGETHER, barcodes="\n".join(some), do="release")
        counts.append(len(statements))
    assert counts[0] == counts[1]
