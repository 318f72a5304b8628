"""The report as a form that keeps what was typed, what was recorded, and the copies for the authority, by page."""

from typing import Any

from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.given import Given

LOLER = [{"kind": "loler", "every_months": 6}]


def day(name: str, iso: str) -> dict[str, str]:
    """A day in its three boxes."""
    year, month, of_month = iso.split("-")
    return {f"{name}-day": of_month, f"{name}-month": month, f"{name}-year": year}


TYPED: dict[str, Any] = {
    "occasion": "within_6_months",
    "safe_working_load_kg": "150",
    "found": "false",
    "tested": "false",
    "safe_to_operate": "true",
    "employer_name": "Seaham Council",
    "employer_address": "County Hall",
    "examiner_name": "Erin Wells",
    "examiner_address": "2 Dock Road",
    "examiner_qualifications": "Level 3",
    "self_employed": "true",
    **day("last_examined_on", "2025-09-01"),
}
CRACK = {
    "found": "true",
    "part_1": "Spreader bar",
    "description_1": "Cracked.",
    "kind_1": "danger",
    "remedy_1": "Replace it.",
    "safe_to_operate": "false",
}


async def test_an_incomplete_report_is_refused_field_by_field_and_keeps_what_was_typed(
    technician: Browser, given: Given
) -> None:
    barcode = await given.item(product=await given.product(inspections=LOLER))
    url = f"/workshop/{barcode}/examination"
    typed = TYPED | {"occasion": None, "found": "true", "part_1": "Strap", "examiner_name": None}
    refused = await technician.post_form(url, **typed)
    assert refused.status == 422
    assert set(refused.errors) == {"occasion", "examiner_name", "description_1", "kind_1", "remedy_1"}
    assert refused.soup.select_one("#part_1")["value"] == "Strap"  # type: ignore[index]
    mended = {"occasion": "within_6_months", "found": "false", "part_1": None, "examiner_name": "Erin Wells"}
    sent = await technician.send(refused, url, **mended)
    made = await technician.follow(sent)
    assert made.banner.startswith("Report recorded:")
    assert "Due again by 2 September 2026." in made.banner
    assert "No defect was found" in made.text
    again = await technician.get(url)
    assert again.soup.select_one("#employer_name")["value"] == "Seaham Council"  # type: ignore[index]


async def test_what_else_is_wrong_is_said_at_its_field(technician: Browser, given: Given) -> None:
    barcode = await given.item(product=await given.product(inspections=LOLER))
    url = f"/workshop/{barcode}/examination"
    late = await technician.post_form(url, **TYPED, **day("next_due_on", "2027-03-02"))
    assert late.errors == {
        "next_due_on": "The interval is 6 months, so the next one is due by 2 September 2026 at the latest."
    }
    no_day = await technician.post_form(url, **TYPED, **day("next_due_on", "2026-02-31"))
    assert set(no_day.errors) == {"next_due_on"}


async def test_a_danger_by_page_holds_the_item_and_leads_to_the_copy_for_the_authority(
    technician: Browser, safety: Browser, given: Given, clock: Clock
) -> None:
    barcode = await given.item(State.ON_LOAN, product=await given.product(inspections=LOLER))
    sent = await technician.post_form(f"/workshop/{barcode}/examination", **TYPED | CRACK)
    made = await technician.follow(sent)
    assert "It is out of use." in made.banner
    assert "Spreader bar" in made.text
    pdf = await technician.client.get(f"{made.path}/report.pdf?for_authority=true")
    assert pdf.headers["content-type"] == "application/pdf"
    assert "On hold" in (await technician.get(f"/items/{barcode}")).text
    worklist = await safety.get("/inspections/authority-copies")
    [[item, *_]] = worklist.table()
    assert barcode[-4:-2] in item.replace("-", "")
    copy = str(worklist.soup.select_one('main a[href^="/inspections/authority-copies/"]')["href"])  # type: ignore[index]
    assert set((await safety.post_form(copy, sent_to=None)).errors) == {"sent_to"}
    future = await safety.post_form(copy, sent_to="HSE", **day("sent_on", clock.day(1)))
    assert set(future.errors) == {"sent_on"}
    done = await safety.post_form(copy, sent_to="Health and Safety Executive", how="Online")
    assert "sent to Health and Safety Executive" in (await safety.follow(done)).banner
    assert "Health and Safety Executive" in (await safety.get("/inspections/authority-copies?sent=true")).text
    assert "Recorded by safety" in (await safety.get(copy)).text


async def test_a_report_for_the_wrong_item_is_put_right_by_page(
    technician: Browser, given: Given, query: Query
) -> None:
    product = await given.product(inspections=LOLER)
    wrong, right = await given.items(2, product=product)
    await given.inspected(wrong, kind=InspectionKind.LOLER, by="technician")
    [line] = await query("SELECT id FROM inspection")
    here = f"/inspections/{line['id']}"
    mistyped = await technician.get(here, barcode=f"{right[:-1]}{9 - int(right[-1])}")
    assert set(mistyped.errors) == {"barcode"}
    led = await technician.get(here, barcode=right)
    assert led.goes_to == f"/workshop/{right}/examination?supersedes={line['id']}"
    form = await technician.follow(led)
    assert form.soup.select_one("#examiner_name")["value"] == "Erin Wells"  # type: ignore[index]
    url = f"/workshop/{right}/examination"
    assert set((await technician.send(form, url)).errors) == {"supersede_reason"}
    sent = await technician.send(form, url, supersede_reason="The other hoist.")
    assert f"It puts right inspection {line['id']}" in (await technician.follow(sent)).text
    old = await technician.get(here)
    assert "This was wrong and is superseded" in old.text
    assert "wrong, superseded" in (await technician.get(f"/items/{wrong}")).text


