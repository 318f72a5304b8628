"""Charges: found, added up, taken back with others instead, and priced when their rate comes late."""

from datetime import date, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.lifecycle import State
from app.features.finance.monthly.sums import NOTE, SUM_UP
from tests.browser import Browser, shown_in
from tests.conftest import Clock, Query, Statements
from tests.features.finance.conftest import Lines, Rates
from tests.features.finance.test_tariffs import close
from tests.features.ordering.conftest import Orders
from tests.given import Given
from tests.problems import check_problem

URL = "/api/v1/finance/charges"
WHY = "The invoice had another price."
THIRDS = [{"funder": code, "percent": part} for code, part in (("ASC", 33.34), ("ICB", 33.33), ("CHC", 33.33))]


def summed(lines: list[dict[str, Any]]) -> list[tuple[str, str | None, int]]:
    """Kind, funder and sum of each."""
    return [(line["kind"], line["funder"], line["amount_pence"]) for line in lines]


async def test_lines_are_found_by_what_is_asked_and_the_sums_are_of_all_of_them(
    as_finance: AsyncClient, as_auditor: AsyncClient, given: Given, rate: Rates, lines: Lines
) -> None:
    await rate("credit", percent=80)
    await rate("decontamination", pence=1_250, vat_percent=20)
    product = await given.product(purchase_price_pence=10_001)
    barcode = await given.item(State.AWAITING_INSPECTION, product=product)
    other = await given.item(State.ON_LOAN)
    found = await lines(barcode=barcode)
    assert summed(found) == [
        ("new_purchase", "ASC", 10_001),
        ("credit", "ASC", -8_001),
        ("decontamination", "ASC", 1_250),
    ]
    page = (await as_finance.get(URL, params={"barcode": barcode, "limit": 2})).json()
    assert page["totals"] == {"lines": 3, "issues": 1, "net_pence": 3_250, "vat_pence": 250}
    rest = (await as_finance.get(URL, params={"barcode": barcode, "limit": 2, "after": page["next"]})).json()
    assert [line["id"] for line in (*page["items"], *rest["items"])] == [line["id"] for line in found][::-1]
    for asked, count in (
        ({"product_code": product}, 3),
        ({"kind": "credit"}, 1),
        ({"funder": "asc", "period": "2026-03"}, 4),
        ({"funder": "none"}, 0),
        ({"period": "2026-02"}, 0),
        ({"from": "2026-03-02", "to": "2026-03-02"}, 4),
        ({"to": "2026-03-01"}, 0),
        ({"team": "west"}, 4),
        ({"order": "O000001"}, 0),
        ({"unpriced": "true"}, 0),
        ({"provisional": "true"}, 0),
        ({"barcode": f"{other[:2]}-{other[2:]}"}, 1),
        ({"tariff": found[1]["tariff_id"]}, 1),
    ):
        answer = (await as_finance.get(URL, params=asked)).json()
        assert (len(answer["items"]), answer["totals"]["lines"]) == (count, count), asked
    empty = (await as_finance.get(URL, params={"period": "2031-01"})).json()
    assert empty == {
        "items": [],
        "next": None,
        "totals": {"lines": 0, "issues": 0, "net_pence": 0, "vat_pence": 0},
        "since": None,
    }
    # Who prescribed is for those who may see costs by prescriber.
    [seen], [hidden] = (
        await lines(barcode=other),
        (await as_auditor.get(URL, params={"barcode": other})).json()["items"],
    )
    assert (seen["prescriber"], hidden["prescriber"]) == ("ot", None)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, "ends-before-it-starts"),
        ({"from": "2016-04-01", "to": "2026-03-31"}, "period-too-long"),
        ({"from": "2021-02-01", "to": "2026-03-01"}, "period-too-long"),
        ({"period": "2026-13"}, "not-a-period"),
        ({"period": "0000-01"}, "not-a-period"),
        ({"period": "March"}, "not-a-period"),
        ({"kind": "theft"}, "malformed"),
        ({"funders": "ASC"}, "unknown-parameter"),
        ({"after": "x"}, "bad-cursor"),
    ],
)
async def test_what_cannot_be_asked_is_said(as_finance: AsyncClient, asked: dict[str, str], code: str) -> None:
    check_problem(await as_finance.get(URL, params=asked), 422, code)


