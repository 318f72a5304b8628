"""From barcodes to a file of labels. How a label looks is in `layout.py` and `printing.py`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from anyio import to_thread
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.carriers import element_string, label_address
from app.domain.errors import BadValue, NotFound
from app.domain.printers import NO_OFFSET, Offset, Symbols, check_symbols
from app.features.labels import printing, queries
from app.features.labels.printing import Dpi, Progress, silent
from app.features.labels.rows import LabelContent
from app.features.labels.schemas import LabelFormat
from app.features.labels.shapes import TooSmall
from app.features.labels.stocks import STOCKS, Feed, Stock
from app.settings import Settings
from app.web.tags import own_prefix, sort_tags

NAMED_AT_ONCE: Final = 10
LONGEST_NAMED: Final = 40

MEDIA_TYPES: Final[dict[LabelFormat, str]] = {
    LabelFormat.PDF: "application/pdf",
    LabelFormat.ZPL: "application/zpl",
    LabelFormat.PNG: "image/png",
    LabelFormat.SVG: "image/svg+xml",
}
ONE_A_FILE: Final = frozenset({LabelFormat.PNG, LabelFormat.SVG})


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A file to download: its name has only letters, digits, dashes and a dot."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Target:
    """What labels are printed on, and as what. An offset of None leaves that to the printer."""

    stock: Stock
    format: LabelFormat = LabelFormat.PDF
    dpi: Dpi = 203
    offset: Offset | None = None
    symbols: Symbols = Symbols.CODE_128


async def mark_printed(
    session: AsyncSession, barcodes: Sequence[str], target: Target, *, settings: Settings, actor: str, at: datetime
) -> None:
    """These labels are printed: those of items whose load had been lowered say the load of today now. A picture of one
    is only looked at. One statement where no label was wanted."""
    if target.format in ONE_A_FILE:
        return
    tags, _ = sort_tags(barcodes, prefix=own_prefix(settings))
    printed = (await session.scalars(queries.PRINTED, {"barcodes": list(tags.values())})).all()
    if printed:
        await audit.record_each(session, "label_printed", [(f"item:{one}", {}) for one in printed], actor=actor, at=at)


def find_stock(code: str) -> Stock:
    """The stock of that code. Raises BadValue `unknown-stock`."""
    if code not in STOCKS:
        raise BadValue("unknown-stock", f"The labels known here are {', '.join(STOCKS)}.", field="stock")
    return STOCKS[code]


async def print_labels(
    session: AsyncSession, barcodes: Sequence[str], target: Target, *, settings: Settings, skip: int = 0
) -> LabelFile:
    """One label for each barcode, in their order; a barcode that comes twice gets two.

    Raises BadValue `skip-off-the-sheet`, `one-label-a-file`, `no-company-prefix`, `no-public-address`,
    `label-too-small` or `mistyped-barcodes`, and NotFound `unknown-barcodes`; the last two name every wrong barcode.
    """
    return await render(await prepare(session, barcodes, target, settings=settings, skip=skip), target, skip=skip)


async def prepare(
    session: AsyncSession, barcodes: Sequence[str], target: Target, *, settings: Settings, skip: int = 0
) -> list[LabelContent]:
    """What these labels say and carry. Raises as `print_labels`, except for what shows only as they are drawn."""
    check_skip(target.stock, skip)
    if target.format in ONE_A_FILE and len(barcodes) > 1:
        detail = f"A {target.format.value.upper()} has one label. Ask for pdf or zpl, or for one barcode at a time."
        raise BadValue("one-label-a-file", detail, field="format")
    check_carried(target.symbols, settings)
    return [_carrying(one, target.symbols, settings) for one in await _contents(session, barcodes, settings)]


async def render(
    contents: Sequence[LabelContent], target: Target, *, skip: int = 0, progress: Progress = silent
) -> LabelFile:
    """The file of these labels, made beside the event loop. Raises BadValue `label-too-small`."""
    try:
        content = await to_thread.run_sync(partial(_render, contents, target, skip=skip, progress=progress))
    except TooSmall as error:
        raise BadValue("label-too-small", f"{error} Choose larger labels.", field="stock") from error
    subject = contents[0].tag if len(contents) == 1 else f"{len(contents)}-items"
    return LabelFile(f"labels-{subject}.{target.format.value}", MEDIA_TYPES[target.format], content)


def check_carried(symbols: Symbols, settings: Settings) -> None:
    """Raise as `check_symbols` for what this service cannot put on labels."""
    prefix, addresses = settings.gs1_company_prefix, settings.public_addresses
    check_symbols(symbols, has_company_prefix=bool(prefix), has_address=bool(addresses))


def _carrying(content: LabelContent, symbols: Symbols, settings: Settings) -> LabelContent:
    """The label with the symbols that are wanted on it."""
    matrix, qr = None, None
    if symbols.has_data_matrix:
        matrix = element_string(
            content.tag,
            settings.gs1_asset_number,
            company_prefix=settings.gs1_company_prefix,
            asset_type=settings.gs1_asset_type,
        )
    if symbols.has_qr:
        qr = label_address(content.tag, address=settings.public_addresses[0])
    return replace(content, has_bars=symbols.has_bars, data_matrix=matrix, qr=qr)


async def print_test_page(target: Target, *, name: str) -> LabelFile:
    """A page of outlines and rulers for a printer of this name, from which its offset can be read off."""
    offset = target.offset or NO_OFFSET
    words = (name, target.stock.name, f"Offset {offset.x / 10:+.1f}, {offset.y / 10:+.1f}")
    if target.format is LabelFormat.ZPL:
        drawn = printing.ruler_zpl(target.stock, words, dpi=target.dpi, offset=offset).encode()
    else:
        drawn = await to_thread.run_sync(partial(printing.ruler_pdf, target.stock, words, offset=offset))
    return LabelFile(f"test-page.{target.format.value}", MEDIA_TYPES[target.format], drawn)


def check_skip(stock: Stock, skip: int) -> None:
    """Raise BadValue `skip-off-the-sheet` when the first sheet does not have so many labels."""
    if skip < stock.labels_per_page:
        return
    if stock.feed is Feed.SHEET:
        last = stock.labels_per_page - 1
        detail = f"A sheet of {stock.name} has {stock.labels_per_page} labels, so skip 0 to {last}."
    else:
        detail = f"{stock.name} is a roll, so there are no used labels to skip. Make it 0."
    raise BadValue("skip-off-the-sheet", detail, field="skip")


async def _contents(session: AsyncSession, barcodes: Sequence[str], settings: Settings) -> list[LabelContent]:
    tags, errors = sort_tags(barcodes, prefix=own_prefix(settings))
    if errors:
        raise BadValue("mistyped-barcodes", _named({raw: e.detail for raw, e in errors.items()}), field="barcodes")
    contents = await queries.find_contents(
        session, list(tags.values()), service_name=settings.service_name, return_phone=settings.return_phone
    )
    unknown = {raw: "No item here has this barcode." for raw, tag in tags.items() if tag not in contents}
    if unknown:
        raise NotFound("unknown-barcodes", _named(unknown), field="barcodes")
    return [contents[tags[raw]] for raw in barcodes]


def _named(wrong: dict[str, str]) -> str:
    """Every wrong barcode with what is wrong, the first ten of them, each shortened."""
    told = [f"{_printable(raw)}: {detail}" for raw, detail in list(wrong.items())[:NAMED_AT_ONCE]]
    more = len(wrong) - NAMED_AT_ONCE
    return " ".join([*told, f"And {more} more."] if more > 0 else told)


def _printable(raw: str) -> str:
    shown = "".join(character if character.isprintable() else "?" for character in raw)
    return shown if len(shown) <= LONGEST_NAMED else f"{shown[:LONGEST_NAMED]}…"


def _render(contents: Sequence[LabelContent], target: Target, *, skip: int, progress: Progress) -> bytes:
    size, dpi = target.stock.label, target.dpi
    if target.format is LabelFormat.PDF:
        offset = target.offset or NO_OFFSET
        return printing.label_pdf(contents, skip=skip, stock=target.stock, offset=offset, progress=progress)
    if target.format is LabelFormat.ZPL:
        labels = []
        for done, content in enumerate(contents, start=1):
            labels.append(printing.label_zpl(content, dpi=dpi, size=size, offset=target.offset))
            progress(done)
        return "".join(labels).encode()
    if target.format is LabelFormat.PNG:
        return printing.label_png(contents[0], dpi=dpi, size=size)
    return printing.label_svg(contents[0], size=size)
