"""The page that a label's QR code opens: the same wherever the item is, with what must not be used, and no people."""

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from app.domain.clearance import HoldKind
from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.labels import display, make_tag
from app.domain.lifecycle import State
from app.features.faults.limiting import MOST_IN_A_WINDOW
from tests.browser import Browser, Page
from tests.conftest import Clock, Query, Statements
from tests.given import Given

NOBODYS = make_tag("ES", 9_999_999)
PRODUCT = {
    "name": "Profiling bed",
    "manufacturer": "Restwell",
    "model": "RW 4",
    "safe_working_load_kg": 200,
    "instructions": "Put the brakes on.\nKeep fingers clear of the rails.",
    "instructions_link": "https://www.example.org/rw4.pdf",
}


def without_the_tag(page: Page, barcode: str) -> str:
    """The page less what is different on each: its tag, its request's number, its tokens."""
    html = page.response.text.replace(barcode, "TAG").replace(display(barcode), "TAG")
    return re.sub(r'(name="(?:csrf_token|form_id)" value|content)="[0-9a-f-]{36,64}"', "", html)


async def test_it_says_what_the_item_is_whom_to_ring_and_how_to_report_a_fault(visitor: Browser, given: Given) -> None:
    barcode = await given.item(product=await given.product("BED", **PRODUCT))
    page = await visitor.get(f"/l/{barcode}")
    assert page.heading == "Profiling bed"
    for words in ("200 kg", "Restwell", "RW 4", "Put the brakes on.", "0300 000 0000", display(barcode)):
        assert words in page.text
    links = {str(link["href"]) for link in page.soup.select("main a")}
    assert links == {f"/l/{barcode}/fault", "https://www.example.org/rw4.pdf", "tel:03000000000"}


async def test_it_is_the_same_wherever_the_item_is_and_for_whatever_is_wrong_with_it(
    visitor: Browser, manager: Browser, given: Given
) -> None:
    product = await given.product("BED", **PRODUCT)
    client = await given.client("C-4711", name="Winifred Sharp")
    lent = {State.ON_LOAN, State.ON_TRIAL, State.AWAITING_COLLECTION, State.RETURNED}
    fine: set[str] = set()
    unfit: set[str] = set()
    others: set[tuple[str, str]] = set()
    for state in State:
        barcode = await given.item(state, product=product, client=client if state in lent else None)
        page = without_the_tag(await visitor.get(f"/l/{barcode}"), barcode)
        (unfit if state in {State.IN_REPAIR, State.SCRAPPED} else fine).add(page)
        for path in (f"/l/{barcode}/fault", f"/l/{barcode}/reported"):
            others.add((path.replace(barcode, "TAG"), without_the_tag(await visitor.get(path), barcode)))
    for kind in (HoldKind.FAULT, HoldKind.INVESTIGATION):
        held = await given.item(State.ON_LOAN, product=product)
        await given.hold(held, kind)
        unfit.add(without_the_tag(await visitor.get(f"/l/{held}"), held))
        # Whoever is signed in reads the same.
        unfit.add(without_the_tag(await manager.get(f"/l/{held}"), held))
    assert (len(fine), len(unfit), len(others)) == (1, 1, 2)
    assert "Do not use" not in fine.pop()


async def test_what_must_not_be_used_says_so_with_whom_to_phone_and_never_why(
    visitor: Browser, given: Given, as_safety: AsyncClient
) -> None:
    loan = await given.loan(await given.item(product=await given.product("BED", **PRODUCT)))
    stop = {"reason": "The sling is too small for her.", "item_fault": "no"}
    answer = await as_safety.post(f"/api/v1/loans/{loan.id}/stop-use", json=stop)
    assert answer.status_code == 201, answer.text
    page = await visitor.get(f"/l/{loan.barcode}")
    warning = page.soup.select_one(".govuk-warning-text")
    assert warning
    assert " ".join(warning.get_text(" ").split()).endswith(
        "Warning Do not use this. Phone 0300\xa0000\xa00000 .".replace("\xa0", " ")
    )
    for words in ("sling", "loan", "Put the brakes on.", loan.client_ref, "hold"):
        assert words not in page.text


async def test_a_danger_that_was_examined_is_told_until_it_passes(visitor: Browser, given: Given) -> None:
    product = await given.product(inspections=[{"kind": "loler", "every_months": 6}])
    barcode = await given.item(State.ON_LOAN, product=product)
    await given.inspected(barcode, InspectionOutcome.DANGER, InspectionKind.LOLER)
    assert "Do not use this. Phone" in (await visitor.get(f"/l/{barcode}")).text


