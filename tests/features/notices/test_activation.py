"""A scope is drafted, previewed and put into force by a second person; what it covers is held wherever it is."""

from datetime import datetime
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.lifecycle import State
from tests.conftest import Clock, Query, Statements
from tests.features.notices.covering import (
    REFERENCE,
    TITLE,
    activated,
    drafted,
    finish,
    here,
    line,
    matches,
    relevant,
    results,
)
from tests.given import Given
from tests.problems import check_problem

RANGE = line(models=["KS1019"], where={"serial_range": {"from": "AB1000", "to": "AB1999"}})


@pytest.fixture
async def hoist(given: Given) -> str:
    """A model that the notice names."""
    return await given.product(model="KS1019", manufacturer="Coopers", name="Hoist")


async def hoist_of(given: Given, product: str, serial: str | None, state: State = State.IN_STOCK, **who: str) -> str:
    """One of them."""
    numbers: dict[str, Any] = {"serial_numbers": [serial]} if serial else {}
    return await given.item(state, product=product, **numbers, **who)


async def test_only_a_relevant_notice_takes_a_scope_and_each_fault_is_told_at_its_place(
    as_safety: AsyncClient,
) -> None:
    facts = {"reference": REFERENCE, "kind": "devices", "title": TITLE, "issuer": "MHRA", "issued_on": "2026-02-20"}
    await as_safety.post("/api/v1/safety-notices", json=facts)
    check_problem(await as_safety.put(f"{here()}/scope", json={"lines": [RANGE]}), 409, "not-relevant")
    check_problem(await as_safety.post(f"{here()}/activate", json={}), 409, "not-relevant")
    said = {"decision": "relevant", "reason": "We lend such hoists."}
    await as_safety.post(f"{here()}/triage", json=said)
    check_problem(await as_safety.post(f"{here()}/activate", json={}), 409, "no-scope")
    check_problem(await as_safety.get(f"{here()}/scope"), 404, "no-scope")
    check_problem(await as_safety.get(f"{here()}/scope/preview"), 404, "no-scope")
    wrong = [
        line(models=["KS1019"], where={"serial_range": {"from": "AB1999", "to": "AB1000"}}),
        line(where={"any": [{"serials": ["A1", "a 1"]}, {"date": {"kind": "manufactured", "from": "12/5/08"}}]}),
    ]
    told = check_problem(await as_safety.put(f"{here()}/scope", json={"lines": wrong}), 422, "range-inverted")
    assert [(one["code"], one["loc"]) for one in told["errors"]] == [
        ("range-inverted", ["body", "lines", 0, "where", "serial_range", "to"]),
        ("duplicate-serial", ["body", "lines", 1, "where", "any", 0, "serials"]),
        ("bad-date", ["body", "lines", 1, "where", "any", 1, "date", "from"]),
    ]
    slip = [line(product_codes=["NOPE"]), line(where={"together_with": {"product_codes": ["NIX"]}})]
    told = check_problem(await as_safety.put(f"{here()}/scope", json={"lines": slip}), 422, "unknown-product")
    assert [one["loc"] for one in told["errors"]] == [["body", "lines", n, "product_codes"] for n in (0, 1)]
    check_problem(await as_safety.put(f"{here()}/scope", json={"lines": [RANGE], "version": 9}), 412, "stale")
    check_problem(await as_safety.put(f"{here('XX/1')}/scope", json={"lines": [RANGE]}), 404, "unknown-notice")


