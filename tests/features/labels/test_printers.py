"""Printers that a store keeps: their pages, their offsets on what is printed, and the test page to set them by."""

import re

import pypdfium2
import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.printers import NO_OFFSET, Offset
from app.features.labels.printing import Dpi, ruler_pdf, ruler_zpl
from app.features.labels.stocks import STOCKS, Stock
from tests.browser import Browser, Page
from tests.conftest import Query
from tests.given import Given
from tests.problems import check_problem

MM_PER_POINT = 25.4 / 72
PATH = pypdfium2.raw.FPDF_PAGEOBJ_PATH


async def keep(browser: Browser, **fields: str) -> str:
    """The address of a printer that was just kept."""
    page = await browser.post_form("/printers/new", **{"name": "Workshop laser", "store": "MAIN"} | fields)
    assert page.goes_to is not None, page.errors
    return page.goes_to


def first_letter(pdf: bytes) -> tuple[float, float]:
    left, foot, _, _ = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_charbox(0)
    return left * MM_PER_POINT, foot * MM_PER_POINT


async def test_a_printer_is_kept_listed_changed_and_removed(technician: Browser) -> None:
    address = await keep(technician, stock="L7651", offset_x="12", offset_y="-5")
    row = ["Workshop laser", "Main store", "Avery L7651: 38.1 \N{MULTIPLICATION SIGN} 21.2 mm, 65 a sheet"]
    [listed] = (await technician.get("/printers")).table()
    assert listed == [*row, "Office printer, Brother or Dymo", "1.2 mm right, 0.5 mm up"]
    changed = await technician.post_form(address, on=address, offset_x="0", offset_y="0", stock="ZEBRA-57X32/300")
    assert "changes are kept" in (await technician.follow(changed)).banner
    [listed] = (await technician.get("/printers")).table()
    assert listed[-2:] == ["Zebra, 300 dots an inch", "None"]
    removed = await technician.follow(await technician.post_form(f"{address}/remove", on=address))
    assert removed.banner.endswith("Workshop laser is removed.")
    assert removed.table() == []
    assert (await technician.get(address)).status == 404


async def test_every_act_on_a_printer_is_in_the_audit_trail(technician: Browser, query: Query) -> None:
    address = await keep(technician)
    await technician.post_form(address, on=address, name="Front desk")
    await technician.post_form(f"{address}/remove", on=address)
    subject = f"printer:{address.rsplit('/', 1)[-1]}"
    written = await query("SELECT action FROM audit_event WHERE subject = :subject ORDER BY seq", subject=subject)
    assert [row["action"] for row in written] == ["printer_added", "printer_changed", "printer_removed"]


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"name": ""}, "name", "what people call the printer"),
        ({"store": "NORTH"}, "store", "do not work in a store with this code"),
        ({"stock": "L9999"}, "stock", "from the list"),
        ({"offset_x": "101"}, "offset_x", "tenths of a millimetre, from -100 to 100"),
        ({"offset_y": "-101"}, "offset_y", "from -100 to 100"),
        ({"offset_y": "1.5"}, "offset_y", "whole number"),
    ],
)
async def test_what_cannot_be_kept_is_said_at_its_field(
    typed: dict[str, str], field: str, words: str, technician: Browser
) -> None:
    page = await technician.post_form("/printers/new", **{"name": "Workshop laser"} | typed)
    assert page.status == 422
    assert words in page.errors[field]


async def test_two_printers_of_a_store_have_different_names(technician: Browser) -> None:
    await keep(technician)
    page = await technician.post_form("/printers/new", name="Workshop laser")
    assert page.status == 409
    assert "has this name" in page.text


async def test_of_two_who_change_a_printer_the_second_is_told(technician: Browser) -> None:
    address = await keep(technician)
    opened = await technician.get(address)
    await technician.send(opened, address, offset_x="3")
    late = await technician.send(await technician.get(address), address, version="1", offset_x="5")
    assert late.status == 412
    assert "Somebody changed this" in late.text


async def test_printers_of_other_stores_are_out_of_sight(technician: Browser, connection: AsyncConnection) -> None:
    address = await keep(technician)
    await connection.execute(text("INSERT INTO store (code, name) VALUES ('NORTH', 'North store')"))
    await connection.execute(text("UPDATE printer SET store_id = (SELECT id FROM store WHERE code = 'NORTH')"))
    assert (await technician.get("/printers")).table() == []
    assert (await technician.get(address)).status == 404
    assert (await technician.get(f"{address}/test-page")).status == 404
    assert "Workshop laser" not in (await technician.get("/labels")).text


