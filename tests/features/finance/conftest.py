"""Money that moved: rates, funders and items that were lent, came back, and were ordered."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.lifecycle import State
from tests.conftest import Clock
from tests.features.ordering.conftest import Orders, barcodes
from tests.features.ordering.conftest import orders as orders  # noqa: PLC0414 - a fixture
from tests.given import Given
from tests.test_charging import rate as write_rate

CHARGED = text("""
    SELECT count(*) AS lines, COALESCE(sum(amount_pence), 0) AS net_pence, COALESCE(sum(vat_pence), 0) AS vat_pence,
           COALESCE(sum(amount_pence) FILTER (WHERE kind = 'credit'), 0) AS credited_pence,
           COALESCE(sum(CASE WHEN reversal_of IS NULL THEN quantity ELSE -quantity END * percent), 0) / 100 AS quantity
    FROM charge
""")
TAKE_BACK = text("""
    INSERT INTO charge (posting_id, kind, variant, period, happened_on, posted_at, posted_by, funder_id, percent,
                        quantity, amount_pence, vat_pence, tariff_id, basis, is_issue, item_id, movement_seq,
                        product_id, category, recycled, store_id, order_id, collection_id, client_id, team_id,
                        prescriber, reason, district, reversal_of, because)
    SELECT gen_random_uuid(), kind, variant, month_to_post(CAST(:on AS date)), CAST(:on AS date), now(), 'finance',
           funder_id, percent, quantity,
           -amount_pence, -vat_pence, tariff_id, basis, is_issue, item_id, movement_seq, product_id, category, recycled,
           store_id, order_id, collection_id, client_id, team_id, prescriber, reason, district, id, 'Charged in error.'
    FROM charge WHERE id = :id
""")


@pytest.fixture
async def rates(connection: AsyncConnection) -> None:
    """Rates of everything but what has a price of its own."""
    await connection.execute(text("UPDATE team SET funder_id = (SELECT id FROM funder WHERE code = 'ASC')"))
    await connection.execute(text("UPDATE funder SET cost_centre = CASE code WHEN 'ASC' THEN 'A100' ELSE '' END"))
    await connection.execute(text("UPDATE team SET cost_centre = 'W200'"))
    await write_rate(
        connection, "credit", taper='[{"from_months": 0, "percent": 80}, {"from_months": 12, "percent": 50}]'
    )
    await write_rate(connection, "decontamination", pence=1250)
    await write_rate(connection, "recycled_issue", pence=999)
    await write_rate(connection, "delivery", pence=2500)
    await write_rate(connection, "collection", pence=1800)


@pytest.fixture
async def split_order(orders: Orders, given: Given, connection: AsyncConnection, rates: None) -> dict[str, Any]:
    """A delivered order of a bed, 60 % of it social care's and 40 % health's, and the item that came of it."""
    bed = await given.product(category="18 12 10", purchase_price_pence=10_001)
    await given.items(1, product=bed)
    order = await orders.submitted(bed)
    share = (
        "INSERT INTO order_share (order_id, funder_id, position, percent) SELECT asked.id, funder.id, "
        "CASE code WHEN 'ASC' THEN 0 ELSE 1 END, CASE code WHEN 'ASC' THEN 60 ELSE 40 END "
        "FROM equipment_order AS asked, funder WHERE asked.number = :number AND funder.code IN ('ASC', 'ICB')"
    )
    await connection.execute(text(share), {"number": order["number"]})
    await orders.step(order["number"], "allocate")
    await orders.step(order["number"], "dispatch")
    delivered = await orders.step(order["number"], "deliver", received_by="The daughter")
    return delivered | {"barcode": barcodes(delivered)[0], "product": bed}


@pytest.fixture
async def quarter(given: Given, clock: Clock, rates: None, connection: AsyncConnection) -> None:
    """Items of two products in two stores that went out, came back and went out again, in three months; one line of
    them is taken back."""
    for category, price in (("09 12 03", 4_501), ("12 22 03", 33_333)):
        product = await given.product(category=category, purchase_price_pence=price)
        back = await given.recycled(product=product)
        clock.move(days=31)
        await given.loan(back)
        await given.item(State.RETURNED, product=product, store="COAST")
    first = await connection.scalar(text("SELECT min(id) FROM charge WHERE kind = 'new_purchase'"))
    await connection.execute(TAKE_BACK, {"id": first, "on": clock.today})


Rates = Callable[..., Awaitable[dict[str, Any]]]
Lines = Callable[..., Awaitable[list[dict[str, Any]]]]


@pytest.fixture
def rate(as_finance: AsyncClient) -> Rates:
    """Begins a rate: `await rate("delivery", pence=1200)`. In force for years, unless another first day is said."""

    async def begin(kind: str, **details: Any) -> dict[str, Any]:
        made = await as_finance.post(
            "/api/v1/finance/tariffs", json={"kind": kind, "starts_on": "2020-01-01", **details}
        )
        assert made.status_code == 201, made.text
        body: dict[str, Any] = made.json()
        return body

    return begin


@pytest.fixture
def lines(as_finance: AsyncClient) -> Lines:
    """The lines that the API finds, oldest first: `await lines(barcode=barcode)`."""

    async def find(**wanted: Any) -> list[dict[str, Any]]:
        found = await as_finance.get("/api/v1/finance/charges", params=wanted)
        assert found.status_code == 200, found.text
        items: list[dict[str, Any]] = found.json()["items"]
        return items[::-1]

    return find
