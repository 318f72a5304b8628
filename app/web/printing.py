"""What PDFs of ours are made of: pages of A4, paragraphs, and tables whose rows may be long.

Which words stand there is the feature's. The same words give the same bytes: nothing here asks the clock.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from itertools import zip_longest
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

from app.domain.catalogue import is_printable
from app.web.typefaces import typeface

MARGIN: Final = 18 * mm
WIDTH: Final = A4[0] - 2 * MARGIN
LINE: Final = HexColor("#b1b4b6")
SHADE: Final = HexColor("#f3f2f1")
LOST: Final = "\0"
MANY_LOST: Final = re.compile(r"\0(?:\s*\0)*")
NOT_PRINTABLE: Final = "[words in letters that cannot be printed here: read them on the screen]"
MOST_PER_MM: Final = 15
"""A row cannot go on over the page, so a text with more letters for its cell's width is cut into rows of its own."""


def pdf(
    story: list[Any],
    *,
    title: str,
    author: str,
    foot: Callable[[Canvas, Any], None] = lambda _canvas, _page: None,
    margin: float = MARGIN,
) -> bytes:
    """The story on pages of A4, with `foot` drawn on each."""
    stream = BytesIO()
    document = SimpleDocTemplate(
        stream,
        pagesize=A4,
        leftMargin=margin,
        rightMargin=margin,
        topMargin=margin,
        bottomMargin=20 * mm,
        title=title,
        author=author,
        lang="en-GB",
        invariant=1,
    )
    document.build(story, onFirstPage=foot, onLaterPages=foot, canvasmaker=Canvas)
    return stream.getvalue()


def words(said: str, size: float, *, bold: bool = False, before: float = 0, after: float = 0) -> Paragraph:
    """A paragraph. Letters that the typeface has not are named instead; a heading stays with what follows."""
    face = typeface(bold)
    style = ParagraphStyle(f"{face} {size} {before} {after}", fontName=face, fontSize=size, leading=1.35 * size,
                           spaceBefore=before, spaceAfter=after, wordWrap="CJK" if _is_one_word(said) else None,
                           keepWithNext=bold and before > 0)  # fmt: skip
    return Paragraph(escape(_as_printed(said)).replace("\n", "<br/>"), style)


def facts(said: Sequence[tuple[str, str]]) -> Table:
    """Names, and what stands for each."""
    return table(None, [list(fact) for fact in said], (50, 124))


def table(head: Sequence[str] | None, rows: Sequence[Sequence[str]], widths: Sequence[float]) -> Table:
    """Rows that begin each page with the head. The widths are millimetres."""
    cut = [row for whole in rows for row in _cut(whole, widths)]
    body = [[words(cell, 8.5) for cell in row] for row in cut]
    heads = [[words(cell, 8.5, bold=True) for cell in head]] if head else []
    made = Table([*heads, *(body or [[words("None", 8.5), *[""] * (len(widths) - 1)]])],
                 colWidths=[width * mm for width in widths], repeatRows=len(heads), hAlign="LEFT")  # fmt: skip
    style: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
    made.setStyle(TableStyle([*style, *([("BACKGROUND", (0, 0), (-1, 0), SHADE)] if heads else [])]))
    return made


def _cut(row: Sequence[str], widths: Sequence[float]) -> Iterator[list[str]]:
    most = [int(width * MOST_PER_MM) for width in widths]
    pieces = [[cell[start : start + m] for start in range(0, len(cell), m)] for cell, m in zip(row, most, strict=True)]
    yield from map(list, zip_longest(*pieces, fillvalue="")) if any(pieces) else [[""] * len(row)]


def _as_printed(said: str) -> str:
    """What stands on the page is no riddle: a run of letters of another script is said to be one."""
    marked = "".join(letter if letter.isspace() or is_printable(letter) else LOST for letter in said)
    return MANY_LOST.sub(NOT_PRINTABLE, marked)


def _is_one_word(said: str) -> bool:
    """A hash has no blank to be broken at."""
    return len(said) > 40 and " " not in said