async def test_a_printer_whose_labels_are_no_longer_known_is_shown_but_not_offered(
    technician: Browser, as_technician: AsyncClient, connection: AsyncConnection
) -> None:
    address = await keep(technician)
    await connection.execute(text("UPDATE printer SET stock = 'L0000'"))
    assert (await technician.get("/printers")).table()[0][2] == "L0000"
    assert (await technician.get(address)).status == 200
    assert "Workshop laser" not in (await technician.get("/labels")).text
    assert (await as_technician.get("/api/v1/printers")).json() == []


async def test_labels_are_moved_by_the_offset_of_the_printer_that_is_chosen_and_it_is_remembered(
    technician: Browser, given: Given
) -> None:
    barcode = await given.item()
    address = await keep(technician, stock="L7159", offset_x="15", offset_y="-20")
    key = f"printer-{address.rsplit('/', 1)[-1]}"
    page = await technician.get("/labels", barcode=[barcode])
    assert options(page)[0] == (key, "Workshop laser: Avery L7159")
    plain = first_letter((await technician.send(page, stock="L7159")).response.content)
    moved = first_letter((await technician.send(page, stock=key)).response.content)
    assert moved == pytest.approx((plain[0] + 1.5, plain[1] + 2.0), abs=0.01)
    again = await technician.get("/labels")
    assert str(again.soup.select("select[name=stock] option[selected]")[0]["value"]) == key


async def test_the_api_prints_on_a_saved_printer_and_what_is_said_goes_before_what_is_saved(
    technician: Browser, as_technician: AsyncClient, given: Given
) -> None:
    barcode = await given.item()
    address = await keep(technician, stock="ZEBRA-57X32/300", offset_x="10", offset_y="-10")
    [printer] = (await as_technician.get("/api/v1/printers")).json()
    assert printer == {
        "id": int(address.rsplit("/", 1)[-1]),
        "name": "Workshop laser",
        "store": "MAIN",
        "stock": "ZEBRA-57X32",
        "format": "zpl",
        "dpi": 300,
        "symbols": "code_128",
        "offset_x": 10,
        "offset_y": -10,
    }
    body = {"barcodes": [barcode], "printer": printer["id"]}
    assert "^PW673^LL377^LS-12^LT-12" in (await as_technician.post("/api/v1/labels", json=body)).text
    other = body | {"stock": "ZEBRA-51X25", "dpi": 203}
    assert "^PW407^LL199^LS-8^LT-8" in (await as_technician.post("/api/v1/labels", json=other)).text
    as_pdf = await as_technician.post("/api/v1/labels", json=body | {"format": "pdf"})
    assert as_pdf.content.startswith(b"%PDF")


async def test_a_printer_that_is_not_there_is_refused(as_technician: AsyncClient, given: Given) -> None:
    answer = await as_technician.post("/api/v1/labels", json={"barcodes": [await given.item()], "printer": 4711})
    check_problem(answer, 404, "unknown-printer")


@pytest.mark.parametrize(
    ("stock", "media_type"), [("L7651", "application/pdf"), ("ZEBRA-76X51/203", "application/zpl")]
)
async def test_a_printers_test_page_comes_in_what_it_prints(stock: str, media_type: str, technician: Browser) -> None:
    address = await keep(technician, stock=stock)
    page = await technician.get(f"{address}/test-page")
    assert page.response.headers["content-type"] == media_type
    assert f"test-page.{media_type[-3:]}" in page.response.headers["content-disposition"]


def hairs(pdf: bytes) -> list[tuple[float, float, float, float]]:
    """Left, top, width and height of every stroke of a page, in mm from its upper left corner."""
    page = pypdfium2.PdfDocument(pdf)[0]
    high = page.get_height()
    boxes = [shape.get_bounds() for shape in page.get_objects() if shape.type == PATH]
    lengths = [(left, high - top, right - left, top - foot) for left, foot, right, top in boxes]
    return [tuple(length * MM_PER_POINT for length in one) for one in lengths]


