"""The journal: it balances, it is what the lines come to, and it is written as the ledger wants it."""

import csv
from decimal import Decimal
from io import StringIO
from typing import Any

from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.costs import ChargeKind
from app.domain.journal import JournalField
from tests.browser import Browser
from tests.conftest import Query
from tests.features.finance.exports.conftest import Charged
from tests.problems import check_problem

LAYOUT = "/api/v1/finance/journal-layout"
JOURNAL = "/api/v1/finance/exports/journal"
MARCH = {"period": "2026-03"}


def complete(**changes: Any) -> dict[str, Any]:
    """A layout with an account for everything."""
    return {
        "columns": [
            {"field": "account", "heading": "Nominal"},
            {"field": "cost_centre", "heading": "CC"},
            {"field": "debit", "heading": "Dr"},
            {"field": "credit", "heading": "Cr"},
            {"field": "description", "heading": "Text"},
        ],
        "accounts": {kind.value: f"4{place:03}" for place, kind in enumerate(ChargeKind)},
        "vat_account": "9000",
        "contra": "8000",
        "contras": {"ASC": "8001"},
        **changes,
    }


async def set_up(client: AsyncClient, version: int = 0, **changes: Any) -> None:
    """Set that layout."""
    answer = await client.put(LAYOUT, json=complete(**changes), headers={"If-Match": f'"{version}"'})
    assert answer.status_code == 200, answer.text


async def test_the_journal_balances_to_the_penny_and_is_what_the_lines_come_to(
    charged: Charged, as_finance: AsyncClient, query: Query
) -> None:
    await charged()
    await set_up(as_finance)
    answer = await as_finance.get(JOURNAL, params=MARCH)
    assert answer.headers["content-disposition"] == 'attachment; filename="journal-2026-03-open.csv"'
    rows = list(csv.DictReader(StringIO(answer.text)))
    assert list(rows[0]) == ["Nominal", "CC", "Dr", "Cr", "Text"]
    debit = sum(Decimal(row["Dr"] or 0) for row in rows)
    assert debit == sum(Decimal(row["Cr"] or 0) for row in rows)
    charges = sum(Decimal(row["Dr"] or 0) - Decimal(row["Cr"] or 0) for row in rows if row["Nominal"][0] != "8")
    [lines] = await query("SELECT sum(amount_pence + vat_pence) AS pence FROM charge WHERE period = '2026-03-01'")
    assert charges * 100 == lines["pence"] == 3_500
    assert [(row["Nominal"], row["CC"], row["Dr"], row["Cr"]) for row in rows] == [
        ("4010", "CC-ASC", "", "80.01"),
        ("4006", "CC-ASC", "12.50", ""),
        ("4000", "CC-ASC", "100.01", ""),
        ("9000", "CC-ASC", "2.50", ""),
        ("8001", "CC-ASC", "", "35.00"),
    ]


async def test_a_closed_month_says_nothing_of_being_open_and_an_empty_one_is_its_columns(
    charged: Charged, as_finance: AsyncClient, connection: AsyncConnection
) -> None:
    await charged()
    await set_up(as_finance)
    close = "INSERT INTO finance_period VALUES ('2026-03-01', now(), 'finance', 0, '{}', '')"
    await connection.execute(text(close))
    answer = await as_finance.get(JOURNAL, params=MARCH)
    assert answer.headers["content-disposition"] == 'attachment; filename="journal-2026-03.csv"'
    empty = await as_finance.get(JOURNAL, params={"period": "2025-01"})
    assert empty.text == "Nominal,CC,Dr,Cr,Text\r\n"


async def test_without_an_account_there_is_no_file_and_it_is_said_for_what(
    charged: Charged, as_finance: AsyncClient, finance: Browser
) -> None:
    await charged()
    problem = check_problem(await as_finance.get(JOURNAL, params=MARCH), 409, "no-account")
    assert "Credit on collection" in problem["detail"]
    page = await finance.get("/finance/journal?period=2026-03")
    assert "No account is set for" in page.text
    assert page.soup.select_one('main a[href*="journal.csv"]') is None
    refused = await finance.get("/finance/journal.csv?period=2026-03")
    assert refused.status == 409
    [way, _] = refused.soup.select("main .govuk-list--spaced a")
    assert way["href"] == "/finance/journal/layout"
    assert (await finance.get(str(way["href"]))).heading == "Columns and accounts of the journal"
    check_problem(
        await as_finance.get(JOURNAL, params={"from": "2026-03-01", "to": "2026-03-02"}), 422, "journal-of-a-month"
    )


async def test_the_layout_is_set_on_its_page(charged: Charged, finance: Browser, as_finance: AsyncClient) -> None:
    await charged()
    fields = {f"account-{kind}": f"4-{place}" for place, kind in enumerate(ChargeKind)}
    fields |= {f"place-{one}": "" for one in JournalField}
    fields |= {"place-account": "1", "heading-account": "Nominal", "place-amount": "2", "heading-amount": ""}
    fields |= {"date_format": "DD/MM/YYYY", "contra": "8000", "vat_account": "9000", "version": "0"}
    answer = await finance.post_form("/finance/journal/layout", **fields)
    assert str(answer.goes_to) == "/finance/journal"
    kept = await as_finance.get(LAYOUT)
    assert kept.headers["etag"] == '"1"'
    assert [one["field"] for one in kept.json()["columns"]] == ["account", "amount"]
    file = (await finance.get("/finance/journal.csv?period=2026-03")).response
    assert file.text.splitlines()[0] == "Nominal,Amount (debit above zero, credit below)".replace(
        "Amount (debit above zero, credit below)", '"Amount (debit above zero, credit below)"'
    )
    assert "4-10,-80.01" in file.text
    shown = await finance.get("/finance/journal/layout")
    field = shown.soup.select_one("#account-credit")
    assert field is not None
    assert field["value"] == "4-10"
    stale = await finance.post_form("/finance/journal/layout", **fields)
    assert stale.status == 412


async def test_what_no_ledger_could_post_is_refused_at_its_field(finance: Browser, as_finance: AsyncClient) -> None:
    fields = {"date_format": "YYYY-MM-DD", "version": "0"}
    fields |= {f"place-{one}": "" for one in JournalField}
    page = await finance.post_form("/finance/journal/layout", **(fields | {"place-amount": "1"}))
    assert (page.status, list(page.errors)) == (422, ["main-content"])
    for bad in ("x", "-1", "1.5"):
        page = await finance.post_form("/finance/journal/layout", **(fields | {"place-account": bad}))
        assert list(page.errors) == ["place-account"]
    page = await finance.post_form(
        "/finance/journal/layout",
        **(fields | {"place-account": "1", "place-amount": "2", "account-credit": "=1+1"}),
    )
    assert list(page.errors) == ["account-credit"]
    unknown = complete(contras={"NOBODY": "1"})
    check_problem(await as_finance.put(LAYOUT, json=unknown, headers={"If-Match": '"0"'}), 422, "unknown-funder")
    check_problem(await as_finance.put(LAYOUT, json=complete()), 412, "if-match-required")
    await set_up(as_finance)
    check_problem(await as_finance.put(LAYOUT, json=complete(), headers={"If-Match": '"0"'}), 412, "stale")
    assert (await finance.get("/finance/journal?period=x")).status == 422
