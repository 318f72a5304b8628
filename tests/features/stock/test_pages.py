"""The pages of stock: finding items, one item with everything about it, goods in, and what changes one item."""

from datetime import timedelta

import pytest

from app.domain.labels import display, make_tag
from app.domain.lifecycle import State
from app.domain.reasons import IN_WORDS
from tests.browser import Browser, Page
from tests.conftest import Clock, Query
from tests.given import Given

LOST = {"waste_stream": "nowhere"}
BARCODE = "a.app-code[href^='/items/']"


def tags(page: Page) -> list[str]:
    return [str(link["href"]).removeprefix("/items/") for link in page.soup.select(BARCODE)]


def buttons(page: Page) -> set[str]:
    """What the page offers to do with the item: its links and buttons, without the frame around them."""
    return {element.get_text(strip=True) for element in page.soup.select(".app-item a, .app-item button")}


async def test_a_scanned_tag_leads_straight_to_its_item(finance: Browser, given: Given) -> None:
    barcode = await given.item()
    for typed in (barcode, display(barcode).lower(), f" {barcode} "):
        assert (await finance.get("/items", q=typed)).goes_to == f"/items/{barcode}"


async def test_a_mistyped_tag_is_said_to_be_mistyped(finance: Browser, given: Given) -> None:
    barcode = await given.item()
    wrong = barcode[:-1] + str((int(barcode[-1]) + 1) % 10)
    page = await finance.get("/items", q=wrong)
    assert page.status == 422
    assert "mistyped" in page.errors["q"]
    assert "another service" in (await finance.get("/items", q=make_tag("XX", 5))).errors["q"]
    part = await finance.get("/items", q=barcode[:9])
    assert (part.status, tags(part)) == (200, [barcode])


async def test_a_tag_that_no_item_has_finds_nothing_and_says_so(finance: Browser) -> None:
    page = await finance.get("/items", q=make_tag("ES", 9_999_999))
    assert page.status == 200
    assert "No item fits" in page.text


async def test_items_are_narrowed_by_words_state_store_hold_product_and_due_check(
    technician: Browser, given: Given, clock: Clock
) -> None:
    hoist = await given.product("HOIST", name="Mobile hoist", inspections=[{"kind": "loler", "every_months": 6}])
    [one] = await given.items(1, product=hoist, serial_numbers=["MH-1"], store="COAST")
    other = await given.item()
    await given.loan(other)
    await given.hold(one)
    for asked, found in (
        ({"q": "mobile"}, [one]),
        ({"q": "mh 1"}, [one]),
        ({"state": "on_loan"}, [other]),
        ({"store": "COAST"}, [one]),
        ({"held": "yes"}, [one]),
        ({"held": "no"}, [other]),
        ({"product_code": "HOIST"}, [one]),
        ({"due": "soon"}, []),
    ):
        assert tags(await technician.get("/items", **asked)) == found, asked
    clock.move(days=170)
    assert tags(await technician.get("/items", due="soon")) == [one]
    clock.move(days=30)
    assert tags(await technician.get("/items", due="overdue")) == [one]


@pytest.mark.parametrize("name", ["state", "store", "held", "due"])
async def test_an_answer_that_no_filter_knows_is_said_at_its_field_and_finds_nothing(
    technician: Browser, given: Given, name: str
) -> None:
    barcode = await given.item()
    for q in ("", barcode):
        page = await technician.get("/items", **{name: "nonsense", "q": q})
        assert (page.status, set(page.errors), tags(page)) == (422, {name}, [])
        assert "Choose one from the list." in page.errors[name]


async def test_the_page_of_a_receipt_without_a_receipt_leads_to_goods_in(technician: Browser) -> None:
    assert (await technician.get("/items/received")).goes_to == "/items/receive"


async def test_the_page_of_an_item_shows_for_whom_and_when_it_is_kept(
    ot: Browser, finance: Browser, given: Given, query: Query
) -> None:
    kept = await given.reservation(client=await given.client("C-7"))
    page, unnamed = await ot.get(f"/items/{kept.barcode}"), await finance.get(f"/items/{kept.barcode}")
    days = ["2 March 2026", "9 March 2026"]
    acts = "Extend the reservation from 2 March 2026 Give up the reservation from 2 March 2026"
    assert [*days, "C-7", "ot", acts] in page.table()
    assert [*days, "ot"] in unnamed.table()
    assert "C-7" not in unnamed.text
    assert {"Reserve it", "Issue to a client"} <= set(buttons(page))
    rows = await query("SELECT chain, subject FROM audit_event WHERE action = 'reservation_read'")
    assert [(row["chain"], row["subject"]) for row in rows] == [("ot", "client:C-7")]


