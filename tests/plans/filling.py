"""The register whose plans are looked at: five years of a county, the open work of a day, and the demonstration."""

import re
from datetime import datetime
from typing import Final

from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.cli import seed
from app.cli.bench import county
from app.cli.bench.county import County
from app.features.finance.monthly.sums import sum_up_months
from app.features.finance.recycling.avoided import settle_spells

ITEMS_OF_A_COUNTY: Final = 300_000
FIRST_TAG: Final = 5_000_000
KEPT_OF: Final = 5
"""One item of so many has its spells and its account: writing them is half of the time that filling takes."""

# What the making of five years leaves out: where each item stands, and what kept people busy on the way there.
MORE: Final = (
    "UPDATE product SET name = (CAST('{Hoist,Commode,Bath board,Bed,Cushion,Mattress}' AS text[]))[1 + id % 6] "
    "|| ' ' || id",
    # A class of devices of its own, so that the demonstration's notices are about the demonstration's items.
    "UPDATE product SET category = '09 33 07' WHERE category = '12 36 03' AND code LIKE 'P0%'",
    """
    UPDATE item SET barcode = 'ES' || (1000000 + id) || lpad((98 - (14281000000 + id) * 100 % 97)::text, 2, '0')
    """,
    "INSERT INTO account_store (account_id, store_id) SELECT id, (SELECT id FROM store WHERE code = 'BENCH') "
    "FROM account WHERE username IN ('technician', 'technician2', 'manager')",
    # Cleaning, repair and fetching are on their way for some: what came after is not there yet.
    """
    DELETE FROM movement USING made
    WHERE movement.item_id = made.item_id AND made.back_at IS NOT NULL AND made.k >= :issues - :items
      AND made.k % 40 IN (1, 11, 21)
      AND movement.seq > made.before + CASE made.k % 40 WHEN 1 THEN 5 WHEN 11 THEN 6 ELSE 7 END
      AND NOT EXISTS (SELECT FROM made AS later WHERE later.item_id = made.item_id AND later.k > made.k)
    """,
    """
    INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, reason, hash)
    SELECT item_id, before + 4, 'request_collection', 'on_loan', 'awaiting_collection', 'bench', :until, store_id,
           'bench', 'bench'
    FROM made WHERE back_at IS NULL AND k % 50 = 3
    """,
    """
    UPDATE collection SET number = 'C' || lpad(id::text, 6, '0')
    """,
    """
    INSERT INTO collection (id, number, client_id, reason, speed, requested_at, requested_by, scheduled_on)
    SELECT k + 1, 'C' || lpad((k + 1)::text, 6, '0'), client_id, 'no_longer_needed', 'standard', :until, 'ot',
           CAST(:until AS timestamptz)::date + (k % 7)::int
    FROM made WHERE back_at IS NULL AND k % 50 = 3
    """,
    """
    INSERT INTO collection_line (collection_id, item_id, loan_id)
    SELECT k + 1, item_id, k + 1 FROM made WHERE back_at IS NULL AND k % 50 = 3
    """,
    """
    INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, reason, hash)
    SELECT item.id, newest.seq + 1, 'start_repair', newest.to_state, 'in_repair', 'bench', :until, item.store_id,
           'bench', 'bench'
    FROM item CROSS JOIN LATERAL (SELECT seq, to_state FROM movement WHERE item_id = item.id
                                  ORDER BY seq DESC LIMIT 1) AS newest
    WHERE newest.to_state = 'awaiting_inspection' AND item.id % 4 = 0
    """,
    """
    INSERT INTO reservation (id, item_id, client_id, from_on, until_on, made_at, made_by, ended_at, ended_by,
                             ended_because)
    SELECT k + 1, item_id, client_id, issued_at::date - 3, issued_at::date, issued_at - interval '3 days', 'bench',
           issued_at, 'bench', 'taken' FROM made
    """,
    # Some of what lies on the shelf is held for an order that goes out this week.
    """
    CREATE TEMPORARY TABLE held AS
    SELECT item.id AS item_id, item.product_id, item.store_id, newest.seq,
           row_number() OVER (ORDER BY item.id) AS n
    FROM item CROSS JOIN LATERAL (SELECT seq, to_state FROM movement WHERE item_id = item.id
                                  ORDER BY seq DESC LIMIT 1) AS newest
    WHERE newest.to_state = 'in_stock' ORDER BY item.id LIMIT :items / 100
    """,
    """
    INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, hash)
    SELECT item_id, seq + 1, 'reserve', 'in_stock', 'reserved', 'bench', :until, store_id, 'bench' FROM held
    """,
    """
    INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, hash)
    SELECT item_id, seq + 2, 'dispatch', 'reserved', 'dispatched', 'bench', :until, store_id, 'bench' FROM held
    WHERE n % 3 = 0
    """,
    """
    UPDATE equipment_order SET number = 'O' || lpad(id::text, 6, '0')
    """,
    """
    INSERT INTO equipment_order (id, number, client_id, funder_id, team_id, store_id, speed, reason, clinical_reasoning,
                                 decision, made_at, made_by, submitted_at, promised_on)
    SELECT :issues + n, 'O' || lpad((:issues + n)::text, 6, '0'), (SELECT min(id) FROM client) + n % :clients,
           (SELECT min(id) FROM funder), (SELECT min(id) FROM team), held.store_id, 'five_day', 'hospital_discharge',
           'Bench.', CASE WHEN n % 10 = 0 THEN 'awaiting_authorisation' ELSE 'approved' END,
           :until, CASE n % 20 WHEN 1 THEN 'ot' ELSE 'bench' END, :until,
           CAST(:until AS timestamptz)::date + (n % 7)::int - 1
    FROM held
    """,
    """
    INSERT INTO order_line (id, order_id, position, product_id, quantity, kind, unit_price_pence, accept_equivalent,
                            prefer_new)
    SELECT :issues + n, :issues + n, 1, product_id, 1, 'loan', 1000, false, false FROM held
    """,
    """
    INSERT INTO reservation (id, item_id, client_id, from_on, until_on, made_at, made_by)
    SELECT :issues + n, item_id, (SELECT min(id) FROM client) + n % :clients, CAST(:until AS timestamptz)::date - 1,
           CAST(:until AS timestamptz)::date + 20, :until, CASE n % 20 WHEN 1 THEN 'ot' ELSE 'bench' END
    FROM held
    """,
    """
    INSERT INTO order_unit (id, order_line_id, order_id, client_id, item_id, reservation_id)
    SELECT :issues + n, :issues + n, :issues + n, (SELECT min(id) FROM client) + n % :clients, item_id, :issues + n
    FROM held
    """,
    """
    UPDATE item SET state = newest.to_state, last_seq = newest.seq, returned_seq = newest.returned_seq,
                    last_moved_at = newest.at
    FROM (SELECT item_id, max(seq) AS seq, max(at) AS at, (array_agg(to_state ORDER BY seq DESC))[1] AS to_state,
                 max(seq) FILTER (WHERE move = 'return') AS returned_seq
          FROM movement GROUP BY item_id) AS newest
    WHERE newest.item_id = item.id
    """,
    """
    INSERT INTO decontamination (item_id, opened_at, route, started_at, started_by, finished_at, finished_by,
                                 finished_seq, outcome)
    SELECT made.item_id, back_at, CASE WHEN starts.at IS NOT NULL THEN 'wash_down' END, starts.at,
           CASE WHEN starts.at IS NOT NULL THEN 'bench' END, ends.at, CASE WHEN ends.at IS NOT NULL THEN 'bench' END,
           ends.seq, CASE WHEN ends.at IS NOT NULL THEN 'passed' END
    FROM made LEFT JOIN movement AS starts ON starts.item_id = made.item_id AND starts.seq = before + 6
    LEFT JOIN movement AS ends ON ends.item_id = made.item_id AND ends.seq = before + 7
    WHERE back_at IS NOT NULL
    """,
    """
    INSERT INTO inspection (item_id, kind, outcome, seq, inspected_at, inspected_by, examined_on, next_due_on)
    SELECT made.item_id, kind, 'passed', before + 8, back_at + interval '3 days', 'bench', back_at::date + 3,
           CASE kind WHEN 'functional' THEN NULL ELSE back_at::date + 183 END
    FROM made CROSS JOIN (VALUES ('functional'), ('loler')) AS kinds (kind)
    WHERE back_at IS NOT NULL AND (kind = 'functional' OR category = '12 36 03')
    """,
    """
    INSERT INTO product_inspection (product_id, kind, every_months)
    SELECT id, 'loler', 6 FROM product WHERE category = '09 33 07'
    """,
    """
    INSERT INTO inspection_due (item_id, kind, due_on)
    SELECT item.id, 'loler', CAST(:until AS timestamptz)::date + (item.id % 180)::int - 10
    FROM item JOIN product ON product.id = item.product_id AND product.category = '09 33 07'
    WHERE item.id % 20 > 0
    """,
    """
    INSERT INTO inspection_without_day (item_id, kind)
    SELECT item.id, 'loler' FROM item JOIN product ON product.id = item.product_id AND product.category = '09 33 07'
    WHERE item.id % 20 = 0
    """,
    """
    INSERT INTO repair (item_id, started_seq, finished_at, finished_by, finished_seq, outcome, notes)
    SELECT id, 1, CAST(:until AS timestamptz), 'bench', 2, 'repaired', 'Bench.' FROM item WHERE id % 12 = 0
    UNION ALL
    SELECT id, last_seq, NULL, NULL, NULL, NULL, '' FROM item WHERE state = 'in_repair'
    """,
    """
    INSERT INTO hold (item_id, kind, reason, placed_at, placed_by, lifted_at, lifted_by, lift_reason)
    SELECT id, 'fault', 'Bench.', :until, 'bench', CASE WHEN id % 200 > 0 THEN CAST(:until AS timestamptz) END,
           CASE WHEN id % 200 > 0 THEN 'bench' END, CASE WHEN id % 200 > 0 THEN 'Bench.' END
    FROM item WHERE id % 5 = 0
    """,
    """
    INSERT INTO fault_report (form_id, item_id, description, is_dangerous, reported_at, closed_at, closed_by, done)
    SELECT gen_random_uuid(), id, 'Bench.', false, :until, CASE WHEN id % 300 > 0 THEN CAST(:until AS timestamptz) END,
           CASE WHEN id % 300 > 0 THEN 'bench' END, CASE WHEN id % 300 > 0 THEN 'Bench.' END
    FROM item WHERE id % 6 = 0
    """,
    """
    INSERT INTO return_scan (scan_id, raw, store_id, scanned_at, received_at, received_by, outcome, result,
                             reconciled_at, reconciled_by, reconciled_note)
    SELECT gen_random_uuid(), 'ES' || k, store_id, issued_at, issued_at, 'technician' || k % 20,
           CASE WHEN k % 50 = 0 THEN 'unknown' ELSE 'accepted' END, '{}',
           CASE WHEN k % 50 = 0 AND k % 1000 > 0 THEN issued_at END, CASE WHEN k % 50 = 0 AND k % 1000 > 0 THEN 'b' END,
           CASE WHEN k % 50 = 0 AND k % 1000 > 0 THEN 'Bench.' END
    FROM made
    """,
    """
    INSERT INTO message (purpose, about, to_account_id, subject, body, made_at, made_by, next_try_at, sent_at, seen_at)
    SELECT 'order_promised', 'order BO' || order_no, (SELECT id FROM account WHERE username = 'ot'), 'Bench', 'Bench.',
           issued_at, 'bench', issued_at, issued_at, CASE WHEN k % 100 > 0 THEN issued_at END
    FROM made WHERE k % 2 = 0
    """,
    """
    INSERT INTO audit_event (chain, seq, at, action, subject, detail, hash)
    SELECT 'client', k + 1, issued_at, CASE k % 2 WHEN 0 THEN 'client_read' ELSE 'clients_listed' END,
           'client B-' || client_id, '{"actor": "bench"}', 'bench'
    FROM made ORDER BY issued_at
    """,
    "INSERT INTO audit_head (chain, seq, hash) SELECT chain, max(seq), 'bench' FROM audit_event GROUP BY chain "
    "ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq",
    """
    INSERT INTO sign_in (account_id, kind, secret_hash, device, started_at, expires_at, ended_at, ended_by)
    SELECT (SELECT id FROM account WHERE username = 'technician'), 'page', 'bench' || k, 'bench', issued_at,
           issued_at + interval '12 hours', issued_at + interval '8 hours', 'technician'
    FROM made WHERE k % 2 = 0
    """,
    """
    INSERT INTO order_answer (order_id, code, subject, warning, answer, answered_at, answered_by)
    SELECT order_no, 'bench', 'bench', 'Bench.', 'Bench.', issued_at, 'bench' FROM made WHERE k % 4 = 0
    """,
    """
    INSERT INTO idempotency_key (username, key, fingerprint, made_at, status)
    SELECT 'technician', 'bench' || k, 'bench', CAST(:until AS timestamptz) - interval '1 hour', 200
    FROM made WHERE k % 5 = 0
    """,
    """
    INSERT INTO stop_use_notice (loan_id, reason, given_at, given_by, acknowledged_at, acknowledged_by,
                                 acknowledged_how)
    SELECT k + 1, 'Bench.', issued_at, 'bench', CASE WHEN k % 500 > 0 THEN issued_at END,
           CASE WHEN k % 500 > 0 THEN 'bench' END, CASE WHEN k % 500 > 0 THEN 'telephone' END
    FROM made WHERE k % 10 = 0
    """,
    """
    INSERT INTO stocktake (id, number, store_id, started_at, started_by, finished_at, finished_by)
    SELECT n, 'S' || lpad(n::text, 6, '0'), store.id, :until, 'bench',
           CASE WHEN n > 1 THEN CAST(:until AS timestamptz) END,
           CASE WHEN n > 1 THEN 'bench' END
    FROM generate_series(1, 60) AS n JOIN store ON store.code = CASE n WHEN 1 THEN 'BENCH' ELSE 'MAIN' END
    """,
    """
    INSERT INTO stocktake_item (stocktake_id, item_id, expected_seq)
    SELECT 1, id, last_seq FROM item WHERE state IN ('in_stock', 'returned')
    """,
    """
    INSERT INTO stocktake_item (stocktake_id, item_id, expected_seq, counted_at, counted_by, counted_seq)
    SELECT n, id, 1, :until, 'bench', 1 FROM item CROSS JOIN generate_series(2, 60) AS n WHERE id % 60 = n
    """,
    """
    UPDATE stocktake SET (expected, counted) = (
        SELECT count(*), count(counted_at) FROM stocktake_item WHERE stocktake_id = stocktake.id)
    WHERE finished_at IS NOT NULL
    """,
    """
    INSERT INTO consignment (id, number, from_store_id, to_store_id, made_at, made_by)
    SELECT n, 'T' || lpad(n::text, 6, '0'), (SELECT id FROM store WHERE code = 'BENCH'),
           (SELECT id FROM store WHERE code = 'COAST'),
           :until, 'bench'
    FROM generate_series(1, :items / 300) AS n
    """,
    """
    INSERT INTO consignment_line (consignment_id, item_id, sent_at, sent_by, hold_id, sent_contaminated, arrived_at,
                                  arrived_by, arrived_store_id)
    SELECT 1 + n % (:items / 300), item_id, at, 'bench', (SELECT min(id) FROM hold), false,
           CASE WHEN n % (:items / 300) > 3 THEN at END,
           CASE WHEN n % (:items / 300) > 3 THEN 'bench' END, CASE WHEN n % (:items / 300) > 3 THEN item.store_id END
    FROM (SELECT id AS item_id, store_id, row_number() OVER (ORDER BY id) AS n, CAST(:until AS timestamptz) AS at
          FROM item WHERE state = 'on_loan' AND id % 3 = 0) AS item
    """,
    # The books are open while the demonstration is told: its rates begin years ago.
    "CREATE TABLE closed_before AS TABLE finance_period",
    "DELETE FROM finance_period",
    "INSERT INTO printer (id, store_id, name, kind, stock) SELECT 1, min(id), 'Bench', 'pdf', 'a4' FROM store",
    """
    INSERT INTO funding_dispute (order_id, reason, settle_by, opened_at, opened_by)
    SELECT id, 'Bench.', CAST(:until AS timestamptz)::date + 20, :until, 'finance' FROM equipment_order
    WHERE id % 1000 = 1
    """,
    """
    INSERT INTO disposal (item_id, reason, waste_stream, asked_at, asked_by, hold_id, seq)
    SELECT item_id, 'Bench.', 'metal', :until, 'bench', id, CASE WHEN item_id % 500 > 0 THEN 1 END
    FROM hold WHERE item_id % 20 = 0
    """,
)