async def test_a_second_person_puts_it_into_force_and_what_it_covers_is_held_in_whatever_state(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str, query: Query
) -> None:
    shelf = await hoist_of(given, hoist, "AB1000")
    home = await hoist_of(given, hoist, "ab 1500", State.ON_LOAN, client=await given.client("C-HOME"))
    unknown = await hoist_of(given, hoist, None)
    outside = await hoist_of(given, hoist, "AB2000")
    scrapped = await hoist_of(given, hoist, "AB1999", State.SCRAPPED)
    similar = await hoist_of(given, await given.product(model="KS1019V"), "AB1500")
    await drafted(as_safety, RANGE)
    told = check_problem(await as_safety.post(f"{here()}/activate", json={}), 403, "same-person")
    assert "Somebody else" in told["detail"]
    check_problem(await as_manager.post(f"{here()}/activate", json={"scope": 7}), 412, "stale")
    answer = await as_manager.post(f"{here()}/activate", json={"scope": 1})
    assert answer.json() == {"scope": 1, "handling": "quarantine", "affected": 3, "possible": 1, "not_affected": 2}
    check_problem(await as_manager.post(f"{here()}/activate", json={}), 409, "active-already")
    rows = {row["barcode"]: row for row in await matches(as_safety)}
    assert {name: (row["result"], row["where"], row["client_ref"], row["is_held"]) for name, row in rows.items()} == {
        shelf: ("affected", "in_store", None, True),
        home: ("affected", "with_client", "C-HOME", True),
        unknown: ("possible", "in_store", None, True),
        scrapped: ("affected", "scrapped", None, True),
    }
    assert rows[unknown]["because"] == [
        "Its model is covered: model KS1019.",
        "Its serial number is not recorded, so it may be covered: serial numbers AB1000 to AB1999, both included.",
    ]
    assert not {outside, similar} & rows.keys()
    assert await matches(as_safety, result="possible", where="in_store") == [rows[unknown]]
    [notice] = await query("SELECT state FROM safety_notice")
    assert notice["state"] == "active"
    holds = (await as_safety.get(f"/api/v1/items/{shelf}")).json()["holds"]
    assert [(one["kind"], one["reason"]) for one in holds] == [
        ("safety_notice", f"{REFERENCE}: it is affected. {TITLE}.")
    ]
    check_problem(
        await as_safety.delete(f"/api/v1/items/{shelf}/holds/{holds[0]['id']}", params={"reason": "It looks fine."}),
        409,
        "held-by-notice",
    )


async def test_who_may_not_know_homes_sees_none_and_reading_is_logged(
    as_safety: AsyncClient, as_manager: AsyncClient, as_technician: AsyncClient, as_ot: AsyncClient,
    given: Given, hoist: str, query: Query,
) -> None:  # fmt: skip
    home = await hoist_of(given, hoist, "AB1500", State.ON_LOAN, client=await given.client("C-HOME"))
    await activated(as_safety, as_manager, RANGE)
    for client, told in ((as_technician, "C-HOME"), (as_ot, None)):
        assert [row["client_ref"] for row in await matches(client)] == [told]
    read = await query("SELECT chain, subject, detail FROM audit_event WHERE action = 'notice_home_read'")
    assert [dict(row) for row in read] == [
        {"chain": "technician", "subject": "client:C-HOME", "detail": {"notice": REFERENCE, "item": home}}
    ]


async def test_what_a_notice_holds_is_refused_with_its_reference_and_each_refusal_is_kept(
    as_safety: AsyncClient, as_manager: AsyncClient, as_technician: AsyncClient, as_ot: AsyncClient,
    given: Given, hoist: str, query: Query,
) -> None:  # fmt: skip
    shelf = await hoist_of(given, hoist, "AB1000")
    bench = await hoist_of(given, hoist, "AB1001", State.AWAITING_INSPECTION)
    who = await given.client()
    await given.inspected(bench)
    await activated(as_safety, as_manager, RANGE)
    loan = {"barcode": shelf, "client_ref": who}
    for answer in (
        await as_ot.post("/api/v1/loans", json=loan),
        await as_ot.post("/api/v1/reservations", json=loan | {"until": "2026-03-09"}),
        await as_technician.post(f"/api/v1/items/{bench}/release", json={}),
    ):
        told = check_problem(answer, 409)
        assert f"Safety notice {REFERENCE}: it is affected." in told["detail"]
        assert told["blockers"][0]["code"] == "on-hold"
    kept = await query(
        "SELECT notice.reference, item.barcode, move, actor FROM notice_prevented "
        "JOIN safety_notice AS notice ON notice.id = notice_id JOIN item ON item.id = item_id "
        "ORDER BY notice_prevented.id"
    )
    assert [tuple(row.values()) for row in kept] == [
        (REFERENCE, shelf, "issue", "ot"),
        (REFERENCE, shelf, "reserve", "ot"),
        (REFERENCE, bench, "release", "technician"),
    ]


async def test_who_scans_one_in_is_told_to_quarantine_it(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str
) -> None:
    home = await hoist_of(given, hoist, "AB1500", State.ON_LOAN)
    await activated(as_safety, as_manager, RANGE)
    [result] = await given.scan(home)
    assert result.next_step is not None
    assert result.next_step.route == "quarantine"
    assert f"Quarantine it. Safety notice {REFERENCE} covers it, or may." in result.next_step.text


