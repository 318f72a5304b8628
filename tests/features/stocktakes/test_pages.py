"""The pages of a stocktake, without JavaScript: begin, scan, look, decide, finish."""

from app.domain.labels import display
from app.domain.lifecycle import State
from app.features.stocktakes.queries import list_kept
from tests.browser import Browser
from tests.conftest import Query, Sessions
from tests.given import Given

LIST = "/stocktakes"


async def begin(browser: Browser, store: str = "MAIN", bay: str = "") -> str:
    page = await browser.post_form(f"{LIST}/new", store=store, bay=bay)
    assert page.goes_to is not None, page.errors
    return page.goes_to


async def test_a_count_from_its_beginning_to_its_end(technician: Browser, manager: Browser, given: Given) -> None:
    here, lost = await given.items(2)
    lent = await given.loan()
    count = await begin(technician)
    page = await technician.get(count)
    assert "0 of 2 expected" in page.text
    assert "a manager of this store looks at the differences" in page.text
    for barcode, words in ((here, "Counted"), (here, "Counted already"), (lent.barcode, "Not expected here")):
        page = await technician.post_form(f"{count}/count", barcode=barcode)
        assert words in page.text
    assert "1 of 2 expected items counted" in page.text
    assert "Last movements" in (await technician.get(count)).text

    page = await manager.get(f"{count}/finish")
    assert f"do-{lent.barcode}" in str(page.soup)
    page = await manager.send(page, f"{count}/finish")
    assert (page.status, page.errors) == (422, {f"do-{lost}": f"Choose what is done about {display(lost)}."})
    assert page.soup.select_one(f'.govuk-error-summary a[href="#do-{lost}"]')
    assert page.soup.select_one(f"#do-{lost}-error")
    assert (await given.record(lost)).state is State.IN_STOCK, "nobody chose that it is missing"
    asked = await manager.send(page, f"{count}/finish", **{f"do-{lost}": "mark_missing"})
    assert asked.status == 200
    said = [line.get_text() for line in asked.soup.select('[data-testid="numbers"] li')]
    assert said == ["1 item is marked missing.", "The record of 1 item stays as it is."]
    assert "Reserved items" not in asked.text
    assert (await given.record(lost)).state is State.IN_STOCK, "it is not confirmed yet"
    changed = await manager.send(asked, f"{count}/finish", step="change")
    assert changed.soup.select_one(f'#do-{lost} option[value="mark_missing"][selected]')
    done = await manager.send(asked, f"{count}/finish", step="confirm")
    page = await manager.follow(done)
    assert "1 item was corrected" in page.banner
    assert ((await given.record(lost)).state, (await given.record(lent.barcode)).state) == (
        State.MISSING,
        State.ON_LOAN,
    )
    assert "Change nothing" in page.text
    assert (await manager.get(f"{count}/finish")).goes_to == count
    assert "Finished" in (await technician.get(LIST)).text
    page = await technician.get(f"{count}/count")
    assert "This stocktake is over" in page.text


async def test_forms_say_what_is_wrong(technician: Browser, manager: Browser, given: Given) -> None:
    page = await technician.post_form(f"{LIST}/new", store="")
    assert (page.status, page.errors) == (422, {"store": "Choose the store to count."})
    count = await begin(technician)
    number = count.rsplit("/", 1)[1]
    page = await technician.post_form(f"{LIST}/new", store="MAIN", bay="A1")
    assert (page.status, list(page.errors)) == (409, ["bay"])
    assert number in page.errors["bay"]
    page = await technician.post_form(f"{LIST}/new", store="COAST", bay="A1")
    assert (page.status, list(page.errors)) == (422, ["bay"])
    page = await technician.send(page, f"{LIST}/new", is_empty_bay="true")
    assert page.status == 303
    page = await technician.post_form(f"{count}/count", barcode="")
    assert page.status == 422
    assert (await technician.get(f"{LIST}/K999999")).status == 404
    assert (await technician.get(f"{count}/finish")).status == 403

    [late] = await given.items(1)
    page = await manager.post_form(f"{count}/finish")
    assert page.status == 303, "what came in after the start was never expected"
    assert (await given.record(late)).state is State.IN_STOCK

    count = await begin(technician)
    page = await technician.send(await technician.get(count), f"{count}/cancel")
    assert "Nothing was corrected" in (await technician.follow(page)).banner


async def test_a_finish_that_is_out_of_date_is_shown_again(technician: Browser, manager: Browser, given: Given) -> None:
    one, _ = await given.items(2)
    count = await begin(technician)
    page = await manager.get(f"{count}/finish")
    await technician.post_form(f"{count}/count", barcode=one)
    chosen = {str(select["name"]): "mark_missing" for select in page.soup.select("main select")}
    page = await manager.send(page, f"{count}/finish", **chosen)
    assert page.status == 409
    assert "Look again" in page.errors["main-content"]
    [name] = [str(select["name"]) for select in page.soup.select("main select")]
    page = await manager.send(page, f"{count}/finish", **{name: "eat"})
    assert (page.status, list(page.errors)) == (422, [name])


async def test_what_is_reserved_is_told_apart_before_it_is_lost(
    technician: Browser, manager: Browser, given: Given, query: Query, sessions: Sessions
) -> None:
    kept = await given.reservation()
    count = await begin(technician)
    page = await manager.get(f"{count}/finish")
    asked = await manager.send(page, f"{count}/finish", **{f"do-{kept.barcode}": "mark_missing"})
    assert "Reserved items among them" in asked.text
    assert f"Client {kept.client_ref}, from 2 March 2026" in asked.text
    # For whom it is, is for those who may see clients.
    async with sessions() as session:
        [unseen] = await list_kept(session, [kept.barcode], may_see_client=False)
    assert (unseen.client_ref, unseen.order_number) == (None, None)
    await manager.send(asked, f"{count}/finish", step="confirm")
    assert (await given.record(kept.barcode)).state is State.MISSING
    [ended] = await query("SELECT ended_because FROM reservation")
    assert ended["ended_because"] == "item_missing"
