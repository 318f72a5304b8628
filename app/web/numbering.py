"""“Page 3 of 20” on every page of a PDF that was bound from several, whatever their size and whichever way they are
turned.

What stands on a page already is not read for it: it could unpack to far more than there is memory. The number is a
stream of its own behind the others, in a typeface that every reader has.
"""

from typing import Any, Final

from pypdf import PageObject, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, StreamObject

FACE: Final = "/NumberingFace"
WIDTH_OF_A_LETTER: Final = 0.52
"""Of the size, on average: enough to put a short line at the right edge."""


def number_pages(writer: PdfWriter, said: str) -> None:
    """Write at the foot of each page what is said, which is plain ASCII, and its number."""
    face = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    known = writer._add_object(face)
    before = _stream(writer, "q\n")
    pages = list(writer.pages)
    for number, page in enumerate(pages, start=1):
        _offer_face(page, known)
        after = _stream(writer, f"\nQ\n{_foot(page, said, f'Page {number} of {len(pages)}')}")
        page[NameObject("/Contents")] = ArrayObject([before, *_contents(page), after])


def _foot(page: PageObject, said: str, number: str) -> str:
    box, turn = page.cropbox, page.rotation % 360
    left, bottom, right, top = (float(side) for side in (box.left, box.bottom, box.right, box.top))
    width, height = right - left, top - bottom
    # As the page is seen, from its lower left corner.
    move = {
        90: f"0 1 -1 0 {right:.2f} {bottom:.2f}",
        180: f"-1 0 0 -1 {right:.2f} {top:.2f}",
        270: f"0 -1 1 0 {left:.2f} {top:.2f}",
    }.get(turn, f"1 0 0 1 {left:.2f} {bottom:.2f}")
    seen = height if turn in {90, 270} else width
    size = min(max(8 * seen / 595, 3), 40)
    band, rise, edge = 2.2 * size, 0.8 * size, 2.5 * size
    room = int((seen - 2 * edge) / (WIDTH_OF_A_LETTER * size)) - len(number) - 2
    at_right = seen - edge - WIDTH_OF_A_LETTER * size * len(number)
    return (
        f"q {move} cm 1 g 0 0 {seen:.2f} {band:.2f} re f 0.2 g BT {FACE} {size:.2f} Tf "
        f"{edge:.2f} {rise:.2f} Td ({_plain(said[: max(room, 0)])}) Tj "
        f"{at_right - edge:.2f} 0 Td ({_plain(number)}) Tj ET Q\n"
    )


def _plain(said: str) -> str:
    shown = "".join(letter if " " <= letter <= "~" else "?" for letter in said)
    return shown.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _offer_face(page: PageObject, known: IndirectObject) -> None:
    """The page's resources may be those of other pages too, so it gets its own with the typeface added."""
    resources = DictionaryObject(_plainly(page.get("/Resources")))
    faces = DictionaryObject(_plainly(resources.get("/Font")))
    faces[NameObject(FACE)] = known
    resources[NameObject("/Font")] = faces
    page[NameObject("/Resources")] = resources


def _plainly(there: Any) -> Any:
    found = there.get_object() if there is not None else None
    return found if isinstance(found, DictionaryObject) else {}


def _contents(page: PageObject) -> list[Any]:
    there = page.raw_get("/Contents") if "/Contents" in page else None
    found = there.get_object() if there is not None else None
    if isinstance(found, ArrayObject):
        return list(found)
    return [there] if isinstance(found, StreamObject) else []


def _stream(writer: PdfWriter, content: str) -> IndirectObject:
    made = StreamObject()
    made.set_data(content.encode("ascii"))
    return writer._add_object(made)
