"""Files that people send in: looked at by what they hold, kept once under their SHA-256, handed out as what they are.

They lie in the database, as what GOV.UK sends does: in one transaction with the row that names them, in one backup with
it, and under no path. Who may see one is its feature's to say.
"""

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError
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
_ENDS_AS_PDF: Final = re.compile(rb"startxref\s+\d+\s+%%EOF\s*\Z")


@dataclass(frozen=True, slots=True)
class File:
    """A file that was looked at, or is handed out."""

    media_type: MediaType
    content: bytes


async def check(content: bytes, allowed: frozenset[MediaType], *, field: str = "file") -> File:
    """The file as it may be kept: what it holds decides, never its name. A picture is written anew, upright and no
    larger than a screen, so that nothing is left of where and with what it was taken.

    Raises BadValue `file-empty`, `file-too-large`, `file-unknown`, `picture-too-large` or `file-damaged`.
    """
    wanted = " or ".join(kind.text for kind in MediaType if kind in allowed)
    if not content:
        raise BadValue("file-empty", "The file is empty. Choose another one.", field=field)
    if len(content) > MOST_BYTES:
        raise BadValue("file-too-large", f"The file is larger than {MOST_BYTES // 1_000_000} MB.", field=field)
    kind = next((kind for begins, kind in _BEGINS.items() if content.startswith(begins)), None)
    if kind not in allowed:
        said = f"This is a {kind.text} file" if kind else "This is no such file, whatever its name says"
        raise BadValue("file-unknown", f"{said}. Choose a {wanted} file.", field=field)
    if kind is MediaType.PDF:
        if not _ENDS_AS_PDF.search(content[-1024:]):
            raise BadValue("file-damaged", "The PDF is not whole. Save it again, and choose that.", field=field)
        return File(kind, content)
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
