"""What is kept for a client carries the client, or it is said that it does not, or that nobody knows."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.lifecycle import State
from app.features.reservations.worker import tell_of_lost_reservations
from tests.browser import Browser
from tests.conftest import Clock, Query, Statements
from tests.given import Given
from tests.problems import check_problem

RESERVATIONS = "/api/v1/reservations"
NOTHING = "Nothing stands in the way of issuing it to the client it is reserved for."


def weighs(kg: int) -> dict[str, Any]:
    """A weight with its day."""
    return {"weight_kg": kg, "weighed_on": "2026-02-20"}


@pytest.fixture
async def product(given: Given) -> str:
    """A commode that carries 150 kg."""
    return await given.product("COMM-150", safe_working_load_kg=150)


@pytest.mark.parametrize("by", ["barcode", "product_code"])
async def test_what_carries_less_than_the_client_weighs_is_not_reserved(
    as_ot: AsyncClient, ot: Browser, given: Given, clock: Clock, product: str, by: str
) -> None:
    barcode = await given.item(product=product)
    await given.client("C-7", **weighs(151))
    wanted = {by: barcode if by == "barcode" else product, "client_ref": "C-7"}
    for days in ({"until": clock.day(3)}, {"from": clock.day(5), "until": clock.day(8)}):
        refusal = check_problem(await as_ot.post(RESERVATIONS, json=wanted | days), 409, "load-too-low", field=by)
        assert refusal["detail"].startswith("It carries 150 kg, and the client weighs 151 kg.")
    last = {"last_day-day": "5", "last_day-month": "3", "last_day-year": "2026"}
    page = await ot.post_form("/reservations/new", **wanted, **last)
    assert (page.status, "the client weighs 151 kg" in page.text) == (409, True)
    assert (await given.record(barcode)).state is State.IN_STOCK


@pytest.mark.parametrize("weight", [weighs(150), {}])
async def test_what_carries_the_client_or_may_is_reserved_in_so_many_statements(
    as_ot: AsyncClient, given: Given, clock: Clock, product: str, statements: Statements, weight: dict[str, Any]
) -> None:
    barcode = await given.item(product=product)
    await given.client("C-7", **weight)
    statements.clear()
    made = await as_ot.post(RESERVATIONS, json={"barcode": barcode, "client_ref": "C-7", "until": clock.day(3)})
    assert made.status_code == 201, made.text
    assert len(statements) == 14


async def test_the_items_page_says_whether_it_carries_the_client_it_is_kept_for(
    as_ot: AsyncClient, ot: Browser, given: Given, product: str
) -> None:
    kept = await given.reservation(await given.item(product=product), client=await given.client("C-7"))
    said = {}
    for weight in (None, 150):
        if weight:
            match = {"If-Match": (await as_ot.get("/api/v1/clients/C-7")).headers["etag"]}
            assert (await as_ot.patch("/api/v1/clients/C-7", json=weighs(weight), headers=match)).status_code == 200
        [reservation] = (await as_ot.get(f"/api/v1/items/{kept.barcode}")).json()["reservations"]
        page = (await ot.get(f"/items/{kept.barcode}")).text
        said[reservation["carries_client"]] = (
            NOTHING in page,
            "it is not known whether it carries the client" in page,
        )
    assert said == {None: (False, True), True: (True, False)}


async def test_a_weight_that_it_does_not_bear_ends_a_reservation_and_whoever_made_it_is_told_once(
    as_manager: AsyncClient, given: Given, product: str, query: Query, session: AsyncSession, clock: Clock
) -> None:
    first, other = await given.items(2, product=product)
    client = await given.client("C-7", **weighs(90))
    kept = await given.reservation(first, client=client)
    await given.reservation(other, client=await given.client("C-8", **weighs(90)))
    # A table bears no client.
    table = await given.product(category="18 03 15", safe_working_load_kg=95)
    await given.reservation(await given.item(product=table), client=client)
    match = {"If-Match": (await as_manager.get("/api/v1/clients/C-7")).headers["etag"]}
    assert (await as_manager.patch("/api/v1/clients/C-7", json=weighs(151), headers=match)).status_code == 200
    ended = await query("SELECT id, ended_because, ended_by FROM reservation WHERE ended_at IS NOT NULL")
    assert ended == [{"id": kept.id, "ended_because": "item_unfit", "ended_by": "manager"}]
    assert (await given.record(first)).state is State.IN_STOCK
    assert await tell_of_lost_reservations(session, actor="worker", at=clock.now) == 0
    [told] = await query("SELECT purpose, to_name, body FROM message")
    assert (told["purpose"], told["to_name"]) == ("reservation_too_weak", "Olu Thompson")
    assert "A new weight was written down. It carries 150 kg. That is less than the client weighs" in told["body"]
    assert "151" not in told["body"]
