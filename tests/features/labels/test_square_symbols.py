"""GS1 DataMatrix and QR codes on every stock: read back by a reader that is not ours, and measured dot by dot."""

import re
from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO
from xml.etree import ElementTree as ET

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageDraw

from app.domain.carriers import AssetNumber, element_string, label_address
from app.domain.labels import display, make_tag
from app.domain.printers import Offset, Symbols
from app.features.labels.printing import Dpi, LabelContent, label_pdf, label_png, label_svg, label_zpl
from app.features.labels.shapes import TooSmall
from app.features.labels.stocks import STOCKS, LabelSize, Stock
from tests.features.labels.test_label_sheets import cell_of, printed
from tests.features.labels.test_printing import SVG, as_a_zebra_reads

CHAIR = LabelContent(
    tag=make_tag("ES", 1),
    product_name="Riser recliner chair £, dual motor, for Zoë's café, in washable fabric of a very long name",
    service_name="Coast & Vale Equipment Stores",
    return_phone="0300 000 0000 ext 99",
    store_name="Main store",
    single_patient_use=True,
    safe_working_load_kg=160,
)
ADDRESS = "https://stores.coastandvale.gov.uk"
TOO_SMALL = {"L7651"}
"""Stocks on which a square has no room beside the bars."""

EVERY_STOCK = pytest.mark.parametrize("stock", STOCKS.values(), ids=STOCKS.keys())
EVERY_DPI = pytest.mark.parametrize("dpi", [203, 300])
EVERY_SYMBOL = pytest.mark.parametrize("symbols", [one for one in Symbols if one is not Symbols.CODE_128])


def label(symbols: Symbols, tag: str = CHAIR.tag) -> LabelContent:
    elements = element_string(tag, AssetNumber.GRAI, company_prefix="5012345", asset_type="1")
    return replace(
        CHAIR,
        tag=tag,
        has_bars=symbols.has_bars,
        data_matrix=elements if symbols.has_data_matrix else None,
        qr=label_address(tag, address=ADDRESS) if symbols.has_qr else None,
    )


def carried(content: LabelContent) -> set[tuple[str, str]]:
    """What a scanner must send: the kind of symbol as ISO/IEC 15424 names it, and the text."""
    wanted = {("]C0", content.tag)} if content.has_bars else set()
    wanted |= {("]d2", content.data_matrix)} if content.data_matrix else set()
    return wanted | ({("]Q1", content.qr)} if content.qr else set())


def read(picture: Image.Image) -> set[tuple[str, str]]:
    found = zxingcpp.read_barcodes(picture.convert("L"), text_mode=zxingcpp.TextMode.Plain)
    return {(code.symbology_identifier, code.text) for code in found}


def fits(stock: Stock, symbols: Symbols) -> bool:
    return not (symbols.has_bars and stock.code in TOO_SMALL)


def square_of(picture: Image.Image, modules: int) -> tuple[int, int, int]:
    """Left, top and side of a module of the square symbol, in dots. Beside the right half of it nothing stands; what
    stands under it begins a module lower at least."""
    [where] = [
        code.position for code in zxingcpp.read_barcodes(picture.convert("L")) if code.symbology_identifier != "]C0"
    ]
    middle = (where.top_left.x + where.bottom_right.x) // 2
    foot = where.bottom_right.y + (where.bottom_right.y - where.top_left.y) // modules // 2
    half = picture.convert("L").crop((middle, 0, picture.width, foot)).point(lambda value: 255 - value)
    box = half.getbbox()
    assert box is not None
    side = box[3] - box[1]
    assert side % modules == 0, "a module is not a whole number of dots"
    return middle + box[2] - side, box[1], side // modules


def modules_of(content: LabelContent) -> tuple[int, int]:
    """How many modules wide the symbol is, as the standards' tables say for what it holds, and its quiet zone."""
    return (18, 1) if content.data_matrix else (29 if len(content.qr or "") <= 42 else 33, 4)


