"""Who changed what is recorded of an item that a notice holds, and a serial number that was read off its label.

Revision: 0044, after: 0043. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0044"
down_revision = "0043"
branch_labels: str | None = None
depends_on: str | None = None

READ = ("serial_read", "serial_before")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("notice_match", sa.Column("weakened_by", sa.Text(), nullable=True))
    for name in READ:
        op.add_column("notice_match_action", sa.Column(name, sa.Text(), nullable=True))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    for name in reversed(READ):
        op.drop_column("notice_match_action", name)
    op.drop_column("notice_match", "weakened_by")
