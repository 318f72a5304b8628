"""Forms and bodies of labels."""

import re
from enum import StrEnum
from functools import partial
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, Field

from app.domain.printers import MOST_OFFSET, Symbols
from app.features.labels.printing import Dpi
from app.features.labels.stocks import AVERY_L7160
from app.web.asked import asked, needed
from app.web.fields import BIGGEST_ID, Body, Line, OptionalLine
from app.web.shapes import Shape

MOST_LABELS = 1000
DEFAULT_STOCK = AVERY_L7160.code


class LabelFormat(StrEnum):
    """What a label can be printed as."""

    PDF = "pdf"
    ZPL = "zpl"
    PNG = "png"
    SVG = "svg"


def tags_of(texts: object) -> object:
    """The tags in one text or in several: each line and each comma begins a new one, blanks around do not count."""
    if not isinstance(texts, list):
        return texts
    lines = (line for text in texts for line in str(text).replace(",", "\n").splitlines())
    return [line.strip() for line in lines if line.strip()]


def whole(sentence: str, *, least: int, most: int) -> BeforeValidator:
    """Takes a whole number from the least to the most, as people type it; refuses all else with this sentence."""

    def check(value: object) -> object:
        text = str(value).strip().replace("\u2212", "-")
        if not re.fullmatch(r"[+-]?[0-9]{1,6}", text) or not least <= int(text) <= most:
            raise ValueError(sentence)
        return int(text)

    return BeforeValidator(check)


def version_or_none(value: object) -> object:
    """The version that a page showed; what is none counts as an old one: whoever sent it is shown what stands there."""
    return value if re.fullmatch(r"[0-9]{1,9}", str(value)) else 0


_TENTHS = (
    f"enter a whole number of tenths of a millimetre, from -{MOST_OFFSET} to {MOST_OFFSET}, such as 12 for 1.2 mm."
)
Tenths = partial(whole, least=-MOST_OFFSET, most=MOST_OFFSET)
Stock = Annotated[str, Field(max_length=40)]
Skip = Annotated[int, Field(ge=0)]
Barcodes = Annotated[list[Annotated[str, Field(max_length=2000)]], Field(min_length=1, max_length=MOST_LABELS)]


class LabelsBody(Body):
    """Labels to print, in this order. `skip`: labels already used on the first sheet. `dpi`: for PNG and ZPL.

    `stock` is the code of the labels, such as `L7160` or `DK-11209`. With the `id` of a saved `printer`, its stock,
    format and resolution are taken where the body does not name another, and everything is moved by its offset. PNG and
    SVG have one label in a file, so they take one barcode. `symbols`: what is on the label to be scanned; a GS1
    DataMatrix and a QR code only where the service has set its company prefix or its public address.
    """

    barcodes: Barcodes
    format: LabelFormat = LabelFormat.PDF
    stock: Stock = DEFAULT_STOCK
    skip: Skip = 0
    dpi: Dpi = 203
    symbols: Symbols = Symbols.CODE_128
    printer: Annotated[int, Field(ge=1, le=BIGGEST_ID)] | None = None


class LabelJobState(StrEnum):
    """How a file of labels stands: it is being made, it can be fetched, or it will never be."""

    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


class LabelJobBody(Shape):
    """How far a file of labels is: `done` of the `wanted` ones are made. `failure`: why there is none, in words;
    `file`: where it is fetched once it is ready."""

    id: UUID
    state: LabelJobState
    done: int
    wanted: int
    failure: str | None
    file: str | None


class PrinterForm(Shape):
    """A printer as its page asks for it. `stock` is a choice of the page: see `choices.py`."""

    name: Annotated[Line, asked("Write what people call the printer.")] = needed()
    store: Annotated[Line, asked("Choose the store that it stands in.")] = needed()
    stock: Annotated[Line, asked("Choose the labels that are in it.")] = needed()
    symbols: Symbols = Symbols.CODE_128
    offset_x: Annotated[int, Tenths(f"Move the print to the right: {_TENTHS}")] = 0
    offset_y: Annotated[int, Tenths(f"Move the print down: {_TENTHS}")] = 0


class PrinterChangeForm(PrinterForm):
    """The same for one that is kept already; `version` is the one that the page showed."""

    version: Annotated[int, BeforeValidator(version_or_none)] = 0


class PrinterBody(Shape):
    """A saved printer. Offsets are in tenths of a millimetre, to the right and down."""

    id: int
    name: str
    store: str
    stock: str
    format: LabelFormat
    dpi: Dpi
    symbols: Symbols
    offset_x: int
    offset_y: int


class LabelsForm(Shape):
    """Labels to print, tags one a line. `stock` is a choice of the page: see `choices.py`.

    No `symbols`: as the printer is kept, else bars.
    """

    barcodes: Annotated[Barcodes, asked("Scan or type at least one asset tag."), BeforeValidator(tags_of)] = needed()
    stock: OptionalLine = ""
    symbols: Symbols | None = None
    skip: Skip = 0
