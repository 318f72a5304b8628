"""The pages of stop-use notices."""

from tests.browser import Browser
from tests.conftest import Clock
from tests.given import Given


async def test_the_use_of_an_item_is_stopped_acknowledged_and_closed_by_its_return(
    ot: Browser, given: Given, clock: Clock
) -> None:
    provider = await given.care_provider(email="duty@harbour.example")
    lent = await given.loan(client=await given.client(care_provider_id=provider))
    form = f"/loans/{lent.id}/stop-use"
    assert set((await ot.post_form(form)).errors) == {"reason", "item_fault"}
    sent = await ot.post_form(form, reason="The sling is too large.", item_fault="no", collect="true")
    notice = await ot.follow(sent)
    assert notice.banner == "Its use is stopped. Harbour Care is told by e-mail."
    assert "It did not suit the person" in notice.text
    here = str(sent.goes_to)
    assert "Nobody has acknowledged this." in notice.text
    assert notice.soup.select_one('main a[href^="/collections/C"]') is not None
    clock.move(days=3)
    worklist = await ot.get("/stop-use")
    [row] = worklist.table()
    assert (row[1], row[2]) == (lent.client_ref, "3 days")
    assert [words.get_text() for words in worklist.soup.select("td .govuk-error-message")] == ["Not acknowledged"]
    chased = await ot.follow(await ot.send(worklist, f"{here}/chase"))
    assert chased.banner == "Harbour Care is written to again."
    assert set((await ot.send(chased, f"{here}/acknowledge")).errors) == {"by", "how"}
    done = await ot.follow(await ot.send(chased, f"{here}/acknowledge", by="Jo Marsh", how="By phone"))
    assert "The notice stays open until the item is scanned back." in done.banner
    assert done.soup.select_one("main form") is None
    assert "There is none." in (await ot.get("/stop-use", unacknowledged="true")).text
    twice = await ot.send(chased, f"{here}/acknowledge", by="Jo Marsh", how="By post")
    assert twice.status == 409
    assert (await ot.send(worklist, f"{here}/chase")).status in {303, 409}
    await given.scan(lent.barcode)
    assert "Closed: the item came back" in (await ot.get(here)).text
    assert "There is none." in (await ot.get("/stop-use")).text


async def test_without_an_address_the_pages_say_whom_to_phone(ot: Browser, safety: Browser, given: Given) -> None:
    lent = await given.loan()
    form = f"/loans/{lent.id}/stop-use"
    assert "No care provider is recorded" in (await safety.get(form)).text
    notice = await safety.follow(await safety.post_form(form, reason="It tips over to the left.", item_fault="yes"))
    assert notice.banner.endswith("there is no e-mail address for them. It is on hold too.")
    assert "phone whoever cares for them" in (await ot.get("/stop-use")).text
    assert (await safety.get(notice.path)).soup.select_one('main a[href^="/collections/"]') is None


async def test_the_form_says_what_became_of_the_item_instead(ot: Browser, given: Given) -> None:
    lent = await given.loan()
    form = f"/loans/{lent.id}/stop-use"
    old = await ot.get(form)
    await ot.post_form(form, reason="It tips over to the left.", item_fault="yes")
    assert "Its use is stopped already." in (await ot.get(form)).text
    assert (await ot.send(old, form, reason="It tips over to the left.", item_fault="yes")).status in {303, 409}
    back = await given.loan()
    old = await ot.get(f"/loans/{back.id}/stop-use")
    await given.scan(back.barcode)
    late = await ot.send(old, f"/loans/{back.id}/stop-use", reason="It tips over to the left.", item_fault="yes")
    assert (late.status, "nothing to stop" in late.text) == (409, True)
