"""Goods in by the maker's label: what is left out is taken from it, what contradicts it refused, the scan kept."""

import json
from typing import Any

import pytest
from httpx import AsyncClient
from hypothesis import HealthCheck, settings
from hypothesis import given as for_any
from hypothesis import strategies as st

from app.domain.labels import make_tag
from tests.conftest import Clock, Query
from tests.given import Given
from tests.problems import check_problem

ITEMS = "/api/v1/items"
GTIN, OTHER_GTIN = "07032069804988", "05012345678900"
LABEL = f"]d201{GTIN}11250700" + "10L-7\x1d21SN-9"
SWALLOWED = f"01{GTIN}10032915210526"


@pytest.fixture
async def bed(given: Given) -> str:
    """A product whose UDI-DI is the GTIN of the labels here."""
    return await given.product("BED", name="Bed", udi_di=[GTIN])


def goods(label: str, clock: Clock, **change: Any) -> dict[str, Any]:
    return {"maker_label": label, "store": "MAIN", "received_on": clock.day(0)} | change


async def take_in(client: AsyncClient, body: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """The items as they then are, and the codes of the warnings."""
    answer = await client.post(ITEMS, json=body)
    assert answer.status_code == 201, answer.text
    lines = answer.json()["items"]
    items = [(await client.get(f"{ITEMS}/{line['barcode']}")).json() for line in lines]
    return items, [warning["code"] for warning in answer.json()["warnings"]]


async def test_the_label_says_product_serial_number_lot_and_month_and_is_kept_as_it_was_scanned(
    as_technician: AsyncClient, bed: str, clock: Clock
) -> None:
    [item], warnings = await take_in(as_technician, goods(f" {LABEL}\r\n", clock))
    wanted = {
        "product_code": bed,
        "serial_number": "SN-9",
        "lot_number": "L-7",
        "udi_di": GTIN,
        "manufactured_on": "2025-07-01",
        "manufactured_precision": "month",
        "maker_label": LABEL,
    }
    assert {name: item[name] for name in wanted} == wanted
    assert warnings == []


async def test_what_is_given_stands_beside_a_label_that_agrees(
    as_technician: AsyncClient, bed: str, clock: Clock
) -> None:
    said = {
        "product_code": bed,
        "quantity": 1,
        "lot_number": "l7",
        "manufactured_on": "2025-07-19",
        "manufactured_precision": "day",
    }
    [item], _ = await take_in(as_technician, goods(LABEL, clock, **said))
    assert (item["lot_number"], item["manufactured_on"], item["manufactured_precision"]) == ("l7", "2025-07-19", "day")
    assert item["serial_number"] == "SN-9"


async def test_a_label_with_a_serial_number_is_kept_with_that_item_alone(
    as_technician: AsyncClient, bed: str, clock: Clock
) -> None:
    items, _ = await take_in(as_technician, goods(LABEL, clock, serial_numbers=["SN-8", "sn 9"]))
    assert [(item["serial_number"], item["maker_label"]) for item in items] == [("SN-8", None), ("sn 9", LABEL)]
    label = f"01{GTIN}10L-7"
    items, _ = await take_in(as_technician, goods(label, clock, quantity=2))
    assert [(item["lot_number"], item["maker_label"]) for item in items] == [("L-7", label)] * 2


async def test_a_suspect_lot_is_not_filled_in_and_is_pointed_out(
    as_technician: AsyncClient, bed: str, clock: Clock
) -> None:
    [item], warnings = await take_in(as_technician, goods(SWALLOWED, clock, quantity=1))
    assert (item["product_code"], item["lot_number"], item["maker_label"]) == (bed, None, SWALLOWED)
    assert warnings == ["swallowed-field"]
    [item], _ = await take_in(as_technician, goods(SWALLOWED, clock, quantity=1, lot_number="0329"))
    assert item["lot_number"] == "0329"


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"product_code": "CHAIR"}, "label-contradicts", "product_code"),
        ({"udi_di": OTHER_GTIN}, "label-contradicts", "udi_di"),
        ({"serial_numbers": ["SN-8"]}, "label-contradicts", "serial_numbers"),
        ({"quantity": 2}, "label-contradicts", "quantity"),
        ({"lot_number": "L-8"}, "label-contradicts", "lot_number"),
        (
            {"manufactured_on": "2025-08-01", "manufactured_precision": "day"},
            "label-contradicts",
            "manufactured_on",
        ),
        ({"received_on": "2025-06-30"}, "made-after-it-came", "manufactured_on"),
        ({"manufactured_on": "9999-12-31", "manufactured_precision": "week"}, "date-in-the-future", "manufactured_on"),
        ({"maker_label": f"01{GTIN}"}, "quantity-missing", "quantity"),
        ({"maker_label": SWALLOWED}, "quantity-missing", "quantity"),
        ({"maker_label": f"01{OTHER_GTIN}21S"}, "product-missing", "product_code"),
        ({"maker_label": "(10)L-7", "quantity": 1}, "product-missing", "product_code"),
        ({"maker_label": make_tag("ES", 1)}, "own-label", "maker_label"),
        ({"maker_label": make_tag("ES", 1)[:-1] + "x"}, None, "product_code"),
        ({"maker_label": "\x00", "quantity": 1}, "not-a-barcode", "maker_label"),
        ({"maker_label": "x" * 301, "quantity": 1}, "not-a-barcode", "maker_label"),
        ({"maker_label": "", "quantity": 1}, None, None),
        ({"maker_label": 7}, None, "maker_label"),
    ],
)
async def test_what_the_label_contradicts_or_leaves_open_is_refused_at_its_field(
    as_technician: AsyncClient, given: Given, bed: str, clock: Clock, query: Query, change: Any, code: str, field: str
) -> None:
    await given.product("CHAIR")
    check_problem(await as_technician.post(ITEMS, json=goods(LABEL, clock, **change)), 422, code, field=field)
    assert await query("SELECT id FROM item") == []