async def test_five_years_and_a_month_are_not_too_long(as_finance: AsyncClient) -> None:
    asked = {"from": "2021-02-01", "to": "2026-02-28"}
    assert (await as_finance.get(URL, params=asked)).status_code == 200


async def test_a_charge_is_taken_back_once_and_nothing_else_is(
    as_finance: AsyncClient, given: Given, lines: Lines, query: Query
) -> None:
    product = await given.product(purchase_price_pence=10_001)
    barcode = await given.item(State.ON_LOAN, product=product)
    [bought] = await lines(barcode=barcode)
    url = f"{URL}/{bought['id']}/reverse"
    for reason in ("", "oops"):
        check_problem(await as_finance.post(url, json={"reason": reason}), 422, "malformed")
    done = await as_finance.post(url, json={"reason": WHY})
    assert done.status_code == 201, done.text
    assert done.json()["instead"] == []
    [undone] = done.json()["reversed"]
    assert (undone["amount_pence"], undone["reversal_of"], undone["because"]) == (-10_001, bought["id"], WHY)
    assert undone["posting_id"] != bought["posting_id"]
    [first, _] = await lines(barcode=barcode)
    assert first["reversed_by"] == undone["id"]
    check_problem(await as_finance.post(url, json={"reason": WHY}), 409, "already-reversed")
    check_problem(
        await as_finance.post(f"{URL}/{undone['id']}/reverse", json={"reason": WHY}), 409, "already-a-reversal"
    )
    check_problem(await as_finance.post(f"{URL}/999/reverse", json={"reason": WHY}), 404, "unknown-charge")
    check_problem(await as_finance.get(f"{URL}/999"), 404, "unknown-charge")
    [trail] = await query("SELECT subject, detail FROM audit_event WHERE action = 'charge_reversed'")
    assert (trail["subject"], trail["detail"]["pence"]) == (f"charge:{bought['id']}", 10_001)


async def test_what_comes_instead_is_split_to_the_penny_and_the_credit_follows_it(
    as_finance: AsyncClient, given: Given, rate: Rates, lines: Lines
) -> None:
    await rate("credit", percent=50)
    barcode = await given.item(State.ON_LOAN, product=await given.product(purchase_price_pence=10_001))
    [bought] = await lines(barcode=barcode)
    instead = {"pence": 10_000, "funding": THIRDS}
    done = await as_finance.post(f"{URL}/{bought['id']}/reverse", json={"reason": WHY, "instead": instead})
    assert summed(done.json()["instead"]) == [
        ("new_purchase", "ASC", 3_334),
        ("new_purchase", "ICB", 3_333),
        ("new_purchase", "CHC", 3_333),
    ]
    assert {line["corrects_id"] for line in done.json()["instead"]} == {bought["id"]}
    assert all(line["is_issue"] and line["movement_seq"] == bought["movement_seq"] for line in done.json()["instead"])
    await given.scan(barcode)
    credits = [line for line in await lines(barcode=barcode) if line["kind"] == "credit"]
    assert summed(credits) == [("credit", "ASC", -1_667), ("credit", "ICB", -1_667), ("credit", "CHC", -1_666)]
    # One of three lines is named; all three are taken back together, the service bears it.
    third = done.json()["instead"][2]["id"]
    own = {"reason": WHY, "instead": {"funding": [{"percent": 100}]}}
    again = (await as_finance.post(f"{URL}/{third}/reverse", json=own)).json()
    assert [line["amount_pence"] for line in again["reversed"]] == [-3_334, -3_333, -3_333, 1_667, 1_667, 1_666]
    assert summed(again["instead"]) == [("new_purchase", None, 10_000), ("credit", None, -5_000)]
    totals = (await as_finance.get(URL, params={"barcode": barcode})).json()["totals"]
    assert (totals["lines"], totals["net_pence"]) == (16, 5_000)


