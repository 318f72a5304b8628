"""A maker's letter to its end: what it covers is held, looked at, corrected and counted, and two people close it."""

from datetime import date
from typing import Any

from httpx import AsyncClient
from playwright.async_api import expect

from app.cli.seed import PASSWORD
from tests.journeys.conftest import Walk

LETTER = "FSN WK-2"
QUESTION = "Is the bolt of the rear castor loose?"
LINES = [
    {
        "effect": "include",
        "manufacturers": ["Walker"],
        "models": ["Walk 8"],
        "where": {"all": [{"serial_range": {"from": "WK8101", "to": "WK8104"}}, {"feature": QUESTION}]},
    }
]


async def put_into_force(address: str) -> list[dict[str, Any]]:
    """Two hoists of its own, so that no other walk's things are held: one on the shelf and one at a client's.

    The letter about them is put into force by two people; all by the API. Returns what it covers.
    """
    today = date.today().isoformat()  # noqa: DTZ011 - the service runs on this machine's clock
    product = {"code": "WALK-8", "name": "Mobile hoist", "manufacturer": "Walker", "model": "Walk 8"}
    goods = {"product_code": "WALK-8", "store": "MAIN", "received_on": today, "serial_numbers": ["WK8101", "WK8102"]}
    letter = {"reference": LETTER, "kind": "field-safety-notice", "title": "Walk 8: the castor bolt may loosen"}
    person = {"client_ref": "C-WALK8", "name": "Bea Walk", "address": "8 Mill Road", "postcode": "SR7 9ZZ"}
    triage = {"decision": "relevant", "reason": "We lend this hoist to people at home."}
    async with AsyncClient(base_url=f"{address}/api/v1") as client:

        async def send(username: str, path: str, body: dict[str, Any], method: str = "POST") -> dict[str, Any]:
            signed_in = await client.post("/token", data={"username": username, "password": PASSWORD})
            client.headers["Authorization"] = f"Bearer {signed_in.json()['access_token']}"
            answer = await client.request(method, path, json=body)
            assert answer.is_success, answer.text
            made: dict[str, Any] = answer.json()
            return made

        await send("manager", "/products", product | {"category": "12 36 03", "purchase_price_pence": 90_000})
        [first, _] = (await send("technician", "/items", goods))["items"]
        await send("ot", "/clients", person)
        await send("ot", "/loans", {"barcode": first["barcode"], "client_ref": "C-WALK8"})
        await send("safety", "/safety-notices", letter | {"issuer": "Walker", "issued_on": today, "body": "Walk 8."})
        await send("safety", f"/safety-notices/{LETTER}/triage", triage)
        await send("safety", f"/safety-notices/{LETTER}/scope", {"lines": LINES}, "PUT")
        await send("safety2", f"/safety-notices/{LETTER}/activate", {})
        found: list[dict[str, Any]] = (await client.get(f"/safety-notices/{LETTER}/matches")).json()["items"]
    return found


async def record(walk: Walk, notice: str, barcode: str, done: str, notes: str, **more: str) -> None:
    """On the page of one item."""
    await walk.go(f"{notice}/matches/{barcode}")
    page = walk.page
    await page.get_by_label(done, exact=True).check()
    if "answer" in more:
        await page.get_by_role("group", name=QUESTION).get_by_label(more["answer"], exact=True).check()
    if "channel" in more:
        await page.get_by_label("If somebody was contacted: how?").select_option(label=more["channel"])
    await page.get_by_label("What came of it?").fill(notes)
    await walk.press("Record it")
    await expect(page.locator(".govuk-notification-banner")).to_contain_text("It is recorded.")


