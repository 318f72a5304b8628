"""A scan is compared with those that its maker made just before; a consignment says what was sent contaminated.

Revision: 0034, after: 0033. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0034"
down_revision: str | None = "0033"
branch_labels: str | None = None
depends_on: str | None = None

INDEX = "ix_return_scan_received_by_received_at"


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("consignment_line", sa.Column("sent_contaminated", sa.Boolean(), nullable=True))
    op.create_index(INDEX, "return_scan", ["received_by", "received_at"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index(INDEX, table_name="return_scan")
    op.drop_column("consignment_line", "sent_contaminated")
