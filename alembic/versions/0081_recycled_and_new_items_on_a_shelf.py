"""Recycled and new items of a product on a shelf are found each without the other.

The number of issues changes with the state alone, which stands in this index already: it is written no more often.

Revision: 0081, after: 0080. Made on 2026-11-28.
"""

from alembic import op

revision: str = "0081"
down_revision = "0080"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("CREATE INDEX ix_item_product_id_state_times_issued ON item (product_id, state, times_issued)")
    op.execute("DROP INDEX ix_item_product_id_state")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("CREATE INDEX ix_item_product_id_state ON item (product_id, state)")
    op.execute("DROP INDEX ix_item_product_id_state_times_issued")
