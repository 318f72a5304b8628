"""Reports of costs: whatever they are grouped by, their rows are their totals, and these are the sum of the lines."""

from dataclasses import replace
from datetime import date
from itertools import permutations
from random import Random
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.domain.cost_reports import By, Dimension, Span
from app.domain.errors import BadValue
from app.features.finance.monthly.sums import sum_up_months
from app.features.finance.reports.asking import Asked
from app.features.finance.reports.costs import COLUMNS, costs
from app.features.finance.reports.costs_sql import grain_for
from app.features.finance.reports.lines import list_lines
from tests.browser import Browser
from tests.conftest import Clock, Query, Statements
from tests.features.finance.conftest import CHARGED
from tests.given import Given
from tests.problems import check_problem

COSTS = "/api/v1/finance/reports/costs"
ALL_OF_IT = {"from": "2026-03-01", "to": "2026-06-30"}
SPAN = Span(date(2026, 3, 1), date(2026, 6, 30))
ANY = Random(57).sample(list(permutations(Dimension, 2)), 25)  # noqa: S311 - nothing here is a secret
GROUPINGS = [*((one,) for one in Dimension), *ANY]


async def sums(connection: AsyncConnection) -> dict[str, Any]:
    """The charges, as SQL adds them up."""
    found = (await connection.execute(CHARGED)).mappings().one()
    net, credited, vat = (int(found[name]) for name in ("net_pence", "credited_pence", "vat_pence"))
    return {
        "lines": found["lines"],
        "quantity": found["quantity"],
        "charged_pence": net - credited,
        "credited_pence": credited,
        "net_pence": net,
        "vat_pence": vat,
        "gross_pence": net + vat,
    }


async def test_rows_totals_and_charges_agree_to_the_penny_whatever_they_are_grouped_by(
    session: AsyncSession, connection: AsyncConnection, quarter: None, split_order: dict[str, Any]
) -> None:
    right = await sums(connection)
    assert right["credited_pence"] < 0
    assert right["net_pence"] > 20_000
    for by in By:
        for grouping in GROUPINGS:
            asked = Asked(Span(SPAN.since, SPAN.until, by), grouping)
            table = await costs(session, asked)
            added = {column.key: sum(row[column.key] for row in table.rows) for column in COLUMNS}
            assert added == right == table.totals, grouping


async def test_months_are_read_as_they_were_summed_up_and_come_to_the_same(
    session: AsyncSession, connection: AsyncConnection, quarter: None, split_order: dict[str, Any], clock: Clock
) -> None:
    asked = [Asked(SPAN, (one,)) for one in Dimension]
    asked += [Asked(SPAN, pair) for pair in permutations(Dimension, 2)]
    product = await connection.scalar(text("SELECT code FROM product JOIN charge ON product_id = product.id LIMIT 1"))
    for filters in (
        {"funder": "ASC"},
        {"store": "COAST"},
        {"kind": "delivery"},
        {"category": "12"},
        {"category": "12 36"},
        {"category": "12 36 03", "funder": "ASC"},
        {"product_code": str(product)},
    ):
        asked += [Asked(SPAN, (Dimension.FUNDER, Dimension.KIND), filters), Asked(SPAN, (Dimension.TEAM,), filters)]
    summed = [one for one in asked if grain_for(one)]
    assert {one.group_by[0] for one in summed} == set(Dimension)
    assert 150 < len(summed) < len(asked), "product with most others is read from the lines"
    before = [await costs(session, one) for one in asked]
    assert sum(bool(one.rows) for one in before) > 200
    assert await sum_up_months(session, at=clock.now) == 3
    assert [await costs(session, one) for one in asked] == before
    # It is they that are read; and days from the lines.
    await connection.execute(text("UPDATE charge_month SET net_pence = 0"))
    for one in summed:
        assert {row["net_pence"] for row in (await costs(session, one)).rows} <= {0}, one
    of_days = Asked(replace(SPAN, by=By.HAPPENED), (Dimension.KIND,))
    assert (await costs(session, of_days)).rows == before[list(Dimension).index(Dimension.KIND)].rows