async def test_a_gtin_that_two_products_have_or_none_does_not_choose_for_anybody(
    as_technician: AsyncClient, given: Given, bed: str, clock: Clock
) -> None:
    await given.product("BED-2", name="Bed with rails", udi_di=[GTIN])
    refused = await as_technician.post(ITEMS, json=goods(LABEL, clock))
    assert "Bed (BED) or Bed with rails (BED-2)" in check_problem(refused, 422, "product-missing")["detail"]
    [item], warnings = await take_in(as_technician, goods(LABEL, clock, product_code="BED-2"))
    assert (item["product_code"], warnings) == ("BED-2", [])
    [item], warnings = await take_in(as_technician, goods(f"01{OTHER_GTIN}21S", clock, product_code=bed))
    assert (item["udi_di"], warnings) == (OTHER_GTIN, ["unknown-gtin"])


async def test_a_label_of_another_kind_is_kept_and_fills_in_nothing(
    as_technician: AsyncClient, bed: str, clock: Clock
) -> None:
    [item], warnings = await take_in(as_technician, goods("+H123ABC", clock, product_code=bed, quantity=1))
    assert (item["maker_label"], item["serial_number"], warnings) == ("+H123ABC", None, ["not-gs1", "no-gtin"])


PIECES = st.sampled_from(
    [f"01{GTIN}", "10", "21", "11250700", "11991231", "17261200", "\x1d", "|", "(01)", "(10)", "--"]
)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@for_any(
    st.text(max_size=30) | st.lists(PIECES | st.text(max_size=4), max_size=7).map("".join),
    st.sampled_from([{}, {"quantity": 1}, {"serial_numbers": ["A"]}, {"product_code": "BED", "quantity": 3}]),
)
async def test_no_label_is_ever_our_fault(
    as_technician: AsyncClient, bed: str, clock: Clock, label: str, change: dict[str, Any]
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await as_technician.post(ITEMS, content=json.dumps(goods(label, clock, **change)), headers=headers)
    assert answer.status_code in {201, 409, 422}, answer.text
