"""PDFs for tests: whole ones, and ones that carry what nobody should have to open."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, RectangleObject, TextStringObject
from pypdfium2 import PdfDocument
from reportlab.pdfgen.canvas import Canvas

A4 = (595, 842)


def pdf(*words: str, size: tuple[float, float] = A4, sizes: Sequence[tuple[float, float]] = ()) -> bytes:
    """A page for each of these words."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=size, invariant=1)
    for place, said in enumerate(words or ("A quote",)):
        canvas.setPageSize(sizes[place] if sizes else size)
        canvas.drawString(40, 40, said)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def written(writer: PdfWriter) -> bytes:
    """What the writer holds."""
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def copy(content: bytes | None = None) -> PdfWriter:
    """A writer with a PDF's pages, to put things into."""
    return PdfWriter(clone_from=PdfReader(BytesIO(content or pdf())))


def locked() -> bytes:
    """One that opens without a password, and is encrypted all the same."""
    writer = copy()
    writer.encrypt("", owner_password="owner", algorithm="RC4-128")
    return written(writer)


def with_script() -> bytes:
    """One that runs a script when it is opened."""
    writer = copy()
    act = DictionaryObject({NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("x")})
    writer.root_object[NameObject("/OpenAction")] = writer._add_object(act)
    return written(writer)


def with_file() -> bytes:
    """One that has another file inside it."""
    writer = copy()
    writer.add_attachment("tool.exe", b"MZ")
    return written(writer)


def with_action(kind: str, **more: str) -> bytes:
    """One whose first page acts when it is opened."""
    writer = copy()
    action = DictionaryObject({NameObject("/S"): NameObject(kind)})
    action |= {NameObject(f"/{name}"): TextStringObject(value) for name, value in more.items()}
    acts = DictionaryObject({NameObject("/O"): writer._add_object(action)})
    writer.pages[0][NameObject("/AA")] = acts
    return written(writer)


def with_xfa() -> bytes:
    """One with a form that runs by itself."""
    writer = copy()
    parts = ArrayObject([TextStringObject("template"), TextStringObject("<xdp/>")])
    writer.root_object[NameObject("/AcroForm")] = DictionaryObject({NameObject("/XFA"): parts})
    return written(writer)


def with_sound() -> bytes:
    """One with a film on its page."""
    writer = copy()
    shown = DictionaryObject(
        {NameObject("/Subtype"): NameObject("/RichMedia"), NameObject("/Rect"): RectangleObject((0, 0, 9, 9))}
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(shown)])
    return written(writer)


def turned(degrees: int) -> bytes:
    """One whose page is shown turned."""
    writer = copy(pdf("Turned"))
    writer.pages[0].rotate(degrees)
    return written(writer)


def read_text(content: bytes) -> list[str]:
    """The words of each page, with single blanks."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(content)).pages]


def foot_of(content: bytes) -> list[str]:
    """The lines at the foot of the first page as it is seen, from left to right."""
    document = PdfDocument(content)
    page = document[0]
    width, height = page.get_size()
    words = page.get_textpage()
    found = []
    for place in range(words.count_rects()):
        box = words.get_rect(place)
        said = words.get_text_bounded(*box).strip()
        found.append((box, said))
    turn = page.get_rotation()
    document.close()
    seen = [(_as_seen(box, turn, width, height), said) for box, said in found if said]
    return [said for (left, bottom), said in sorted(seen) if bottom < 30]


def _as_seen(box: tuple[float, ...], turn: int, width: float, height: float) -> tuple[float, float]:
    """The lower left corner of a box on the page as it is turned; `width` and `height` are those that are seen."""
    left, bottom, right, top = box
    return {
        90: (bottom, height - right),
        180: (width - right, height - top),
        270: (width - top, left),
    }.get(turn, (left, bottom))


def sizes_of(content: bytes) -> set[float]:
    """The sizes of all letters, in points."""
    found: set[float] = set()

    def visit(words: str, _cm: Any, _tm: Any, _face: Any, size: float) -> None:
        if words.strip():
            found.add(size)

    for page in PdfReader(BytesIO(content)).pages:
        page.extract_text(visitor_text=visit)
    return found
