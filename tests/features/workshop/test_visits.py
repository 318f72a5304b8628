"""Visits to homes: planned, tried in vain until the manager must know, called off, and ended by the inspection."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.cli.worker import JOBS
from app.domain.inspections import InspectionKind
from app.domain.lifecycle import State
from app.features.workshop.inspections.visits import close_visits_in_vain
from tests.browser import Browser
from tests.conftest import Clock, Query, Statements
from tests.given import Given
from tests.problems import check_problem

VISITS = "/api/v1/inspection-visits"
DUE_AT_HOME = "/api/v1/inspections/due?kind=loler&where=home"
RULES = [{"kind": "loler", "every_months": 6}, {"kind": "pat", "every_months": 12}]


async def at_home(given: Given, client: str | None = None) -> str:
    return await given.item(State.ON_LOAN, product=await given.product(inspections=RULES), client=client)


def wanted(client: str, *barcodes: str, **more: Any) -> dict[str, Any]:
    items = [{"barcode": barcode, "kind": "loler"} for barcode in barcodes]
    return {"client_ref": client, "items": items, "planned_on": "2026-03-05", "visitor": "technician", **more}


async def planned(client: AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(VISITS, json=body)
    assert answer.status_code == 201, answer.text
    visit: dict[str, Any] = answer.json()
    return visit


async def test_a_visit_is_open_until_everything_is_inspected(
    as_technician: AsyncClient, given: Given, query: Query
) -> None:
    client = await given.client("C-1")
    one, two = [await at_home(given, client) for _ in range(2)]
    visit = await planned(as_technician, wanted("c-1", one, two))
    assert (visit["client_ref"], visit["is_open"], len(visit["items"])) == ("C-1", True, 2)
    here = f"{VISITS}/{visit['id']}"
    await given.inspected(one, kind=InspectionKind.LOLER)
    half = (await as_technician.get(here)).json()
    assert half["is_open"]
    assert {line["barcode"]: line["inspection_id"] is not None for line in half["items"]} == {one: True, two: False}
    await given.inspected(two, kind=InspectionKind.PAT)
    assert (await as_technician.get(here)).json()["is_open"]
    await given.inspected(two, kind=InspectionKind.LOLER)
    done = (await as_technician.get(here)).json()
    assert (done["is_open"], done["ended_because"]) == (False, "All is inspected.")
    reads = await query("SELECT 1 FROM audit_event WHERE action = 'visit_read' AND subject = 'client:C-1'")
    assert len(reads) == 4


async def test_what_cannot_be_planned_is_refused(as_technician: AsyncClient, as_ot: AsyncClient, given: Given) -> None:
    client, other = await given.client(), await given.client()
    item, elsewhere = await at_home(given, client), await at_home(given, other)
    await planned(as_technician, wanted(client, item))
    for body, status, code, field in (
        (wanted(client, item), 409, "visit-planned-already", "items"),
        (wanted(client, elsewhere), 409, "not-with-the-client", "items"),
        (wanted("C-NONE", elsewhere), 404, "unknown-client", "client_ref"),
        (wanted(other, elsewhere, visitor="ot"), 422, "not-a-visitor", "visitor"),
        (wanted(other, elsewhere, planned_on="2026-03-01"), 422, "planned-in-the-past", "planned_on"),
        (wanted(other), 422, "malformed", "items"),
        (wanted(other, "ES000123473"), 422, "mistyped-barcode", "barcode"),
    ):
        check_problem(await as_technician.post(VISITS, json=body), status, code, field=field)
    check_problem(await as_ot.post(VISITS, json=wanted(other, elsewhere)), 403)
    check_problem(await as_technician.get(f"{VISITS}/{2**62}"), 404, "unknown-visit")


async def test_after_three_tries_the_manager_is_told_once_and_decides(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    client = await given.client("C-1")
    item = await at_home(given, client)
    visit = await planned(as_technician, wanted(client, item))
    here = f"{VISITS}/{visit['id']}"
    clock.move(days=3)
    for tries in (1, 2, 3, 4):
        answer = await as_technician.post(f"{here}/no-access", json={"note": f"Nobody in, {tries}."})
        assert (answer.status_code, answer.json()["tries"]) == (200, tries)
        assert (answer.json()["escalated_at"] is not None) == (tries >= 3)
        clock.move(hours=2)
    [told] = await query(
        "SELECT account.username, body FROM message JOIN account ON account.id = to_account_id "
        "WHERE purpose = 'inspection_no_access'"
    )
    assert told["username"] == "manager"
    assert "Nobody in, 3." in told["body"]
    tried = (await as_technician.get(here)).json()["no_access"]
    assert [one["note"] for one in tried] == [f"Nobody in, {tries}." for tries in (1, 2, 3, 4)]
    for wrong in (clock.day(1), clock.day(-4)):
        body = {"note": "x", "tried_at": f"{wrong}T10:00:00Z"}
        check_problem(await as_technician.post(f"{here}/no-access", json=body), 422, "tried-when", field="tried_at")
    [listed] = (await as_manager.get(VISITS, params={"open": True, "escalated": True})).json()["items"]
    assert listed["id"] == visit["id"]
    clock.move(days=185)
    [line] = (await as_technician.get("/api/v1/inspections/due", params={"kind": "loler", "where": "home"})).json()[
        "items"
    ]
    assert (line["barcode"], line["is_overdue"], line["tries"], line["visit_id"]) == (item, True, 4, visit["id"])
    off = {"reason": "Moved away. It is collected by her family."}
    check_problem(await as_technician.post(f"{here}/call-off", json=off), 403, "escalated")
    assert (await as_manager.post(f"{here}/call-off", json=off)).json()["is_open"] is False
    for step, body in (("call-off", off), ("no-access", {"note": "x"})):
        check_problem(await as_manager.post(f"{here}/{step}", json=body), 409, "visit-is-over")
    [line] = (await as_technician.get("/api/v1/inspections/due", params={"kind": "loler", "where": "home"})).json()[
        "items"
    ]
    assert (line["is_overdue"], line["visit_id"]) == (True, None)
    await planned(as_technician, wanted(client, item, planned_on=clock.day(1)))


async def test_a_try_that_is_recorded_again_within_the_hour_counts_once(
    as_technician: AsyncClient, as_technician2: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    client = await given.client("C-1")
    visit = await planned(as_technician, wanted(client, await at_home(given, client)))
    here = f"{VISITS}/{visit['id']}/no-access"
    clock.move(minutes=5)
    for note in ("Nobody in.", "Nobody in.", "Nobody in. A neighbour says she is in hospital."):
        assert (await as_technician.post(here, json={"note": note})).json()["tries"] == 1
        clock.move(seconds=1)
    shown = (await as_technician.get(f"{VISITS}/{visit['id']}")).json()
    assert [one["note"] for one in shown["no_access"]] == [
        "Nobody in.",
        "Nobody in. A neighbour says she is in hospital.",
    ]
    assert shown["escalated_at"] is None
    # Somebody else was there by themselves; and an hour later it is another try.
    assert (await as_technician2.post(here, json={"note": "Nobody in."})).json()["tries"] == 2
    clock.move(hours=1)
    assert (await as_technician.post(here, json={"note": "Nobody in."})).json()["tries"] == 3
    assert len(await query("SELECT id FROM message WHERE purpose = 'inspection_no_access'")) == 1


async def test_a_visit_moves_to_another_day_and_to_somebody_else(as_technician: AsyncClient, given: Given) -> None:
    client = await given.client()
    visit = await planned(as_technician, wanted(client, await at_home(given, client)))
    here = f"{VISITS}/{visit['id']}/plan"
    moved = await as_technician.post(here, json={"planned_on": "2026-03-09", "visitor": "technician2"})
    assert (moved.json()["planned_on"], moved.json()["visitor"]) == ("2026-03-09", "technician2")
    past = {"planned_on": "2026-03-01", "visitor": "technician2"}
    check_problem(await as_technician.post(here, json=past), 422, "planned-in-the-past")
    nobody = {"planned_on": "2026-03-09", "visitor": "finance"}
    check_problem(await as_technician.post(here, json=nobody), 422, "not-a-visitor")


async def test_visits_are_listed_by_day_in_pages_with_as_many_statements(
    as_technician: AsyncClient, given: Given, statements: Statements
) -> None:
    counts, client = [], await given.client()
    for day in ("2026-03-09", "2026-03-05", "2026-03-07"):
        await planned(as_technician, wanted(client, await at_home(given, client), planned_on=day))
        statements.clear()
        await as_technician.get(VISITS)
        counts.append(len(statements))
    assert len(set(counts)) == 1
    days, after = [], None
    for _ in range(3):
        page = (await as_technician.get(VISITS, params={"limit": 1} | ({"after": after} if after else {}))).json()
        days += [visit["planned_on"] for visit in page["items"]]
        after = page["next"]
    assert (days, after) == (["2026-03-05", "2026-03-07", "2026-03-09"], None)
    mine: dict[str, str | bool] = {"visitor": "technician2", "open": True, "escalated": False}
    assert (await as_technician.get(VISITS, params=mine)).json() == {"items": [], "next": None}
    for wrong in ("2026-02-31 1", "x", "2026-03-05 99999999999999999999"):
        check_problem(await as_technician.get(VISITS, params={"after": wrong}), 422, "bad-cursor")


async def test_nobody_goes_for_what_is_not_there_any_more(
    as_technician: AsyncClient, given: Given, session: Any, clock: Clock
) -> None:
    client = await given.client()
    back, stays = [await at_home(given, client) for _ in range(2)]
    one = await planned(as_technician, wanted(client, back, stays))
    gone = await at_home(given, client)
    two = await planned(as_technician, wanted(client, gone))
    await given.scan(back, gone)
    assert "close_visits_in_vain" in [job.name for job in JOBS]
    assert await close_visits_in_vain(session, actor="worker", at=clock.now) == 1
    await session.commit()
    open_still = (await as_technician.get(VISITS, params={"open": True})).json()["items"]
    assert [visit["id"] for visit in open_still] == [one["id"]]
    assert {line["barcode"]: line["is_open"] for line in open_still[0]["items"]} == {back: False, stays: True}
    ended = (await as_technician.get(f"{VISITS}/{two['id']}")).json()
    assert ended["ended_because"] == "What it was for is not with the client any more."


async def test_a_visit_by_its_pages(technician: Browser, manager: Browser, given: Given, clock: Clock) -> None:
    client = await given.client("C-1")
    item = await at_home(given, client)
    asks = await technician.get("/inspections/visits/new")
    assert "Say at which client" in asks.text
    clock.move(days=185)
    url = "/inspections/visits/new"
    soon = {"planned_on-day": "10", "planned_on-month": "9", "planned_on-year": "2026"}
    none = await technician.post_form(url, on=f"{url}?client_ref=C-1", items=None, **soon)
    assert set(none.errors) == {"items"}
    sent = await technician.post_form(url, on=f"{url}?client_ref=C-1", **soon)
    page = await technician.follow(sent)
    assert "planned for 10 September 2026" in page.banner
    here = page.path
    assert "is planned already" in (await technician.get(f"{url}?client_ref=C-1")).text
    assert set((await technician.post_form(f"{here}/no-access", on=here, note=None)).errors) == {"note"}
    late = await technician.post_form(f"{here}/no-access", on=here, note="x", tried_at="23:59")
    assert set(late.errors) == {"tried_at"}
    for tries in range(3):
        said = await technician.post_form(f"{here}/no-access", on=here, note="Card left.", tried_at="")
        assert ("The manager is told." in (await technician.follow(said)).banner) == (tries == 2)
        again = await technician.post_form(f"{here}/no-access", on=here, note="Card left.", tried_at="")
        assert "They count as one." in (await technician.follow(again)).banner
        clock.move(hours=1)
    assert "No access: 3 tries" in (await technician.get("/inspections/due?where=home")).text
    assert "Call it off" not in (await technician.get(here)).text
    assert "visit where nobody opens" in (await manager.get("/")).text
    assert item in str((await manager.get(here)).soup)
    assert "3 tries in vain" in (await manager.get("/inspections/visits?show=escalated")).text
    assert set(
        (await manager.post_form(f"{here}/plan", on=here, **{"planned_on-day": "31", "planned_on-month": "2"})).errors
    ) == {"planned_on"}
    moved = await manager.post_form(f"{here}/plan", on=here, visitor="technician2")
    assert moved.goes_to == here
    assert "There is none." in (await technician.get("/inspections/visits?show=mine")).text
    assert set((await manager.post_form(f"{here}/call-off", on=here)).errors) == {"reason"}
    off = await manager.post_form(f"{here}/call-off", on=here, reason="It is being collected.")
    assert "called off" in (await manager.follow(off)).banner
    assert "3 tries in vain" in (await manager.get("/inspections/visits?show=over")).text


@pytest.mark.parametrize("items", ["nonsense", "ES000000143 mot", "a b c"])
async def test_what_the_page_does_not_offer_is_refused_on_it(technician: Browser, given: Given, items: str) -> None:
    client = await given.client()
    await at_home(given, client)
    url = "/inspections/visits/new"
    page = await technician.get(f"{url}?client_ref={client}")
    token = str(page.form(url).select_one('[name="csrf_token"]')["value"])  # type: ignore[index]
    fields = {"csrf_token": token, "client_ref": client, "items": items, "planned_on": "2026-03-05"}
    assert (await technician.post(url, **fields, visitor="technician")).status == 422
