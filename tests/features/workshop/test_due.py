"""What falls due: by day, in a store or at home, with a chart by week and as a file."""

import csv
from io import StringIO
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query, Statements
from tests.given import Given
from tests.problems import check_problem

DUE = "/api/v1/inspections/due"
KEPT = """
    SELECT item.barcode, kinds.kind,
           EXISTS (SELECT FROM inspection_without_day AS kept WHERE kept.item_id = item.id AND kept.kind = kinds.kind)
               AS is_kept,
           EXISTS (SELECT FROM product_inspection AS asked
                   WHERE asked.product_id = item.product_id AND asked.kind = kinds.kind)
           AND NOT EXISTS (SELECT FROM inspection_due AS known
                           WHERE known.item_id = item.id AND known.kind = kinds.kind)
           AND item.state <> 'scrapped' AS is_wanted
    FROM item CROSS JOIN (VALUES ('loler'), ('pat')) AS kinds (kind) ORDER BY 1, 2
"""
RULES = [{"kind": "loler", "every_months": 6}, {"kind": "pat", "every_months": 12}]


async def two_of_each(given: Given) -> tuple[str, str]:
    """An item in the store, and one that a client has."""
    product = await given.product(inspections=RULES, name="-Hoist")
    client = await given.client("C-1", postcode="SR7 7AA")
    shelf = await given.item(product=product)
    return shelf, await given.item(State.ON_LOAN, product=product, client=client)


