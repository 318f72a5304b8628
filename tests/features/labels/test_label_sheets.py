"""Sheets of labels: every label in its cell, read back from the printed page at two resolutions."""

from dataclasses import replace
from io import BytesIO

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from pymupdf_fonts import myfont
from reportlab.pdfbase.ttfonts import TTFont

from app.domain.catalogue import is_printable
from app.domain.labels import display, make_tag
from app.features.labels.printing import LabelContent, label_pdf
from app.features.labels.stocks import AVERY_L7160, SHEETS, SheetStock

MM_PER_POINT = 25.4 / 72
CHAIR = LabelContent(
    tag=make_tag("ES", 1),
    product_name="Riser recliner chair £, dual motor, for Zoë's café, in washable fabric of a very long name",
    service_name="Coast & Vale Equipment Stores",
    return_phone="0300 000 0000",
    store_name="Main store",
    safe_working_load_kg=160,
)


def labels(count: int, prefix: str = "ES") -> list[LabelContent]:
    return [
        replace(CHAIR, tag=make_tag(prefix, number), single_patient_use=number % 3 == 0)
        for number in range(1, count + 1)
    ]


def printed(pdf: bytes, dpi: int) -> list[Image.Image]:
    """Each page in dots. The renderer would stretch a page to whole dots, a printer does not: the rest is cut off."""
    pictures = []
    for page in pypdfium2.PdfDocument(pdf):
        dot, high = 72 / dpi, page.get_height()
        whole_width, whole_height = (int(length / dot) * dot - 1e-4 for length in page.get_size())
        page.set_mediabox(0, high - whole_height, whole_width, high)
        pictures.append(page.render(scale=dpi / 72, grayscale=True).to_pil())
    return pictures


def cell_of(sheet: Image.Image, position: int, dpi: int) -> Image.Image:
    left, top = AVERY_L7160.corner(position)
    corners = (left, top, left + AVERY_L7160.label.width_mm, top + AVERY_L7160.label.height_mm)
    return sheet.crop(tuple(round(corner / 25.4 * dpi) for corner in corners))  # type: ignore[arg-type]


def is_blank(picture: Image.Image) -> bool:
    return picture.getextrema() == (255, 255)


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("prefix", ["ES", "KENT"])
def test_every_label_of_a_sheet_is_read_back_in_its_own_cell(prefix: str, dpi: int) -> None:
    contents = labels(21, prefix)
    (sheet,) = printed(label_pdf(contents), dpi)
    for position, content in enumerate(contents):
        found = zxingcpp.read_barcodes(cell_of(sheet, position, dpi))
        assert [(str(code.format), code.text) for code in found] == [("Code 128", content.tag)]


