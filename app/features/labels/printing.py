"""Labels as PNG, SVG, PDF and ZPL. Pure rendering: words in, bytes out; no database, no HTTP."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from io import BytesIO
from typing import Final, Literal, cast
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from app.domain.printers import NO_OFFSET, Offset
from app.features.labels.layout import lay_out
from app.features.labels.rows import LabelContent
from app.features.labels.ruler import draw_test_page
from app.features.labels.shapes import MM_PER_INCH, Bars, Box, Layout, Line, Square, dots
from app.features.labels.stocks import AVERY_L7160, LabelSize, Stock
from app.features.labels.symbol import QUIET_MODULES, code_128, tag_parts
from app.features.labels.words import Measure
from app.web.typefaces import noto, typeface

__all__ = [
    "Dpi",
    "LabelContent",
    "LabelSize",
    "command_svg",
    "label_pdf",
    "label_png",
    "label_svg",
    "label_zpl",
    "ruler_pdf",
    "ruler_zpl",
]

Dpi = Literal[203, 300]
"""The two resolutions of label printers. Office printers have multiples of 300."""

Progress = Callable[[int], None]
"""Is told how many labels are drawn."""

DEFAULT_SIZE: Final = AVERY_L7160.label
_FINE_DPI: Final = 300
"""Bars of a PDF or SVG stand on this grid: exact on printers of 300, 600 and 1,200 dots an inch."""

_POINTS_PER_MM: Final = 72 / MM_PER_INCH


def silent(_done: int) -> None:
    """Progress that nobody watches."""


def label_png(content: LabelContent, *, dpi: Dpi = 300, size: LabelSize = DEFAULT_SIZE) -> bytes:
    """One label as a PNG in pure black and white, one pixel a dot, with its resolution noted.

    There are no greys, because a thermal printer would turn them into specks. Raises ValueError for a label too small.
    """
    _check_dpi(dpi)
    layout = lay_out(content, size, dpi, _dot_width(dpi))
    picture = Image.new("1", (dots(size.width_mm, dpi), dots(size.height_mm, dpi)), 1)
    draw = ImageDraw.Draw(picture)
    draw.fontmode = "1"
    for box in layout.boxes:
        left, top = dots(box.x_mm, dpi), dots(box.y_mm, dpi)
        draw.rectangle((left, top, left + dots(box.width_mm, dpi) - 1, top + dots(box.height_mm, dpi) - 1), fill=0)
    for line in layout.lines:
        where = (dots(line.x_mm, dpi), dots(line.baseline_mm, dpi))
        anchor = {"left": "ls", "centre": "ms", "right": "rs"}[line.align]
        font = _drawn(line.bold, dots(line.size_mm, dpi))
        draw.text(where, line.text, fill=int(line.white), font=font, anchor=anchor)
    for left, top, width, height in _dark(layout):
        draw.rectangle((left, top, left + width - 1, top + height - 1), fill=0)
    stream = BytesIO()
    picture.save(stream, "PNG", dpi=(dpi, dpi), compress_level=6)
    return stream.getvalue()


def label_svg(content: LabelContent, *, size: LabelSize = DEFAULT_SIZE) -> bytes:
    """One label as an SVG in millimetres, its words as text. It has no style attribute, so a strict CSP lets it in."""
    layout = lay_out(content, size, _FINE_DPI, _type_width)
    shapes = [
        f'<rect x="{_short(box.x_mm)}" y="{_short(box.y_mm)}" width="{_short(box.width_mm)}"'
        f' height="{_short(box.height_mm)}"/>'
        for box in layout.boxes
    ]
    words = [_svg_text(line) for line in layout.lines]
    symbols = [_svg_bars(layout.bars)] if layout.bars else []
    symbols += [_svg_square(layout.square)] if layout.square else []
    return _svg(size, f"Label of {content.tag}", [*shapes, *symbols, *words])


def command_svg(text: str, *, caption: bool = True) -> bytes:
    """A bare Code 128 for the scan page's command cards (`CMD-RETURN`), its text beneath. Modules of 0.423 mm.

    `caption` is False where the page itself says the text.
    Raises ValueError unless the text is 1 to 40 printable ASCII characters.
    """
    if not (text.isascii() and text.isprintable() and 1 <= len(text) <= 40):
        raise ValueError("A command's barcode has 1 to 40 letters, digits or signs of plain ASCII.")
    modules, module_dots = code_128(text), 5
    bars = Bars(modules, _FINE_DPI, module_dots, x_dots=QUIET_MODULES * module_dots, y_mm=2.0, height_mm=14.0)
    size = LabelSize((len(modules) + 2 * QUIET_MODULES) * bars.module_mm, 23.0 if caption else 18.0)
    words = _svg_text(Line(text, size.width_mm / 2, 21.0, 4.0, bold=True, align="centre"))
    return _svg(size, f"Barcode {text}", [_svg_bars(bars), words] if caption else [_svg_bars(bars)])


def label_pdf(
    contents: Sequence[LabelContent],
    *,
    skip: int = 0,
    stock: Stock = AVERY_L7160,
    offset: Offset = NO_OFFSET,
    progress: Progress = silent,
) -> bytes:
    """Pages of labels, row by row, after leaving the first `skip` labels of the first page blank.

    Print it at 100 %. The same labels give the same bytes. Raises ValueError for no labels, for a label too small, or
    for a `skip` that is not on the first page.
    """
    if not contents:
        raise ValueError("Choose at least one item to print a label for.")
    if not 0 <= skip < stock.labels_per_page:
        last = stock.labels_per_page - 1
        raise ValueError(f"A sheet of {stock.name} has {stock.labels_per_page} labels, so skip 0 to {last}.")
    with _pdf(stock, "Labels") as (canvas, stream):
        for position, content in enumerate(contents, start=skip):
            cell = position % stock.labels_per_page
            if cell == 0 and position > skip:
                canvas.showPage()
            layout = lay_out(content, stock.label, _FINE_DPI, _type_width)
            left, top = stock.corner(cell)
            _paint_pdf(canvas, layout, left + offset.x_mm, top + offset.y_mm, stock.page.height_mm)
            progress(position - skip + 1)
    return stream.getvalue()


def label_zpl(
    content: LabelContent, *, dpi: Dpi = 203, size: LabelSize = DEFAULT_SIZE, offset: Offset | None = None
) -> str:
    """One label in ZPL II for a Zebra printer of this resolution (ZPL II Programming Guide: ^BC, ^GF, ^FH, ^FB, ^CI28).

    An offset is sent as the printer's own (^LS, ^LT); None leaves the one that is set on the printer.

    Words are UTF-8, in hexadecimal wherever they are not ASCII or ZPL would read them as commands. Which letters its
    font 0 has is the printer's matter. Raises ValueError for a label too small.
    """
    _check_dpi(dpi)
    layout = lay_out(content, size, dpi, _type_width)
    fields = [_zpl_box(box, dpi) for box in layout.boxes]
    fields += [_zpl_text(line, size, dpi) for line in layout.lines]
    fields += [_zpl_bars(layout.bars, content.tag)] if layout.bars else []
    fields += [_zpl_square(layout.square)] if layout.square else []
    return _zpl(size, dpi, offset, fields)


def ruler_pdf(stock: Stock, words: Sequence[str], *, offset: Offset = NO_OFFSET) -> bytes:
    """One page with the outline of every label and two rulers, moved as labels would be; `words` say what it is."""
    drawing = draw_test_page(stock, words, _type_width)
    with _pdf(stock, "Test page") as (canvas, stream):
        _paint_pdf_words(canvas, drawing.boxes, drawing.lines, offset.x_mm, offset.y_mm, stock.page.height_mm)
    return stream.getvalue()


def ruler_zpl(stock: Stock, words: Sequence[str], *, dpi: Dpi, offset: Offset = NO_OFFSET) -> str:
    """The same for a Zebra."""
    _check_dpi(dpi)
    drawing = draw_test_page(stock, words, _type_width)
    fields = [_zpl_box(box, dpi) for box in drawing.boxes if min(box.x_mm, box.y_mm) >= 0]
    fields += [_zpl_text(line, stock.label, dpi) for line in drawing.lines]
    return _zpl(stock.label, dpi, offset, fields)


def _zpl(size: LabelSize, dpi: int, offset: Offset | None, fields: Sequence[str]) -> str:
    paper = f"^PW{dots(size.width_mm, dpi)}^LL{dots(size.height_mm, dpi)}"
    if offset is not None:
        # ^LS counts to the left, ^LT downwards. A centimetre is 118 dots at 300 dpi, and ^LT takes up to 120.
        right, down = (round(length * dpi / MM_PER_INCH) for length in (offset.x_mm, offset.y_mm))
        paper += f"^LS{-right}^LT{down}"
    return "\n".join(["^XA^CI28^LH0,0", paper, *fields, "^PQ1^XZ", ""])


def _check_dpi(dpi: int) -> None:
    if dpi not in (203, 300):
        raise ValueError(f"Label printers print 203 or 300 dots an inch, not {dpi}.")


@lru_cache(maxsize=32)
def _drawn(bold: bool, size_dots: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(noto(bold), size_dots)


def _dot_width(dpi: int) -> Measure:
    def measure(text: str, size_mm: float, bold: bool) -> float:
        return _drawn(bold, dots(size_mm, dpi)).getlength(text) * MM_PER_INCH / dpi

    return measure


def _type_width(text: str, size_mm: float, bold: bool) -> float:
    """Also on the safe side for Arial, which a browser may take instead, and for a Zebra's narrow font 0."""
    return cast(float, pdfmetrics.stringWidth(text, typeface(bold), size_mm))


