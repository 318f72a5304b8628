"""Finding a client: by reference, NHS number, postcode, date of birth and name, with mistakes forgiven."""

from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient

from app.features.clients.search import understand
from tests.browser import Browser
from tests.conftest import Query, Statements
from tests.given import Given
from tests.problems import check_problem

CLIENTS = "/api/v1/clients"
SEARCH = "/api/v1/clients/search"


async def refs(client: AsyncClient, **params: Any) -> list[str]:
    """The references of the clients that are found, in order; without `q`, of all."""
    looks = client.post(SEARCH, json=params) if "q" in params else client.get(CLIENTS, params=params)
    answer = await looks
    assert answer.status_code == 200, answer.text
    return [line["client_ref"] for line in answer.json()["items"]]


async def test_clients_are_found_by_reference_name_number_and_postcode(as_ot: AsyncClient, given: Given) -> None:
    await given.client("A-1", name="Ada Moor", nhs_number="9990000018", postcode="SR7 7AA")
    await given.client("B_2", name="Bea 100% Hill", postcode="NE1 4LP")
    found = {
        q: await refs(as_ot, q=q)
        for q in ("moor", "a-", "a-1", "999 000 0018", "999-000-0018", "9990000018", "ne14lp", "ne1 4", "%", "_", "\\")
    }
    assert found == {
        "moor": ["A-1"],
        "a-": ["A-1"],
        "a-1": ["A-1"],
        "999 000 0018": ["A-1"],
        "999-000-0018": ["A-1"],
        "9990000018": ["A-1"],
        "ne14lp": ["B_2"],
        "ne1 4": ["B_2"],
        "%": ["B_2"],
        "_": [],
        "\\": [],
    }
    assert await refs(as_ot, q="B_") == ["B_2"]
    assert await refs(as_ot) == ["A-1", "B_2"]
    assert await refs(as_ot, limit=1, after="A-1") == ["B_2"]


@pytest.mark.parametrize("q", ["27/3/1944", "27.03.1944", "27 3 1944", "1944-03-27", "27 March 1944", "27 mar 1944"])
async def test_clients_are_found_by_their_date_of_birth_as_people_write_it(
    as_ot: AsyncClient, given: Given, q: str
) -> None:
    await given.client("A-1", date_of_birth="1944-03-27")
    await given.client("A-2", date_of_birth="1944-03-28")
    assert await refs(as_ot, q=q) == ["A-1"]


@pytest.mark.parametrize(
    "q", ["Margaret Ashby", "margaret", "Magaret Ashbey", "ashbey", "asby", "Ashby Margaret", "margret"]
)
async def test_mistakes_in_a_name_are_forgiven_and_the_likeliest_comes_first(
    as_ot: AsyncClient, given: Given, q: str
) -> None:
    await given.client("A-1", name="Noor Aziz")
    await given.client("A-2", name="Marion Asher")
    await given.client("A-3", name="Margaret Ashby")
    assert (await refs(as_ot, q=q))[0] == "A-3"
    assert "A-1" not in await refs(as_ot, q=q)


async def test_what_is_found_is_paged_in_the_order_of_likeness(as_ot: AsyncClient, given: Given) -> None:
    for number, name in enumerate(["Ada Mooor", "Ada Moor", "Ada Mor", "Bea Moor"], start=1):
        await given.client(f"A-{number}", name=name)
    whole = await refs(as_ot, q="moor")
    assert whole[:2] == ["A-2", "A-4"]
    assert set(whole) == {"A-1", "A-2", "A-3", "A-4"}
    paged: list[str] = []
    params: dict[str, Any] = {"q": "moor", "limit": 1}
    while True:
        answer = (await as_ot.post(SEARCH, json=params)).json()
        paged += [line["client_ref"] for line in answer["items"]]
        assert "moor" not in str(answer["next"]).lower()
        if answer["next"] is None:
            break
        params["after"] = answer["next"]
    assert paged == whole


