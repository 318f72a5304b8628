"""A drive for things of several payers is shared by its things, whichever is scanned first."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.loans import LoanKind
from app.features.loans import service as loans
from app.features.loans.counter import Said
from tests.browser import Browser
from tests.conftest import Clock, Query, Sessions
from tests.features.finance.billing import charged
from tests.features.finance.funding.test_funding import API, ICB, THIRDS, delivered, dispute, settle
from tests.features.finance.test_put_right_adds_up import Same
from tests.features.finance.test_put_right_adds_up import agrees as agrees  # noqa: PLC0414 - a fixture
from tests.features.finance.test_put_right_adds_up import rates as rates  # noqa: PLC0414 - a fixture
from tests.features.ordering.conftest import Orders, done
from tests.given import Given

PARTS = """
    SELECT asked.number, sum(percent)::int AS percent FROM charge AS line
    LEFT JOIN equipment_order AS asked ON asked.id = line.order_id WHERE line.kind = 'collection' GROUP BY 1 ORDER BY 1
"""
STANDS = """
    SELECT asked.number, COALESCE(funder.code, '') AS funder, line.kind, line.amount_pence AS pence, line.is_provisional
    FROM charge AS line LEFT JOIN funder ON funder.id = line.funder_id
    LEFT JOIN equipment_order AS asked ON asked.id = line.order_id
    WHERE line.reversal_of IS NULL AND NOT EXISTS (SELECT FROM charge_taken_back AS gone WHERE gone.charge_id = line.id)
    ORDER BY line.id