@pytest.mark.parametrize(
    ("instead", "code"),
    [
        ({}, "nothing-instead"),
        ({"pence": -1}, "wrong-sign"),
        ({"funding": [{"funder": "ASC", "percent": 99.99}]}, "funding-not-100-percent"),
        ({"funding": [{"funder": "ASC", "percent": 50}, {"funder": "asc", "percent": 50}]}, "funder-twice"),
        ({"funding": [{"funder": "ASC", "percent": 33.333}, {"funder": "ICB", "percent": 66.667}]}, "bad-percentage"),
        ({"funding": [{"funder": "NHS", "percent": 100}]}, "unknown-funder"),
        ({"funding": []}, "funding-not-100-percent"),
        ({"pence": "lots"}, "malformed"),
    ],
)
async def test_what_cannot_come_instead_is_refused_and_nothing_is_taken_back(
    as_finance: AsyncClient, given: Given, lines: Lines, instead: dict[str, Any], code: str
) -> None:
    barcode = await given.item(State.ON_LOAN)
    [bought] = await lines(barcode=barcode)
    body = {"reason": WHY, "instead": instead}
    check_problem(await as_finance.post(f"{URL}/{bought['id']}/reverse", json=body), 422, code)
    assert len(await lines(barcode=barcode)) == 1


async def test_the_credit_of_an_issue_follows_it(
    as_finance: AsyncClient, given: Given, rate: Rates, lines: Lines, connection: AsyncConnection
) -> None:
    await rate("credit", percent=90, vat_percent=20)
    product = await given.product(purchase_price_pence=4_000)
    barcode = await given.item(State.RETURNED, product=product)
    bought, credit = await lines(barcode=barcode)
    await close(connection, "2026-03-01")
    body = {"reason": WHY, "instead": {"pence": 1_001, "funding": THIRDS}}
    done = (await as_finance.post(f"{URL}/{bought['id']}/reverse", json=body)).json()
    assert summed(done["reversed"]) == [("new_purchase", "ASC", -4_000), ("credit", "ASC", 3_600)]
    assert summed(done["instead"]) == [
        ("new_purchase", "ASC", 334),
        ("new_purchase", "ICB", 334),
        ("new_purchase", "CHC", 333),
        ("credit", "ASC", -301),
        ("credit", "ICB", -300),
        ("credit", "CHC", -300),
    ]
    anew = done["instead"][3]
    assert (anew["basis"], anew["tariff_id"], anew["corrects_id"]) == (
        "90 % of £10.01",
        credit["tariff_id"],
        credit["id"],
    )
    assert {line["period"] for line in (*done["reversed"], *done["instead"])} == {"2026-04"}
    too_much = {"reason": WHY, "instead": {"pence": -1_002}}
    check_problem(await as_finance.post(f"{URL}/{anew['id']}/reverse", json=too_much), 422, "credited-too-much")
    above = {"reason": WHY, "instead": {"pence": 1}}
    check_problem(await as_finance.post(f"{URL}/{anew['id']}/reverse", json=above), 422, "wrong-sign")
    gone = (await as_finance.post(f"{URL}/{done['instead'][0]['id']}/reverse", json={"reason": WHY})).json()
    assert (len(gone["reversed"]), gone["instead"]) == (6, [])
    totals = (await as_finance.get(URL, params={"barcode": barcode})).json()["totals"]
    assert (totals["net_pence"], totals["vat_pence"]) == (0, 0)


async def test_a_part_in_percent_is_written_plainly_and_no_person_is_among_those_to_choose(
    as_finance: AsyncClient, finance: Browser, given: Given, lines: Lines
) -> None:
    [bought] = await lines(barcode=await given.item(State.ON_LOAN))
    here = f"/finance/charges/{bought['id']}"
    for typed in ("\uff11\uff10\uff10", "1e2"):
        body = {"reason": WHY, "instead": {"funding": [{"funder": "ASC", "percent": typed}]}}
        assert (await as_finance.post(f"{URL}/{bought['id']}/reverse", json=body)).status_code == 422
        part = {"funder-1": "ASC", "percent-1": typed}
        wrong = await finance.post_form(here, reason=WHY, what="both", pence="1e3", **part)
        assert set(wrong.errors) == {"pence", "percent-1"}
    page = await finance.get(here)
    assert "A person's own top-up" not in page.text
    assert "Adult social care" in page.text


async def test_a_charge_of_a_closed_month_is_put_right_in_the_first_open_one(
    as_finance: AsyncClient, given: Given, lines: Lines, connection: AsyncConnection
) -> None:
    barcode = await given.item(State.ON_LOAN)
    [bought] = await lines(barcode=barcode)
    await close(connection, "2026-03-01")
    body = {"reason": WHY, "instead": {"pence": 5}}
    done = (await as_finance.post(f"{URL}/{bought['id']}/reverse", json=body)).json()
    found = {(line["period"], line["happened_on"]) for line in (*done["reversed"], *done["instead"])}
    assert found == {("2026-04", "2026-03-02")}


