"""What cannot be cleaned, on pages: it is asked why before it is recorded, and a manager can name another way."""

import pytest

from app.domain.hygiene import Outcome
from app.domain.lifecycle import State
from tests.browser import Browser
from tests.given import Given


@pytest.mark.parametrize("page", ["/workshop?bench=decontaminating", "/items/{}"])
async def test_no_single_button_says_that_it_cannot_be_cleaned(technician: Browser, given: Given, page: str) -> None:
    barcode = await given.item(State.DECONTAMINATING)
    shown = await technician.get(page.format(barcode))
    assert shown.soup.select_one('[name="do"][value="cannot"]') is None
    [link] = shown.soup.select(f'a[href^="/workshop/{barcode}/cannot-be-cleaned"]')
    form = await technician.get(str(link["href"]))
    assert form.heading == "Record that it cannot be cleaned"
    assert form.soup.select_one("button.govuk-button--warning")
    nowhere = await technician.post(f"/workshop/{barcode}/decontamination", do="cannot")
    assert nowhere.status in {403, 422}
    assert (await given.record(barcode)).state is State.DECONTAMINATING


async def test_it_is_asked_why_it_cannot_be_cleaned_and_the_answer_is_in_the_history(
    technician: Browser, given: Given
) -> None:
    barcode = await given.item(State.DECONTAMINATING)
    here = f"/workshop/{barcode}/cannot-be-cleaned"
    silent = await technician.post_form(here, on=f"{here}?back=/items/{barcode}")
    assert (silent.status, silent.errors) == (422, {"notes": "Say why it cannot be cleaned."})
    said = await technician.send(silent, here, notes="Foam soaked through.")
    assert said.goes_to == f"/items/{barcode}"
    page = await technician.follow(said)
    assert page.banner.endswith("Put it in the scrap cage and scrap it.")
    assert "Foam soaked through." in page.text


async def test_what_is_not_being_cleaned_has_no_cleaning_that_could_end(technician: Browser, given: Given) -> None:
    barcode = await given.item(State.DECONTAMINATING)
    here = f"/workshop/{barcode}/cannot-be-cleaned"
    open_since = await technician.get(here)
    await given.cleaned(barcode)
    late = await technician.send(open_since, here, notes="Foam soaked through.")
    assert late.status == 409
    assert "it is not being cleaned" in (await technician.get(here)).text


@pytest.mark.parametrize("past_cleaning", ["the cleaning", "the product"])
async def test_a_manager_names_another_way_from_the_page_of_the_item_or_its_bench(
    manager: Browser, technician: Browser, given: Given, past_cleaning: str
) -> None:
    if past_cleaning == "the product":
        barcode = await given.item(State.RETURNED, product=await given.product(decontamination_route="cannot"))
    else:
        barcode = await given.item(State.DECONTAMINATING)
        await given.cleaned(barcode, Outcome.CANNOT)
    way = f"/workshop/{barcode}/another-way"
    for page in (f"/items/{barcode}", "/workshop?bench=scrap"):
        assert (await manager.get(page)).soup.select_one(f'a[href^="{way}"]'), page
        assert (await technician.get(page)).soup.select_one(f'a[href^="{way}"]') is None, page
    assert (await technician.get(way)).status == 403
    empty = await manager.post_form(way, on=f"{way}?back=/items/{barcode}")
    assert set(empty.errors) == {"route", "reason"}
    assert "cannot" not in {str(one["value"]) for one in empty.soup.select('[name="route"]')}
    forged = await manager.send(empty, way, route="cannot", reason="The contractor takes foam.")
    assert forged.errors == {"route": "Choose a way by which it can be cleaned."}
    started = await manager.send(empty, way, route="contractor", reason="The contractor takes foam.")
    item = await manager.follow(started)
    assert item.banner.endswith("Send to the contractor.")
    assert "Cleaned by order: send to the contractor. The contractor takes foam." in item.text


async def test_what_is_cleaned_by_order_goes_on_over_the_benches_like_everything_else(
    technician: Browser, manager: Browser, given: Given
) -> None:
    barcode = await given.item(State.RETURNED, product=await given.product(decontamination_route="cannot"))
    await manager.post_form(f"/workshop/{barcode}/another-way", route="laundry", reason="The cover comes off.")
    form = f"/workshop/{barcode}/decontamination"
    passed = await technician.post_form(form, do="passed", infection_risk="low")
    assert passed.status == 303
    bench = await technician.get("/workshop", bench="awaiting_inspection")
    assert bench.soup.select_one(f'a[href^="/workshop/{barcode}/inspection"]')
    assert bench.soup.select_one(f'a[href="/items/{barcode}/scrap"]') is None


async def test_what_has_had_its_single_patient_is_offered_no_other_way(manager: Browser, given: Given) -> None:
    barcode = await given.item(State.RETURNED, product=await given.product(single_patient_use=True))
    way = f"/workshop/{barcode}/another-way"
    for page in (f"/items/{barcode}", "/workshop?bench=scrap"):
        assert (await manager.get(page)).soup.select_one(f'a[href^="{way}"]') is None, page
    assert "for a single patient" in (await manager.get(way)).text
