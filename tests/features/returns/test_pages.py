"""The returns desk's pages: scanning without the script, scans to reconcile, a missing item that was found."""

from uuid import uuid4

import pytest

from app.domain.lifecycle import State
from tests.browser import Browser, Page
from tests.conftest import Query
from tests.given import Given


async def send(browser: Browser, page: Page, **typed: str) -> Page:
    """What a browser sends of the scan page: its form, and the fields beside it that belong to the form by its id."""
    fields = {}
    for field in page.soup.select('#scan-form [name], select[form="scan-form"], [form="scan-form"][checked]'):
        chosen = field.select_one("option[selected]") or field
        fields[str(field["name"])] = str(chosen.get("value", ""))
    assert set(typed) <= set(fields), fields
    return await browser.post("/scan", **fields | typed)


async def scan(browser: Browser, **typed: str) -> Page:
    """One scan from a page that was just opened."""
    return await send(browser, await browser.get("/scan"), **typed)


def line(page: Page) -> dict[str, str]:
    """The newest line of the scan list: its outcome, and its words by part."""
    found = page.soup.select_one('#scan-lines [data-testid="scan-line"]')
    assert found is not None, page.text
    parts = {name: found.select_one(f".app-scan-line__{name}") for name in ("outcome", "detail", "next", "hold")}
    words = {name: " ".join(part.get_text(" ").split()) for name, part in parts.items() if part is not None}
    return words | {"is": str(found["data-outcome"]), "held": str(found["data-held"])}


async def test_a_scan_without_the_script_takes_the_item_back_and_says_what_is_next(
    technician: Browser, given: Given
) -> None:
    loan = await given.loan()
    page = await scan(technician, barcode=loan.barcode)
    shown = line(page)
    assert (shown["is"], shown["outcome"]) == ("accepted", "Returned")
    assert shown["next"] == "Next: Take it to decontamination: wash down."
    assert (await given.record(loan.barcode)).state is State.RETURNED


async def test_the_same_form_sent_twice_returns_once(technician: Browser, given: Given) -> None:
    loan = await given.loan()
    page = await technician.get("/scan")
    await send(technician, page, barcode=loan.barcode)
    again = await send(technician, page, barcode=loan.barcode)
    assert line(again)["is"] == "duplicate"


async def test_an_item_on_hold_shows_the_hold_before_all_else(technician: Browser, given: Given) -> None:
    loan = await given.loan()
    await given.hold(loan.barcode, reason="Brake cable frayed.")
    shown = line(await scan(technician, barcode=loan.barcode))
    assert shown["held"] == "yes"
    assert shown["hold"] == "HOLD \N{EN DASH} quarantine Brake cable frayed."
    assert shown["next"].startswith("Next: Quarantine it")


@pytest.mark.parametrize(
    ("barcode", "outcome"),
    [("XX000123469", "unknown"), ("05012345678900", "unknown"), ("ES000123499", "refused"), ("x" * 1000, "refused")],
)
async def test_what_nobody_can_make_sense_of_is_a_result_and_no_error(
    technician: Browser, barcode: str, outcome: str
) -> None:
    page = await scan(technician, barcode=barcode)
    assert page.status == 200
    assert line(page)["is"] == outcome
    assert line(page)["next"].startswith("Next: ")


async def test_a_look_up_says_where_an_item_stands_and_changes_nothing(
    technician: Browser, given: Given, query: Query
) -> None:
    loan = await given.loan()
    page = await scan(technician, mode="look_up", barcode=loan.barcode.lower())
    assert line(page)["outcome"] == "On loan"
    assert (await given.record(loan.barcode)).state is State.ON_LOAN
    assert await query("SELECT id FROM return_scan") == []
    assert line(await send(technician, page, barcode="XX000123469"))["is"] == "unknown"


async def test_the_mode_and_the_store_stay_chosen_for_the_next_scan(technician: Browser, given: Given) -> None:
    page = await scan(technician, mode="look_up", store="COAST", barcode=await given.item())
    chosen = page.soup.select_one('input[name="mode"][checked]')
    store = page.soup.select_one('select[name="store"] option[selected]')
    assert chosen is not None
    assert store is not None
    assert (chosen["value"], store["value"]) == ("look_up", "COAST")


