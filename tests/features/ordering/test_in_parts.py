"""An order in parts passes no limit: what its maker ordered and handed out for the client before counts with it."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.db import COUNTED_DAYS
from app.domain.labels import display
from app.settings import Settings
from tests.browser import Browser
from tests.conftest import Clock, Sessions, Statements
from tests.features.ordering.conftest import Orders, barcodes, done
from tests.given import Given
from tests.problems import check_problem

WHY = {"reason": "Not needed any more."}
LOANS = "/api/v1/loans"


@pytest.fixture
async def client(given: Given) -> str:
    """A client of whom nothing must be warned."""
    return await given.client("C-9", weight_kg=70, weighed_on="2026-02-01")


async def dear(given: Given, category: str = "09 12 03", **details: Any) -> str:
    """A product at £900 that stands on the shelf, of a kind of its own."""
    product = await given.product(purchase_price_pence=90_000, category=category, **details)
    await given.items(2, product=product)
    return product


def reasons(order: dict[str, Any]) -> list[tuple[str, str]]:
    """Why the order goes where it goes."""
    return [(one["code"], one["detail"]) for one in order["authority"]["reasons"]]


async def test_the_second_half_of_a_split_order_is_signed_and_says_why_at_once(
    orders: Orders, given: Given, client: str, ot: Browser, as_senior_ot: AsyncClient
) -> None:
    first = await orders.submitted(await dear(given), client=client)
    assert first["state"] == "approved"
    draft = await orders.draft(await dear(given, "18 12 10"), client=client)
    why = f"Together with order {first['number']}, the order comes to £1,800, and your limit is £1,000."
    assert (draft["authority"]["decision"], reasons(draft)) == ("awaiting_authorisation", [("over-your-limit", why)])
    assert [one["name"] for one in draft["authority"]["signers"]] == ["Sarah Okafor"]
    page = await ot.get(f"/orders/{draft['number']}/check")
    assert why in page.text
    second = await orders.submit(draft)
    assert (second["state"], reasons(second)) == ("awaiting_authorisation", [("over-your-limit", why)])
    assert why in (await ot.get(f"/orders/{second['number']}")).text
    waiting = done(await as_senior_ot.get("/api/v1/orders?awaiting_me=true"))["items"]
    assert [row["number"] for row in waiting] == [second["number"]]
    assert (await orders.step(second["number"], "authorise", by="senior.ot"))["state"] == "approved"


async def test_what_comes_to_the_panels_threshold_in_parts_goes_to_the_panel(
    orders: Orders, given: Given, client: str
) -> None:
    one = await given.product(purchase_price_pence=130_000)
    other = await given.product(purchase_price_pence=130_000, category="18 12 10")
    first = await orders.submitted(one, client=client, by="senior.ot")
    second = await orders.submitted(other, client=client, by="senior.ot")
    assert (first["state"], second["state"]) == ("approved", "awaiting_panel")
    [(code, detail)] = reasons(second)
    assert code == "panel-decides-this-value"
    assert detail == (
        f"Together with order {first['number']}, the order comes to £2,600, and JSEP decides every order above £2,500."
    )


async def test_other_clients_other_makers_and_what_was_called_off_or_long_ago_do_not_count(
    orders: Orders, given: Given, client: str, clock: Clock
) -> None:
    product, other = await dear(given), await dear(given, "18 12 10")

    async def goes() -> str:
        return str((await orders.draft(other, client=client))["authority"]["decision"])

    await orders.submitted(product, client=await given.client(weight_kg=70, weighed_on="2026-02-01"))
    await orders.submitted(product, client=client, by="senior.ot")
    assert await goes() == "approved"
    off = await orders.submitted(product, client=client)
    assert await goes() == "awaiting_authorisation"
    await orders.step(off["number"], "cancel", by="ot", **WHY)
    assert await goes() == "approved"
    await orders.submitted(product, client=client)
    clock.move(days=28)
    assert await goes() == "awaiting_authorisation"
    clock.move(days=1)
    assert await goes() == "approved"


async def test_a_trial_counts_until_it_is_over_and_a_kept_one_for_longer(
    orders: Orders, given: Given, client: str, as_ot: AsyncClient
) -> None:
    product, other = await dear(given), await dear(given, "18 12 10")
    trial = {"product_code": product, "kind": "trial", "trial_days": 7}
    order = await orders.dispatched(product, client=client, lines=[trial])
    order = await orders.step(order["number"], "deliver", received_by="Mo")
    [barcode] = barcodes(order)
    assert (await orders.draft(other, client=client))["authority"]["decision"] == "awaiting_authorisation"
    assert barcode
    await given.scan(barcode)
    assert (await orders.draft(other, client=client))["authority"]["decision"] == "approved"


async def test_the_counter_and_orders_count_with_each_other(
    orders: Orders, given: Given, client: str, as_ot: AsyncClient
) -> None:
    one, other, third = await dear(given), await dear(given, "18 12 10"), await given.product(category="22 30 21")
    handed = await given.item(product=one)
    done(await as_ot.post(LOANS, json={"barcode": handed, "client_ref": client}), 201)
    order = await orders.submitted(other, client=client)
    assert reasons(order) == [
        (
            "over-your-limit",
            f"Together with item {display(handed)}, the order comes to £1,800, and your limit is £1,000.",
        )
    ]
    more = {"barcode": await given.item(product=third), "client_ref": client}
    refused = check_problem(await as_ot.post(LOANS, json=more), 403, "over-your-limit")
    assert refused["detail"].startswith(f"Together with item {display(handed)} and order")
    assert "it comes to £1,845, and your limit is £1,000. Sarah Okafor can hand it out." in refused["detail"]


async def test_for_how_many_days_it_counts_is_a_setting(
    orders: Orders, given: Given, client: str, clock: Clock, sessions: Sessions
) -> None:
    assert Settings().orders_counted_days == 28
    product, other = await dear(given), await dear(given, "18 12 10")
    await orders.submitted(product, client=client)
    clock.move(days=8)
    assert (await orders.draft(other, client=client))["authority"]["decision"] == "awaiting_authorisation"
    sessions.configure(info={COUNTED_DAYS: 7})
    assert (await orders.draft(other, client=client))["authority"]["decision"] == "approved"


async def test_statements_do_not_grow_with_what_was_ordered_before(
    orders: Orders, given: Given, client: str, as_senior_ot: AsyncClient, statements: Statements
) -> None:
    counts = []
    for _ in range(3):
        await orders.submitted(await given.product(category="18 12 10"), client=client)
        waiting = await orders.submitted(await given.product(category="18 12 10"), client=client, by="student.ot")
        statements.clear()
        done(await as_senior_ot.get("/api/v1/orders?awaiting_me=true"))
        listed = len(statements)
        statements.clear()
        done(await as_senior_ot.get(f"/api/v1/orders/{waiting['number']}"))
        counts.append((listed, len(statements)))
    assert len(set(counts)) == 1
