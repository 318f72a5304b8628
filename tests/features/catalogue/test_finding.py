"""Finding equipment by the API: words with mistakes in them, filters, and what can be had now."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.clearance import is_clear
from app.domain.lifecycle import State
from app.features.catalogue.finding import Size, Wanted, as_size
from tests.conftest import Clock, Query, Statements
from tests.given import Given
from tests.problems import check_problem

PRODUCTS = "/api/v1/products"
LOLER = [{"kind": "loler", "every_months": 6}]


async def codes(client: AsyncClient, **params: Any) -> list[str]:
    answer = await client.get(PRODUCTS, params=params)
    assert answer.status_code == 200, answer.text
    return [product["code"] for product in answer.json()["items"]]


async def availability(client: AsyncClient, code: str) -> dict[str, dict[str, Any]]:
    """What can be had of a product, by store."""
    stores = (await client.get(f"{PRODUCTS}/{code}")).json()["availability"]
    return {one.pop("store"): one for one in stores}


def count(recycled: int = 0, new: int = 0, in_decontamination: int = 0, due_back_this_week: int = 0) -> dict[str, Any]:
    """The counts of one store."""
    return {
        "recycled": recycled,
        "new": new,
        "in_decontamination": in_decontamination,
        "due_back_this_week": due_back_this_week,
        "ring_fenced_for": [],
    }


@pytest.fixture
async def catalogue(given: Given) -> None:
    for code, name, maker, category in (
        ("HOIST-150", "Mobile hoist, 150 kg", "Fenwick Care", "12 36 03"),
        ("STAND-1", "Standing hoist", "Ridgeway", "12 36 04"),
        ("SLING-L", "Loop sling, large", "Fenwick Care", "12 36 21"),
        ("SLING-M", "Loop sling, medium", "Fenwick Care", "12 36 21"),
        ("MATT-1", "Foam mattress", "Alder", "04 33 06"),
        ("COMMODE", "Commode chair", "Tamar", "09 12 03"),
        ("HOISTER", "Bath lift", "Tamar", "12 36 12"),
    ):
        await given.product(code, name=name, manufacturer=maker, category=category)


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("hoyst", ["HOIST-150", "STAND-1", "HOISTER"]),
        ("HOSIT", ["HOISTER", "HOIST-150", "STAND-1"]),
        ("matress", ["MATT-1"]),
        ("mattrses", ["MATT-1"]),
        ("comode", ["COMMODE"]),
        ("fenwik slign", ["SLING-L", "SLING-M"]),
        ("sling  fenwick/large", ["SLING-L"]),
        ("large sling", ["SLING-L"]),
        ("sling hoist", []),
        ("kg", ["HOIST-150"]),
        ("12 36 21", ["SLING-L", "SLING-M"]),
        ("hoist-15", ["HOIST-150"]),
        ("HOIST150", ["HOIST-150"]),
        ("hoist 150", ["HOIST-150"]),
        ("xyzzy", []),
        ("hiost", ["HOIST-150", "STAND-1", "HOISTER"]),
        ("hoisst", ["HOIST-150", "STAND-1", "HOISTER"]),
        ("beth lift", ["HOISTER"]),
        ("-", ["HOIST-150", "STAND-1", "SLING-L", "SLING-M", "MATT-1"]),
    ],
)
async def test_every_word_must_be_found_as_it_is_or_nearly_so(as_ot: AsyncClient, typed: str, found: list[str]) -> None:
    assert set(await codes(as_ot, q=typed)) == set(found)


@pytest.mark.usefixtures("catalogue")
async def test_the_code_comes_first_then_what_begins_so_then_what_has_the_word_then_what_is_like_it(
    as_ot: AsyncClient, given: Given
) -> None:
    await given.product("A-1", name="Hoist, ceiling track")
    await given.product("A-2", name="Hoisting frame strap", manufacturer="Zed")
    await given.product("HOIST", name="Any")
    await given.product("A-0", name="Moist towel warmer")
    found = await codes(as_ot, q="hoist")
    assert found == ["HOIST", "HOIST-150", "HOISTER", "A-1", "A-2", "STAND-1", "A-0"]


@pytest.mark.parametrize("words", ["hoist", "hosit", "hoyst", ""])
async def test_pages_of_a_search_join_without_gap(as_ot: AsyncClient, given: Given, words: str) -> None:
    names = ("Hoist", "Mobile hoist", "Hoist, standing", "Ceiling hoist")
    made = {await given.product(f"P{n}", name=names[n % 4]) for n in range(9)}
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page = (await as_ot.get(PRODUCTS, params={"q": words, "limit": 2, "after": after})).json()
        found += [product["code"] for product in page["items"]]
        after = page["next"]
    assert (len(found), set(found)) == (9, made)
    assert found == await codes(as_ot, q=words)


@pytest.mark.parametrize("after", ["HOIST", "x~HOIST", "~", "-1~A", "²~A", f"{10**30}~A"])
async def test_a_cursor_that_no_search_gave_is_refused(as_ot: AsyncClient, after: str) -> None:
    check_problem(await as_ot.get(PRODUCTS, params={"q": "hoist", "after": after}), 422, "bad-cursor", field="after")


async def test_products_are_found_by_load_and_size_and_what_is_not_known_is_not_found(
    as_ot: AsyncClient, given: Given
) -> None:
    await given.product("NARROW", safe_working_load_kg=150, dimensions={"seat_width_mm": 410})
    await given.product("WIDE", safe_working_load_kg=300, dimensions={"seat_width_mm": 610, "width_mm": 700})
    await given.product("UNKNOWN")
    assert await codes(as_ot, min_load_kg=150) == ["NARROW", "WIDE"]
    assert await codes(as_ot, min_load_kg=151) == ["WIDE"]
    assert await codes(as_ot, size="seat_width_mm:400-") == ["NARROW", "WIDE"]
    assert await codes(as_ot, size="seat_width_mm:-410") == ["NARROW"]
    assert await codes(as_ot, size="seat_width_mm:411-610") == ["WIDE"]
    assert await codes(as_ot, size=["seat_width_mm:400-", "width_mm:700-700"]) == ["WIDE"]
    assert await codes(as_ot, tier="standard", size="depth_mm:1-") == []


async def test_what_goes_with_a_product_is_what_either_of_the_two_declares_and_neither_denies(
    as_ot: AsyncClient, given: Given
) -> None:
    for code in ("SLING-A", "SLING-B", "SLING-C"):
        await given.product(code)
    await given.product("HOIST", compatible_with=["SLING-A", "SLING-B"])
    await given.product("SLING-D", compatible_with=["HOIST"])
    await given.product("SLING-E", incompatible_with=["HOIST"])
    assert await codes(as_ot, compatible_with="HOIST") == ["SLING-A", "SLING-B", "SLING-D"]
    assert await codes(as_ot, compatible_with="hoist") == ["SLING-A", "SLING-B", "SLING-D"]
    assert await codes(as_ot, compatible_with="SLING-A") == ["HOIST"]
    await given.product("HOIST-2", compatible_with=["SLING-A"])
    await given.product("SLING-F", compatible_with=["HOIST-2"], incompatible_with=["HOIST"])
    assert await codes(as_ot, compatible_with="HOIST-2", q="sling") == ["SLING-A", "SLING-F"]
    assert "SLING-F" not in await codes(as_ot, compatible_with="HOIST")


@pytest.mark.parametrize(
    ("params", "code", "field"),
    [
        ({"store": "NOWHERE"}, "unknown-store", "store"),
        ({"compatible_with": "NOTHING"}, "unknown-product", "compatible_with"),
        ({"min_load_kg": 0}, None, "min_load_kg"),
        ({"min_load_kg": "heavy"}, None, "min_load_kg"),
        ({"size": "seat_width_mm"}, None, "size"),
        ({"size": "seat_width_mm:-"}, None, "size"),
        ({"size": "seat_width_mm:500-400"}, None, "size"),
        ({"size": "seat_width_mm:1-2' OR true"}, None, "size"),
        ({"size": ["a_mm:1-"] * 6}, None, "size"),
        ({"tier": "luxury"}, None, "tier"),
        ({"store": "\x00"}, None, None),
    ],
)
async def test_a_search_that_cannot_be_is_said_at_its_field(
    as_ot: AsyncClient, params: dict[str, Any], code: str | None, field: str | None
) -> None:
    body = check_problem(await as_ot.get(PRODUCTS, params=params), 422)
    assert code is None or body["code"] == code
    assert field is None or field in str(body["errors"])


async def test_availability_counts_what_may_really_go_out_by_store(
    as_ot: AsyncClient, given: Given, clock: Clock
) -> None:
    code = await given.product()
    assert await availability(as_ot, code) == {"COAST": count(), "MAIN": count()}
    await given.items(2, product=code)
    await given.recycled(product=code)
    await given.items(1, product=code, store="COAST")
    await given.hold(await given.item(product=code))
    await given.item(State.RESERVED, product=code)
    for state in (State.RETURNED, State.DECONTAMINATING, State.AWAITING_INSPECTION, State.AWAITING_COLLECTION):
        await given.item(state, product=code)
    for state in (State.ON_LOAN, State.IN_REPAIR, State.MISSING, State.SCRAPPED, State.DISPATCHED):
        await given.item(state, product=code)
    await given.trial(await given.item(product=code), days=7)
    await given.trial(await given.item(product=code), days=8)
    await given.hold(await given.item(State.RETURNED, product=code))
    assert await availability(as_ot, code) == {
        "COAST": count(new=1),
        "MAIN": count(recycled=1, new=2, in_decontamination=3, due_back_this_week=2),
    }
    clock.move(days=8)
    # One trial is overdue: nobody knows when it comes. The other ends today.
    assert (await availability(as_ot, code))["MAIN"]["due_back_this_week"] == 2


async def test_what_is_not_known_or_not_in_date_is_not_available(
    as_ot: AsyncClient, given: Given, clock: Clock, as_manager: AsyncClient
) -> None:
    code = await given.product(inspections=LOLER)
    await given.items(2, product=code)
    assert (await availability(as_ot, code))["MAIN"] == count(new=2)
    assert await codes(as_ot, available=True) == [code]
    clock.move(days=400)
    assert (await availability(as_ot, code))["MAIN"] == count()
    assert await codes(as_ot, available=True) == []
    assert await codes(as_ot, available=False) == [code]
    plain = await given.product("PLAIN")
    await given.items(1, product=plain)
    asked_too_late = {"inspections": [{"kind": "pat", "every_months": 12}]}
    await as_manager.patch(f"{PRODUCTS}/{plain}", json=asked_too_late, headers={"If-Match": '"1"'})
    assert (await availability(as_ot, plain))["MAIN"] == count()


async def test_what_one_patient_has_used_is_neither_there_nor_on_its_way(as_ot: AsyncClient, given: Given) -> None:
    code = await given.product(single_patient_use=True, returnable=False)
    await given.items(1, product=code)
    for state in (State.RETURNED, State.AWAITING_COLLECTION):
        await given.item(state, product=code)
    assert (await availability(as_ot, code))["MAIN"] == count(new=1)


async def test_a_reservation_counts_from_its_first_day(
    as_ot: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    code = await given.product()
    barcode, client = await given.item(product=code), await given.client()
    tomorrow = {"barcode": barcode, "client_ref": client, "from": str(clock.today.replace(day=clock.today.day + 1))}
    made = await as_ot.post("/api/v1/reservations", json=tomorrow | {"until": str(clock.today.replace(day=28))})
    assert made.status_code == 201, made.text
    assert (await query("SELECT state FROM item WHERE barcode = :barcode", barcode=barcode))[0]["state"] == "in_stock"
    assert (await availability(as_ot, code))["MAIN"] == count(new=1)
    clock.move(days=1)
    assert (await availability(as_ot, code))["MAIN"] == count()


async def test_the_shelf_as_it_is_counted_is_the_shelf_as_the_rules_clear_it(
    as_ot: AsyncClient, given: Given, clock: Clock, as_manager: AsyncClient
) -> None:
    plain = await given.product()
    lifting = await given.product(inspections=LOLER, category="12 36 03")
    once = await given.product(single_patient_use=True)
    barcodes = [
        *await given.items(2, product=plain),
        *await given.items(2, product=lifting),
        await given.item(product=once),
    ]
    barcodes += [await given.recycled(product=plain), await given.recycled(product=lifting)]
    await given.hold(barcodes[0])
    was_used = await given.recycled(product=plain)
    for days in (0, 100, 200):
        clock.move(days=days)
        records = [await given.record(barcode) for barcode in [*barcodes, was_used]]
        clear = sum(is_clear(record.evidence, on=clock.today) for record in records)
        counted = 0
        for code in (plain, lifting, once):
            main = (await availability(as_ot, code))["MAIN"]
            counted += main["recycled"] + main["new"]
        assert counted == clear, days


async def test_available_and_availability_are_of_the_store_that_is_asked_after(
    as_ot: AsyncClient, given: Given
) -> None:
    for code, store in (("A", "MAIN"), ("B", "COAST")):
        await given.items(1, product=await given.product(code), store=store)
    assert await codes(as_ot, available=True, store="COAST") == ["B"]
    assert await codes(as_ot, available=False, store="COAST") == ["A"]
    page = (await as_ot.get(PRODUCTS, params={"store": "COAST"})).json()
    shown = [[(one["store"], one["new"]) for one in product["availability"]] for product in page["items"]]
    assert shown == [[("COAST", 0)], [("COAST", 1)]]


@pytest.mark.parametrize("params", [{}, {"q": "hoist chair"}, {"q": "commode", "available": True, "store": "MAIN"}])
async def test_a_page_of_results_costs_three_statements_at_most_however_long_it_is(
    as_ot: AsyncClient, given: Given, statements: Statements, params: dict[str, Any]
) -> None:
    for number in range(12):
        await given.items(2, product=await given.product(f"P{number}", name="Commode chair hoist"))
    await as_ot.get("/api/v1/me")
    statements.clear()
    await as_ot.get("/api/v1/me")
    signing_in = len(statements)
    statements.clear()
    assert len(await codes(as_ot, **params)) == 12
    assert len(statements) - signing_in <= 3, statements


def test_a_size_is_read_with_either_end_left_out() -> None:
    assert as_size(" seat_width_mm:450-520 ") == Size("seat_width_mm", 450, 520)
    assert as_size("width_mm:-520") == Size("width_mm", 0, 520)
    assert as_size("width_mm:450-") == Size("width_mm", 450, 20_000)


def test_words_are_counted_once_and_not_without_end() -> None:
    assert Wanted(q=" Hoist, hoist-150 ").words == ["hoist", "150"]
    assert Wanted(q="%").words == ["%"]
    assert Wanted(q="--").words == ["--"]
    assert Wanted(q="  ").words == []
    assert len(Wanted(q="a b c d e f g h i j k").words) == 8
