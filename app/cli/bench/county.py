"""Five years of a county to measure on: what was issued, came back and was made fit, its orders, drives and charges.

Nothing of it happened, as in `register`. It is for a database that is thrown away.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.bench import register
from app.cli.bench.register import Size

DAYS: Final = 1826


@dataclass(frozen=True, slots=True)
class County:
    """How much happens: each item goes out nearly twice in the years, and seven of eleven come back.

    `kept_of`: spells and accounts are written for one item of so many, where nobody looks at all of them."""

    items: int = 300_000
    newest_month: int = 0
    kept_of: int = 1

    @property
    def issues(self) -> int:
        """In all years."""
        return self.items * 11 // 6

    @property
    def returns(self) -> int:
        """Those that came back; all that were issued again are among them."""
        return self.items * 7 // 6


# A made-up time out: `k` counts them in the order of their issues, and is found again in numbers and names.
STATEMENTS: Final = (
    "INSERT INTO funder (code, name, cost_centre) SELECT 'B' || n, 'Bench', 'C' || n FROM generate_series(0, 4) n",
    "INSERT INTO team (code, name, cost_centre) SELECT 'T' || n, 'Team ' || n, 'TC' || n FROM generate_series(0, 49) n",
    """
    INSERT INTO item (barcode, product_id, received_on, purchase_price_pence, state, store_id, times_issued, last_seq,
                      last_hash, last_moved_at)
    SELECT 'ES' || lpad(n::text, 9, '0'), product.id, CAST(:since AS timestamptz)::date - 1, 1000 + n * 7919 % 40000,
           'on_loan', (SELECT id FROM store WHERE code = 'BENCH'), 1 + (n < :issues - :items)::int, 18, 'bench',
           :since
    FROM generate_series(0, :items - 1) AS n
    JOIN product ON product.code = 'P' || lpad((n % :products)::text, 5, '0')
    """,
    """
    CREATE TEMPORARY TABLE made AS
    SELECT k, item.id AS item_id, item.product_id, product.category, item.store_id, k / :items AS turn,
           1 + 8 * (k / :items) AS before,
           client.id AS client_id, k / 2 + 1 AS order_no, (k / 2) % 50 AS team,
           CAST(:since AS timestamptz) + k * interval '1826 days' / :issues AS issued_at,
           CASE WHEN k < :returns THEN CAST(:since AS timestamptz) + k * interval '1826 days' / :issues
                                       + (20 + k * 7919 % 600) * interval '1 day' END AS back_at
    FROM generate_series(0, :issues - 1) AS k
    JOIN item ON item.barcode = 'ES' || lpad((k % :items)::text, 9, '0')
    JOIN product ON product.id = item.product_id
    JOIN client ON client.client_ref = 'B-' || (k / 2 * 7 % :clients)
    """,
    "CREATE INDEX ON made (k)",
    "ANALYZE made",
    """
    INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, reference, hash)
    SELECT id, 1, 'receive', NULL, 'in_stock', 'bench', received_on, store_id, NULL, 'bench' FROM item
    UNION ALL
    SELECT item_id, before + step.nth, step.move, step.before_it, step.after_it, 'bench',
           CASE WHEN step.nth < 4 THEN issued_at ELSE back_at + (step.nth - 5) * interval '1 day' END,
           store_id, CASE WHEN step.nth < 4 THEN 'order BO' || order_no END, 'bench'
    FROM made CROSS JOIN (VALUES
        (1, 'reserve', 'in_stock', 'reserved'), (2, 'dispatch', 'reserved', 'dispatched'),
        (3, 'deliver', 'dispatched', 'on_loan'), (4, 'request_collection', 'on_loan', 'awaiting_collection'),
        (5, 'return', 'awaiting_collection', 'returned'),
        (6, 'start_decontamination', 'returned', 'decontaminating'),
        (7, 'pass_decontamination', 'decontaminating', 'awaiting_inspection'),
        (8, 'release', 'awaiting_inspection', 'in_stock')) AS step (nth, move, before_it, after_it)
    WHERE (step.nth < 4 OR back_at IS NOT NULL) AND (step.nth < 8 OR k < :issues - :items OR k % 10 > 0)
    ORDER BY 7
    """,
    """
    INSERT INTO equipment_order (id, number, client_id, funder_id, team_id, store_id, speed, reason, clinical_reasoning,
                                 decision, made_at, made_by, submitted_at, promised_on)
    SELECT order_no, 'BO' || order_no, client_id, (SELECT min(id) FROM funder),
           (SELECT id FROM team WHERE code = 'T' || team), store_id, 'five_day', 'hospital_discharge', 'Bench.',
           'approved', issued_at - (k % 9) * interval '1 day', 'bench', issued_at - (k % 9) * interval '1 day',
           (issued_at + (k / 2 % 10 - 1) * interval '1 day')::date
    FROM made WHERE k % 2 = 0
    """,
    """
    INSERT INTO order_line (id, order_id, position, product_id, quantity, kind, unit_price_pence, accept_equivalent,
                            prefer_new)
    SELECT order_no, order_no, 1, product_id, 2, 'loan', 1000 + k * 7919 % 40000, false, false
    FROM made WHERE k % 2 = 0
    """,
    """
    INSERT INTO loan (id, item_id, client_id, kind, started_at, started_by, ended_at, ended_by)
    SELECT k + 1, item_id, client_id, 'loan', issued_at, 'bench', back_at,
           CASE WHEN back_at IS NOT NULL THEN 'bench' END
    FROM made
    """,
    """
    INSERT INTO order_unit (id, order_line_id, order_id, client_id, item_id, reservation_id, loan_id)
    SELECT k + 1, order_no, order_no, client_id, item_id, k + 1, k + 1 FROM made
    """,
    """
    INSERT INTO delivery_visit (order_id, visited_at, failed_because, received_by, recorded_at, recorded_by)
    SELECT order_no, issued_at, CASE WHEN k % 30 = 0 THEN 'no_answer' END, CASE WHEN k % 30 > 0 THEN 'Bench' END,
           issued_at, 'bench'
    FROM made WHERE k % 2 = 0
    """,
    """
    INSERT INTO collection (id, number, client_id, reason, speed, requested_at, requested_by)
    SELECT k + 1, 'BC' || k, client_id, 'no_longer_needed', 'standard', back_at - (k % 9) * interval '1 day', 'bench'
    FROM made WHERE back_at IS NOT NULL
    """,
    """
    INSERT INTO collection_line (collection_id, item_id, loan_id, collected_at, collected_by)
    SELECT k + 1, item_id, k + 1, back_at, 'bench' FROM made WHERE back_at IS NOT NULL
    """,
    """
    INSERT INTO collection_visit (collection_id, visited_at, failed_because, recorded_at, recorded_by)
    SELECT k + 1, back_at, 'no_answer', back_at, 'bench' FROM made WHERE back_at IS NOT NULL AND k % 30 = 0
    """,
    """
    INSERT INTO charge (posting_id, kind, variant, period, happened_on, posted_at, posted_by, funder_id, percent,
                        amount_pence, vat_pence, basis, is_issue, item_id, movement_seq, product_id, category, recycled,
                        store_id, order_id, client_id, team_id, prescriber, reason, district)
    SELECT gen_random_uuid(), CASE WHEN what.kind = 'issue' THEN CASE turn WHEN 0 THEN 'new_purchase'
                                                                    ELSE 'recycled_issue' END ELSE what.kind END,
           CASE what.kind WHEN 'delivery' THEN 'five_day' ELSE '' END, date_trunc('month', told.at)::date,
           told.at::date, told.at, 'bench', payer.id, 50,
           (500 + k * 7919 % 10000) * CASE what.kind WHEN 'credit' THEN -1 ELSE 1 END, 100,
           '50 % of £100.00 after 3 months', what.kind = 'issue', item_id, before + what.nth, product_id, category,
           turn > 0, store_id, order_no, client_id, (SELECT id FROM team WHERE code = 'T' || team),
           'prescriber.' || k % 1500, 'hospital_discharge', 'AB' || k % 90
    FROM made
    CROSS JOIN (VALUES ('issue', 3), ('delivery', 3), ('collection', 5), ('credit', 5), ('decontamination', 6))
        AS what (kind, nth)
    CROSS JOIN LATERAL (SELECT CASE WHEN what.nth = 3 THEN issued_at ELSE back_at END AS at) AS told
    CROSS JOIN generate_series(0, 1) AS part JOIN funder AS payer ON payer.code = 'B' || (k + part) % 5
    WHERE told.at IS NOT NULL ORDER BY told.at
    """,
    """
    INSERT INTO charge (posting_id, kind, variant, period, happened_on, posted_at, posted_by, funder_id, percent,
                        amount_pence, vat_pence, basis, item_id, movement_seq, product_id, category, recycled, store_id,
                        order_id, client_id, team_id, prescriber, reason, district)
    SELECT gen_random_uuid(), 'delivery', 'five_day', date_trunc('month', CAST(:until AS timestamptz))::date,
           date_trunc('month', CAST(:until AS timestamptz))::date, :until, 'bench', (SELECT min(id) FROM funder), 100,
           500, 100, '', item_id, before + 3, product_id, category, turn > 0, store_id, order_no, client_id,
           (SELECT id FROM team WHERE code = 'T' || team), 'prescriber.' || k % 1500, 'hospital_discharge', 'AB1'
    FROM generate_series(1, :newest_month) AS n JOIN made ON made.k = n % :issues
    """,
    """
    INSERT INTO finance_period (period, closed_at, closed_by, lines, totals, digest)
    SELECT CAST(month AS date), :until, 'bench', 0, '{}', ''
    FROM generate_series(date_trunc('month', CAST(:since AS timestamptz)),
                         date_trunc('month', CAST(:until AS timestamptz)) - interval '2 months', interval '1 month')
         AS month
    """,
)


async def fill(session: AsyncSession, county: County, *, until: datetime) -> None:
    """Make the five years that end at this instant."""
    size = Size(county.items)
    await session.execute(text("SELECT set_config('jit', 'off', true), set_config('work_mem', '256MB', true)"))
    # Nothing of it happened, so what guards what happens is left out; only a throw-away server's owner may.
    await session.execute(text("SET LOCAL session_replication_role = replica"))
    ends = {"first": (until - timedelta(days=DAYS + 1)).date(), "until": (until + timedelta(days=2 * 365)).date()}
    for whole in ("movement", "charge"):
        await session.execute(text(f"SELECT make_months('{whole}', :first, :until)"), ends)
    values = {
        "items": county.items,
        "issues": county.issues,
        "returns": county.returns,
        "newest_month": county.newest_month,
        "products": size.products,
        "clients": size.clients,
        "since": until - timedelta(days=DAYS),
        "until": until,
        "categories": list(register.CATEGORIES),
    }
    for statement in (*register.STATEMENTS[:3], *STATEMENTS):
        names = {name: value for name, value in values.items() if f":{name}" in statement}
        # Numbers are said to be numbers, where nothing beside them says so.
        typed = re.sub(r":(items|issues|returns|newest_month)\b", r"CAST(:\1 AS bigint)", statement)
        await session.execute(text(typed), names)
    # What the database writes with movements, charges, orders and collections, where its triggers are left out.
    some = {"kept_of": county.kept_of}
    await session.execute(text("SELECT write_spells(array_agg(id)) FROM item WHERE id % :kept_of = 0"), some)
    await session.execute(text("INSERT INTO order_timing SELECT * FROM order_timing_now"))
    await session.execute(text("INSERT INTO collection_timing SELECT * FROM collection_timing_now"))
    kept = "SELECT keep_accounts(array_agg(id), '-infinity') FROM item WHERE id % :kept_of = 0"
    await session.execute(text(kept), some)
    await session.execute(text("SELECT keep_charges_to_see_to('-infinity', 'infinity')"))
