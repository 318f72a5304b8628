"""A maker's letter to its end: what it covers is held, looked at, corrected and counted, and two people close it."""

from typing import Any

from httpx import AsyncClient
from playwright.async_api import expect

from app.cli.seed import PASSWORD
from tests.journeys.conftest import Walk

LETTER = "FSN FC-2604"
QUESTION = "Is the bolt of the rear castor loose?"
LINES = [
    {
        "effect": "include",
        "manufacturers": ["Fenwick Care"],
        "models": ["Mover 150"],
        "where": {"all": [{"serial_range": {"from": "MH150-2101", "to": "MH150-2104"}}, {"feature": QUESTION}]},
    }
]


async def put_into_force(address: str) -> list[dict[str, Any]]:
    """By the API, as two people; returns what it covers. The pages for it have walks of their own."""
    async with AsyncClient(base_url=f"{address}/api/v1") as client:
        for username, calls in (
            ("safety", [("POST", "triage", {"decision": "relevant", "reason": "We lend this hoist to people at home."}),
                        ("PUT", "scope", {"lines": LINES})]),
            ("safety2", [("POST", "activate", {})]),
        ):  # fmt: skip
            token = (await client.post("/token", data={"username": username, "password": PASSWORD})).json()
            client.headers["Authorization"] = f"Bearer {token['access_token']}"
            for method, what, body in calls:
                answer = await client.request(method, f"/safety-notices/{LETTER}/{what}", json=body)
                assert answer.is_success, answer.text
        found = (await client.get(f"/safety-notices/{LETTER}/matches")).json()["items"]
    rows: list[dict[str, Any]] = found
    return rows


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
    await technician.follow("Work on the items")
    await technician.picture("notice-work")
    await technician.follow("Homes")
    await technician.picture("notice-homes")
    await record(technician, notice, here[0], "Inspected", "Torque wrench: tight at 40 Nm.", answer="No")
    await technician.picture("notice-item-cleared")
    for barcode in at_home:
        await record(technician, notice, barcode, "Contacted", "They stop using it until Monday.", channel="Phone")
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