async def test_who_asks_for_too_many_groups_does_not_wait_for_years_of_lines(
    session: AsyncSession, quarter: None, monkeypatch: pytest.MonkeyPatch, statements: Statements
) -> None:
    monkeypatch.setattr("app.features.finance.reports.costs.MOST_GROUPS", 1)
    asked = Asked(Span(SPAN.since, date(2026, 5, 31)), (Dimension.PRODUCT, Dimension.KIND))
    with pytest.raises(BadValue, match="more than 1 groups"):
        await costs(session, asked)


async def test_every_row_is_drilled_to_lines_that_come_to_it(
    session: AsyncSession, quarter: None, split_order: dict[str, Any]
) -> None:
    for grouping in GROUPINGS[::2]:
        asked = Asked(SPAN, grouping)
        for row in (await costs(session, asked)).rows:
            at = tuple(row[one.value] or "" for one in grouping)
            lines = await list_lines(session, Asked(SPAN, grouping, at=at), after=0, limit=500)
            found = (len(lines), sum(one.amount_pence for one in lines), sum(one.vat_pence for one in lines))
            assert found == (row["lines"], row["net_pence"], row["vat_pence"]), (grouping, at)


async def test_a_split_order_is_shown_to_each_funder_by_its_part(
    as_finance: AsyncClient, split_order: dict[str, Any]
) -> None:
    report = (await as_finance.get(COSTS, params={"group_by": "funder,kind"})).json()
    assert [
        (row["funder"], row["kind_name"], row["quantity"], row["charged_pence"], row["net_pence"])
        for row in report["rows"]
    ] == [
        ("ASC", "New purchase", 0.6, 6_001, 6_001),
        ("ASC", "Delivery", 0.6, 1_500, 1_500),
        ("ICB", "New purchase", 0.4, 4_000, 4_000),
        ("ICB", "Delivery", 0.4, 1_000, 1_000),
    ]
    assert report["totals"]["quantity"] == 2
    assert report["period"] == "March 2026, by the month of the books"
    assert "Credited: credits on collection, below zero." in report["definition"]
    lines = (await as_finance.get(f"/api/v1{report['links'][0]}")).json()
    [line] = lines["items"]
    assert (line["barcode"], line["order_number"], line["percent"]) == (
        split_order["barcode"],
        split_order["number"],
        60,
    )
    assert line["links"] == {"item": f"/items/{line['barcode']}", "order": f"/orders/{split_order['number']}"}
    assert (await as_finance.get(f"/api/v1{line['links']['item']}/history")).status_code == 200


async def test_dimensions_say_what_charges_are_of(as_finance: AsyncClient, quarter: None, split_order: Any) -> None:
    async def values(dimension: str, **more: str) -> dict[str | None, str]:
        rows = (await as_finance.get(COSTS, params={**ALL_OF_IT, "group_by": dimension, **more})).json()["rows"]
        return {row[dimension]: row.get(f"{dimension}_name") for row in rows}

    assert await values("cost_centre") == {"A100": None, "W200": None}
    assert await values("speed") == {None: "Neither delivery nor collection", "five_day": "5 working days"}
    assert await values("recycled") == {"new": "New", None: "Neither", "recycled": "Recycled"}
    assert await values("reason") == {None: "No order", "hospital_discharge": "Hospital discharge"}
    assert await values("category_class") == {"12": None, "18": None, "09": None, None: None}
    assert await values("category_subclass", category="09") == {"09 12": None}
    assert await values("store") == {"MAIN": "Main store", "COAST": "Coast satellite store"}
    assert await values("district", kind="credit") == {"SR7": None}
    assert list(await values("period")) == ["2026-03", "2026-04", "2026-05"]
    assert await values("prescriber", funder="ICB") == {"ot": "Olu Thompson"}