def _svg(size: LabelSize, title: str, parts: Sequence[str]) -> bytes:
    width, height = _short(size.width_mm), _short(size.height_mm)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}"'
        f' role="img"><title>{escape(title)}</title><rect width="{width}" height="{height}" fill="#fff"/>'
    )
    return "\n".join([head, *parts, "</svg>", ""]).encode()


def _svg_bars(bars: Bars) -> str:
    """The bars in whole modules, which one transformation makes millimetres: so no bar is rounded by itself."""
    rects = "".join(f'<rect x="{start}" width="{width}" height="1"/>' for start, width in bars.runs())
    corner = f"{_short(bars.x_mm)} {_short(bars.y_mm)}"
    place = f"translate({corner}) scale({_short(bars.module_mm)} {_short(bars.height_mm)})"
    return f'<g transform="{place}" shape-rendering="crispEdges">{rects}</g>'


def _svg_square(square: Square) -> str:
    rects = "".join(f'<rect x="{start}" y="{row}" width="{width}" height="1"/>' for row, start, width in square.runs())
    place = f"translate({_short(square.x_mm)} {_short(square.y_mm)}) scale({_short(square.module_mm)})"
    return f'<g transform="{place}" shape-rendering="crispEdges">{rects}</g>'


def _svg_text(line: Line) -> str:
    anchor = {"left": "start", "centre": "middle", "right": "end"}[line.align]
    return (
        f'<text x="{_short(line.x_mm)}" y="{_short(line.baseline_mm)}"'
        ' font-family="Noto Sans, Arial, Helvetica, sans-serif"'
        f' font-size="{_short(line.size_mm)}" font-weight="{"bold" if line.bold else "normal"}"'
        f' text-anchor="{anchor}" fill="{"#fff" if line.white else "#000"}">{escape(line.text)}</text>'
    )


