"""Lines of charges that no funder pays are found by their month.

Revision: 0055, after: 0054. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0055"
down_revision = "0054"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("CREATE INDEX ix_charge_period_without_funder ON charge (period) WHERE funder_id IS NULL")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP INDEX ix_charge_period_without_funder")
