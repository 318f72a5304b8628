"""Any report as CSV and XLSX, on a made-up one."""

import zipfile
from datetime import date
from decimal import Decimal
from io import BytesIO

from openpyxl import load_workbook

from app.features.finance.exports.answers import FileFormat, respond
from app.features.finance.tables import Cell, Column, Table

TABLE = Table(
    name="costs-by-funder-2026-03",
    title="Costs by funder",
    definition="What each funder pays, net of credits.",
    period="March 2026",
    columns=(
        Column("funder", "Funder"),
        Column("amount_pence", "Amount", Cell.PENCE),
        Column("lines", "Lines", Cell.COUNT),
        Column("share", "Share %", Cell.PERCENT),
        Column("since", "Since", Cell.DAY),
        Column("month", "Month", Cell.MONTH),
    ),
    rows=(
        {
            "funder": '=cmd|" /C calc"!A0',
            "amount_pence": 123_456_789_012_345,
            "lines": 2,
            "share": Decimal("66.6"),
            "since": date(2026, 3, 2),
            "month": date(2026, 3, 1),
        },
        {"funder": "-Trust, “North”\nand South", "amount_pence": -7, "lines": 0, "share": None, "month": None},
    ),
    totals={"amount_pence": 123_456_789_012_338, "lines": 2},
)


async def test_csv_has_stable_columns_first_and_totals_last() -> None:
    answer = await respond(TABLE, FileFormat.CSV)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="costs-by-funder-2026-03.csv"'
    assert bytes(answer.body).decode() == (
        "funder,amount,lines,share,since,month\r\n"
        '"\'=cmd|"" /C calc""!A0",1234567890123.45,2,66.6,2026-03-02,2026-03\r\n'
        '"\'-Trust, “North”\nand South",-0.07,0,,,\r\n'
        "Total,1234567890123.38,2,,,\r\n"
    )


async def test_what_a_csv_is_stands_above_its_columns_where_it_is_asked_for() -> None:
    plain, headed = [await respond(TABLE, FileFormat.CSV, with_head=is_headed) for is_headed in (False, True)]
    above = (
        "Report,Costs by funder,,,,\r\nPeriod,March 2026,,,,\r\n"
        'Definition,"What each funder pays, net of credits.",,,,\r\n,,,,,\r\n'
    )
    assert bytes(headed.body).decode() == above + bytes(plain.body).decode()


async def test_a_spreadsheet_says_what_it_is_and_keeps_words_words_and_pence_exact() -> None:
    answer = await respond(TABLE, FileFormat.XLSX)
    book = load_workbook(BytesIO(bytes(answer.body)))
    sheet = book.active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert [row[0] for row in rows[:3]] == ["Costs by funder", "March 2026", "What each funder pays, net of credits."]
    assert rows[4] == ("Funder", "Amount", "Lines", "Share %", "Since", "Month")
    assert sheet.freeze_panes == "A6"
    assert [sheet.cell(row, 1).data_type for row in (6, 7)] == ["s", "s"]
    assert sheet.cell(7, 2).value == -0.07
    assert sheet.cell(6, 2).number_format == "#,##0.00;[Red]-#,##0.00"
    assert rows[7][:3] == ("Total", 1234567890123.38, 2)
    with zipfile.ZipFile(BytesIO(bytes(answer.body))) as packed:
        written = packed.read("xl/worksheets/sheet1.xml").decode()
    # Not what a binary fraction makes of it.
    assert "<v>1234567890123.45</v>" in written
    assert "<f>" not in written


async def test_a_report_without_rows_or_totals_is_its_columns() -> None:
    empty = Table("none", "None", "Nothing.", "March 2026", TABLE.columns, rows=())
    assert bytes((await respond(empty, FileFormat.CSV)).body) == b"funder,amount,lines,share,since,month\r\n"
    assert load_workbook(BytesIO(bytes((await respond(empty, FileFormat.XLSX)).body))).active is not None
