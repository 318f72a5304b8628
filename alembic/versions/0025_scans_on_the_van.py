"""Deliveries and collections are scanned too; a device's wrong clock is put right and both times are kept.

The code that still runs while this is deployed writes returns only, which is what the new column says by itself.

Revision: 0025, after: 0024. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: str | None = None
depends_on: str | None = None

KINDS = ("return", "delivery", "collection")


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("return_scan", sa.Column("kind", sa.String(length=40), server_default="return", nullable=False))
    op.create_check_constraint(op.f("ck_return_scan_kind"), "return_scan", sa.column("kind").in_(KINDS))
    op.add_column("return_scan", sa.Column("handed_to", sa.Text(), nullable=True))
    op.add_column("return_scan", sa.Column("order_number", sa.Text(), nullable=True))
    op.add_column("return_scan", sa.Column("device_scanned_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("collection_line", sa.Column("picked_up_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("collection_line", sa.Column("picked_up_by", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_collection_line_picked_up_at_and_by_together"),
        "collection_line",
        "(picked_up_at IS NULL) = (picked_up_by IS NULL)",
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    for column in ("picked_up_at", "picked_up_by"):
        op.drop_column("collection_line", column)
    for column in ("kind", "handed_to", "order_number", "device_scanned_at"):
        op.drop_column("return_scan", column)