async def test_what_had_no_rate_is_priced_when_one_comes_the_issue_before_its_credit(
    as_finance: AsyncClient, given: Given, rate: Rates, lines: Lines, query: Query, statements: Statements
) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION, product=await given.product(purchase_price_pence=10_000))
    assert [line["kind"] for line in await lines(unpriced=True)] == ["credit", "decontamination"]
    nothing = await as_finance.post(f"{URL}/price-unpriced")
    assert nothing.json() == {"priced": 0, "net_pence": 0, "still_unpriced": 2}
    await rate("credit", taper=[{"from_months": 0, "percent": 90}], floor_pence=3_000)
    await rate("decontamination", pence=900, starts_on="2026-03-03")
    for period, priced in (("2026-02", 0), ("2026-03", 1), ("2026-03", 0)):
        done = (await as_finance.post(f"{URL}/price-unpriced", json={"period": period})).json()
        assert done["priced"] == priced, period
    assert summed(await lines(barcode=barcode)) == [
        ("new_purchase", "ASC", 10_000),
        ("credit", "ASC", 0),
        ("decontamination", "ASC", 0),
        ("credit", "ASC", 0),
        ("credit", "ASC", -9_000),
    ]
    last = (await lines(barcode=barcode))[-1]
    assert (last["basis"], last["because"]) == ("90 % of £100 after 0 months", "A rate for its day was entered later.")
    trail = await query("SELECT subject, detail FROM audit_event WHERE action = 'charges_priced'")
    assert [(line["subject"], line["detail"]["priced"]) for line in trail] == [("charges:2026-03", 1)]
    check_problem(await as_finance.post(f"{URL}/price-unpriced", json={"period": "soon"}), 422, "not-a-period")


async def test_many_without_a_rate_are_priced_by_as_many_statements_as_one(
    as_finance: AsyncClient, given: Given, rate: Rates, statements: Statements
) -> None:
    for barcode in await given.items(3):
        await given.loan(barcode)
        await given.scan(barcode)
    await rate("credit", percent=50)
    statements.clear()
    assert (await as_finance.post(f"{URL}/price-unpriced")).json()["priced"] == 3
    assert len(statements) <= 11


async def test_the_list_shows_what_is_to_be_done_and_its_sums(
    finance: Browser, auditor: Browser, given: Given, rate: Rates, statements: Statements
) -> None:
    barcode = await given.item(State.RETURNED)
    statements.clear()
    page = await finance.get("/finance/charges")
    assert len(statements) <= 6
    assert "1 line without a rate" in page.text
    assert page.soup.find(id="period")["value"] == "2026-03"  # type: ignore[index]
    assert page.soup.select("table caption")[0].get_text(strip=True) == "Sums of all lines that fit"
    assert "Price them" not in (await auditor.get("/finance/charges")).text
    await rate("credit", percent=50)
    priced = await finance.post_form("/finance/charges/price-unpriced", on="/finance/charges")
    assert "1 charge priced" in (await finance.follow(priced)).banner
    shown = await finance.get("/finance/charges", barcode=barcode)
    states = [row[-1] for row in shown.table()[1:]]
    assert [state.split(" line")[0] for state in states] == ["Instead of", "Takes back", "Taken back by", ""]
    nothing = await finance.get("/finance/charges?funder=ICB")
    assert "No line fits" in nothing.text
    wrong = await finance.get("/finance/charges?from=2016-01-01&to=2026-01-01")
    assert (wrong.status, set(wrong.errors)) == (422, {"to"})


async def test_what_no_funder_pays_is_counted_at_the_top(
    finance: Browser, given: Given, connection: AsyncConnection
) -> None:
    await connection.execute(text("UPDATE team SET funder_id = NULL"))
    await given.item(State.ON_LOAN)
    page = await finance.get("/finance/charges")
    assert "1 line that a funder should pay" in " ".join(page.text.split())
    # A visit that nobody pays for waits as an issue does, here and on the start page; what is written off does not.
    barcode = await given.item()
    await given.collection(barcode)
    await given.scan(barcode)
    await given.scrapped(await given.item(State.IN_STOCK))
    listed = " ".join((await finance.get("/finance/charges")).text.split())
    assert "3 lines that a funder should pay" in listed
    assert "1 line of write-offs" in listed
    assert "3 charges that nobody is said to pay" in " ".join((await finance.get("/")).text.split())
    shown = " ".join((await finance.get("/finance/charges?nobodys=true")).text.split())
    assert "Collection" in shown
    assert "Write-off" not in shown.split("Sums of all lines that fit")[1]


