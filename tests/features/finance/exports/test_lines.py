"""The lines of a period as files: what they hold, what they come to, and what they never say."""

import csv
import hmac
from collections.abc import MutableMapping
from io import BytesIO, StringIO
from typing import Any

import anyio
import pytest
from httpx import AsyncClient
from openpyxl import load_workbook
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.asked_period import asked_period, of_month
from app.domain.lifecycle import State
from app.features.finance.exports.copying import copy_csv
from app.features.finance.exports.lines import COLUMNS, LinesAsked, csv_sql, safe_cell
from app.replica import Reports
from app.web.csv_files import as_cell
from app.web.streamed import PassOn, Streamed
from tests.conftest import Clock, Query, Scratch, Sessions, Statements, as_user
from tests.features.finance.exports.conftest import Charged
from tests.given import SECRET, Given
from tests.problems import check_problem

LINES = "/api/v1/finance/exports/lines"
MARCH = {"period": "2026-03"}
as_senior_finance = as_user("finance")


def rows_of(content: str) -> list[dict[str, str]]:
    """The rows of a CSV file by its first line."""
    return list(csv.DictReader(StringIO(content)))


async def test_the_lines_of_a_month_stand_in_its_csv_with_their_totals_last(
    charged: Charged, as_finance: AsyncClient, query: Query
) -> None:
    barcode = await charged()
    answer = await as_finance.get(LINES, params=MARCH)
    assert answer.headers["content-disposition"] == 'attachment; filename="charge-lines-2026-03.csv"'
    assert answer.text.splitlines()[0] == ",".join(column.key for column in COLUMNS)
    assert answer.text.count("\r\n") == answer.text.count("\n") == 5
    *lines, total = rows_of(answer.text)
    assert [(one["charge_kind"], one["net"], one["vat"], one["gross"], one["credit"]) for one in lines] == [
        ("new_purchase", "100.01", "0.00", "100.01", ""),
        ("credit", "-80.01", "0.00", "-80.01", "80.01"),
        ("decontamination", "12.50", "2.50", "15.00", ""),
    ]
    assert {name: total[name] for name in ("period", "net", "vat", "gross", "credit", "line")} == {
        "period": "Total",
        "net": "32.50",
        "vat": "2.50",
        "gross": "35.00",
        "credit": "80.01",
        "line": "",
    }
    first = lines[0]
    assert (first["period"], first["happened_on"], first["barcode"]) == ("2026-03", "2026-03-02", barcode)
    assert (first["funder"], first["cost_centre"], first["district"]) == ("ASC", "CC-ASC", "SR7")
    assert (first["new_or_recycled"], first["split_percent"], first["quantity"]) == ("new", "100.00", "1")
    # A spreadsheet formula in a product's name is words.
    assert first["description"] == '\'=HYPERLINK("http://x.test"), "red"'
    [kept] = await query("SELECT count(*) AS times FROM audit_event WHERE action = 'charge_lines_taken'")
    assert kept == {"times": 1}


async def test_people_are_named_by_a_keyed_reference_and_by_nothing_else(
    charged: Charged, as_finance: AsyncClient, query: Query
) -> None:
    await charged()
    [client] = await query("SELECT id, client_ref, name FROM client")
    answer = await as_finance.get(LINES, params=MARCH)
    wanted = hmac.new(SECRET.encode(), str(client["id"]).encode(), "sha256").hexdigest()[:10]
    assert {one["person"] for one in rows_of(answer.text)[:-1]} == {wanted}
    assert client["client_ref"] not in answer.text
    assert client["name"] not in answer.text


async def test_the_prescriber_is_only_there_for_who_may_see_it(
    charged: Charged, as_finance: AsyncClient, as_auditor: AsyncClient
) -> None:
    await charged()
    seen = [rows_of((await who.get(LINES, params=MARCH)).text)[0]["prescriber"] for who in (as_finance, as_auditor)]
    assert seen == ["ot", ""]


async def test_a_spreadsheet_has_the_same_totals_as_the_csv_to_the_penny(
    charged: Charged, as_finance: AsyncClient
) -> None:
    await charged()
    answer = await as_finance.get(LINES, params={**MARCH, "format": "xlsx"})
    assert answer.headers["content-disposition"] == 'attachment; filename="charge-lines-2026-03.xlsx"'
    sheet = load_workbook(BytesIO(answer.content)).active
    assert sheet is not None
    values = list(sheet.iter_rows(values_only=True))
    assert (values[0][0], values[1][0]) == ("Lines of the charges", "March 2026")
    assert str(values[2][0]).startswith("Every line of the charges")
    assert list(values[4]) == [column.heading for column in COLUMNS]
    assert (sheet.freeze_panes, len(values)) == ("A6", 9)
    place = {column.key: number for number, column in enumerate(COLUMNS)}
    assert [[row[place[key]] for key in ("net", "vat", "gross", "credit")] for row in values[5:]] == [
        [100.01, 0, 100.01, None],
        [-80.01, 0, -80.01, 80.01],
        [12.5, 2.5, 15, None],
        [32.5, 2.5, 35, 80.01],
    ]
    assert values[8][0] == "Total"
    name = sheet.cell(6, place["description"] + 1)
    assert (name.data_type, name.value) in {("s", '=HYPERLINK("http://x.test"), "red"')} | {("inlineStr", name.value)}


async def test_an_empty_month_is_a_file_with_totals_of_nothing(as_finance: AsyncClient) -> None:
    [total] = rows_of((await as_finance.get(LINES, params={"period": "2025-01"})).text)
    assert (total["period"], total["net"], total["credit"]) == ("Total", "0.00", "0.00")
    summary = (await as_finance.get("/api/v1/finance/exports", params={"period": "2025-01"})).json()
    assert (summary["lines"], summary["gross_pence"], summary["by_funder"]) == (0, 0, [])