def _short(number: float) -> str:
    return f"{number:.5f}".rstrip("0").rstrip(".")


@contextmanager
def _pdf(stock: Stock, title: str) -> Iterator[tuple[Canvas, BytesIO]]:
    """A PDF of this stock's pages that asks not to be scaled. Its bytes are in the stream afterwards."""
    stream = BytesIO()
    page = (stock.page.width_mm * _POINTS_PER_MM, stock.page.height_mm * _POINTS_PER_MM)
    canvas = Canvas(stream, pagesize=page, invariant=1, pageCompression=1, lang="en-GB")
    canvas.setTitle(title)
    canvas.setViewerPreference("PrintScaling", "None")
    yield canvas, stream
    canvas.save()


def _paint_pdf(canvas: Canvas, layout: Layout, left_mm: float, top_mm: float, page_mm: float) -> None:
    """One label into its cell. PDF counts upwards from the page's foot, so every y is turned round."""
    _paint_pdf_words(canvas, layout.boxes, layout.lines, left_mm, top_mm, page_mm)
    if layout.bars:
        _paint_pdf_bars(canvas, layout.bars, left_mm, (page_mm - top_mm) * _POINTS_PER_MM)
    if layout.square:
        _paint_pdf_square(canvas, layout.square, left_mm, top_mm, page_mm)


