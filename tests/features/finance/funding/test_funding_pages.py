"""Pages of who pays: a draft that several pay for, disputes and their settling, funders, teams and top-ups."""

from tests.browser import Browser
from tests.conftest import Query
from tests.features.finance.funding.test_funding import delivered, stands
from tests.features.ordering.conftest import Orders
from tests.given import Given

SETTLE = {"settlement": "Agreed at the meeting of both boards."}


async def test_several_pay_for_a_draft_and_it_is_said_that_they_do_not_agree(
    orders: Orders, given: Given, ot: Browser
) -> None:
    draft = await orders.draft(await given.product())
    url = f"/orders/{draft['number']}/details"
    page = await ot.post_form(url, **{"percent-ASC": "60", "percent-ICB": "39.99"})
    assert (page.status, page.errors["main-content"]) == (
        422,
        "The shares come to 99.99 %. They must come to exactly 100 %, such as 33.34, 33.33 and 33.33.",
    )
    page = await ot.post_form(url, **{"percent-ASC": "x"})
    assert "percent-ASC" in page.errors
    thirds = {"percent-ASC": "33.34", "percent-ICB": "33.33", "percent-CHC": "33.33"}
    page = await ot.post_form(url, **thirds, funding_not_agreed="The board has not said yes.")
    assert page.goes_to == f"/orders/{draft['number']}"
    page = await ot.get(f"/orders/{draft['number']}")
    assert "33.34 %, £15.00" in page.text
    assert "Not agreed: provide now, settle later. The board has not said yes." in page.text
    form = (await ot.get(url)).form(url)
    assert form.select_one("#percent-ICB")["value"] == "33.33"  # type: ignore[index]


async def test_a_dispute_is_opened_looked_at_and_settled(
    orders: Orders, given: Given, query: Query, finance: Browser, manager: Browser
) -> None:
    number, _ = await delivered(orders, given)
    assert "Enter" not in (await finance.get("/finance/funding")).text
    assert (await finance.get("/finance/funding?order=O999999")).status == 422
    found = await finance.get(f"/finance/funding?order={number.lower()}")
    assert found.goes_to == f"/finance/funding/{number}"
    here = f"/finance/funding/{number}"
    page = await finance.post_form(f"{here}/dispute", on=here, not_agreed="")
    assert page.errors == {"not_agreed": "Say what is not agreed."}
    page = await finance.post_form(f"{here}/dispute", on=here, not_agreed="The council says that the board pays.")
    place = str(page.goes_to)
    page = await finance.get("/finance/disputes")
    assert "28 days left" in page.text
    page = await finance.get(place)
    assert "£100.01" in page.text
    split = {"percent-ASC": "", "percent-ICB": "70", "percent-CHC": "30"}
    page = await finance.post_form(f"{place}/settle", on=place, **split, **SETTLE, look="yes")
    assert page.status == 200
    assert "Gets back £100.01" in page.text
    assert "Pays £70.01 more" in page.text
    assert await stands(query) == {"ASC": 10_001}
    page = await finance.send(page, f"{place}/settle", **{"percent-CHC": "29.99"})
    assert "The shares come to 99.99 %." in page.text
    page = await finance.send(page, f"{place}/settle", **{"percent-CHC": "30"}, settlement="")
    assert page.errors == {"settlement": "Say how it was agreed, and by whom."}
    page = await finance.send(page, f"{place}/settle", **SETTLE)
    assert page.goes_to == place
    assert await stands(query) == {"CHC": 3_000, "ICB": 7_001}
    assert "Agreed at the meeting" in (await finance.get(place)).text
    assert number in (await finance.get("/finance/disputes?show=settled")).text
    # Who sees costs and settles nothing reads it all the same.
    assert "Settle it" not in (await manager.get(place)).text
    assert "Chc" not in (await manager.get(f"/orders/{number}")).text