@pytest.mark.parametrize("prefix", ["ES", "KENT"])
def test_the_bars_of_a_sheet_are_whole_dots_with_quiet_zones_at_300_dots_an_inch(prefix: str) -> None:
    (sheet,) = printed(label_pdf(labels(21, prefix)), 300)
    for position in range(21):
        cell = cell_of(sheet, position, 300)
        middle = cell.crop((0, cell.height // 2, cell.width, cell.height // 2 + 1))
        row = middle.tobytes()
        assert set(row) == {0, 255}
        bars = [len(bar) for bar in row.split(b"\xff") if bar]
        module = min(bars)
        assert {bar / module for bar in bars} == {1, 2, 3, 4}
        assert module * 25.4 / 300 >= 0.25
        assert row.find(0) >= 10 * module
        assert len(row) - 1 - row.rfind(0) >= 10 * module


def test_nothing_is_printed_between_the_labels_nor_near_their_edges() -> None:
    (sheet,) = printed(label_pdf(labels(21)), 300)
    for position in range(21):
        left, top = AVERY_L7160.corner(position)
        corners = (left + 2, top + 1.2, left + 61.5, top + 36.9)
        box = tuple(round(corner / 25.4 * 300) for corner in corners)
        sheet.paste(255, box)  # type: ignore[arg-type]
    assert is_blank(sheet)


def test_a_page_is_a4_and_asks_not_to_be_scaled() -> None:
    pdf = label_pdf(labels(1))
    page = pypdfium2.PdfDocument(pdf)[0]
    assert page.get_width() * MM_PER_POINT == pytest.approx(210, abs=0.01)
    assert page.get_height() * MM_PER_POINT == pytest.approx(297, abs=0.01)
    assert b"/PrintScaling /None" in pdf


def test_a_sheet_says_its_words_as_text_and_nothing_about_pages_or_people() -> None:
    text = pypdfium2.PdfDocument(label_pdf([CHAIR]))[0].get_textpage().get_text_range()
    assert text.split("\r\n") == [
        "Coast & Vale Equipment Stores",
        "SWL",
        "160 kg",
        "Riser recliner chair £, dual",
        "motor, for Zoë's café, in was…",
        "Please return: 0300 000 0000",
        display(CHAIR.tag),
    ]


def test_a_sheet_prints_welsh_polish_greek_and_cyrillic_letters_as_they_are() -> None:
    names = ["Tŷ Gŵyr", "Łódź", "Αναπηρικό", "Ходунки"]
    contents = [replace(CHAIR, product_name=name, safe_working_load_kg=None) for name in names]
    text = pypdfium2.PdfDocument(label_pdf(contents))[0].get_textpage().get_text_range()
    assert [name for name in names if name in text] == names


@pytest.mark.parametrize("bold", ["notos", "notosbo"])
def test_the_typeface_has_every_letter_that_a_product_may_be_named_with(bold: str) -> None:
    has = TTFont(bold, BytesIO(myfont(bold))).face.charToGlyph
    assert [hex(code) for code in range(0x11_0000) if is_printable(chr(code)) and code not in has] == []


@pytest.mark.parametrize("skip", [0, 1, 5, 20])
def test_skipped_labels_stay_blank_and_the_rest_follow(skip: int) -> None:
    contents = labels(3)
    sheets = printed(label_pdf(contents, skip=skip), 150)
    assert len(sheets) == (1 if skip + 3 <= 21 else 2)
    for position in range(21 * len(sheets)):
        cell = cell_of(sheets[position // 21], position % 21, 150)
        expected = contents[position - skip].tag if skip <= position < skip + 3 else None
        if expected is None:
            assert is_blank(cell)
        else:
            assert [code.text for code in zxingcpp.read_barcodes(cell)] == [expected]


@pytest.mark.parametrize(("count", "skip", "sheets"), [(21, 0, 1), (22, 0, 2), (21, 1, 2), (42, 0, 2), (1, 20, 1)])
def test_there_are_no_more_sheets_than_needed(count: int, skip: int, sheets: int) -> None:
    assert len(pypdfium2.PdfDocument(label_pdf(labels(count), skip=skip))) == sheets


@pytest.mark.parametrize("skip", [-1, 21, 1000])
def test_skipping_more_than_a_sheet_is_refused_with_what_would_be_right(skip: int) -> None:
    with pytest.raises(ValueError, match="has 21 labels, so skip 0 to 20"):
        label_pdf([CHAIR], skip=skip)


def test_no_labels_at_all_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one item"):
        label_pdf([])


def test_the_same_labels_give_the_same_bytes() -> None:
    assert label_pdf(labels(2)) == label_pdf(labels(2))


def test_a_thousand_labels_fill_forty_eight_sheets() -> None:
    assert len(pypdfium2.PdfDocument(label_pdf(labels(1000)))) == 48


@pytest.mark.parametrize("stock", SHEETS.values(), ids=SHEETS.keys())
def test_the_labels_of_every_stock_lie_on_the_sheet_and_apart_from_each_other(stock: SheetStock) -> None:
    assert stock.pitch_x_mm >= stock.label.width_mm
    assert stock.pitch_y_mm >= stock.label.height_mm
    left, top = stock.corner(stock.labels_per_sheet - 1)
    assert left + stock.label.width_mm + stock.left_mm == pytest.approx(stock.sheet.width_mm, abs=0.1)
    assert top + stock.label.height_mm + stock.top_mm == pytest.approx(stock.sheet.height_mm, abs=0.1)
