"""A long report of one table is in pages; its total and its file are of all of it."""

from typing import Any

import pytest

from app.features.finance.reports import other_pages
from tests.browser import Browser
from tests.features.ordering.conftest import Orders
from tests.given import Given

COMMITMENTS = "/finance/reports/commitments"


async def test_a_page_leads_to_the_next_and_totals_and_files_are_of_all(
    orders: Orders, given: Given, finance: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    stool = await given.product(purchase_price_pence=3_000)
    numbers = [(await orders.submitted(stool))["number"] for _ in range(3)]
    monkeypatch.setattr(other_pages, "ROWS_ON_A_PAGE", 2)
    first = await finance.get(COMMITMENTS, team="")
    second = await finance.get(str(first.soup.select_one(".govuk-pagination__link")["href"]))  # type: ignore[index]
    assert [number in first.text for number in numbers] == [True, True, False]
    assert [number in second.text for number in numbers] == [False, False, True]
    assert not second.soup.select(".govuk-pagination__link")
    for page, how_many in ((first, 2), (second, 1)):
        assert f"{how_many} of 3 rows are on this page" in page.text
        assert "£90.00" in page.text
        for link in page.soup.select('a[href*="format=csv"]'):
            file = await finance.get(str(link["href"]))
            assert all(number in file.response.text for number in numbers)
    # There were more when somebody began to read.
    assert numbers[2] in (await finance.get(COMMITMENTS, after="200")).text
    assert (await finance.get(COMMITMENTS, after="x")).status == 422


async def test_each_page_has_its_rows_alone(
    split_order: dict[str, Any], finance: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(other_pages, "ROWS_ON_A_PAGE", 1)
    for after, credit in (("0", "£48.01"), ("1", "£32.00")):
        page = await finance.get("/finance/reports/credits-outstanding", after=after)
        [row] = page.soup.select("table.govuk-table tbody tr")[:-1]
        assert credit in row.text
        assert "1 of 2 rows are on this page" in page.text
        assert "£80.01" in page.text
