"""Rates that are in force, and the lines of charges as tests read them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.conftest import Query

RATE = text(
    "INSERT INTO tariff (kind, variant, starts_on, pence, percent, taper, floor_pence, vat_percent, product_id, "
    "made_at, made_by) VALUES (:kind, :variant, '2020-01-01', :pence, :percent, CAST(:taper AS jsonb), :floor, :vat, "
    "(SELECT id FROM product WHERE code = :product), CAST(:made_at AS timestamptz), 'x')"
)
ALL = """
    SELECT charge.*, charge.period::text AS month, COALESCE(funder.code, '') AS funder, item.barcode
    FROM charge LEFT JOIN funder ON funder.id = charge.funder_id LEFT JOIN item ON item.id = charge.item_id
    ORDER BY charge.id
"""
USUAL = {
    ("delivery", "five_day"): 1_600,
    ("collection", "standard"): 1_200,
    ("failed_visit", "delivery"): 1_000,
    ("failed_visit", "collection"): 900,
    ("failed_visit", "inspection"): 800,
    ("decontamination", "wash_down"): 700,
    ("decontamination", "thermal"): 2_900,
    ("inspection", "functional"): 300,
    ("inspection", "loler"): 3_500,
    ("repair", ""): 2_200,
    ("scrap", ""): 850,
}
"""Fixed rates, in pence."""
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CREDIT_PERCENT = 80
RECYCLED_PERCENT = 25


async def rate(connection: AsyncConnection, kind: str, variant: str = "", **price: Any) -> None:
    """A rate that is in force. `price`: pence, percent, taper, floor, vat, product, and `made_at`."""
    nothing: dict[str, Any] = {"pence": None, "percent": None, "taper": None, "floor": 0, "vat": 0, "product": None}
    nothing["made_at"] = LONG_AGO
    await connection.execute(RATE, {"kind": kind, "variant": variant} | nothing | price)


async def usual_rates(connection: AsyncConnection, *, made_at: datetime = LONG_AGO) -> None:
    """A rate for everything, and a team that ASC pays for."""
    for (kind, variant), pence in USUAL.items():
        await rate(connection, kind, variant, pence=pence, made_at=made_at)
    await rate(connection, "credit", percent=CREDIT_PERCENT, made_at=made_at)
    await rate(connection, "recycled_issue", percent=RECYCLED_PERCENT, made_at=made_at)
    await connection.execute(text("UPDATE team SET funder_id = (SELECT id FROM funder WHERE code = 'ASC')"))


async def charged(query: Query, barcode: str | None = None, after: int = 0) -> list[tuple[str, str, int]]:
    """Lines as (kind, funder, pence): all, or those of an item; from a number on."""
    rows = [row for row in await query(ALL) if row["id"] > after and barcode in {None, row["barcode"]}]
    return [(row["kind"], row["funder"], row["amount_pence"]) for row in rows]