async def test_advice_holds_nothing_and_asks_for_a_review_of_each_person_once(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, query: Query
) -> None:
    rail = await given.product(category="18 12 27", name="Bed rail")
    ann = await given.client("C-ANN")
    mine = sorted([await given.item(State.ON_LOAN, product=rail, client=ann) for _ in range(2)])
    await given.item(product=rail)
    whole_class = line(categories=["18 12"])
    assert await activated(as_safety, as_manager, whole_class, handling="advice") == {
        "affected": 3,
        "possible": 0,
        "not_affected": 0,
    }
    assert await query("SELECT id FROM hold") == []
    reviews = "SELECT client.client_ref, because, done_at FROM notice_review JOIN client ON client.id = client_id"
    assert [tuple(row.values()) for row in await query(reviews)] == [("C-ANN", mine, None)]
    assert {row["is_held"] for row in await matches(as_safety)} == {False}
    # The same class, to be held after all: all of them are.
    await activated(as_safety, as_manager, whole_class)
    assert {row["is_held"] for row in await matches(as_safety)} == {True}
    # And given free again where only advice is wanted.
    await activated(as_safety, as_manager, whole_class, handling="advice")
    assert {row["is_held"] for row in await matches(as_safety)} == {False}


async def test_another_scope_lets_go_what_it_surely_does_not_cover_where_nobody_has_acted(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str, session: AsyncSession, query: Query
) -> None:
    left, acted, stays, unknown = [
        await hoist_of(given, hoist, serial) for serial in ("AB1900", "AB1901", "AB1100", None)
    ]
    await activated(as_safety, as_manager, RANGE)
    await session.execute(
        text(
            "INSERT INTO notice_match_action (match_id, action, recorded_at, recorded_by) "
            "SELECT match.id, 'inspected', now(), 'safety' FROM notice_match AS match JOIN item ON item.id = item_id "
            "WHERE barcode = :barcode"
        ),
        {"barcode": acted},
    )
    await session.commit()
    smaller = line(models=["KS1019"], where={"serial_range": {"from": "AB1000", "to": "AB1499"}})
    assert await activated(as_safety, as_manager, smaller) == {"affected": 1, "possible": 1, "not_affected": 2}
    rows = {row["barcode"]: row for row in await matches(as_safety)}
    assert {name: (row["result"], row["is_held"], row["action_state"], row["scope"]) for name, row in rows.items()} == {
        acted: ("not_affected", True, "inspected", 2),
        stays: ("affected", True, "open", 2),
        unknown: ("possible", True, "open", 2),
    }
    [lifted] = await query("SELECT lift_reason FROM hold WHERE lifted_at IS NOT NULL")
    assert lifted["lift_reason"].startswith(f"{REFERENCE}: no longer covered by scope 2")
    # A wider one again: what was only let go is held again, and its first day stays.
    [before] = await query("SELECT first_blocked_at FROM notice_match WHERE outcome = 'not_covered'")
    await activated(as_safety, as_manager, RANGE)
    again = {row["barcode"]: row for row in await matches(as_safety)}[left]
    assert (again["result"], again["is_held"], again["action_state"]) == ("affected", True, "open")
    assert datetime.fromisoformat(again["first_blocked_at"]) == before["first_blocked_at"]


async def test_what_was_finished_stays_so_unless_it_is_covered_for_other_reasons(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str, session: AsyncSession, query: Query
) -> None:
    barcode = await hoist_of(given, hoist, "AB1900")
    await activated(as_safety, as_manager, RANGE)
    await finish(session, "corrected")
    # Other words about others: this item is covered for the same reasons.
    other = line(models=["Another"])
    await activated(as_safety, as_manager, RANGE, other)
    [row] = await matches(as_safety)
    assert (row["action_state"], row["is_held"]) == ("corrected", False)
    wider = line(models=["KS1019"], where={"serial_range": {"from": "AB1000", "to": "AB2999"}})
    await activated(as_safety, as_manager, wider)
    [row] = await matches(as_safety)
    assert (row["barcode"], row["action_state"], row["is_held"]) == (barcode, "open", True)
    [notice] = await query("SELECT state FROM safety_notice")
    assert notice["state"] == "active"


async def test_the_preview_says_what_it_would_hit_what_it_nearly_does_and_what_is_different_from_before(
    as_safety: AsyncClient, given: Given, hoist: str, query: Query
) -> None:
    listed = await hoist_of(given, hoist, "AB1000")
    near = await hoist_of(given, hoist, "ABIO00")
    await drafted(as_safety, RANGE)
    await drafted(as_safety, line(models=["KS1019"], where={"serials": ["AB1000", "AB1OOO5"]}))
    found = (await as_safety.get(f"{here()}/scope/preview")).json()
    assert (found["affected"], found["possible"], found["not_affected"]) == (1, 0, 1)
    assert [(row["barcode"], row["result"], row["where"]) for row in found["rows"]] == [
        (listed, "affected", "in_store")
    ]
    assert [(one["barcode"], one["recorded"], one["listed"]) for one in found["near_misses"]] == [
        (near, "ABIO00", "AB1000")
    ]
    assert found["before"] == {
        "number": 1,
        "drafted_by": "safety",
        "affected": 1,
        "possible": 1,
        "newly_covered": 0,
        "no_longer_covered": 1,
    }
    assert found["scope"]["words"][0]["under"][1]["text"] == "One of 2 serial numbers: AB1000 or AB1OOO5"
    assert await query("SELECT id FROM notice_match") == []
    assert (await as_safety.get(f"{here()}/scope/preview?result=possible")).json()["rows"] == []
    check_problem(
        await as_safety.put(f"{here()}/scope", json={"lines": found["scope"]["lines"]}), 409, "nothing-changed"
    )


