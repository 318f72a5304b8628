"""The four rates from real movements: what counts, what does not, on which basis, and as at when."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.lifecycle import MOVES, Move, State, is_issue
from app.features.finance.recycling.spells import OUT
from tests.browser import Browser
from tests.conftest import Clock, Query, Statements
from tests.features.ordering.conftest import Orders, barcodes, done
from tests.given import Given
from tests.problems import check_problem
from tests.test_charging import rate

RATES = "/api/v1/finance/reports/recycling"
ITEMS = f"{RATES}/items"
NAMES = ("collection_rate", "reuse_of_collected", "recycled_issue_share", "whole_loop_recovery")
PERIOD = {"from": "2026-03-01", "to": "2026-06-30"}


@pytest.fixture
def orders(given: Given, sign_in: Any) -> Orders:
    """Orders in few words."""
    return Orders(given, sign_in)


async def rates(client: AsyncClient, of: str = "all_items", by: str = "by_count", **asked: Any) -> list[str]:
    """The four rates as numerator/denominator."""
    said = done(await client.get(RATES, params=PERIOD | asked))
    assert tuple(one["rate"] for one in said["rates"]) == NAMES
    parts = [one[of][by] for one in said["rates"]]
    return [f"{part['numerator']}/{part['denominator']}" for part in parts]


async def counted(client: AsyncClient, rate: str, part: str, **asked: Any) -> list[str]:
    """The barcodes that a part of a rate is counted from."""
    page = done(await client.get(ITEMS, params=PERIOD | {"rate": rate, "part": part} | asked))
    return [one["barcode"] for one in page["items"]]


async def test_a_time_out_counts_once_for_what_came_of_it(given: Given, as_finance: AsyncClient) -> None:
    product = await given.product(purchase_price_pence=2000)
    await given.item(State.ON_LOAN, product=product)
    await given.item(State.RETURNED)
    await given.item(State.AWAITING_INSPECTION)
    again = await given.recycled()
    await given.loan(again)
    assert await rates(as_finance) == ["3/5", "1/3", "1/5", "1/5"]
    # 4,500 each but the one that is still out; below the floor of £30 it is left out of the second count.
    assert await rates(as_finance, by="by_value") == ["13500/20000", "4500/13500", "4500/20000", "4500/20000"]
    assert await rates(as_finance, of="above_floor") == ["3/4", "1/3", "1/4", "1/4"]
    assert await rates(as_finance, of="above_floor", floor_pence=4501) == ["0/0", "0/0", "0/0", "0/0"]
    assert await counted(as_finance, "recycled_issue_share", "numerator") == [again]
    assert len(await counted(as_finance, "collection_rate", "denominator")) == 5


async def test_what_was_never_with_a_client_is_not_collected(
    orders: Orders, given: Given, as_finance: AsyncClient
) -> None:
    product = await given.product()
    await given.items(1, product=product)
    order = await orders.dispatched(product)
    await given.scan(*[tag for tag in barcodes(order) if tag])
    await given.missing(lost := await given.item())
    await given.found(lost)
    assert await rates(as_finance) == ["0/0", "0/0", "0/0", "0/0"]
    said = done(await as_finance.get(RATES, params=PERIOD))
    assert {one["all_items"]["by_count"]["percent"] for one in said["rates"]} == {None}


async def test_what_went_missing_from_a_client_is_collected_when_it_is_found(
    given: Given, as_finance: AsyncClient
) -> None:
    barcode = await given.item(State.ON_LOAN)
    await given.missing(barcode)
    await given.found(barcode)
    assert await rates(as_finance) == ["1/1", "0/1", "0/1", "0/1"]


async def test_a_trial_that_goes_on_is_no_second_issue(given: Given, as_finance: AsyncClient) -> None:
    lent = await given.trial()
    collection = await given.collection(lent.barcode, client=lent.client_ref)
    assert collection.number
    assert (await rates(as_finance))[0] == "0/1"


async def test_what_came_used_into_the_books_is_recycled_from_its_first_issue(
    given: Given, connection: AsyncConnection, as_finance: AsyncClient
) -> None:
    barcode = await given.item()
    # As an import writes it: issued elsewhere, before these books.
    await connection.execute(text("UPDATE item SET times_issued = 1 WHERE barcode = :tag"), {"tag": barcode})
    await given.loan(barcode)
    assert (await rates(as_finance))[2] == "1/1"


async def test_the_two_bases_tell_the_events_of_a_period_from_the_fate_of_what_it_issued(
    given: Given, clock: Clock, as_finance: AsyncClient
) -> None:
    barcode = await given.item(State.ON_LOAN)
    clock.move(days=40)
    await given.scan(barcode)
    march = {"from": "2026-03-01", "to": "2026-03-31"}
    april = {"from": "2026-04-01", "to": "2026-04-30"}
    assert (await rates(as_finance, **march))[:2] == ["0/1", "0/0"]
    assert (await rates(as_finance, **april))[:2] == ["1/0", "0/1"]
    assert (await rates(as_finance, **march, basis="cohort"))[:2] == ["1/1", "0/1"]
    assert (await rates(as_finance, **april, basis="cohort"))[:2] == ["0/0", "0/0"]
    said = done(await as_finance.get(RATES, params=PERIOD))
    assert [(one["month"], one["all_items"]["collection_rate"]["by_count"]["percent"]) for one in said["months"]] == [
        ("2026-03", 0.0),
        ("2026-04", None),
        ("2026-05", None),
        ("2026-06", None),
    ]


async def test_the_same_as_at_gives_the_same_figures_after_more_has_happened(
    given: Given, clock: Clock, as_finance: AsyncClient
) -> None:
    back, out = await given.item(State.AWAITING_INSPECTION), await given.item(State.ON_LOAN)
    asked = [PERIOD | {"basis": basis, "as_at": clock.now.isoformat()} for basis in ("period", "cohort")]
    before = [done(await as_finance.get(RATES, params=one)) for one in asked]
    assert before[0]["rates"][0]["all_items"]["by_count"] == {"numerator": 1, "denominator": 2, "percent": 50.0}
    clock.move(days=1)
    await given.inspected(back)
    await given.released(back)
    await given.loan(back)
    await given.scan(out)
    await given.item(State.ON_LOAN)
    assert [done(await as_finance.get(RATES, params=one)) for one in asked] == before
    assert [done(await as_finance.get(RATES, params=one | {"as_at": "2026-03-02"}))["rates"] for one in asked] != []
    assert (await rates(as_finance, as_at="2026-03-02"))[0] == "1/2"
    assert await rates(as_finance) == ["2/4", "1/2", "1/4", "1/4"]
    drill = before[0]["rates"][0]["drill"]["numerator"]
    assert [one["barcode"] for one in done(await as_finance.get(drill))["items"]] == [back]


async def test_the_figures_of_a_store_a_product_a_category_and_a_funder(
    given: Given, connection: AsyncConnection, as_finance: AsyncClient
) -> None:
    await connection.execute(text("UPDATE team SET funder_id = (SELECT id FROM funder WHERE code = 'ASC')"))
    bed = await given.product("BED-1", category="18 12 10")
    await given.item(State.ON_LOAN, product=bed, store="COAST")
    await given.item(State.RETURNED)
    assert (await rates(as_finance))[0] == "1/2"
    for asked in ({"store": "COAST"}, {"product": "BED-1"}, {"category": "18"}):
        assert (await rates(as_finance, **asked))[0] == "0/1"
    assert (await rates(as_finance, funder="ASC"))[0] == "1/2"
    assert (await rates(as_finance, funder="ICB"))[0] == "0/0"


async def test_the_floor_is_that_of_the_credits(connection: AsyncConnection, as_finance: AsyncClient) -> None:
    assert done(await as_finance.get(RATES, params=PERIOD))["floor_pence"] == 3000
    await rate(connection, "credit", taper='[{"from_months": 0, "percent": 80}]', floor=1000)
    assert done(await as_finance.get(RATES, params=PERIOD))["floor_pence"] == 1000
    assert done(await as_finance.get(RATES, params=PERIOD | {"floor_pence": 0}))["floor_pence"] == 0


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"from": "2026-04-01", "to": "2026-03-01"}, "ends-before-it-starts"),
        ({"from": "2016-04-01", "to": "2026-03-01"}, "period-too-long"),
        ({"as_at": "2027-01-01"}, "as-at-in-the-future"),
        ({"as_at": "2020-01-01"}, "as-at-before-it-starts"),
        ({"store": "NOWHERE"}, "unknown-store"),
        ({"product": "NOTHING"}, "unknown-product"),
        ({"funder": "NOBODY"}, "unknown-funder"),
    ],
)
async def test_what_cannot_be_answered_is_refused_in_words(
    as_finance: AsyncClient, finance: Browser, asked: dict[str, str], code: str
) -> None:
    for address in (RATES, "/api/v1/finance/reports/cost-avoided"):
        check_problem(await as_finance.get(address, params=PERIOD | asked), 422, code)
    page = await finance.get("/finance/recycling", **(PERIOD | asked))
    assert page.status == 422


async def test_an_instant_without_a_zone_is_none(as_finance: AsyncClient) -> None:
    for wrong in ("yesterday", "2026-03-02T10:00:00", "2026-02-30"):
        check_problem(await as_finance.get(RATES, params=PERIOD | {"as_at": wrong}), 422, "malformed")


async def test_the_list_goes_on_and_two_statements_answer(
    given: Given, as_finance: AsyncClient, statements: Statements
) -> None:
    tags = sorted([await given.item(State.ON_LOAN) for _ in range(3)])
    asked = PERIOD | {"rate": "collection_rate", "part": "denominator", "limit": "2"}
    first = done(await as_finance.get(ITEMS, params=asked))
    rest = done(await as_finance.get(ITEMS, params=asked | {"after": first["next"]}))
    assert sorted(one["barcode"] for one in first["items"] + rest["items"]) == tags
    assert rest["next"] is None
    statements.clear()
    await as_finance.get(RATES, params=PERIOD)
    assert len([one for one in statements if "spell" in one or "floor_pence" in one]) == 2


async def test_the_page_draws_them_and_the_file_has_them(
    given: Given, finance: Browser, as_finance: AsyncClient
) -> None:
    barcode = await given.item(State.RETURNED)
    page = await finance.get("/finance/recycling", **PERIOD)
    assert "Whole-loop recovery" in page.text
    assert "100.0 %" in page.text
    assert "typically around 60 %" in page.text
    listed = await finance.get(
        "/finance/recycling/items", **(PERIOD | {"rate": "collection_rate", "part": "numerator"})
    )
    assert f'href="/items/{barcode}"' in str(listed.soup)
    file = await as_finance.get(RATES, params=PERIOD | {"format": "csv"})
    lines = file.text.splitlines()
    assert lines[0] == ("month,rate,of,numerator,denominator,percent,numerator,denominator,value_percent")
    assert lines[1] == "2026-03,collection_rate,all items,1,1,100.0,45.00,45.00,100.0"
    assert len(lines) == 1 + 5 * 8
    assert (await finance.get("/finance/recycling", **(PERIOD | {"format": "csv"}))).response.text == file.text


async def test_each_page_of_the_items_says_how_many_there_are_and_what_was_paid_for_them(
    given: Given, finance: Browser, as_finance: AsyncClient
) -> None:
    for _ in range(52):
        await given.item(State.ON_LOAN)
    await given.loan(await given.recycled())
    asked = PERIOD | {"rate": "collection_rate", "part": "denominator"}
    first = await finance.get("/finance/recycling/items", **asked)
    second = await finance.get(str(first.soup.select_one("a[rel=next]")["href"]))  # type: ignore[index]
    for page, shown in ((first, 50), (second, 4)):
        assert f"54 items, paid for with £2,430.00; {shown} of them are on this page." in page.text
    said = done(await as_finance.get(RATES, params=PERIOD))
    report = await finance.get("/finance/recycling", **PERIOD)
    for above, of in (("false", "all_items"), ("true", "above_floor")):
        for one in said["rates"]:
            for part in ("numerator", "denominator"):
                links = {
                    str(link["href"])
                    for link in report.soup.select("td a")
                    if f"rate={one['rate']}&part={part}&above_floor={above}" in str(link["href"])
                    and f"to={PERIOD['to']}" in str(link["href"])
                }
                [link] = links
                listed = (await finance.get(link)).text
                count, pence = one[of]["by_count"][part], one[of]["by_value"][part]
                assert f"{count} item{'' if count == 1 else 's'}, paid for with £{pence / 100:,.2f}" in listed, link


async def test_what_counts_as_an_issue_is_what_the_lifecycle_says(query: Query) -> None:
    pairs = [*MOVES, (State.IN_STOCK, Move.RECEIVE)]
    values = ", ".join(f"('{state.value}', '{move.value}')" for state, move in pairs)
    rows = await query(f"SELECT from_state, move FROM (VALUES {values}) AS movement (from_state, move) WHERE {OUT}")  # noqa: S608
    assert {(row["from_state"], row["move"]) for row in rows} == {
        (state.value, move.value) for state, move in pairs if is_issue(state, move)
    }
