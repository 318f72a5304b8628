"""A scan is compared with those that its maker made just before.

Revision: 0031, after: 0029. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0031"
down_revision: str | None = "0029"
branch_labels: str | None = None
depends_on: str | None = None

INDEX = "ix_return_scan_received_by_received_at"


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_index(INDEX, "return_scan", ["received_by", "received_at"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index(INDEX, table_name="return_scan")