async def test_filters_narrow_a_report_and_unknown_ones_are_refused(as_finance: AsyncClient, quarter: None) -> None:
    whole = (await as_finance.get(COSTS, params=ALL_OF_IT)).json()["totals"]
    parts = [
        (await as_finance.get(COSTS, params=ALL_OF_IT | {"store": store})).json()["totals"]
        for store in ("MAIN", "COAST")
    ]
    assert [sum(part[name] for part in parts) for name in whole] == list(whole.values())
    for name, value, code in (
        ("funder", "NOBODY", "unknown-funder"),
        ("team", "NOBODY", "unknown-team"),
        ("store", "MOON", "unknown-store"),
        ("product_code", "P-9", "unknown-product"),
        ("kind", "gift", "unknown-kind"),
        ("category", "beds", "bad-category"),
        ("group_by", "colour", "unknown-dimension"),
        ("group_by", "funder,team,kind", "one-or-two-dimensions"),
        ("period", "2026-3", "period-or-days"),
        ("from", "2016-01-01", "period-too-long"),
        ("from", "2026-07-01", "ends-before-it-starts"),
        ("smallest", "1", "malformed"),
    ):
        check_problem(await as_finance.get(COSTS, params=ALL_OF_IT | {name: value}), 422, code)
    check_problem(await as_finance.get(f"{COSTS}/lines?group_by=funder,team&at=ASC"), 422, "a-value-for-each")
    check_problem(await as_finance.get(f"{COSTS}/lines?funder=NOBODY"), 422, "unknown-funder")
    check_problem(await as_finance.get(f"{COSTS}/lines?after=x"), 422, "bad-cursor")


async def test_an_empty_month_is_an_empty_report(as_finance: AsyncClient, finance: Browser) -> None:
    report = (await as_finance.get(COSTS, params={"period": "2020-02", "funder": "ASC"})).json()
    assert (report["rows"], set(report["totals"].values())) == ([], {0})
    page = await finance.get("/finance/reports/costs?period=2020-02")
    assert "Nothing was charged or credited in this period. The total is £0.00." in page.text
    assert "No charge has been recorded yet." in page.text
    form = (await finance.get("/finance/reports/costs")).form("/finance/reports/costs")
    empty = {str(field["name"]): "" for field in form.select("input, select")}
    page = await finance.get("/finance/reports/costs", **empty)
    assert (page.status, page.heading) == (200, "Costs by funder")


async def test_costs_by_prescriber_are_for_finance_and_managers(
    as_finance: AsyncClient, as_manager: AsyncClient, as_auditor: AsyncClient, auditor: Browser
) -> None:
    for client in (as_finance, as_manager):
        assert (await client.get(COSTS, params={"group_by": "prescriber"})).status_code == 200
    for address in (COSTS, f"{COSTS}/lines"):
        check_problem(await as_auditor.get(address, params={"group_by": "team,prescriber"}), 403, "not-by-prescriber")
    page = await auditor.get("/finance/reports/costs")
    assert page.soup.select_one("#group_by option[value=prescriber]") is None
    assert (await auditor.get("/finance/reports/costs?group_by=prescriber")).status == 403


async def test_groups_of_few_people_are_put_together(
    as_finance: AsyncClient, finance: Browser, given: Given, rates: None
) -> None:
    often, seldom, once = [await given.product(purchase_price_pence=price) for price in (1_000, 2_000, 9_000)]
    for product, many in ((often, 5), (seldom, 4), (once, 1)):
        for _ in range(many):
            await given.loan((await given.items(1, product=product))[0])
    asked = {"group_by": "product,kind", "smallest": "5"}
    report = (await as_finance.get(COSTS, params=asked)).json()
    assert [(row["product"], row["product_name"], row["kind_name"], row["net_pence"]) for row in report["rows"]] == [
        (often, "Commode 1", "New purchase", 5_000),
        ("Fewer than 5 people", "Fewer than 5 people", "Fewer than 5 people", 17_000),
    ]
    assert (report["totals"]["net_pence"], report["links"][1]) == (22_000, None)
    # One group alone could be worked out: the next smallest goes with it.
    report = (await as_finance.get(COSTS, params=asked | {"smallest": "2"})).json()
    assert [(row["product"], row["net_pence"]) for row in report["rows"]] == [
        (often, 5_000),
        ("Fewer than 2 people", 17_000),
    ]
    page = await finance.get("/finance/reports/costs", **asked)
    assert "Fewer than 5 people" in page.text
    assert "£170.00" in page.text