async def test_what_nothing_bounds_is_of_the_last_twelve_months_and_says_so(
    as_finance: AsyncClient, finance: Browser, given: Given, rate: Rates, clock: Clock
) -> None:
    await given.item(State.ON_LOAN)
    clock.move(days=330)
    for asked, count, since in (
        ({}, 1, "2026-02-01"),
        ({"funder": "asc", "to": "2026-03-05"}, 1, "2025-04-01"),
        ({"to": "1999-03-05"}, 0, None),
        ({"to": "0001-01-01"}, 0, None),
    ):
        page = (await as_finance.get(URL, params=asked)).json()
        assert (page["totals"]["lines"], page["since"]) == (count, since), asked
    clock.move(days=70)
    assert (await as_finance.get(URL)).json()["totals"]["lines"] == 0
    assert (await as_finance.get(URL, params={"from": "2026-01-01"})).json()["totals"]["lines"] == 1
    shown = await finance.get("/finance/charges", team="WEST")
    assert "Only what happened since 1 May 2026: the last twelve months." in shown.text
    assert shown_in(shown.form("/finance/charges", ["barcode"]))["from"] == ["2026-05-01"]
    assert "Only what happened since" not in (await finance.get("/finance/charges?unpriced=true")).text


async def test_the_form_that_nobody_filled_in_asks_for_what_is_shown_and_everything_is_a_click_away(
    finance: Browser, given: Given, rate: Rates
) -> None:
    await given.item(State.ON_LOAN)
    page = await finance.get("/finance/charges")
    untouched = shown_in(page.form("/finance/charges", ["barcode"]))
    assert {name for name, (value,) in untouched.items() if value} == {"period"}
    again = await finance.get("/finance/charges", **untouched)
    assert (again.status, again.table()) == (200, page.table())
    [everything] = [link for link in again.soup.select("main a") if link.get_text(strip=True) == "Show everything"]
    shown = await finance.get(str(everything["href"]))
    assert shown.status == 200
    assert shown.soup.select("table caption")[0].get_text(strip=True) == "Sums of all lines that fit"
    emptied = await finance.get("/finance/charges", **shown_in(shown.form("/finance/charges", ["barcode"])))
    assert (emptied.status, emptied.table()) == (200, shown.table())


async def test_which_prescriber_wrote_a_line_is_not_for_everybody(
    as_finance: AsyncClient, as_auditor: AsyncClient, auditor: Browser, orders: Orders, given: Given
) -> None:
    product = await given.product()
    await given.items(1, product=product)
    order = await orders.submitted(product)
    for step, details in (("allocate", {}), ("dispatch", {}), ("deliver", {"received_by": "The daughter"})):
        await orders.step(order["number"], step, **details)
    await given.loan()
    seen = [(await client.get(URL)).json()["items"] for client in (as_finance, as_auditor)]
    told, hidden = ([line["posted_by"] for line in lines] for lines in seen)
    assert "ot" in told
    assert {*hidden} == {"a prescriber", *told} - {"ot"}
    one = next(line["id"] for line in seen[0] if line["posted_by"] == "ot")
    assert "by a prescriber" in (await auditor.get(f"/finance/charges/{one}")).text