async def test_every_sentence_about_what_keeps_an_item_here_is_true(ot: Browser, given: Given, clock: Clock) -> None:
    single = await given.product(single_patient_use=True)
    spent = await ot.get(f"/items/{await given.item(State.RETURNED, product=single)}")
    assert "It is for a single patient and has been issued before." in spent.text
    assert "It has not passed" not in spent.text
    dirty = await ot.get(f"/items/{await given.item(State.DECONTAMINATING)}")
    assert "It has not passed decontamination since it came back." in dirty.text
    assert "functional check since" not in dirty.text
    with_client = await ot.get(f"/items/{await given.item(State.ON_LOAN, product=single)}")
    assert "Why it cannot go out again" in with_client.text
    barcode = await given.item()
    free = "Nothing stands in the way of issuing it."
    assert free in (await ot.get(f"/items/{barcode}")).text
    form = {"client_ref": await given.client(), "first_day-day": "11", "first_day-month": "3", "first_day-year": "2026"}
    days = {"last_day-day": "11", "last_day-month": "3", "last_day-year": "2026"}
    await ot.send(await ot.get("/reservations/new", barcode=barcode), "/reservations/new", **form, **days)
    later = await ot.get(f"/items/{barcode}")
    assert free not in later.text
    assert "On the days for which it is reserved it can be issued to that client alone." in later.text
    trial = await given.trial(days=2)
    assert "Trial ends 4 March 2026" in (await ot.get(f"/items/{trial.barcode}")).text
    clock.move(days=3)
    assert "Trial was to end 4 March 2026, overdue" in (await ot.get(f"/items/{trial.barcode}")).text


async def test_the_page_of_an_item_shows_how_its_trial_went_on(
    ot: Browser, finance: Browser, given: Given, clock: Clock
) -> None:
    lent = await given.trial(days=14)
    url = f"/items/{lent.barcode}"
    assert ["2 March 2026 at 2:05pm", "Started", "16 March 2026", "", ""] in (await ot.get(url)).table()
    went = {
        "tried_what": "Into the bath.",
        "tried_where": "Home",
        "who_was_there": "Client, son.",
        "result": "Good for both.",
    }
    for days, notes in ((20, "Wants longer."), (30, "Son away.")):
        clock.move(days=1)
        day = clock.today + timedelta(days=days)
        boxes = {"until-day": str(day.day), "until-month": str(day.month), "until-year": str(day.year)}
        decided = await ot.post_form(f"/loans/{lent.id}/trial-outcome", outcome="extend", notes=notes, **boxes, **went)
        assert decided.status == 303, decided.errors
    rows = [row for row in (await ot.get(url)).table() if row[1:2] in (["Started"], ["Goes on"])]
    assert rows == [
        ["2 March 2026 at 2:05pm", "Started", "16 March 2026", "", ""],
        ["3 March 2026 at 2:05pm", "Goes on", "23 March 2026", "ot", "Good for both. Wants longer."],
        ["4 March 2026 at 2:05pm", "Goes on", "3 April 2026", "ot", "Good for both. Son away."],
    ]
    assert "Son away." not in (await finance.get(url)).text


async def test_a_long_list_goes_on_on_the_next_page_with_the_same_search(technician: Browser, given: Given) -> None:
    made = await given.items(51)
    first = await technician.get("/items", state="in_stock")
    [onward] = [str(link["href"]) for link in first.soup.select(".govuk-pagination a")]
    second = await technician.get(onward)
    assert tags(first) + tags(second) == made
    assert "state=in_stock" in onward


async def test_a_search_that_is_too_long_is_said_at_its_field_with_what_was_typed(technician: Browser) -> None:
    page = await technician.get("/items", q="x" * 120)
    assert (page.status, page.errors) == (422, {"q": "Search for 100 characters or fewer."})
    field = page.soup.select_one("#q")
    assert field is not None
    assert field["value"] == "x" * 120


async def test_what_no_search_can_carry_is_refused_in_words(technician: Browser) -> None:
    assert (await technician.get("/items?q=a%00b")).status == 422
    assert (await technician.get("/items", q="x" * 1000)).status == 422
    assert (await technician.get("/items", after="z" * 50)).status == 200


