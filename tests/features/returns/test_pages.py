"""The returns desk's pages: scanning without the script, scans to reconcile, a missing item that was found."""

from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.browser import Browser, Page
from tests.conftest import Clock, Query
from tests.given import Given

HERE = "/returns/unmatched"
RECONCILE = "/returns/unmatched/reconcile"


async def send(browser: Browser, page: Page, to: str = "/scan", **typed: str) -> Page:
    """What a browser sends of the scan page: its form, and the fields beside it that belong to the form by its id."""
    fields = {}
    for field in page.soup.select('#scan-form [name], select[form="scan-form"], [form="scan-form"][checked]'):
        chosen = field.select_one("option[selected]") or field
        fields[str(field["name"])] = str(chosen.get("value", ""))
    assert set(typed) <= set(fields), fields
    return await browser.post(to, **fields | typed)


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


async def numbers_of(query: Query, *raws: str) -> list[str]:
    rows = await query("SELECT id, raw FROM return_scan ORDER BY id")
    return [str(row["id"]) for row in rows if row["raw"] in raws]


def listed(page: Page) -> list[str]:
    return [str(box["value"]) for box in page.soup.select('input[name="numbers"]')]


def link(page: Page, words: str) -> str | None:
    found = [str(one["href"]) for one in page.soup.select("main a") if words in one.get_text()]
    return found[0] if found else None


async def test_scans_that_are_ticked_leave_the_list_together_and_the_note_is_kept_with_each(
    manager: Browser, given: Given, query: Query
) -> None:
    await given.scan("XX000123469", "XX000123566", "05012345678900")
    ours = await numbers_of(query, "XX000123469", "XX000123566")
    empty = await manager.post_form(RECONCILE, on=HERE)
    assert (empty.status, set(empty.errors)) == (422, {"numbers", "note"})
    ticked = await manager.send(empty, RECONCILE, numbers=ours)
    assert set(ticked.errors) == {"note"}
    assert [box["value"] for box in ticked.soup.select('input[name="numbers"][checked]')] == ours
    page = await manager.follow(await manager.send(ticked, RECONCILE, note="Sent back to their own service."))
    assert "The 2 scans are off the list" in page.banner
    assert listed(page) == await numbers_of(query, "05012345678900")
    rows = await query("SELECT reconciled_by, reconciled_note FROM return_scan WHERE reconciled_at IS NOT NULL")
    assert [tuple(row.values()) for row in rows] == [("manager", "Sent back to their own service.")] * 2
    told = await query("SELECT subject FROM audit_event WHERE subject LIKE 'scan:%' ORDER BY subject")
    assert [row["subject"] for row in told] == sorted(f"scan:{number}" for number in ours)


async def test_an_item_scanned_twice_at_its_desk_within_the_hour_waits_for_nobody_and_is_kept(
    manager: Browser, as_manager: AsyncClient, given: Given, query: Query, clock: Clock
) -> None:
    again, late, elsewhere = [await given.item(State.ON_LOAN) for _ in range(3)]
    await given.scan(again, late, elsewhere)
    clock.move(minutes=58)
    await given.scan(again)
    clock.move(seconds=61)
    await given.scan(again, "05012345678900")
    await given.scan(elsewhere, store="COAST")
    clock.move(minutes=2)
    await given.scan(late)
    doubles = await numbers_of(query, again)
    waiting = [*await numbers_of(query, "05012345678900"), (await numbers_of(query, elsewhere))[1]]
    waiting.append((await numbers_of(query, late))[1])
    page = await manager.get(HERE)
    assert listed(page) == sorted(waiting, key=int)
    assert "Scans 1 to 3 of 3" in page.text
    assert "2 more were of items that had just been returned" in page.text
    assert "3 scans to reconcile" in (await manager.get("/")).text
    with_them = await manager.get(link(page, "Show them too") or "")
    assert listed(with_them) == sorted(waiting + doubles[1:], key=int)
    kept = (await as_manager.get("/api/v1/returns/unmatched")).json()["items"]
    assert len(kept) == 5
    assert len(await query("SELECT id FROM return_scan")) == 8


async def test_scans_are_reconciled_once_and_all_of_them_or_none(manager: Browser, given: Given, query: Query) -> None:
    await given.scan("XX000123469", "05012345678900")
    both = await numbers_of(query, "XX000123469", "05012345678900")
    page = await manager.get(HERE)
    await manager.send(page, RECONCILE, numbers=both[:1], note="Done.")
    late = await manager.send(page, RECONCILE, numbers=both, note="Done again.", once=uuid4().hex)
    assert late.status == 409
    assert "manager has dealt with one of these scans already. Nothing was changed." in late.text
    assert listed(late) == both[1:]
    alone = await manager.send(page, RECONCILE, numbers=both[:1], note="Done again.", once=uuid4().hex)
    assert "manager has dealt with this scan already" in alone.text
    await manager.send(late, RECONCILE, numbers=both[1:], note="Thrown away.", once=uuid4().hex)
    assert "accounted for" in (await manager.get(HERE)).text


