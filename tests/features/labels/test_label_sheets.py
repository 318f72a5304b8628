"""Pages of labels: every label of every stock in its cell, read back from the printed page and measured there."""

import re
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from itertools import groupby

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from pymupdf_fonts import myfont
from reportlab.pdfbase.ttfonts import TTFont

from app.domain.catalogue import is_printable
from app.domain.errors import BadValue
from app.domain.labels import display, make_tag
from app.domain.printers import Offset
from app.features.labels.layout import check_width
from app.features.labels.printing import Dpi, LabelContent, label_pdf, label_png, label_zpl
from app.features.labels.shapes import TooSmall
from app.features.labels.stocks import AVERY_L7160, STOCKS, Feed, Stock

MM_PER_POINT = 25.4 / 72
PATH = pypdfium2.raw.FPDF_PAGEOBJ_PATH
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


def cell_of(page: Image.Image, position: int, dpi: int, stock: Stock = AVERY_L7160) -> Image.Image:
    """One label of it. On a roll the last, broken dot of the page is none, so the cell ends before it."""
    left, top = stock.corner(position)
    corners = (left, top, left + stock.label.width_mm, top + stock.label.height_mm)
    x, y, right, bottom = (round(corner / 25.4 * dpi) for corner in corners)
    return page.crop((x, y, min(right, page.width), min(bottom, page.height)))


def is_blank(picture: Image.Image) -> bool:
    return picture.getextrema() == (255, 255)


def read(picture: Image.Image) -> list[tuple[str, str]]:
    return [(str(code.format), code.text) for code in zxingcpp.read_barcodes(picture)]


def bars_of(cell: Image.Image) -> tuple[int, int]:
    """From which row of dots to which there are bars: no others are so many alike and change colour so often."""
    rows = [cell.crop((0, y, cell.width, y + 1)).tobytes() for y in range(cell.height)]
    alike = [(row, list(same)) for row, same in groupby(range(cell.height), key=lambda y: rows[y])]
    _, same = max(alike, key=lambda found: len(found[1]) if found[0].count(b"\xff\x00") > 20 else 0)
    return same[0], same[-1] + 1


EVERY_STOCK = pytest.mark.parametrize("stock", STOCKS.values(), ids=STOCKS.keys())
EVERY_TAG_ON_EVERY_STOCK = pytest.mark.parametrize(
    ("stock", "prefix"),
    [
        pytest.param(stock, prefix, id=f"{stock.code}-{prefix}")
        for stock in STOCKS.values()
        for prefix in ("ES", "KENT")
        if (stock.code, prefix) != ("L7651", "KENT")  # It is too narrow, as another test says.
    ],
)


def a_page(stock: Stock, prefix: str) -> tuple[list[LabelContent], Image.Image]:
    """All the labels of one page, at 300 dots an inch."""
    contents = labels(stock.labels_per_page, prefix)
    (page,) = printed(label_pdf(contents, stock=stock), 300)
    return contents, page


@EVERY_TAG_ON_EVERY_STOCK
def test_every_label_of_every_stock_is_read_back_in_its_own_cell(stock: Stock, prefix: str) -> None:
    contents, page = a_page(stock, prefix)
    # All of them once; with the longer tag, which takes as long again, the first and the last.
    step = 1 if prefix == "ES" else max(1, stock.labels_per_page - 1)
    found = [read(cell_of(page, position, 300, stock)) for position in range(0, stock.labels_per_page, step)]
    assert found == [[("Code 128", content.tag)] for content in contents[::step]]


@EVERY_TAG_ON_EVERY_STOCK
def test_the_bars_of_every_stock_are_whole_dots_and_their_quiet_zones_are_white(stock: Stock, prefix: str) -> None:
    _, page = a_page(stock, prefix)
    for position in range(stock.labels_per_page):
        cell = cell_of(page, position, 300, stock)
        top, bottom = bars_of(cell)
        assert (bottom - top) / 300 * 25.4 >= 6.2
        bars = cell.crop((0, top, cell.width, bottom))
        row = bars.crop((0, 0, bars.width, 1)).tobytes()
        assert set(row) == {0, 255}
        widths = [len(bar) for bar in row.split(b"\xff") if bar]
        module = min(widths)
        assert {width / module for width in widths} == {1, 2, 3, 4}
        assert module * 25.4 / 300 >= 0.25
        first, last = row.find(0), row.rfind(0)
        quiet = 10 * module
        assert first >= quiet
        assert cell.width - 1 - last >= quiet
        assert is_blank(bars.crop((first - quiet, 0, first, bars.height)))
        assert is_blank(bars.crop((last + 1, 0, last + 1 + quiet, bars.height)))


