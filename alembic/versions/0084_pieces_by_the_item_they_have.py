"""The open pieces that have an item are found by it, and what a hold keeps is not planned anew with each.

Whoever holds an item asks which order waits for it. A reservation that ended is in no index by its item, so all that
ever were made were walked for one. A piece has its item beside it while it has a reservation: of some hundreds that are
open at a time there is an index now. An entry is written when an item is kept for a piece.

Revision: 0084, after: 0083. Made on 2026-11-28.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0084"
down_revision = "0083"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_index(
        "ix_order_unit_item_id_while_open",
        "order_unit",
        ["item_id"],
        postgresql_where=sa.text("item_id IS NOT NULL AND loan_id IS NULL AND cancelled_at IS NULL"),
    )
    op.execute("ALTER FUNCTION keep_held_since(bigint[]) SET plan_cache_mode = force_generic_plan")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("ALTER FUNCTION keep_held_since(bigint[]) RESET plan_cache_mode")
    op.drop_index("ix_order_unit_item_id_while_open", table_name="order_unit")
