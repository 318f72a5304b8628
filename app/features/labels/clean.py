"""The “clean” label: stuck on an item that passed decontamination, with the day and the initials of who cleaned it.

It has no bars: the item's own label has them. Only an item whose certificate holds gets one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from anyio import to_thread
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import ledger
from app.domain.certificates import initials_of, is_certified, number_of
from app.domain.dates import in_words, uk_date
from app.domain.errors import BadValue, Conflict, NotFound
from app.domain.labels import display
from app.domain.printers import NO_OFFSET
from app.features.labels.printing import Drawing, type_width, words_pdf, words_zpl
from app.features.labels.schemas import LabelFormat
from app.features.labels.service import MEDIA_TYPES, LabelFile, Target
from app.features.labels.shapes import Box, Line
from app.features.labels.stocks import LabelSize

CLEANED = text("""
    SELECT DISTINCT ON (item.barcode) item.barcode, job.id, job.finished_at,
           COALESCE(account.name, job.finished_by) AS cleaned_by
    FROM decontamination AS job JOIN item ON item.id = job.item_id
    LEFT JOIN account ON account.username = job.finished_by
    WHERE item.barcode = ANY(:barcodes) AND job.finished_at IS NOT NULL
    ORDER BY item.barcode, job.id DESC
""")

FORMATS: Final = frozenset({LabelFormat.PDF, LabelFormat.ZPL})


@dataclass(frozen=True, slots=True)
class CleanLabel:
    """What it says."""

    tag: str
    cleaned_on: date
    initials: str
    number: str


async def print_clean_labels(
    session: AsyncSession, barcodes: Sequence[str], target: Target, *, skip: int = 0
) -> LabelFile:
    """One for each of these tags, in their order.

    Raises NotFound `unknown-barcode`, Conflict `not-decontaminated` for what is not clean, BadValue `pdf-or-zpl` and
    `skip-off-the-sheet`.
    """
    if target.format not in FORMATS:
        raise BadValue("pdf-or-zpl", "“Clean” labels are made as pdf or zpl. Choose one of them.", field="format")
    if skip >= target.stock.labels_per_page:
        detail = f"{target.stock.name} has {target.stock.labels_per_page} on a page. Skip fewer."
        raise BadValue("skip-off-the-sheet", detail, field="skip")
    labels = await _find(session, barcodes)
    content = await to_thread.run_sync(partial(_render, labels, target, skip))
    return LabelFile(f"clean-labels.{target.format.value}", MEDIA_TYPES[target.format], content)


def draw_clean(label: CleanLabel, size: LabelSize) -> Drawing:
    """CLEAN in white on black over the width, the day and the initials large beneath it, the tag and the number."""
    left, right = size.side_mm, size.width_mm - size.side_mm
    top, bottom = max(1.5, size.end_mm), size.height_mm - max(1.5, size.end_mm)
    height = bottom - top
    banner = Box(left, top, right - left, 0.4 * height)
    lines = [banner.words("CLEAN", 0.75 * banner.height_mm)]
    rows = ((f"{in_words(label.cleaned_on)}   {label.initials}", 0.68, 0.2), (_small(label), 0.95, 0.13))
    for words, share, tall in rows:
        # Smaller rather than shorter: a day or initials that are cut off say something else.
        type_size = tall * height
        type_size *= min(1.0, (right - left) / type_width(words, type_size, True))
        lines.append(Line(words, size.width_mm / 2, top + share * height, type_size, bold=True, align="centre"))
    return [banner], lines


def _small(label: CleanLabel) -> str:
    return f"{display(label.tag)}   {label.number}"


async def _find(session: AsyncSession, barcodes: Sequence[str]) -> list[CleanLabel]:
    items = await ledger.read_items(session, barcodes)
    for barcode in barcodes:
        if barcode not in items:
            raise NotFound("unknown-barcode", f"No item here has the barcode {barcode}.", field="barcode")
        if not is_certified(items[barcode].evidence):
            detail = (
                f"{display(barcode)} has no decontamination that holds, so it gets no “clean” label. Clean it first."
            )
            raise Conflict("not-decontaminated", detail, field="barcode")
    rows = {row.barcode: row for row in await session.execute(CLEANED, {"barcodes": list(barcodes)})}
    return [
        CleanLabel(
            tag=barcode,
            cleaned_on=uk_date(rows[barcode].finished_at),
            initials=initials_of(rows[barcode].cleaned_by),
            number=number_of(rows[barcode].id),
        )
        for barcode in barcodes
    ]


def _render(labels: Sequence[CleanLabel], target: Target, skip: int) -> bytes:
    drawings = [draw_clean(label, target.stock.label) for label in labels]
    if target.format is LabelFormat.ZPL:
        size, dpi = target.stock.label, target.dpi
        made = (words_zpl(drawing, dpi=dpi, size=size, offset=target.offset) for drawing in drawings)
        return "".join(made).encode()
    return words_pdf(drawings, title="Clean labels", skip=skip, stock=target.stock, offset=target.offset or NO_OFFSET)
