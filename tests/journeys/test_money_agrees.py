"""Finance closes a month and finds the same sums on its page, in the CSV and in the spreadsheet; and goes from a chart
down to the history of an item."""

import csv
import re
from io import BytesIO, StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

from openpyxl import load_workbook

from tests.journeys.conftest import Walk

TOTALS = ("net", "vat", "gross", "credit")


def pence(shown: str) -> int:
    """£1,234.56, -£1,234.56 or 1234.56, in pence."""
    return int(re.sub(r"[£,.]", "", shown.replace("−", "-")))  # noqa: RUF001 - the sign that pages show


async def totals_of(walk: Walk) -> list[str]:
    """The cells of the last row of the page's table."""
    return [
        text.strip() for text in await walk.page.locator("main table tbody tr").last.locator("th, td").all_inner_texts()
    ]


async def test_a_closed_month_is_the_same_on_its_page_in_csv_and_in_a_spreadsheet(walks: Any) -> None:
    finance: Walk = await walks("finance")
    await finance.go("/finance/periods")
    await finance.press(re.compile("^Close "))
    month = re.findall(r"/finance/periods/(\d{4}-\d{2})/close", finance.page.url)[0]
    await finance.press(re.compile("^Close .* for good$"))
    await finance.go(f"/finance/exports?period={month}")
    name, lines, *shown = await totals_of(finance)
    assert name == "Total"
    told = dict(zip(TOTALS, map(pence, shown), strict=True))
    await finance.picture("finance-export-of-a-closed-month")

    href = await finance.page.get_by_role("button", name="Download CSV").get_attribute("href")
    answer = await finance.page.request.get(f"{finance.address}{href}")
    title, period, definition, _, *table = (await answer.body()).decode("utf-8-sig").splitlines(keepends=True)
    assert [line.split(",")[0] for line in (title, period, definition)] == ["Report", "Period", "Definition"]
    *rows, total = csv.DictReader(StringIO("".join(table)))
    assert len(rows) == int(lines)
    assert {key: pence(total[key]) for key in TOTALS} == told
    assert sum(pence(row["net"]) for row in rows) == told["net"]

    await finance.press("Make a spreadsheet")
    ready = finance.page.get_by_role("button", name="Download the spreadsheet")
    await ready.wait_for()
    answer = await finance.page.request.get(f"{finance.address}{await ready.get_attribute('href')}")
    sheet = load_workbook(BytesIO(await answer.body()), read_only=True).worksheets[0]
    cells = [list(row) for row in sheet.iter_rows(values_only=True)]
    place = next(number for number, row in enumerate(cells) if row[0] == "Period" and "Net" in row)
    heads = [str(head).lower() for head in cells[place] if head is not None]
    last = dict(zip(heads, [row for row in cells if any(one is not None for one in row)][-1], strict=False))
    assert {key: round(float(last[key]) * 100) for key in TOTALS} == told
    assert len([row for row in cells[place + 1 :] if row[heads.index("line")] is not None]) == int(lines)

    await finance.go(f"/finance/periods/{month}")
    assert shown[0] in await finance.text()
    await finance.go(f"/finance/reconciliation?period={month}")
    assert "Adds up" in await finance.text()
    await finance.picture("finance-reconciliation-of-a-closed-month")


async def test_from_a_chart_to_the_history_of_a_barcode(walks: Any) -> None:
    finance: Walk = await walks("finance")
    page = finance.page
    await finance.go("/finance/dashboard")
    await page.get_by_text("Show the figures of Issues charged by month: new and recycled").click()
    link = page.locator("details[open] table td a").first
    counted, href = int(await link.inner_text()), str(await link.get_attribute("href"))
    assert set(parse_qs(urlsplit(href).query)) >= {"period", "kind"}
    await finance.click(link)
    await finance.picture("finance-charges-of-a-chart")
    assert await page.locator("main table tbody tr").count() >= counted
    barcode = page.locator("main table a.app-code").first
    tag = await barcode.inner_text()
    await finance.click(barcode)
    assert tag in await finance.text()
    await finance.picture("finance-item-of-a-chart")
    history = page.locator("table", has=page.get_by_text("History", exact=True)).locator("tbody tr")
    assert await history.count() >= 2
