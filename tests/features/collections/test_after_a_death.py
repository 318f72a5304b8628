"""A collection after a death records the death, and with it ends what was arranged for the client."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Query
from tests.given import Given, Lent
from tests.problems import check_problem

COLLECTIONS = "/api/v1/collections"
CONTACT = {"contact_name": "Rose Marsh", "contact_phone": "01632 960001"}


@pytest.fixture
async def lent(given: Given) -> Lent:
    """What C-7 has."""
    client = await given.client("C-7", date_of_birth="1940-05-01")
    return await given.loan(client=client)


def wanted(lent: Lent, **more: Any) -> dict[str, Any]:
    """What is posted."""
    facts = {"client_ref": "C-7", "barcodes": [lent.barcode], "reason": "Their daughter rang us."}
    return facts | {"is_bereavement": True} | CONTACT | more


@pytest.mark.parametrize(
    ("said", "died_on", "which"),
    [
        ({}, "2026-03-02", "the day on which it was told, because the day of death is not known"),
        ({"died_on": None}, "2026-03-02", "the day on which it was told, because the day of death is not known"),
        ({"died_on": "2026-02-27"}, "2026-02-27", "the day of death"),
    ],
)
async def test_the_death_is_recorded_with_the_collection_and_ends_what_was_arranged(
    as_ot: AsyncClient, given: Given, query: Query, lent: Lent, said: dict[str, Any], died_on: str, which: str
) -> None:
    kept = await given.reservation(client="C-7")
    order = {
        "client_ref": "C-7",
        "funder": "ICB",
        "speed": "five_day",
        "reason": "other",
        "clinical_reasoning": "They cannot stand up alone.",
        "lines": [{"product_code": await given.product()}],
    }
    draft = (await as_ot.post("/api/v1/orders", json=order)).json()["number"]
    made = await as_ot.post(COLLECTIONS, json=wanted(lent, **said))
    assert made.status_code == 201, made.text
    assert (await given.record(lent.barcode)).state is State.AWAITING_COLLECTION
    assert (await as_ot.get("/api/v1/clients/C-7")).json()["died_on"] == died_on
    assert (await given.record(kept.barcode)).state is State.IN_STOCK
    assert (await as_ot.get(f"/api/v1/orders/{draft}")).json()["state"] == "cancelled"
    check_problem(await as_ot.post("/api/v1/orders", json=order), 409, "client-has-died", field="client_ref")
    events = await query("SELECT action, detail FROM audit_event WHERE subject = 'client:C-7' AND chain = 'ot' "
                         "AND action IN ('client_changed', 'client_death_recorded') ORDER BY seq")  # fmt: skip
    assert events[0] == {"action": "client_changed", "detail": {"fields": "died_on", "died_on": which}}
    assert events[1]["detail"]["orders"] == draft


async def test_a_death_that_is_recorded_stays_as_it_is(as_ot: AsyncClient, given: Given, lent: Lent) -> None:
    match = {"If-Match": (await as_ot.get("/api/v1/clients/C-7")).headers["etag"]}
    await as_ot.patch("/api/v1/clients/C-7", json={"died_on": "2026-02-20"}, headers=match)
    before = (await as_ot.get("/api/v1/clients/C-7")).headers["etag"]
    assert (await as_ot.post(COLLECTIONS, json=wanted(lent, died_on="2026-02-27"))).status_code == 201
    after = await as_ot.get("/api/v1/clients/C-7")
    assert (after.json()["died_on"], after.headers["etag"]) == ("2026-02-20", before)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"died_on": "2026-03-03"}, "date-in-the-future"),
        ({"died_on": "1940-04-30"}, "died-before-birth"),
        ({"died_on": "27/2/2026"}, "malformed"),
        ({"died_on": "2026-02-27", "is_bereavement": False}, "death-not-said"),
    ],
)
async def test_a_day_of_death_that_cannot_be_is_refused_and_nothing_is_written(
    as_ot: AsyncClient, given: Given, query: Query, lent: Lent, change: dict[str, Any], code: str
) -> None:
    check_problem(await as_ot.post(COLLECTIONS, json=wanted(lent, **change)), 422, code, field="died_on")
    assert await query("SELECT id FROM collection") == []
    assert await query("SELECT died_on FROM client WHERE client_ref = 'C-7'") == [{"died_on": None}]


async def test_a_collection_that_is_refused_records_no_death(as_ot: AsyncClient, given: Given, lent: Lent) -> None:
    elsewhere = await given.loan()
    check_problem(await as_ot.post(COLLECTIONS, json=wanted(elsewhere)), 409, "not-with-this-client")
    assert (await as_ot.get("/api/v1/clients/C-7")).json()["died_on"] is None


async def test_the_page_asks_for_the_day_only_while_no_death_is_recorded(ot: Browser, given: Given, lent: Lent) -> None:
    form = "/clients/C-7/collect"
    second = await given.loan(client="C-7")
    assert "When did they die?" not in (await ot.get(form)).text
    page = await ot.get(form, bereavement="true")
    assert "When did they die?" in page.text
    boxes = {"died_on-day": "27", "died_on-month": "2", "died_on-year": "2027"}
    late = await ot.send(page, form, barcodes=lent.barcode, **CONTACT, **boxes)
    assert (late.status, set(late.errors)) == (422, {"died_on"})
    sent = await ot.send(late, form, **{"died_on-year": "2026"})
    assert "The death is recorded for 27 February 2026" in (await ot.follow(sent)).banner
    again = await ot.get(form)
    assert (again.heading, "When did they die?" in again.text) == ("Collection after a death", False)
    asked = await ot.follow(await ot.send(again, form, barcodes=second.barcode, **CONTACT))
    assert asked.banner.endswith("is requested.")


async def test_what_is_fetched_from_somebody_who_has_died_is_fetched_after_a_death_whatever_is_said(
    as_ot: AsyncClient, as_technician: AsyncClient, technician: Browser, ot: Browser, given: Given, lent: Lent
) -> None:
    before = {"client_ref": "C-7", "barcodes": [lent.barcode], "reason": "She liked it very much."}
    number = (await as_ot.post(COLLECTIONS, json=before)).json()["number"]
    second = await given.loan(client="C-7")
    match = {"If-Match": (await as_ot.get("/api/v1/clients/C-7")).headers["etag"]}
    await as_ot.patch("/api/v1/clients/C-7", json={"died_on": "2026-02-20"}, headers=match)
    # One that was asked for before goes nowhere any more, and says why.
    on = {"on": "2026-03-04"}
    check_problem(await as_technician.post(f"{COLLECTIONS}/{number}/schedule", json=on), 409, "client-has-died")
    page = await technician.get(f"/collections/{number}")
    assert "The client has died since this was asked for." in page.text
    assert "Nobody: the client has died" in page.text
    ordinary = before | {"barcodes": [second.barcode]}
    refused = await as_ot.post(COLLECTIONS, json=ordinary)
    check_problem(refused, 422, "name-one-contact", field="contact_name")
    form = await ot.get("/clients/C-7/collect", bereavement="false")
    assert (form.heading, "This is not about a death" in form.text) == ("Collection after a death", False)
    made = (await as_ot.post(COLLECTIONS, json=ordinary | CONTACT)).json()
    assert (made["is_bereavement"], made["has_died"]) == (True, True)
    url = f"{COLLECTIONS}/{made['number']}"
    check_problem(await as_technician.post(f"{url}/schedule", json=on), 409, "agree-the-list-first")
    assert "Please speak to Rose Marsh only" in (await technician.get(f"/collections/{made['number']}")).text