async def test_a_reported_fault_asks_to_look_first_until_it_is_closed(
    visitor: Browser, technician: Browser, given: Given, query: Query
) -> None:
    barcode = await given.item(State.ON_LOAN)
    fields = {"description": "It creaks.", "danger": "no"}
    await visitor.send(await visitor.get(f"/l/{barcode}/fault"), f"/l/{barcode}/fault", **fields)
    page = await visitor.get(f"/l/{barcode}")
    assert "Look at it before you use it" in page.text
    assert "creaks" not in page.text
    [report] = await query("SELECT id FROM fault_report")
    await technician.post_form(f"/faults/{report['id']}", done="Oiled.")
    assert "Look at it before" not in (await visitor.get(f"/l/{barcode}")).text


@pytest.mark.parametrize("path", ["/l/{}", "/l/{}/fault"])
async def test_unknown_mistyped_and_foreign_tags_get_one_and_the_same_answer(visitor: Browser, path: str) -> None:
    answers = [await visitor.get(path.format(tag)) for tag in (NOBODYS, "ES999999900", "KENT123456789", "nonsense")]
    assert {page.status for page in answers} == {404}
    assert len({page.response.text for page in answers}) == 1
    assert "0300 000 0000" in answers[0].text


async def test_it_is_kept_by_nobody_found_by_no_search_engine_and_gives_no_address_away(
    visitor: Browser, given: Given
) -> None:
    barcode = await given.item()
    for path in (f"/l/{barcode}", f"/l/{barcode}/fault", f"/l/{barcode}/reported", f"/l/{NOBODYS}"):
        page = await visitor.get(path)
        headers = page.response.headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert page.soup.select_one('meta[name="robots"][content*="noindex"]')


async def test_reading_it_takes_three_statements_and_sets_no_cookie(
    visitor: Browser, given: Given, statements: Statements
) -> None:
    barcode = await given.item()
    statements.clear()
    page = await visitor.get(f"/l/{barcode}")
    assert len(statements) == 3
    assert "set-cookie" not in page.response.headers


async def test_one_address_cannot_read_label_after_label(
    visitor: Browser, given: Given, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MOST_IN_A_WINDOW, "label_page", 4)
    barcode = await given.item()
    # What is not there counts too: that is how one would look for what is.
    assert [(await visitor.get(f"/l/{tag}")).status for tag in (barcode, NOBODYS, "x", barcode)] == [200, 404, 404, 200]
    late = await visitor.get(f"/l/{barcode}")
    assert late.status == 429
    assert late.response.headers["retry-after"] == "900"
    assert "0300 000 0000" in late.text
    assert (await visitor.get(f"/l/{barcode}/fault")).status == 429
    clock.now += timedelta(minutes=16)
    assert (await visitor.get(f"/l/{barcode}")).status == 200


async def test_another_address_is_not_held_back(app: FastAPI, given: Given, monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setitem(MOST_IN_A_WINDOW, "label_page", 1)
    barcode = await given.item()
    statuses = []
    for host in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        transport = ASGITransport(app, client=(host, 1234))
        async with AsyncClient(transport=transport, base_url="https://stores.test") as client:
            statuses.append((await client.get(f"/l/{barcode}")).status_code)
    assert statuses == [200, 429, 200]


async def test_of_an_address_only_a_keyed_hash_is_kept(visitor: Browser, given: Given, query: Query) -> None:
    await visitor.get(f"/l/{await given.item()}")
    [row] = await query("SELECT address_hash FROM public_request")
    assert re.fullmatch("[0-9a-f]{64}", row["address_hash"])


async def test_what_is_overdue_for_its_thorough_examination_is_not_lifted_with(
    visitor: Browser, as_manager: AsyncClient, given: Given, clock: Clock
) -> None:
    loler = [{"kind": "loler", "every_months": 6}]
    product = await given.product(name="Hoist", instructions="Charge it.", inspections=loler)
    shelf, never = await given.item(product=product), await given.item(product=await given.product("LATE"))
    # Nobody knew then that it must be examined.
    change = {"inspections": loler}
    changed = await as_manager.patch("/api/v1/products/LATE", json=change, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    await given.inspected(shelf, kind=InspectionKind.LOLER)
    assert "Do not" not in (await visitor.get(f"/l/{shelf}")).text
    lent = await given.item(product=product)
    await given.inspected(lent, kind=InspectionKind.LOLER)
    await given.loan(lent)
    clock.move(days=190)
    pages = [await visitor.get(f"/l/{barcode}") for barcode in (shelf, lent, never)]
    do_not = "Do not lift anybody with this until it has been examined. Phone 0300 000 0000"
    assert [do_not in page.text for page in pages] == [True, True, True]
    assert "Its thorough examination was due by 2 September 2026 and is overdue." in pages[0].text
    assert "no record of when its thorough examination is due, so it counts as overdue" in pages[2].text
    assert without_the_tag(pages[0], shelf) == without_the_tag(pages[1], lent)
    assert "Charge it." not in pages[0].text
