"""PDFs for tests: whole ones, and ones that carry what nobody should have to open."""

from collections.abc import Sequence
from io import BytesIO

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, RectangleObject, TextStringObject
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
