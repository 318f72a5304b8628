"""Whatever is put right, settled, topped up or priced later, by its real verb: the books add up, at every step."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.lifecycle import State
from app.features.finance.reconciling.service import reconcile
from tests.conftest import Clock, Query, Sessions
from tests.features.finance.billing import rate, usual_rates
from tests.features.finance.funding.test_funding import API, ICB, THIRDS, delivered, dispute, settle
from tests.features.ordering.conftest import Orders, barcodes, done
from tests.given import Given

ITEMS = "/api/v1/items"
CASTOR = {"part_number": "CAS-02", "description": "Rear castor", "cost_pence": 1_250, "fitted_on": "2026-03-02"}
Same = Callable[[str], Awaitable[None]]


@pytest.fixture
async def rates(connection: AsyncConnection) -> None:
    """Everything has its price."""
    await usual_rates(connection)


@pytest.fixture
def agrees(sessions: Sessions, clock: Clock) -> Same:
    """Nothing differs, in all and in the month: `await agrees("after the settlement")`."""

    async def check(when: str) -> None:
        async with sessions() as session:
            for period in (None, clock.today.replace(day=1)):
                found = (await reconcile(session, period=period)).differences
                assert [f"{one.code} {one.barcode} {one.movement} {one.where} {one.detail}" for one in found] == [], (
                    when
                )

    return check


async def reverse(client: AsyncClient, query: Query, kind: str, **instead: Any) -> None:
    """Take the newest charge of this kind that stands back; charge something instead where that is said."""
    [line] = await query(
        "SELECT max(id) AS id FROM charge WHERE kind = :kind AND reversal_of IS NULL "
        "AND NOT EXISTS (SELECT FROM charge AS undone WHERE undone.reversal_of = charge.id)",
        kind=kind,
    )
    body = {"reason": "The invoice had another price.", **({"instead": instead} if instead else {})}
    done(await client.post(f"{API}/charges/{line['id']}/reverse", json=body), 201)


@pytest.mark.usefixtures("rates")
async def test_settling_and_topping_up(orders: Orders, given: Given, as_finance: AsyncClient, agrees: Same) -> None:
    person = {"code": "MINE", "name": "Her own money", "side": "social_care", "kind": "person"}
    done(await as_finance.post(f"{API}/funders", json=person), 201)
    number, barcode = await delivered(orders, given, funding=THIRDS)
    top_up = {
        "order_number": number,
        "barcode": barcode,
        "funder": "MINE",
        "alternative_product_code": await given.product(purchase_price_pence=6_000),
        "pence": 4_000,
        "agreed_on": "2026-03-02",
        "agreement": "They know the plain one is free, and want this.",
        "confirmed_by": "ot",
        "told_not_paid_back": True,
    }
    made = done(await as_finance.post(f"{API}/top-ups", json=top_up), 201)
    await agrees("a person tops up")
    opened = await dispute(as_finance, number)
    await settle(as_finance, opened["id"], ICB)
    await agrees("it is settled")
    await given.collection(barcode, client=(await orders.get(number))["client_ref"])
    await given.scan(barcode)
    await agrees("it comes back")
    opened = await dispute(as_finance, number)
    await settle(as_finance, opened["id"], THIRDS)
    await agrees("it is settled once more")
    body = {"reason": "They changed their mind about it."}
    done(await as_finance.post(f"{API}/top-ups/{made['id']}/withdraw", json=body))
    await agrees("the top-up is withdrawn")
    await given.cleaning(barcode)
    await given.cleaned(barcode)
    await given.inspected(barcode)
    await agrees("it is made fit")


@pytest.mark.usefixtures("rates")
@pytest.mark.parametrize("instead", [{}, {"pence": 9_000}, {"funding": ICB}, {"pence": 0}])
async def test_taking_back(
    orders: Orders, given: Given, query: Query, as_finance: AsyncClient, agrees: Same, instead: dict[str, Any]
) -> None:
    number, barcode = await delivered(orders, given, funding=THIRDS)
    await reverse(as_finance, query, "new_purchase", **instead)
    await reverse(as_finance, query, "delivery", **instead)
    await agrees("what went out is put right")
    await given.collection(barcode, client=(await orders.get(number))["client_ref"])
    await given.scan(barcode)
    await agrees("it comes back")
    if instead:
        await reverse(as_finance, query, "collection", **instead)
    if instead and instead.get("pence") != 0:
        await reverse(as_finance, query, "credit", pence=-1)
    await given.cleaning(barcode)
    await given.cleaned(barcode)
    await reverse(as_finance, query, "decontamination", **instead)
    await given.inspected(barcode)
    await given.released(barcode)
    await given.loan(barcode)
    await given.missing(barcode)
    await given.found(barcode)
    await agrees("it went on")


async def test_pricing_what_had_no_rate(
    orders: Orders, given: Given, clock: Clock, connection: AsyncConnection, as_finance: AsyncClient, agrees: Same
) -> None:
    await delivered(orders, given, funding=THIRDS)
    for state in (State.IN_REPAIR, State.AWAITING_INSPECTION, State.MISSING):
        await given.item(state)
    await given.loan(await given.recycled())
    await agrees("there is no rate")
    clock.move(hours=1)
    await usual_rates(connection, made_at=clock.now)
    await agrees("there are rates")
    found = done(await as_finance.post(f"{API}/charges/price-unpriced"))
    assert (found["priced"] > 5, found["still_unpriced"]) == (True, 0)
    await agrees("it is priced")


@pytest.mark.usefixtures("rates")
async def test_repairs(
    given: Given, query: Query, connection: AsyncConnection, as_technician: AsyncClient, as_finance: AsyncClient,
    agrees: Same,
) -> None:  # fmt: skip
    """With labour that has no rate, parts that have one, parts that come late or never were, and things given up."""
    await rate(connection, "parts", percent=110)
    await connection.execute(text("UPDATE tariff SET ends_on = '2026-03-01' WHERE kind = 'repair'"))
    disposal = {"waste_stream": "metal", "reference_follows": True, "notes": "The frame is bent."}
    for outcome in ({"outcome": "repaired"}, {"outcome": "beyond_repair", **disposal}):
        for parts in ([], [CASTOR]):
            barcode = await given.item(State.IN_REPAIR)
            url = f"{ITEMS}/{barcode}"
            done(await as_technician.post(f"{url}/repair", json=outcome | {"parts": parts, "labour_pence": 3_000}))
            await agrees(f"{outcome} with {len(parts)}")
            late = done(await as_technician.post(f"{url}/parts-fitted", json={"parts": [CASTOR]}), 201)["parts"]
            await agrees("a part is written down late")
            for part in late:
                body = {"reason": "It was another item's."}
                answer = await as_technician.post(f"/api/v1/parts-fitted/{part['id']}/withdraw", json=body)
                assert answer.status_code == 204
            await agrees("parts are withdrawn")
            done(await as_technician.post(f"{url}/parts-fitted", json={"parts": [CASTOR]}), 201)
            await agrees("and another comes")
    await reverse(as_finance, query, "parts", pence=1)
    await reverse(as_finance, query, "repair")
    await agrees("finance puts it right")
    lost = await given.item(State.IN_REPAIR)
    done(await as_technician.post(f"{ITEMS}/{lost}/parts-fitted", json={"parts": [CASTOR]}), 201)
    await given.missing(lost)
    await given.found(lost)
    await agrees("it is lost on the bench")


@pytest.mark.usefixtures("rates")
async def test_inspections(
    given: Given, query: Query, clock: Clock, as_technician: AsyncClient, as_technician2: AsyncClient, agrees: Same
) -> None:
    """That move nothing, that were none, and for which nobody opened."""
    product = await given.product(inspections=[{"kind": "loler", "every_months": 6}])
    barcode = await given.item(product=product)
    await given.inspected(barcode, kind=InspectionKind.LOLER)
    await agrees("it is inspected on the shelf")
    client = await given.client()
    await given.loan(barcode, client=client)
    wanted: dict[str, Any] = {"client_ref": client, "planned_on": "2026-03-05", "visitor": "technician"}
    wanted["items"] = [{"barcode": barcode, "kind": "loler"}]
    visit = done(await as_technician.post("/api/v1/inspection-visits", json=wanted), 201)
    clock.move(days=3)
    done(await as_technician.post(f"/api/v1/inspection-visits/{visit['id']}/no-access", json={"note": "Nobody in."}))
    await agrees("nobody opens")
    await given.inspected(barcode, kind=InspectionKind.LOLER)
    await agrees("it is inspected at home")
    await given.scan(barcode)
    clock.move(hours=1)
    await given.inspected(barcode, kind=InspectionKind.LOLER)
    await agrees("it is inspected when it is back")
    other = await given.item(State.AWAITING_INSPECTION)
    await given.inspected(other, InspectionOutcome.FAILED)
    [number] = [row["id"] for row in await query("SELECT max(id) AS id FROM inspection")]
    body = {"barcode": other, "kind": "functional", "outcome": "passed"}
    right = {"supersedes": number, "supersede_reason": "Read the wrong label."}
    answer = await as_technician2.post("/api/v1/inspections", json=body | right)
    assert answer.status_code < 300, answer.text
    await agrees("a failure was none")
    soiled = await given.item(State.AWAITING_INSPECTION)
    [number] = [row["id"] for row in await query("SELECT max(id) AS id FROM decontamination")]
    none = {"reason": "It is soiled.", "outcome": "failed"}
    answer = await as_technician.post(f"/api/v1/decontaminations/{number}/correction", json=none)
    assert answer.status_code < 300, answer.text
    await given.cleaning(soiled)
    await given.cleaned(soiled)
    await agrees("a cleaning was none")


@pytest.mark.usefixtures("rates")
async def test_visits_in_vain_and_things_on_hire(
    orders: Orders, given: Given, clock: Clock, connection: AsyncConnection, as_manager: AsyncClient, agrees: Same
) -> None:
    product = await given.product()
    await given.items(1, product=product)
    await rate(connection, "hire", pence=150, vat=20, product=product)
    order = await orders.dispatched(product, funding=THIRDS)
    for hours in (1, 1, 24):
        clock.move(hours=hours)
        failed = {"reason": "Nobody opened the door.", "visited_at": clock.now.isoformat()}
        await orders.step(order["number"], "failed-visit", **failed)
    await agrees("nobody opens for the driver")
    clock.move(days=3)
    delivered = await orders.step(order["number"], "deliver", received_by="Mo")
    labels = [label for label in barcodes(delivered) if label]
    await agrees("it is delivered")
    for label in labels:
        number = (await given.collection(label, client=order["client_ref"])).number
        done(await as_manager.post(f"/api/v1/collections/{number}/fail", json={"reason": "Nobody opened."}))
        await agrees("nobody opens for the collection")
        clock.move(days=12)
        await given.scan(label)
    await agrees("it comes back")


async def test_what_was_issued_and_came_back_before_there_was_a_rate(
    as_finance: AsyncClient,
    given: Given,
    clock: Clock,
    connection: AsyncConnection,
    query: Query,
    agrees: Same,
) -> None:
    await rate(connection, "credit", percent=40)
    barcode = await given.recycled(product=await given.product(purchase_price_pence=10_000))
    await given.loan(barcode)
    await given.scan(barcode)
    unpriced = "SELECT kind FROM charge WHERE is_unpriced AND kind IN ('recycled_issue', 'credit') ORDER BY id"
    assert [row["kind"] for row in await query(unpriced)] == ["recycled_issue", "credit"]
    await agrees("it comes back without a rate")
    clock.move(hours=1)
    await rate(connection, "recycled_issue", pence=5_000, made_at=clock.now)
    done(await as_finance.post(f"{API}/charges/price-unpriced"))
    [sums] = await query("""
        SELECT sum(amount_pence) FILTER (WHERE kind = 'recycled_issue') AS issued,
               sum(amount_pence) FILTER (WHERE kind = 'credit') AS credited FROM charge
    """)
    assert (sums["issued"], sums["credited"]) == (5_000, -4_000 - 2_000)
    await agrees("it is priced, and its credit with it")


async def test_a_product_that_goes_into_another_category(
    as_manager: AsyncClient, given: Given, connection: AsyncConnection, rates: None, agrees: Same
) -> None:
    product = await given.product(category="12 22 03")
    await given.item(State.RETURNED, product=product)
    await connection.execute(
        text(
            "INSERT INTO tariff (kind, category, starts_on, percent, made_at, made_by) "
            "VALUES ('credit', '18', '2020-01-01', 1, '2020-01-01', 'x')"
        )
    )
    url = f"/api/v1/products/{product}"
    etag = (await as_manager.get(url)).headers["ETag"]
    done(await as_manager.patch(url, json={"category": "18 12 10"}, headers={"If-Match": etag}))
    await agrees("its category is another one")


async def test_an_issue_that_is_taken_back_while_its_item_is_lost(
    as_finance: AsyncClient, given: Given, clock: Clock, query: Query, rates: None, agrees: Same
) -> None:
    barcode = await given.item(State.ON_LOAN)
    clock.move(hours=1)
    await given.missing(barcode)
    clock.move(hours=1)
    await reverse(as_finance, query, "new_purchase")
    await agrees("it was paid for when it was lost")
    clock.move(hours=1)
    await given.found(barcode)
    await agrees("it is found")
