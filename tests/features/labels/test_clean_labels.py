"""The “clean” label: only for what is clean, with the day and initials, on every stock."""

from datetime import date

import pypdfium2
import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from app.features.labels.clean import CleanLabel, draw_clean
from app.features.labels.printing import type_width
from app.features.labels.stocks import STOCKS, Stock
from tests.browser import Browser
from tests.conftest import Clock, Statements
from tests.given import Given
from tests.problems import check_problem

LABEL = CleanLabel("ESXX000123473", date(2026, 11, 28), "TNW", "DC-000042")


def words_of(pdf: bytes) -> str:
    """All the text of a PDF, on one line."""
    pages = (page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))
    return " ".join(" ".join(pages).split())


async def test_a_clean_item_gets_its_label_with_the_day_and_the_initials(
    as_technician: AsyncClient, given: Given, clock: Clock
) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    url = f"/api/v1/items/{barcode}/clean-label"
    says = words_of((await as_technician.get(url)).content)
    for words in ("CLEAN", "2 March 2026", "TN", "DC-0"):
        assert words in says
    zpl = await as_technician.get(url, params={"format": "zpl", "stock": "ZEBRA-57X32"})
    assert (zpl.headers["content-type"].split(";")[0], "CLEAN" in zpl.text) == ("application/zpl", True)
    check_problem(await as_technician.get(url, params={"format": "png"}), 422, "pdf-or-zpl", field="format")
    check_problem(await as_technician.get(url, params={"stock": "x"}), 422, "unknown-stock", field="stock")


@pytest.mark.parametrize("state", [State.IN_STOCK, State.RETURNED, State.DECONTAMINATING])
async def test_what_is_not_clean_gets_none(as_technician: AsyncClient, given: Given, state: State) -> None:
    barcode = await given.item(state)
    answer = await as_technician.get(f"/api/v1/items/{barcode}/clean-label")
    check_problem(answer, 409, "not-decontaminated", field="barcode")


async def test_several_come_in_one_file_at_the_same_cost(
    technician: Browser, given: Given, statements: Statements
) -> None:
    barcodes = [await given.item(State.AWAITING_INSPECTION) for _ in range(3)]
    counts = []
    for some in (barcodes[:1], barcodes):
        statements.clear()
        answer = await technician.client.get("/clean-labels", params={"barcode": some})
        counts.append(len(statements))
        assert words_of(answer.content).count("CLEAN") == len(some)
    assert counts[0] == counts[1]
    assert (await technician.get("/clean-labels", barcode=barcodes[0], skip=150)).status == 422
    assert (await technician.get("/clean-labels", barcode="ES000123473")).status == 422


@pytest.mark.parametrize("stock", STOCKS.values(), ids=lambda stock: stock.code)
def test_all_of_it_stands_on_every_label(stock: Stock) -> None:
    [banner], lines = draw_clean(LABEL, stock.label)
    assert [line.text for line in lines][1].endswith("TNW")
    for line in lines:
        wide = type_width(line.text, line.size_mm, line.bold)
        assert wide <= stock.label.width_mm - 2 * stock.label.side_mm + 0.01
        assert line.baseline_mm <= stock.label.height_mm - stock.label.end_mm
        assert line.size_mm > 1.4
    assert banner.y_mm >= stock.label.end_mm
    assert lines[1].baseline_mm - lines[1].size_mm * 0.8 > banner.y_mm + banner.height_mm