async def test_days_are_of_what_happened_and_a_month_is_of_the_books(
    given: Given, as_finance: AsyncClient, connection: AsyncConnection
) -> None:
    close = "INSERT INTO finance_period VALUES ('2026-03-01', now(), 'finance', 0, '{}', '')"
    await connection.execute(text(close))
    await given.item(State.ON_LOAN)
    of_days = rows_of((await as_finance.get(LINES, params={"from": "2026-03-01", "to": "2026-03-31"})).text)
    assert [one["period"] for one in of_days] == ["2026-04", "Total"]
    assert len(rows_of((await as_finance.get(LINES, params=MARCH)).text)) == 1
    assert len(rows_of((await as_finance.get(LINES, params={"period": "2026-04"})).text)) == 2


async def test_the_summary_says_what_the_file_will_hold(charged: Charged, as_finance: AsyncClient) -> None:
    await charged()
    summary = (await as_finance.get("/api/v1/finance/exports", params=MARCH)).json()
    assert (summary["lines"], summary["net_pence"], summary["vat_pence"]) == (3, 3250, 250)
    assert (summary["period"], summary["from"], summary["to"]) == ("March 2026", "2026-03-01", "2026-03-31")
    assert [one["name"] for one in summary["columns"]] == [column.key for column in COLUMNS]
    assert {one["funder"] for one in summary["by_funder"]} == {"ASC"}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"from": "2016-04-01", "to": "2026-03-31"}, "period-too-long"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "ends-before-it-starts"),
        ({"period": "2026-00"}, "not-a-period"),
        ({"period": "2026-03", "from": "2026-03-01"}, "period-or-days"),
        ({"to": "2026-03-01"}, "first-day-wanted"),
    ],
)
async def test_a_period_that_cannot_be_is_refused(as_finance: AsyncClient, params: dict[str, str], code: str) -> None:
    check_problem(await as_finance.get(LINES, params=params), 422, code)


async def test_a_file_costs_as_many_statements_for_three_lines_as_for_none(
    charged: Charged, as_finance: AsyncClient, statements: Statements
) -> None:
    counted = []
    for _ in range(2):
        statements.clear()
        await as_finance.get("/api/v1/finance/exports", params=MARCH)
        counted.append(len(statements))
        statements.clear()
        await as_finance.get(LINES, params=MARCH)
        counted.append(len(statements))
        await charged()
    assert counted == [2, 5, 2, 5]


@pytest.mark.parametrize("said", ["=1", "+1", "-1", "@x", "\tx", "plain", "", "'=1", "a\nb", "a\r\nb"])
async def test_sql_guards_cells_as_python_does(query: Query, said: str) -> None:
    [row] = await query(f"SELECT {safe_cell('CAST(:said AS text)')} AS cell", said=said)
    assert row["cell"] == as_cell(said).replace("\r", " ").replace("\n", " ")


async def test_an_item_that_went_out_twice_for_one_order_is_still_one_line_each(sessions: Sessions) -> None:
    """The statement joins nothing that could be there twice: what it is joined to is unique or grouped."""
    sql = csv_sql(asked_period("2026-03", None, None, today=Clock().today))
    assert sql.count("GROUP BY") == 2


async def test_who_goes_away_stops_the_copy_and_the_next_one_has_all_lines(
    charged: Charged, sessions: Sessions, query: Query, clock: Clock, scratch: Scratch
) -> None:
    await charged()
    many = "SELECT n::text AS n, repeat('x', 1000) AS text FROM generate_series(1, 1000000) AS n"
    taken: list[int] = []
    enough = anyio.Event()

    async def write(pass_on: PassOn) -> None:
        await copy_csv(scratch.database.reports, many, {}, pass_on)

    async def receive() -> dict[str, Any]:
        await enough.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        taken.append(len(message.get("body", b"")))
        if len(taken) == 3:
            enough.set()
            await anyio.sleep_forever()  # Nobody reads any more.

    answer = Streamed(write, name="x.csv", media_type="text/csv")
    with anyio.fail_after(20):
        await answer({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send)
    # Of a thousand megabytes only what the reader took, and what was on its way.
    assert len(taken) == 3
    assert sum(taken) < 3_000_000
    assert await scratch.query("SELECT 1 AS one") == [{"one": 1}]
    assert len(await query("SELECT 1 AS one FROM charge")) == 3
    asked = LinesAsked(of_month(clock.today), True, SECRET, "{}")
    pieces: list[bytes] = []

    async def keep(piece: bytes) -> None:
        pieces.append(piece)

    await copy_csv(Reports(sessions), csv_sql(asked.period), asked.values, keep)
    assert len(b"".join(pieces).splitlines()) == 5


async def test_what_fails_before_the_first_piece_is_an_answer_and_afterwards_the_file_is_cut_off() -> None:
    for pieces, started in (([], []), ([b"x"], ["http.response.start", "http.response.body"])):
        sent: list[str] = []

        async def write(pass_on: PassOn, pieces: list[bytes] = pieces) -> None:
            for piece in pieces:
                await pass_on(piece)
            raise RuntimeError("broken")

        async def send(message: MutableMapping[str, Any], sent: list[str] = sent) -> None:
            sent.append(message["type"])

        with pytest.raises(RuntimeError, match="broken"):
            await Streamed(write, name="x.csv", media_type="text/csv").stream_response(send)
        assert sent == started
