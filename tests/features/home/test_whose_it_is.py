"""What came by an order is on the home page of who ordered it, whoever of the store recorded it."""

from uuid import uuid4

from httpx import AsyncClient

from tests.browser import Browser
from tests.conftest import SignIn
from tests.features.home.test_my_work import order, section
from tests.given import Given

TRIALS = "Your trials that end within seven days or are overdue"
COLLECTIONS = "Collections you asked for"
RESERVED = "Items you have reserved"


async def test_an_ordered_trial_is_the_trial_of_who_ordered_it(
    ot: Browser, senior_ot: Browser, as_technician: AsyncClient, given: Given, sign_in: SignIn
) -> None:
    product, client = await given.product(), await given.client("C-7", weight_kg=70, weighed_on="2026-02-01")
    await given.item(product=product)
    line = {"product_code": product, "kind": "trial", "trial_days": 5, "trial_goals": "Stands up alone."}
    number = await order(given, sign_in, client_ref=client, lines=[line])
    for verb, body in (("allocate", {}), ("dispatch", {}), ("deliver", {"received_by": "Mo"})):
        await as_technician.post(f"/api/v1/orders/{number}/{verb}", json=body)
    assert [row[2] for row in section(await ot.get("/"), TRIALS)] == [client]
    assert "None of your trials ends within seven days." in (await senior_ot.get("/")).text


async def test_old_equipment_that_an_order_takes_away_is_collected_for_who_ordered_it(
    ot: Browser, technician: Browser, as_technician: AsyncClient, given: Given, sign_in: SignIn
) -> None:
    product, client = await given.product(), await given.client("C-7", weight_kg=70, weighed_on="2026-02-01")
    old = [await given.loan(await given.item(product=product), client=client) for _ in range(2)]
    await given.item(product=product)
    said = [{"barcode": one.barcode, "action": "collect", "reason": "Too low now."} for one in old]
    lines = [{"product_code": product}]
    number = await order(given, sign_in, client_ref=client, lines=lines, supersedes=said)
    await as_technician.post(f"/api/v1/orders/{number}/allocate")
    await as_technician.post(f"/api/v1/orders/{number}/dispatch")
    assert [(row[1], row[4]) for row in section(await ot.get("/"), COLLECTIONS)] == [(client, "2")]
    assert section(await technician.get("/"), COLLECTIONS) == []


async def test_what_the_store_holds_for_an_order_is_reserved_by_who_ordered_it(
    ot: Browser, as_ot: AsyncClient, as_technician: AsyncClient, given: Given, sign_in: SignIn
) -> None:
    product, client = await given.product(), await given.client("C-7", weight_kg=70, weighed_on="2026-02-01")
    number = await order(given, sign_in, client_ref=client, lines=[{"product_code": product}])
    assert section(await ot.get("/"), RESERVED) == []
    barcode = await given.item(product=product)
    await as_technician.post(f"/api/v1/orders/{number}/allocate")
    assert [row[2] for row in section(await ot.get("/"), RESERVED)] == [client]
    mine = (await as_ot.get("/api/v1/reservations", params={"mine": True})).json()["items"]
    assert [(one["barcode"], one["order_number"], one["made_by"]) for one in mine] == [(barcode, number, "technician")]
    theirs = (await as_technician.get("/api/v1/reservations", params={"mine": True})).json()["items"]
    assert theirs == []


async def test_a_collection_that_is_done_is_not_listed_and_one_of_somebody_elses_is_not_mine(
    ot: Browser, senior_ot: Browser, as_ot: AsyncClient, as_technician: AsyncClient, given: Given
) -> None:
    client = await given.client("C-7")
    lent = [await given.loan(await given.item(), client=client) for _ in range(3)]
    asked = []
    for one in lent[:2]:
        body = {"client_ref": client, "barcodes": [one.barcode], "reason": "no_longer_needed"}
        asked.append((await as_ot.post("/api/v1/collections", json=body)).json()["number"])
    assert [row[0] for row in section(await ot.get("/"), COLLECTIONS)] == asked
    assert section(await senior_ot.get("/"), COLLECTIONS) == []
    scans = {"store": "MAIN", "scans": [{"scan_id": str(uuid4()), "barcode": lent[0].barcode}]}
    assert (await as_technician.post("/api/v1/returns/scans", json=scans)).status_code == 200
    assert [row[0] for row in section(await ot.get("/"), COLLECTIONS)] == asked[1:]
