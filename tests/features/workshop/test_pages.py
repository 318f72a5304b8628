"""The pages of the workshop: benches, what is recorded on them, and scans from a page without its script."""

import pytest

from app.domain.hygiene import Outcome
from app.domain.inspections import InspectionOutcome
from app.domain.lifecycle import State
from app.features.workshop.schemas import to_the_workshop
from tests.browser import Browser, Page
from tests.conftest import Clock, Query, SignIn
from tests.features.ordering.conftest import Orders
from tests.given import Given


def bench(page: Page) -> list[str]:
    """The barcodes on the bench that is shown, in order."""
    return [str(row["data-barcode"]) for row in page.soup.select('[data-testid="bench-item"]')]


async def test_each_bench_shows_how_many_wait_and_who_waits_longest_first(
    technician: Browser, given: Given, clock: Clock
) -> None:
    older = await given.item(State.RETURNED)
    clock.move(days=3)
    newer = await given.item(State.RETURNED)
    cleaning = await given.item(State.DECONTAMINATING)
    page = await technician.get("/workshop")
    assert bench(page) == [older, newer]
    assert "3 days" in page.text
    benches = page.soup.select('nav[aria-label="Benches"] a')
    counts = [int(link.get_text().rsplit(" ", 1)[1]) for link in benches]
    assert counts == [2, 1, 0, 0, 0]
    assert bench(await technician.get(str(benches[1]["href"]))) == [cleaning]


async def test_only_what_somebody_waits_for_says_why_it_stands_where_it_does(
    technician: Browser, given: Given, sign_in: SignIn
) -> None:
    wanted, idle = await given.product(), await given.product()
    waits, other = [await given.item(State.RETURNED, product=product) for product in (wanted, idle)]
    await Orders(given, sign_in).submitted(wanted)
    page = await technician.get("/workshop")
    why = {str(row["data-barcode"]): row.select("td")[2].get_text(strip=True) for row in page.soup.select("tbody tr")}
    assert why == {waits: "1 prescriber waits for this, since 2 March 2026.", other: ""}
    said = "Where nothing says why an item stands here, nobody waits for it"
    assert page.text.count(said) == 1
    held = await technician.get("/workshop", bench="decontaminating")
    assert said not in held.text


async def test_the_benches_can_be_narrowed_to_one_store(technician: Browser, given: Given) -> None:
    main, loan = await given.item(State.RETURNED), await given.loan()
    await given.scan(loan.barcode, store="COAST")
    assert bench(await technician.get("/workshop", store="COAST")) == [loan.barcode]
    assert bench(await technician.get("/workshop", store="MAIN")) == [main]
    assert len(bench(await technician.get("/workshop", store="NOWHERE"))) == 2


async def test_an_empty_bench_says_how_items_come_there(technician: Browser) -> None:
    page = await technician.get("/workshop", bench="in_repair")
    assert "Items come here when they fail an inspection" in page.text


async def test_an_item_goes_from_the_returns_cage_to_the_shelf_by_its_buttons(
    technician: Browser, given: Given
) -> None:
    barcode = await given.item(State.RETURNED)
    clean = f"/workshop/{barcode}/decontamination"
    back = "/workshop?bench=returned"
    sent = await technician.post_form(clean, on=back, do="start")
    assert sent.goes_to == back
    assert "Cleaning started" in (await technician.follow(sent)).banner
    cleaning = await technician.get("/workshop", bench="decontaminating")
    assert cleaning.soup.select_one('button[value="passed"]') is None
    await technician.post_form(clean, do="passed", infection_risk="low", notes="Twice.")
    await technician.post_form(f"/workshop/{barcode}/inspection", kind="functional", outcome="passed")
    shelf = await technician.post_form(
        f"/workshop/{barcode}/release", on="/workshop?bench=awaiting_inspection", bay="C3"
    )
    assert (await technician.follow(shelf)).banner.endswith("It is ready to issue. Bay C3.")
    record = await given.record(barcode)
    assert (record.state, record.bay) == (State.IN_STOCK, "C3")


