"""Stocktakes, consignments between stores, and minimum levels.

Revision: 0027, after: 0026. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0027"
down_revision: str | None = "0026"
branch_labels: str | None = None
depends_on: str | None = None

DIFFERENCES = ("missing", "other_bay", "other_store", "out", "missing_earlier", "scrapped", "in_transit")
CORRECTIONS = ("none", "mark_missing", "find", "transfer", "return")
HOLDS = ("safety_notice", "fault", "investigation")
SCANS = ("return", "delivery", "collection")
INTO = ("stocktake", "sent", "received")


def choice(name: str, values: tuple[str, ...]) -> sa.Enum:
    """A text column of these values."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def hold_kinds(*values: str) -> None:
    """Let a hold be of these kinds."""
    op.drop_constraint(op.f("ck_hold_kind"), "hold", type_="check")
    listed = ", ".join(f"'{value}'" for value in values)
    op.create_check_constraint(op.f("ck_hold_kind"), "hold", f"kind IN ({listed})")


def scan_kinds(*values: str) -> None:
    """Let a scan be of these kinds."""
    op.drop_constraint(op.f("ck_return_scan_kind"), "return_scan", type_="check")
    op.create_check_constraint(op.f("ck_return_scan_kind"), "return_scan", sa.column("kind").in_(values))


def stamped(table: str, what: str, other: str) -> sa.CheckConstraint:
    """Two columns that are filled together or not at all."""
    name = op.f(f"ck_{table}_{what}_at_and_{other}_together")
    column = "hold_id" if other == "hold" else f"{what}_store_id" if other == "store" else f"{what}_{other}"
    return sa.CheckConstraint(f"({what}_at IS NULL) = ({column} IS NULL)", name=name)


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
    op.add_column("return_scan", sa.Column("scanned_into", sa.Text(), nullable=True))
    scan_kinds(*SCANS, *INTO)
    into = ", ".join(f"'{kind}'" for kind in INTO)
    op.create_check_constraint(
        op.f("ck_return_scan_kind_says_into_what"), "return_scan", f"(scanned_into IS NOT NULL) = (kind IN ({into}))"
    )
    op.create_index(
        "ix_return_scan_scanned_into",
        "return_scan",
        ["scanned_into"],
        postgresql_where=sa.text("scanned_into IS NOT NULL"),
    )
    op.create_table(
        "consignment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("from_store_id", sa.BigInteger(), nullable=False),
        sa.Column("to_store_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.Text(), nullable=True),
        stamped("consignment", "cancelled", "by"),
        sa.CheckConstraint("from_store_id <> to_store_id", name=op.f("ck_consignment_goes_somewhere_else")),
        sa.ForeignKeyConstraint(["from_store_id"], ["store.id"], name=op.f("fk_consignment_from_store_id")),
        sa.ForeignKeyConstraint(["to_store_id"], ["store.id"], name=op.f("fk_consignment_to_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consignment")),
        sa.UniqueConstraint("number", name=op.f("uq_consignment_number")),
    )
    op.create_table(
        "consignment_want",
        sa.Column("consignment_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity BETWEEN 1 AND 500", name=op.f("ck_consignment_want_quantity_in_range")),
        sa.ForeignKeyConstraint(
            ["consignment_id"], ["consignment.id"], name=op.f("fk_consignment_want_consignment_id")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_consignment_want_product_id")),
        sa.PrimaryKeyConstraint("consignment_id", "product_id", name=op.f("pk_consignment_want")),
    )
    op.create_table(
        "consignment_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("consignment_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by", sa.Text(), nullable=True),
        sa.Column("hold_id", sa.BigInteger(), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived_by", sa.Text(), nullable=True),
        sa.Column("arrived_store_id", sa.BigInteger(), nullable=True),
        sa.Column("missing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missing_by", sa.Text(), nullable=True),
        sa.Column("missing_reason", sa.Text(), nullable=True),
        *(
            stamped("consignment_line", *pair)
            for pair in (
                ("sent", "by"),
                ("sent", "hold"),
                ("arrived", "by"),
                ("arrived", "store"),
                ("missing", "by"),
                ("missing", "reason"),
            )
        ),
        sa.CheckConstraint("arrived_at IS NULL OR missing_at IS NULL", name=op.f("ck_consignment_line_ends_one_way")),
        sa.CheckConstraint(
            "sent_at IS NOT NULL OR arrived_at IS NOT NULL", name=op.f("ck_consignment_line_was_sent_or_arrived")
        ),
        sa.ForeignKeyConstraint(
            ["consignment_id"], ["consignment.id"], name=op.f("fk_consignment_line_consignment_id")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_consignment_line_item_id")),
        sa.ForeignKeyConstraint(["hold_id"], ["hold.id"], name=op.f("fk_consignment_line_hold_id")),
        sa.ForeignKeyConstraint(["arrived_store_id"], ["store.id"], name=op.f("fk_consignment_line_arrived_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consignment_line")),
        sa.UniqueConstraint("consignment_id", "item_id", name="uq_consignment_line_consignment_id_item_id"),
    )
    op.create_index(
        "uq_consignment_line_one_open_per_item",
        "consignment_line",
        ["item_id"],
        unique=True,
        postgresql_where=sa.text("arrived_at IS NULL AND missing_at IS NULL"),
    )
    op.create_table(
        "minimum_level",
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=False),
        sa.CheckConstraint("minimum BETWEEN 1 AND 500", name=op.f("ck_minimum_level_minimum_in_range")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_minimum_level_product_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_minimum_level_store_id")),
        sa.PrimaryKeyConstraint("store_id", "product_id", name=op.f("pk_minimum_level")),
    )
    hold_kinds(*HOLDS, "in_transit")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_table("minimum_level")
    op.drop_table("consignment_line")
    op.drop_table("consignment_want")
    op.drop_table("consignment")
    # The code that comes back does not know this kind: what is on its way stays held, for somebody to look into.
    op.execute("UPDATE hold SET kind = 'investigation' WHERE kind = 'in_transit'")
    hold_kinds(*HOLDS)
    # The code that comes back does not know these scans; what they did to the items stays.
    op.execute("DELETE FROM return_scan WHERE scanned_into IS NOT NULL")
    op.drop_column("return_scan", "scanned_into")
    scan_kinds(*SCANS)
    op.drop_table("stocktake_item")
    op.drop_table("stocktake")
