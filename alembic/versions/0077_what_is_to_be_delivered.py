"""Orders that still have to be delivered are found by their promised day and their visits in vain, without all others.

Revision: 0077, after: 0076. Made on 2026-11-28.
"""

from alembic import op

revision: str = "0077"
down_revision = "0076"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("""
        CREATE INDEX ix_order_timing_promised_on_while_open ON order_timing (promised_on, order_id)
        WHERE is_approved AND delivered_on IS NULL
    """)
    op.execute("""
        CREATE INDEX ix_order_timing_order_id_of_failed_visits_while_open ON order_timing (order_id)
        WHERE is_approved AND delivered_on IS NULL AND failed_visits > 0
    """)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP INDEX ix_order_timing_order_id_of_failed_visits_while_open")
    op.execute("DROP INDEX ix_order_timing_promised_on_while_open")