def check_measures(picture: Image.Image, content: LabelContent, dpi: int) -> None:
    # The renderer of PDFs greys an edge that is a millionth off the dot.
    picture = picture.convert("L").point(lambda value: 255 if value > 250 else value)
    modules, quiet = modules_of(content)
    left, top, module = square_of(picture, modules)
    side, white = modules * module, quiet * module
    assert module * 25.4 / dpi >= 0.25
    assert min(left, top, picture.width - left - side, picture.height - top - side) >= white
    ringed = picture.convert("L").crop((left - white, top - white, left + side + white, top + side + white))
    ImageDraw.Draw(ringed).rectangle((white, white, white + side - 1, white + side - 1), fill=255)
    assert ringed.getextrema() == (255, 255), "the quiet zone is not white"
    inside = picture.convert("L").crop((left, top, left + side, top + side))
    # One dot a module and back again: the same picture, so every module is a whole square of one colour.
    small = inside.resize((modules, modules), Image.Resampling.NEAREST)
    assert small.resize((side, side), Image.Resampling.NEAREST).tobytes() == inside.tobytes()


@EVERY_SYMBOL
@EVERY_DPI
@EVERY_STOCK
def test_every_stock_carries_every_symbol_or_says_that_it_is_too_small(
    stock: Stock, dpi: Dpi, symbols: Symbols
) -> None:
    content = label(symbols)
    if not fits(stock, symbols):
        with pytest.raises(TooSmall, match=r"38\.1 × 21\.2 mm is too small for a (QR code|GS1 DataMatrix) beside its"):  # noqa: RUF001
            label_png(content, dpi=dpi, size=stock.label)
        return
    picture = Image.open(BytesIO(label_png(content, dpi=dpi, size=stock.label)))
    assert read(picture) == carried(content)
    check_measures(picture, content, dpi)
    zebra = printed_by_a_zebra(label_zpl(content, dpi=dpi, size=stock.label))
    assert read(zebra) == carried(replace(content, has_bars=False))
    check_measures(zebra, content, dpi)


def printed_by_a_zebra(zpl: str) -> Image.Image:
    """The picture that ^GFA asks for, dot for dot: ZPL II Programming Guide, ^GF and its alternative compression."""
    width, height = map(int, re.findall(r"\^PW(\d+)\^LL(\d+)", zpl)[0])
    x, y, total, row_bytes, data = re.findall(r"\^FO(\d+),(\d+)\^GFA,(\d+),\1?\d+,(\d+),([0-9A-F:]+)\^FS", zpl)[0]
    rows: list[str] = []
    while data:
        if data[0] == ":":
            rows.append(rows[-1])
            data = data[1:]
        else:
            rows.append(f"{int(data[: 2 * int(row_bytes)], 16):0{8 * int(row_bytes)}b}")
            data = data[2 * int(row_bytes) :]
    assert len(rows) * int(row_bytes) == int(total)
    picture = Image.new("L", (width, height), 255)
    for down, row in enumerate(rows):
        for along, dot in enumerate(row):
            if dot == "1":
                picture.putpixel((int(x) + along, int(y) + down), 0)
    return picture


