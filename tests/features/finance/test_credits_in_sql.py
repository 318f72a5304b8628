"""What is outstanding is reckoned in SQL as the rule of credits reckons it, on items and rates that are made up."""

import json
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.charging import read_tariffs
from app.domain.costs import ChargeKind, Due, Facts, Issued, post, split, whole_months
from app.domain.panel_funding import Share
from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.features.ordering.conftest import done
from tests.given import Given

REPORT = "/api/v1/finance/reports/credits-outstanding"
ROUNDS, ITEMS = 6, 24
AS_IT_IS_NOT = text("SET LOCAL session_replication_role = 'replica'")
AS_IT_IS = text("SET LOCAL session_replication_role = 'origin'")
ACCOUNT = text("""
    WITH this AS (UPDATE item SET purchase_price_pence = :price, received_on = :received_on WHERE barcode = :barcode
                  RETURNING id)
    UPDATE item_account SET issue = issue || CAST(:issue AS jsonb) WHERE item_id = (SELECT id FROM this)
""")
RATE = text("""
    INSERT INTO tariff (kind, variant, product_id, category, starts_on, ends_on, pence, percent, taper, floor_pence,
                        vat_percent, note, made_at, made_by)
    VALUES ('credit', :variant, (SELECT id FROM product WHERE code = :product), :category, :since, :until, :pence,
            :percent, CAST(:taper AS jsonb), :floor, 20, '', now(), 'finance')
""")
PERCENTS = ("0", "0.01", "12.5", "33.33", "50", "66.67", "99.99", "100", "120")


def any_rates(random: Random, products: list[str], today: date) -> list[dict[str, Any]]:
    """Rates for everything, for classes of categories and for products, fixed, a part, or by age; some over."""
    found = []
    for product, category in [
        (None, None),
        (None, "18"),
        (None, "18 12"),
        (None, "12"),
        *((one, None) for one in products),
    ]:
        if random.random() < 0.4:
            continue
        way = random.choice(("pence", "percent", "taper", "taper"))
        steps = sorted(random.sample(range(30), random.randint(1, 5)))
        taper = json.dumps([{"from_months": one, "percent": float(random.choice(PERCENTS))} for one in steps])
        is_over = random.random() < 0.1
        found.append({
            "variant": random.choice(("", "", "", "urgent")),
            "product": product,
            "category": category,
            "since": today - timedelta(days=9),
            "until": today - timedelta(days=1) if is_over else random.choice((None, today)),
            "pence": random.choice((0, 1, 333, 10_000)) if way == "pence" else None,
            "percent": Decimal(random.choice(PERCENTS)) if way == "percent" else None,
            "taper": taper if way == "taper" else None,
            "floor": random.choice((0, 0, 2_000)),
        })  # fmt: skip
    return found


def any_shares(random: Random) -> list[dict[str, str]]:
    """From one to five who pay, whose parts come to a hundred; the service itself among them."""
    funders = random.sample(["ASC", "ICB", "CHC", "EDU", ""], random.choice((1, 1, 2, 2, 3, 5)))
    cuts = sorted(random.sample(range(1, 10_000), len(funders) - 1))
    if len(funders) > 1 and random.random() < 0.4:
        cuts = [round(10_000 * place / len(funders)) for place in range(1, len(funders))]
    parts = [until - since for since, until in zip([0, *cuts], [*cuts, 10_000], strict=True)]
    return [{"funder": one, "percent": f"{Decimal(part) / 100:.2f}"} for one, part in zip(funders, parts, strict=True)]


def by_the_rule(item: dict[str, Any], rates: list[Any], today: date) -> list[tuple[str, Decimal, int, int, bool]]:
    """Each funder's part: its percentage, what it was charged, what it would be credited, whether that has no rate."""
    shares = tuple(Share(one["funder"], Decimal(one["percent"])) for one in item["shares"])
    issued = Issued(today, shares, item["pence"], is_unpriced=item["is_unpriced"])
    facts = Facts(item["product_id"], item["category"], item["price"], item["received_on"], issued=issued)
    months = whole_months(item["received_on"], today)
    credit = post(Due(ChargeKind.CREDIT, shares, of_pence=item["pence"], months=months), facts, rates)
    return [
        (line.funder, line.percent, paid.pence, -line.pence, credit.price.is_unpriced)
        for line, paid in zip(credit.lines, split(item["pence"], shares), strict=True)
    ]


