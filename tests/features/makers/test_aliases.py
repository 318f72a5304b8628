"""Makers' other names: kept by the page and the API, with their lines in the audit trail."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.browser import Browser
from tests.conftest import Query, Statements
from tests.features.notices.covering import REFERENCE, activated, line
from tests.given import Given
from tests.problems import check_problem

URL = "/api/v1/maker-aliases"
MECHANAIDS = {"name": "Mechanaids", "resolves_to": "Arjo", "from_on": None, "until_on": "2008-03-03"}


async def test_a_name_is_recorded_listed_and_taken_away_and_all_of_it_is_in_the_audit_trail(
    as_safety: AsyncClient, as_ot: AsyncClient, query: Query
) -> None:
    added = await as_safety.post(URL, json=MECHANAIDS)
    assert added.status_code == 201, added.text
    kept = added.json()
    assert kept.pop("newly_covered") == 0
    assert kept == MECHANAIDS | {"id": kept["id"], "recorded_at": "2026-03-02T14:05:00Z", "recorded_by": "safety"}
    assert (await as_ot.get(URL)).json() == {"items": [kept], "next": None}
    assert (await as_safety.delete(f"{URL}/{kept['id']}")).status_code == 204
    check_problem(await as_safety.delete(f"{URL}/{kept['id']}"), 404, "unknown-maker-alias")
    assert (await as_ot.get(URL)).json() == {"items": [], "next": None}
    subject = f"maker_alias:{kept['id']}"
    lines = await query("SELECT action, detail FROM audit_event WHERE subject = :subject ORDER BY seq", subject=subject)
    assert lines == [{"action": f"maker_alias_{act}", "detail": MECHANAIDS} for act in ("added", "removed")]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"resolves_to": "mechan-aids"}, 422, "alias-of-itself"),
        ({"from_on": "2009-01-01"}, 422, "alias-ends-before-it-begins"),
        ({"name": "Arjo", "resolves_to": "Mechanaids"}, 422, "alias-in-a-circle"),
        ({"name": "- -"}, 422, "no-name"),
        ({"name": "MECHAN AIDS"}, 409, "duplicate-maker-alias"),
        ({"name": ""}, 422, "malformed"),
        ({"until_on": "12/5/08"}, 422, "malformed"),
    ],
)
async def test_what_says_nothing_is_refused(
    changes: dict[str, Any], status: int, code: str, as_manager: AsyncClient
) -> None:
    assert (await as_manager.post(URL, json=MECHANAIDS)).status_code == 201
    check_problem(await as_manager.post(URL, json=MECHANAIDS | changes), status, code)


async def test_others_may_look_but_not_keep(as_technician: AsyncClient) -> None:
    check_problem(await as_technician.post(URL, json=MECHANAIDS), 403, "not-allowed")


async def test_the_page_keeps_names_and_shows_them_by_maker(safety: Browser) -> None:
    assert "No other name is kept yet" in (await safety.get("/maker-aliases")).text
    empty = await safety.post_form("/maker-aliases")
    assert (empty.status, set(empty.errors)) == (422, {"name", "resolves_to"})
    until = {"until_on-day": "31", "until_on-month": "12", "until_on-year": "2009"}
    since = {"from_on-day": "1", "from_on-month": "1", "from_on-year": "2010"}
    for name, to, days in (("Coopers", "Sunrise", until), ("Coopers", "Drive", since), ("Mechanaids", "Arjo", {})):
        page = await safety.post_form("/maker-aliases", name=name, resolves_to=to, **days)
        assert page.goes_to == "/maker-aliases", page.errors
    page = await safety.post_form(
        "/maker-aliases",
        name="Kite",
        resolves_to="Sunrise",
        **since | {"until_on-day": "2", "until_on-month": "2", "until_on-year": "2010"},
    )
    page = await safety.follow(page)
    assert page.banner.endswith("Kite is recorded as another name of Sunrise.")
    assert [row[:4] for row in page.table()] == [
        ["Mechanaids", "Arjo", "Made at any time", "safety"],
        ["Coopers", "Drive", "Made from 1 January 2010", "safety"],
        ["Coopers", "Sunrise", "Made until 31 December 2009", "safety"],
        ["Kite", "Sunrise", "Made from 1 January 2010 until 2 February 2010", "safety"],
    ]
    again = await safety.post_form("/maker-aliases", name="coopers", resolves_to="DRIVE", **since)
    assert again.status == 409
    assert "already recorded for this maker" in again.text


async def test_the_page_takes_a_name_away(manager: Browser, as_manager: AsyncClient) -> None:
    number = (await as_manager.post(URL, json=MECHANAIDS)).json()["id"]
    gone = await manager.post_form(f"/maker-aliases/{number}/remove", on="/maker-aliases")
    page = await manager.follow(gone)
    assert page.banner.endswith("Mechanaids is no longer another name of Arjo.")


async def test_what_notices_cover_by_a_name_is_said_and_only_those_concerned_are_asked(
    manager: Browser, as_safety: AsyncClient, as_manager: AsyncClient, given: Given, statements: Statements
) -> None:
    hoist = await given.product(manufacturer="Mechanaids", model="A1")
    await given.items(2, product=hoist)
    await activated(as_safety, as_manager, line(manufacturers=["Arjo"], models=["A1"]))
    unconcerned = line(manufacturers=["Shore"], models=["A1"])
    await activated(as_safety, as_manager, unconcerned, reference="MDA/2015/026")
    statements.clear()
    page = await manager.follow(await manager.post_form("/maker-aliases", name="Mechanaids", resolves_to="Arjo"))
    assert page.banner.endswith(f"Safety notices newly cover 2 items by that, or may: {REFERENCE}.")
    assert sum("AS matched JOIN item" in one for one in statements) == 1
    added = await as_manager.post(URL, json=MECHANAIDS | {"name": "Mecanaids", "until_on": None})
    assert added.json()["newly_covered"] == 0


async def test_the_list_costs_the_same_however_long_it_is(as_safety: AsyncClient, statements: Statements) -> None:
    counts = []
    for number in range(2):
        await as_safety.post(URL, json={"name": f"Name {number}", "resolves_to": "Arjo"})
        statements.clear()
        await as_safety.get(URL)
        counts.append(len(statements))
    assert counts == [2, 2]
