"""A report in the form in which it was asked for: the one place for all reports."""

from typing import Annotated, Literal

from fastapi import Query, Response

from app.features.finance.reports.schemas import Report, as_report
from app.features.finance.tables import Table
from app.web.csv_files import csv_answer

Format = Annotated[Literal["json", "csv"], Query(alias="format")]
"""How it is answered; a page takes what is no file for itself."""


def answer(table: Table, file_format: str) -> Report | Response:
    """JSON, or a CSV file: the period and the definition, the columns' names, the rows, and the totals."""
    return as_csv(table) if file_format == "csv" else as_report(table)


def as_csv(table: Table) -> Response:
    """The table as a file."""
    keys = [column.key for column in table.columns]
    about: list[list[object]] = [["period", table.period], ["definition", table.definition], [], [*keys]]
    rows: list[list[object]] = [[row.get(key) for key in keys] for row in table.rows]
    if table.totals:
        first, *others = keys
        rows.append([table.totals.get(first, "total"), *(table.totals.get(key) for key in others)])
    return csv_answer(f"{table.name}.csv", ["report", table.title], [*about, *rows])