async def test_nobody_is_found_by_taking_some_days_from_others(
    as_finance: AsyncClient, finance: Browser, given: Given, rates: None
) -> None:
    await given.loan()
    for days in (("2026-03-01", "2026-03-26"), ("2026-03-02", "2026-03-31")):
        asked = dict(zip(("from", "to"), days, strict=True))
        assert (await as_finance.get(COSTS, params=asked)).status_code == 200
        refusal = check_problem(
            await as_finance.get(COSTS, params=asked | {"smallest": "5"}), 422, "whole-months-only", field="from"
        )
        assert "Ask from the first day of a month to the last of one." in refusal["detail"]
        page = await finance.get("/finance/reports/costs", **asked, smallest="5")
        assert (page.status, set(page.errors)) == (422, {"from"})
    whole = {"from": "2026-03-01", "to": "2026-03-31", "smallest": "5"}
    warned = "not two of spans that overlap, nor one that is narrowed to a part"
    refusal = check_problem(
        await as_finance.get(COSTS, params=whole | {"by": "happened"}), 422, "by-the-books-only", field="by"
    )
    assert "by the month of the books only" in refusal["detail"]
    page = await finance.get("/finance/reports/costs", **whole, by="happened")
    assert (page.status, set(page.errors)) == (422, {"by"})
    assert warned in (await as_finance.get(COSTS, params=whole)).json()["definition"]
    assert "Give out one such report" in (await finance.get("/finance/reports/costs", **whole)).text
    assert warned in (await as_finance.get("/api/v1/finance/reports/equity")).json()["definition"]


async def test_what_has_no_value_and_what_is_put_together_have_words_of_their_own(
    as_finance: AsyncClient, finance: Browser, given: Given, rates: None, split_order: dict[str, Any]
) -> None:
    often, seldom, once = [await given.product() for _ in range(3)]
    for product in [often] * 6 + [seldom] * 5 + [once]:
        await given.loan((await given.items(1, product=product))[0])
    asked = {"group_by": "product,reason", "smallest": "5"}
    of_file = asked | {"format": "csv"}
    few = "Fewer than 5 people"
    for address, client in ((COSTS, as_finance), ("/finance/reports/costs", finance.client)):
        rows = [row.split(",")[:4] for row in (await client.get(address, params=of_file)).text.splitlines()[1:]]
        assert [row for row in rows if "" in row] == [["Total", "", "", ""]], address
        assert {tuple(row[2:]) for row in rows} >= {("No order", "No order"), (few, few)}
    report = (await as_finance.get(COSTS, params=asked)).json()
    assert {row["reason"] for row in report["rows"]} == {None, few}


async def test_a_report_from_before_charges_began_says_since_when_they_are_kept(
    as_finance: AsyncClient, finance: Browser, split_order: dict[str, Any]
) -> None:
    said = "Charges are kept from March 2026 on."
    asked = {"period": "2020-02"}
    assert said in (await as_finance.get(COSTS, params=asked)).json()["definition"]
    assert said not in (await as_finance.get(COSTS, params={"period": "2026-03"})).json()["definition"]
    assert said in (await as_finance.get(COSTS, params=asked | {"format": "csv", "head": "true"})).text
    for page in ("costs?period=2020-02", "costs/lines?period=2020-02", "asc-fr?year=2024"):
        assert said in (await finance.get(f"/finance/reports/{page}")).text, page
    for page in ("statements/ASC?period=2020-02", "cost-avoided?from=2026-01-01"):
        assert said in (await finance.get(f"/finance/{page}")).text, page


async def test_somebody_in_two_groups_is_one_person(as_finance: AsyncClient, given: Given, rates: None) -> None:
    products = [await given.product(purchase_price_pence=price) for price in (1_000, 2_000, 3_000)]
    same = await given.client()
    whose: list[list[str | None]] = [[None] * 4, [same] * 2, [same] * 2]
    for product, clients in zip(products, whose, strict=True):
        for client in clients:
            await given.loan((await given.items(1, product=product))[0], client=client)
    report = (await as_finance.get(COSTS, params={"group_by": "product", "smallest": "2"})).json()
    # One person in both of the small groups: they are too few together, so the next group goes with them.
    assert [(row["product"], row["net_pence"]) for row in report["rows"]] == [("Fewer than 2 people", 14_000)]


