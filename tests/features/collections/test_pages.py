"""The pages of collections: asking for them, by phone and after a death; planning, visits in vain, finds."""

from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.given import Given


async def test_a_collection_is_requested_for_what_is_ticked(ot: Browser, given: Given) -> None:
    client = await given.client("C-7")
    wanted, other = await given.loan(client=client), await given.loan(client=client)
    nothing = await ot.post_form("/clients/C-7/collect")
    assert set(nothing.errors) == {"barcodes", "reason"}
    page = await ot.get("/clients/C-7/collect", barcode=wanted.barcode)
    sent = await ot.send(page, "/clients/C-7/collect", reason="No longer needed.", speed="urgent")
    collection = await ot.follow(sent)
    assert collection.banner.startswith("Collection C")
    assert "Within one working day" in collection.text
    assert (await given.record(wanted.barcode)).state is State.AWAITING_COLLECTION
    assert (await given.record(other.barcode)).state is State.ON_LOAN


async def test_an_item_that_went_to_somebody_else_meanwhile_is_not_collected(ot: Browser, given: Given) -> None:
    client = await given.client("C-7")
    loan = await given.loan(client=client)
    page = await ot.get("/clients/C-7/collect")
    await given.scan(loan.barcode)
    late = await ot.send(page, "/clients/C-7/collect", barcodes=[loan.barcode], reason="No longer needed.")
    assert late.status == 409
    assert "nothing that could be fetched" in late.text


async def test_a_collection_is_called_off_with_a_reason(ot: Browser, given: Given) -> None:
    fetched = await given.collection()
    here = f"/collections/{fetched.number}"
    without = await ot.post_form(f"{here}/cancel", on=here)
    assert set(without.errors) == {"reason"}
    sent = await ot.send(without, f"{here}/cancel", reason="They keep it after all.")
    page = await ot.follow(sent)
    assert "Called off" in page.text
    assert page.soup.select_one("main form") is None
    assert (await given.record(fetched.barcode)).state is State.ON_LOAN
    assert (await ot.get("/collections/C999999")).status == 404


async def test_reading_a_collection_is_logged(ot: Browser, given: Given, query: Query) -> None:
    fetched = await given.collection()
    await ot.get(f"/collections/{fetched.number}")
    [row] = await query("SELECT action, subject FROM audit_event WHERE chain = 'ot' ORDER BY seq DESC LIMIT 1")
    assert (row["action"], row["subject"]) == ("collection_read", f"collection:{fetched.number}")


async def test_a_cancellation_whose_time_has_passed_shows_how_things_stand_now(ot: Browser, given: Given) -> None:
    fetched = await given.collection()
    cancel = f"/collections/{fetched.number}/cancel"
    old_cancel = await ot.get(f"/collections/{fetched.number}")
    await given.scan(fetched.barcode)
    too_late = await ot.send(old_cancel, cancel)
    assert (too_late.status, "Collected" in too_late.text) == (409, True)


async def test_a_collection_by_phone_is_found_by_the_label_or_the_client(ot: Browser, given: Given) -> None:
    lent = await given.loan(client=await given.client("C-7", name="Ivy Marsh"))
    by_label = await ot.post_form("/collections/new", q=lent.barcode)
    by_name = await ot.post_form("/collections/new", q="ivy")
    assert by_label.table() == by_name.table() == [["C-7", "Ivy Marsh", "SR7 7AA", "1"]]
    assert by_name.soup.select_one('main a[href="/clients/C-7/collect"]') is not None
    assert "Nobody is found" in (await ot.post_form("/collections/new", q="nobody")).text


async def test_after_a_death_everything_is_ticked_and_one_contact_agrees_the_list_first(
    ot: Browser, given: Given, clock: Clock
) -> None:
    client = await given.client("C-7", phone="0191 555 0100")
    for _ in range(2):
        await given.loan(client=client)
    died = {"died_on-day": clock.today.day, "died_on-month": clock.today.month, "died_on-year": clock.today.year}
    await ot.post_form("/clients/C-7/edit", **{name: str(part) for name, part in died.items()})
    page = await ot.get("/clients/C-7/collect")
    assert page.heading == "Collection after a death"
    assert "0191 555 0100" not in page.text
    nobody = await ot.send(page, "/clients/C-7/collect")
    assert set(nobody.errors) == {"contact_name"}
    unheard = await ot.send(nobody, "/clients/C-7/collect", contact_name="Rose Marsh")
    assert set(unheard.errors) == {"contact_phone"}
    sent = await ot.send(unheard, "/clients/C-7/collect", contact_phone="01632 960001")
    asked = await ot.follow(sent)
    assert len(asked.table()) == 2
    assert "Please speak to Rose Marsh only, on 01632 960001" in asked.text
    assert "0191 555 0100" not in asked.text
    here = str(sent.goes_to)
    assert not asked.soup.select(f'form[action="{here}/schedule"]')
    agreed = await ot.follow(await ot.send(asked, f"{here}/agree-list"))
    assert agreed.banner.startswith("The list is agreed.")
    day = {"on-day": "3", "on-month": "3", "on-year": "2026"}
    planned = await ot.follow(await ot.send(agreed, f"{here}/schedule", **day))
    assert planned.banner == "The visit is planned for 3 March 2026."
    ordinary = await ot.get("/clients/C-7/collect", bereavement="false")
    assert "nothing that could be fetched" in ordinary.text


