"""A national alert arrives as a document of GOV.UK: imported, triaged with the search kept, acted on; then amended."""

import json
import re
from datetime import date, timedelta
from typing import Any

from playwright.async_api import expect

from app.cli.seed import PASSWORD
from tests.features.notices.documents import BODY, content
from tests.journeys.conftest import Walk


async def import_it(walk: Walk, document: dict[str, Any]) -> None:
    """Choose the file on its page."""
    await walk.go("/safety-notices/import")
    raw = json.dumps(document).encode()
    await walk.page.get_by_label("JSON file").set_input_files(
        {"name": "alert.json", "mimeType": "application/json", "buffer": raw}
    )
    await walk.press("Import it")


async def test_an_alert_about_a_whole_class_of_devices_leads_to_actions_of_the_organisation(
    walks: Any,
) -> None:
    safety: Walk = await walks("safety")
    page = safety.page
    await safety.picture("notices-home")
    await safety.follow("Safety notices")
    await safety.picture("notices-to-triage")
    await import_it(safety, content())
    await expect(page.locator(".govuk-notification-banner")).to_contain_text("This notice is new.")
    await safety.picture("notice-received")

    await page.get_by_role("button", name="Triage it").click()
    await page.get_by_label("What to look for in the catalogue").fill("bed rail\nProfiling bed\ngrab handle")
    await safety.press("Search again")
    await expect(page.get_by_role("table", name="What the catalogue has")).to_contain_text("Like bed rail")
    await safety.press("Keep the decision")
    await expect(page.locator(".govuk-error-summary")).to_contain_text("Choose whether the notice is relevant.")
    await page.get_by_label("Relevant", exact=True).check()
    await page.get_by_label("Why?").fill("We lend profiling beds, rails and grab handles to people at home.")
    await safety.picture("notice-triage")
    await safety.press("Keep the decision")
    await expect(page.get_by_role("table", name="Decisions")).to_contain_text("bed rail, Profiling bed, grab handle")

    due = date.today() + timedelta(days=30)  # noqa: DTZ011 - the service runs on this machine's clock
    await page.get_by_role("button", name="Add an action").click()
    await page.get_by_label("What must be done?").fill(
        "Review everybody who has bed rails for a documented assessment."
    )
    await page.get_by_label("Who sees to it?").fill("Head of occupational therapy")
    for part, number in (("Day", due.day), ("Month", due.month), ("Year", due.year)):
        await page.get_by_label(part).fill(str(number))
    await safety.press("Add the action")
    await expect(page.get_by_role("table", name="What the organisation does about it")).to_contain_text("Head of")
    await safety.picture("notice-relevant")

    later = BODY.replace("1 March 2024", "1 June 2024")
    amended = content(body=later, public_updated_at="2023-12-01T09:00:00Z", note="The deadline was extended.")
    await import_it(safety, amended)
    await expect(page.get_by_role("table", name="What changed in version 2")).to_contain_text("1 June 2024")
    await safety.picture("notice-changed")
    await safety.go("/")
    await expect(page.get_by_text(re.compile("safety notices? changed since triage"))).to_be_visible()
    await safety.picture("notices-home-changed")

    technician: Walk = await walks("technician")
    await technician.go("/safety-notices?show=all")
    await technician.follow("NatPSA/2023/010/MHRA")
    assert await technician.page.get_by_role("button", name="Triage it").count() == 0

    await every_person_is_reviewed(walks, safety, technician.page.url.removeprefix(technician.address))


async def every_person_is_reviewed(walks: Any, safety: Walk, notice: str) -> None:
    """The alert is put into force as advice, about a product of its own: nothing is held, its client is reviewed."""
    page = safety.page
    await goods_of_its_own(safety, 9, name="Bed grab handle", category="18 12 28", warned="entrapment", about="WALK-9")
    await safety.go(f"{notice}/triage")
    await page.get_by_label("Relevant", exact=True).check()
    await page.get_by_label("Why?").fill("The deadline is another one; we lend them as before.")
    await safety.press("Keep the decision")
    await page.get_by_role("button", name="Enter what it covers").click()
    await page.get_by_label("Advice only").check()
    await page.get_by_label("Models").fill("Walk 9")
    await safety.press("Keep as a draft")
    other: Walk = await walks("safety2")
    await other.go(f"{notice}/preview")
    await other.press("Activate scope 1")
    await expect(other.page.locator(".govuk-notification-banner")).to_contain_text("are listed; none is held")
    therapist: Walk = await walks("ot")
    await therapist.go(f"{notice}/reviews")
    await therapist.picture("notice-reviews")
    await therapist.page.get_by_role("link", name=re.compile("C-WALK9")).first.click()
    await therapist.go(f"{notice}/reviews/C-WALK9")
    await therapist.page.get_by_label("Changed", exact=True).check()
    await therapist.page.get_by_label("What was looked at, and what was changed?").fill("The handle is taken off.")
    await therapist.press(re.compile("Record"))
    await expect(therapist.page.locator(".govuk-notification-banner")).to_contain_text("C-WALK9 is recorded")
    await safety.go(f"{notice}/reconciliation")
    await expect(safety.page.locator("main")).to_contain_text("1 of 1")
    await safety.picture("notice-advice-counts")


