"""Finance compares a month with its movements, and closes the oldest that is open."""

import re
from datetime import UTC, datetime
from typing import Any

from app.domain.dates import uk_date
from tests.journeys.conftest import Walk
from tests.journeys.test_ordering import reflows


async def test_finance_compares_a_month_and_closes_the_oldest_that_is_open(walks: Any) -> None:
    finance: Walk = await walks("finance")
    this_month = uk_date(datetime.now(UTC)).replace(day=1)
    await finance.go("/finance/periods")
    await finance.picture("finance-months")
    await finance.go(f"/finance/reconciliation?period={this_month:%Y-%m}")
    assert "Adds up" in await finance.text()
    await finance.picture("finance-reconciliation")
    await reflows(finance)
    await finance.go(f"/finance/periods/{this_month:%Y-%m}/close")
    assert "is not over" in await finance.text()
    await finance.picture("finance-not-over")
    await finance.go("/finance/periods")
    await finance.press(re.compile("^Close "))
    assert "This is frozen" in await finance.text()
    await finance.picture("finance-close")
    await reflows(finance)
    await finance.press(re.compile("^Close .* for good$"))
    assert "Digest of its lines" in await finance.text()
    await finance.picture("finance-closed")
    await reflows(finance)
    await finance.follow("Months")
    assert "Closed" in await finance.text()
    await finance.picture("finance-months-closed")
    await reflows(finance)