def _paint_pdf_words(
    canvas: Canvas, boxes: Sequence[Box], lines: Sequence[Line], left_mm: float, top_mm: float, page_mm: float
) -> None:
    foot = (page_mm - top_mm) * _POINTS_PER_MM
    for box in boxes:
        height = box.height_mm * _POINTS_PER_MM
        x, y = (left_mm + box.x_mm) * _POINTS_PER_MM, foot - box.y_mm * _POINTS_PER_MM - height
        canvas.rect(x, y, box.width_mm * _POINTS_PER_MM, height, stroke=0, fill=1)
    draw = {"left": canvas.drawString, "centre": canvas.drawCentredString, "right": canvas.drawRightString}
    for line in lines:
        canvas.setFont(typeface(line.bold), line.size_mm * _POINTS_PER_MM)
        canvas.setFillGray(1 if line.white else 0)
        draw[line.align]((left_mm + line.x_mm) * _POINTS_PER_MM, foot - line.baseline_mm * _POINTS_PER_MM, line.text)
    canvas.setFillGray(0)


def _paint_pdf_bars(canvas: Canvas, bars: Bars, left_mm: float, foot: float) -> None:
    """All bars as one path, and on the page's own grid of dots, not only on the label's.

    So with an offset they are up to half a dot, 0.04 mm, from where it would have them: off the grid a printer would
    make some bars a dot wider than others.
    """
    dot, height = 72 / bars.dpi, bars.height_mm * _POINTS_PER_MM
    first = round(left_mm * bars.dpi / MM_PER_INCH) + bars.x_dots
    path = canvas.beginPath()
    for start, width in bars.runs():
        x = (first + start * bars.module_dots) * dot
        path.rect(x, foot - bars.y_mm * _POINTS_PER_MM - height, width * bars.module_dots * dot, height)
    canvas.drawPath(path, stroke=0, fill=1)


def _paint_pdf_square(canvas: Canvas, square: Square, left_mm: float, top_mm: float, page_mm: float) -> None:
    """The same for a square, on the page's grid both ways; the grid begins at the page's upper left corner."""
    dot, side = 72 / square.dpi, square.module_dots * 72 / square.dpi
    left = round(left_mm * square.dpi / MM_PER_INCH) + square.x_dots
    top = round(top_mm * square.dpi / MM_PER_INCH) + square.y_dots
    path = canvas.beginPath()
    for row, start, width in square.runs():
        foot = page_mm * _POINTS_PER_MM - (top + (row + 1) * square.module_dots) * dot
        path.rect((left + start * square.module_dots) * dot, foot, width * side, side)
    canvas.drawPath(path, stroke=0, fill=1)


def _dark(layout: Layout) -> Iterator[tuple[int, int, int, int]]:
    """What is black of the symbols, in dots: left, top, width and height."""
    if layout.bars:
        bars, dpi = layout.bars, layout.bars.dpi
        for start, width in bars.runs():
            left = bars.x_dots + start * bars.module_dots
            yield left, dots(bars.y_mm, dpi), width * bars.module_dots, dots(bars.height_mm, dpi)
    if layout.square:
        square, module = layout.square, layout.square.module_dots
        for row, start, width in square.runs():
            yield square.x_dots + start * module, square.y_dots + row * module, width * module, module


