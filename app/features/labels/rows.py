"""The words of a label in their rows, and what is left out where there is no room. Symbols are for `layout.py`."""

from dataclasses import dataclass, replace
from typing import Final

from app.domain.carriers import human_readable
from app.domain.labels import display, is_tag
from app.features.labels.shapes import CAPITALS, Box, Line
from app.features.labels.stocks import LabelSize
from app.features.labels.words import Measure, clean, shorten, shrink, wrap

_TALL_MM: Final = 38.1
"""The height that the sizes of type below are made for; lower and higher labels scale them."""

_LOAD_SHARE: Final = 0.4
"""How much of the only row the load may take beside the product's name or the flag."""

LEAST_TYPE_MM: Final = 1.2
"""What must be said is never smaller: capitals of 0.9 mm, the smallest that the medicines' labels of the EU allow."""

FLAG: Final = "SINGLE PATIENT USE"


@dataclass(frozen=True, slots=True)
class LabelContent:
    """Everything a label may say. It has no place for a client: a label is read by whoever finds the item.

    `data_matrix`: the GS1 element string of a DataMatrix. `qr`: the address in a QR code. At most one of the two.
    """

    tag: str
    product_name: str
    service_name: str
    return_phone: str
    store_name: str | None = None
    single_patient_use: bool = False
    safe_working_load_kg: int | None = None
    has_bars: bool = True
    data_matrix: str | None = None
    qr: str | None = None

    def __post_init__(self) -> None:
        """Refuse what must never be stuck on an item: wrong check digits, a load of nothing, nothing to scan."""
        if not is_tag(self.tag):
            raise ValueError(f"{self.tag!r} is not an asset tag in normal form with the right check digits.")
        if self.safe_working_load_kg is not None and self.safe_working_load_kg <= 0:
            raise ValueError(f"A safe working load is more than 0 kg, not {self.safe_working_load_kg}.")
        if self.data_matrix and self.qr:
            raise ValueError("A label has room for a DataMatrix or for a QR code, not for both.")
        if not (self.has_bars or self.data_matrix or self.qr):
            raise ValueError("A label without bars needs a DataMatrix or a QR code.")

    @property
    def load(self) -> str:
        """The safe working load in words, if it has one."""
        return f"{self.safe_working_load_kg:,} kg" if self.safe_working_load_kg is not None else ""

    @property
    def interpretation(self) -> str:
        """What the DataMatrix holds, in words, if there is one."""
        return human_readable(self.data_matrix) if self.data_matrix else ""


@dataclass(frozen=True, slots=True)
class Paper:
    """One label's size, how far right words may reach, what type is scaled by, and how wide that type is."""

    size: LabelSize
    measure: Measure
    right: float

    @property
    def scale(self) -> float:
        """Of all sizes of type and distances between rows."""
        return min(max(self.size.height_mm / _TALL_MM, 0.74), 1.5)

    @property
    def left(self) -> float:
        """Where words begin."""
        return self.size.side_mm

    @property
    def room(self) -> float:
        """How wide a row is."""
        return self.right - self.left

    @property
    def edge(self) -> float:
        """Between the label's edge and the first or last row: an accent or a comma may still reach into it."""
        return max(2.4 * self.scale, self.size.end_mm + 0.25 * self.type_size)

    @property
    def type_size(self) -> float:
        """Of ordinary words."""
        return 3.1 * self.scale

    @property
    def row(self) -> float:
        """From one row to the next."""
        return 1.22 * self.type_size


@dataclass(frozen=True, slots=True)
class Name:
    """What the item is, and how far down that reaches."""

    lines: list[Line]
    boxes: tuple[Box, ...]
    bottom: float


def service_row(content: LabelContent, paper: Paper) -> tuple[list[Line], float]:
    """The first row, and where the next begins: the service, and the store when there is room for its whole name."""
    baseline = paper.edge + CAPITALS * paper.type_size
    name, name_size = shrink(clean(content.service_name), paper.room, paper.type_size, paper.measure)
    lines = [Line(name, paper.left, baseline, name_size, bold=True)]
    store, store_size = clean(content.store_name or ""), 0.85 * paper.type_size
    taken = paper.measure(name, name_size, True) + paper.measure(store, store_size, False) + 2.0 * paper.scale
    if taken <= paper.room:
        lines.append(Line(store, paper.right, baseline, store_size, align="right"))
    return lines, baseline + 0.32 * paper.type_size


def without_service(paper: Paper) -> float:
    """Where the first row begins when the service is left out."""
    return paper.edge - 0.1 * paper.type_size


