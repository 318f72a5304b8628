"""What is written about a client is kept from those who may not see clients."""

from httpx import AsyncClient

from tests.given import TRIED, Given


async def test_finance_does_not_read_what_was_written_about_a_client(
    as_ot: AsyncClient, as_finance: AsyncClient, given: Given
) -> None:
    trial = await given.trial()
    notes = {"outcome": "keep", "notes": "Mrs Ashby transfers safely.", **TRIED}
    assert (await as_ot.post(f"/api/v1/loans/{trial.id}/trial-outcome", json=notes)).status_code == 200
    shown = (await as_ot.get(f"/api/v1/items/{trial.barcode}/history")).text
    hidden = (await as_finance.get(f"/api/v1/items/{trial.barcode}/history")).text
    assert "Mrs Ashby" in shown
    assert "Mrs Ashby" not in hidden