async def paged(client: AsyncClient, q: str) -> list[str]:
    """The same, one by one over the pages."""
    found: list[str] = []
    params: dict[str, Any] = {"q": q, "limit": 1}
    while True:
        answer = (await client.post(SEARCH, json=params)).json()
        found += [line["client_ref"] for line in answer["items"]]
        if answer["next"] is None:
            return found
        params["after"] = answer["next"]


async def test_who_is_found_in_several_ways_is_shown_once_in_the_nearest_place(
    as_ot: AsyncClient, given: Given
) -> None:
    for ref, name in (
        ("moor", "Bea Hill"),
        ("MOOR-2", "Ada Moor"),
        ("b-1", "Cy Moor"),
        ("A-2", "Di Moor"),
        ("A-3", "Eve Mooor"),
        ("A-4", "Fay Mohr"),
        ("A-5", "Gus Patel"),
    ):
        await given.client(ref, name=name)
    whole = await refs(as_ot, q="moor")
    assert whole == ["moor", "MOOR-2", "A-2", "b-1", "A-3", "A-4"]
    assert await paged(as_ot, "moor") == whole


async def test_of_many_who_are_alike_by_a_common_name_so_many_are_compared(
    as_ot: AsyncClient, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.features.clients.queries.MOST_ALIKE", 2)
    for number in range(4):
        await given.client(f"A-{number}", name="Ada Smith")
    assert len(await refs(as_ot, q="smiht")) == 2


async def test_a_search_costs_few_statements_however_many_are_found(
    as_ot: AsyncClient, given: Given, statements: Statements
) -> None:
    counts = []
    for number in range(3):
        await given.client(f"A-{number}", name="Ada Moor")
        statements.clear()
        await refs(as_ot, q="ada moor")
        counts.append(len(statements))
    assert len(set(counts)) == 1


async def test_a_list_shows_only_what_tells_people_apart(as_ot: AsyncClient, given: Given) -> None:
    await given.client("A-1", name="Ada Moor", nhs_number="9990000018")
    [line] = (await as_ot.post(SEARCH, json={"q": "ada"})).json()["items"]
    assert line == {"client_ref": "A-1", "name": "Ada Moor", "date_of_birth": None, "postcode": "SR7 7AA"}


@pytest.mark.parametrize(
    "params",
    [
        {"q": "\x00"},
        {"q": "  "},
        {"cursor": "A-1"},
        {"limit": True},
        {"after": "\x00"},
        {"limit": 0},
        {"limit": 501},
        {"q": "x" * 101},
        {"after": "x:A"},
        {"after": ":"},
    ],
)
async def test_a_question_that_cannot_be_is_malformed(as_ot: AsyncClient, params: dict[str, Any]) -> None:
    check_problem(await as_ot.post(SEARCH, json={"q": "ada"} | params), 422)
    if "q" not in params:
        check_problem(await as_ot.get(CLIENTS, params=params), 422)


async def test_what_was_asked_and_how_many_were_shown_is_in_the_trail(ot: Browser, given: Given, query: Query) -> None:
    for number in range(51):
        await given.client(f"A-{number:02}")
    page = await ot.post_form("/clients", q="Alex Moor")
    assert len(page.table()) == 50
    [_, event] = await query("SELECT detail FROM audit_event WHERE action = 'clients_listed' ORDER BY seq")
    assert event["detail"] == {"by": "a name", "found": 50}
    after = page.soup.select_one('input[name="after"]')
    assert after is not None
    assert len((await ot.send(page, "/clients", after=str(after["value"]))).table()) == 1


def test_what_is_typed_is_read_in_every_way_that_it_can_be() -> None:
    assert understand(" 31/2/1944 ").born is None
    assert understand("1 xyz 1944").born is None
    assert understand("29 feb 1944").born == date(1944, 2, 29)
    assert understand("SR7").postcode_begins == "SR7"
    assert understand("sr7 7aa").postcode == "SR7 7AA"
    assert understand("moor").postcode_begins is None
    assert understand("999 000 001").nhs_number is None
    assert not understand("mo").may_be_misspelt
    assert understand("mor").may_be_misspelt
