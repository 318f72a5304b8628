"""Stocktakes, consignments between stores, and minimum levels.

Revision: 0028, after: 0019. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0028"
down_revision: str | None = "0019"
branch_labels: str | None = None
depends_on: str | None = None

DIFFERENCES = ("missing", "other_bay", "other_store", "out", "missing_earlier", "scrapped", "in_transit")
CORRECTIONS = ("none", "mark_missing", "find", "transfer", "return")
OUTCOMES = ("accepted", "duplicate", "refused", "unknown")


def choice(name: str, values: tuple[str, ...]) -> sa.Enum:
    """A text column of these values."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "stocktake",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("bay", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_by", sa.Text(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (finished_by IS NULL)", name=op.f("ck_stocktake_finished_at_and_by_together")
        ),
        sa.CheckConstraint(
            "(cancelled_at IS NULL) = (cancelled_by IS NULL)", name=op.f("ck_stocktake_cancelled_at_and_by_together")
        ),
        sa.CheckConstraint("finished_at IS NULL OR cancelled_at IS NULL", name=op.f("ck_stocktake_ends_one_way")),
        sa.CheckConstraint("bay <> ''", name=op.f("ck_stocktake_bay_has_a_name")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_stocktake_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stocktake")),
        sa.UniqueConstraint("number", name=op.f("uq_stocktake_number")),
    )
    op.execute("""
        ALTER TABLE stocktake ADD CONSTRAINT ex_stocktake_places_of_open_ones EXCLUDE USING gist (
            store_id WITH =,
            (CASE WHEN bay IS NULL THEN int8range(NULL, NULL)
                  ELSE int8range(hashtext(lower(bay)), hashtext(lower(bay)), '[]') END) WITH &&
        ) WHERE (finished_at IS NULL AND cancelled_at IS NULL)
    """)
    op.create_table(
        "stocktake_item",
        sa.Column("stocktake_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("expected_seq", sa.Integer(), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counted_by", sa.Text(), nullable=True),
        sa.Column("counted_seq", sa.Integer(), nullable=True),
        sa.Column("difference", choice("difference", DIFFERENCES), nullable=True),
        sa.Column("correction", choice("correction", CORRECTIONS), nullable=True),
        sa.CheckConstraint(
            "(counted_at IS NULL) = (counted_by IS NULL)", name=op.f("ck_stocktake_item_counted_at_and_by_together")
        ),
        sa.CheckConstraint(
            "(counted_at IS NULL) = (counted_seq IS NULL)", name=op.f("ck_stocktake_item_counted_at_and_seq_together")
        ),
        sa.CheckConstraint(
            "(difference IS NULL) = (correction IS NULL)",
            name=op.f("ck_stocktake_item_difference_and_correction_together"),
        ),
        sa.CheckConstraint(
            "expected_seq IS NOT NULL OR counted_at IS NOT NULL", name=op.f("ck_stocktake_item_is_there_for_a_reason")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_stocktake_item_item_id")),
        sa.ForeignKeyConstraint(["stocktake_id"], ["stocktake.id"], name=op.f("fk_stocktake_item_stocktake_id")),
        sa.PrimaryKeyConstraint("stocktake_id", "item_id", name=op.f("pk_stocktake_item")),
    )
    op.create_index("ix_stocktake_item_item_id", "stocktake_item", ["item_id"], unique=False)
    op.create_table(
        "stocktake_scan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("stocktake_id", sa.BigInteger(), nullable=False),
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.Column("outcome", choice("outcome", OUTCOMES), nullable=True),
        sa.Column("result", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(["stocktake_id"], ["stocktake.id"], name=op.f("fk_stocktake_scan_stocktake_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stocktake_scan")),
        sa.UniqueConstraint("scan_id", name=op.f("uq_stocktake_scan_scan_id")),
    )
    op.create_index("ix_stocktake_scan_stocktake_id", "stocktake_scan", ["stocktake_id"], unique=False)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_table("stocktake_scan")
    op.drop_table("stocktake_item")
    op.drop_table("stocktake")
