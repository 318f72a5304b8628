"""A report as the file that is asked for with `?format=csv` or `?format=xlsx`: the one way from a `Table` to a file."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from io import StringIO
from typing import Annotated, Any, Final, Literal, TypeVar

from anyio import to_thread
from fastapi import Query, Request, Response

from app.domain.journal import plain_pounds
from app.domain.months import month_name
from app.features.finance.exports.copying import period_as_at
from app.features.finance.exports.sheets import MEDIA_TYPE, MOST_ROWS, table_xlsx
from app.features.finance.tables import Cell, Table
from app.replica import Reading
from app.web.csv_files import as_cell


class FileFormat(StrEnum):
    """A kind of file that reports are written as."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES: Final = {FileFormat.CSV: "text/csv; charset=utf-8", FileFormat.XLSX: MEDIA_TYPE}
FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The file", "content": {"text/csv": {}, MEDIA_TYPE: {}}}
}
REPORTS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The report, or its file", "content": {"text/csv": {}, MEDIA_TYPE: {}}}
}
Head = Annotated[
    bool, Query(description="CSV with title, period and definition above the columns; as a rule columns come first.")
]
Body = TypeVar("Body")


class FileAsked:
    """Whether a report is asked for as a file, and how."""

    def __init__(
        self,
        request: Request,
        file_format: Annotated[Literal["json", "csv", "xlsx"], Query(alias="format")] = "json",
        head: Head = False,
    ) -> None:
        self.format = None if file_format == "json" else FileFormat(file_format)
        self.with_head = head
        self._request = request

    @property
    def as_at(self) -> datetime | None:
        """Of when a report is that was read from a replica."""
        return as_at_of(self._request)


def as_at_of(request: Request) -> datetime | None:
    """Of when the report of this request is, if it was read from a replica; None: of this moment."""
    reading: Reading | None = getattr(request.state, "reading", None)
    return reading.as_at if reading else None


async def answer(table: Table, wanted: FileAsked, body: Body) -> Body | Response:
    """The report as its body, or as the file that is wanted."""
    return (
        await respond(table, wanted.format, with_head=wanted.with_head, as_at=wanted.as_at) if wanted.format else body
    )


async def respond(
    table: Table, format: FileFormat, *, with_head: bool = False, as_at: datetime | None = None
) -> Response:
    """The report as a file, called by its name. CSV has the names of the columns on its first line and the totals on
    its last; title, period and definition stand in XLSX, and above the columns of a CSV `with_head` (ADR 49). `as_at`:
    of when it is, where it was read from a replica; that stands beside the period."""
    table = replace(table, period=period_as_at(table.period, as_at))
    if format is FileFormat.CSV:
        content = table_csv(table, with_head=with_head).encode()
    else:
        if len(table.rows) > MOST_ROWS:
            raise ValueError("a report of more rows than a sheet takes")
        content = await to_thread.run_sync(table_xlsx, table)
    headers = {"Content-Disposition": f'attachment; filename="{table.name}.{format}"'}
    return Response(content, media_type=MEDIA_TYPES[format], headers=headers)


def table_csv(table: Table, *, with_head: bool = False) -> str:
    """The report as CSV: RFC 4180, stable names of columns, pounds with two digits, days as ISO 8601."""
    keys = [column.key.removesuffix("_pence") for column in table.columns]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    if with_head:
        text.write(csv_head(table.title, table.period, table.definition, width=len(keys)))
    writer.writerow(keys)
    for row in table.rows:
        writer.writerow([csv_cell(row.get(column.key), column.cell) for column in table.columns])
    if table.totals:
        totals = [csv_cell(table.totals.get(column.key), column.cell) for column in table.columns]
        if table.columns[0].key not in table.totals:
            totals[0] = "Total"
        writer.writerow(totals)
    return text.getvalue()


def csv_head(title: str, period: str, definition: str, *, width: int) -> str:
    """Four lines above the columns, as wide as those: what the report is, of when, what its figures mean, nothing."""
    text = StringIO()
    said: Sequence[Sequence[str]] = (("Report", title), ("Period", period), ("Definition", definition), ())
    for words in said:
        cells = [as_cell(word) for word in words]
        csv.writer(text, lineterminator="\r\n").writerow([*cells, *[""] * (width - len(cells))])
    return text.getvalue()


def csv_cell(value: Any, cell: Cell) -> str:
    """The value as a cell; only words can be taken for a formula, so only they are guarded."""
    if value is None:
        return ""
    if cell is Cell.PENCE:
        return plain_pounds(int(value))
    if cell is Cell.MONTH and isinstance(value, date):
        return month_name(value)
    return as_cell(value) if cell is Cell.TEXT else str(value)
