"""What people send in is judged by what it holds, and a picture keeps nothing but its points."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from app import uploads
from app.domain.errors import BadValue
from app.uploads import PICTURES, MediaType

PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n"


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), **more: object) -> bytes:
    """A picture of one colour."""
    out = BytesIO()
    Image.new("RGB", size, "steelblue").save(out, kind, **more)
    return out.getvalue()


def bomb() -> bytes:
    """A PNG of some hundred bytes that says it is 60,000 points wide and high."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


async def test_a_photograph_is_turned_upright_made_smaller_and_says_nothing_of_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010F] = "A maker of telephones"
    sent = picture(size=(3000, 2000), exif=exif, comment=b"10 High Street")
    kept = await uploads.check(sent, PICTURES)
    assert kept.media_type is MediaType.JPEG
    with Image.open(BytesIO(kept.content)) as seen:
        assert seen.size == (1067, 1600)
        assert (dict(seen.getexif()), "comment" in seen.info) == ({}, False)
    assert b"telephones" not in kept.content


async def test_a_png_with_holes_keeps_them() -> None:
    out = BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(out, "PNG")
    kept = await uploads.check(out.getvalue(), PICTURES)
    with Image.open(BytesIO(kept.content)) as seen:
        assert (seen.format, seen.mode) == ("PNG", "RGBA")


async def test_a_pdf_is_kept_as_it_is_where_one_may_be_sent() -> None:
    assert (await uploads.check(PDF, frozenset({MediaType.PDF}))).content == PDF


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"", "file-empty", "empty"),
        (b"hello", "file-unknown", "Choose a PNG or JPEG file."),
        (PDF, "file-unknown", "This is a PDF file. Choose a PNG or JPEG file."),
        (b"GIF89a" + bytes(20), "file-unknown", "whatever its name says"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file-unknown", "Choose a PNG or JPEG"),
        (picture()[:200], "file-damaged", "damaged"),
        (b"\xff\xd8\xff" + b"x" * 50, "file-damaged", "damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "file-damaged", "damaged"),
        (bomb(), "picture-too-large", "Make it smaller."),
        (b"\xff\xd8\xff" + bytes(uploads.MOST_BYTES), "file-too-large", "larger than 10 MB"),
    ],
)
async def test_what_it_may_not_be_is_refused_with_what_it_may(content: bytes, code: str, says: str) -> None:
    with pytest.raises(BadValue) as refused:
        await uploads.check(content, PICTURES)
    assert refused.value.code == code
    assert says in refused.value.detail
    assert refused.value.field == "file"


async def test_half_a_pdf_is_refused() -> None:
    with pytest.raises(BadValue, match="not whole"):
        await uploads.check(PDF[:30], frozenset({MediaType.PDF}))
