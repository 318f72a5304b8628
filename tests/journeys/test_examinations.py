"""A thorough examination by page: refused until its report is whole; a danger holds the item."""

from typing import Any

from tests.journeys.conftest import Walk

HOIST = "/items?q=MH150-2108"


async def fill(walk: Walk, **typed: str) -> None:
    """Fill in fields by their names."""
    for name, words in typed.items():
        await walk.page.locator(f'[name="{name}"]').fill(words)


async def choose(walk: Walk, **chosen: str) -> None:
    """Choose radios by their names."""
    for name, value in chosen.items():
        await walk.page.locator(f'[name="{name}"][value="{value}"]').check()


async def test_a_report_is_refused_until_it_is_whole_and_a_danger_holds_the_item(walks: Any) -> None:
    walk: Walk = await walks("technician")
    await walk.go(HOIST)
    await walk.click(walk.page.locator("#results a.app-code").first)
    await walk.press("Record an inspection")
    await walk.follow("Record a thorough examination (LOLER)")
    await fill(walk, examiner_name="Erin Wells", employer_name="Marston County Council")
    await walk.press("Record the report")
    assert (await walk.page.title()).startswith("Error:")
    await walk.picture("examination-refused")
    assert "Choose why it was examined." in await walk.text()
    assert await walk.page.locator('[name="examiner_name"]').input_value() == "Erin Wells"
    await fill(
        walk,
        employer_address="County Hall, Marston MA1 1AA",
        examiner_address="2 Dock Road, Marston",
        examiner_qualifications="Level 3, patient lifting equipment",
        **{"last_examined_on-day": "1", "last_examined_on-month": "6", "last_examined_on-year": "2025"},
    )
    await choose(walk, occasion="within_6_months", found="false", tested="false", safe_to_operate="true")
    await choose(walk, self_employed="true")
    await walk.press("Record the report")
    assert "Report recorded" in await walk.text()
    await walk.picture("examination-recorded")
    await walk.click(walk.page.locator("main a.app-code").first)
    await walk.picture("item-with-its-checks")

    # The same hoist is found to be a danger.
    await walk.press("Record an inspection")
    await walk.follow("Record a thorough examination (LOLER)")
    await fill(walk, part_1="Boom", description_1="Cracked at the pivot.", remedy_1="Replace the boom.")
    await walk.press("Add another defect")
    assert walk.page.url.endswith("/examination#defect-2")
    assert await walk.page.locator('[name="part_1"]').input_value() == "Boom"
    await walk.picture("examination-two-defects")
    for part in ("day", "month", "year"):
        await fill(walk, **{f"last_examined_on-{part}": {"day": "1", "month": "6", "year": "2025"}[part]})
    await choose(walk, occasion="exceptional_circumstances", found="true", kind_1="danger", tested="false")
    await choose(walk, safe_to_operate="false")
    await walk.press("Record the report")
    assert "It is out of use." in await walk.text()
    await walk.picture("examination-danger")
    await walk.click(walk.page.locator("main a.app-code").first)
    assert "On hold" in await walk.text()
    assert "Boom: Cracked at the pivot." in await walk.text()

    safety: Walk = await walks("safety")
    await safety.follow("Copies for the authority")
    await safety.picture("copies-for-the-authority")
    await safety.click(safety.page.locator("main td a", has_text="Record as sent").first)
    await fill(safety, sent_to="Health and Safety Executive")
    await safety.press("Record that it was sent")
    assert "sent to Health and Safety Executive" in await safety.text()
    await walk.go("/inspections/due")
    await walk.picture("inspections-due")
    await walk.go("/inspections/visits/1")
    await walk.picture("visit-to-a-home")
