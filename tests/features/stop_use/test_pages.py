"""The pages of stop-use notices."""

from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.browser import Browser
from tests.conftest import Clock
from tests.given import Given
from tests.problems import check_problem


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


async def test_the_longest_open_stands_first_whatever_was_recorded_first(
    session: AsyncSession, as_ot: AsyncClient, ot: Browser, given: Given, clock: Clock
) -> None:
    notices = []
    for _ in range(3):
        lent = await given.loan()
        stopped = await as_ot.post(f"/api/v1/loans/{lent.id}/stop-use", json={"reason": "It tips over when used."})
        notices.append(stopped.json()["id"])
    # An upgrade records what was stopped before.
    earlier = "UPDATE stop_use_notice SET given_at = given_at - interval '2 days' WHERE id = :id"
    await session.execute(text(earlier), {"id": notices[2]})
    await session.commit()
    wanted = [notices[2], *notices[:2]]
    first = (await as_ot.get("/api/v1/stop-use-notices", params={"limit": 1})).json()
    rest = (await as_ot.get("/api/v1/stop-use-notices", params={"after": first["next"]})).json()
    assert [one["id"] for one in (*first["items"], *rest["items"])] == wanted
    assert (await ot.get("/stop-use")).table()[0][2] == "2 days"


async def test_the_store_reads_a_notice_and_changes_nothing_of_it(
    as_ot: AsyncClient, as_technician: AsyncClient, technician: Browser, given: Given
) -> None:
    provider = await given.care_provider(email="duty@harbour.example")
    lent = await given.loan(client=await given.client(care_provider_id=provider))
    why = {"reason": "It tips over when used."}
    notice = (await as_ot.post(f"/api/v1/loans/{lent.id}/stop-use", json=why)).json()
    here = f"/stop-use/{notice['id']}"
    item = await technician.get(f"/items/{lent.barcode}")
    assert item.soup.select_one(f'a[href="{here}"]') is not None
    for path in (here, "/stop-use"):
        page = await technician.get(path)
        assert (page.status, page.soup.select("main form")) == (200, [])
    assert (await as_technician.get(f"/api/v1/stop-use-notices/{notice['id']}")).json()["reason"] == why["reason"]
    said = {"by": "Jo", "how": "By phone"}
    refused = await as_technician.post(f"/api/v1/stop-use-notices/{notice['id']}/acknowledge", json=said)
    check_problem(refused, 403, "not-allowed")
