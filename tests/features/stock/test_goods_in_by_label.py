"""The page of goods in, filled in from the maker's label: without JavaScript, and nothing silently."""

import pytest

from app.domain.gs1_text import shown
from app.domain.labels import make_tag
from tests.browser import Browser
from tests.conftest import Query
from tests.given import Given

PAGE = "/items/receive"
GTIN = "07032069804988"
LABEL = f"]d201{GTIN}11250700" + "10L-7\x1d21SN-9"
SWALLOWED = f"01{GTIN}10032915210526"


@pytest.fixture
async def bed(given: Given) -> str:
    """A product whose UDI-DI is the GTIN of the labels here."""
    return await given.product("BED", name="Bed", udi_di=[GTIN])


async def test_a_scan_fills_in_the_form_and_keeps_what_was_typed(technician: Browser, bed: str, query: Query) -> None:
    page = await technician.post_form(PAGE, maker_label=LABEL, store="COAST", bay="B7", lot_number="L7")
    assert (page.status, page.errors) == (200, {})
    assert "SN-9" in page.text
    assert "July 2025" in page.text
    assert await query("SELECT id FROM item") == []
    answer = await technician.send(page, PAGE)
    assert answer.status == 303, answer.errors
    [row] = await query("SELECT *, store.code AS store FROM item JOIN store ON store.id = item.store_id")
    assert {name: row[name] for name in ("serial_number", "lot_number", "udi_di", "bay", "store", "maker_label")} == {
        "serial_number": "SN-9",
        "lot_number": "L7",
        "udi_di": GTIN,
        "bay": "B7",
        "store": "COAST",
        "maker_label": LABEL,
    }
    assert (str(row["manufactured_on"]), row["manufactured_precision"]) == ("2025-07-01", "month")
    item = await technician.get(f"/items/{row['barcode']}")
    assert shown(LABEL) in item.text


async def test_a_second_label_takes_the_place_of_the_first(technician: Browser, bed: str) -> None:
    page = await technician.post_form(PAGE, maker_label=LABEL, store="MAIN")
    page = await technician.send(page, PAGE, maker_label=f"01{GTIN}10L-8\x1d21SN-10")
    form = page.form(PAGE)
    assert form.find("textarea", {"name": "serial_numbers"}).get_text().strip() == "SN-10"  # type: ignore[union-attr]
    values = {str(tag["name"]): tag.get("value") for tag in form.find_all("input")}
    assert (values["lot_number"], values["manufactured_on-year"] or "") == ("L-8", "")


async def test_a_suspect_value_is_shown_and_left_to_be_typed(technician: Browser, bed: str, query: Query) -> None:
    page = await technician.post_form(PAGE, maker_label=SWALLOWED, store="MAIN", quantity=1)
    assert "may have swallowed what follows it" in page.soup.select_one(".govuk-warning-text").get_text()  # type: ignore[union-attr]
    assert page.form(PAGE).find("input", {"name": "lot_number"}).get("value", "") == ""  # type: ignore[union-attr]
    answer = await technician.send(page, PAGE, lot_number="0329")
    assert answer.status == 303, answer.errors
    assert [row["lot_number"] for row in await query("SELECT lot_number FROM item")] == ["0329"]


async def test_what_somebody_empties_after_reading_the_label_stays_empty(
    technician: Browser, bed: str, query: Query
) -> None:
    page = await technician.post_form(PAGE, maker_label=f"01{GTIN}10L-7", store="MAIN", quantity=1)
    answer = await technician.send(page, PAGE, lot_number=None)
    assert answer.status == 303, answer.errors
    assert [row["lot_number"] for row in await query("SELECT lot_number FROM item")] == [None]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"read": "yes"}, "maker_label"),
        ({"maker_label": "ABC"}, "maker_label"),
        ({"maker_label": make_tag("ES", 1)}, "maker_label"),
        ({"maker_label": LABEL, "read_label": LABEL, "lot_number": "L-8", "serial_numbers": "SN-9"}, "lot_number"),
    ],
)
async def test_what_is_wrong_with_a_label_is_said_at_its_field(
    technician: Browser, bed: str, typed: dict[str, str], field: str
) -> None:
    page = await technician.post_form(PAGE, product_code=bed, store="MAIN", **typed)
    assert page.status == 422
    assert list(page.errors) == [field]


async def test_a_label_without_anything_sure_says_so(technician: Browser, bed: str) -> None:
    page = await technician.post_form(PAGE, maker_label="+H123ABC")
    assert page.status == 200
    assert "Nothing could be filled in" in page.text