async def test_homes_are_told_only_to_those_who_visit_them(
    as_technician: AsyncClient, as_ot: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    shelf, home = await two_of_each(given)
    clock.move(days=185)
    asked = {"where": "home", "before": clock.day(0)}
    [line] = (await as_technician.get(DUE, params=asked)).json()["items"]
    told = (line["barcode"], line["where"], line["client_ref"], line["postcode_district"], line["is_overdue"])
    assert told == (home, "home", "C-1", "SR7", True)
    assert len(await query("SELECT 1 FROM audit_event WHERE action = 'clients_listed'")) == 1
    [line] = (await as_ot.get(DUE, params=asked)).json()["items"]
    assert (line["where"], line["client_ref"], line["postcode_district"], line["visit_id"]) == (
        "home",
        None,
        None,
        None,
    )
    [line] = (await as_ot.get(DUE, params={"where": "store", "before": clock.day(0)})).json()["items"]
    assert line["barcode"] == shelf


async def test_the_list_is_narrowed_and_goes_on_by_day(as_technician: AsyncClient, given: Given, clock: Clock) -> None:
    await two_of_each(given)
    clock.move(days=185)
    year = {"before": clock.day(365)}
    everything = (await as_technician.get(DUE, params=year)).json()["items"]
    assert [line["kind"] for line in everything] == ["loler", "loler", "pat", "pat"]
    assert [line["kind"] for line in (await as_technician.get(DUE, params=year | {"kind": "pat"})).json()["items"]] == [
        "pat"
    ] * 2
    late = (await as_technician.get(DUE, params=year | {"overdue": True})).json()["items"]
    assert [line["kind"] for line in late] == ["loler"] * 2
    found, after = [], None
    while True:
        page = (await as_technician.get(DUE, params=year | {"limit": 1} | ({"after": after} if after else {}))).json()
        found += page["items"]
        after = page["next"]
        if after is None:
            break
    assert found == everything
    for wrong in ("2026-13-01 ES000000143 pat", "ES000000143 pat", "x"):
        check_problem(await as_technician.get(DUE, params={"after": wrong}), 422, "bad-cursor", field="after")
    for params in ({"where": "moon"}, {"kind": "mot"}, {"format": "xlsx"}, {"until": "2026-01-01"}):
        check_problem(await as_technician.get(DUE, params=params), 422)


@pytest.mark.parametrize("url", [f"{DUE}?format=csv&before=2027-12-31", "/inspections/due.csv"])
async def test_the_list_is_a_file_that_no_spreadsheet_takes_for_formulas(
    as_technician: AsyncClient, technician: Browser, given: Given, clock: Clock, url: str
) -> None:
    await two_of_each(given)
    clock.move(days=185)
    answer = await (as_technician if url.startswith("/api") else technician.client).get(url)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    head, *rows = list(csv.reader(StringIO(answer.text)))
    assert head[:4] == ["barcode", "product_name", "kind", "due_on"]
    assert {row[1] for row in rows} == {"'-Hoist"}
    assert {row[head.index("is_overdue")] for row in rows if row[2] == "loler"} == {"yes"}
    assert {row[head.index("client_ref")] for row in rows} == {"", "C-1"}


async def test_the_page_filters_and_draws_what_falls_due_in_each_week(
    technician: Browser, as_technician: AsyncClient, given: Given, clock: Clock, statements: Statements
) -> None:
    shelf, home = await two_of_each(given)
    clock.move(days=180)
    statements.clear()
    page = await technician.get("/inspections/due")
    assert len(statements) == 7, "\n".join(statements)
    weeks = [row[:2] for row in page.table()]
    assert weeks[:2] == [["Not known", "0"], ["Overdue", "0"]]
    assert weeks[2:4] == [["Week from 24 August 2026", "0"], ["Week from 31 August 2026", "2"]]
    assert len(weeks) == 14 + 2
    assert page.soup.select_one(f'main a[href="/items/{home}"]')
    assert page.soup.select_one('main a[href="/inspections/visits/new?client_ref=C-1"]')
    at_home = await technician.get("/inspections/due", where="home")
    assert at_home.soup.select_one(f'main a[href="/items/{shelf}"]') is None
    clock.move(days=10)
    late = await technician.get("/inspections/due", when="overdue")
    assert late.table()[1][:2] == ["Overdue", "2"]
    assert "overdue" in late.text
    assert (await technician.get("/inspections/due", kind="mot", after="x")).status == 422


async def test_a_prescriber_sees_no_homes_on_the_page(ot: Browser, given: Given, clock: Clock) -> None:
    await two_of_each(given)
    clock.move(days=185)
    page = await ot.get("/inspections/due", where="home")
    assert "At home" in page.text
    assert "SR7" not in page.text
    assert "C-1" not in page.text


async def two_unknown(given: Given, as_manager: AsyncClient) -> tuple[str, str]:
    """An item in the store and one at a client's, whose product asks for examinations since they came."""
    product = await given.product(name="Old hoist")
    shelf = await given.item(product=product)
    home = await given.item(State.ON_LOAN, product=product, client=await given.client("C-2", postcode="SR7 7AA"))
    url = f"/api/v1/products/{product}"
    version = (await as_manager.get(url)).headers["ETag"]
    rules = {"inspections": [{"kind": "loler", "every_months": 6}]}
    assert (await as_manager.patch(url, json=rules, headers={"If-Match": version})).status_code == 200
    return shelf, home


async def test_what_nobody_knows_stands_at_the_top_and_counts_as_overdue(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, clock: Clock
) -> None:
    unknown = await two_unknown(given, as_manager)
    dated = await two_of_each(given)
    clock.move(days=185)
    asked: dict[str, Any] = {"before": clock.day(1)}
    items = (await as_technician.get(DUE, params=asked)).json()["items"]
    seen = [(one["barcode"], one["due_on"], one["is_known"], one["is_overdue"]) for one in items]
    late = "2026-09-02"
    assert seen == [*((tag, None, False, True) for tag in unknown), *((tag, late, True, True) for tag in dated)]
    found, after = [], None
    while True:
        page = await as_technician.get(DUE, params=asked | {"limit": 1} | ({"after": after} if after else {}))
        found += page.json()["items"]
        after = page.json()["next"]
        if after is None:
            break
    assert found == items
    narrower: list[tuple[dict[str, Any], tuple[str, ...]]] = [
        ({"known": False}, unknown),
        ({"known": True}, dated),
        ({"overdue": True}, (*unknown, *dated)),
        ({"before": "2026-01-01"}, unknown),
        ({"where": "home"}, (unknown[1], dated[1])),
        ({"kind": "pat"}, ()),
        ({"store": "NORTH"}, ()),
    ]
    for narrowed, tags in narrower:
        answer = await as_technician.get(DUE, params=asked | narrowed)
        assert [one["barcode"] for one in answer.json()["items"]] == list(tags), narrowed
    check_problem(await as_technician.get(DUE, params={"known": "perhaps"}), 422)
    rows = list(csv.reader(StringIO((await as_technician.get(DUE, params=asked | {"format": "csv"})).text)))
    told = [rows[0].index(name) for name in ("due_on", "is_known", "is_overdue")]
    assert [[row[at] for at in told] for row in rows[1:3]] == [["", "no", "yes"]] * 2
    await given.inspected(unknown[0], kind=InspectionKind.LOLER)
    left = (await as_technician.get(DUE, params={"known": False})).json()["items"]
    assert [one["barcode"] for one in left] == [unknown[1]]


async def test_the_page_says_that_nobody_knows_in_list_chart_and_at_the_client(
    technician: Browser, as_manager: AsyncClient, given: Given, statements: Statements
) -> None:
    shelf, home = await two_unknown(given, as_manager)
    await two_of_each(given)
    statements.clear()
    page = await technician.get("/inspections/due")
    assert len(statements) == 7, "\n".join(statements)
    assert [row[:2] for row in page.table()[:2]] == [["Not known", "2"], ["Overdue", "0"]]
    assert page.table()[14][0] == "Not known: it counts as overdue"
    assert page.soup.select_one('main a[href="/inspections/visits/new?client_ref=C-2"]')
    only = await technician.get("/inspections/due", when="unknown")
    assert [row[0] for row in only.table()[14:]] == ["Not known: it counts as overdue"] * 2
    assert only.soup.select_one(f'main a[href="/items/{shelf}"]')
    assert "nobody knows when it is due, so it counts as overdue" in (await technician.get("/clients/C-2")).text
    assert only.soup.select_one(f'main a[href="/items/{home}"]')


async def test_a_danger_stands_above_the_list_whenever_it_is_due_until_it_passes_and_its_copy_is_sent(
    as_technician: AsyncClient, technician: Browser, manager: Browser, ot: Browser, given: Given, query: Query
) -> None:
    product = await given.product(inspections=RULES[:1], name="Hoist")
    client = await given.client("C-1", postcode="SR7 7AA")
    home = await given.item(State.ON_LOAN, product=product, client=client)
    assert "Found dangerous" not in (await technician.get("/inspections/due")).text
    await given.inspected(home, InspectionOutcome.DANGER, InspectionKind.LOLER)
    [danger] = (await as_technician.get("/api/v1/inspections/dangers")).json()["items"]
    told = {name: danger[name] for name in ("barcode", "where", "client_ref", "is_on_hold", "has_passed_since")}
    assert told == {
        "barcode": home,
        "where": "home",
        "client_ref": "C-1",
        "is_on_hold": True,
        "has_passed_since": False,
    }
    [copy] = await query("SELECT id FROM authority_copy")
    assert danger["copy_id"] == copy["id"]
    page = await manager.get("/inspections/due")
    [row] = [row for row in page.table() if "Repair: do not use it" in row[-1]]
    assert "Send the copy to the authority" in row[-1]
    assert f"/inspections/authority-copies/{copy['id']}" in page.response.text
    assert "C-1" not in (await ot.get("/inspections/due")).text
    assert "Found dangerous" not in (await technician.get("/inspections/due", where="store")).text
    # In the list by day it is marked as well.
    [line] = (await as_technician.get(DUE, params={"before": "2027-01-01"})).json()["items"]
    assert (line["last_outcome"], line["is_on_hold"]) == ("danger", True)
    # Another competent person says that it is none: what is left is the copy.
    await given.inspected(home, kind=InspectionKind.LOLER, by="technician", examiner_name="Ravi Shah")
    assert "It has passed since" in (await manager.get("/inspections/due")).text
    sent = {"sent_on-day": "2", "sent_on-month": "3", "sent_on-year": "2026", "sent_to": "HSE"}
    await manager.post_form(f"/inspections/authority-copies/{copy['id']}", **sent)
    assert "Found dangerous" not in (await manager.get("/inspections/due")).text
    assert (await as_technician.get("/api/v1/inspections/dangers")).json()["items"] == []


async def test_inspections_without_a_day_are_kept_as_what_is_asked_for_and_what_is_known_change(
    as_manager: AsyncClient, given: Given, query: Query, session: AsyncSession
) -> None:
    async def kept() -> list[tuple[str, str]]:
        rows = await query(KEPT)
        assert all(row["is_kept"] == row["is_wanted"] for row in rows)
        return [(row["barcode"], row["kind"]) for row in rows if row["is_kept"]]

    unknown = await two_unknown(given, as_manager)
    await two_of_each(given)
    assert await kept() == [(tag, "loler") for tag in sorted(unknown)]
    await given.inspected(unknown[0], kind=InspectionKind.LOLER)
    assert await kept() == [(unknown[1], "loler")]
    await session.execute(text("DELETE FROM inspection_due"))
    await session.commit()
    assert len(await kept()) == 2 + 4
    await session.execute(text("DELETE FROM product_inspection WHERE kind = 'loler'"))
    await session.commit()
    assert {kind for _, kind in await kept()} == {"pat"}


async def test_what_is_scrapped_is_due_nothing_any_more(
    as_manager: AsyncClient, given: Given, query: Query, session: AsyncSession
) -> None:
    [unknown, _] = await two_unknown(given, as_manager)
    shelf, _ = await two_of_each(given)
    for barcode in (unknown, shelf):
        await given.scrapped(barcode)
    # Also where its product begins to ask for another one, or a day of an item is forgotten.
    await session.execute(
        text("INSERT INTO product_inspection (product_id, kind, every_months) SELECT id, 'service', 6 FROM product")
    )
    await session.commit()
    of_scrapped = """
        SELECT item.barcode, due.kind FROM item JOIN (
            SELECT item_id, kind FROM inspection_due UNION ALL SELECT item_id, kind FROM inspection_without_day
        ) AS due ON due.item_id = item.id WHERE item.state = :state
    """
    assert await query(of_scrapped, state="scrapped") == []
    assert await query(of_scrapped, state="on_loan") != []