async def test_the_page_of_an_item_says_where_it_is_what_blocks_it_and_what_to_do(
    technician: Browser, given: Given
) -> None:
    hoist = await given.product("HOIST", inspections=[{"kind": "loler", "every_months": 6}])
    barcode = await given.item(State.AWAITING_INSPECTION, product=hoist, bay="A1")
    page = await technician.get(f"/items/{display(barcode)}")
    assert page.heading.startswith(display(barcode))
    assert display(barcode) in page.title
    for words in (
        "Awaiting inspection",
        "Take it to the inspection bench.",
        "It has not passed a functional check",
        "Main store (MAIN)",
        "LOLER thorough examination",
        "2 September 2026",
        "£45.00",
    ):
        assert words in page.text, words
    assert "Record an inspection" in buttons(page)
    assert "Issue to a client" not in buttons(page)


async def test_the_history_is_newest_first_with_the_whole_check_sum_of_each_line(
    auditor: Browser, given: Given, query: Query
) -> None:
    barcode = await given.item(State.RETURNED)
    page = await auditor.get(f"/items/{barcode}")
    lines = [row for row in page.table() if row[0].isdigit()]
    assert [(row[0], row[2], row[4]) for row in lines] == [
        ("3", "Returned", "technician"),
        ("2", "Issued on loan", "ot"),
        ("1", "Received", "technician"),
    ]
    for row in await query("SELECT hash FROM movement"):
        assert row["hash"] in page.response.text
    assert "Nothing older" in (await auditor.get(f"/items/{barcode}", after="1")).text


async def test_who_has_an_item_is_shown_to_those_who_may_see_clients_alone_and_that_is_logged(
    ot: Browser, finance: Browser, given: Given, query: Query
) -> None:
    lent = await given.trial(client=await given.client("C-4711"), days=5)
    assert "C-4711" not in (await finance.get(f"/items/{lent.barcode}")).response.text
    page = await ot.get(f"/items/{lent.barcode}")
    assert page.soup.select_one('a[href="/clients/C-4711"]')
    assert "7 March 2026" in page.text
    logged = await query("SELECT chain FROM audit_event WHERE subject = 'client:C-4711' AND action = 'loan_read'")
    assert [row["chain"] for row in logged] == ["ot"]


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (State.IN_STOCK, {"Issue to a client", "Move to another place", "Put on hold", "Mark as missing", "Scrap it"}),
        (State.ON_LOAN, {"Ask for its collection", "Put on hold", "Mark as missing"}),
        (State.ON_TRIAL, {"Decide about the trial", "Ask for its collection"}),
        (State.RETURNED, {"Start cleaning", "Move to another place", "Scrap it"}),
        (State.DECONTAMINATING, {"Cleaning passed", "Cleaning failed", "Cannot be cleaned"}),
        (State.AWAITING_INSPECTION, {"Record an inspection"}),
        (State.IN_REPAIR, {"Go to its repair", "Scrap it"}),
        (State.MISSING, {"It has been found", "Scrap it"}),
        (State.SCRAPPED, set()),
    ],
)
async def test_an_item_offers_what_its_state_allows_and_only_to_those_who_may(
    state: State, offered: set[str], manager: Browser, finance: Browser, given: Given
) -> None:
    acts = {
        "Issue to a client",
        "Move to another place",
        "Put on hold",
        "Mark as missing",
        "Scrap it",
        "Ask for its collection",
        "Decide about the trial",
        "Start cleaning",
        "Cleaning passed",
        "Cleaning failed",
        "Cannot be cleaned",
        "Record an inspection",
        "Go to its repair",
        "It has been found",
    }
    barcode = await given.item(state)
    seen = buttons(await manager.get(f"/items/{barcode}")) & acts
    assert offered <= seen
    if state in {State.SCRAPPED, State.MISSING}:
        assert seen <= offered | {"Put on hold"}
    assert not buttons(await finance.get(f"/items/{barcode}")) & acts


async def test_an_unknown_and_a_mistyped_tag_in_the_address_are_told_apart(technician: Browser) -> None:
    unknown = await technician.get(f"/items/{make_tag('ES', 9_999_999)}")
    assert (unknown.status, "No item here has this barcode" in unknown.text) == (404, True)
    mistyped = await technician.get("/items/ES123456700")
    assert (mistyped.status, "mistyped" in mistyped.text) == (422, True)


