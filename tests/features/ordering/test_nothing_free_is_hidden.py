"""Of many only the first few are weighed: never so that something free is hidden behind what cannot go."""

from typing import Any

import pytest

from app.domain.inspections import InspectionKind, InspectionOutcome
from app.features.ordering.allocation import MOST_INSTEAD
from tests.conftest import Clock
from tests.features.ordering.conftest import Orders, barcodes
from tests.given import Given

TAKES_ANOTHER = {"accept_equivalent": True}


async def equivalents_of(orders: Orders, product: str, **details: Any) -> list[tuple[str, int, int]]:
    """What could come instead, with how many recycled and new ones are free."""
    draft = await orders.draft(product, **details)
    return [(one["product_code"], one["recycled"], one["new"]) for one in draft["lines"][0]["equivalents"]]


async def test_ten_equivalents_on_hold_do_not_hide_the_eleventh(orders: Orders, given: Given) -> None:
    wanted = await given.product(safe_working_load_kg=150)
    for more in range(MOST_INSTEAD):
        near = await given.product(safe_working_load_kg=151 + more)
        await given.hold(await given.recycled(product=near))
    far = await given.product(safe_working_load_kg=300)
    there = await given.recycled(product=far)
    assert await equivalents_of(orders, wanted) == [(far, 1, 0)]
    order = await orders.submitted(wanted)
    assert f"({far}) is there, a close equivalent." in order["missing"][0]["detail"]
    order = await orders.submitted(wanted, lines=[{"product_code": wanted} | TAKES_ANOTHER])
    assert barcodes(order) == [there]


async def test_ten_new_equivalents_do_not_hide_the_eleventh_that_is_recycled(orders: Orders, given: Given) -> None:
    wanted = await given.product(safe_working_load_kg=150)
    for more in range(MOST_INSTEAD):
        await given.item(product=await given.product(safe_working_load_kg=151 + more))
    far = await given.product(safe_working_load_kg=300)
    there = await given.recycled(product=far)
    assert (await equivalents_of(orders, wanted))[0] == (far, 1, 0)
    order = await orders.submitted(wanted, lines=[{"product_code": wanted} | TAKES_ANOTHER])
    assert barcodes(order) == [there]


async def test_ten_dearer_equivalents_do_not_hide_the_one_that_may_stand_in(orders: Orders, given: Given) -> None:
    wanted = await given.product(safe_working_load_kg=150)
    for more in range(MOST_INSTEAD):
        await given.item(product=await given.product(safe_working_load_kg=151 + more, purchase_price_pence=300_000))
    there = await given.item(product=await given.product(safe_working_load_kg=300))
    order = await orders.submitted(wanted, lines=[{"product_code": wanted} | TAKES_ANOTHER])
    assert barcodes(order) == [there]


async def _spoil(given: Given, barcode: str, why: str) -> None:
    match why:
        case "on hold":
            await given.hold(barcode)
        case "reserved":
            await given.reservation(barcode)
        case "failed":
            await given.inspected(barcode, InspectionOutcome.FAILED, InspectionKind.LOLER)
        case "too weak":
            await given.inspected(barcode, kind=InspectionKind.LOLER, safe_working_load_kg=120)


@pytest.mark.parametrize("why", ["on hold", "reserved", "overdue", "failed", "too weak"])
@pytest.mark.parametrize("free", [0, 5])
async def test_five_items_that_cannot_go_do_not_hide_the_sixth(
    orders: Orders, given: Given, clock: Clock, why: str, free: int
) -> None:
    asks = [{"kind": "loler", "every_months": 6}]
    wanted = await given.product(safe_working_load_kg=150, inspections=asks)
    near = await given.product(safe_working_load_kg=160, inspections=asks)
    client = await given.client(weight_kg=140, weighed_on="2026-02-20")
    items = await given.items(6, product=near)
    for barcode in items:
        await given.inspected(barcode, kind=InspectionKind.LOLER)
    if why == "overdue":
        clock.move(days=200)
        await given.inspected(items[free], kind=InspectionKind.LOLER)
    for barcode in items:
        if barcode != items[free]:
            await _spoil(given, barcode, why)
    draft = await orders.draft(wanted, client=client)
    assert [(one["product_code"], one["new"]) for one in draft["lines"][0]["equivalents"]] == [(near, 1)]
    order = await orders.submitted(wanted, client=client, lines=[{"product_code": wanted} | TAKES_ANOTHER])
    assert barcodes(order) == [items[free]]
