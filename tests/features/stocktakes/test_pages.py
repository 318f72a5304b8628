"""The pages of a stocktake, without JavaScript: begin, scan, look, decide, finish."""

from app.domain.lifecycle import State
from tests.browser import Browser
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
    assert (page.status, page.errors) == (422, {"main-content": "Choose what is done about each difference."})
    assert (await given.record(lost)).state is State.IN_STOCK, "nobody chose that it is missing"
    done = await manager.send(page, f"{count}/finish", **{f"do-{lost}": "mark_missing"})
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
    assert (page.status, page.errors) == (422, {"main-content": "Choose what is done about each difference."})