@pytest.mark.parametrize("offset", [NO_OFFSET, Offset(13, -7)], ids=["as it is", "moved"])
@pytest.mark.parametrize("stock", STOCKS.values(), ids=STOCKS.keys())
def test_a_test_page_outlines_every_label_and_rules_every_millimetre_both_ways(stock: Stock, offset: Offset) -> None:
    drawn = hairs(ruler_pdf(stock, ("Workshop laser",), offset=offset))
    left, top = stock.left_mm + offset.x_mm, stock.top_mm + offset.y_mm
    corners = [stock.corner(position) for position in range(stock.labels_per_page)]
    tops = [(x, y) for x, y, width, _ in drawn if width == pytest.approx(stock.label.width_mm, abs=0.01)][::2]
    moved = [(x + offset.x_mm, y + offset.y_mm) for x, y in corners]
    assert tops == [pytest.approx(corner, abs=0.01) for corner in moved]
    across = sorted(x + width / 2 - left for x, _, width, height in drawn if width < 0.2 and height < 5)
    down = sorted(y + height / 2 - top for _, y, width, height in drawn if height < 0.2 and width < 5)
    assert across == pytest.approx([round(at) for at in across], abs=0.01)
    assert [round(at) for at in across] == list(range(round(across[0]), round(across[-1]) + 1))
    assert [round(at) for at in down] == list(range(round(down[0]), round(down[-1]) + 1))
    assert across[0] <= 0.01
    assert across[-1] > stock.page.width_mm - stock.left_mm - 1.01
    assert down[-1] > stock.page.height_mm - stock.top_mm - 1.01


def test_a_test_page_numbers_its_rulers_and_says_which_printer_it_is_of() -> None:
    pdf = ruler_pdf(STOCKS["L7160"], ("Workshop laser", "Avery L7160", "Offset +1.2, -0.5"))
    said = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range().split("\r\n")
    assert {"Workshop laser", "Avery L7160", "Offset +1.2, -0.5"} <= set(said)
    assert {str(number) for number in (-10, 0, 10, 50, 190, 200, 280)} <= set(" ".join(said).split())


@pytest.mark.parametrize("dpi", [203, 300])
def test_a_zebras_test_label_has_every_millimetre_too(dpi: Dpi) -> None:
    zpl = ruler_zpl(STOCKS["ZEBRA-57X32"], ("Zebra",), dpi=dpi, offset=Offset(-3, 4))
    ticks = re.findall(r"\^FO(\d+),\d+\^GB1,\d+,1\^FS", zpl)
    assert len(ticks) >= 57
    assert zpl.count("^XA") == 1
    assert f"^LS{round(0.3 * dpi / 25.4)}^LT{round(0.4 * dpi / 25.4)}" in zpl


def options(page: Page) -> list[tuple[str, str]]:
    return [(str(one["value"]), one.get_text(strip=True)) for one in page.soup.select("select[name=stock] option")]


OFFSETS = {"offset_x": "Move the print to the right", "offset_y": "Move the print down"}
NO_TENTHS = ("abc", "1.5", "1,5", "12 mm", "101", "-101", "1e1", "9" * 60)
TENTHS = "enter a whole number of tenths of a millimetre, from -100 to 100, such as 12 for 1.2 mm."


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        *((name, typed, f"{label}: {TENTHS}") for name, label in OFFSETS.items() for typed in NO_TENTHS),
        ("name", "", "Write what people call the printer."),
        ("name", "x" * 201, "Name must be 200 characters or fewer."),
        ("store", "!!", "You do not work in a store with this code. Yours: MAIN, COAST."),
        ("stock", "nonsense", "Choose what to print on from the list."),
        ("symbols", "nonsense", "Choose what its labels carry to be scanned from the list."),
    ],
)
async def test_each_field_of_a_printer_says_what_would_be_right_by_its_label_and_keeps_what_was_typed(
    manager: Browser, field: str, typed: str, said: str
) -> None:
    page = await manager.get("/printers/new")
    fields = {"name": "Laser", "store": "MAIN", "stock": "L7160", "offset_x": "0", "offset_y": "0"} | {field: typed}
    hidden = {str(tag["name"]): str(tag["value"]) for tag in page.form("/printers/new").select("input[type=hidden]")}
    page = await manager.post("/printers/new", **hidden, **fields)
    assert (page.status, page.errors.get(field)) == (422, said)
    box = page.soup.select_one(f"input#{field}")
    assert box is None or box.get("value", "") == typed


async def test_two_printers_of_one_name_and_a_version_that_is_none_lose_nothing(manager: Browser) -> None:
    typed = {"name": "Laser", "store": "MAIN", "offset_x": "−3"}  # noqa: RUF001 - as a phone writes minus
    kept = await manager.follow(await manager.post_form("/printers/new", **typed))
    assert kept.soup.select_one("#offset_x")["value"] == "-3"  # type: ignore[index]
    page = await manager.post_form("/printers/new", **typed | {"offset_y": "7"})
    assert page.errors == {"name": "Another printer of this store has this name. Choose a new one."}
    assert page.soup.select_one("#offset_y")["value"] == "7"  # type: ignore[index]
    page = await manager.post_form(kept.path, version="x", name="Other")
    assert page.status == 412
    assert page.soup.select_one("#name")["value"] == "Other"  # type: ignore[index]
    assert (await manager.send(page, kept.path)).status == 303
