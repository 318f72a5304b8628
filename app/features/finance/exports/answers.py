"""A report as the file that is asked for with `?format=csv` or `?format=xlsx`."""

import csv
from datetime import date
from enum import StrEnum
from io import StringIO
from typing import Any, Final

from anyio import to_thread
from fastapi import Response

from app.domain.asked_period import month_name
from app.domain.journal import plain_pounds
from app.features.finance.exports.sheets import MEDIA_TYPE, MOST_ROWS, table_xlsx
from app.features.finance.tables import Cell, Table
from app.web.csv_files import as_cell


class FileFormat(StrEnum):
    """A kind of file that reports are written as."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES: Final = {FileFormat.CSV: "text/csv; charset=utf-8", FileFormat.XLSX: MEDIA_TYPE}
FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The file", "content": {"text/csv": {}, MEDIA_TYPE: {}}}
}


async def respond(table: Table, format: FileFormat) -> Response:
    """The report as a file, called by its name. CSV has the names of the columns on its first line and the totals on
    its last; title, period and definition stand in XLSX, and in the JSON that the same address answers (ADR 49)."""
    if format is FileFormat.CSV:
        content = table_csv(table).encode()
    else:
        if len(table.rows) > MOST_ROWS:
            raise ValueError("a report of more rows than a sheet takes")
        content = await to_thread.run_sync(table_xlsx, table)
    headers = {"Content-Disposition": f'attachment; filename="{table.name}.{format}"'}
    return Response(content, media_type=MEDIA_TYPES[format], headers=headers)


def table_csv(table: Table) -> str:
    """The report as CSV: RFC 4180, stable names of columns, pounds with two digits, days as ISO 8601."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([column.key.removesuffix("_pence") for column in table.columns])
    for row in table.rows:
        writer.writerow([csv_cell(row.get(column.key), column.cell) for column in table.columns])
    if table.totals:
        totals = [csv_cell(table.totals.get(column.key), column.cell) for column in table.columns]
        if table.columns[0].key not in table.totals:
            totals[0] = "Total"
        writer.writerow(totals)
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