def two_rows(content: LabelContent, paper: Paper, top: float) -> Name:
    """Two rows: the product, the flag in place of its second line, the load beside both."""
    bottom = top + 2 * paper.row
    lines: list[Line] = []
    boxes: list[Box] = []
    room = paper.room
    if content.load:
        width = max(paper.measure(content.load, paper.type_size, True), paper.measure("SWL", paper.type_size, True)) + 2
        badge = Box(paper.right - width, top, width, bottom - top)
        boxes.append(badge)
        lines += [
            badge.words("SWL", paper.type_size, share=0.29),
            badge.words(content.load, paper.type_size, share=0.71),
        ]
        room -= width + 1.5
    if content.single_patient_use:
        flag = Box(paper.left, top + paper.row, room, paper.row)
        boxes.append(flag)
        words, words_size = shrink(FLAG, room - 1.0, paper.type_size, paper.measure)
        lines.append(flag.words(words, words_size))
    rows = 1 if content.single_patient_use else 2
    for number, text in enumerate(wrap(clean(content.product_name), rows, room, paper.type_size, paper.measure)):
        lines.append(Line(text, paper.left, top + number * paper.row + 0.92 * paper.type_size, paper.type_size))
    return Name(lines, tuple(boxes), bottom + 1.0)


def one_row(content: LabelContent, paper: Paper, top: float) -> Name:
    """One row: the product, or the flag in its place, and the load beside it."""
    size = paper.type_size
    lines: list[Line] = []
    boxes: list[Box] = []
    room = paper.room
    if content.load:
        load = f"SWL {content.load}"
        load_size = size * min(1.0, paper.room * _LOAD_SHARE / paper.measure(load, size, True))
        badge = Box(0, top, paper.measure(load, load_size, True) + 1.4, paper.row)
        badge = replace(badge, x_mm=paper.right - badge.width_mm)
        boxes.append(badge)
        lines.append(badge.words(load, load_size))
        room -= badge.width_mm + 1.0
    if content.single_patient_use:
        flag = Box(paper.left, top, room, paper.row)
        boxes.append(flag)
        flag_size = size * min(1.0, (room - 1.0) / paper.measure(FLAG, size, True))
        lines.append(flag.words(FLAG, flag_size))
    else:
        text = shorten(clean(content.product_name), room, size, False, paper.measure)
        lines.append(Line(text, paper.left, top + 0.92 * size, size))
    return Name(lines, tuple(boxes), top + paper.row + 0.8)


def stacked_rows(content: LabelContent, paper: Paper, top: float, bottom: float) -> Name:
    """A row each for the flag and for the load, and above them as many rows of the product's name as there is room for.

    This is for the narrow column beside a square symbol that stands alone: there is height, and no width to share.
    """
    size, must = paper.type_size, [FLAG] if content.single_patient_use else []
    must += [f"SWL {content.load}"] if content.load else []
    rows = max(0, min(3, int((bottom - top) / paper.row) - len(must)))
    name = wrap(clean(content.product_name), rows, paper.room, size, paper.measure) if rows else []
    lines = [Line(text, paper.left, top + number * paper.row + 0.92 * size, size) for number, text in enumerate(name)]
    boxes = []
    for number, text in enumerate(must, start=len(name)):
        box = Box(paper.left, top + number * paper.row, paper.room, paper.row - 0.3)
        boxes.append(box)
        lines.append(box.words(text, size * min(1.0, (paper.room - 1.0) / paper.measure(text, size, True)), share=0.46))
    return Name(lines, tuple(boxes), top + (len(name) + len(must)) * paper.row)


def tag_and_phone(content: LabelContent, paper: Paper) -> tuple[list[Line], float]:
    """The last two rows, and how far up they reach: the tag in large type, and whom to ring."""
    baseline = paper.size.height_mm - paper.edge - 0.2 * paper.type_size
    phone, phone_size = _phone(clean(content.return_phone), paper)
    lines = [Line(phone, paper.left, baseline, phone_size, bold=True)]
    baseline -= CAPITALS * paper.type_size + 1.6 * paper.scale
    tag, large = display(content.tag), 5.2 * paper.scale
    large = min(large, large * paper.room / paper.measure(tag, large, True))
    middle = (paper.left + paper.right) / 2
    lines.append(Line(tag, middle, baseline, large, bold=True, align="centre"))
    return lines, baseline - CAPITALS * large - 1.0


def says_all(content: LabelContent, lines: tuple[Line, ...]) -> bool:
    """Whether what must never be left out is there, whole and large enough to be read."""
    must = [display(content.tag), clean(content.return_phone), content.load]
    must += [FLAG] if content.single_patient_use else []
    said = [line.text for line in lines if line.size_mm >= LEAST_TYPE_MM]
    return all(any(text.endswith(words) for text in said) for words in must)


def _phone(number: str, paper: Paper) -> tuple[str, float]:
    """The number whole, with as much before it as there is room for: half a number is no use to anybody."""
    for words in ("Please return: ", "Return: "):
        text, size = shrink(words + number, paper.room, paper.type_size, paper.measure)
        if text.endswith(number):
            return text, size
    return shrink(number, paper.room, paper.type_size, paper.measure)
