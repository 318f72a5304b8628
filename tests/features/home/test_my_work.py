"""My work: what waits for a prescriber and for the store, each a count with its first few rows."""

from httpx import AsyncClient

from tests.browser import Browser, Page
from tests.conftest import Clock, Query, SignIn, Statements
from tests.given import Given


async def order(given: Given, sign_in: SignIn, *, by: str = "ot", **details: object) -> str:
    """A submitted order of one piece that is on the shelf; gives its number."""
    maker = await sign_in(by)
    product = await given.product()
    await given.item(product=product)
    body = {
        "client_ref": await given.client(weight_kg=70, weighed_on="2026-02-01"),
        "funder": "ASC",
        "speed": "five_day",
        "reason": "hospital_discharge",
        "clinical_reasoning": "Cannot rise alone.",
        "lines": [{"product_code": product}],
    }
    made = await maker.post("/api/v1/orders", json=body | details)
    number: str = made.json()["number"]
    sent = await maker.post(f"/api/v1/orders/{number}/submit")
    assert sent.status_code == 200, sent.text
    return number


def section(page: Page, caption: str) -> list[list[str]]:
    """The rows of the table with that caption; none without it."""
    for table in page.soup.find_all("table"):
        if table.caption and table.caption.get_text(strip=True) == caption:
            return [
                [" ".join(cell.get_text(" ").split()) for cell in row.find_all("td")]
                for row in table.select("tbody tr")
            ]
    return []


async def test_an_order_is_under_what_it_waits_for(
    ot: Browser, senior_ot: Browser, given: Given, sign_in: SignIn, clock: Clock, query: Query
) -> None:
    due = await order(given, sign_in)
    waiting = await order(given, sign_in, by="student.ot")
    page = await ot.get("/")
    assert [row[0] for row in section(page, "Deliveries due within a week")] == [due]
    assert "1 delivery due within a week" in page.text
    assert section(page, "Orders that wait for your signature") == []
    signer = await senior_ot.get("/")
    assert [row[:2] for row in section(signer, "Orders that wait for your signature")] == [[waiting, "Sam Whitfield"]]
    assert "1 order to sign" in signer.text
    logged = await query("SELECT detail FROM audit_event WHERE action = 'clients_listed' AND chain = 'senior.ot'")
    assert [row["detail"] for row in logged] == [{"found": 1}]
    clock.move(days=8)
    page = await ot.get("/")
    assert [row[0] for row in section(page, "Late deliveries")] == [due]
    assert section(page, "Deliveries due within a week") == []


async def test_ending_reservations_notices_and_messages_are_there(
    ot: Browser, given: Given, as_ot: AsyncClient, clock: Clock
) -> None:
    kept = await given.reservation(days=5)
    lent = await given.loan()
    told = await as_ot.post(f"/api/v1/loans/{lent.id}/stop-use", json={"reason": "The frame is cracked."})
    assert told.status_code == 201, told.text
    page = await ot.get("/")
    assert "ends soon" not in page.text
    [notice] = section(page, "Stop-use notices that nobody has acknowledged")
    assert notice[3] == lent.client_ref
    # What somebody else stopped of one's own stands there too.
    held = await given.loan()
    await given.hold(held.barcode)
    page = await ot.get("/")
    notices = section(page, "Stop-use notices that nobody has acknowledged")
    assert [row[3] for row in notices] == [lent.client_ref, held.client_ref]
    assert "2 messages not read" in page.text
    clock.move(days=2)
    page = await ot.get("/")
    [ending] = section(page, "Items you have reserved")
    assert (ending[2], ending[4]) == (kept.client_ref, "7 March 2026, ends soon")
    assert "1 reservation ends soon" in page.text


async def test_the_store_sees_what_to_pick_what_is_out_and_what_failed(
    technician: Browser, given: Given, sign_in: SignIn, as_technician: AsyncClient, clock: Clock
) -> None:
    await order(given, sign_in)
    out = await order(given, sign_in)
    await as_technician.post(f"/api/v1/orders/{out}/allocate")
    await as_technician.post(f"/api/v1/orders/{out}/dispatch")
    await as_technician.post(f"/api/v1/orders/{out}/failed-visit", json={"reason": "Nobody was in."})
    text = (await technician.get("/")).text
    for words in (
        "0 orders to pick for today 1 in all, listed by item",
        "1 delivery to try again",
        "1 order with the driver",
    ):
        assert words in text, words
    clock.move(days=8)
    text = (await technician.get("/")).text
    assert "2 orders late" in text
    assert "1 order to pick for today" in text


async def test_a_count_says_what_the_list_behind_it_shows(
    manager: Browser, ot: Browser, given: Given, sign_in: SignIn, clock: Clock
) -> None:
    held = await order(given, sign_in)
    await order(given, sign_in, by="student.ot")
    await given.collection()
    clock.move(days=8)
    page = await manager.get("/")
    shown = {}
    for one in page.soup.select(".app-counts__one"):
        number, link = one.select_one(".app-counts__number"), one.find("a")
        if number and link and str(link["href"]).startswith(("/orders?", "/collections")):
            listed = await manager.get(str(link["href"]))
            shown[link.get_text()] = (int(number.get_text()), len(listed.soup.select("main tbody tr")))
    assert shown == {
        "orders late": (2, 2),
        "deliveries to try again": (0, 0),
        "orders with the driver": (0, 0),
        "collection open": (1, 1),
    }
    assert "1 order, 1 item. 1 of the orders for today or before." in (await manager.get("/orders/pick")).text
    mine = await ot.get("/")
    [late] = [one for one in mine.soup.select(".app-counts a") if one.get_text() == "delivery late"]
    assert late["href"] == "#orders-late"
    [section_of_it] = mine.soup.select("#orders-late")
    assert [row.a.get_text() for row in section_of_it.select("tbody tr") if row.a] == [held]


async def test_an_order_that_lost_its_item_or_was_visited_in_vain_is_marked(
    ot: Browser, given: Given, sign_in: SignIn, as_technician: AsyncClient
) -> None:
    lost, in_vain = await order(given, sign_in), await order(given, sign_in, speed="seven_day")
    for number in (lost, in_vain):
        await as_technician.post(f"/api/v1/orders/{number}/allocate")
        await as_technician.post(f"/api/v1/orders/{number}/dispatch")
    [line] = (await as_technician.get(f"/api/v1/orders/{lost}")).json()["lines"]
    await given.scan(line["units"][0]["barcode"])
    await as_technician.post(f"/api/v1/orders/{in_vain}/failed-visit", json={"reason": "Nobody was in."})
    page = await ot.get("/")
    assert "1 order of yours lost its item" in page.text
    assert "1 delivery of yours in vain The last visit failed" in page.text
    [row] = section(page, "Orders without a date, because something is missing")
    assert (row[0], row[2]) == (lost, "Approved Lost its item")
    [row] = section(page, "Orders for a later day of which something went wrong")
    assert (row[0], row[2]) == (in_vain, "Dispatched Last visit in vain")


async def test_statements_do_not_grow_with_the_work(
    senior_ot: Browser, ot: Browser, manager: Browser, given: Given, sign_in: SignIn, statements: Statements
) -> None:
    counts = []
    for _ in range(2):
        for by in ("student.ot", "ot", "student.ot"):
            await order(given, sign_in, by=by)
        await given.trial()
        await given.reservation(days=2)
        await given.hold((await given.loan()).barcode)
        for person in (ot, senior_ot, manager):
            statements.clear()
            await person.get("/")
            counts.append(len(statements))
    assert counts[:3] == counts[3:]
    assert max(counts) <= 17