@EVERY_STOCK
def test_nothing_is_printed_between_the_labels_nor_where_the_printer_or_a_shift_would_cut_it(stock: Stock) -> None:
    _, page = a_page(stock, "ES")
    side, end = stock.label.side_mm - 0.1, max(1.2, stock.label.end_mm)
    for position in range(stock.labels_per_page):
        left, top = stock.corner(position)
        right, bottom = left + stock.label.width_mm - side, top + stock.label.height_mm - end
        box = tuple(round(corner / 25.4 * 300) for corner in (left + side, top + end, right, bottom))
        page.paste(255, box)  # type: ignore[arg-type]
    assert is_blank(page)


@pytest.mark.parametrize("prefix", ["ES", "KENT"])
def test_a_sheet_is_read_back_at_203_dots_an_inch_too(prefix: str) -> None:
    contents = labels(21, prefix)
    (sheet,) = printed(label_pdf(contents), 203)
    found = [read(cell_of(sheet, position, 203)) for position in range(21)]
    assert found == [[("Code 128", content.tag)] for content in contents]


@pytest.mark.parametrize("dpi", [203, 300])
@EVERY_STOCK
def test_every_stock_is_also_drawn_for_label_printers(stock: Stock, dpi: Dpi) -> None:
    picture = Image.open(BytesIO(label_png(CHAIR, dpi=dpi, size=stock.label)))
    assert picture.width == pytest.approx(stock.label.width_mm * dpi / 25.4, abs=1)
    assert picture.height == pytest.approx(stock.label.height_mm * dpi / 25.4, abs=1)
    assert read(picture) == [("Code 128", CHAIR.tag)]
    assert re.findall(r"\^PW(\d+)\^LL(\d+)", label_zpl(CHAIR, dpi=dpi, size=stock.label)) == [
        (str(picture.width), str(picture.height))
    ]


@EVERY_STOCK
def test_the_smallest_label_still_says_tag_telephone_load_and_single_patient_use(stock: Stock) -> None:
    content = replace(CHAIR, single_patient_use=True, return_phone="0300 000 0000 ext 99")
    said = pypdfium2.PdfDocument(label_pdf([content], stock=stock))[0].get_textpage().get_text_range()
    for words in (display(CHAIR.tag), "0300 000 0000 ext 99", "SWL", "160 kg", "SINGLE PATIENT USE"):
        assert words in said


@pytest.mark.parametrize(("prefix", "needed"), [("ABC", 41), ("KENT", 44)], ids=["three letters", "four letters"])
def test_a_stock_too_narrow_for_a_tag_is_refused_with_the_width_that_would_do(prefix: str, needed: int) -> None:
    tag = make_tag(prefix, 1)
    with pytest.raises(TooSmall, match=rf"38.1 mm wide is too narrow for {tag}: {needed} mm would do"):
        label_pdf([replace(CHAIR, tag=tag)], stock=STOCKS["L7651"])


@pytest.mark.parametrize(("stock", "dpi", "dots"), [("L7651", 300, 3), ("L7651", 203, 2), ("DK-11201", 300, 5)])
def test_a_module_is_as_wide_as_the_label_lets_it_be(stock: str, dpi: int, dots: int) -> None:
    assert check_width(CHAIR.tag, STOCKS[stock].label, dpi) == dots


Place = tuple[float, float]


def places(pdf: bytes) -> tuple[list[Place], list[Place]]:
    """Where in mm every letter stands, and where every path of bars and boxes begins, as the PDF's numbers say."""
    page = pypdfium2.PdfDocument(pdf)[0]
    words = page.get_textpage()
    letters = [words.get_charbox(at)[:2] for at in range(words.count_chars())]
    paths = [shape.get_bounds()[:2] for shape in page.get_objects() if shape.type == PATH]
    return in_mm(letters), in_mm(paths)


def in_mm(points: Sequence[Sequence[float]]) -> list[Place]:
    return [(x * MM_PER_POINT, y * MM_PER_POINT) for x, y in points]


