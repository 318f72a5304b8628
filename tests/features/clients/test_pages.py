"""The pages of clients, and the lines that reading them leaves in the audit trail."""

from tests.browser import Browser
from tests.conftest import Query
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
        page = await ot.get("/clients", q=words)
        assert [row[0] for row in page.table()] == ["C-7"], words
    assert "Nobody is found" in (await ot.get("/clients", q="zzz")).text


async def test_searching_and_reading_clients_is_logged(ot: Browser, given: Given, query: Query) -> None:
    await given.client("C-7")
    before = len(await acts(query, "ot"))
    await ot.get("/clients", q="c-7")
    await ot.get("/clients/C-7")
    assert (await acts(query, "ot"))[before:] == [("clients_listed", "clients"), ("client_read", "client:C-7")]


async def test_access_notes_are_hidden_until_they_are_asked_for_and_that_look_is_logged(
    technician: Browser, given: Given, query: Query
) -> None:
    await given.client("C-7", access_notes="Key safe by the back door, 4471.")
    page = await technician.get("/clients/C-7")
    assert "4471" not in page.text
    shown = await technician.send(page, "/clients/C-7/access")
    assert "4471" in shown.text
    assert (await acts(query, "technician"))[-2:] == [
        ("client_read", "client:C-7"), ("access_notes_read", "client:C-7")
    ]  # fmt: skip


async def test_the_answer_with_access_notes_is_not_kept_for_a_replay(
    technician: Browser, given: Given, query: Query
) -> None:
    await given.client("C-7", access_notes="Key safe by the back door, 4471.")
    await technician.send(await technician.get("/clients/C-7"), "/clients/C-7/access")
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
