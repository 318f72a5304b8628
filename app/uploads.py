"""Files that people send in: looked at by what they hold, kept once under their SHA-256, handed out as what they are.

They lie in the database, as what GOV.UK sends does: in one transaction with the row that names them, in one backup with
it, and under no path. Who may see one is its feature's to say.
"""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageOps, UnidentifiedImageError
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import BadValue, NotFound

KEEP = text("""
    INSERT INTO kept_file (sha256, media_type, content, kept_at, kept_by)
    VALUES (:sha256, :media_type, :content, :at, :actor) ON CONFLICT (sha256) DO NOTHING
""")
OPEN = text("SELECT media_type, content FROM kept_file WHERE sha256 = :sha256")

MOST_BYTES: Final = 10_000_000
MOST_PIXELS: Final = 50_000_000
LONGEST_SIDE: Final = 1600
MOST_PAGES: Final = 300
MOST_OBJECTS: Final = 50_000
SIDES: Final = (36, 14_400)
"""How short and how long a side of a PDF's page may be, in points: the longest is the most that there is."""


class MediaType(StrEnum):
    """What a file may be."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    PDF = "application/pdf"

    @property
    def text(self) -> str:
        """As people call it."""
        return self.value.rsplit("/", 1)[1].upper()


PICTURES: Final = frozenset({MediaType.PNG, MediaType.JPEG})
_BEGINS: Final = {b"\x89PNG\r\n\x1a\n": MediaType.PNG, b"\xff\xd8\xff": MediaType.JPEG, b"%PDF-": MediaType.PDF}
_OFFICE: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf")
"""How the files of word processors and spreadsheets begin: new ones are ZIP files."""
_CARRIES: Final = {
    "/JS": "a script",
    "/JavaScript": "a script",
    "/XFA": "a form that runs by itself (XFA)",
    "/EF": "other files inside it",
    "/EmbeddedFiles": "other files inside it",
}
"""What a PDF must not carry, by the key under which it does."""
_ACTS: Final = {
    "/JavaScript": "a script",
    "/Launch": "a command that starts a program",
    "/SubmitForm": "a form that sends what is typed",
    "/ImportData": "a form that loads data",
    "/GoToR": "a link into another file",
    "/GoToE": "other files inside it",
}
"""What a PDF must not do, by the kind of action."""
_SHOWS: Final = {
    "/FileAttachment": "other files inside it",
    "/RichMedia": "a film or a sound",
    "/Movie": "a film or a sound",
    "/Sound": "a film or a sound",
    "/Screen": "a film or a sound",
    "/3D": "a model",
}
"""What must not stand on a page of it, by the kind of annotation."""
_ENDS_AS_PDF: Final = re.compile(rb"startxref\s+\d+\s+%%EOF\s*\Z")


@dataclass(frozen=True, slots=True)
class File:
    """A file that was looked at, or is handed out. `pages` is known of one that was looked at."""

    media_type: MediaType
    content: bytes
    pages: int = 1


async def check(content: bytes, allowed: frozenset[MediaType], *, field: str = "file") -> File:
    """The file as it may be kept: what it holds decides, never its name. A picture is written anew, upright and no
    larger than a screen, so that nothing is left of where and with what it was taken. A PDF is kept as it is, if it can
    be read and bound with others, and does nothing but show its pages.

    Raises BadValue `file-empty`, `file-too-large`, `file-unknown`, `picture-too-large`, `file-damaged`,
    `file-locked`, `file-active` or `pdf-too-long`.
    """
    wanted = " or ".join(kind.text for kind in MediaType if kind in allowed)
    if not content:
        raise BadValue("file-empty", "The file is empty. Choose another one.", field=field)
    if len(content) > MOST_BYTES:
        raise BadValue("file-too-large", f"The file is larger than {MOST_BYTES // 1_000_000} MB.", field=field)
    kind = next((kind for begins, kind in _BEGINS.items() if content.startswith(begins)), None)
    if kind not in allowed:
        raise BadValue("file-unknown", _not_wanted(content, kind, allowed, wanted), field=field)
    if kind is MediaType.PDF:
        if not _ENDS_AS_PDF.search(content[-1024:]):
            raise BadValue("file-damaged", "The PDF is not whole. Save it again, and choose that.", field=field)
        return File(kind, content, await asyncio.to_thread(_count_pages, content, field))
    return File(kind, await asyncio.to_thread(_write_anew, content, kind, field))


async def keep(session: AsyncSession, file: File, *, actor: str, at: datetime) -> str:
    """Keep a checked file, once; returns its SHA-256. One statement."""
    digest = sha256(file.content).hexdigest()
    values = {"sha256": digest, "media_type": file.media_type.value, "content": file.content}
    await session.execute(KEEP, {**values, "at": at, "actor": actor})
    return digest


async def fetch(session: AsyncSession, digest: str) -> File:
    """A kept file. Raises NotFound `unknown-file`."""
    row = (await session.execute(OPEN, {"sha256": digest})).one_or_none()
    if row is None:
        raise NotFound("unknown-file", "There is no such file here.")
    return File(MediaType(row.media_type), row.content)


def _not_wanted(content: bytes, kind: MediaType | None, allowed: frozenset[MediaType], wanted: str) -> str:
    if kind:
        return f"This is a {kind.text} file. Choose a {wanted} file."
    if content.startswith(_OFFICE) and MediaType.PDF in allowed:
        return "This is an Office or ZIP file, which can carry macros. Save it as PDF, and choose that."
    return f"This is no such file, whatever its name says. Choose a {wanted} file."


def _count_pages(content: bytes, field: str) -> int:
    """How many pages the PDF has. It was read whole then, and bound once as it will be into a pack."""
    try:
        return _read_whole(content, field)
    except BadValue:
        raise
    except Exception as error:
        # A file that is broken on purpose makes its reader fail in any way at all.
        raise _unreadable(field) from error


def _read_whole(content: bytes, field: str) -> int:
    reader = PdfReader(BytesIO(content))
    if reader.is_encrypted:
        detail = "The PDF is locked with a password or against changes. Save it without that, and choose it."
        raise BadValue("file-locked", detail, field=field)
    for carried in _carried(reader, field):
        detail = f"The PDF carries {carried}, which nobody should have to open. Print it as a PDF, and choose that."
        raise BadValue("file-active", detail, field=field)
    pages = len(reader.pages)
    if pages > MOST_PAGES:
        detail = f"The PDF has {pages:,} pages, and {MOST_PAGES} are the most. Attach the pages that are needed."
        raise BadValue("pdf-too-long", detail, field=field)
    if not pages or not all(_can_be_shown(page.cropbox) and _can_be_shown(page.mediabox) for page in reader.pages):
        raise _unreadable(field)
    writer = PdfWriter()
    writer.append(reader, import_outline=False)
    writer.write(BytesIO())
    return pages


def _carried(reader: PdfReader, field: str) -> Iterator[str]:
    """What the PDF carries and must not, in words. Every object of it is looked at, also what no page names."""
    numbers = [(number, generation) for generation, found in reader.xref.items() for number in found]
    numbers += [(number, 0) for number in reader.xref_objStm]
    if len(numbers) > MOST_OBJECTS:
        detail = "The PDF is made of too many parts. Print it as a PDF, and choose that."
        raise BadValue("file-active", detail, field=field)
    todo: list[Any] = [reader.trailer]
    todo += [IndirectObject(number, generation, reader).get_object() for number, generation in numbers]
    while todo:
        part = todo.pop()
        if isinstance(part, DictionaryObject):
            yield from (words for key, words in _CARRIES.items() if key in part)
            if part.get("/Type", "/Action") == "/Action" and str(part.get("/S")) in _ACTS:
                yield _ACTS[str(part["/S"])]
            if str(part.get("/Subtype")) in _SHOWS and "/Rect" in part:
                yield _SHOWS[str(part["/Subtype"])]
            todo += part.values()
        elif isinstance(part, ArrayObject):
            todo += part


def _can_be_shown(box: Any) -> bool:
    shortest, longest = SIDES
    return all(shortest <= float(side) <= longest for side in (box.width, box.height))


def _unreadable(field: str) -> BadValue:
    detail = "The PDF cannot be read: it is damaged, or not what it says. Print it as a PDF, and choose that."
    return BadValue("file-damaged", detail, field=field)


def _write_anew(content: bytes, kind: MediaType, field: str) -> bytes:
    try:
        with Image.open(BytesIO(content), formats=[kind.text]) as picture:
            width, height = picture.size
            # Its head says how large it is: a few kilobytes can claim more than there is memory.
            if width * height > MOST_PIXELS:
                raise _too_many_points(field)
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            return _written(upright, kind)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_points(field) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        detail = "The picture cannot be read: it is damaged, or not what it says. Save it again, and choose that."
        raise BadValue("file-damaged", detail, field=field) from error


def _too_many_points(field: str) -> BadValue:
    detail = f"The picture has more than {MOST_PIXELS // 1_000_000} million points. Make it smaller."
    return BadValue("picture-too-large", detail, field=field)


def _written(picture: Image.Image, kind: MediaType) -> bytes:
    """The points alone, into a new picture: profiles, comments and what else hangs on the old one stay behind."""
    has_holes = kind is MediaType.PNG and ("A" in picture.getbands() or "transparency" in picture.info)
    plain = picture.convert("RGBA" if has_holes else "RGB")
    clean = Image.new(plain.mode, plain.size)
    clean.paste(plain)
    out = BytesIO()
    clean.save(out, kind.text, **({"quality": 85} if kind is MediaType.JPEG else {"optimize": True}))
    return out.getvalue()