async def test_too_many_groups_are_refused_with_what_to_narrow(
    as_finance: AsyncClient, connection: AsyncConnection
) -> None:
    many = (
        "INSERT INTO charge (posting_id, kind, period, happened_on, posted_at, posted_by, percent, amount_pence, "
        "district) "
        "SELECT gen_random_uuid(), 'repair', '2026-03-01', '2026-03-01', now(), 'x', 100, 1, 'D' || n "
        "FROM generate_series(1, 2001) AS n"
    )
    await connection.execute(text(many))
    answer = await as_finance.get(COSTS, params={"group_by": "district,kind"})
    problem = check_problem(answer, 422, "too-many-groups")
    assert "Ask by one dimension alone, for a shorter period" in problem["detail"]
    assert (await as_finance.get(COSTS, params={"group_by": "kind"})).json()["totals"]["net_pence"] == 2_001


async def test_one_dimension_alone_is_always_answered_its_small_groups_in_one_row_on_the_page(
    as_finance: AsyncClient, finance: Browser, connection: AsyncConnection
) -> None:
    many = (
        "INSERT INTO charge (posting_id, kind, period, happened_on, posted_at, posted_by, percent, amount_pence, "
        "district) "
        "SELECT gen_random_uuid(), 'repair', '2026-03-01', '2026-03-01', now(), 'x', 100, n, 'D' || n "
        "FROM generate_series(1, 2001) AS n"
    )
    await connection.execute(text(many))
    all_of_it = 2_001 * 2_002 // 2
    report = (await as_finance.get(COSTS, params={"group_by": "district"})).json()
    assert (len(report["rows"]), report["totals"]["net_pence"]) == (2_001, all_of_it)
    assert (report["rows"][0]["district"], report["rows"][-1]["district"]) == ("D2001", "D1")
    file = await as_finance.get(COSTS, params={"group_by": "district", "format": "csv"})
    assert sum(line.startswith("D") for line in file.text.splitlines()) == 2_001
    page = await finance.get("/finance/reports/costs?group_by=district&period=2026-03")
    rows = page.table()
    others = sum(range(1, 1_802))
    assert len(rows) == 200 + 2
    assert rows[-2][:3] == ["All 1,801 others", "1801", "1801"]
    assert f"£{others / 100:,.2f}" in rows[-2]
    assert f"£{all_of_it / 100:,.2f}" in rows[-1]
    assert "The 200 dearest of 2,001 are shown one by one" in page.text


async def test_a_late_line_is_in_the_books_of_the_next_month_and_on_the_day_it_happened(
    as_finance: AsyncClient, given: Given, connection: AsyncConnection, clock: Clock, rates: None
) -> None:
    close = "INSERT INTO finance_period VALUES ('2026-03-01', now(), 'finance', 0, '{}', '')"
    await connection.execute(text(close))
    await given.loan()
    for asked, lines in (
        ({"period": "2026-03"}, 0),
        ({"period": "2026-04"}, 1),
        ({"period": "2026-03", "by": "happened"}, 1),
        ({"from": clock.day(0), "to": clock.day(0)}, 1),
    ):
        assert (await as_finance.get(COSTS, params=asked)).json()["totals"]["lines"] == lines, asked


