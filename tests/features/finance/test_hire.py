"""What is hired is charged by the rate of each night, also where rates change while it is out."""

from typing import Any

from httpx import AsyncClient

from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.finance.billing import usual_rates
from tests.features.finance.conftest import Rates
from tests.features.finance.funding.test_funding import API
from tests.features.finance.test_put_right_adds_up import Same
from tests.features.finance.test_put_right_adds_up import agrees as agrees  # noqa: PLC0414 - a fixture
from tests.features.ordering.conftest import done
from tests.given import Given

NIGHTS = """
    SELECT charge.id, tariff_id, quantity, amount_pence AS pence, vat_pence AS vat, is_unpriced FROM charge
    WHERE kind = 'hire' AND NOT is_issue AND reversal_of IS NULL
      AND NOT EXISTS (SELECT FROM charge AS undone WHERE undone.reversal_of = charge.id) ORDER BY id
"""


async def nights(query: Query) -> list[tuple[Any, ...]]:
    """What stands charged of nights: by which rate, how many, net, tax, and whether there was no rate."""
    names = ("tariff_id", "quantity", "pence", "vat", "is_unpriced")
    return [tuple(row[name] for name in names) for row in await query(NIGHTS)]


async def test_each_night_has_the_rate_of_then(
    given: Given,
    query: Query,
    clock: Clock,
    connection: Any,
    rate: Rates,
    as_finance: AsyncClient,
    auditor: Browser,
    agrees: Same,
) -> None:
    await usual_rates(connection)
    product = await given.product()
    cheap = await rate("hire", pence=150, vat_percent=20, product_code=product)
    lent = await given.loan((await given.items(1, product=product))[0])
    dear = {"starts_on": "2026-03-09", "replaces": True}
    later = await rate("hire", pence=200, product_code=product, **dear)
    clock.move(days=12)
    accrued = done(await as_finance.get(f"{API}/reports/accruals", params={"as_at": clock.today.isoformat()}))
    assert accrued["totals"]["accrued_pence"] == 7 * 150 + 5 * 200
    await given.scan(lent.barcode)
    assert await nights(query) == [(cheap["id"], 7, 1_050, 210, False), (later["id"], 5, 1_000, 0, False)]
    await agrees("it is back")
    first = (await query(NIGHTS))[0]["id"]
    page = await auditor.get(f"/finance/charges/{first}")
    assert "Nights from 2 March 2026" in page.text
    assert "7 times £1.50 each" in page.text


async def test_what_comes_back_on_the_day_it_went_out_is_charged_for_one_night_and_says_so(
    given: Given,
    query: Query,
    clock: Clock,
    connection: Any,
    rate: Rates,
    as_finance: AsyncClient,
    auditor: Browser,
    agrees: Same,
) -> None:
    await usual_rates(connection)
    product = await given.product()
    hired = await rate("hire", pence=150, product_code=product)
    lent = await given.loan((await given.items(1, product=product))[0])
    asked = {"as_at": clock.today.isoformat()}
    accrued = done(await as_finance.get(f"{API}/reports/accruals", params=asked))
    assert (accrued["totals"]["accrued_pence"], "one night at least" in accrued["definition"]) == (150, True)
    ledger = f"{API}/items/{lent.barcode}"
    before = done(await as_finance.get(ledger))
    assert (before["nights"], before["nights_charged"]) == (0, None)
    await given.scan(lent.barcode)
    assert await nights(query) == [(hired["id"], 1, 150, 0, False)]
    after = done(await as_finance.get(ledger))
    assert (after["nights"], after["nights_charged"]) == (0, 1)
    shown = (await auditor.get(f"/finance/items/{lent.barcode}")).text
    assert "1, one at least each time it was out" in shown
    [line] = [one["id"] for one in after["lines"] if one["kind"] == "hire" and one["amount_pence"]]
    for page in (f"/finance/tariffs/{hired['id']}", "/finance/tariffs", f"/finance/charges/{line}"):
        assert "one night at least" in (await auditor.get(page)).text, page
    await agrees("it is back")


async def test_nights_without_a_rate_wait_for_theirs(
    given: Given, query: Query, clock: Clock, connection: Any, rate: Rates, as_finance: AsyncClient, agrees: Same
) -> None:
    await usual_rates(connection)
    product = await given.product()
    early = await rate("hire", pence=150, product_code=product, ends_on="2026-03-04")
    late = await rate("hire", pence=200, product_code=product, starts_on="2026-03-07")
    lent = await given.loan((await given.items(1, product=product))[0])
    clock.move(days=12)
    await given.scan(lent.barcode)
    before = [(early["id"], 3, 450, 0, False), (None, 2, 0, 0, True), (late["id"], 7, 1_400, 0, False)]
    assert await nights(query) == before
    await agrees("it is back")
    # By the rate of the day on which it came back it would be known already.
    done(await as_finance.post(f"{API}/charges/price-unpriced"))
    assert await nights(query) == before
    clock.move(hours=1)
    between = await rate("hire", pence=170, product_code=product, starts_on="2026-03-05", ends_on="2026-03-06")
    done(await as_finance.post(f"{API}/charges/price-unpriced"))
    assert sorted((await nights(query)), key=str) == sorted(
        [before[0], (between["id"], 2, 340, 0, False), before[2]], key=str
    )
    await agrees("they are priced")