async def test_goods_come_in_by_serial_numbers_and_the_page_with_their_tags_may_be_loaded_again(
    technician: Browser, given: Given, query: Query
) -> None:
    await given.product("BED")
    fields = {
        "product_code": "BED",
        "store": "COAST",
        "bay": "C3",
        "serial_numbers": "PB-1\r\n\r\n  PB-2  \r\nPB-3",
        "lot_number": "L9",
        "price": "£1,234.50",
        "udi_di": "09506000134352",
        "manufactured_on-day": "1",
        "manufactured_on-month": "2",
        "manufactured_on-year": "2026",
        "manufactured_precision": "month",
    }
    answer = await technician.post_form("/items/receive", **fields)
    assert answer.status == 303, answer.errors
    page = await technician.follow(answer)
    again = await technician.follow(answer)
    assert "3 items are in stock" in page.banner
    assert [row[1] for row in page.table()] == [row[1] for row in again.table()] == ["PB-1", "PB-2", "PB-3"]
    rows = await query("SELECT * FROM item ORDER BY barcode")
    assert [row["serial_number"] for row in rows] == ["PB-1", "PB-2", "PB-3"]
    assert {(row["purchase_price_pence"], row["bay"], str(row["received_on"])) for row in rows} == {
        (123_450, "C3", "2026-03-02")
    }
    item = await technician.get(f"/items/{rows[0]['barcode']}")
    assert "February 2026" in item.text


async def test_the_same_form_sent_twice_takes_the_goods_in_once(
    technician: Browser, given: Given, query: Query
) -> None:
    await given.product("BED")
    page = await technician.get("/items/receive")
    for _ in range(2):
        answer = await technician.send(page, product_code="BED", store="MAIN", quantity=2)
        assert answer.status == 303
    assert len(await query("SELECT 1 FROM item")) == 2


async def test_a_serial_number_that_another_product_has_is_pointed_out(technician: Browser, given: Given) -> None:
    await given.items(1, product=await given.product("OLD"), serial_numbers=["S-1"])
    await given.product("NEW")
    answer = await technician.post_form(
        "/items/receive", product_code="NEW", store="MAIN", serial_numbers="s1", price="1"
    )
    page = await technician.follow(answer)
    assert "s1 is also on" in page.text


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"product_code": ""}, "product_code"),
        ({"store": ""}, "store"),
        ({"quantity": ""}, "quantity"),
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "many"}, "quantity"),
        ({"serial_numbers": "A\nB\nC"}, "quantity"),
        ({"quantity": "2", "serial_numbers": "A-1\na1"}, "serial_numbers"),
        ({"price": "ten"}, "price"),
        ({"price": "1.999"}, "price"),
        ({"received_on-year": ""}, "received_on"),
        ({"received_on-year": "2027"}, "received_on"),
        ({"dispatched_on-day": "31", "dispatched_on-month": "2", "dispatched_on-year": "2026"}, "dispatched_on"),
        (
            {"manufactured_on-day": "1", "manufactured_on-month": "2", "manufactured_on-year": "2026"},
            "manufactured_precision",
        ),
        ({"manufactured_precision": "day"}, "manufactured_on"),
        ({"udi_di": "09506000134353"}, "udi_di"),
    ],
)
async def test_bad_goods_are_refused_at_their_field_and_nothing_is_taken_in(
    typed: dict[str, str], field: str, technician: Browser, given: Given, query: Query
) -> None:
    await given.product("BED")
    fields = {"product_code": "BED", "store": "MAIN", "quantity": "2"} | typed
    page = await technician.post_form("/items/receive", **fields)
    assert page.status == 422
    assert list(page.errors) == [field], page.errors
    assert not await query("SELECT 1 FROM item")


async def test_a_serial_number_that_the_product_has_already_is_named_with_its_tag(
    technician: Browser, given: Given
) -> None:
    [barcode] = await given.items(1, product=await given.product("BED"), serial_numbers=["S-1"])
    page = await technician.post_form("/items/receive", product_code="BED", store="MAIN", serial_numbers="S1\nS2")
    assert page.status == 409
    assert barcode in page.errors["serial_numbers"]
    assert "S1\nS2" in page.form().get_text()


async def test_a_long_catalogue_is_typed_with_suggestions_instead_of_chosen(technician: Browser, given: Given) -> None:
    for number in range(51):
        await given.product(f"ROW-{number:02}")
    page = await technician.get("/items/receive")
    assert page.soup.select_one('input[name=product_code][list="products"]')
    assert len(page.soup.select("datalist#products option")) == 51


