"""What somebody saw last of what the scope of a safety notice would hit.

Revision: 0052, after: 0051. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0052"
down_revision = "0051"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "notice_preview",
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_by", sa.Text(), nullable=False),
        sa.Column("scope_number", sa.Integer(), nullable=False),
        sa.Column("affected", sa.Integer(), nullable=False),
        sa.Column("possible", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["safety_notice.id"], name=op.f("fk_notice_preview_notice_id")),
        sa.PrimaryKeyConstraint("notice_id", "seen_by", name=op.f("pk_notice_preview")),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_table("notice_preview")