@pytest.mark.parametrize("numbers", [["x"], ["0"], ["9223372036854775808"], ["1"] * 101])
async def test_numbers_that_no_scan_can_have_are_refused_on_the_page(
    manager: Browser, given: Given, numbers: list[str]
) -> None:
    await given.scan("XX000123469")
    page = await manager.get(HERE)
    answer = await manager.send(page, RECONCILE, numbers=numbers, note="Done.")
    assert (answer.status, set(answer.errors)) == (422, {"numbers"})


async def test_the_list_is_narrowed_by_store_and_day_of_the_scan(
    manager: Browser, given: Given, query: Query, as_technician: AsyncClient
) -> None:
    made = {"JULY": "2025-07-01T23:30:00Z", "MARCH": "2026-03-01T12:00:00Z"}
    for raw, at in made.items():
        scans = [{"scan_id": str(uuid4()), "barcode": raw, "scanned_at": at}]
        await as_technician.post("/api/v1/returns/scans", json={"store": "COAST", "scans": scans})
    await given.scan("AT-MAIN")
    july, march, main = [(await numbers_of(query, raw))[0] for raw in ("JULY", "MARCH", "AT-MAIN")]
    # 23:30 in summer time is the next day in the UK.
    second = {
        "since-day": 2,
        "since-month": 7,
        "since-year": 2025,
        "until-day": 2,
        "until-month": 7,
        "until-year": 2025,
    }
    for asked, found in (
        ({}, [july, march, main]),
        ({"store": "COAST"}, [july, march]),
        ({"store": "MAIN"}, [main]),
        (second, [july]),
        ({"since-day": 2, "since-month": 3, "since-year": 2026}, [main]),
        ({"store": "MAIN", "until-day": 1, "until-month": 3, "until-year": 2026}, []),
        ({"store": "\x00"}, [july, march, main]),
    ):
        page = await manager.get(HERE, **asked)
        assert (page.status, listed(page)) == (200, found), asked
    wrong = await manager.get(HERE, **{"since-day": 31, "since-month": 2, "since-year": 2026})
    assert (wrong.status, set(wrong.errors)) == (422, {"since"})


async def test_the_list_is_leafed_through_both_ways_and_keeps_its_place_when_scans_leave_it(
    manager: Browser, given: Given
) -> None:
    await given.scan(*[f"BOX-{number}" for number in range(60)])
    first = await manager.get(HERE, store="MAIN")
    assert "Scans 1 to 25 of 60" in first.text
    assert link(first, "Previous page") is None
    second = await manager.get(link(first, "Next page") or "")
    third = await manager.get(link(second, "Next page") or "")
    assert "Scans 51 to 60 of 60" in third.text
    assert link(third, "Next page") is None
    assert listed(await manager.get(link(third, "Previous page") or "")) == listed(second)
    assert listed(await manager.get(link(second, "Previous page") or "")) == listed(first)
    assert len({*listed(first), *listed(second), *listed(third)}) == 60
    all_ticked = await manager.get(link(second, "Tick all 25") or "")
    action = next(str(form["action"]) for form in all_ticked.soup.select("main form") if form["method"] == "post")
    after = await manager.follow(await manager.send(all_ticked, action, note="A box of old labels."))
    assert listed(after) == listed(third)
    assert "Scans 26 to 35 of 35" in after.text


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


async def test_deliveries_and_collections_go_without_the_script_too(
    technician: Browser, manager: Browser, given: Given
) -> None:
    fetched, shelf = await given.collection(), await given.item()
    page = await technician.get("/scan")
    assert (await send(technician, page, mode="collect", barcode=fetched.barcode)).goes_to == "/collections/scan"
    shown = line(await send(technician, page, to="/collections/scan", mode="collect", barcode=fetched.barcode))
    assert (shown["is"], shown["outcome"], shown["detail"]) == (
        "accepted",
        "Collected",
        f"Collection {fetched.number}.",
    )
    page = await technician.get("/scan?mode=deliver")
    unsaid = await send(technician, page, to="/deliveries/scan", mode="deliver", barcode=shelf)
    assert unsaid.status == 422
    assert "Say who takes it in, then scan it again." in unsaid.text
    left = line(
        await send(technician, page, to="/deliveries/scan", mode="deliver", barcode=shelf, received_by="Mo Smith")
    )
    assert left["detail"] == "By the record it is not with the driver: it is “in stock”."
    assert left["next"].endswith("If it was left, ring the store now and say who has it.")
    assert "Scanned as delivered, taken in by Mo Smith" in " ".join((await manager.get(HERE)).text.split())
