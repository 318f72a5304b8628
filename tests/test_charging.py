"""A movement and its charges are written in one breath: whom they are charged to, by which rate, to the penny."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.lifecycle import State
from tests.conftest import Clock, Query
from tests.given import Given

LINES = """
    SELECT charge.kind, funder.code AS funder, charge.amount_pence, charge.is_unpriced, charge.period::text
    FROM charge JOIN item ON item.id = charge.item_id LEFT JOIN funder ON funder.id = charge.funder_id
    WHERE item.barcode = :barcode ORDER BY charge.id
"""
RATE = (
    "INSERT INTO tariff (kind, variant, starts_on, pence, taper, floor_pence, made_at, made_by) "
    "VALUES (:kind, :variant, '2020-01-01', :pence, CAST(:taper AS jsonb), :floor, now(), 'x')"
)


async def rate(connection: AsyncConnection, kind: str, variant: str = "", **price: Any) -> None:
    """A rate that is in force."""
    values = {"kind": kind, "variant": variant, "pence": None, "taper": None, "floor": 0, **price}
    await connection.execute(text(RATE), values)


async def test_a_loan_and_its_way_back_are_charged_to_the_team_that_lent_it(
    given: Given, query: Query, connection: AsyncConnection
) -> None:
    await connection.execute(text("UPDATE team SET funder_id = (SELECT id FROM funder WHERE code = 'ASC')"))
    await rate(connection, "credit", taper='[{"from_months": 0, "percent": 80}]')
    await rate(connection, "decontamination", pence=1250)
    product = await given.product(purchase_price_pence=10_001)
    barcode = await given.item(State.AWAITING_INSPECTION, product=product)
    lines = await query(LINES, barcode=barcode)
    assert [(line["kind"], line["amount_pence"]) for line in lines] == [
        ("new_purchase", 10_001),
        ("credit", -8_001),
        ("decontamination", 1_250),
    ]
    assert {line["funder"] for line in lines} == {"ASC"}
    assert {line["period"] for line in lines} == {"2026-03-01"}


async def test_lines_stay_as_they_were_posted(given: Given, connection: AsyncConnection) -> None:
    await given.item(State.ON_LOAN)
    for change in ("UPDATE charge SET amount_pence = 0", "DELETE FROM charge"):
        with pytest.raises(Exception, match="charge"):
            async with connection.begin_nested():
                await connection.execute(text(change))


async def test_a_closed_period_takes_no_line_and_what_comes_late_goes_into_the_next(
    given: Given, query: Query, clock: Clock, connection: AsyncConnection
) -> None:
    close = "INSERT INTO finance_period VALUES ('2026-03-01', now(), 'finance', 0, '{}', '')"
    await connection.execute(text(close))
    barcode = await given.item(State.ON_LOAN)
    [line] = await query(LINES, barcode=barcode)
    assert line["period"] == "2026-04-01"
    again = (
        "INSERT INTO charge (posting_id, kind, period, happened_on, posted_at, posted_by, percent, amount_pence) "
        "VALUES (gen_random_uuid(), 'repair', '2026-03-01', '2026-03-01', now(), 'x', 100, 1)"
    )
    with pytest.raises(IntegrityError, match="closed"):
        async with connection.begin_nested():
            await connection.execute(text(again))
