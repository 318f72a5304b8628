"""Every consequence of a movement is charged, exactly once, to whoever pays."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.hygiene import Outcome, Route
from app.domain.inspections import InspectionOutcome
from app.domain.lifecycle import State
from tests.conftest import Clock, Query, SignIn, Statements
from tests.features.finance.billing import ALL, charged, rate, usual_rates
from tests.features.ordering.conftest import Orders, barcodes, done
from tests.features.scans import batch, said, send
from tests.given import TRIED, Given
from tests.problems import check_problem

SPLIT = text("""
    INSERT INTO order_share (order_id, funder_id, position, percent)
    SELECT equipment_order.id, funder.id, part.place, part.percent FROM equipment_order
    JOIN (VALUES ('ASC', 1, 60.01), ('ICB', 2, 39.99)) AS part (code, place, percent) ON true
    JOIN funder ON funder.code = part.code WHERE equipment_order.number = :number
""")
CAME = [("delivery", "ASC", 1_600)]


@pytest.fixture
def orders(given: Given, sign_in: SignIn) -> Orders:
    """Orders in few words."""
    return Orders(given, sign_in)


@pytest.fixture(autouse=True)
async def rates(connection: AsyncConnection) -> None:
    """Everything has its price."""
    await usual_rates(connection)


async def sent(orders: Orders, given: Given) -> tuple[str, list[str]]:
    """An order of two to keep and one to try, with the driver: its number and its labels."""
    lent, tried = await given.product(purchase_price_pence=10_001), await given.product(purchase_price_pence=5_000)
    await given.items(2, product=lent)
    await given.items(1, product=tried)
    trial = {"product_code": tried, "kind": "trial", "trial_days": 14, "trial_goals": "Sits for an hour."}
    order = await orders.dispatched(lent, tried, lines=[{"product_code": lent, "quantity": 2}, trial])
    return order["number"], [barcode for barcode in barcodes(order) if barcode]


@pytest.mark.parametrize("way", ["page", "one by one", "together"])
async def test_an_order_of_loans_and_trials_is_driven_once_a_day(
    orders: Orders, given: Given, clock: Clock, query: Query, as_technician: AsyncClient, way: str
) -> None:
    number, labels = await sent(orders, given)
    if way == "page":
        await orders.step(number, "deliver", received_by="Mo")
    else:
        for some in [labels] if way == "together" else [[label] for label in labels]:
            body = batch(*some, at=clock.now, received_by="Mo")
            assert {one for one, _ in said(await send(as_technician, "deliveries", body))} == {"accepted"}
    lines = await charged(query)
    assert sorted(lines) == [*CAME, *[("new_purchase", "ASC", pence) for pence in (5_000, 10_001, 10_001)]]
    [drive] = [row for row in await query(ALL) if row["kind"] == "delivery"]
    assert (drive["variant"], drive["product_id"], drive["order_id"] is None) == ("five_day", None, False)
    assert {row["reason"] for row in await query(ALL)} == {"hospital_discharge"}
    assert {row["district"] for row in await query(ALL)} == {"SR7"}


async def test_another_day_is_another_drive(orders: Orders, given: Given, clock: Clock, query: Query) -> None:
    number, [first, *rest] = await sent(orders, given)
    await orders.step(number, "deliver", received_by="Mo", barcodes=[first])
    clock.move(days=1)
    await orders.step(number, "deliver", received_by="Mo", barcodes=rest)
    assert [line for line in await charged(query) if line[0] == "delivery"] == CAME * 2


async def test_a_split_is_kept_to_the_penny_there_and_back(
    orders: Orders, given: Given, query: Query, connection: AsyncConnection
) -> None:
    product = await given.product(purchase_price_pence=10_001)
    [barcode] = await given.items(1, product=product)
    order = await orders.dispatched(product)
    await connection.execute(SPLIT, {"number": order["number"]})
    await orders.step(order["number"], "deliver", received_by="Mo")
    await given.collection(barcode, client=order["client_ref"])
    await given.scan(barcode)
    assert await charged(query) == [
        ("new_purchase", "ASC", 6_002),
        ("new_purchase", "ICB", 3_999),
        ("delivery", "ASC", 960),
        ("delivery", "ICB", 640),
        ("collection", "ASC", 720),
        ("collection", "ICB", 480),
        ("credit", "ASC", -4_801),
        ("credit", "ICB", -3_200),
    ]


async def test_what_comes_back_undelivered_costs_nothing_but_the_visit_in_vain(
    orders: Orders, given: Given, clock: Clock, query: Query
) -> None:
    number, labels = await sent(orders, given)
    for hours in (1, 1, 24):
        clock.move(hours=hours)
        failed = {"reason": "Nobody opened the door.", "visited_at": clock.now.isoformat()}
        await orders.step(number, "failed-visit", **failed)
    await given.scan(*labels)
    assert await charged(query) == [("failed_visit", "ASC", 1_000)] * 2
    assert [row["variant"] for row in await query(ALL)] == ["delivery"] * 2
    assert {(row["item_id"], row["order_id"] is None) for row in await query(ALL)} == {(None, False)}


async def test_a_trial_is_charged_when_it_starts_and_credited_when_it_comes_back(given: Given, query: Query) -> None:
    lent = await given.trial()
    assert await charged(query) == [("new_purchase", "ASC", 4_500)]
    await given.scan(lent.barcode)
    assert await charged(query) == [("new_purchase", "ASC", 4_500), ("credit", "ASC", -3_600)]


async def test_a_trial_that_is_kept_or_goes_on_is_charged_once(
    given: Given, query: Query, as_ot: AsyncClient, as_manager: AsyncClient
) -> None:
    lent = await given.trial()
    fetched = await given.collection(lent.barcode, client=lent.client_ref)
    url = f"/api/v1/collections/{fetched.number}/cancel"
    done(await as_manager.post(url, json={"reason": "They go on trying it."}))
    kept = {"outcome": "keep", **TRIED, "answers": []}
    done(await as_ot.post(f"/api/v1/loans/{lent.id}/trial-outcome", json=kept))
    assert await charged(query) == [("new_purchase", "ASC", 4_500)]


async def test_a_collection_of_several_is_driven_once_and_the_desk_never(
    given: Given, query: Query, clock: Clock, as_manager: AsyncClient
) -> None:
    client = await given.client()
    labels = [(await given.loan(client=client)).barcode for _ in range(3)]
    asked = {"client_ref": client, "barcodes": labels[:2], "reason": "No longer needed.", "speed": "standard"}
    number = done(await as_manager.post("/api/v1/collections", json=asked), 201)["number"]
    url = f"/api/v1/collections/{number}/fail"
    done(await as_manager.post(url, json={"reason": "Nobody opened."}))
    clock.move(days=1)
    for label in labels:
        await given.scan(label)
    lines = [line for line in await charged(query) if line[0] not in {"new_purchase"}]
    assert sorted(lines) == [
        ("collection", "ASC", 1_200),
        *[("credit", "ASC", -3_600)] * 3,
        ("failed_visit", "ASC", 900),
    ]


async def test_what_is_lost_and_found_in_a_store_is_written_off_and_back(given: Given, query: Query) -> None:
    barcode = await given.item(State.MISSING)
    assert await charged(query) == [("write_off", "", 4_500)]
    await given.found(barcode)
    assert await charged(query) == [("write_off", "", 4_500), ("write_off", "", -4_500)]
    await given.missing(barcode)
    await given.scrapped(barcode)
    assert sum(pence for kind, _, pence in await charged(query) if kind == "write_off") == 4_500


async def test_what_is_lost_at_a_clients_is_theirs_who_paid_until_it_is_found(given: Given, query: Query) -> None:
    lent = await given.loan()
    await given.missing(lent.barcode)
    assert await charged(query) == [("new_purchase", "ASC", 4_500)]
    await given.found(lent.barcode)
    await given.missing(lent.barcode)
    await given.found(lent.barcode)
    assert await charged(query, after=0) == [
        ("new_purchase", "ASC", 4_500),
        ("credit", "ASC", -3_600),
        ("write_off", "", 3_600),
        ("write_off", "", -3_600),
    ]


async def test_what_was_reissued_and_is_lost_at_a_clients_costs_the_service_the_rest(
    given: Given, query: Query, as_finance: AsyncClient, connection: AsyncConnection
) -> None:
    await connection.execute(text("ALTER TABLE tariff DISABLE TRIGGER USER"))
    await connection.execute(text("UPDATE tariff SET made_at = '2020-01-01'"))
    await connection.execute(text("ALTER TABLE tariff ENABLE TRIGGER USER"))
    barcode = await given.recycled()
    await given.loan(barcode)
    after = max(row["id"] for row in await query(ALL))
    # 80 % of £45 was credited; it was reissued at 25 %.
    worth = 3_600 - 1_125
    url = f"/api/v1/finance/items/{barcode}"
    assert done(await as_finance.get(url))["book_value_pence"] == worth
    await given.missing(barcode)
    await given.found(barcode)
    assert await charged(query, barcode, after=after) == [
        ("write_off", "", worth),
        ("write_off", "", -worth),
        ("credit", "ASC", -900),
    ]
    run = done(await as_finance.get("/api/v1/finance/reconciliation?period=2026-03"))
    assert run["differences"] == []


async def test_making_fit_is_charged_by_the_way_it_went_to_who_had_it(given: Given, query: Query) -> None:
    barcode = await given.item(State.RETURNED)
    await given.cleaning(barcode)
    await given.cleaned(barcode, Outcome.FAILED)
    await given.cleaning(barcode, route=Route.THERMAL)
    await given.cleaned(barcode)
    await given.inspected(barcode, InspectionOutcome.FAILED)
    await given.repaired(barcode)
    await given.inspected(barcode)
    await given.released(barcode)
    await given.inspected(barcode)
    await given.loan(barcode)
    assert (await charged(query))[2:] == [
        ("decontamination", "ASC", 2_900),
        ("inspection", "ASC", 300),
        ("repair", "ASC", 2_200),
        ("inspection", "ASC", 300),
        ("inspection", "", 300),
        ("recycled_issue", "ASC", 1_125),
    ]


async def test_hire_is_charged_by_the_night(
    given: Given, query: Query, clock: Clock, connection: AsyncConnection
) -> None:
    product = await given.product()
    await rate(connection, "hire", pence=150, vat=20, product=product)
    lent = await given.loan((await given.items(1, product=product))[0])
    clock.move(days=12)
    await given.scan(lent.barcode)
    assert await charged(query) == [("hire", "ASC", 0), ("hire", "ASC", 1_800)]
    nights = (await query(ALL))[-1]
    assert (nights["quantity"], nights["vat_pence"], nights["basis"]) == (12, 360, "12 times £1.50 each")


async def test_who_pays_is_said_at_the_counter(
    given: Given, query: Query, as_ot: AsyncClient, as_manager: AsyncClient
) -> None:
    body = {"barcode": await given.item(), "client_ref": await given.client(weight_kg=70, weighed_on="2026-02-01")}
    problem = check_problem(await as_ot.post("/api/v1/loans", json=body | {"funder": "XYZ"}), 422)
    assert problem["code"] == "unknown-funder"
    assert problem["detail"] == "XYZ is no funder here. Choose one of the list."
    done(await as_ot.post("/api/v1/loans", json=body | {"funder": "ICB"}), 201)
    assert await charged(query) == [("new_purchase", "ICB", 4_500)]


async def test_the_page_of_the_counter_offers_who_pays(given: Given, query: Query, ot: Any) -> None:
    barcode, client = await given.item(), await given.client(weight_kg=70, weighed_on="2026-02-01")
    page = await ot.get(f"/items/{barcode}/issue?client_ref={client}")
    assert "Whoever pays for your team" in page.text
    form = {"client_ref": client, "kind": "loan", "funder": "XYZ"}
    assert "XYZ is no funder here" in (await ot.send(page, **form)).text
    await ot.send(page, **form | {"funder": "CHC"})
    assert await charged(query) == [("new_purchase", "CHC", 4_500)]


@pytest.mark.parametrize("count", [1, 30])
async def test_a_return_with_its_charges_takes_six_statements_at_most(
    given: Given, clock: Clock, statements: Statements, as_technician: AsyncClient, count: int
) -> None:
    labels = [(await given.collection()).barcode for _ in range(count)]
    body = {"store": "MAIN", "scans": batch(*labels, at=clock.now)["scans"]}
    statements.clear()
    results = await send(as_technician, "returns", body)
    assert {one for one, _ in said(results)} == {"accepted"}
    signing_in = [one for one in statements if "sign_in" in one]
    assert len(statements) - len(signing_in) <= 6, "\n".join(statements)


async def test_what_is_not_reusable_is_paid_for_whole_and_nobody_loses_it_again(given: Given, query: Query) -> None:
    product = await given.product(single_patient_use=True)
    barcode = await given.item(State.RETURNED, product=product)
    await given.scrapped(barcode)
    assert await charged(query) == [("new_purchase", "ASC", 4_500), ("scrap", "ASC", 850)]
