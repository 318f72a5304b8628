"""From bytes to rows: the encoding, the delimiter, the headings, and each cell read by its column.

Every fault is told, not only the first. Rows are numbered as a spreadsheet does: the headings are row 1.
"""

import csv
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from io import StringIO
from typing import Any, Final

from app.domain.errors import BadValue
from app.features.imports.columns import COLUMNS, REFUSED, TOGETHER, Column, Kind

MOST_SHOWN: Final = 1000
BIGGEST_CELL: Final = 131_072
DELIMITERS: Final = ",;\t"
EVERY: Final = 2000
"""After how many rows the progress is told."""

Progress = Callable[[str, int, int], None]
"""What is being done, how far it is, and how far it goes."""


def silent(_what: str, _done: int, _of: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """Something wrong, or worth telling, in one place: `code` is stable, `detail` says what is right."""

    row: int
    column: str
    code: str
    detail: str


@dataclass(slots=True)
class Notes:
    """Faults or other remarks: the first thousand in full, and how many there are."""

    shown: list[Fault] = field(default_factory=list)
    count: int = 0

    def add(self, row: int, column: str | None, code: str, detail: str) -> None:
        """One more."""
        self.count += 1
        if len(self.shown) < MOST_SHOWN:
            self.shown.append(Fault(row, column or "", code, detail))

    def refuse(self, row: int, error: BadValue) -> None:
        """One more, which a rule has put in words."""
        self.add(row, error.field, error.code, error.detail)


@dataclass(frozen=True, slots=True)
class Record:
    """One row: the values of its cells by column. What could not be read is left out; empty cells have a value."""

    row: int
    values: dict[str, Any]

    def get(self, name: str) -> Any:
        """The value, or None."""
        return self.values.get(name)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file, the names of the columns it has, and what is wrong with it so far."""

    columns: tuple[str, ...]
    records: list[Record]
    faults: Notes


def read_table(kind: Kind, content: bytes, progress: Progress = silent) -> Table:
    """Read the whole file. Touches no database."""
    faults = Notes()
    text = decode(content, faults)
    if text is None:
        return Table((), [], faults)
    delimiter, text = find_delimiter(text, [column.name for column in COLUMNS[kind]])
    lines = _lines(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True), faults)
    _, head = next(lines, (1, []))
    places = _headings(kind, head, faults)
    if not places:
        return Table((), [], faults)
    bare = [place for place, heading in enumerate(head) if not heading.strip()]
    of = text.count("\n")
    records = []
    for row, cells in lines:
        if row % EVERY == 0:
            progress("Reading", row, max(row, of))
        if len(cells) != len(head) and not _is_even(row, cells, len(head), faults):
            continue
        if any(cells[place].strip() for place in bare):
            faults.add(
                row, None, "no-heading", "A cell has no heading in row 1. Give its column one, or empty the cell."
            )
        records.append(_record(row, cells, places, faults))
    if not records and not faults.count:
        faults.add(2, None, "no-rows", "The file has headings and nothing below them. Add a row for each of them.")
    progress("Reading", max(of, 1), max(of, 1))
    return Table(tuple(column.name for _, column in places), records, faults)


def decode(content: bytes, faults: Notes) -> str | None:
    """The text, or None and the reason why this is no text in UTF-8."""
    known = next((words for start, words in STARTS.items() if content.startswith(start)), None)
    if known or b"\x00" in content:
        words = known or (STARTS[UTF_16] if _is_utf_16(content) else NO_TEXT)
        faults.add(1, None, "not-utf-8-csv", f"{words} {SAVE_AS}")
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if _is_binary(content):
            faults.add(1, None, "not-utf-8-csv", f"{NO_TEXT} {SAVE_AS}")
            return None
        row = content.count(b"\n", 0, error.start) + 1
        detail = "This is not written in UTF-8; it looks like Windows-1252 (“ANSI”), by which letters are mistaken."
        faults.add(row, None, "not-utf-8-csv", f"{detail} {SAVE_AS}")
        return None
    if not text.strip():
        faults.add(1, None, "empty-file", "The file is empty. The first row must be the headings.")
        return None
    return text


UTF_16: Final = b"\xff\xfe"
STARTS: Final[dict[bytes, str]] = {
    b"PK\x03\x04": "This is an Excel or OpenDocument workbook, not a CSV file.",
    b"\xd0\xcf\x11\xe0": "This is an old Excel workbook, not a CSV file.",
    b"%PDF": "This is a PDF, not a CSV file.",
    UTF_16: "This is written in UTF-16 (Excel calls it “Unicode text”), not in UTF-8.",
    b"\xfe\xff": "This is written in UTF-16 (Excel calls it “Unicode text”), not in UTF-8.",
}
NO_TEXT: Final = "This is no text at all, so it is no CSV file."
SAVE_AS: Final = "In Excel choose File, Save as, “CSV UTF-8 (comma delimited)”."


def _is_binary(content: bytes) -> bool:
    """Whether it has bytes that no text has: control characters other than tabs, line and page breaks."""
    return any(byte < 32 and byte not in b"\t\n\v\f\r" for byte in set(content))


def _is_utf_16(content: bytes) -> bool:
    """Whether every second byte of its beginning is 0: letters in two bytes each, without the mark before them."""
    start = content[:200]
    return any(start[first::2] and not any(start[first::2]) for first in (0, 1))


def find_delimiter(text: str, names: list[str]) -> tuple[str, str]:
    """The delimiter by which the first line gives the most known headings, and the text below an Excel line `sep=;`."""
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        return first.strip()[4], rest
    known = set(names)

    def fit(delimiter: str) -> int:
        return len(known.intersection(_heading(cell.strip().strip('"')) for cell in first.split(delimiter)))

    return max(DELIMITERS, key=fit), text


def _heading(text: str) -> str:
    """`Import Ref` and `IMPORT_REF` are import_ref."""
    return "_".join(text.strip().lower().replace("_", " ").split())


def _lines(reader: Any, faults: Notes) -> Iterator[tuple[int, list[str]]]:
    """Each row that says something, with its number; ends at what nobody can read."""
    row = 0
    while True:
        row += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            too_long = "field larger" in str(error)
            detail = (
                f"A cell has more than {BIGGEST_CELL:,} characters; a quotation mark may be missing in this row."
                if too_long
                else "A quotation mark is in the wrong place, or one that ends a cell is missing. Put a cell that has "
                "quotation marks, delimiters or line breaks between quotation marks, and double those inside it."
            )
            faults.add(row, None, "bad-quotes", f"{detail} Nothing below this row was read.")
            return
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield row, cells


def _headings(kind: Kind, head: list[str], faults: Notes) -> list[tuple[int, Column]]:
    """The place and the column of each heading that is known."""
    known = {column.name: column for column in COLUMNS[kind]}
    places: dict[str, tuple[int, Column]] = {}
    for place, raw in enumerate(head):
        name = _heading(raw)
        if name in places:
            faults.add(1, name, "repeated-column", "This column is there twice. Take one of them out.")
        elif name in known:
            places[name] = (place, known[name])
        elif name:
            faults.add(1, raw.strip()[:40], "unknown-column", _unknown(kind, name, known))
    _tell_missing(known, places, faults)
    return list(places.values())


def _tell_missing(known: Mapping[str, Column], places: Container[str], faults: Notes) -> None:
    for column in known.values():
        if column.needed and column.name not in places:
            faults.add(1, column.name, "missing-column", f"This column is missing. Add it. {column.what}")
    for one, other in TOGETHER:
        if (one in places) != (other in places):
            lacking, there = (other, one) if one in places else (one, other)
            faults.add(1, lacking, "missing-column", f"The column {there} says nothing without this one. Add it.")


def _unknown(kind: Kind, name: str, known: dict[str, Column]) -> str:
    if name in REFUSED[kind]:
        return REFUSED[kind][name]
    like = get_close_matches(name, known, n=1)
    right = f"Did you mean {like[0]}? If not, take it out." if like else "Take it out, or give it a name that is known."
    return f"There is no such column for {kind.text}. {right}"


def _is_even(row: int, cells: list[str], width: int, faults: Notes) -> bool:
    """Whether the row has as many cells as there are headings; empty ones beyond them do no harm."""
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        return True
    few = len(cells) < width
    why = (
        "A line break outside quotation marks may have cut it." if few else "A cell with a delimiter lacks its quotes."
    )
    detail = f"The row has {len(cells)} cells under {width} headings. {why}"
    faults.add(row, None, "too-few-cells" if few else "too-many-cells", detail)
    return False


def _record(row: int, cells: list[str], places: list[tuple[int, Column]], faults: Notes) -> Record:
    values: dict[str, Any] = {}
    for place, column in places:
        text = cells[place].strip()
        if not text:
            if column.needed:
                faults.add(row, column.name, "missing-value", f"This cell is empty. Fill it in. {column.what}")
            else:
                values[column.name] = column.empty
            continue
        try:
            values[column.name] = column.read(text)
        except BadValue as error:
            faults.add(row, column.name, error.code, error.detail)
    return Record(row, values)
