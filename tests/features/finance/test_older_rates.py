"""A rate that is replaced back-dated, in a month that is open: lines keep their price, and everybody is told which."""

from typing import Any

from httpx import AsyncClient

from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.finance.conftest import Lines, Rates
from tests.features.ordering.conftest import done
from tests.given import Given

API = "/api/v1/finance"
DEAR = {"starts_on": "2026-03-03", "pence": 2_500, "replaces": True}
WHY = {"reason": "The new rate holds for it."}


async def clean(given: Given, clock: Clock, times: int = 2) -> None:
    """Things that came back and were cleaned, one a day from 2 March on."""
    for _ in range(times + 1):
        await given.recycled()
        clock.move(days=1)


async def prices(as_finance: AsyncClient) -> dict[str, Any]:
    """What the reconciliation of the month says of prices."""
    told = done(await as_finance.get(f"{API}/reconciliation", params={"period": "2026-03"}))
    return next(one for one in told["checks"] if one["check"] == "prices")


async def test_lines_that_stay_at_the_rate_before_are_told_until_they_are_put_right(
    as_finance: AsyncClient, finance: Browser, given: Given, clock: Clock, rate: Rates, lines: Lines, query: Query
) -> None:
    old = await rate("decontamination", pence=900)
    assert old["staying"] == []
    await clean(given, clock)
    assert (await prices(as_finance))["apart"] == 0
    new = await rate("decontamination", **DEAR)
    charged = await query(
        "SELECT id, happened_on::text AS day, amount_pence AS pence FROM charge "
        "WHERE kind = 'decontamination' ORDER BY id"
    )
    assert {one["pence"] for one in charged} == {900}
    stay = [one["id"] for one in charged if one["day"] >= "2026-03-03"]
    assert 0 < len(stay) < len(charged)
    said = f"{len(stay)} lines of 3 March 2026 or later were priced by rate {old['id']} before it was given its end"
    url = f"/finance/charges?tariff={old['id']}&older_rate=true"
    assert [(one["tariff_id"], one["lines"], one["url"]) for one in new["staying"]] == [(old["id"], len(stay), url)]
    assert said in new["staying"][0]["detail"]
    for one in (old, new):
        assert done(await as_finance.get(f"{API}/tariffs/{one['id']}"))["staying"] == new["staying"]
        page = await finance.get(f"/finance/tariffs/{one['id']}")
        assert said in page.text
        assert url in {str(link["href"]) for link in page.soup.select("main a")}
    assert [one["id"] for one in await lines(tariff=old["id"], older_rate=True)] == stay
    assert "Only what stays at a rate that was replaced" in (await finance.get(url)).text
    told = await prices(as_finance)
    assert (told["differences"], told["apart"]) == (0, len(stay))
    assert "when it was posted" in told["proves"]
    compared = (await finance.get("/finance/reconciliation?period=2026-03")).text
    assert f"Told apart: {len(stay)} that are lines whose rate was replaced or ended since" in compared
    for one in stay:
        again = {"instead": {"pence": 2_500}} | WHY
        done(await as_finance.post(f"{API}/charges/{one}/reverse", json=again), 201)
    assert (await prices(as_finance))["apart"] == 0
    assert done(await as_finance.get(f"{API}/tariffs/{old['id']}"))["staying"] == []


async def test_a_rate_that_is_ended_back_dated_says_the_same(
    as_finance: AsyncClient, finance: Browser, given: Given, clock: Clock, rate: Rates
) -> None:
    old = await rate("decontamination", pence=900)
    await clean(given, clock)
    last = {"ends_on-day": "2", "ends_on-month": "3", "ends_on-year": "2026"}
    sent = await finance.post_form(f"/finance/tariffs/{old['id']}", reason="It is charged no more.", **last)
    shown = await finance.follow(sent)
    assert "Lines that were posted before stay at the older rate" in shown.banner
    assert "were priced by rate" in shown.text


async def test_nights_before_the_change_stay_at_no_older_rate(
    as_finance: AsyncClient, given: Given, clock: Clock, rate: Rates
) -> None:
    bed = await given.product()
    old = await rate("hire", pence=150, product_code=bed)
    lent = await given.loan((await given.items(1, product=bed))[0])
    clock.move(days=8)
    # Known before it came back: of eight nights from 2 March the last two are the new rate's.
    await rate("hire", pence=200, product_code=bed, starts_on="2026-03-08", replaces=True)
    await given.scan(lent.barcode)
    assert done(await as_finance.get(f"{API}/tariffs/{old['id']}"))["staying"] == []
    # Afterwards: two of the six nights that the old one priced would be another's.
    newer = await rate("hire", pence=180, product_code=bed, starts_on="2026-03-06", ends_on="2026-03-07", replaces=True)
    assert [one["lines"] for one in newer["staying"]] == [1]