@pytest.mark.parametrize("stock", ["L7160", "L7651", "99012"])
@pytest.mark.parametrize(("x", "y"), [(1, 0), (0, -1), (-23, 17), (100, -100)])
def test_an_offset_moves_everything_by_just_as_much(x: int, y: int, stock: str) -> None:
    letters, paths = places(label_pdf([CHAIR], stock=STOCKS[stock]))
    moved_letters, moved_paths = places(label_pdf([CHAIR], stock=STOCKS[stock], offset=Offset(x, y)))
    assert len(letters) > 30
    # PDF counts upwards. The bars keep to whole dots of 0.085 mm, so they may be off by half of one.
    assert moved_letters == [pytest.approx((left + x / 10, foot - y / 10), abs=0.005) for left, foot in letters]
    assert moved_paths == [pytest.approx((left + x / 10, foot - y / 10), abs=0.045) for left, foot in paths]


def test_a_shifted_sheet_is_still_read_back() -> None:
    (sheet,) = printed(label_pdf(labels(21), offset=Offset(7, -4)), 300)
    assert [read(cell_of(sheet, position, 300))[0][1] for position in range(21)] == [c.tag for c in labels(21)]


@pytest.mark.parametrize(
    ("dpi", "offset", "sent"),
    [
        (203, None, ""),
        (203, Offset(), "^LS0^LT0"),
        (203, Offset(10, -5), "^LS-8^LT-4"),
        (300, Offset(-100, 100), "^LS118^LT118"),
    ],
)
def test_a_zebra_is_told_the_offset_in_its_own_dots(dpi: Dpi, offset: Offset | None, sent: str) -> None:
    paper = label_zpl(CHAIR, dpi=dpi, offset=offset).splitlines()[1]
    assert re.sub(r"\^PW\d+\^LL\d+", "", paper) == sent


@pytest.mark.parametrize(("x", "y", "field"), [(101, 0, "offset_x"), (0, -101, "offset_y")])
def test_an_offset_of_more_than_a_centimetre_is_refused(x: int, y: int, field: str) -> None:
    with pytest.raises(BadValue, match="from -100 to 100 tenths") as refusal:
        Offset(x, y)
    assert refusal.value.field == field


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


SHEETS = [stock for stock in STOCKS.values() if stock.feed is Feed.SHEET]


@pytest.mark.parametrize("stock", SHEETS, ids=lambda stock: str(stock.code))
def test_skipped_labels_stay_blank_and_the_rest_follow(stock: Stock) -> None:
    contents, on_a_sheet = labels(3), stock.labels_per_page
    for skip in (1, on_a_sheet // 2, on_a_sheet - 1):
        sheets = printed(label_pdf(contents, skip=skip, stock=stock), 150)
        assert len(sheets) == (1 if skip + 3 <= on_a_sheet else 2)
        expected: list[list[str]] = [[] for _ in range(skip)] + [[content.tag] for content in contents]
        expected += [[] for _ in range(on_a_sheet * len(sheets) - len(expected))]
        cells = [cell_of(sheet, position, 150, stock) for sheet in sheets for position in range(on_a_sheet)]
        # Blank paper is not searched for bars: that would take all the time.
        assert [[] if is_blank(cell) else [text for _, text in read(cell)] for cell in cells] == expected


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


@EVERY_STOCK
def test_the_labels_of_every_stock_lie_on_the_page_and_apart_from_each_other(stock: Stock) -> None:
    assert stock.pitch_x_mm >= stock.label.width_mm
    assert stock.pitch_y_mm >= stock.label.height_mm
    left, top = stock.corner(stock.labels_per_page - 1)
    assert left + stock.label.width_mm + stock.left_mm == pytest.approx(stock.page.width_mm, abs=0.02)
    assert top + stock.label.height_mm + stock.top_mm == pytest.approx(stock.page.height_mm, abs=0.02)


@pytest.mark.parametrize(
    ("code", "figures"),
    [
        # Labels on a sheet, size, left and top margin, pitch: as gLabels' templates and others have measured them.
        ("L7160", (21, 63.5, 38.1, 7.2, 15.1, 66.0, 38.1)),
        ("L7159", (24, 63.5, 33.9, 7.2, 12.9, 66.0, 33.9)),
        ("L7651", (65, 38.1, 21.2, 4.7, 10.7, 40.6, 21.2)),
        ("L4737", (27, 63.5, 29.6, 7.2, 15.3, 66.0, 29.6)),
        ("L6011", (27, 63.5, 29.6, 7.2, 15.3, 66.0, 29.6)),
    ],
)
def test_a_sheet_is_as_others_have_measured_it(code: str, figures: tuple[float, ...]) -> None:
    stock = STOCKS[code]
    ours = (stock.labels_per_page, stock.label.width_mm, stock.label.height_mm, stock.left_mm, stock.top_mm)
    assert (*ours, stock.pitch_x_mm, stock.pitch_y_mm) == pytest.approx(figures, abs=0.06)