async def test_a_visit_is_planned_made_in_vain_and_shown_on_the_worklist(
    ot: Browser, technician: Browser, given: Given, clock: Clock
) -> None:
    fetched = await given.collection()
    here = f"/collections/{fetched.number}"
    assert set((await ot.post_form(f"{here}/schedule", on=here)).errors) == {"on"}
    past = {"on-day": "1", "on-month": "3", "on-year": "2026"}
    assert set((await ot.post_form(f"{here}/schedule", on=here, **past)).errors) == {"on"}
    await ot.post_form(f"{here}/schedule", on=here, **(past | {"on-day": "2"}))
    today = await technician.get("/collections", show="today")
    assert [row[0] for row in today.table()] == [fetched.number]
    assert set((await technician.post_form(f"{here}/fail")).errors) == {"reason"}
    failed = await technician.follow(await technician.post_form(f"{here}/fail", reason="Nobody was in."))
    assert "Nobody was in." in failed.text
    [row] = (await ot.get("/collections", show="failed")).table()
    assert row[6] == "Not planned again 1 visit in vain"
    assert "There is none." in (await ot.get("/collections", show="today")).text
    clock.move(days=8)
    [late] = (await ot.get("/collections", show="overdue")).table()
    assert late[5] == "9 March 2026 Overdue"


async def test_a_start_page_leads_to_ones_own_collections(ot: Browser, technician: Browser, given: Given) -> None:
    fetched = await given.collection()
    mine = await ot.get("/collections", show="mine")
    assert [row[0] for row in mine.table()] == [fetched.number]
    assert "Yours (1)" in mine.text
    others = await technician.get("/collections", show="mine")
    assert fetched.number not in others.text
    assert "Yours (0)" in others.text
    assert "/collections?show=mine" in (await ot.get("/")).response.text


async def test_something_else_that_was_found_is_taken_and_the_manager_reconciles_it(
    technician: Browser, manager: Browser, given: Given, clock: Clock
) -> None:
    fetched, other = await given.collection(), await given.loan()
    here = f"/collections/{fetched.number}"
    clock.move(hours=1)
    nothing = await technician.post_form(f"{here}/found")
    assert set(nothing.errors) == {"description"}
    taken = await technician.follow(await technician.send(nothing, f"{here}/found", label=other.barcode))
    assert "By the record it is with another client." in taken.banner
    assert "Scan it at the returns desk" in taken.banner
    await technician.post_form(f"{here}/found", description="Grey bath board")
    finds = "/collections/finds"
    page = await manager.get(finds)
    assert f"That client is {other.client_ref}." in page.text
    assert set((await manager.send(page, f"{finds}/reconcile")).errors) == {"finds", "note"}
    ticks = [str(box["value"]) for box in page.soup.select('input[name="finds"]')]
    sent = await manager.send(page, f"{finds}/reconcile", finds=ticks, note="Lent from neighbour to neighbour.")
    assert "accounted for" in (await manager.follow(sent)).text
    again = await manager.send(page, f"{finds}/reconcile", finds=ticks[:1], note="Once more.")
    assert again.status == 409
    assert "Reconciled: Lent from neighbour to neighbour." in (await technician.get(here)).text


async def test_a_visit_for_what_is_over_is_refused(ot: Browser, given: Given) -> None:
    fetched = await given.collection()
    here = f"/collections/{fetched.number}"
    page, form = await ot.get(here), await ot.get(f"{here}/fail")
    await given.scan(fetched.barcode)
    day = {"on-day": "3", "on-month": "3", "on-year": "2026"}
    assert (await ot.send(page, f"{here}/schedule", **day)).status == 409
    assert (await ot.send(form, f"{here}/fail", reason="Nobody was in.")).status == 409
    assert "nothing to visit for" in (await ot.get(f"{here}/fail")).text
