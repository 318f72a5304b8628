"""A national alert arrives as a document of GOV.UK: imported, triaged with the search kept, acted on; then amended."""

import json
import re
from datetime import date, timedelta
from typing import Any

from playwright.async_api import expect

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