def _zpl_bars(bars: Bars, tag: str) -> str:
    where = f"^FO{bars.x_dots},{dots(bars.y_mm, bars.dpi)}^BY{bars.module_dots}"
    return f"{where}^BCN,{dots(bars.height_mm, bars.dpi)},N,N,N,N^FD{_zpl_code_128(tag)}^FS"


def _zpl_square(square: Square) -> str:
    """The square as a picture, dot for dot the one that was measured and read back.

    A printer's own ^BQ chooses the size of the symbol by itself and sets it some dots lower, by its firmware. A row of
    modules is said once; a colon is the same row of dots again.
    """
    wide = len(square.rows) * square.module_dots
    row_bytes, high = (wide + 7) // 8, wide
    lines = []
    for row in square.rows:
        bits = "".join(module * square.module_dots for module in row).ljust(row_bytes * 8, "0")
        lines.append(f"{int(bits, 2):0{row_bytes * 2}X}" + ":" * (square.module_dots - 1))
    whole = row_bytes * high
    return f"^FO{square.x_dots},{square.y_dots}^GFA,{whole},{whole},{row_bytes},{''.join(lines)}^FS"


def _zpl_box(box: Box, dpi: int) -> str:
    width, height = max(dots(box.width_mm, dpi), 1), max(dots(box.height_mm, dpi), 1)
    return f"^FO{dots(box.x_mm, dpi)},{dots(box.y_mm, dpi)}^GB{width},{height},{min(width, height)}^FS"


def _zpl_text(line: Line, size: LabelSize, dpi: int) -> str:
    """A line in a block on the label, so that the printer, which knows its own font, centres it or sets it right."""
    height, width, x = dots(line.size_mm, dpi), dots(size.width_mm, dpi), dots(line.x_mm, dpi)
    reach = min(x, width - x)
    left, block, justify = {
        "left": (x, width - x, "L"),
        "centre": (x - reach, 2 * reach, "C"),
        "right": (0, x, "R"),
    }[line.align]
    where = f"^FT{left},{dots(line.baseline_mm, dpi)}^A0N,{height},{height}^FB{block},1,0,{justify}"
    return f"{where}{'^FR' if line.white else ''}^FH_^FD{_zpl_words(line.text)}^FS"


def _zpl_words(text: str) -> str:
    """The text with ^, ~, _ and all but ASCII in hexadecimal; a backslash would break the line of a ^FB block."""
    return "".join(
        character if character.isascii() and character not in "^~_" else _zpl_hexadecimal(character)
        for character in text.replace("\\", "/")
    )


def _zpl_hexadecimal(character: str) -> str:
    return "".join(f"_{byte:02X}" for byte in character.encode())


def _zpl_code_128(tag: str) -> str:
    """The tag in subset B, with C for eight of the digits: the very symbol that the layout measured."""
    head, pairs = tag_parts(tag)
    return f">:{head}>5{pairs}"


Drawing = tuple[Sequence[Box], Sequence[Line]]
"""A label of words alone."""


def words_pdf(
    drawings: Sequence[Drawing], *, title: str, skip: int = 0, stock: Stock = AVERY_L7160, offset: Offset = NO_OFFSET
) -> bytes:
    """Pages of labels that have no bars, as `label_pdf` lays them out."""
    with _pdf(stock, title) as (canvas, stream):
        for position, (boxes, lines) in enumerate(drawings, start=skip):
            cell = position % stock.labels_per_page
            if cell == 0 and position > skip:
                canvas.showPage()
            left, top = stock.corner(cell)
            _paint_pdf_words(canvas, boxes, lines, left + offset.x_mm, top + offset.y_mm, stock.page.height_mm)
    return stream.getvalue()


def words_zpl(drawing: Drawing, *, dpi: Dpi, size: LabelSize, offset: Offset | None = None) -> str:
    """One of them for a Zebra."""
    boxes, lines = drawing
    fields = [_zpl_box(box, dpi) for box in boxes]
    return _zpl(size, dpi, offset, [*fields, *(_zpl_text(line, size, dpi) for line in lines)])


def type_width(text: str, size_mm: float, bold: bool) -> float:
    """How wide a text is in the labels' typeface."""
    return _type_width(text, size_mm, bold)
