"""Reservations with dates, what a trial showed, and collections with their visits and finds.

Revision: 0010, after: 0009. Made on 2026-11-24.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "collection_found",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("collection_id", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=False),
        sa.Column("reconciled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reconciled_by", sa.Text(), nullable=True),
        sa.Column("reconciled_note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(reconciled_at IS NULL) = (reconciled_by IS NULL)",
            name=op.f("ck_collection_found_reconciled_at_and_by_together"),
        ),
        sa.ForeignKeyConstraint(["collection_id"], ["collection.id"], name=op.f("fk_collection_found_collection_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_collection_found_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection_found")),
    )
    op.create_index("ix_collection_found_collection_id", "collection_found", ["collection_id"], unique=False)
    op.create_table(
        "collection_visit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("collection_id", sa.BigInteger(), nullable=False),
        sa.Column("visited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failed_because", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["collection_id"], ["collection.id"], name=op.f("fk_collection_visit_collection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection_visit")),
    )
    op.create_index("ix_collection_visit_collection_id", "collection_visit", ["collection_id"], unique=False)
    op.add_column("collection", sa.Column("contact_name", sa.Text(), server_default="", nullable=False))
    op.add_column("collection", sa.Column("contact_phone", sa.Text(), server_default="", nullable=False))
    op.add_column("collection", sa.Column("is_bereavement", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("collection", sa.Column("list_agreed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("collection", sa.Column("list_agreed_by", sa.Text(), nullable=True))
    op.add_column("collection", sa.Column("scheduled_on", sa.Date(), nullable=True))
    op.add_column("loan", sa.Column("trial_goals", sa.Text(), nullable=True))
    op.add_column("loan", sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("reservation", sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "reservation",
        sa.Column(
            "ended_because",
            sa.Enum(
                "given_up",
                "taken",
                "expired",
                "item_unfit",
                "item_missing",
                "order_ended",
                name="ended_because",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
    )
    op.drop_index(
        op.f("uq_reservation_one_live_per_item"), table_name="reservation", postgresql_where="(ended_at IS NULL)"
    )
    op.create_index("ix_reservation_client_id", "reservation", ["client_id"], unique=False)
    op.create_index(
        "ix_reservation_until_on_while_live",
        "reservation",
        ["until_on"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.add_column("trial_review", sa.Column("tried_what", sa.Text(), server_default="", nullable=False))
    op.add_column("trial_review", sa.Column("tried_where", sa.Text(), server_default="", nullable=False))
    op.add_column("trial_review", sa.Column("who_was_there", sa.Text(), server_default="", nullable=False))
    op.add_column("trial_review", sa.Column("result", sa.Text(), server_default="", nullable=False))
    op.execute("""
        ALTER TABLE reservation ADD CONSTRAINT ex_reservation_dates_of_one_item
        EXCLUDE USING gist (item_id WITH =, daterange(from_on, until_on, '[]') WITH &&) WHERE (ended_at IS NULL)
    """)
    op.create_check_constraint(
        op.f("ck_collection_list_agreed_at_and_by_together"),
        "collection",
        "(list_agreed_at IS NULL) = (list_agreed_by IS NULL)",
    )
    op.create_check_constraint(
        op.f("ck_collection_bereavement_has_one_contact"), "collection", "NOT is_bereavement OR contact_name <> ''"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_constraint("ex_reservation_dates_of_one_item", "reservation")
    op.drop_constraint(op.f("ck_collection_bereavement_has_one_contact"), "collection", type_="check")
    op.drop_constraint(op.f("ck_collection_list_agreed_at_and_by_together"), "collection", type_="check")
    op.drop_column("trial_review", "result")
    op.drop_column("trial_review", "who_was_there")
    op.drop_column("trial_review", "tried_where")
    op.drop_column("trial_review", "tried_what")
    op.drop_index(
        "ix_reservation_until_on_while_live", table_name="reservation", postgresql_where=sa.text("ended_at IS NULL")
    )
    op.drop_index("ix_reservation_client_id", table_name="reservation")
    # The code that comes back knows one live reservation of an item: the first stays, and who lost a later one can be
    # found by `ended_by`.
    op.execute("""
        UPDATE reservation AS later SET ended_at = now(), ended_by = 'migration'
        WHERE ended_at IS NULL AND EXISTS (
            SELECT FROM reservation AS first WHERE first.item_id = later.item_id AND first.ended_at IS NULL
              AND (first.from_on, first.id) < (later.from_on, later.id))
    """)
    op.create_index(
        op.f("uq_reservation_one_live_per_item"),
        "reservation",
        ["item_id"],
        unique=True,
        postgresql_where="(ended_at IS NULL)",
    )
    op.drop_column("reservation", "ended_because")
    op.drop_column("reservation", "warned_at")
    op.drop_column("loan", "warned_at")
    op.drop_column("loan", "trial_goals")
    op.drop_column("collection", "scheduled_on")
    op.drop_column("collection", "list_agreed_by")
    op.drop_column("collection", "list_agreed_at")
    op.drop_column("collection", "is_bereavement")
    op.drop_column("collection", "contact_phone")
    op.drop_column("collection", "contact_name")
    op.drop_index("ix_collection_visit_collection_id", table_name="collection_visit")
    op.drop_table("collection_visit")
    op.drop_index("ix_collection_found_collection_id", table_name="collection_found")
    op.drop_table("collection_found")
    op.execute("DROP EXTENSION btree_gist")