@EVERY_SYMBOL
@EVERY_STOCK
def test_every_label_of_a_page_is_read_back_in_its_own_cell_with_its_quiet_zones(
    stock: Stock, symbols: Symbols
) -> None:
    if not fits(stock, symbols):
        return
    contents = [label(symbols, make_tag("ES", number)) for number in range(1, stock.labels_per_page + 1)]
    (page,) = printed(label_pdf(contents, stock=stock), 300)
    # The corners of the sheet, and one in its middle.
    for position in {0, stock.columns - 1, stock.labels_per_page // 2, stock.labels_per_page - 1}:
        cell = cell_of(page, position, 300, stock)
        assert read(cell) == carried(contents[position])
        check_measures(cell, contents[position], 300)
    assert is_blank_between(page, stock)


def is_blank_between(page: Image.Image, stock: Stock) -> bool:
    """Whether nothing is printed outside the labels, nor where the printer or a shift of the paper would cut it."""
    side, end = stock.label.side_mm - 0.1, max(1.2, stock.label.end_mm)
    for position in range(stock.labels_per_page):
        left, top = stock.corner(position)
        right, bottom = left + stock.label.width_mm - side, top + stock.label.height_mm - end
        x, y, to_x, to_y = (round(corner / 25.4 * 300) for corner in (left + side, top + end, right, bottom))
        page.paste(255, (x, y, to_x, to_y))
    return page.getextrema() == (255, 255)


@EVERY_SYMBOL
@EVERY_STOCK
def test_what_must_be_said_is_said_whole_beside_every_symbol(stock: Stock, symbols: Symbols) -> None:
    if not fits(stock, symbols):
        return
    said = pypdfium2.PdfDocument(label_pdf([label(symbols)], stock=stock))[0].get_textpage().get_text_range()
    for words in (display(CHAIR.tag), "0300 000 0000 ext 99", "SWL", "160 kg", "SINGLE PATIENT USE"):
        assert words in said


@EVERY_SYMBOL
def test_a_shifted_page_is_still_read_back_with_whole_dots(symbols: Symbols) -> None:
    content, stock = label(symbols), STOCKS["L7160"]
    (page,) = printed(label_pdf([content], stock=stock, offset=Offset(7, -4)), 300)
    cell = cell_of(page, 0, 300, stock)
    assert read(cell) == carried(content)
    check_measures(cell, content, 300)


@pytest.mark.parametrize("dpi", [203, 300, 600])
@EVERY_SYMBOL
def test_an_svg_is_read_back_from_its_numbers_alone(symbols: Symbols, dpi: int) -> None:
    content = label(symbols)
    assert read(painted(label_svg(content), dpi)) == carried(content)
    assert not re.search(rb"style|<script|href|url\(|on[a-z]+=", label_svg(content))


def painted(svg: bytes, dpi: int) -> Image.Image:
    """Every symbol of an SVG, painted by the test itself from its numbers and units."""
    root = ET.fromstring(svg)  # noqa: S314
    scale = dpi / 25.4
    width, height = (float(root.attrib[name].removesuffix("mm")) for name in ("width", "height"))
    picture = Image.new("L", (round(width * scale), round(height * scale)), 255)
    for group in root.iter(f"{SVG}g"):
        x, y, wide, *high = map(float, re.findall(r"[\d.]+", group.attrib["transform"]))
        tall = high[0] if high else wide
        for one in group.iter(f"{SVG}rect"):
            left, top = x + float(one.attrib["x"]) * wide, y + float(one.attrib.get("y", 0)) * tall
            right = left + float(one.attrib["width"]) * wide
            corners = (left * scale, top * scale, right * scale - 1, (top + tall) * scale - 1)
            a, b, c, d = map(round, corners)
            ImageDraw.Draw(picture).rectangle((a, b, c, d), fill=0)
    return picture


def test_a_giai_and_a_grai_are_gs1_symbols_of_one_element() -> None:
    for kind in AssetNumber:
        elements = element_string(CHAIR.tag, kind, company_prefix="501234567890")
        picture = Image.open(BytesIO(label_png(replace(CHAIR, data_matrix=elements))))
        [code] = [one for one in zxingcpp.read_barcodes(picture) if one.symbology_identifier == "]d2"]
        assert code.content_type == zxingcpp.ContentType.GS1
        assert code.text == f"({elements[:4]}){elements[4:]}"


@pytest.mark.parametrize("turned", [-7, 0, 4, 90, 183])
@pytest.mark.parametrize("symbols", [Symbols.QR, Symbols.DATA_MATRIX])
def test_a_crooked_photograph_is_still_read(symbols: Symbols, turned: int) -> None:
    content = label(symbols)
    straight = Image.open(BytesIO(label_png(content, dpi=203))).convert("L")
    photograph = straight.resize((straight.width * 3, straight.height * 3)).rotate(turned, expand=True, fillcolor=200)
    assert read(photograph.point(lambda value: 60 + value // 2)) == carried(content)


def test_the_longest_address_and_tag_still_fit_an_ordinary_label() -> None:
    tag = make_tag("KENT", 9_999_999)
    content = replace(CHAIR, tag=tag, has_bars=False, qr=label_address(tag, address="https://" + "a" * 52))
    assert read(Image.open(BytesIO(label_png(content, dpi=203)))) == carried(content)


def test_no_words_can_give_a_zebra_commands_beside_a_square_either() -> None:
    zpl = label_zpl(replace(label(Symbols.QR), service_name="^FD^XZ"))
    assert zpl.count("^XZ") == zpl.count("^XA") == 1
    assert "^FD^XZ" in [as_a_zebra_reads(words) for words in re.findall(r"\^FH_\^FD(.*?)\^FS", zpl)]


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ({"has_bars": False}, "without bars needs"),
        ({"data_matrix": "8004501", "qr": "https://a.example"}, "not for both"),
    ],
)
def test_a_label_carries_something_and_not_too_much(what: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(CHAIR, **what)  # type: ignore[arg-type]


def sizes() -> Iterable[LabelSize]:
    return (LabelSize(25, 12), LabelSize(40, 12), LabelSize(12, 40), LabelSize(3, 3))


@pytest.mark.parametrize("size", sizes(), ids=str)
@pytest.mark.parametrize("symbols", [Symbols.QR, Symbols.CODE_128_AND_DATA_MATRIX])
def test_a_label_too_small_for_it_all_is_refused_whatever_is_lacking(symbols: Symbols, size: LabelSize) -> None:
    with pytest.raises(TooSmall, match="is too small for"):
        label_png(label(symbols), size=size)


def words_of(content: LabelContent, stock: Stock) -> list[tuple[str, float, float]]:
    """Every line of the label's PDF: its words, how far right they reach, and their baseline from the page's top."""
    page = pypdfium2.PdfDocument(label_pdf([content], stock=stock))[0]
    text = page.get_textpage()
    found = []
    for at in range(text.count_rects()):
        left, foot, right, top = text.get_rect(at)
        said = text.get_text_bounded(left, foot, right, top)
        found.append((said, right * 25.4 / 72, (page.get_height() - top) * 25.4 / 72))
    return found


@pytest.mark.parametrize("symbols", [one for one in Symbols if one.has_data_matrix])
@EVERY_STOCK
def test_what_a_data_matrix_holds_stands_under_it_in_words_as_gs1_asks(stock: Stock, symbols: Symbols) -> None:
    if not fits(stock, symbols):
        return
    for tag in (CHAIR.tag, make_tag("ES", 9_999_999)):
        content = label(symbols, tag)
        assert content.interpretation == f"(8003) 05012345000015{tag}"
        (page,) = printed(label_pdf([content], stock=stock), 300)
        cell = cell_of(page, 0, 300, stock)
        assert read(cell) == carried(content), "the brackets and the blank are no part of what it holds"
        left, top, module = square_of(cell.point(lambda value: 255 if value > 250 else value), 18)
        corner_x, corner_y = stock.corner(0)
        [(_, right, upper)] = [line for line in words_of(content, stock) if line[0].startswith("(8003)")]
        assert right - corner_x == pytest.approx((left + 18 * module) * 25.4 / 300, abs=0.3)
        assert upper - corner_y >= (top + 19 * module) * 25.4 / 300, "under its quiet zone"


@pytest.mark.parametrize(("height", "is_said"), [(23, True), (21, False)])
def test_on_a_label_too_low_for_them_the_words_of_a_data_matrix_are_left_out_and_nothing_else(
    height: float, is_said: bool
) -> None:
    content, size = label(Symbols.CODE_128_AND_DATA_MATRIX), LabelSize(51, height)
    svg = label_svg(content, size=size).decode()
    assert (content.interpretation in svg) == is_said
    for words in (display(CHAIR.tag), "0300 000 0000 ext 99", "160 kg", "SINGLE PATIENT USE"):
        assert words in svg
    picture = Image.open(BytesIO(label_png(content, size=size)))
    assert read(picture) == carried(content)
    check_measures(picture, content, 300)


def test_a_qr_code_and_bars_alone_have_no_such_words() -> None:
    assert "(800" not in label_svg(label(Symbols.QR)).decode()
    assert replace(CHAIR).interpretation == ""