async def send(walk: Walk, username: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Somebody sends something to the API."""
    who: dict[str, str | float | bool] = {"username": username, "password": PASSWORD}
    signed_in = await walk.context.request.post(f"{walk.address}/api/v1/token", form=who)
    headers = {"Authorization": f"Bearer {(await signed_in.json())['access_token']}"}
    answer = await walk.context.request.post(f"{walk.address}/api/v1/{path}", data=body, headers=headers)
    assert answer.ok, await answer.text()
    made: dict[str, Any] = await answer.json()
    return made


async def goods_of_its_own(walk: Walk, number: int, *, name: str, category: str, warned: str, about: str) -> None:
    """Two of a product, on the shelf and at a client's: no other walk's things are covered."""
    code, person = f"WALK-{number}", f"C-WALK{number}"
    facts: dict[str, Any] = {"code": code, "name": name, "category": category, "purchase_price_pence": 90_000}
    # Of a rail no load is known; what must bear the client has one.
    facts |= {} if warned == "entrapment" else {"safe_working_load_kg": 150}
    await send(walk, "manager", "products", facts | {"manufacturer": "Walker", "model": f"Walk {number}"})
    serials = [f"WK{number}101", f"WK{number}102"]
    goods = {"product_code": code, "store": "MAIN", "received_on": today(), "serial_numbers": serials}
    [first, _] = (await send(walk, "technician", "items", goods))["items"]
    client = {"client_ref": person, "name": "Ada Walk", "address": f"{number} Mill Road", "postcode": "SR7 9ZZ"}
    await send(walk, "ot", "clients", client)
    seen = {"code": warned, "subject": about, "answer": "Looked at and weighed at the visit."}
    await send(walk, "ot", "loans", {"barcode": first["barcode"], "client_ref": person, "answers": [seen]})


def today() -> str:
    """The service runs on this machine's clock."""
    return date.today().isoformat()  # noqa: DTZ011


async def hoists_and_a_letter_about_them(walk: Walk) -> None:
    """What the second walk is about."""
    await goods_of_its_own(walk, 7, name="Mobile hoist", category="12 36 03", warned="weight-unknown", about="client")
    letter = {"reference": "FSN WK-1", "kind": "field-safety-notice", "title": "Walk 7: the castor bolt may loosen"}
    text = "Affected: Walk 7, serial numbers WK7101 to WK7104, both included."
    await send(walk, "safety", "safety-notices", letter | {"issuer": "Walker", "issued_on": today(), "body": text})


async def test_a_range_of_serial_numbers_is_entered_put_into_force_by_another_and_one_is_scanned_in(
    walks: Any,
) -> None:
    safety: Walk = await walks("safety")
    page = safety.page
    await hoists_and_a_letter_about_them(safety)
    await safety.go("/safety-notices?show=all")
    await page.get_by_role("link", name=re.compile("FSN WK-1")).click()
    await page.get_by_role("button", name="Triage it").click()
    await page.get_by_label("Relevant", exact=True).check()
    await page.get_by_label("Why?").fill("We lend the Walk 7.")
    await safety.press("Keep the decision")
    await page.get_by_role("button", name="Enter what it covers").click()
    await page.get_by_label("Items must not be used").check()
    await page.get_by_label("Makers").fill("Walker")
    await page.get_by_label("Models").fill("Walk 7")
    await page.get_by_label("Condition 1", exact=True).select_option("Serial numbers from … to …")
    await expect(page.get_by_label("What it says")).to_be_hidden()
    await page.get_by_label("From", exact=True).fill("WK7104")
    await page.get_by_label("To", exact=True).fill("WK7101")
    await safety.press("Keep as a draft")
    await expect(page.locator(".govuk-error-summary")).to_contain_text("WK7101 comes before WK7104.")
    await safety.picture("notice-scope")
    await page.get_by_label("From", exact=True).fill("WK7101")
    await page.get_by_label("To", exact=True).fill("WK7104")
    await page.get_by_label("To", exact=True).press("Enter")
    await expect(page.get_by_text("Somebody else who handles safety notices must check it")).to_be_visible()
    await safety.picture("notice-preview")

    other: Walk = await walks("safety2")
    await other.go("/safety-notices?show=in_hand")
    await other.page.get_by_role("link", name=re.compile("FSN WK-1")).click()
    await other.page.get_by_role("button", name="Check scope 1 and activate it").click()
    await other.press("Activate scope 1")
    await expect(other.page.locator(".govuk-notification-banner")).to_contain_text("are held now.")
    where = other.page.get_by_role("table", name="Where they are")
    await expect(where).to_contain_text("In store")
    await expect(where).to_contain_text("At homes")
    await other.picture("notice-matches")
    rows = other.page.get_by_role("table", name="All items").get_by_role("row")
    home = rows.filter(has_text="At homes").first
    tag = "".join((await home.get_by_role("link").first.inner_text()).split())

    technician: Walk = await walks("technician")
    await technician.go("/scan")
    await technician.page.keyboard.type(tag, delay=2)
    await technician.page.keyboard.press("Enter")
    await expect(technician.page.locator("main")).to_contain_text("Quarantine it. Safety notice FSN WK-1 covers it")
    await technician.picture("notice-scanned-in")
