"""Items and their movements.

Revision: 0003, after: 0002. Made on 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute(sa.schema.CreateSequence(sa.Sequence("asset_number", maxvalue=9_999_999)))
    op.create_table(
        "item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("barcode", sa.Text(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("serial_number", sa.Text(), nullable=True),
        sa.Column("serial_key", sa.Text(), nullable=True),
        sa.Column("lot_number", sa.Text(), nullable=True),
        sa.Column("manufactured_on", sa.Date(), nullable=True),
        sa.Column(
            "manufactured_precision",
            sa.Enum(
                "day",
                "week",
                "month",
                "year",
                name="manufactured_precision",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("dispatched_on", sa.Date(), nullable=True),
        sa.Column("purchase_price_pence", sa.Integer(), nullable=False),
        sa.Column("udi_di", sa.Text(), nullable=True),
        sa.Column("condition", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "in_stock",
                "reserved",
                "dispatched",
                "on_loan",
                "on_trial",
                "awaiting_collection",
                "returned",
                "decontaminating",
                "awaiting_inspection",
                "in_repair",
                "scrapped",
                "missing",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("bay", sa.Text(), nullable=True),
        sa.Column("times_issued", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("last_hash", sa.Text(), nullable=False),
        sa.Column("returned_seq", sa.Integer(), nullable=True),
        sa.Column("inspectable_seq", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(manufactured_on IS NULL) = (manufactured_precision IS NULL)",
            name=op.f("ck_item_manufactured_on_and_precision_together"),
        ),
        sa.CheckConstraint(
            "(serial_number IS NULL) = (serial_key IS NULL)", name=op.f("ck_item_serial_number_and_key_together")
        ),
        sa.CheckConstraint("purchase_price_pence >= 0", name=op.f("ck_item_price_not_negative")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_item_product_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_item_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint("barcode", name=op.f("uq_item_barcode")),
        sa.UniqueConstraint("product_id", "serial_key", name="uq_item_serial_number_within_product"),
    )
    op.create_index("ix_item_product_id_state", "item", ["product_id", "state"])
    op.create_index("ix_item_serial_key", "item", ["serial_key"])
    op.create_index("ix_item_state_store_id", "item", ["state", "store_id"])
    op.create_table(
        "hold",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "safety_notice",
                "fault",
                "investigation",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lift_reason IS NULL)", name=op.f("ck_hold_lifted_at_and_reason_together")
        ),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name=op.f("ck_hold_lifted_at_and_by_together")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_hold_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(
        "ix_hold_item_id_while_open", "hold", ["item_id"], unique=False, postgresql_where=sa.text("lifted_at IS NULL")
    )
    op.create_table(
        "movement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column(
            "move",
            sa.Enum(
                "receive",
                "reserve",
                "release",
                "dispatch",
                "deliver",
                "issue",
                "start_trial",
                "keep_after_trial",
                "request_collection",
                "cancel_collection",
                "return",
                "start_decontamination",
                "pass_decontamination",
                "fail_decontamination",
                "pass_inspection",
                "fail_inspection",
                "complete_repair",
                "scrap",
                "mark_missing",
                "find",
                "transfer",
                name="move",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "from_state",
            sa.Enum(
                "in_stock",
                "reserved",
                "dispatched",
                "on_loan",
                "on_trial",
                "awaiting_collection",
                "returned",
                "decontaminating",
                "awaiting_inspection",
                "in_repair",
                "scrapped",
                "missing",
                name="from_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "in_stock",
                "reserved",
                "dispatched",
                "on_loan",
                "on_trial",
                "awaiting_collection",
                "returned",
                "decontaminating",
                "awaiting_inspection",
                "in_repair",
                "scrapped",
                "missing",
                name="to_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("bay", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(from_state IS NULL) = (move = 'receive')", name=op.f("ck_movement_only_a_receipt_comes_from_nowhere")
        ),
        sa.CheckConstraint("(seq = 1) = (move = 'receive')", name=op.f("ck_movement_a_receipt_is_first")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_movement_item_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_movement_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_movement")),
        sa.UniqueConstraint("item_id", "seq", "to_state", name="uq_movement_item_id_seq_to_state"),
        sa.UniqueConstraint("item_id", "seq", name="uq_movement_item_id_seq"),
    )
    op.create_index("ix_movement_at", "movement", ["at"])
    # A state without its movement cannot be committed. Checked at the end: the two rows are written together.
    op.create_foreign_key(
        "fk_item_state_is_that_of_its_last_movement",
        "item",
        "movement",
        ["id", "last_seq", "state"],
        ["item_id", "seq", "to_state"],
        deferrable=True,
        initially="DEFERRED",
    )
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only: write a new line that corrects the old one', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER movement_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON movement
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index("ix_movement_at", table_name="movement")
    op.drop_constraint("fk_item_state_is_that_of_its_last_movement", "item", type_="foreignkey")
    op.drop_table("movement")
    op.drop_index("ix_hold_item_id_while_open", table_name="hold", postgresql_where=sa.text("lifted_at IS NULL"))
    op.drop_table("hold")
    op.drop_index("ix_item_state_store_id", table_name="item")
    op.drop_index("ix_item_serial_key", table_name="item")
    op.drop_index("ix_item_product_id_state", table_name="item")
    op.drop_table("item")
    op.execute("DROP FUNCTION refuse_change()")
    op.execute(sa.schema.DropSequence(sa.Sequence("asset_number")))
