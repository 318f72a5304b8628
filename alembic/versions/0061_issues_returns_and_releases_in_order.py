"""Issues, returns and releases of an item in their order: the recycling rates are counted from them.

Revision: 0061, after: 0060. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0061"
down_revision = "0060"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("""
        CREATE INDEX ix_movement_item_id_seq_of_spells ON movement (item_id, seq)
        INCLUDE (id, at, store_id, move, from_state)
        WHERE move IN ('issue', 'deliver') OR move = 'start_trial' AND from_state <> 'awaiting_collection'
           OR move IN ('return', 'find') OR move = 'release' AND from_state = 'awaiting_inspection'
    """)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP INDEX ix_movement_item_id_seq_of_spells")
