"""Reports by the day a charge happened, and of hire that goes on, begin from an index.

Revision: 0056, after: 0055. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0056"
down_revision = "0055"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("CREATE INDEX ix_charge_happened_on ON charge (happened_on)")
    op.execute("CREATE INDEX ix_charge_item_id_of_hire ON charge (item_id) WHERE kind = 'hire' AND is_issue")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP INDEX ix_charge_happened_on")
    op.execute("DROP INDEX ix_charge_item_id_of_hire")