async def test_lists_come_in_pages(as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str) -> None:
    barcodes = sorted([await hoist_of(given, hoist, f"AB100{number}") for number in range(5)])
    await activated(as_safety, as_manager, RANGE)
    for path, name in (("scope/preview", "rows"), ("matches", "items")):
        read, after = [], None
        while True:
            params: dict[str, Any] = {"limit": 2} | ({"after": after} if after else {})
            page = (await as_safety.get(f"{here()}/{path}", params=params)).json()
            read += [row["barcode"] for row in page[name]]
            after = page["next"]
            if after is None:
                break
        assert read == barcodes
    check_problem(await as_safety.get(f"{here()}/matches", params={"after": "x"}), 422, "bad-cursor")


async def test_how_many_statements_they_take_does_not_depend_on_how_many_items_there_are(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str, statements: Statements, clock: Clock
) -> None:
    taken = []
    for place, many in enumerate((1, 1, 30)):  # A process remembers scopes: the first fills its memory.
        numbers = [f"AB1{place}{number:02}" for number in range(many)]
        await given.items(many, product=hoist, serial_numbers=numbers)
        reference = f"MDA/2015/{place:03}"
        await drafted(as_safety, RANGE, reference=reference)
        counts = []
        for method, path in (("GET", "scope/preview"), ("POST", "activate"), ("GET", "matches")):
            statements.clear()
            client = as_manager if method == "POST" else as_safety
            answer = await client.request(method, f"{here(reference)}/{path}", json={} if method == "POST" else None)
            assert answer.status_code == 200
            counts.append(len(statements))
        taken.append(counts)
    assert taken[1] == taken[2] == [10, 25, 3]


@pytest.mark.parametrize(
    "change",
    ["UPDATE notice_scope SET drafted_by = 'x'", "DELETE FROM notice_activation", "DELETE FROM notice_match"],
)
async def test_what_was_decided_cannot_be_changed(
    as_safety: AsyncClient, as_manager: AsyncClient, session: AsyncSession, change: str
) -> None:
    await activated(as_safety, as_manager, RANGE)
    with pytest.raises(DBAPIError):
        await session.execute(text(change))


async def test_a_notice_that_is_not_relevant_any_more_covers_nothing(
    as_safety: AsyncClient, given: Given, hoist: str
) -> None:
    await relevant(as_safety)
    assert await results(as_safety) == {}


async def test_thousands_are_held_as_well_as_one(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str, query: Query
) -> None:
    for _ in range(3):
        await given.items(400, product=hoist)
    assert await activated(as_safety, as_manager, line(models=["KS1019"])) == {
        "affected": 1200,
        "possible": 0,
        "not_affected": 0,
    }
    [held] = await query("SELECT count(*) FROM hold JOIN notice_match ON notice_match.hold_id = hold.id")
    assert held["count"] == 1200


async def test_a_scope_that_was_entered_on_an_older_version_is_looked_at_again(
    as_safety: AsyncClient, as_manager: AsyncClient, given: Given, hoist: str
) -> None:
    await given.item(product=hoist)
    await drafted(as_safety, line(models=["KS1019", "KS1091"]))
    preview = (await as_manager.get(f"{here()}/scope/preview")).json()
    assert preview["unheld"] == ["No product in the catalogue has the model KS1091; did you mean KS1019?"]
    amended = {"complete_by": "2026-06-01", "change_note": "The MHRA extended it."}
    assert (await as_safety.post(f"{here()}/versions", json=amended)).status_code < 300
    told = check_problem(await as_manager.post(f"{here()}/activate", json={"scope": 1}), 409, "older-version")
    assert told["detail"] == (
        "This scope was entered on version 1 of the notice, and version 2 has arrived since. Read what changed. Then "
        "say that the scope still fits version 2, or enter another scope."
    )
    check_problem(await as_manager.post(f"{here()}/activate", json={"version": 1}), 412, "stale")
    assert (await as_manager.post(f"{here()}/activate", json={"version": 2})).json()["affected"] == 1