async def test_a_receipt_of_somebody_else_is_not_found(technician: Browser, technician2: Browser, given: Given) -> None:
    await given.product("BED")
    answer = await technician.post_form("/items/receive", product_code="BED", store="MAIN", quantity=1)
    assert answer.goes_to
    assert (await technician2.get(answer.goes_to)).status == 404


async def test_an_item_is_moved_to_another_store(technician: Browser, given: Given) -> None:
    barcode = await given.item()
    answer = await technician.post_form(
        f"/items/{barcode}/transfer", store="COAST", bay="C1", reason="More room there."
    )
    page = await technician.follow(answer)
    assert page.banner == f"{display(barcode)} is now in Coast satellite store, bay C1."
    assert "Coast satellite store (COAST), bay C1" in page.text
    assert "More room there." in page.text


async def test_an_item_is_missing_then_scrapped_and_then_nothing_can_be_done_with_it(
    manager: Browser, given: Given
) -> None:
    barcode = await given.item()
    await manager.post_form(f"/items/{barcode}/missing", reason="Not at its bay.")
    answer = await manager.post_form(f"/items/{barcode}/scrap", reason="Given up as lost.", **LOST)
    page = await manager.follow(answer)
    assert "Nowhere: it is scrapped" in page.text
    assert "None: it is missing" in page.text
    again = await manager.post_form(f"/items/{barcode}/scrap", reason="Once more.", **LOST)
    assert (again.status, "Nothing can be done" in again.errors["main-content"]) == (409, True)


@pytest.mark.parametrize("act", ["transfer", "missing", "scrap", "holds/new"])
async def test_every_change_of_an_item_asks_why(act: str, manager: Browser, given: Given) -> None:
    barcode = await given.item()
    page = await manager.post_form(f"/items/{barcode}/{act}")
    assert page.status == 422
    assert page.errors["reason"].startswith("Say why.")
    dot = await manager.post_form(f"/items/{barcode}/{act}", reason="..........")
    assert dot.errors["reason"] == IN_WORDS
    assert (await given.record(barcode)).last_seq == 1


async def test_a_hold_is_placed_shown_and_lifted_with_its_reasons(
    technician: Browser, manager: Browser, given: Given
) -> None:
    barcode = await given.item()
    placed = await technician.post_form(f"/items/{barcode}/holds/new", kind="fault", reason="Handset is dead.")
    page = await technician.follow(placed)
    assert "On hold: fault" in page.text
    assert "Issue to a client" not in buttons(page)
    assert "Lift this hold" not in page.text
    link = (await manager.get(f"/items/{barcode}")).soup.select_one(".app-hold a")
    assert link
    assert (await manager.post_form(str(link["href"]), reason="Mended.")).errors == {"reason": IN_WORDS}
    lifted = await manager.follow(await manager.post_form(str(link["href"]), reason="New handset fitted."))
    assert lifted.banner == "The hold is lifted."
    assert "Holds that were lifted" in lifted.text
    assert "New handset fitted." in lifted.text
    assert (await manager.get(str(link["href"]))).status == 404


async def test_a_role_is_refused_what_it_may_not_do(ot: Browser, given: Given) -> None:
    barcode = await given.item()
    for act in ("transfer", "scrap", "missing"):
        page = await ot.get(f"/items/{barcode}/{act}")
        assert page.status == 403
        assert "Terry Nash" in page.text, "a technician, who may"


async def test_errors_are_listed_in_the_order_of_the_page(technician: Browser, given: Given) -> None:
    barcode = await given.item()
    page = await technician.post_form(f"/items/{barcode}/holds/new")
    assert list(page.errors) == ["kind", "reason"]


async def test_who_comes_from_a_client_to_issue_an_item_comes_to_the_form_with_that_client(
    technician: Browser, given: Given
) -> None:
    client, barcode = await given.client("C-4711"), await given.item()
    page = await technician.get(f"/clients/{client}")
    [link] = [one for one in page.soup.select("main a") if one.get_text(strip=True) == "Issue an item"]
    items = await technician.get(str(link["href"]))
    assert "Choose the item to issue to client C-4711" in items.text
    [chosen] = items.soup.select(f'a[href^="/items/{barcode}"]')
    scanned = await technician.get("/items", client_ref=client, q=barcode)
    assert scanned.goes_to == chosen["href"] == f"/items/{barcode}/issue?client_ref=C-4711"
    form = (await technician.get(str(chosen["href"]))).soup.select_one("#client_ref")
    assert form is not None
    assert form["value"] == client
    assert items.soup.select_one('form.app-filter input[name="client_ref"][value="C-4711"]')