async def test_a_failed_cleaning_goes_back_and_one_that_cannot_be_made_safe_is_to_be_scrapped(
    technician: Browser, given: Given
) -> None:
    failed, hopeless = await given.item(State.DECONTAMINATING), await given.item(State.DECONTAMINATING)
    here = "/workshop?bench=decontaminating"
    await technician.post_form(f"/workshop/{failed}/decontamination", on=here, do="failed")
    said = await technician.post_form(f"/workshop/{hopeless}/cannot-be-cleaned", notes="Foam soaked through.")
    assert "scrap it" in (await technician.follow(said)).banner
    page = await technician.get("/workshop", bench="returned")
    assert "Its last cleaning failed." in page.text
    assert page.soup.select_one(f'form[action="/workshop/{failed}/decontamination"]')
    assert bench(page) == [failed]
    page = await technician.get("/workshop", bench="scrap")
    assert bench(page) == [hopeless]
    assert page.soup.select_one(f'form[action="/workshop/{hopeless}/decontamination"]') is None
    assert page.soup.select_one(f'a[href="/items/{hopeless}/scrap"]')


async def test_a_single_patient_item_that_came_back_can_only_be_scrapped(technician: Browser, given: Given) -> None:
    barcode = await given.item(State.RETURNED, product=await given.product(single_patient_use=True))
    page = await technician.get("/workshop", bench="scrap")
    assert page.soup.select_one(f'a[href="/items/{barcode}/scrap"]')
    assert page.soup.select_one(f'form[action="/workshop/{barcode}/decontamination"]') is None


async def test_an_item_on_hold_is_marked_and_not_offered_for_release(technician: Browser, given: Given) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    await given.inspected(barcode)
    release = f'form[action="/workshop/{barcode}/release"]'
    free = await technician.get("/workshop", bench="awaiting_inspection")
    assert free.soup.select_one(release)
    await given.hold(barcode, reason="Brake cable frayed.")
    page = await technician.get("/workshop", bench="awaiting_inspection")
    assert page.soup.select_one(release) is None
    assert "On hold" in page.text
    assert "Brake cable frayed." in page.text
    refused = await technician.send(free, f"/workshop/{barcode}/release")
    assert refused.status == 409
    assert "Brake cable frayed." in refused.text
    assert (await given.record(barcode)).state is State.AWAITING_INSPECTION


async def test_who_cleaned_a_high_risk_item_is_told_that_another_releases_it(
    technician: Browser, technician2: Browser, given: Given
) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION, product=await given.product(high_risk=True))
    await given.inspected(barcode)
    release = f'form[action="/workshop/{barcode}/release"]'
    mine = await technician.get("/workshop", bench="awaiting_inspection")
    assert "somebody else must release it" in mine.text
    assert mine.soup.select_one(release) is None
    assert (await technician2.get("/workshop", bench="awaiting_inspection")).soup.select_one(release)


async def test_a_button_that_comes_too_late_says_so_and_changes_nothing(technician: Browser, given: Given) -> None:
    barcode = await given.item(State.RETURNED)
    page = await technician.get("/workshop", bench="returned")
    await given.cleaning(barcode)
    await given.cleaned(barcode, Outcome.PASSED)
    late = await technician.send(page, f"/workshop/{barcode}/decontamination", do="start")
    assert late.status == 409
    assert "awaiting inspection" in late.text
    assert late.soup.select_one(f'main a[href="/items/{barcode}"]')
    without = await technician.send(page, f"/workshop/{barcode}/decontamination")
    assert (without.status, without.heading) == (422, "Something needs correcting")