"""
Fetched = tuple[str, str, list[str]]
Together = Callable[..., Awaitable[Fetched]]


@pytest.fixture
def together(orders: Orders, given: Given, sessions: Sessions, clock: Clock, as_ot: AsyncClient) -> Together:
    """One thing of an order that three pay for in thirds, and others over the counter that those who are named pay for:
    the order, the collection and the barcodes."""

    async def fetch(*funders: str) -> Fetched:
        number, ordered = await delivered(orders, given, funding=THIRDS)
        client = (await orders.get(number))["client_ref"]
        fetched = [ordered]
        for funder, category in zip(funders, ("12 22 03", "18 12 10"), strict=False):
            barcode = await given.item(product=await given.product(category=category))
            async with sessions.begin() as session:
                await loans.issue(session, barcode, client_ref=client, kind=LoanKind.LOAN, trial_ends_on=None,
                                  said=Said(answers=None, funder=funder), actor="ot", at=clock.now)  # fmt: skip
            fetched.append(barcode)
        body = {"client_ref": client, "barcodes": fetched, "reason": "No longer needed.", "speed": "standard"}
        made = done(await as_ot.post("/api/v1/collections", json=body), 201)
        return number, made["number"], fetched

    return fetch


async def drives(query: Query, kind: str = "collection") -> dict[str, int]:
    """What each funder bears of the drives."""
    sums: dict[str, int] = {}
    for what, funder, pence in await charged(query):
        if what == kind:
            sums[funder] = sums.get(funder, 0) + pence
    return {funder: pence for funder, pence in sums.items() if pence}


@pytest.mark.usefixtures("rates")
@pytest.mark.parametrize("first", [0, 1, None])
async def test_it_is_shared_by_the_plan_whichever_is_scanned_first(
    given: Given, query: Query, agrees: Same, clock: Clock, together: Together, first: int | None
) -> None:
    order, _, fetched = await together("CHC")
    if first is None:
        await given.scan(*fetched)
    else:
        await given.scan(fetched[first])
        clock.move(minutes=5)
        await given.scan(fetched[1 - first])
    # £12: half of it for each thing; half of that in thirds.
    assert await drives(query) == {"ASC": 200, "ICB": 200, "CHC": 800}
    # Each part is counted under what it is of.
    assert await query(PARTS) == [{"number": order, "percent": 50}, {"number": None, "percent": 50}]
    await agrees("all are back")


@pytest.mark.usefixtures("rates")
async def test_what_was_fetched_before_pays_no_more_for_the_next_drive_nor_does_what_came_off_the_plan(
    given: Given, query: Query, agrees: Same, clock: Clock, together: Together
) -> None:
    _, _, [ordered, mine, theirs] = await together("CHC", "ICB")
    await given.scan(ordered)
    before = await drives(query)
    clock.move(days=1)
    await given.scan(mine)
    after = await drives(query)
    assert after == before | {"CHC": before["CHC"] + 600, "ICB": before["ICB"] + 600}
    clock.move(days=1)
    await given.scan(theirs)
    assert await drives(query) == after | {"ICB": after["ICB"] + 1_200}
    await agrees("three drives")


@pytest.mark.usefixtures("rates")
async def test_settling_one_order_moves_its_part_of_a_shared_visit_and_leaves_the_others(
    given: Given, query: Query, agrees: Same, together: Together, as_manager: AsyncClient, as_finance: AsyncClient
) -> None:
    order, collection, fetched = await together("CHC")
    done(await as_manager.post(f"/api/v1/collections/{collection}/fail", json={"reason": "Nobody opened."}))
    vain = await drives(query, "failed_visit")
    assert vain == {"ASC": 150, "ICB": 150, "CHC": 600}
    await given.scan(*fetched)
    shared = await drives(query)
    assert shared == {"ASC": 200, "ICB": 200, "CHC": 800}
    opened = await dispute(as_finance, order)
    await settle(as_finance, opened["id"], ICB)
    assert await drives(query) == {"ICB": 600, "CHC": 600}
    assert await drives(query, "failed_visit") == {"ICB": 450, "CHC": 450}
    await agrees("it is settled")


@pytest.mark.usefixtures("rates")
async def test_only_the_part_that_is_in_dispute_is_provisional_and_nothing_is_when_it_is_settled(
    given: Given,
    query: Query,
    agrees: Same,
    together: Together,
    as_manager: AsyncClient,
    as_finance: AsyncClient,
    finance: Browser,
) -> None:
    order, collection, fetched = await together("CHC")
    opened = await dispute(as_finance, order)
    done(await as_manager.post(f"/api/v1/collections/{collection}/fail", json={"reason": "Nobody opened."}))
    await given.scan(*fetched)
    made = await query(STANDS)
    since = [row for row in made if row["kind"] in {"failed_visit", "collection", "credit"}]
    assert {(row["kind"], row["number"]) for row in since if row["is_provisional"]} == {
        ("failed_visit", order),
        ("collection", order),
        ("credit", order),
    }
    assert not [row for row in since if row["is_provisional"] and row["number"] != order]
    [listed] = done(await as_finance.get(f"{API}/disputes"))["items"]
    assert listed["provisional_pence"] == sum(row["pence"] for row in made if row["number"] == order)
    await agrees("it is in dispute")
    await settle(as_finance, opened["id"], ICB)
    assert not [row for row in await query(STANDS) if row["is_provisional"]]
    assert done(await as_finance.get(f"{API}/charges", params={"provisional": "true"}))["items"] == []
    # What is put right by hand afterwards is agreed, and stays with its order.
    [drive, *_] = done(await as_finance.get(f"{API}/charges", params={"kind": "collection"}))["items"]
    assert "Several orders share this drive" in (await finance.get(f"/finance/charges/{drive['id']}")).text
    body = {"reason": "It was agreed otherwise.", "instead": {"funding": THIRDS}}
    done(await as_finance.post(f"{API}/charges/{drive['id']}/reverse", json=body), 201)
    now = await query(STANDS)
    assert not [row for row in now if row["is_provisional"]]
    parts = [(row["number"], row["funder"], row["pence"]) for row in now if row["kind"] == "collection"]
    assert parts == [(number, funder, 200) for number in (order, None) for funder in ("ASC", "ICB", "CHC")]
    await agrees("it is put right")


@pytest.mark.usefixtures("rates")
async def test_things_of_one_order_stay_with_the_order(
    given: Given, query: Query, orders: Orders, as_finance: AsyncClient, agrees: Same
) -> None:
    number, barcode = await delivered(orders, given, funding=THIRDS)
    await given.collection(barcode, client=(await orders.get(number))["client_ref"])
    await given.scan(barcode)
    opened: dict[str, Any] = await dispute(as_finance, number)
    await settle(as_finance, opened["id"], ICB)
    assert await drives(query) == {"ICB": 1_200}
    await agrees("it is settled")