async def test_a_danger_that_was_a_mistake_is_filled_in_again_with_its_defect(
    technician: Browser, given: Given, query: Query
) -> None:
    barcode = await given.item(product=await given.product(inspections=LOLER))
    await given.inspected(barcode, InspectionOutcome.DANGER, InspectionKind.LOLER)
    [line] = await query("SELECT id FROM inspection")
    form = await technician.get(f"/workshop/{barcode}/examination?supersedes={line['id']}")
    assert form.soup.select_one("#part_1")["value"] == "Spreader bar"  # type: ignore[index]
    assert form.soup.select_one('input[name="found"][value="true"]')["checked"] == ""  # type: ignore[index]
    assert form.soup.select_one('input[name="safe_to_operate"][value="false"]')["checked"] == ""  # type: ignore[index]


async def test_a_check_at_the_bench_is_put_right_too_and_others_lead_to_the_report(
    technician: Browser, given: Given, query: Query
) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    await given.inspected(barcode)
    [line] = await query("SELECT id FROM inspection")
    led = await technician.get(f"/inspections/{line['id']}", barcode=barcode)
    url = f"/workshop/{barcode}/inspection"
    form = await technician.follow(led)
    assert set((await technician.send(form, url, outcome="failed")).errors) == {"supersede_reason"}
    await technician.send(form, url, outcome="failed", supersede_reason="Wrong button.")
    assert (await given.record(barcode)).state is State.IN_REPAIR
    assert (await technician.get(f"/workshop/{barcode}/examination?supersedes={line['id']}")).status == 200
    on_the_bench = await given.item(State.AWAITING_INSPECTION)
    page = await technician.get(f"/workshop/{on_the_bench}/inspection")
    assert page.soup.select_one(f'main a[href^="/workshop/{on_the_bench}/examination"]')


async def test_who_may_not_see_clients_is_not_led_to_reports(auditor: Browser, given: Given) -> None:
    barcode = await given.item(product=await given.product(inspections=LOLER))
    await given.inspected(barcode, kind=InspectionKind.LOLER)
    page = await auditor.get(f"/items/{barcode}")
    assert "Inspections that were made" in page.text
    assert page.soup.select_one('main a[href^="/inspections/"]') is None


async def test_another_defect_is_added_without_a_script_and_what_was_typed_stays(
    technician: Browser, given: Given, query: Query
) -> None:
    barcode = await given.item(product=await given.product(inspections=LOLER))
    url = f"/workshop/{barcode}/examination"
    page = await technician.get(url)
    typed = TYPED | CRACK | {"examiner_name": None, **day("danger_by_1", "2026-02-31")}
    for number in range(2, 6):
        page = await technician.send(page, url, **typed, add_defect="yes")
        assert (page.status, page.errors) == (200, {})
        assert f"Defect {number}" in page.text
        typed = {f"part_{number}": f"Part {number}"}
    button = page.soup.select_one('button[name="add_defect"]')
    assert button is not None
    assert button["formaction"] == f"{url}#defect-6"
    assert page.soup.select_one("#defect-5")
    assert page.soup.select_one("#part_4")["value"] == "Part 4"  # type: ignore[index]
    assert page.soup.select_one('[name="danger_by_1-day"]')["value"] == "31"  # type: ignore[index]
    # Nothing was recorded, and what is left empty is no defect.
    assert await query("SELECT id FROM inspection") == []
    worn = {"description": "Worn.", "kind": "could_become_danger", "remedy": "Renew it."}
    rest: dict[str, Any] = {f"{name}_{number}": words for name, words in worn.items() for number in (2, 3, 4)}
    for number in (2, 3, 4):
        rest |= day(f"danger_by_{number}", "2026-05-01")
    rest |= {"danger_by_1-day": None, "danger_by_1-month": None, "danger_by_1-year": None}
    refused = await technician.send(page, url, **rest)
    assert set(refused.errors) == {"examiner_name"}
    assert refused.soup.select_one("#defect-5")
    made = await technician.follow(await technician.send(refused, url, examiner_name="Erin Wells"))
    assert [part for part in ("Spreader bar", "Part 2", "Part 3", "Part 4") if part in made.text] == [
        "Spreader bar",
        "Part 2",
        "Part 3",
        "Part 4",
    ]
    # Whoever puts it right finds them all.
    [line] = await query("SELECT id FROM inspection")
    again = await technician.get(f"{url}?supersedes={line['id']}")
    assert again.soup.select_one("#part_4")["value"] == "Part 4"  # type: ignore[index]
    assert again.soup.select_one("#defect-5") is None


async def test_a_report_has_so_many_defects_and_no_more(technician: Browser, given: Given) -> None:
    barcode = await given.item(product=await given.product(inspections=LOLER))
    url = f"/workshop/{barcode}/examination"
    page = await technician.get(url)
    for shown, last in (("19", 20), ("20", 20), ("999999999", 2), ("x", 2)):
        page.soup.select_one('[name="defects_shown"]')["value"] = shown  # type: ignore[index]
        added = await technician.send(page, url, add_defect="yes")
        assert added.status == 200
        assert len(added.soup.select("fieldset[id^=defect-]")) == last
        assert ("A report takes 20 defects." in added.text) == (last == 20)