async def test_a_failed_inspection_leads_to_repair_and_back_to_the_bench(technician: Browser, given: Given) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    form = f"/workshop/{barcode}/inspection"
    assert set((await technician.post_form(form, kind="service")).errors) == {"outcome"}
    await technician.post_form(form, outcome="danger", notes="Frame cracked.")
    assert (await given.record(barcode)).state is State.IN_REPAIR
    repair = f"/workshop/{barcode}/repair"
    wrong = await technician.post_form(repair, labour_minutes="-1", labour_pounds="many")
    assert set(wrong.errors) == {"labour_minutes", "labour_pounds"}
    sent = await technician.post_form(repair, notes="Welded.")
    assert (await technician.follow(sent)).banner.startswith("Repaired: ")
    assert (await given.record(barcode)).state is State.AWAITING_INSPECTION
    assert "On hold" in (await technician.get(form)).text


async def test_an_item_beyond_repair_is_scrapped(technician: Browser, given: Given) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    await given.inspected(barcode, InspectionOutcome.FAILED)
    page = await technician.get(f"/workshop/{barcode}/repair")
    assert page.soup.select_one(f'main a[href="/items/{barcode}/scrap"]')
    said = {"reason": "Frame cracked.", "waste_stream": "metal", "reference": "WTN-1"}
    await technician.post_form(f"/items/{barcode}/scrap", **said)
    assert (await given.record(barcode)).state is State.SCRAPPED


async def test_the_next_inspection_may_be_sooner_but_not_before_today(technician: Browser, given: Given) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    boxes = {"next_due_on-day": "1", "next_due_on-month": "3", "next_due_on-year": "2026"}
    page = await technician.post_form(f"/workshop/{barcode}/inspection", outcome="passed", **boxes)
    assert set(page.errors) == {"next_due_on"}
    sent = await technician.send(page, f"/workshop/{barcode}/inspection", **{"next_due_on-month": "9"})
    assert "Due again by 1 September 2026." in (await technician.follow(sent)).banner


async def test_what_cannot_be_inspected_or_was_not_in_repair_shows_no_form(technician: Browser, given: Given) -> None:
    barcode = await given.item(State.RETURNED)
    for page in ("inspection", "repair"):
        shown = await technician.get(f"/workshop/{barcode}/{page}")
        assert shown.soup.select_one("main form") is None
        assert shown.soup.select_one(".app-blockers")


async def test_a_form_leads_back_to_where_it_was_opened_and_never_elsewhere(technician: Browser, given: Given) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    form = f"/workshop/{barcode}/inspection"
    page = await technician.get(form, back=f"/items/{barcode}")
    assert (await technician.send(page, form, outcome="passed")).goes_to == f"/items/{barcode}"
    foreign = await technician.get(form, back="https://elsewhere.test/")
    assert (await technician.send(foreign, form, outcome="passed")).goes_to == "/workshop"


@pytest.mark.parametrize(
    "path", ["", "//elsewhere.test", "/\\elsewhere.test", "https://elsewhere.test", "/a\nb", "items"]
)
def test_a_way_back_that_is_not_ours_is_the_workshop(path: str) -> None:
    assert to_the_workshop(path) == "/workshop"


def test_a_way_back_that_is_ours_is_kept() -> None:
    assert to_the_workshop("/workshop?bench=returned&store=MAIN") == "/workshop?bench=returned&store=MAIN"


LOOP = [
    ("start_decontamination", "Cleaning started", State.DECONTAMINATING),
    ("fail_decontamination", "Cleaning failed", State.RETURNED),
    ("start_decontamination", "Cleaning started", State.DECONTAMINATING),
    ("pass_decontamination", "Cleaned", State.AWAITING_INSPECTION),
    ("fail_inspection", "Failed inspection", State.IN_REPAIR),
]


