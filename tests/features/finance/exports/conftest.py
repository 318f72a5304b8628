"""Charges of a month, by real verbs."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.lifecycle import State
from tests.given import Given
from tests.test_charging import rate

Charged = Callable[[], Awaitable[str]]


@pytest.fixture
def charged(given: Given, connection: AsyncConnection) -> Charged:
    """Lends a commode, takes it back and cleans it, for ASC: three lines. Returns its barcode."""

    async def charge() -> str:
        if not await connection.scalar(text("SELECT EXISTS (SELECT FROM tariff)")):
            await rates()
        product = await given.product(purchase_price_pence=10_001, name='=HYPERLINK("http://x.test"), "red"')
        return await given.item(State.AWAITING_INSPECTION, product=product)

    async def rates() -> None:
        await connection.execute(text("UPDATE team SET funder_id = (SELECT id FROM funder WHERE code = 'ASC')"))
        await connection.execute(text("UPDATE funder SET cost_centre = 'CC-' || code"))
        await rate(connection, "credit", taper='[{"from_months": 0, "percent": 80}]')
        await rate(connection, "decontamination", pence=1250)
        await connection.execute(text("ALTER TABLE tariff DISABLE TRIGGER tariff_keeps_its_price"))
        await connection.execute(text("UPDATE tariff SET vat_percent = 20 WHERE kind = 'decontamination'"))
        await connection.execute(text("ALTER TABLE tariff ENABLE TRIGGER tariff_keeps_its_price"))

    return charge