NUMBERED: Final = text("""
    SELECT CASE WHEN data_type = 'bigint' THEN pg_get_serial_sequence(quote_ident(table_name), 'id') END, table_name
    FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'id'
""")
SET_NUMBER: Final = text("SELECT setval(CAST(CAST(:name AS text) AS regclass), :number, false)")


async def fill(engine: AsyncEngine, scale: float, *, at: datetime, secret: SecretStr) -> None:
    """Fill a copy of the template until this instant; the demonstration's people and stores are there already."""
    made = County(int(ITEMS_OF_A_COUNTY * scale), kept_of=KEPT_OF)
    async with AsyncSession(engine) as session, session.begin():
        await county.fill(session, made, until=at)
        await _fill_more(session, made, at)
        await _number_on(session)
    async with AsyncSession(engine) as session, session.begin():
        await seed.tell(session, prefix="ES", secret=secret.get_secret_value(), now=at)
    async with AsyncSession(engine) as session, session.begin():
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(text("INSERT INTO finance_period SELECT * FROM closed_before"))
        await session.execute(text("DROP TABLE closed_before"))
    async with AsyncSession(engine) as session, session.begin():
        await settle_spells(session, at=at)
        await sum_up_months(session, at=at)
    async with engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("SET default_statistics_target = 30"))  # There are two hundred tables of months.
        await alone.execute(text("VACUUM ANALYZE"))


async def _fill_more(session: AsyncSession, made: County, at: datetime) -> None:
    values = {"items": made.items, "issues": made.issues, "clients": max(made.items // 5, 2), "until": at}
    for statement in MORE:
        names = {name: value for name, value in values.items() if f":{name}" in statement}
        # Numbers are said to be numbers, where nothing beside them says so.
        typed = re.sub(r":(items|issues|clients)\b", r"CAST(:\1 AS bigint)", statement)
        await session.execute(text(typed), names)


async def _number_on(session: AsyncSession) -> None:
    """Rows came with their numbers: what is made next goes on after them."""
    columns = await session.execute(NUMBERED)
    for name, table in columns.all():
        if name:
            newest = await session.scalar(text(f"SELECT COALESCE(max(id), 0) + 1 FROM {table}"))  # noqa: S608
            await session.execute(SET_NUMBER, {"name": name, "number": newest})
    await session.execute(SET_NUMBER, {"name": "asset_number", "number": FIRST_TAG})
