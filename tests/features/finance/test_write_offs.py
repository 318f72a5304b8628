"""What the service bears of what is lost or scrapped is what nobody has paid of it, whatever was put right and when."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.conftest import Clock, Query
from tests.features.finance.billing import usual_rates
from tests.features.finance.funding.test_funding import API, delivered
from tests.features.finance.test_put_right_adds_up import Same, reverse
from tests.features.finance.test_put_right_adds_up import agrees as agrees  # noqa: PLC0414 - a fixture
from tests.features.finance.test_put_right_adds_up import rates as rates  # noqa: PLC0414 - a fixture
from tests.features.ordering.conftest import Orders, done
from tests.given import Given
from tests.problems import check_problem

SUMS = """
    SELECT kind, sum(amount_pence)::int AS pence FROM charge
    WHERE kind IN ('new_purchase', 'recycled_issue', 'credit', 'top_up', 'write_off') GROUP BY kind
    HAVING sum(amount_pence) <> 0
"""


async def sums(query: Query) -> dict[str, int]:
    """What stands of an item's own costs, by kind, but for nothing."""
    return {row["kind"]: row["pence"] for row in await query(SUMS)}


async def topped_up(orders: Orders, given: Given, as_finance: AsyncClient) -> tuple[str, int]:
    """Something that was delivered to the value of £45, of which a person adds £15: its barcode, and the top-up."""
    done(await as_finance.post(f"{API}/funders", json={
        "code": "MINE", "name": "Her own money", "side": "social_care", "kind": "person"}), 201)  # fmt: skip
    number, barcode = await delivered(orders, given)
    body = {
        "order_number": number,
        "barcode": barcode,
        "funder": "MINE",
        "alternative_product_code": await given.product(purchase_price_pence=2_000),
        "pence": 1_500,
        "agreed_on": given.today.isoformat(),
        "agreement": "They know the plain one is free, and want this.",
        "confirmed_by": "ot",
        "told_not_paid_back": True,
    }
    made = done(await as_finance.post(f"{API}/top-ups", json=body), 201)
    return barcode, made["id"]


@pytest.mark.usefixtures("rates")
@pytest.mark.parametrize("end", ["lose", "scrap"])
async def test_what_a_person_added_to_is_written_off_at_what_was_credited(
    orders: Orders, given: Given, as_finance: AsyncClient, query: Query, agrees: Same, end: str
) -> None:
    barcode, _ = await topped_up(orders, given, as_finance)
    bought = (await sums(query))["new_purchase"]
    await given.scan(barcode)
    credited = round((bought - 1_500) * 0.8)
    if end == "lose":
        await given.missing(barcode)
    else:
        await given.scrapped(barcode)
    assert await sums(query) == {"new_purchase": bought, "credit": -credited, "write_off": credited}
    await agrees(end)


@pytest.mark.usefixtures("rates")
async def test_what_was_corrected_is_written_off_at_what_nobody_has_paid(
    given: Given, as_finance: AsyncClient, query: Query, agrees: Same
) -> None:
    barcode = await given.item(State.RETURNED)
    await reverse(as_finance, query, "new_purchase", pence=1_000)
    url = f"{API}/items/{barcode}"
    life = done(await as_finance.get(url))
    told = "Bought for £45, less the £2 that stands paid"
    assert (life["book_value_pence"], life["book_value_because"][: len(told)]) == (4_300, told)
    await given.missing(barcode)
    assert await sums(query) == {"new_purchase": 1_000, "credit": -800, "write_off": 4_300}
    await agrees("it is lost")


@pytest.mark.usefixtures("rates")
async def test_whoever_pays_for_it_pays_no_more_in_all_than_it_cost(
    given: Given, query: Query, agrees: Same, clock: Clock
) -> None:
    barcode = await given.recycled()
    await given.loan(barcode)
    await given.missing(barcode)
    assert sum((await sums(query)).values()) == 4_500
    await given.found(barcode)
    clock.move(minutes=1)
    await given.missing(barcode)
    assert sum((await sums(query)).values()) == 4_500
    await agrees("it is lost in the store")


HOW = {
    "credit": ["credit"],
    "issue": ["new_purchase"],
    "both": ["credit", "new_purchase"],
    "corrected": ["new_purchase"],
}


