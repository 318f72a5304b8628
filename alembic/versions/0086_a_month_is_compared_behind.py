"""A month is compared behind a page: a run says how far it is, and is not over from its beginning.

Revision: 0086, after: 0085. Made on 2026-11-28.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0086"
down_revision = "0085"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("reconciliation_run", sa.Column("wanted", sa.Integer(), nullable=True))
    op.add_column("reconciliation_run", sa.Column("done", sa.Integer(), server_default="0", nullable=False))
    op.add_column("reconciliation_run", sa.Column("failure", sa.Text(), nullable=True))
    op.add_column("reconciliation_run", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("reconciliation_run", "is_ok", nullable=True)
    op.create_check_constraint(
        op.f("ck_reconciliation_run_is_over_or_under_way"),
        "reconciliation_run",
        "is_ok IS NOT NULL OR wanted IS NOT NULL",
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DELETE FROM reconciliation_run WHERE is_ok IS NULL")
    op.drop_constraint(op.f("ck_reconciliation_run_is_over_or_under_way"), "reconciliation_run", type_="check")
    op.alter_column("reconciliation_run", "is_ok", nullable=False)
    for column in ("seen_at", "failure", "done", "wanted"):
        op.drop_column("reconciliation_run", column)