async def record_of_many(walk: Walk, notice: str, ticked: list[str], right: list[str]) -> None:
    """A letter is written to all that are ticked: what stands on the shelf cannot take that, and says so."""
    await walk.go(f"{notice}/matches")
    page = walk.page
    for barcode in ticked:
        await page.locator(f"#tick-{barcode}").check()
    await page.get_by_label("Contacted", exact=True).check()
    await page.get_by_label("If somebody was contacted: how?").select_option(label="Letter")
    await page.get_by_label("What came of it?").fill("They stop using it until Monday.")
    await walk.press("Record it of all")
    await expect(page.locator(".govuk-error-summary")).to_contain_text("there is nobody to contact")
    await walk.picture("notice-many-refused")
    for barcode in set(ticked) - set(right):
        await page.locator(f"#tick-{barcode}").uncheck()
    await walk.press("Record it of all")
    await expect(page.locator(".govuk-notification-banner")).to_contain_text("It is recorded of 1 item.")
    await walk.picture("notice-many-recorded")


async def fits_a_phone(walk: Walk) -> None:
    """1280 CSS pixels at 400 % are 320."""
    await walk.page.set_viewport_size({"width": 320, "height": 640})
    await walk.look()
    too_wide = await walk.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert too_wide <= 0, f"{walk.page.url} scrolls sideways by {too_wide} pixels at 400 %"
    await walk.picture("notice-work-on-a-phone")
    await walk.page.set_viewport_size({"width": 1280, "height": 900})


async def test_what_a_letter_covers_is_worked_on_until_two_people_close_it(walks: Any) -> None:
    safety: Walk = await walks("safety")
    rows = await put_into_force(safety.address)
    assert {row["result"] for row in rows} == {"possible"}
    at_home = [row["barcode"] for row in rows if row["where"] == "with_client"]
    here = [row["barcode"] for row in rows if row["where"] == "in_store"]
    assert at_home
    assert here

    technician: Walk = await walks("technician")
    await technician.go("/safety-notices?show=all")
    await technician.follow(LETTER)
    await technician.picture("notice-in-force")
    notice = "/" + "/".join(technician.page.url.split("/")[3:5])
    await technician.follow("Items")
    await technician.picture("notice-work")
    await fits_a_phone(technician)
    await technician.follow("Homes")
    await technician.picture("notice-homes")
    await record(technician, notice, here[0], "Inspected", "Torque wrench: tight at 40 Nm.", answer="No")
    await technician.picture("notice-item-cleared")
    await record_of_many(technician, notice, [*at_home, here[0]], at_home)
    for barcode in at_home:
        await record(technician, notice, barcode, "No access", "Nobody opened at ten.")
        await record(technician, notice, barcode, "Inspected", "It turns by hand.", answer="Yes")
        await record(technician, notice, barcode, "Corrected", "Bolt tightened to 40 Nm; photograph on file.")
        await technician.picture("notice-item-corrected")
    for row in rows:
        if row["barcode"] in {*at_home, here[0]}:
            continue
        if row["where"] in {"scrapped", "missing"}:
            done = "Disposed" if row["where"] == "scrapped" else "Untraceable"
            await record(technician, notice, row["barcode"], done, "As its record says.")
        else:
            await record(technician, notice, row["barcode"], "Inspected", "Tight at 40 Nm.", answer="No")

    await safety.go(f"{notice}/reconciliation")
    await safety.picture("notice-counts-missing")
    for barcode in at_home:
        await record(safety, notice, barcode, "Cleared", "The photograph shows the mark on the bolt.")
    await safety.go(f"{notice}/reconciliation")
    await safety.press("Ask for it to be closed")
    await safety.picture("notice-closing-asked")
    second: Walk = await walks("safety2")
    await second.go("/")
    await second.picture("notice-home-page")
    await second.go(f"{notice}/reconciliation")
    await second.press("Close the notice")
    await expect(second.page.locator("main")).to_contain_text("Its record is final.")
    await second.picture("notice-closed")
    pdf = await second.context.request.get(f"{second.address}{notice}/evidence.pdf")
    assert (await pdf.body()).startswith(b"%PDF")
