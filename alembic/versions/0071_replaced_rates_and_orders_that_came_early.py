"""A rate remembers that another replaced it, and when it was to end: it can go on where that one is withdrawn.

Orders are found by the day on which they count: their promised day, or the day on which they came before it.

Revision: 0071, after: 0070. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0071"
down_revision = "0070"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("""
        ALTER TABLE tariff ADD COLUMN replaced_at TIMESTAMP WITH TIME ZONE, ADD COLUMN replaced_end DATE,
        ADD CONSTRAINT ck_tariff_what_was_replaced_had_an_end
            CHECK (replaced_end IS NULL OR replaced_at IS NOT NULL AND replaced_end > ends_on)
    """)
    op.execute("CREATE INDEX ix_order_timing_counted_on ON order_timing ((LEAST(promised_on, delivered_on)))")
    op.execute("DROP INDEX ix_order_timing_promised_on")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("CREATE INDEX ix_order_timing_promised_on ON order_timing (promised_on)")
    op.execute("DROP INDEX ix_order_timing_counted_on")
    op.execute("ALTER TABLE tariff DROP COLUMN replaced_end, DROP COLUMN replaced_at")
