"""Minimum levels, what stores lack, and the list that one press makes."""

from uuid import uuid4

from httpx import AsyncClient
from sqlalchemy import text

from app.domain.inspections import InspectionKind
from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Sessions, Statements
from tests.given import Given
from tests.problems import check_problem

LEVELS = "/api/v1/minimum-levels"


async def set_level(client: AsyncClient, product: str, minimum: int, store: str = "COAST") -> None:
    answer = await client.put(LEVELS, json={"store": store, "product_code": product, "minimum": minimum})
    assert answer.status_code == 204, answer.text


async def test_recycled_items_that_may_go_out_are_suggested(
    as_manager: AsyncClient, as_technician: AsyncClient, given: Given, statements: Statements
) -> None:
    product = await given.product()
    await given.items(2, product=product)
    first, held, kept = [await given.recycled(product=product) for _ in range(3)]
    await given.hold(held)
    await given.reservation(kept)
    await set_level(as_manager, product, 3)
    statements.clear()
    found = (await as_technician.get("/api/v1/replenishment")).json()
    assert len(statements) == 2
    assert [(one["from_store"], one["to_store"], one["quantity"]) for one in found] == [
        ("MAIN", "COAST", 1),
        (None, "COAST", 2),
    ]
    assert found[1]["because"] == (
        "Main store has 2 new to spare: ask for them there. "
        "On the shelf of Main store stands 1 that may not go out today."
    )
    body = {"from_store": "MAIN", "to_store": "COAST", "wanted": [{"product_code": product, "quantity": 1}]}
    consignment = (await as_technician.post("/api/v1/transfers", json=body)).json()
    assert [(one["product_code"], one["quantity"], one["sent"]) for one in consignment["wants"]] == [(product, 1, 0)]
    assert [one["barcode"] for one in consignment["to_take"]] == [first]
    scans = {"scans": [{"scan_id": "6f2c1e7a-0b55-4a53-9d0e-0d3c8b1f7a10", "barcode": first}]}
    await as_technician.post(f"/api/v1/transfers/{consignment['number']}/sent", json=scans)
    consignment = (await as_technician.get(f"/api/v1/transfers/{consignment['number']}")).json()
    assert ([one["sent"] for one in consignment["wants"]], consignment["to_take"]) == ([1], [])
    rows = {row["store"]: row for row in (await as_technician.get(LEVELS)).json()}
    assert {name: rows["COAST"][name] for name in ("minimum", "free", "recycled", "coming")} == {
        "minimum": 3,
        "free": 0,
        "recycled": 0,
        "coming": 1,
    }
    assert [one["quantity"] for one in (await as_technician.get("/api/v1/replenishment")).json()] == [2]
    await set_level(as_manager, product, 0)
    assert (await as_technician.get("/api/v1/replenishment")).json() == []


async def test_an_examination_that_is_due_soon_is_put_aside(as_technician: AsyncClient, given: Given) -> None:
    product = await given.product(inspections=[{"kind": "loler", "every_months": 6}])
    soon = await given.recycled(product=product, received_on=given.today.replace(month=1))
    later = await given.recycled(product=product)
    body = {"from_store": "MAIN", "to_store": "COAST", "wanted": [{"product_code": product, "quantity": 1}]}
    consignment = (await as_technician.post("/api/v1/transfers", json=body)).json()
    assert [one["barcode"] for one in consignment["to_take"]] == [later], soon


async def test_what_may_go_out_is_said_by_the_examination_that_stands_by_its_day(
    as_manager: AsyncClient, as_technician: AsyncClient, given: Given, sessions: Sessions
) -> None:
    """Not by what was written down last: an old report may come later, and a wrong one is put right."""
    product = await given.product(inspections=[{"kind": "loler", "every_months": 6}])
    hoist = await given.item(State.AWAITING_INSPECTION, product=product)
    await given.inspected(hoist, kind=InspectionKind.LOLER)
    await given.inspected(hoist)
    await given.released(hoist)
    await set_level(as_manager, product, 1, store="MAIN")
    before = text("""
        INSERT INTO inspection (item_id, kind, outcome, seq, inspected_at, inspected_by, examined_on, notes)
        SELECT item_id, kind, 'failed', seq, inspected_at, inspected_by, examined_on - 30, 'The brake slipped.'
        FROM inspection WHERE item_id = (SELECT id FROM item WHERE barcode = :barcode) AND kind = 'loler'
        ORDER BY examined_on DESC LIMIT 1 RETURNING id
    """)
    async with sessions.begin() as session:
        assert await session.scalar(before, {"barcode": hoist})
    [row] = [row for row in (await as_technician.get(LEVELS)).json() if row["store"] == "MAIN"]
    assert (await as_technician.get(f"/api/v1/items/{hoist}")).json()["is_clear"] is True
    assert (row["free"], row["recycled"], row["blocked"]) == (1, 1, 0)


