"""A scan writes less: indexes without what is not there, and who paid for a new issue from its own lines.

Each move of an item writes a new row of it into every index that holds it, for its state is in one. Most have no number
of an earlier system and half have no serial number: indexes leave out what has none. The serial number comes first in
the one that keeps it unique, which answers what the other of serial numbers alone did; nobody needs that any more.
Days of a spell that have not come are left out too.

The last inspection of a kind is the newest by the day on which the item was examined: its index goes by that day, so
that one is read, and not all that ever were of the item and sorted.

A fifth of each page of accounts stays free: an account is changed twice with each return, and what stays on its page
is not written into its index again. Pages that are full get it as their rows move.

Who paid for a new issue is who is named in the lines that are written. Lines are never changed, and those that take
another back or correct it do not count, so these and what the spell holds already are all. When lines came before
their spell, which the account of the item tells, they are looked for in the months as before.

Revision: 0080, after: 0079. Made on 2026-11-28.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: str = "0080"
down_revision = "0079"
branch_labels: str | None = None
depends_on: str | None = None

ASKED: Final = (
    "funders_of_an_issue(written.item_id, written.seq, "
    "date_trunc('month', written.at AT TIME ZONE 'Europe/London')::date)"
)
ASKED_IF_LINES_CAME_BEFORE: Final = f"""
                   CASE WHEN EXISTS (SELECT FROM item_account AS kept
                                     WHERE kept.item_id = written.item_id AND kept.issue_seq = written.seq)
                   THEN {ASKED} ELSE '{{}}' END
""".strip()
FROM_THE_MONTHS: Final = """
            UPDATE spell SET funder_ids = funders_of_an_issue(spell.item_id, spell.issued_seq,
                        date_trunc('month', spell.issued_at AT TIME ZONE 'Europe/London')::date)
            FROM written
            WHERE written.is_issue AND written.reversal_of IS NULL AND written.corrects_id IS NULL
              AND spell.item_id = written.item_id AND spell.issued_seq = written.movement_seq
              AND NOT COALESCE(written.funder_id = ANY(spell.funder_ids), true);
""".strip()
FROM_THE_LINES: Final = """
            UPDATE spell
            SET funder_ids = ARRAY(SELECT unnest(spell.funder_ids) UNION SELECT unnest(told.funder_ids) ORDER BY 1)
            FROM (SELECT item_id, movement_seq, array_agg(DISTINCT funder_id) AS funder_ids FROM written
                  WHERE is_issue AND reversal_of IS NULL AND corrects_id IS NULL AND funder_id IS NOT NULL
                  GROUP BY item_id, movement_seq) AS told
            WHERE spell.item_id = told.item_id AND spell.issued_seq = told.movement_seq
              AND NOT told.funder_ids <@ spell.funder_ids;
""".strip()
TOUCHED: Final = "charge_touches_spells()"
WRITTEN: Final = "movement_writes_spells()"
DAYS: Final = ("collected_at", "passed_at")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    _swap(WRITTEN, ASKED, ASKED_IF_LINES_CAME_BEFORE)
    _swap(TOUCHED, FROM_THE_MONTHS, FROM_THE_LINES)
    op.drop_constraint(op.f("uq_item_import_ref"), "item", type_="unique")
    op.drop_constraint(op.f("uq_item_serial_number_within_product"), "item", type_="unique")
    op.drop_index("ix_item_serial_key", table_name="item")
    op.create_index(
        "uq_item_import_ref", "item", ["import_ref"], unique=True, postgresql_where=sa.text("import_ref IS NOT NULL")
    )
    op.create_index(
        "uq_item_serial_number_within_product",
        "item",
        ["serial_key", "product_id"],
        unique=True,
        postgresql_where=sa.text("serial_key IS NOT NULL"),
    )
    op.execute("ALTER TABLE item_account SET (fillfactor = 80)")
    for day in DAYS:
        op.drop_index(f"ix_spell_{day}", table_name="spell")
        op.create_index(f"ix_spell_{day}", "spell", [day], postgresql_where=sa.text(f"{day} IS NOT NULL"))
    op.drop_index("ix_inspection_item_id_kind_id", table_name="inspection")
    op.create_index("ix_inspection_item_id_kind_examined_on_id", "inspection", ["item_id", "kind", "examined_on", "id"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index("ix_inspection_item_id_kind_examined_on_id", table_name="inspection")
    op.create_index("ix_inspection_item_id_kind_id", "inspection", ["item_id", "kind", "id"])
    op.execute("ALTER TABLE item_account RESET (fillfactor)")
    for day in DAYS:
        op.drop_index(f"ix_spell_{day}", table_name="spell")
        op.create_index(f"ix_spell_{day}", "spell", [day])
    op.drop_index("uq_item_serial_number_within_product", table_name="item")
    op.drop_index("uq_item_import_ref", table_name="item")
    op.create_index("ix_item_serial_key", "item", ["serial_key"])
    op.create_unique_constraint(op.f("uq_item_serial_number_within_product"), "item", ["product_id", "serial_key"])
    op.create_unique_constraint(op.f("uq_item_import_ref"), "item", ["import_ref"])
    _swap(TOUCHED, FROM_THE_LINES, FROM_THE_MONTHS)
    _swap(WRITTEN, ASKED_IF_LINES_CAME_BEFORE, ASKED)


def _swap(function: str, old: str, new: str) -> None:
    """This part of the trigger's function, which is there."""
    op.execute(f"""
        DO $do$
        DECLARE
            was text := pg_get_functiondef('{function}'::regprocedure);
        BEGIN
            IF position($old${old}$old$ IN was) = 0 THEN
                RAISE EXCEPTION 'The function {function} is not as it was made.';
            END IF;
            EXECUTE replace(was, $old${old}$old$, $new${new}$new$);
        END $do$
    """)
