"""The catalogue's pages."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.inspections import InspectionKind
from app.domain.lifecycle import State
from app.web.typed import pence_from
from tests.browser import Browser, Page
from tests.conftest import Query
from tests.given import Given


def codes_on(page: Page) -> list[str]:
    """The products of a list, by their codes."""
    return [code.get_text() for code in page.soup.select("table .app-code")]


async def test_the_list_shows_what_can_be_had_now_and_soon_recycled_first(ot: Browser, given: Given) -> None:
    code = await given.product(
        "HOIST-150",
        name="Mobile hoist",
        tier="specialist",
        purchase_price_pence=89_500,
        safe_working_load_kg=150,
        manufacturer="Fenwick",
    )
    await given.items(2, product=code)
    await given.recycled(product=code)
    await given.hold(await given.item(product=code))
    await given.item(State.RETURNED, product=code)
    await given.items(1, product=code, store="COAST")
    await given.product("STICK", name="Mobile phone holder")
    page = await ot.get("/products", q="mobile")
    there = "Main store: 1 recycled here now 2 new here now 1 in decontamination Coast satellite store: 1 new here now"
    assert page.table() == [
        [
            "Mobile hoist HOIST-150 Fenwick",
            "150 kg",
            "Specialist",
            "£895.00",
            there,
        ],
        ["Mobile phone holder STICK", "Not known", "Standard", "£45.00", "None now"],
    ]


async def test_the_catalogue_is_searched_by_everything_the_form_asks(ot: Browser, given: Given) -> None:
    sling = await given.product("SLING", category="12 36 21")
    hoist = await given.product(
        "HOIST",
        tier="specialist",
        category="12 36 03",
        safe_working_load_kg=180,
        dimensions={"width_mm": 640},
        compatible_with=[sling],
    )
    await given.product("RAIL", category="18 12 27", safe_working_load_kg=100)
    await given.items(1, product=hoist, store="COAST")
    asks: tuple[dict[str, Any], ...] = (
        {"q": "hoi"},
        {"q": "hosit"},
        {"tier": "specialist"},
        {"category": "12-3603"},
        {"available": "yes"},
        {"available": "yes", "store": "COAST"},
        {"min_load_kg": "180"},
        {"size": "width_mm", "least": "600", "most": "640"},
        {"size": "width_mm", "most": "700"},
        {"compatible_with": "sling"},
    )
    for asked in asks:
        assert codes_on(await ot.get("/products", **asked)) == ["HOIST"], asked
    assert codes_on(await ot.get("/products", available="yes", store="MAIN")) == []


async def test_where_nothing_fits_the_page_shows_the_nearest_and_how_to_ask_for_less(ot: Browser, given: Given) -> None:
    await given.product("HOIST", name="Mobile hoist")
    page = await ot.get("/products", q="hoist", tier="specialist", size="width_mm", least="600")
    assert "No product fits" in page.text
    drops = {link.get_text(): str(link["href"]) for link in page.soup.select("#results li a")}
    assert drops == {
        "Leave out “Tier: specialist”": "/products?q=hoist&size=width_mm&least=600",
        "Leave out “Size: width from 600 mm”": "/products?q=hoist&tier=specialist",
    }
    assert codes_on(page) == ["HOIST"]
    assert codes_on(await ot.get("/products", q="moble zzzz")) == ["HOIST"]
    nothing = await ot.get("/products", q="100%")
    assert "Use fewer words" in nothing.text
    assert "The catalogue is empty" not in nothing.text


async def test_the_list_narrows_while_one_types_and_works_without_a_script(ot: Browser, given: Given) -> None:
    await given.product("HOIST")
    page = await ot.get("/products", min_load_kg="100")
    form = page.form("/products")
    assert (form["method"], form["hx-get"], form["hx-select"]) == ("get", "/products", "#results")
    assert page.soup.select_one("#results") is not None
    assert form.select_one("details[open] [name=min_load_kg][value='100']")


async def test_a_long_catalogue_goes_on_on_the_next_page_with_the_same_search(ot: Browser, given: Given) -> None:
    for number in range(51):
        await given.product(f"ROW-{number:02}")
    for asked in ({"q": "ROW"}, {}):
        first = await ot.get("/products", **asked)
        assert len(first.table()) == 50
        [onward] = [str(link["href"]) for link in first.soup.select(".govuk-pagination a")]
        assert codes_on(await ot.get(onward)) == ["ROW-50"]


async def test_a_product_shows_where_it_can_be_had_and_what_stands_on_the_shelf(
    ot: Browser, technician: Browser, given: Given
) -> None:
    code = await given.product("HOIST", inspections=[{"kind": "pat", "every_months": 12}])
    new = (await given.items(1, product=code, bay="A1"))[0]
    await given.inspected(new, kind=InspectionKind.PAT)
    await given.hold(await given.item(product=code))
    page = await ot.get("/products/HOIST")
    assert page.table()[:2] == [
        ["Coast satellite store", "None here now", "0", "0"],
        ["Main store", "1 new here now", "0", "0"],
    ]
    assert page.soup.select_one(f'a[href="/items/{new}"]')
    for words in ("Main store, A1", "Portable appliance test by 2 March 2027", "1 more stands on the shelf"):
        assert words in page.text
    links = {str(link["href"]) for link in page.soup.select("main a[href]")}
    assert {"/orders/new?product=HOIST", "/reservations/new?product=HOIST"} <= links
    stores = await technician.get("/products/HOIST")
    shown = {str(link["href"]) for link in stores.soup.select("main a[href]")}
    assert "/orders/new?product=HOIST" not in shown
    assert "/reservations/new?product=HOIST" in shown


async def test_what_goes_with_a_product_is_shown_whichever_of_the_two_says_so(ot: Browser, given: Given) -> None:
    await given.product("SLING", name="Loop sling")
    await given.product("HOIST", compatible_with=["SLING"])
    await given.product("BATH", name="Bath lift", incompatible_with=["SLING"])
    page = await ot.get("/products/SLING")
    assert "Goes with Commode 2 HOIST" in page.text
    assert "Must not be used with Bath lift BATH" in page.text
    assert "Nobody has said what goes with it" in (await ot.get("/products/BATH")).text


async def test_a_product_has_a_page_with_everything_about_it(technician: Browser, given: Given) -> None:
    sling = await given.product("SLING")
    await given.product(
        "HOIST",
        high_risk=True,
        safe_working_load_kg=150,
        compatible_with=[sling],
        dimensions={"seat_width_mm": 480},
        inspections=[{"kind": "loler", "every_months": 6}],
    )
    page = await technician.get("/products/HOIST")
    for words in ("150 kg", "SLING", "480 mm", "LOLER thorough examination", "6 months", "another releases it"):
        assert words in page.text
    assert page.soup.select_one('a[href="/items?product_code=HOIST"]')
    assert (await technician.get("/products/NOTHING")).status == 404


async def test_a_manager_adds_a_product_with_its_price_in_pounds(manager: Browser, given: Given, query: Query) -> None:
    await given.product("SLING")
    sent = await manager.post_form(
        "/products/new",
        code="HOIST-200",
        name="Mobile hoist",
        category="12 36 03",
        price="1,299.99",
        tier="specialist",
        high_risk="true",
        loler_months="6",
        pat_months="12",
        udi_di="05012345678900\n4006381333931",
        compatible_with="SLING",
        length_mm="1210",
        seat_width_mm="",
        safe_working_load_kg="200",
    )
    assert sent.goes_to == "/products/HOIST-200"
    assert "Mobile hoist is in the catalogue" in (await manager.follow(sent)).banner
    [row] = await query("SELECT * FROM product WHERE code = 'HOIST-200'")
    assert row["purchase_price_pence"] == 129_999
    assert (row["returnable"], row["high_risk"]) == (True, True)
    assert row["udi_di"] == ["05012345678900", "04006381333931"]
    assert row["dimensions"] == {"length_mm": 1210}
    rules = await query("SELECT kind, every_months FROM product_inspection ORDER BY kind")
    assert [(rule["kind"], rule["every_months"]) for rule in rules] == [("loler", 6), ("pat", 12)]


async def test_each_wrong_field_of_a_new_product_is_named_and_nothing_is_kept(
    manager: Browser, given: Given, query: Query
) -> None:
    empty = await manager.post_form("/products/new")
    assert set(empty.errors) == {"code", "name", "category", "price"}
    page = await manager.post_form(
        "/products/new",
        code="two words",
        name="Hoist",
        category="hoists",
        price="9.999",
        udi_di="05012345678901",
        loler_months="500",
        length_mm="wide",
        compatible_with="a b",
    )
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert set(page.errors) == {
        "code", "category", "price", "udi_di", "loler_months", "length_mm", "compatible_with"
    }  # fmt: skip
    assert page.form("/products/new").select_one('[name="name"]')["value"] == "Hoist"  # type: ignore[index]
    assert await query("SELECT id FROM product") == []


async def test_a_code_that_is_taken_and_a_fit_that_is_unknown_are_said_at_their_fields(
    manager: Browser, given: Given
) -> None:
    await given.product("HOIST")
    usual = {"name": "Hoist", "category": "1236", "price": "1"}
    taken = await manager.post_form("/products/new", code="HOIST", **usual)
    assert (taken.status, set(taken.errors)) == (409, {"code"})
    unknown = await manager.post_form("/products/new", code="NEW", incompatible_with="HOIST, NOBODY", **usual)
    assert (unknown.status, set(unknown.errors)) == (422, {"incompatible_with"})
    both = await manager.post_form(
        "/products/new", code="NEW", compatible_with="HOIST", incompatible_with="HOIST", **usual
    )
    assert "both compatible and incompatible" in both.text


async def test_who_may_not_keep_the_catalogue_is_not_offered_it(ot: Browser, given: Given) -> None:
    assert (await ot.get("/products")).soup.select_one('a[href="/products/new"]') is None
    assert (await ot.get("/products/new")).status == 403


async def test_an_answer_that_a_filter_does_not_know_is_said_and_finds_nothing(ot: Browser, given: Given) -> None:
    await given.product("HOIST")
    for asked, field in (
        ({"tier": "luxury"}, "tier"),
        ({"category": "%"}, "category"),
        ({"available": "1"}, "available"),
        ({"min_load_kg": "heavy"}, "min_load_kg"),
        ({"size": "depth"}, "size"),
        ({"least": "5"}, "size"),
        ({"size": "width_mm"}, "least"),
        ({"size": "width_mm", "least": "wide"}, "least"),
        ({"size": "width_mm", "least": "500", "most": "400"}, "most"),
        ({"store": "NOWHERE"}, "store"),
        ({"compatible_with": "NOTHING"}, "compatible_with"),
    ):
        page = await ot.get("/products", **asked)
        assert (page.status, set(page.errors), page.table()) == (422, {field}, []), asked
    assert (await ot.get("/products", utm_source="mail")).table()


HOIST_TYPED = {
    "name": "Mobile hoist",
    "category": "12 36 03",
    "price": "1299.99",
    "tier": "specialist",
    "high_risk": "true",
    "loler_months": "6",
    "pat_months": "12",
    "udi_di": "05012345678900",
    "length_mm": "1210",
    "safe_working_load_kg": "200",
}


async def test_a_product_is_changed_on_its_page_and_only_what_is_different(
    manager: Browser, as_manager: AsyncClient, given: Given, query: Query
) -> None:
    await given.product("SLING")
    await manager.post_form("/products/new", code="HOIST", compatible_with="SLING", **HOIST_TYPED)
    depth = {"dimensions": {"length_mm": 1210, "depth_mm": 80}}
    await as_manager.patch("/api/v1/products/HOIST", json=depth, headers={"If-Match": '"1"'})
    before = (await as_manager.get("/api/v1/products/HOIST")).json()
    page = await manager.get("/products/HOIST")
    assert page.soup.select_one('a[href="/products/HOIST/edit"]')
    sent = await manager.post_form(
        "/products/HOIST/edit", price="1,300", high_risk=None, pat_months="", length_mm="1215"
    )
    assert sent.goes_to == "/products/HOIST"
    assert "Mobile hoist is changed" in (await manager.follow(sent)).banner
    after = (await as_manager.get("/api/v1/products/HOIST")).json()
    assert after == before | {
        "purchase_price_pence": 130_000,
        "high_risk": False,
        "dimensions": {"length_mm": 1215, "depth_mm": 80},
        "inspections": [{"kind": "loler", "every_months": 6}],
    }
    lines = await query("SELECT detail FROM audit_event WHERE action = 'product_changed' ORDER BY seq DESC")
    assert lines[0]["detail"]["fields"] == "dimensions, high_risk, inspections, purchase_price_pence"


async def test_a_page_sent_back_as_it_was_changes_nothing(manager: Browser, query: Query) -> None:
    await manager.post_form("/products/new", code="HOIST", **HOIST_TYPED)
    sent = await manager.post_form("/products/HOIST/edit")
    assert (await manager.follow(sent)).banner.endswith("Nothing was changed.")
    assert [row["version"] for row in await query("SELECT version FROM product")] == [1]


async def test_a_change_that_is_wrong_or_too_late_is_shown_on_the_form_again(manager: Browser, query: Query) -> None:
    await manager.post_form("/products/new", code="HOIST", **HOIST_TYPED)
    wrong = await manager.post_form("/products/HOIST/edit", price="cheap", category="12", compatible_with="NOBODY")
    assert (wrong.status, set(wrong.errors)) == (422, {"price", "category"})
    unknown = await manager.post_form("/products/HOIST/edit", compatible_with="NOBODY")
    assert (unknown.status, set(unknown.errors)) == (422, {"compatible_with"})
    open_page = await manager.get("/products/HOIST/edit")
    await manager.post_form("/products/HOIST/edit", name="Hoist, mobile")
    late = await manager.send(open_page, "/products/HOIST/edit", name="Hoist, late")
    assert late.status == 412
    assert "Somebody changed this while you had it open." in late.text
    assert [row["name"] for row in await query("SELECT name FROM product")] == ["Hoist, mobile"]
    assert (await manager.get("/products/NOTHING/edit")).status == 404


async def test_a_hoist_without_its_examination_has_a_warning_on_its_page(manager: Browser, ot: Browser) -> None:
    sent = await manager.post_form("/products/new", code="HOIST", **(HOIST_TYPED | {"loler_months": "12"}))
    page = await manager.follow(sent)
    assert "asked for only every 12 months" in page.text
    assert "every six months" in page.text
    await manager.post_form("/products/HOIST/edit", loler_months="6")
    assert "Regulation 9" not in (await manager.get("/products/HOIST")).text
    assert (await ot.get("/products/HOIST/edit")).status == 403


async def test_letters_that_no_label_prints_are_named_at_the_name(manager: Browser) -> None:
    page = await manager.post_form("/products/new", code="HOIST", **(HOIST_TYPED | {"name": "Hoist 車い"}))
    assert set(page.errors) == {"name"}
    assert "車 い" in page.errors["name"]


@pytest.mark.parametrize(
    ("typed", "pence"), [("349.5", 34_950), ("£1,000,000", 100_000_000), ("0.07", 7), ("1.10", 110), ("0", 0)]
)
def test_pounds_become_pence_exactly(typed: str, pence: int) -> None:
    assert pence_from(typed) == pence


@pytest.mark.parametrize("typed", ["1.005", "-1", "1000000.01", "ten", "NaN", "inf", "1e3.2", "£", "1 000"])
def test_what_is_no_price_is_refused_in_words(typed: str) -> None:
    with pytest.raises(ValueError, match=r"[Pp]rice"):
        pence_from(typed)