async def test_an_empty_scan_a_strange_mode_and_a_strange_store_are_said_on_the_page(
    technician: Browser, given: Given
) -> None:
    loan = await given.loan()
    empty = await scan(technician, barcode="  ")
    assert (empty.status, set(empty.errors)) == (422, {"barcode"})
    store = await scan(technician, barcode=loan.barcode, store="NOWHERE")
    assert (store.status, set(store.errors)) == (422, {"store"})
    assert (await scan(technician, barcode=loan.barcode, mode="fly")).status == 422
    assert (await scan(technician, barcode=loan.barcode, scan_id="7")).status == 422
    assert (await given.record(loan.barcode)).state is State.ON_LOAN


async def test_a_scan_of_a_workshop_mode_is_sent_on_to_the_workshop(technician: Browser, given: Given) -> None:
    barcode = await given.item(State.RETURNED)
    page = await scan(technician, mode="start_decontamination", barcode=barcode)
    assert (page.status, page.goes_to) == (307, "/workshop/scan")
    assert (await given.record(barcode)).state is State.RETURNED


async def test_who_may_not_scan_does_not_get_the_scan_page(ot: Browser) -> None:
    assert (await ot.get("/scan")).status == 403


async def test_scans_to_reconcile_say_what_was_scanned_where_by_whom_and_why(manager: Browser, given: Given) -> None:
    shelf = await given.item()
    await given.scan("XX000123469", shelf, "<b>05012345678900</b>")
    page = await manager.get("/returns/unmatched")
    for words in ("XX-0001234-69", "label of another service", "technician at MAIN", "was not out", "<b>0501"):
        assert words in page.text
    assert page.soup.select_one(f'main a[href="/items/{shelf}"]')


async def test_a_reconciled_scan_leaves_the_list_and_its_note_is_kept(
    manager: Browser, given: Given, query: Query
) -> None:
    await given.scan("XX000123469", "05012345678900")
    [row] = await query("SELECT id FROM return_scan WHERE raw = 'XX000123469'")
    first = row["id"]
    action, here = f"/returns/unmatched/{first}", "/returns/unmatched"
    empty = await manager.post_form(action, on=here)
    assert set(empty.errors) == {"note"}
    sent = await manager.send(empty, action, note="Sent back to its own service.")
    page = await manager.follow(sent)
    assert "XX-0001234-69" not in page.text
    assert "05012345678900" in page.text
    [row] = await query("SELECT reconciled_by, reconciled_note FROM return_scan WHERE id = :id", id=first)
    assert (row["reconciled_by"], row["reconciled_note"]) == ("manager", "Sent back to its own service.")


async def test_a_scan_is_reconciled_once_and_only_when_there_is_something_to_reconcile(
    manager: Browser, given: Given, query: Query
) -> None:
    await given.scan("XX000123469")
    [row] = await query("SELECT id FROM return_scan")
    action = f"/returns/unmatched/{row['id']}"
    page = await manager.get("/returns/unmatched")
    await manager.send(page, action, note="Done.")
    late = await manager.send(page, action, note="Done again.", once=uuid4().hex)
    assert late.status == 409
    assert "manager has dealt with this scan already" in late.text
    assert "accounted for" in (await manager.get("/returns/unmatched")).text


async def test_a_missing_item_that_is_found_goes_to_be_cleaned(technician: Browser, given: Given) -> None:
    barcode = await given.item(State.MISSING)
    form = f"/items/{barcode}/find"
    assert set((await technician.post_form(form)).errors) == {"store", "reason"}
    sent = await technician.post_form(form, store="COAST", reason="Behind the beds.")
    assert sent.goes_to == f"/items/{barcode}"
    assert (await given.record(barcode)).state is State.RETURNED


async def test_an_item_that_is_not_missing_cannot_be_found(technician: Browser, given: Given) -> None:
    page = await technician.get(f"/items/{await given.item()}/find")
    assert "not missing" in page.text
    assert page.soup.select_one("main form") is None
    assert (await technician.get("/items/ES000123499/find")).status == 422
