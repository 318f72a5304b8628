"""What an item's page says and offers, in the states where it is easily wrong."""

from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.browser import Browser, Page
from tests.conftest import Clock
from tests.given import TRIED, Given


def words(page: Page, selector: str) -> str:
    """The words of the first element there, with single blanks."""
    found = page.soup.select_one(selector)
    return " ".join(found.get_text(" ").split()) if found else ""


def reasons(page: Page) -> list[str]:
    """What the page lists as being in the way."""
    return [line.get_text(strip=True) for line in page.soup.select(".app-blockers li")]


def acts(page: Page) -> set[str]:
    """What is offered under “What to do next”."""
    return {link.get_text(strip=True) for link in page.soup.select(".app-next a, .app-next button")}


async def test_a_single_patient_item_that_is_back_is_to_be_scrapped_and_nothing_else(
    technician: Browser, given: Given
) -> None:
    barcode = await given.item(State.RETURNED, product=await given.product(single_patient_use=True))
    page = await technician.get(f"/items/{barcode}")
    assert words(page, ".app-next p") == "It must not be used again. Put it in the scrap cage and record the scrap."
    assert acts(page) == {"Scrap it"}


async def test_an_item_that_awaits_inspection_wants_one_and_then_its_release(technician: Browser, given: Given) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    page = await technician.get(f"/items/{barcode}")
    assert words(page, ".app-next p") == "Take it to the inspection bench."
    assert reasons(page) == ["It has not passed a functional check since it was cleaned or repaired."]
    assert acts(page) == {"Record an inspection"}
    await given.inspected(barcode)
    passed = await technician.get(f"/items/{barcode}")
    assert words(passed, ".app-next p") == "It passed. Release it to the shelf."
    assert words(passed, ".app-clear").startswith("Nothing stands in the way of releasing it.")
    assert "Release to the shelf" in acts(passed)


async def test_who_cleaned_a_high_risk_item_is_not_offered_its_release(
    technician: Browser, technician2: Browser, given: Given
) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION, product=await given.product(high_risk=True))
    await given.inspected(barcode)
    mine = await technician.get(f"/items/{barcode}")
    assert reasons(mine) == ["You cleaned it, and its risk is high: somebody else must release it."]
    assert "Release to the shelf" not in acts(mine)
    other = await technician2.get(f"/items/{barcode}")
    assert (reasons(other), "Release to the shelf" in acts(other)) == ([], True)


async def test_a_held_item_in_stock_is_to_be_quarantined(ot: Browser, given: Given) -> None:
    barcode = await given.item()
    await given.hold(barcode, reason="The castor is loose.")
    page = await ot.get(f"/items/{barcode}")
    assert words(page, ".app-next p") == "Quarantine it: it is on hold, and not to go out until that is lifted."
    assert reasons(page) == ["Fault: The castor is loose."]
    assert "Issue to a client" not in acts(page)


async def test_what_was_kept_after_its_trial_has_no_end_that_could_be_overdue(
    ot: Browser, as_ot: AsyncClient, given: Given, clock: Clock
) -> None:
    trial = await given.trial(days=7)
    kept = await as_ot.post(f"/api/v1/loans/{trial.id}/trial-outcome", json={"outcome": "keep", **TRIED})
    assert kept.status_code == 200, kept.text
    clock.move(days=30)
    page = await ot.get(f"/items/{trial.barcode}")
    assert "On loan since 2 March 2026" in page.text
    assert "overdue" not in page.text


async def test_a_scrapped_item_has_no_check_that_could_be_overdue(manager: Browser, given: Given, clock: Clock) -> None:
    hoist = await given.product(inspections=[{"kind": "loler", "every_months": 6}])
    barcode = await given.item(State.SCRAPPED, product=hoist)
    clock.move(days=200)
    assert "Overdue" not in (await manager.get(f"/items/{barcode}")).text