async def test_a_charge_is_looked_at_and_put_right_on_its_page(
    finance: Browser, auditor: Browser, given: Given, rate: Rates, lines: Lines
) -> None:
    await rate("credit", percent=50)
    barcode = await given.item(State.RETURNED, product=await given.product(purchase_price_pence=10_000))
    bought, credit = await lines(barcode=barcode)
    url = f"/finance/charges/{bought['id']}"
    looked = await auditor.get(url)
    assert "Take the charge back" not in looked.text
    assert "Credits that were counted by this issue" in looked.text
    assert set((await finance.post_form(url)).errors) == {"reason", "what"}
    without = await finance.post_form(url, reason=WHY, what="both")
    assert set(without.errors) == {"pence", "funder-1"}
    wrong = await finance.send(
        without, url, pence="lots", **{"funder-1": "ASC", "percent-1": "half", "percent-2": "50"}
    )
    assert set(wrong.errors) == {"pence", "percent-1", "funder-2"}
    uneven = await finance.send(
        wrong, url, pence="90", **{"percent-1": "50", "funder-2": "ICB", "percent-2": "49.99 %"}
    )
    assert "99.99 %" in uneven.text
    done = await finance.send(uneven, url, **{"percent-2": "50"})
    assert done.goes_to == url, done.errors
    page = await finance.follow(done)
    assert "What came instead" in page.text
    assert "Take the charge back" not in page.text
    late = await finance.send(uneven, url, **{"percent-2": "50.00"})
    assert late.status == 409
    # Its credit followed it; by hand it may be less, and never more than was charged.
    *_, asc, icb = await lines(barcode=barcode)
    assert summed([asc, icb]) == [("credit", "ASC", -2_250), ("credit", "ICB", -2_250)]
    assert asc["corrects_id"] == credit["id"]
    here = f"/finance/charges/{asc['id']}"
    more = await finance.post_form(here, reason=WHY, what="sum", pence="-90.01")
    assert "no more than that is credited" in more.errors["pence"]
    below = await finance.send(more, here, pence="-40")
    assert below.status == 303
    assert summed(await lines(barcode=barcode))[-2:] == [("credit", "ASC", -2_000), ("credit", "ICB", -2_000)]
    *_, last, _ = await lines(barcode=barcode)
    gone = await finance.post_form(f"/finance/charges/{last['id']}", reason=WHY, what="nothing")
    assert gone.status == 303
    other = await finance.get(f"/finance/charges/{last['corrects_id']}")
    assert "What takes it back" in other.text


async def test_a_write_off_of_what_was_found_is_not_taken_back_once_more(
    as_finance: AsyncClient, given: Given, lines: Lines
) -> None:
    barcode = await given.item(State.MISSING)
    await given.found(barcode)
    found = [line for line in await lines(barcode=barcode) if line["kind"] == "write_off"]
    assert sum(line["amount_pence"] for line in found) == 0
    for line in found:
        answer = await as_finance.post(f"{URL}/{line['id']}/reverse", json={"reason": WHY})
        check_problem(answer, 409, "found-again")


@pytest.mark.usefixtures("quarter")
async def test_sums_of_months_are_those_of_their_lines(
    as_finance: AsyncClient, connection: AsyncConnection, clock: Clock, query: Query
) -> None:
    months = [str(row["period"]) for row in await query("SELECT DISTINCT period FROM charge ORDER BY 1")]
    assert len(months) > 2
    # What comes late is of a day before its month.
    await close(connection, months[0])
    stands = "SELECT max(id) AS id FROM charge WHERE period = '{}' AND reversal_of IS NULL AND {}"
    untouched = "id NOT IN (SELECT charge_id FROM charge_taken_back)"
    [late] = await query(stands.format(months[0], untouched))
    gone = await as_finance.post(f"{URL}/{late['id']}/reverse", json={"reason": WHY})
    assert gone.status_code == 201, gone.text
    assert gone.json()["reversed"][0]["period"] == months[1][:7]
    for month in months[:-1]:
        await connection.execute(NOTE, {"month": date.fromisoformat(month), "at": clock.now})
        await connection.execute(SUM_UP, {"month": date.fromisoformat(month)})
    day = date.fromisoformat(months[0])
    whole, compared = 0, 0
    for narrowed in ({}, {"funder": "asc"}, {"funder": "none"}, {"team": "west"}, {"kind": "credit"},
                     {"funder": "asc", "kind": "delivery"}, {"funder": "nobody"}):  # fmt: skip
        for days in (
            *({"period": month[:7]} for month in months),
            {"period": months[0][:7], "from": str(day + timedelta(days=1))},
            *({"from": str(day + timedelta(days=more))} for more in (-400, 0, 1, 20)),
            *({"from": str(day + timedelta(days=1)), "to": str(day + timedelta(days=more))} for more in (62, 75, 100)),
            {},
        ):
            asked = {**narrowed, **days}
            said = (await as_finance.get(URL, params={**asked, "limit": 500})).json()
            found = said["items"]
            assert (said["totals"]["lines"], said["totals"]["net_pence"], said["totals"]["vat_pence"]) == (
                len(found),
                sum(line["amount_pence"] for line in found),
                sum(line["vat_pence"] for line in found),
            ), asked
            compared += 1
            whole += bool(found)
    assert whole > compared / 3