async def test_a_split_is_changed_while_nothing_is_charged(orders: Orders, given: Given, finance: Browser) -> None:
    product = await given.product()
    await given.items(1, product=product)
    order = await orders.submitted(product)
    here = f"/finance/funding/{order['number']}"
    assert (await finance.get(here)).soup.find(id="percent-ASC")["value"] == "100"  # type: ignore[index]
    page = await finance.post_form(f"{here}/split", on=here, **{"percent-ASC": "", "percent-ICB": "100"}, reason="")
    assert page.errors == {"reason": "Say why."}
    page = await finance.send(page, f"{here}/split", reason="It was sent under the wrong funder.")
    assert page.goes_to == here
    assert [one["funder"] for one in (await orders.get(order["number"]))["funding"]] == ["ICB"]


async def test_funders_teams_and_top_ups_are_kept(orders: Orders, given: Given, query: Query, finance: Browser) -> None:
    new = {"code": "MINE", "name": "Own money", "side": "social_care", "kind": "person"}
    page = await finance.post_form("/finance/funders/new", **{**new, "kind": None})
    assert page.errors == {"kind": "Choose what it is in the national return."}
    assert (await finance.send(page, "/finance/funders/new", **new)).goes_to == "/finance/funders"
    page = await finance.post_form("/finance/funders/MINE", kind="other")
    assert "stays so" in page.errors["kind"]
    page = await finance.post_form("/finance/funders/MINE", name="Own money of persons")
    assert page.goes_to == "/finance/funders"
    [team] = await query("SELECT code FROM team ORDER BY code LIMIT 1")
    url = f"/finance/teams/{team['code']}"
    page = await finance.post_form(url, funder="CHC", cost_centre="T-9")
    assert page.goes_to == "/finance/funders"
    # What is sent empty clears nothing: that the service itself pays is a choice of its own.
    for empty in ("", None):
        page = await finance.post_form(url, funder=empty, cost_centre="T-9")
        assert page.errors == {"funder": "Choose who pays, a funder or the service itself."}
    assert (await query("SELECT count(funder_id) AS paid FROM team WHERE cost_centre = 'T-9'")) == [{"paid": 1}]
    assert (await finance.post_form(url, funder="none", cost_centre="T-9")).goes_to == "/finance/funders"
    assert (await query("SELECT count(funder_id) AS paid FROM team WHERE cost_centre = 'T-9'")) == [{"paid": 0}]
    page = await finance.get("/finance/funders")
    assert [words for words in ("Own money of persons", "T-9") if words in page.text] == ["Own money of persons", "T-9"]

    number, barcode = await delivered(orders, given)
    plain = await given.product(purchase_price_pence=6_000)
    here = f"/finance/funding/{number}/top-up"
    said = {"barcode": barcode, "alternative_product_code": plain, "funder": "MINE", "amount": "40.02"}
    day = {"agreed_on-day": "2", "agreed_on-month": "3", "agreed_on-year": "2026"}
    words = {"agreement": "They know the plain one is free, and want this.", "confirmed_by": "ot"} | {
        "told_not_paid_back": "true"
    }
    page = await finance.post_form(here, **said, **day, **words)
    assert page.status == 422
    assert "at most £40.01" in page.text
    page = await finance.send(page, here, amount="40.01")
    assert page.goes_to == f"/finance/funding/{number}"
    assert await stands(query) == {"ASC": 6_000, "MINE": 4_001}
    page = await finance.get(f"/finance/funding/{number}")
    assert "Take back" in page.text
    assert ["Own money of persons", "Only a top-up", "£40.01", "£40.01"] in page.table()
    [made] = await query("SELECT id FROM order_top_up")
    page = await finance.post_form(
        f"/finance/top-ups/{made['id']}/withdraw", reason="They changed their mind about it."
    )
    assert page.goes_to == f"/finance/funding/{number}"
    assert await stands(query) == {"ASC": 10_001}
