"""What one item cost in its whole life."""

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncConnection

from app.features.finance.items.queries import read_ledger, table_of
from tests.browser import Browser
from tests.conftest import Clock, Sessions, Statements
from tests.features.finance.billing import usual_rates
from tests.given import Given
from tests.problems import check_problem

URL = "/api/v1/finance/items"


@pytest.fixture(autouse=True)
async def rates(connection: AsyncConnection) -> None:
    """Everything has its price."""
    await usual_rates(connection)


async def test_a_life_of_two_issues(
    given: Given, clock: Clock, as_finance: AsyncClient, statements: Statements, sessions: Sessions
) -> None:
    product = await given.product(purchase_price_pence=10_000, expected_life_months=60)
    [barcode] = await given.items(1, product=product)
    lent = await given.collection(barcode, client=(await given.loan(barcode)).client_ref)
    clock.move(days=10)
    await given.scan(lent.barcode)
    await given.cleaning(barcode)
    await given.cleaned(barcode)
    await given.inspected(barcode)
    await given.released(barcode)
    await given.loan(barcode)
    clock.move(days=4)
    statements.clear()
    answer = await as_finance.get(f"{URL}/{barcode}")
    life = answer.json()
    assert answer.status_code == 200
    assert len([one for one in statements if "sign_in" not in one]) == 3, "\n".join(statements)
    # Bought for £100, spent £12 + £7 + £3; recycled at £25.
    assert (life["bought_for_pence"], life["spent_pence"], life["times_issued"]) == (10_000, 2_200, 2)
    assert (life["nights"], life["cost_per_night_pence"]) == (14, 871)
    # £80 was credited, and it was reissued at £25.
    assert (life["book_value_pence"], "until they are credited" in life["book_value_because"]) == (5_500, False)
    [asc] = life["funders"]
    assert (asc["funder"], asc["borne_pence"], asc["credited_pence"], asc["net_pence"]) == (
        "ASC",
        14_700,
        8_000,
        6_700,
    )
    assert [line["kind"] for line in life["lines"]] == [
        "new_purchase",
        "collection",
        "credit",
        "decontamination",
        "inspection",
        "recycled_issue",
    ]
    assert life["refurbish"]["advice"] == "Refurbish it"
    assert {"label": "Making it fit once more, at the rates of today", "pence": 1_000, "words": ""} in life[
        "refurbish"
    ]["lines"]
    async with sessions() as session:
        table = table_of(await read_ledger(session, barcode, on=given.today), on=given.today)
    assert table.totals == {"amount_pence": 6_700, "vat_pence": 0}
    assert [set(row) >= {column.key for column in table.columns} for row in table.rows] == [True] * 6


async def test_what_was_never_out_has_no_cost_per_night(given: Given, as_finance: AsyncClient) -> None:
    barcode = await given.item()
    life = (await as_finance.get(f"{URL}/{barcode}")).json()
    assert (life["nights"], life["cost_per_night_pence"], life["lines"], life["funders"]) == (0, None, [], [])
    assert life["book_value_pence"] == 4_500
    check_problem(await as_finance.get(f"{URL}/ES"), 404, "unknown-barcode")
    check_problem(await as_finance.get(f"{URL}/ES000123473"), 422, "mistyped-barcode")


async def test_who_may_see_costs_is_led_there_from_the_item(
    given: Given, manager: Browser, technician: Browser
) -> None:
    barcode = await given.recycled()
    way = f"/finance/items/{barcode}"
    assert (await manager.get(f"/items/{barcode}")).soup.find("a", href=way)
    assert not (await technician.get(f"/items/{barcode}")).soup.find("a", href=way)
    page = (await manager.get(way)).text
    for words in (
        "Cost per night",
        "-£36.00",
        "Credit on collection",
        "Decontamination, wash down",
        "Refurbish or replace",
    ):
        assert words in page, words