async def test_a_file_has_period_definition_and_totals_and_no_formula(
    as_finance: AsyncClient, finance: Browser, given: Given, rates: None, query: Query
) -> None:
    product = await given.product(name="=1+1 commode", purchase_price_pence=1_000)
    await given.scan((await given.loan((await given.items(1, product=product))[0])).barcode)
    asked = {"group_by": "product", "format": "csv"}
    file = await as_finance.get(COSTS, params=asked)
    rows = file.text.splitlines()
    assert rows[0].startswith("product,product_name,lines,quantity,charged")
    assert rows[1] == f"{product},'=1+1 commode,2,2,10.00,-8.00,2.00,0.00,2.00"
    assert rows[-1] == "Total,,2,2,10.00,-8.00,2.00,0.00,2.00"
    assert (await finance.client.get("/finance/reports/costs", params=asked)).text == file.text
    headed = (await as_finance.get(COSTS, params=asked | {"head": "true"})).text.splitlines()
    assert headed[0] == "Report,Costs by product,,,,,,,"
    assert headed[1] == 'Period,"March 2026, by the month of the books",,,,,,,'
    assert headed[3:] == [",,,,,,,,", *rows]


async def test_pages_lead_from_a_total_to_its_lines_to_the_item(
    finance: Browser, manager: Browser, quarter: None, split_order: dict[str, Any], statements: Statements
) -> None:
    period = "from=2026-03-01&to=2026-06-30"
    statements.clear()
    page = await finance.get(f"/finance/reports/costs?{period}&group_by=funder&then_by=kind")
    assert len(statements) == 4, statements
    assert page.heading == "Costs by funder and kind of charge"
    cross = page.soup.select_one("main table")
    assert cross is not None
    assert [head.get_text(strip=True) for head in cross.select("thead th")][:3] == [
        "Funder",
        "New purchase",
        "Decontamination",
    ]
    # Every figure is a way to its lines, and what it says is what they come to.
    cells = [(link.get_text(strip=True), str(link["href"])) for link in cross.select("td a")]
    assert len(cells) > 12
    for said, address in cells[::4]:
        lines = await finance.get(address)
        assert f"Net {said}" in lines.text, address
    statements.clear()
    lines = await manager.get(f"/finance/reports/costs/lines?{period}&group_by=funder&at=ICB")
    assert len(statements) == 4, statements
    assert "£40.00" in lines.text
    links = {str(link["href"]) for link in lines.soup.select("main table a")}
    assert {link for link in links if not link.startswith("/finance/charges/")} == {
        f"/items/{split_order['barcode']}",
        f"/orders/{split_order['number']}",
    }
    again = await manager.get(f"/finance/reports/costs?{period}&group_by=product")
    assert "Where the money goes" in again.text
    wrong = await manager.get("/finance/reports/costs?from=2016-01-01&to=2026-06-30&group_by=funder")
    assert "such as 1 January 2016 to 31 January 2021" in wrong.errors["to"]
    assert (
        "two different ones"
        in (await manager.get("/finance/reports/costs?group_by=team&then_by=team")).errors["then_by"]
    )


async def test_lines_are_paged(as_finance: AsyncClient, quarter: None) -> None:
    found: list[int] = []
    after = ""
    while True:
        asked = {**ALL_OF_IT, "limit": "7"} | ({"after": after} if after else {})
        page = (await as_finance.get(f"{COSTS}/lines", params=asked)).json()
        found += [line["id"] for line in page["items"]]
        after = page["next"]
        if not after:
            break
    whole = (await as_finance.get(COSTS, params=ALL_OF_IT)).json()["totals"]["lines"]
    assert (len(found), found) == (whole, sorted(set(found)))


async def test_where_no_group_is_of_enough_people_nothing_is_said_not_even_the_total(
    as_finance: AsyncClient, finance: Browser, quarter: None
) -> None:
    asked = ALL_OF_IT | {"group_by": "team,kind", "smallest": "50"}
    report = (await as_finance.get(COSTS, params=asked)).json()
    [row] = report["rows"]
    assert row["kind_name"] == "Fewer than 50 people: not shown"
    assert {row[column.key] for column in COLUMNS} == {None}
    assert (report["totals"], report["links"]) == ({}, [None])
    file = (await as_finance.get(COSTS, params=asked | {"format": "csv"})).text
    assert "£" not in (await finance.get("/finance/reports/costs", **asked)).soup.select_one("main").get_text()  # type: ignore[union-attr]
    page = await finance.get("/finance/reports/costs", **asked)
    assert "Fewer than 50 people: not shown" in page.text
    assert "Fewer than 50 people: not shown" in file
