"""The catalogue by the API."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.inspections import InspectionKind
from app.domain.labels import make_tag
from app.domain.lifecycle import State
from tests.conftest import Clock
from tests.given import Given
from tests.problems import check_problem

PRODUCTS = "/api/v1/products"
HOIST: dict[str, Any] = {
    "code": "HOIST",
    "name": "Mobile hoist",
    "manufacturer": "Liftwell",
    "model": "M150",
    "category": "12 36 03",
    "purchase_price_pence": 98_000,
    "tier": "specialist",
    "high_risk": True,
    "decontamination_route": "wash_down",
    "udi_di": ["05012345678900"],
    "safe_working_load_kg": 150,
    "dimensions": {"width_mm": 690},
    "inspections": [{"kind": "loler", "every_months": 6}, {"kind": "functional", "every_months": 12}],
}


async def test_a_product_is_added_and_read_back(as_manager: AsyncClient, as_ot: AsyncClient) -> None:
    made = await as_manager.post(PRODUCTS, json=HOIST)
    assert made.status_code == 201, made.text
    read = await as_ot.get(f"{PRODUCTS}/HOIST")
    assert read.json() == made.json()
    wanted = HOIST | {"inspections": [{"kind": "functional", "every_months": 12}, {"kind": "loler", "every_months": 6}]}
    assert {name: read.json()[name] for name in wanted} == wanted
    assert read.headers["etag"] == made.headers["etag"] == '"1"'
    assert (read.json()["returnable"], read.json()["single_patient_use"], read.json()["in_stock"]) == (True, False, 0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": ""}, "code"),
        ({"code": "A B"}, "code"),
        ({"code": "X" * 41}, "code"),
        ({"code": "A\x00"}, "code"),
        ({"code": None}, "code"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "Hoist\x00"}, "name"),
        ({"name": "Hoist\x1b[31m"}, "name"),
        ({"name": "Two\nlines"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": 5}, "name"),
        ({"manufacturer": "\x00"}, "manufacturer"),
        ({"category": "lifting"}, "category"),
        ({"category": "12 3"}, "category"),
        ({"category": "12"}, "category"),
        ({"category": "12 36 03 04"}, "category"),
        ({"category": "١٢ ٣٦"}, "category"),
        ({"name": "車いす"}, "name"),
        ({"purchase_price_pence": -1}, "purchase_price_pence"),
        ({"purchase_price_pence": 10**9}, "purchase_price_pence"),
        ({"purchase_price_pence": 10**30}, "purchase_price_pence"),
        ({"purchase_price_pence": 1.5}, "purchase_price_pence"),
        ({"purchase_price_pence": "nan"}, "purchase_price_pence"),
        ({"tier": "luxury"}, "tier"),
        ({"decontamination_route": "wash"}, "decontamination_route"),
        ({"udi_di": ["05012345678901"]}, "udi_di"),
        ({"udi_di": ["05012345678900"] * 51}, "udi_di"),
        ({"safe_working_load_kg": 0}, "safe_working_load_kg"),
        ({"safe_working_load_kg": 2**63}, "safe_working_load_kg"),
        ({"dimensions": {"width": 690}}, "dimensions"),
        ({"dimensions": {"width_mm": 0}}, "dimensions"),
        ({"dimensions": {"width_mm": 10**20}}, "dimensions"),
        ({"inspections": [{"kind": "loler", "every_months": 0}]}, "every_months"),
        ({"inspections": [{"kind": "loler", "every_months": 121}]}, "every_months"),
        ({"inspections": [{"kind": "mot", "every_months": 6}]}, "kind"),
        ({"inspections": [{"kind": "loler"}]}, "every_months"),
        ({"inspections": [{"kind": "pat", "every_months": 6}] * 2}, "inspections"),
        ({"compatible_with": ["A"], "incompatible_with": ["A"]}, "incompatible_with"),
        ({"compatible_with": ["NO-SUCH"]}, "compatible_with"),
        ({"incompatible_with": ["NO-SUCH"]}, "incompatible_with"),
        ({"compatible_with": ["HOIST"]}, "compatible_with"),
        ({"colour": "blue"}, "colour"),
    ],
)
async def test_what_is_wrong_with_a_product_is_said_at_its_field_and_nothing_is_written(
    as_manager: AsyncClient, change: dict[str, Any], field: str
) -> None:
    check_problem(await as_manager.post(PRODUCTS, json=HOIST | change), 422, field=field)
    assert (await as_manager.get(PRODUCTS)).json()["items"] == []


async def test_a_wrong_name_of_a_dimension_is_named_itself_and_told_in_words(as_manager: AsyncClient) -> None:
    answer = await as_manager.post(PRODUCTS, json=HOIST | {"dimensions": {"Width": 690}})
    [error] = check_problem(answer, 422, "malformed")["errors"]
    assert error["loc"] == ["body", "dimensions", "Width"]
    assert error["message"].startswith("Name a dimension in small letters")


async def test_a_code_is_used_once(as_manager: AsyncClient) -> None:
    await as_manager.post(PRODUCTS, json=HOIST)
    check_problem(await as_manager.post(PRODUCTS, json=HOIST), 409, "duplicate-code", field="code")


async def test_what_goes_with_what_is_kept_both_ways_of_saying(as_manager: AsyncClient, given: Given) -> None:
    await given.product("SLING")
    await given.product("BATH")
    made = await as_manager.post(PRODUCTS, json=HOIST | {"compatible_with": ["SLING"], "incompatible_with": ["BATH"]})
    assert (made.json()["compatible_with"], made.json()["incompatible_with"]) == (["SLING"], ["BATH"])
    headers = {"If-Match": made.headers["etag"]}
    both = await as_manager.patch(f"{PRODUCTS}/HOIST", json={"compatible_with": ["BATH"]}, headers=headers)
    check_problem(both, 422, "both-ways", field="compatible_with")
    swapped = {"compatible_with": ["BATH"], "incompatible_with": ["SLING"]}
    changed = await as_manager.patch(f"{PRODUCTS}/HOIST", json=swapped, headers=headers)
    assert changed.status_code == 200, changed.text
    assert {name: changed.json()[name] for name in swapped} == swapped


async def test_a_change_keeps_what_it_does_not_name(as_manager: AsyncClient) -> None:
    made = await as_manager.post(PRODUCTS, json=HOIST)
    change = {"name": "Hoist, mobile", "inspections": [{"kind": "loler", "every_months": 3}]}
    changed = await as_manager.patch(f"{PRODUCTS}/HOIST", json=change, headers={"If-Match": made.headers["etag"]})
    assert changed.status_code == 200, changed.text
    assert changed.json() == made.json() | change
    assert changed.headers["etag"] == '"2"'


@pytest.mark.parametrize("value", ['"7"', '"0"', "seven", "", "*", '"99999999999999999999"', '"²"'])
async def test_a_change_of_another_version_than_was_read_is_stale(as_manager: AsyncClient, value: str) -> None:
    await as_manager.post(PRODUCTS, json=HOIST)
    headers = {b"If-Match": value.encode()}
    answer = await as_manager.patch(f"{PRODUCTS}/HOIST", json={"name": "New"}, headers=headers)
    check_problem(answer, 412, "stale")


async def test_a_change_without_if_match_is_refused(as_manager: AsyncClient) -> None:
    await as_manager.post(PRODUCTS, json=HOIST)
    check_problem(await as_manager.patch(f"{PRODUCTS}/HOIST", json={"name": "New"}), 412, "if-match-required")


async def test_of_two_who_change_the_same_version_the_second_is_told(as_manager: AsyncClient) -> None:
    made = await as_manager.post(PRODUCTS, json=HOIST)
    headers = {"If-Match": made.headers["etag"]}
    assert (await as_manager.patch(f"{PRODUCTS}/HOIST", json={"name": "Mine"}, headers=headers)).status_code == 200
    check_problem(await as_manager.patch(f"{PRODUCTS}/HOIST", json={"name": "Yours"}, headers=headers), 412, "stale")
    assert (await as_manager.get(f"{PRODUCTS}/HOIST")).json()["name"] == "Mine"


@pytest.mark.parametrize("change", [{"code": "NEW"}, {"name": ""}, {"name": None}, {"tier": "luxury"}, {"version": 9}])
async def test_a_change_is_checked_like_a_new_product(as_manager: AsyncClient, change: dict[str, Any]) -> None:
    await as_manager.post(PRODUCTS, json=HOIST)
    check_problem(await as_manager.patch(f"{PRODUCTS}/HOIST", json=change, headers={"If-Match": '"1"'}), 422)


@pytest.mark.parametrize("code", ["NO-SUCH", "%25", "'--", "x" * 3000])
async def test_a_product_that_is_not_there_is_not_found(as_manager: AsyncClient, code: str) -> None:
    check_problem(await as_manager.get(f"{PRODUCTS}/{code}"), 404, "unknown-product")
    answer = await as_manager.patch(f"{PRODUCTS}/{code}", json={"name": "New"}, headers={"If-Match": '"1"'})
    check_problem(answer, 404, "unknown-product")


async def test_an_address_with_a_nul_is_refused(as_manager: AsyncClient) -> None:
    check_problem(await as_manager.get(f"{PRODUCTS}/A%00"), 422, "bad-character")


async def codes(client: AsyncClient, **params: Any) -> list[str]:
    answer = await client.get(PRODUCTS, params=params)
    assert answer.status_code == 200, answer.text
    return [product["code"] for product in answer.json()["items"]]


async def test_products_are_found_by_words_category_tier_and_availability(as_ot: AsyncClient, given: Given) -> None:
    await given.product("A", name="Mobile hoist", category="12 36 03", tier="specialist")
    await given.product("B", name="Standing hoist", category="12 36 04", manufacturer="Ström")
    await given.product("C", name="Commode 100%", category="09 12 03", model="under_score")
    await given.items(2, product="B")
    await given.hold((await given.items(1, product="C"))[0])
    assert await codes(as_ot, q="HOIST") == ["A", "B"]
    assert await codes(as_ot, q="ström") == ["B"]
    assert await codes(as_ot, q="r_s") == ["C"]
    assert await codes(as_ot, q="%") == ["C"]
    assert await codes(as_ot, q="_") == ["C"]
    assert await codes(as_ot, q="\\") == []
    assert await codes(as_ot, q="'; DROP TABLE item; --") == []
    assert await codes(as_ot, category="1236") == ["A", "B"]
    assert await codes(as_ot, category="12 36 04") == ["B"]
    assert await codes(as_ot, category="12-36.04") == ["B"]
    assert await codes(as_ot, category="12") == ["A", "B"]
    assert await codes(as_ot, category="") == ["A", "B", "C"]
    assert await codes(as_ot, specialist=True) == ["A"]
    assert await codes(as_ot, available=True) == ["B"]
    assert await codes(as_ot, available=False) == ["A", "C"]


async def test_what_is_on_the_shelf_is_counted_new_and_recycled_without_what_is_held(
    as_ot: AsyncClient, given: Given
) -> None:
    code = await given.product()
    await given.items(2, product=code)
    await given.recycled(product=code)
    await given.hold(await given.item(product=code))
    await given.item(State.ON_LOAN, product=code)
    body = (await as_ot.get(f"{PRODUCTS}/{code}")).json()
    assert (body["in_stock"], body["in_stock_recycled"]) == (3, 1)


async def test_what_is_in_stock_is_what_the_stores_can_hand_out_today(
    as_ot: AsyncClient, given: Given, clock: Clock
) -> None:
    code = await given.product(inspections=[{"kind": "loler", "every_months": 6}])
    await given.items(2, product=code)
    clock.move(days=100)
    await given.items(1, product=code)
    await given.items(3, product=code, store="COAST")
    await given.reservation((await given.items(1, product=code))[0])
    clock.move(days=100)  # The examinations of the first two are overdue.
    for params, counted in (({}, [3, 1]), ({"store": "COAST"}, [3])):
        [body] = (await as_ot.get(PRODUCTS, params=params)).json()["items"]
        assert [one["recycled"] + one["new"] for one in body["availability"]] == counted
        assert (body["in_stock"], body["in_stock_recycled"]) == (sum(counted), 0)
    assert (await as_ot.get(f"{PRODUCTS}/{code}")).json()["in_stock"] == 4


async def test_a_list_comes_in_pages_that_join_without_gap(as_ot: AsyncClient, given: Given) -> None:
    made = [await given.product(f"P{n}") for n in range(7)]
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page = (await as_ot.get(PRODUCTS, params={"limit": 3, "after": after})).json()
        assert len(page["items"]) <= 3
        found += [product["code"] for product in page["items"]]
        after = page["next"]
    assert found == made


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 501},
        {"limit": -1},
        {"limit": "ten"},
        {"limit": 10**30},
        {"after": "x" * 101},
        {"q": "x" * 101},
        {"specialist": "perhaps"},
        {"q": "\x00"},
        {"category": "\x00"},
        {"category": "%"},
        {"category": "123"},
        {"category": "hoists"},
        {"after": "\x00"},
    ],
)
async def test_a_question_that_cannot_be_is_malformed(as_ot: AsyncClient, params: dict[str, Any]) -> None:
    check_problem(await as_ot.get(PRODUCTS, params=params), 422)


async def test_inspections_of_every_kind_can_be_asked_for(as_manager: AsyncClient) -> None:
    rules = [{"kind": kind.value, "every_months": 6} for kind in sorted(InspectionKind)]
    made = await as_manager.post(PRODUCTS, json=HOIST | {"inspections": rules})
    assert made.json()["inspections"] == rules


@pytest.mark.parametrize("typed", ["12 36 03", "123603", "12.36.03", " 12-36-03 "])
async def test_an_iso_9999_code_is_kept_in_one_form_however_it_is_typed(as_manager: AsyncClient, typed: str) -> None:
    made = await as_manager.post(PRODUCTS, json=HOIST | {"category": typed})
    assert made.json()["category"] == "12 36 03"


async def test_a_hoist_without_its_examination_is_kept_with_advice(as_manager: AsyncClient) -> None:
    bare = await as_manager.post(PRODUCTS, json=HOIST | {"inspections": []})
    assert bare.status_code == 201
    [advice] = bare.json()["advice"]
    assert "LOLER" in advice
    change = {"inspections": [{"kind": "loler", "every_months": 6}]}
    headers = {"If-Match": bare.headers["etag"]}
    changed = await as_manager.patch(f"{PRODUCTS}/HOIST", json=change, headers=headers)
    assert changed.json()["advice"] == []


async def test_a_misspelt_parameter_is_named_with_those_that_are_known(as_ot: AsyncClient) -> None:
    body = check_problem(await as_ot.get(PRODUCTS, params={"avialable": "true"}), 422, "unknown-parameter")
    assert "“avialable”" in body["detail"]
    assert (
        "limit, after, q, category, specialist, tier, available, min_load_kg, size, compatible_with, store"
        in body["detail"]
    )
    assert body["errors"][0]["loc"] == ["query", "avialable"]


async def test_a_refusal_says_whether_the_field_stood_in_the_address_or_the_body(as_manager: AsyncClient) -> None:
    missing = check_problem(await as_manager.get(f"{PRODUCTS}/NO-SUCH"), 404)
    assert missing["errors"][0]["loc"] == ["path", "code"]
    await as_manager.post(PRODUCTS, json=HOIST)
    twice = check_problem(await as_manager.post(PRODUCTS, json=HOIST), 409)
    assert twice["errors"][0]["loc"] == ["body", "code"]
    cursor = check_problem(await as_manager.get("/api/v1/loans", params={"after": "x"}), 422, "bad-cursor")
    assert cursor["errors"][0]["loc"] == ["query", "after"]
    label = check_problem(await as_manager.get(f"/api/v1/items/{make_tag('ES', 9_999)}/label"), 404)
    assert label["errors"][0]["loc"] == ["path", "barcode"]