@pytest.mark.usefixtures("rates")
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("scrapped", [False, True])
async def test_the_end_is_the_same_whichever_comes_first(
    given: Given, as_finance: AsyncClient, query: Query, agrees: Same, clock: Clock, how: str, scrapped: bool
) -> None:
    async def put_right() -> None:
        for kind in HOW[how]:
            clock.move(hours=1)
            instead: dict[str, Any] = {"pence": 2_000} if how == "corrected" else {}
            await reverse(as_finance, query, kind, **instead)

    async def lose(barcode: str) -> None:
        clock.move(hours=1)
        await given.missing(barcode)
        if scrapped:
            await given.scrapped(barcode)

    barcode = await given.item(State.RETURNED)
    await put_right()
    await lose(barcode)
    first = await sums(query)
    await agrees("lost afterwards")
    other = await given.item(State.RETURNED)
    await lose(other)
    await put_right()
    await agrees("lost before")
    assert await sums(query) == {kind: 2 * pence for kind, pence in first.items()}
    if not scrapped:
        for found in (barcode, other):
            await given.found(found)
        assert "write_off" not in await sums(query)
        await agrees("found")


@pytest.mark.usefixtures("rates")
async def test_an_issue_that_is_taken_back_while_lost_at_a_clients_is_written_off_then(
    given: Given, as_finance: AsyncClient, query: Query, agrees: Same, clock: Clock
) -> None:
    lost, other = await given.item(State.ON_LOAN), await given.item(State.ON_LOAN)
    await given.missing(lost)
    assert "write_off" not in await sums(query)
    for _ in (lost, other):
        clock.move(hours=1)
        await reverse(as_finance, query, "new_purchase")
    clock.move(hours=1)
    await given.missing(other)
    assert await sums(query) == {"write_off": 2 * 4_500}
    [come] = await query("SELECT corrects_id, because, happened_on FROM charge WHERE corrects_id IS NOT NULL")
    assert (come["because"], come["happened_on"]) == ("The invoice had another price.", given.today)
    await agrees("both are lost")


@pytest.mark.usefixtures("rates")
async def test_what_finance_said_of_a_write_off_by_hand_stays(
    given: Given, as_finance: AsyncClient, query: Query
) -> None:
    await given.missing(await given.item(State.RETURNED))
    await reverse(as_finance, query, "write_off", pence=100)
    await reverse(as_finance, query, "credit")
    assert (await sums(query))["write_off"] == 100
    await reverse(as_finance, query, "write_off")
    await reverse(as_finance, query, "new_purchase")
    assert await sums(query) == {}


@pytest.mark.usefixtures("rates")
async def test_a_write_off_that_was_found_stays_taken_back_when_it_is_lost_again(
    given: Given, as_finance: AsyncClient, query: Query
) -> None:
    barcode = await given.item(State.RETURNED)
    for _ in range(2):
        await given.missing(barcode)
        await given.found(barcode)
    await given.missing(barcode)
    lines = await query("SELECT id FROM charge WHERE kind = 'write_off' ORDER BY id")
    for line in lines[:-1]:
        answer = await as_finance.post(f"{API}/charges/{line['id']}/reverse", json={"reason": "It was never lost."})
        check_problem(answer, 409, "found-again")
    assert (await sums(query))["write_off"] == 3_600
    await reverse(as_finance, query, "write_off")
    assert "write_off" not in await sums(query)


@pytest.mark.usefixtures("rates")
@pytest.mark.parametrize("by_hand", [None, -1_000])
async def test_a_top_up_that_is_withdrawn_changes_the_credit_and_the_write_off_with_it(
    orders: Orders,
    given: Given,
    as_finance: AsyncClient,
    query: Query,
    agrees: Same,
    clock: Clock,
    by_hand: int | None,
) -> None:
    """A credit that somebody said by hand stays the same part of what its funders are charged."""
    barcode, top_up = await topped_up(orders, given, as_finance)
    bought = (await sums(query))["new_purchase"]
    await given.scan(barcode)
    if by_hand:
        await reverse(as_finance, query, "credit", pence=by_hand)
    clock.move(hours=1)
    await given.missing(barcode)
    credited = -(await sums(query))["credit"]
    body = {"reason": "They changed their mind about it."}
    done(await as_finance.post(f"{API}/top-ups/{top_up}/withdraw", json=body))
    anew = round(credited * bought / (bought - 1_500))
    assert await sums(query) == {"new_purchase": bought, "credit": -anew, "write_off": anew}
    await agrees("it is withdrawn")


async def test_what_had_no_rate_when_it_was_lost_is_written_off_when_it_has_one(
    given: Given, as_finance: AsyncClient, query: Query, connection: Any, agrees: Same, clock: Clock
) -> None:
    await given.missing(await given.item(State.RETURNED))
    assert await sums(query) == {"new_purchase": 4_500}
    clock.move(hours=1)
    await usual_rates(connection, made_at=clock.now)
    done(await as_finance.post(f"{API}/charges/price-unpriced"))
    assert await sums(query) == {"new_purchase": 4_500, "credit": -3_600, "write_off": 3_600}
    await agrees("it is priced")