async def scan(browser: Browser, mode: str, barcode: str, **said: str) -> Page:
    """One scan as the browser sends it without the script: to /scan, and on to the workshop with the same fields."""
    page = await browser.get("/scan", mode=mode)
    form = page.form("/scan")
    fields = {name: str(form.select_one(f'[name="{name}"]')["value"]) for name in ("csrf_token", "scan_id", "once")}  # type: ignore[index]
    sent = fields | {"mode": mode, "store": "MAIN", "barcode": barcode, **said}
    first = await browser.post("/scan", **sent)
    assert (first.status, first.goes_to) == (307, "/workshop/scan")
    return await browser.post("/workshop/scan", **sent)


def outcome(page: Page) -> tuple[str, str]:
    """The outcome of the newest line, and its words."""
    [line] = page.soup.select("#scan-lines > li")
    words = line.select_one('[data-testid="scan-outcome"]')
    return str(line["data-outcome"]), words.get_text(strip=True) if words else ""


async def test_every_mode_of_the_workshop_can_be_scanned_without_the_script(technician: Browser, given: Given) -> None:
    barcode = await given.item(State.RETURNED)
    for mode, words, state in LOOP:
        if mode == "pass_decontamination":
            unsaid = await scan(technician, mode, barcode)
            assert outcome(unsaid)[0] == "refused"
            assert "infection risk" in unsaid.text
        page = await scan(technician, mode, barcode, infection_risk="low")
        assert outcome(page) == ("accepted", words)
        # It counts for the next item of the batch too.
        assert page.soup.select_one("#infection_risk-low[checked]")
        assert (await given.record(barcode)).state is state
    await given.repaired(barcode)
    assert outcome(await scan(technician, "release", barcode))[0] == "refused"
    assert outcome(await scan(technician, "pass_inspection", barcode)) == ("accepted", "Passed inspection")
    assert outcome(await scan(technician, "release", barcode)) == ("accepted", "Released to the shelf")
    assert (await given.record(barcode)).state is State.IN_STOCK


@pytest.mark.parametrize("mode", ["start_decontamination", "pass_decontamination", "pass_inspection", "release"])
@pytest.mark.parametrize(("barcode", "kind"), [("XX000123469", "unknown"), ("ES000123499", "refused")])
async def test_a_scan_of_what_is_not_ours_is_a_result_and_no_error(
    technician: Browser, mode: str, barcode: str, kind: str
) -> None:
    page = await scan(technician, mode, barcode)
    assert (page.status, outcome(page)[0]) == (200, kind)


async def test_a_refused_scan_leaves_nothing_behind(technician: Browser, given: Given, query: Query) -> None:
    kept = await given.reservation()
    page = await scan(technician, "release", kept.barcode)
    assert outcome(page)[0] == "refused"
    assert (await given.record(kept.barcode)).state is State.RESERVED
    rows = await query("SELECT id FROM reservation WHERE ended_at IS NULL")
    assert len(rows) == 1


async def test_an_empty_scan_is_said_at_the_box(technician: Browser) -> None:
    page = await technician.get("/scan")
    token = page.soup.select_one('meta[name="csrf-token"]')
    assert token is not None
    scan_id = "4e9f8f2b-4f0e-4b56-9a37-4c7a0c7f7f5e"
    empty = await technician.post("/workshop/scan", csrf_token=token["content"], mode="release", scan_id=scan_id)
    assert (empty.status, set(empty.errors)) == (422, {"barcode"})


async def test_a_form_whose_time_has_passed_is_answered_with_how_things_stand_now(
    technician: Browser, given: Given
) -> None:
    mended = await given.item(State.IN_REPAIR)
    repair, inspection = f"/workshop/{mended}/repair", f"/workshop/{mended}/inspection"
    old_repair = await technician.get(repair)
    await given.repaired(mended)
    late = await technician.send(old_repair, repair)
    assert (late.status, "not in repair" in late.text) == (409, True)
    old_inspection = await technician.get(inspection)
    await given.scrapped(mended)
    too_late = await technician.send(old_inspection, inspection)
    assert (too_late.status, "cannot be inspected" in too_late.text) == (409, True)
