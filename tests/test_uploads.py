"""What people send in is judged by what it holds, and a picture keeps nothing but its points."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from app import uploads
from app.domain.errors import BadValue
from app.uploads import PICTURES, MediaType
from tests import pdfs

PDF = pdfs.pdf("A quote", "and its second page")
PDFS = frozenset({MediaType.PDF})


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
    kept = await uploads.check(PDF, PDFS)
    assert (kept.content, kept.pages) == (PDF, 2)


async def test_of_a_moving_picture_one_is_kept_that_stands_still() -> None:
    out = BytesIO()
    first, second = (Image.new("RGB", (30, 20), colour) for colour in ("red", "blue"))
    first.save(out, "PNG", save_all=True, append_images=[second])
    kept = await uploads.check(out.getvalue(), PICTURES)
    with Image.open(BytesIO(kept.content)) as seen:
        assert (seen.getpixel((3, 3)), getattr(seen, "n_frames", 1)) == ((255, 0, 0), 1)


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


ANY = frozenset(MediaType)
ZIP = b"PK\x03\x04" + bytes(60)


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"MZ\x90" + bytes(60), "file-unknown", "Choose a PNG or JPEG or PDF file."),
        (ZIP, "file-unknown", "Save it as PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), "file-unknown", "Save it as PDF"),
        (b"{\\rtf1 hello}", "file-unknown", "Save it as PDF"),
        (PDF[:30], "file-damaged", "not whole"),
        (PDF[: len(PDF) // 2] + b"\nstartxref\n9\n%%EOF\n", "file-damaged", "Print it as a PDF"),
        (b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n", "file-damaged", "cannot be read"),
        (pdfs.locked(), "file-locked", "Save it without that"),
        (pdfs.with_script(), "file-active", "carries a script"),
        (pdfs.with_action("/JavaScript", JS="x"), "file-active", "carries a script"),
        (pdfs.with_action("/Launch", F="cmd.exe"), "file-active", "starts a program"),
        (pdfs.with_action("/SubmitForm", F="https://example.org"), "file-active", "sends what is typed"),
        (pdfs.with_file(), "file-active", "other files inside it"),
        (pdfs.with_xfa(), "file-active", "XFA"),
        (pdfs.with_sound(), "file-active", "a film or a sound"),
        (pdfs.pdf("Narrow", size=(8, 300)), "file-damaged", "cannot be read"),
        (pdfs.pdf("Endless", size=(300, 20_000)), "file-damaged", "cannot be read"),
        (pdfs.pdf(*["x"] * 301), "pdf-too-long", "301 pages, and 300 are the most"),
        (b"%PDF-" + bytes(uploads.MOST_BYTES), "file-too-large", "larger than 10 MB"),
    ],
)
async def test_a_pdf_that_is_not_plain_is_refused_with_what_would_do(content: bytes, code: str, says: str) -> None:
    with pytest.raises(BadValue) as refused:
        await uploads.check(content, ANY)
    assert (refused.value.code, refused.value.field) == (code, "file")
    assert says in refused.value.detail


async def test_what_does_no_harm_stays_in_a_pdf() -> None:
    """An ordinary link, and a page to begin on."""
    assert (await uploads.check(pdfs.with_action("/URI", URI="https://example.org"), PDFS)).pages == 1
    assert (await uploads.check(pdfs.with_action("/GoTo", D="top"), PDFS)).pages == 1


async def test_of_a_pdf_of_too_many_parts_none_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_OBJECTS", 5)
    with pytest.raises(BadValue, match="too many parts"):
        await uploads.check(PDF, PDFS)
