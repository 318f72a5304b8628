"""The pages of clients, and the lines that reading them leaves in the audit trail."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query, Statements
from tests.features.clients.rows import NOTICE, add_order
from tests.given import Given

ADDRESS = {"name": "Ivy Marsh", "address": "2 Quay Street\nSeaham", "postcode": "sr77aa"}


async def acts(query: Query, username: str) -> list[tuple[str, str]]:
    """What that person did, as (action, subject), in order."""
    rows = await query("SELECT action, subject FROM audit_event WHERE chain = :who ORDER BY seq", who=username)
    return [(row["action"], row["subject"]) for row in rows]


async def test_clients_are_found_by_reference_name_nhs_number_and_postcode(ot: Browser, given: Given) -> None:
    await given.client("C-7", name="Ivy Marsh", nhs_number="9990000018", postcode="TN25 5AA")
    await given.client("C-8", name="Noor Aziz")
    for words in ("c-7", "ivy", "999 000 0018", "tn25"):
        page = await ot.post_form("/clients", q=words)
        assert [row[0] for row in page.table()] == ["C-7"], words
    assert "Nobody is found" in (await ot.post_form("/clients", q="zzz")).text


async def test_searching_and_reading_clients_is_logged(ot: Browser, given: Given, query: Query) -> None:
    await given.client("C-7")
    before = len(await acts(query, "ot"))
    search = await ot.get("/clients")
    await ot.send(search, "/clients", q="c-7")
    await ot.get("/clients/C-7")
    assert (await acts(query, "ot"))[before:] == [
        ("clients_listed", "clients"), ("clients_listed", "clients"), ("client_read", "client:C-7")
    ]  # fmt: skip


async def test_access_notes_are_hidden_until_they_are_asked_for_and_that_look_is_logged(
    technician: Browser, given: Given, query: Query
) -> None:
    await given.client("C-7", access_notes="Key safe by the back door, 4471.")
    await given.collection(client="C-7")
    page = await technician.get("/clients/C-7")
    assert "4471" not in page.text
    unsaid = await technician.send(page, "/clients/C-7/access")
    assert unsaid.errors == {"reason": "Say why you need to know how to get in."}
    assert "4471" not in unsaid.text
    shown = await technician.send(page, "/clients/C-7/access", reason="collection")
    assert "4471" in shown.text
    assert (await acts(query, "technician"))[-2:] == [
        ("client_read", "client:C-7"), ("access_notes_read", "client:C-7")
    ]  # fmt: skip


async def test_the_answer_with_access_notes_is_not_kept_for_a_replay(
    technician: Browser, given: Given, query: Query
) -> None:
    await given.client("C-7", access_notes="Key safe by the back door, 4471.")
    await given.hold((await given.loan(client="C-7")).barcode)
    shown = await technician.send(await technician.get("/clients/C-7"), "/clients/C-7/access", reason="visit")
    assert "4471" in shown.text
    assert await query("SELECT key FROM idempotency_key WHERE position('4471'::bytea IN body) > 0") == []


async def test_who_may_not_see_access_notes_is_not_offered_them(ot: Browser, given: Given) -> None:
    await given.client("C-7", access_notes="Key safe by the back door, 4471.")
    page = await ot.get("/clients/C-7")
    assert page.soup.select_one('form[action="/clients/C-7/access"]') is None
    token = page.soup.select_one('meta[name="csrf-token"]')
    assert token is not None
    assert (await ot.post("/clients/C-7/access", csrf_token=token["content"])).status == 403


async def test_a_client_shows_what_they_have_and_what_can_be_done_with_it(ot: Browser, given: Given) -> None:
    client = await given.client("C-7")
    loan = await given.loan(client=client)
    trial = await given.trial(client=client, days=14)
    fetched = await given.collection(client=client)
    await given.hold(loan.barcode)
    page = await ot.get("/clients/C-7")
    links = {str(link["href"]) for link in page.soup.select("main a")}
    assert f"/loans/{trial.id}/trial-outcome" in links
    assert f"/loans/{loan.id}/trial-outcome" not in links
    assert f"/clients/C-7/collect?barcode={loan.barcode}" in links
    assert f"/clients/C-7/collect?barcode={fetched.barcode}" not in links
    assert f"/collections/{fetched.number}" in links
    assert "On hold" in page.text
    assert "Trial ends 16 March 2026" in page.text


async def test_a_client_with_nothing_is_told_what_to_do_next(ot: Browser, given: Given) -> None:
    await given.client("C-7")
    page = await ot.get("/clients/C-7")
    assert "They have nothing from this service now" in page.text
    assert (await ot.get("/clients/NOBODY")).status == 404


async def test_a_client_is_added_with_the_least_data(ot: Browser, query: Query) -> None:
    sent = await ot.post_form("/clients/new", client_ref="C-9", **ADDRESS)
    page = await ot.follow(sent)
    assert page.banner == "Client C-9 is added."
    assert "SR7 7AA" in page.text
    [row] = await query("SELECT nhs_number, date_of_birth, phone FROM client")
    assert (row["nhs_number"], row["date_of_birth"], row["phone"]) == (None, None, "")


async def test_each_wrong_field_of_a_new_client_is_named_and_nothing_is_kept(
    ot: Browser, given: Given, query: Query
) -> None:
    empty = await ot.post_form("/clients/new")
    assert set(empty.errors) == {"client_ref", "name", "address", "postcode"}
    born = {"date_of_birth-day": "31", "date_of_birth-month": "2", "date_of_birth-year": "1950"}
    page = await ot.post_form(
        "/clients/new", client_ref="C 9", name="Ivy", address="x", postcode="here", nhs_number="9990000019", **born
    )
    assert set(page.errors) == {"client_ref", "postcode", "nhs_number", "date_of_birth"}
    assert "9990000019" not in page.errors["nhs_number"]
    assert await query("SELECT id FROM client") == []
    await given.client("C-7", nhs_number="9990000018")
    taken = await ot.post_form("/clients/new", client_ref="C-8", nhs_number="999 000 0018", **ADDRESS)
    assert (taken.status, set(taken.errors)) == (409, {"nhs_number"})


async def test_a_birth_in_the_future_is_refused_at_its_field(ot: Browser) -> None:
    born = {"date_of_birth-day": "3", "date_of_birth-month": "3", "date_of_birth-year": "2026"}
    page = await ot.post_form("/clients/new", client_ref="C-9", **ADDRESS, **born)
    assert page.errors == {"date_of_birth": "Nobody is born after today."}


async def test_who_may_be_here_already_is_shown_before_a_client_is_added(
    ot: Browser, given: Given, query: Query
) -> None:
    await given.client("C-7", name="Ivy Marsh", date_of_birth="1944-03-27", postcode="TN25 5AA")
    await given.client("C-8", name="Ivy Marsh")
    await given.client("C-6", name="Noor Aziz", date_of_birth="1944-03-27")
    born = {"date_of_birth-day": "27", "date_of_birth-month": "3", "date_of_birth-year": "1944"}
    page = await ot.post_form("/clients/new", client_ref="C-9", **ADDRESS, **born)
    assert (page.status, set(page.errors)) == (409, {"different_from"})
    assert [row[-1] for row in page.table()] == ["C-7", "C-8"]
    [event] = await query("SELECT detail FROM audit_event WHERE action = 'clients_listed'")
    assert event["detail"] == {"by": "a name", "found": 2}
    # Somebody else who is like them comes in between: what was ticked was not about them.
    await given.client("C-5", name="Ivy Marsh")
    ticked = await ot.send(page, "/clients/new", different_from="C-7 C-8")
    assert [row[-1] for row in ticked.table()] == ["C-5", "C-7", "C-8"]
    added = await ot.send(ticked, "/clients/new", different_from="C-5 C-7 C-8")
    assert added.goes_to == "/clients/C-9"


async def test_a_wrong_field_beside_a_possible_duplicate_keeps_the_question(ot: Browser, given: Given) -> None:
    await given.client("C-7", name="Ivy Marsh", nhs_number="9990000018")
    page = await ot.post_form("/clients/new", client_ref="C-9", **ADDRESS)
    refused = await ot.send(page, "/clients/new", different_from="C-7", nhs_number="9990000018")
    assert (refused.status, set(refused.errors)) == (409, {"nhs_number"})
    assert (await ot.send(refused, "/clients/new", nhs_number=None)).goes_to == "/clients/C-9"


async def test_a_record_is_changed_where_it_is_different(ot: Browser, given: Given, query: Query) -> None:
    details = {"name": "Ivy Marsh", "address": "2 Quay Street\nSeaham", "access_notes": "Key safe 4471"}
    await given.client("C-7", nhs_number="9990000018", **details)
    older, form = await ot.get("/clients/c-7/edit"), await ot.get("/clients/c-7/edit")
    assert "4471" not in form.text
    weighed = {"weight_kg": 71, "weighed_on-day": 1, "weighed_on-month": 3, "weighed_on-year": 2026}
    page = await ot.follow(await ot.send(form, "/clients/C-7/edit", phone="0191 555 0100", nhs_number=None, **weighed))
    assert page.banner == "The record is changed."
    assert "71 kg, weighed on 1 March 2026" in page.text
    [event] = await query("SELECT detail FROM audit_event WHERE action = 'client_changed'")
    assert event["detail"] == {"fields": "nhs_number, phone, weighed_on, weight_kg"}
    # A browser ends lines in its own way.
    same = await ot.follow(await ot.post_form("/clients/C-7/edit", address="2 Quay Street\r\nSeaham"))
    assert same.banner == "Nothing was changed."
    stale = await ot.send(older, "/clients/C-7/edit", phone="1")
    assert stale.status == 412
    assert stale.errors == {"main-content": "Somebody changed this while you had it open. Yours is not saved yet."}
    hints = {str(hint["id"]): hint.get_text(" ", strip=True) for hint in stale.soup.select(".govuk-hint:has(.app-now)")}
    assert {name: hint.split("Now: ")[1] for name, hint in hints.items()} == {
        "nhs_number-hint": "nothing",
        "phone-hint": "0191 555 0100",
        "weight_kg-hint": "71",
        "weighed_on-date-hint": "1 March 2026",
    }
    anew = [
        link["href"]
        for link in stale.soup.select("main a")
        if link.get_text() == "Open the page anew, without what you typed"
    ]
    assert anew == ["/clients/C-7/edit"]
    # What is in the fields counts once it was seen.
    kept = await ot.send(
        stale,
        "/clients/C-7/edit",
        phone="0191 555 0100",
        weight_kg=71,
        **{"weighed_on-day": 1, "weighed_on-month": 3, "weighed_on-year": 2026},
    )
    assert (await ot.follow(kept)).banner == "The record is changed."
    [_, event] = await query("SELECT detail FROM audit_event WHERE action = 'client_changed' ORDER BY id")
    assert event["detail"] == {"fields": "nhs_number"}


async def test_access_notes_are_replaced_or_deleted_on_the_page_without_being_shown(
    ot: Browser, technician: Browser, given: Given, query: Query
) -> None:
    await given.client("C-7", access_notes="Key safe 4471")
    await given.collection(client="C-7")
    await ot.post_form("/clients/C-7/edit", access_notes="Key safe 4999")
    shown = await technician.send(await technician.get("/clients/C-7"), "/clients/C-7/access", reason="collection")
    assert "4999" in shown.text
    await ot.post_form("/clients/C-7/edit", forget_access_notes="true")
    assert await query("SELECT client_id FROM client_access") == []


async def test_each_wrong_field_of_a_change_is_named(ot: Browser, given: Given, clock: Clock) -> None:
    await given.client("C-6", nhs_number="9990000018")
    await given.client("C-7", date_of_birth="1944-03-27")
    empty = await ot.post_form("/clients/C-7/edit", name=None, address=None, postcode=None, weight_kg="heavy")
    assert set(empty.errors) == {"name", "address", "postcode", "weight_kg"}
    taken = await ot.post_form("/clients/C-7/edit", nhs_number="9990000018")
    assert (taken.status, set(taken.errors)) == (409, {"nhs_number"})
    no_day = await ot.post_form("/clients/C-7/edit", weight_kg=71)
    assert (no_day.status, set(no_day.errors)) == (422, {"weighed_on"})
    died: dict[str, Any] = {"died_on-day": 1, "died_on-month": 3, "died_on-year": 1944}
    assert set((await ot.post_form("/clients/C-7/edit", **died)).errors) == {"died_on"}
    assert (await ot.get("/clients/NOBODY/edit")).status == 404


async def test_of_somebody_who_died_the_page_says_so_and_offers_one_considerate_collection(
    ot: Browser, given: Given
) -> None:
    await given.client("C-7", name="Ivy Marsh")
    await given.loan(client="C-7")
    await ot.post_form("/clients/C-7/edit", **{"died_on-day": "1", "died_on-month": "3", "died_on-year": "2026"})
    page = await ot.get("/clients/C-7")
    assert "Ivy Marsh died on 1 March 2026." in page.text
    links = [str(link["href"]) for link in page.soup.select("main a")]
    assert "/clients/C-7/collect?bereavement=1" in links
    assert not [link for link in links if link.startswith(("/orders/new", "/reservations/new"))]


async def test_what_must_not_be_used_stands_out(ot: Browser, given: Given, session: AsyncSession, clock: Clock) -> None:
    await given.client("C-7")
    await given.loan(client="C-7")
    lent = await given.loan(client="C-7")
    await session.execute(NOTICE, {"loan_id": lent.id, "reason": "The sling is too big.", "at": clock.now})
    await session.commit()
    page = await ot.get("/clients/C-7")
    warning = page.soup.select_one("[data-testid=must-not-be-used]")
    assert warning is not None
    assert "The sling is too big. Since 2 March 2026" in " ".join(warning.get_text(" ").split())
    assert "Must not be used" in page.table()[0][5]
    assert "Must not be used" not in page.table()[1][5]


async def test_everything_that_goes_on_with_a_client_costs_six_statements(
    ot: Browser, given: Given, session: AsyncSession, statements: Statements
) -> None:
    await given.client("C-7")
    fetched = await given.collection(client="C-7")
    kept = await given.reservation(client="C-7")
    await given.item(State.RETURNED, client="C-7")
    await add_order(session, "C-7", "approved")
    statements.clear()
    page = await ot.get("/clients/C-7")
    of_the_page = [statement for statement in statements if "FROM sign_in" not in statement]
    assert len(of_the_page) <= 6, "\n".join(of_the_page)
    captions = [" ".join(caption.get_text(" ").split()) for caption in page.soup.select("caption")]
    assert captions == [
        "What they have",
        "Kept for them",
        "Orders",
        "Collections",
        "Given back, newest first, the last 50 at most",
    ]
    assert "O000001" in page.text
    assert "Approved 27 February 2026 Late" in page.text
    assert fetched.number in page.text
    assert kept.barcode in str(page.soup)
    assert "What they had before (1)" in page.text


async def test_who_only_looks_is_offered_nothing_but_to_stop_what_is_unsafe(safety: Browser, given: Given) -> None:
    lent = await given.loan(client=await given.client("C-7"))
    page = await safety.get("/clients/C-7")
    links = {str(link["href"]) for link in page.soup.select("main a")}
    assert {link.split("?")[0] for link in links if not link.startswith("/items/")} == {f"/loans/{lent.id}/stop-use"}
