"""Clients and loans.

Revision: 0004, after: 0003. Made on 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "client",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_ref", sa.Text(), nullable=False),
        sa.Column("nhs_number", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("nhs_number ~ '^[0-9]{10}$'", name=op.f("ck_client_nhs_number_has_ten_digits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
        sa.UniqueConstraint("client_ref", name=op.f("uq_client_client_ref")),
        sa.UniqueConstraint("nhs_number", name=op.f("uq_client_nhs_number")),
    )
    op.create_table(
        "client_access",
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("notes_encrypted", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_client_access_client_id")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_client_access")),
    )
    op.create_table(
        "collection",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "speed",
            sa.Enum("standard", "urgent", name="speed", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_collection_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection")),
        sa.UniqueConstraint("number", name=op.f("uq_collection_number")),
    )
    op.create_index("ix_collection_client_id", "collection", ["client_id"])
    op.create_table(
        "loan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("loan", "trial", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("trial_ends_on", sa.Date(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint("kind <> 'trial' OR trial_ends_on IS NOT NULL", name=op.f("ck_loan_a_trial_has_an_end")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_loan_ended_at_and_by_together")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_loan_client_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_loan_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan")),
    )
    op.create_index("ix_loan_client_id", "loan", ["client_id"])
    op.create_index("ix_loan_item_id", "loan", ["item_id"])
    op.create_index(
        "uq_loan_one_open_per_item", "loan", ["item_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "reservation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_reservation_ended_at_and_by_together")
        ),
        sa.CheckConstraint("until_on >= from_on", name=op.f("ck_reservation_ends_after_it_starts")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_reservation_client_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_reservation_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservation")),
    )
    op.create_index(
        "uq_reservation_one_live_per_item",
        "reservation",
        ["item_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "collection_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("collection_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("loan_id", sa.BigInteger(), nullable=False),
        sa.Column("collected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("collected_by", sa.Text(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(cancelled_at IS NULL) = (cancelled_by IS NULL)",
            name=op.f("ck_collection_line_cancelled_at_and_by_together"),
        ),
        sa.CheckConstraint(
            "(collected_at IS NULL) = (collected_by IS NULL)",
            name=op.f("ck_collection_line_collected_at_and_by_together"),
        ),
        sa.CheckConstraint(
            "collected_at IS NULL OR cancelled_at IS NULL",
            name=op.f("ck_collection_line_not_both_collected_and_cancelled"),
        ),
        sa.ForeignKeyConstraint(["collection_id"], ["collection.id"], name=op.f("fk_collection_line_collection_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_collection_line_item_id")),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_collection_line_loan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection_line")),
    )
    op.create_index("ix_collection_line_collection_id", "collection_line", ["collection_id"])
    op.create_index(
        "uq_collection_line_one_open_per_item",
        "collection_line",
        ["item_id"],
        unique=True,
        postgresql_where=sa.text("collected_at IS NULL AND cancelled_at IS NULL"),
    )
    op.create_table(
        "trial_review",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("loan_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("keep", "collect", "extend", name="outcome", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(outcome = 'extend') = (until_on IS NOT NULL)",
            name=op.f("ck_trial_review_only_an_extension_has_a_new_end"),
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_trial_review_loan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial_review")),
    )
    op.create_index("ix_trial_review_loan_id", "trial_review", ["loan_id"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index("ix_trial_review_loan_id", table_name="trial_review")
    op.drop_table("trial_review")
    op.drop_index(
        "uq_collection_line_one_open_per_item",
        table_name="collection_line",
        postgresql_where=sa.text("collected_at IS NULL AND cancelled_at IS NULL"),
    )
    op.drop_index("ix_collection_line_collection_id", table_name="collection_line")
    op.drop_table("collection_line")
    op.drop_index(
        "uq_reservation_one_live_per_item", table_name="reservation", postgresql_where=sa.text("ended_at IS NULL")
    )
    op.drop_table("reservation")
    op.drop_index("uq_loan_one_open_per_item", table_name="loan", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_loan_item_id", table_name="loan")
    op.drop_index("ix_loan_client_id", table_name="loan")
    op.drop_table("loan")
    op.drop_index("ix_collection_client_id", table_name="collection")
    op.drop_table("collection")
    op.drop_table("client_access")
    op.drop_table("client")
