"""Who may see how to get in: those with an open visit, for its reason; a manager with a written one. Else nobody."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.browser import Browser
from tests.conftest import Query, Statements
from tests.given import Given
from tests.problems import check_problem

URL = "/api/v1/clients/C-7"
LOOKS = "SELECT chain, detail FROM audit_event WHERE action = 'access_notes_read' ORDER BY id"


@pytest.fixture(autouse=True)
async def client(given: Given) -> str:
    """Somebody whose key safe has a code."""
    return await given.client("C-7", weight_kg=70, weighed_on="2026-02-01", access_notes="Key safe 4471")


async def looked(person: AsyncClient, reason: str) -> Any:
    """What somebody sees who asks for that reason: the notes, or the code of the refusal."""
    answer = (await person.get(URL, params={"access_reason": reason})).json()
    return answer.get("code") or answer["access_notes"]


async def order(person: AsyncClient, product: str, store: str) -> str:
    """An approved order for C-7 from that store, with what is on the shelf held for it."""
    body = {
        "client_ref": "C-7",
        "funder": "ASC",
        "speed": "five_day",
        "reason": "prevention",
        "clinical_reasoning": "Cannot stand at the basin.",
        "lines": [{"product_code": product}],
        "store": store,
    }
    number: str = (await person.post("/api/v1/orders", json=body)).json()["number"]
    submitted = await person.post(f"/api/v1/orders/{number}/submit")
    assert submitted.status_code == 200, submitted.text
    return number


async def test_a_delivery_opens_the_door_to_its_store_until_it_is_made(
    given: Given, as_ot: AsyncClient, as_technician: AsyncClient, session: AsyncSession
) -> None:
    product = await given.product()
    assert await looked(as_technician, "delivery") == "no-open-visit"
    number = await order(as_ot, product, "COAST")
    # Nothing is there yet that could be brought.
    assert await looked(as_technician, "delivery") == "no-open-visit"
    [tag] = await given.items(1, product=product, store="COAST")
    for step, body, sees in (
        ("allocate", {}, "Key safe 4471"),
        ("dispatch", {}, "Key safe 4471"),
        ("deliver", {"received_by": "Mo"}, "no-open-visit"),
    ):
        answer = await as_technician.post(f"/api/v1/orders/{number}/{step}", json=body)
        assert answer.status_code == 200, answer.text
        assert await looked(as_technician, "delivery") == sees
    assert await looked(as_technician, "collection") == "no-open-visit"
    await given.collection(tag, client="C-7")
    assert await looked(as_technician, "collection") == "Key safe 4471"


async def test_who_works_in_another_store_does_not_see_it(
    given: Given, as_ot: AsyncClient, as_technician: AsyncClient, session: AsyncSession
) -> None:
    product = await given.product()
    await given.items(1, product=product, store="COAST")
    await order(as_ot, product, "COAST")
    assert await looked(as_technician, "delivery") == "Key safe 4471"
    await session.execute(
        text("""
            DELETE FROM account_store USING account, store
            WHERE account.id = account_id AND store.id = store_id AND username = 'technician' AND store.code = 'COAST'
        """)
    )
    await session.commit()
    assert await looked(as_technician, "delivery") == "no-open-visit"


async def test_who_is_to_examine_something_there_and_what_is_unsafe_there_open_the_door(
    given: Given, as_technician: AsyncClient, as_technician2: AsyncClient
) -> None:
    product = await given.product(inspections=[{"kind": "pat", "every_months": 12}])
    lent = await given.loan(await given.item(product=product), client="C-7")
    assert [await looked(as_technician, why) for why in ("visit", "safety")] == ["no-open-visit"] * 2
    body = {"client_ref": "C-7", "items": [{"barcode": lent.barcode, "kind": "pat"}], "visitor": "technician"}
    planned = await as_technician2.post(
        "/api/v1/inspection-visits", json=body | {"planned_on": given.today.isoformat()}
    )
    assert planned.status_code == 201, planned.text
    assert await looked(as_technician2, "visit") == "no-open-visit"
    assert [await looked(as_technician, why) for why in ("visit", "safety")] == ["Key safe 4471", "no-open-visit"]
    await given.hold(lent.barcode)
    assert await looked(as_technician, "safety") == "Key safe 4471"


async def test_who_has_no_visit_is_told_who_may_and_a_manager_writes_down_why(
    as_technician: AsyncClient, as_manager: AsyncClient, query: Query, statements: Statements
) -> None:
    why = {"access_reason": "delivery", "access_because": "Water comes out under the door."}
    problem = check_problem(await as_technician.get(URL, params=why), 403, "no-open-visit")
    assert "no delivery to this client is picked" in problem["detail"]
    assert "a manager (Martin Lowe) with a written reason" in problem["detail"], problem["detail"]
    assert await query(LOOKS) == []
    check_problem(
        await as_manager.get(URL, params={"access_reason": "delivery"}),
        422,
        "say-why-all-the-same",
        field="access_because",
    )
    statements.clear()
    seen = await as_manager.get(URL, params=why)
    assert len(statements) == 9, statements
    assert seen.json()["access_notes"] == "Key safe 4471"
    detail = {"reason": "delivery", "because": "Water comes out under the door."}
    assert await query(LOOKS) == [{"chain": "manager", "detail": detail}]


async def test_the_page_says_so_at_the_field(technician: Browser, manager: Browser, query: Query) -> None:
    refused = await technician.send(await technician.get("/clients/C-7"), "/clients/C-7/access", reason="collection")
    assert (refused.status, "4471" in refused.text) == (403, False)
    assert "no collection from this client is open" in refused.errors["reason"]
    asked = await manager.send(await manager.get("/clients/C-7"), "/clients/C-7/access", reason="collection")
    assert (asked.status, "Write down why" in asked.errors["because"]) == (422, True)
    for because, shown in ((".", False), ("The daughter locked herself out.", True)):
        page = await manager.send(asked, "/clients/C-7/access", reason="collection", because=because)
        assert ("4471" in page.text) == shown
    assert len(await query(LOOKS)) == 1
