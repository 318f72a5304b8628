"""Spreadsheets, written row by row: whatever their length, one row of them is in memory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Self

from xlsxwriter import Workbook

from app.features.finance.tables import Cell, Column, Table

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEAD_ROW: Final = 4
MOST_ROWS: Final = 1_048_576 - HEAD_ROW - 2
"""So many rows a sheet of Excel's takes below the head, one left for the totals."""
LONGEST: Final = 32_767
WIDTHS: Final = {
    Cell.TEXT: 18,
    Cell.PENCE: 13,
    Cell.COUNT: 10,
    Cell.DECIMAL: 10,
    Cell.PERCENT: 10,
    Cell.DAY: 12,
    Cell.MONTH: 10,
}
FORMATS: Final = {
    Cell.TEXT: "@",
    Cell.PENCE: "#,##0.00;[Red]-#,##0.00",
    Cell.COUNT: "0",
    Cell.DECIMAL: "0.0",
    Cell.PERCENT: "0.0#",
    Cell.DAY: "dd/mm/yyyy",
    Cell.MONTH: "mmm yyyy",
}
Write = Callable[[int, int, Any], object]


class Sheet:
    """A file at this path: title, period and definition, the head, which stays in sight, then rows, then totals.

    Words are written as words, so that none is taken for a formula or a link; pence as pounds, exactly.
    """

    def __init__(self, path: Path, columns: Sequence[Column], *, title: str, period: str, definition: str) -> None:
        # What is on its way is kept beside the file, so that it goes when the folder goes.
        options = {"constant_memory": True, "tmpdir": str(path.parent), "strings_to_formulas": False}
        self._book = Workbook(str(path), {**options, "strings_to_urls": False, "strings_to_numbers": False})
        self._sheet = self._book.add_worksheet("Report")
        self._columns, self._row = columns, HEAD_ROW
        self._writers = [self._writer(column.cell, is_bold=False) for column in columns]
        self._head(title, period, definition)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of what is on its way, where the file did not become whole."""
        if not self._book.fileclosed:
            self._sheet.row_data_fh.close()
            self._book.fileclosed = True

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """More rows, in the order of the columns; None is an empty cell."""
        for row in rows:
            self._row += 1
            for place, value in enumerate(row):
                if value is not None:
                    self._writers[place](self._row, place, value)

    def close(self, totals: Mapping[str, Any]) -> None:
        """The totals, by the keys of the columns, if there are any; then the file is whole."""
        if totals:
            self._row += 1
            for place, column in enumerate(self._columns):
                if column.key in totals:
                    total = totals[column.key]
                    # A total can be words, such as “All months”; one that has no meaning is empty.
                    cell = Cell.TEXT if isinstance(total, str) else column.cell
                    if total is not None:
                        self._writer(cell, is_bold=True)(self._row, place, total)
            if self._columns[0].key not in totals:
                self._writer(Cell.TEXT, is_bold=True)(self._row, 0, "Total")
        self._book.close()

    def _head(self, title: str, period: str, definition: str) -> None:
        bold = self._book.add_format({"bold": True})
        numbers = self._book.add_format({"bold": True, "align": "right", "bottom": 1})
        words = self._book.add_format({"bold": True, "bottom": 1})
        for row, (said, look) in enumerate(((title, bold), (period, None), (definition, None))):
            self._sheet.write_string(row, 0, said[:LONGEST], look)
        for place, column in enumerate(self._columns):
            is_number = column.cell in {Cell.PENCE, Cell.COUNT, Cell.PERCENT}
            self._sheet.set_column(place, place, max(WIDTHS[column.cell], min(len(column.heading) + 2, 40)))
            self._sheet.write_string(HEAD_ROW, place, column.heading, numbers if is_number else words)
        self._sheet.freeze_panes(HEAD_ROW + 1, 0)
        self._sheet.repeat_rows(HEAD_ROW)
        self._sheet.set_landscape()
        self._sheet.fit_to_pages(1, 0)
        self._sheet.set_footer("&L&A&RPage &P of &N")

    def _writer(self, cell: Cell, *, is_bold: bool) -> Write:
        top = {"bold": True, "top": 1} if is_bold else {}
        look = self._book.add_format({"num_format": FORMATS[cell], **top})
        sheet = self._sheet
        if cell is Cell.PENCE:
            return lambda row, place, pence: sheet.write_number(row, place, Decimal(pence).scaleb(-2), look)
        if cell in {Cell.COUNT, Cell.PERCENT}:
            return lambda row, place, number: sheet.write_number(row, place, number, look)
        if cell in {Cell.DAY, Cell.MONTH}:
            return lambda row, place, day: sheet.write_datetime(row, place, day, look)
        return lambda row, place, words: sheet.write_string(row, place, str(words)[:LONGEST], look)


def table_xlsx(table: Table) -> bytes:
    """A report as a file."""
    with TemporaryDirectory(prefix="stores-report-") as folder:
        path = Path(folder) / "report.xlsx"
        about = {"title": table.title, "period": table.period, "definition": table.definition}
        with Sheet(path, table.columns, **about) as sheet:
            sheet.write([row.get(column.key) for column in table.columns] for row in table.rows)
            sheet.close(table.totals)
        return path.read_bytes()
