"""A stocktake that ended keeps how many were expected and counted; what it found different has an index.

Dangerous faults have one too.

Revision: 0075, after: 0074. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0075"
down_revision = "0074"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("""
        ALTER TABLE stocktake ADD COLUMN expected INTEGER, ADD COLUMN counted INTEGER,
        ADD CONSTRAINT ck_stocktake_expected_and_counted_together CHECK ((expected IS NULL) = (counted IS NULL))
    """)
    # Those that end while the old code still runs keep none, and are counted when they are looked at.
    op.execute("""
        UPDATE stocktake SET expected = had.expected, counted = had.counted
        FROM (SELECT count.id, count(line.expected_seq) AS expected,
                     count(line.counted_at) FILTER (WHERE line.expected_seq IS NOT NULL) AS counted
              FROM stocktake AS count LEFT JOIN stocktake_item AS line ON line.stocktake_id = count.id
              WHERE count.finished_at IS NOT NULL OR count.cancelled_at IS NOT NULL GROUP BY count.id) AS had
        WHERE had.id = stocktake.id
    """)
    op.execute("""
        CREATE INDEX ix_stocktake_item_that_differed ON stocktake_item (stocktake_id, item_id)
        WHERE difference IS NOT NULL
    """)
    op.execute("CREATE INDEX ix_fault_report_id_of_dangerous ON fault_report (id) WHERE is_dangerous")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP INDEX ix_fault_report_id_of_dangerous")
    op.execute("DROP INDEX ix_stocktake_item_that_differed")
    op.execute("ALTER TABLE stocktake DROP COLUMN counted, DROP COLUMN expected")
