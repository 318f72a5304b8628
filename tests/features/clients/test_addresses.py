"""What people are looked for by stands in no address: not of a request, nor of a redirect, nor of a link or a form."""

from urllib.parse import unquote_plus

from httpx import AsyncClient, Response

from tests.browser import Browser, Page
from tests.conftest import Query
from tests.given import Given
from tests.problems import check_problem

WORDS = ("Ivy Marsh", "999 000 0018", "TN25 5AA", "27/3/1944")

Addresses = list[str]


def note_addresses(client: AsyncClient) -> Addresses:
    """Every address that this client asks for or is sent to, from now on."""
    found: Addresses = []

    async def note(response: Response) -> None:
        found.extend((str(response.request.url), response.headers.get("location", "")))

    client.event_hooks["response"].append(note)
    return found


def addresses_on(page: Page) -> Addresses:
    """Every address that the page leads to."""
    names = ("href", "action", "hx-get", "hx-post", "hx-push-url", "src")
    return [str(tag[name]) for tag in page.soup.find_all(True) for name in names if tag.get(name)]


def check_no_words(addresses: Addresses) -> None:
    """None of the words, written in whatever way, is in any of them."""
    for address in addresses:
        squeezed = "".join(unquote_plus(address).lower().split())
        for words in (*WORDS, "Ivy", "Marsh", "1944"):
            assert "".join(words.lower().split()) not in squeezed, address


async def test_no_address_of_a_page_holds_what_a_client_is_looked_for_by(ot: Browser, given: Given) -> None:
    for number in range(51):
        await given.client(f"C-{number:02}", name="Ivy Marsh", postcode="TN25 5AA", date_of_birth="1944-03-27")
    await given.client("C-99", name="Ivy Marsh", nhs_number="9990000018")
    item = await given.item()
    seen = note_addresses(ot.client)
    for words in WORDS:
        for address in ("/clients", "/orders/new", f"/items/{item}/issue", "/collections/new"):
            seen += await look_for(ot, address, words)
    await ot.post("/clients", q=WORDS[0])  # without the page's token it is refused
    check_no_words(seen)


async def look_for(ot: Browser, address: str, words: str) -> Addresses:
    """Search there, and go to the next page of what is found; gives the addresses on these pages."""
    found = await ot.post_form(address, q=words)
    assert found.status == 200
    # Only the list of clients knows birthdays.
    assert found.table() or ("/" in words and address != "/clients"), address
    # It can be sent again, or changed: the words are in the form still.
    assert words in str(found.form(address, ["q"]).select_one('input[name="q"]'))
    after = found.soup.select_one('input[name="after"]')
    if after is None:
        return addresses_on(found)
    further = await ot.send(found, address, after=str(after["value"]))
    return [str(after["value"]), *addresses_on(found), *addresses_on(further)]


async def test_no_address_of_the_api_holds_what_a_client_is_looked_for_by(as_ot: AsyncClient, given: Given) -> None:
    for number in range(3):
        await given.client(f"C-{number}", name="Ivy Marsh", postcode="TN25 5AA", date_of_birth="1944-03-27")
    await given.client("C-9", name="Ivy Marsh", nhs_number="9990000018")
    seen = note_addresses(as_ot)
    for words in WORDS:
        after: str | None = None
        for _ in range(9):
            asked = {"q": words, "limit": 1} | ({"after": after} if after else {})
            page = (await as_ot.post("/api/v1/clients/search", json=asked)).json()
            assert page["items"], words
            after = page["next"]
            if after is None:
                break
            seen.append(after)
    check_no_words(seen)


async def test_a_question_by_get_is_refused_and_told_of_the_right_way(as_ot: AsyncClient) -> None:
    refused = await as_ot.get("/api/v1/clients", params={"q": "C-7"})
    check_problem(refused, 422, "search-by-post", field="q")
    assert "POST /api/v1/clients/search" in refused.json()["detail"]


async def test_of_what_was_found_no_copy_is_kept_for_a_second_time(
    as_ot: AsyncClient, given: Given, query: Query
) -> None:
    await given.client("C-7", name="Ivy Marsh")
    for _ in range(2):
        answer = await as_ot.post("/api/v1/clients/search", json={"q": "ivy"}, headers={"Idempotency-Key": "one"})
        assert answer.status_code == 200
    assert await query("SELECT key FROM idempotency_key WHERE key = 'one'") == []


async def test_words_that_are_too_long_are_said_at_the_field(ot: Browser, given: Given) -> None:
    for address in ("/clients", "/orders/new", f"/items/{await given.item()}/issue", "/collections/new"):
        page = await ot.post_form(address, q="x" * 101)
        assert (page.status, set(page.errors)) == (422, {"q"})