async def test_sql_reckons_credits_as_the_rule_does(
    as_finance: AsyncClient, given: Given, connection: AsyncConnection, query: Query, clock: Clock, rates: None
) -> None:
    products = [await given.product(category=one) for one in ("18 12 10", "18 12 15", "12 22 03", "24 36 06")]
    barcodes = []
    for place in range(ITEMS):
        [one] = await given.items(1, product=products[place % 4])
        barcodes.append((await given.loan(one)).barcode)
    found = await query(
        "SELECT barcode, product_id, code AS product, category FROM item JOIN product ON product.id = product_id"
    )
    known = {row["barcode"]: row for row in found}
    random = Random(20260302)  # noqa: S311 - what is made up is no secret
    funded, unpriced, credited = 0, 0, 0
    for _ in range(ROUNDS):
        await connection.execute(AS_IT_IS_NOT)
        await connection.execute(text("DELETE FROM tariff WHERE kind = 'credit'"))
        for tariff in any_rates(random, products, clock.today):
            await connection.execute(RATE, tariff)
        items: list[dict[str, Any]] = []
        for barcode in barcodes:
            item: dict[str, Any] = {
                **known[barcode],
                "price": random.choice((1_999, 2_000, 10_001, random.randint(1, 500_000))),
                "received_on": clock.today - timedelta(days=random.randint(-40, 1_000)),
                "pence": random.choice((0, 1, 2, 3, 5, 99, 10_001, random.randint(1, 500_000), -7)),
                "is_unpriced": random.random() < 0.1,
                "shares": any_shares(random),
            }
            issue = json.dumps({name: item[name] for name in ("pence", "shares", "is_unpriced")})
            of_item = {name: item[name] for name in ("price", "received_on", "barcode")}
            await connection.execute(ACCOUNT, {**of_item, "issue": issue})
            items.append(item)
        await connection.execute(AS_IT_IS)
        in_force = await query(
            "SELECT to_jsonb(rate) AS rate FROM tariff AS rate "
            "WHERE daterange(starts_on, ends_on, '[]') @> CAST(:on AS date)",
            on=clock.today,
        )
        tariffs = read_tariffs([row["rate"] for row in in_force])
        expected: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for item in items:
            for funder, *part in by_the_rule(item, tariffs, clock.today):
                expected[item["product"], funder].append((item["barcode"], *part))
        said = done(await as_finance.get(REPORT))
        assert {(row["product"], row["funder"] or "") for row in said["rows"]} == set(expected)
        for row, link in zip(said["rows"], said["links"], strict=True):
            parts = sorted(expected[row["product"], row["funder"] or ""])
            listed = done(await as_finance.get(f"/api/v1{link}"))["rows"]
            assert [
                (one["barcode"], one["percent"], one["charged_pence"], one["credit_pence"], one["no_rate"] > 0)
                for one in listed
            ] == [(barcode, float(percent), *rest) for barcode, percent, *rest in parts]
            assert (row["charged_pence"], row["credit_pence"]) == (
                sum(one[2] for one in parts),
                sum(one[3] for one in parts),
            )
            assert row["items"] == float(sum(one[1] for one in parts) / 100)
            assert row["no_rate"] == float(sum((one[1] for one in parts if one[4]), Decimal(0)) / 100)
            funded += len(parts)
            unpriced += sum(one[4] for one in parts)
            credited += sum(0 < one[3] < one[2] for one in parts)
    assert funded > ROUNDS * ITEMS < 50 * unpriced
    assert credited > ITEMS


async def test_items_come_in_pages_and_the_total_is_of_all(
    as_finance: AsyncClient, finance: Browser, given: Given, rates: None
) -> None:
    product = await given.product(purchase_price_pence=4_500)
    barcodes = [(await given.loan(one)).barcode for one in await given.items(3, product=product)]
    asked: dict[str, str | int] = {"product": product, "funder": "ASC", "limit": 2}
    first = done(await as_finance.get(f"{REPORT}/items", params=asked))
    assert [row["barcode"] for row in first["rows"]] == sorted(barcodes)[:2]
    assert first["totals"]["charged_pence"] == 3 * 4_500
    last = done(await as_finance.get(f"{REPORT}/items", params={**asked, "after": first["next"]}))
    assert [row["barcode"] for row in last["rows"]] == sorted(barcodes)[2:]
    assert (last["totals"], last["next"]) == (first["totals"], None)
    page = await finance.get(f"{REPORT.removeprefix('/api/v1')}/items?product={product}&funder=ASC&after={barcodes[0]}")
    assert "2 of 3 rows are on this page" in page.text
    file = await as_finance.get(f"{REPORT}/items", params={**asked, "format": "csv"})
    assert len(file.text.splitlines()) == 1 + 3 + 1
