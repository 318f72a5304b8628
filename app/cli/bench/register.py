"""A register to measure on: as many products, items, clients and loans as wanted, made by a few statements.

Nothing of it happened: the movements carry no true hashes. It is for a database that is thrown away.
"""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

ITEMS_OF_A_PRODUCT = 100
MODELS_OF_A_MAKER = 50
CATEGORIES = ("12 36 03", "12 22 18", "18 12 10", "09 12 03")


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is: each item has been lent twice, and is on loan now."""

    items: int = 300_000

    @property
    def products(self) -> int:
        """Lines of the catalogue."""
        return max(self.items // ITEMS_OF_A_PRODUCT, len(CATEGORIES))

    @property
    def clients(self) -> int:
        """People who have something: five things each, two people at each address."""
        return max(self.items // 5, 2)


# Each fills one table. Every tenth item has no serial number, every fifth no day of manufacture.
STATEMENTS = (
    "INSERT INTO store (code, name) VALUES ('BENCH', 'Bench')",
    f"""
    INSERT INTO product (code, name, manufacturer, model, category, purchase_price_pence, tier, returnable,
                         single_patient_use, high_risk, decontamination_route)
    SELECT 'P' || lpad(n::text, 5, '0'), 'Product ' || n, 'Maker ' || (n / {MODELS_OF_A_MAKER}), 'Model ' || n,
           (CAST(:categories AS text[]))[1 + n % {len(CATEGORIES)}], 10000, 'standard', true, false, false, 'wash_down'
    FROM generate_series(0, :products - 1) AS n
    """,  # noqa: S608 - the parts are constants
    """
    INSERT INTO client (client_ref, name, address, postcode, created_at, created_by)
    SELECT 'B-' || n, 'Client ' || n, (n / 2) || ' High Street', 'AB' || (n / 2 % 90 + 1) || ' 1AA', now(), 'bench'
    FROM generate_series(0, :clients - 1) AS n
    """,
    """
    INSERT INTO item (barcode, product_id, serial_number, serial_key, lot_number, manufactured_on,
                      manufactured_precision, received_on, purchase_price_pence, state, store_id, times_issued,
                      last_seq, last_hash, last_moved_at)
    SELECT 'ES' || lpad(n::text, 9, '0'), product.id, number, lower(number), 'LOT' || (n / 50),
           CASE WHEN n % 5 > 0 THEN date '2016-01-01' + n % 3000 END, CASE WHEN n % 5 > 0 THEN 'day' END,
           date '2016-02-01' + n % 3000, 10000, 'on_loan', store.id, 2, 2, 'bench',
           date '2016-02-01' + n % 3000
    FROM generate_series(0, :items - 1) AS n
    CROSS JOIN LATERAL (SELECT CASE WHEN n % 10 > 0 THEN 'SN' || lpad(n::text, 8, '0') END AS number) AS marked
    JOIN product ON product.code = 'P' || lpad((n % :products)::text, 5, '0')
    JOIN store ON store.code = 'BENCH'
    """,
    """
    INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, hash)
    SELECT item.id, seq, CASE seq WHEN 1 THEN 'receive' ELSE 'issue' END, CASE seq WHEN 2 THEN 'in_stock' END,
           CASE seq WHEN 1 THEN 'in_stock' ELSE 'on_loan' END, 'bench', item.received_on, item.store_id, 'bench'
    FROM item CROSS JOIN generate_series(1, 2) AS seq
    """,
    """
    INSERT INTO loan (item_id, client_id, kind, started_at, started_by, ended_at, ended_by)
    SELECT item.id, client.id, 'loan', item.received_on + turn, 'bench',
           CASE turn WHEN 0 THEN item.received_on + 1 END, CASE turn WHEN 0 THEN 'bench' END
    FROM generate_series(0, 1) AS turn CROSS JOIN item
    JOIN client ON client.client_ref = 'B-' || ((item.id * 7 + turn) % :clients)
    """,
)
PARTS = (
    """
    INSERT INTO repair (item_id, started_seq)
    SELECT id, 1 FROM item WHERE id % 30 = 0
    """,
    """
    INSERT INTO fitted_part (repair_id, part_number, description, quantity, cost_pence, fitted_on, recorded_at,
                             recorded_by)
    SELECT id, 'PN-' || id % 100, 'Bracket', 1, 100, '2020-01-01', now(), 'bench' FROM repair
    """,
)


async def fill(session: AsyncSession, size: Size) -> None:
    """Make the register."""
    values = {"items": size.items, "products": size.products, "clients": size.clients}
    await session.execute(text("SELECT set_config('jit', 'off', true), set_config('work_mem', '256MB', true)"))
    # Two movements of an item at once are none that it has counted; only a throw-away server's owner may.
    await session.execute(text("SET LOCAL session_replication_role = replica"))
    await session.execute(text("SELECT make_months('movement', '2016-02-01', '2024-05-01')"))
    for statement in (*STATEMENTS, *PARTS):
        wanted = text(statement)
        names: dict[str, object] = {name: value for name, value in values.items() if f":{name}" in statement}
        names |= {"categories": list(CATEGORIES)} if ":categories" in statement else {}
        await session.execute(wanted, names)