async def test_levels_are_the_managers_and_must_make_sense(as_manager: AsyncClient, as_technician: AsyncClient) -> None:
    body = {"store": "COAST", "product_code": "NO-SUCH", "minimum": 2}
    check_problem(await as_technician.put(LEVELS, json=body), 403)
    check_problem(await as_manager.put(LEVELS, json=body), 422, "unknown-product")
    check_problem(await as_manager.put(LEVELS, json=body | {"minimum": 0}), 422, "unknown-product")
    check_problem(await as_manager.put(LEVELS, json=body | {"store": "MOON"}), 422, "not-your-store")
    for minimum in (-1, 501, "many"):
        check_problem(await as_manager.put(LEVELS, json=body | {"minimum": minimum}), 422)


async def test_one_press_makes_the_list_and_the_pages_lead_through(
    manager: Browser, technician: Browser, given: Given
) -> None:
    product = await given.product()
    barcode = await given.recycled(product=product)
    page = await manager.post_form("/transfers/levels", store="COAST", product_code=product, minimum=2)
    assert page.goes_to == "/transfers/levels"
    assert product in (await manager.get("/transfers/levels")).text
    page = old = await technician.get("/transfers/replenish")
    row = page.table()[-1]
    assert row[2:] == ["1", "No other store has one that may go out today."]
    page = await technician.follow(await technician.send(page, "/transfers/replenish", once="first"))
    assert "Take these" in page.text
    here = page.path
    page = await technician.post_form(f"{here}/scan", barcode=barcode)
    assert "1 sent of 1 wanted" in page.text
    page = await technician.get(f"{here}/scan", mode="receive_consignment")
    # The choice of what a scan does stands beside the form, and belongs to it by its id.
    fields = {"mode": "receive_consignment", "barcode": barcode, "store": "", "scan_id": str(uuid4())}
    page = await technician.post(
        f"{here}/scan", csrf_token=page.form(f"{here}/scan").find_all("input")[0]["value"], **fields
    )
    assert "Received" in page.text
    assert "Received" in (await technician.get("/transfers")).text
    # Somebody else was faster: there is nothing left to send.
    await manager.post_form("/transfers/levels", store="COAST", product_code=product, minimum=0)
    page = await technician.send(old, "/transfers/replenish")
    assert (page.status, page.errors) == (
        422,
        {"main-content": "Nothing is suggested between these two stores any more."},
    )


async def test_forms_say_what_is_wrong(manager: Browser, technician: Browser, given: Given) -> None:
    page = await technician.post_form("/transfers/new")
    assert page.errors == {
        "from_store": "Choose the store that sends.",
        "to_store": "Choose the store that it goes to.",
    }
    page = await technician.post_form("/transfers/new", from_store="MAIN", to_store="MAIN")
    assert page.errors == {"to_store": "Choose another store: it is there already."}
    page = await technician.post_form("/transfers/new", from_store="MAIN", to_store="COAST")
    here = str(page.goes_to)
    page = await technician.post_form(f"{here}/scan", barcode="")
    assert page.errors == {"barcode": "Scan a barcode, or type it."}
    [barcode] = await given.items(1)
    await technician.post_form(f"{here}/scan", barcode=barcode)
    lost = f"{here}/missing/{barcode}"
    page = await technician.post_form(lost, reason="")
    assert page.errors == {"reason": "Say what was done to find it."}
    page = await technician.follow(await technician.post_form(lost, reason="Asked the driver."))
    assert "Missing: Asked the driver." in page.text
    page = await technician.post_form(lost, reason="Again.")
    assert page.status == 404
    page = await manager.post_form("/transfers/levels", store="", product_code="", minimum="")
    assert set(page.errors) == {"store", "product_code", "minimum"}
