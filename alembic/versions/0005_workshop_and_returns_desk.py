"""Workshop and returns desk.

Revision: 0005, after: 0004. Made on 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "return_scan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "accepted",
                "duplicate",
                "refused",
                "unknown",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("reconciled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reconciled_by", sa.Text(), nullable=True),
        sa.Column("reconciled_note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(reconciled_at IS NULL) = (reconciled_by IS NULL)",
            name=op.f("ck_return_scan_reconciled_at_and_by_together"),
        ),
        sa.CheckConstraint(
            "(reconciled_at IS NULL) = (reconciled_note IS NULL)",
            name=op.f("ck_return_scan_reconciled_at_and_note_together"),
        ),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_return_scan_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_scan")),
        sa.UniqueConstraint("scan_id", name=op.f("uq_return_scan_scan_id")),
    )
    op.create_index(
        "ix_return_scan_to_reconcile",
        "return_scan",
        ["id"],
        unique=False,
        postgresql_where=sa.text("outcome IN ('refused', 'unknown') AND reconciled_at IS NULL"),
    )
    op.create_table(
        "decontamination",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "route",
            sa.Enum(
                "wash_down",
                "thermal",
                "laundry",
                "ultrasonic",
                "contractor",
                "quarantine_then_clean",
                "cannot",
                name="route",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_by", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_by", sa.Text(), nullable=True),
        sa.Column("finished_seq", sa.Integer(), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum("passed", "failed", "cannot", name="outcome", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (finished_by IS NULL)", name=op.f("ck_decontamination_finished_at_and_by_together")
        ),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (finished_seq IS NULL)",
            name=op.f("ck_decontamination_finished_at_and_seq_together"),
        ),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (outcome IS NULL)",
            name=op.f("ck_decontamination_finished_at_and_outcome_together"),
        ),
        sa.CheckConstraint(
            "(started_at IS NULL) = (route IS NULL)", name=op.f("ck_decontamination_started_at_and_route_together")
        ),
        sa.CheckConstraint(
            "(started_at IS NULL) = (started_by IS NULL)", name=op.f("ck_decontamination_started_at_and_by_together")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_decontamination_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decontamination")),
    )
    op.create_index("ix_decontamination_item_id_id", "decontamination", ["item_id", "id"])
    op.create_index(
        "uq_decontamination_one_open_per_item",
        "decontamination",
        ["item_id"],
        unique=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_table(
        "inspection",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "loler",
                "pat",
                "service",
                "functional",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.Enum("passed", "failed", "danger", name="outcome", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("inspected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("inspected_by", sa.Text(), nullable=False),
        sa.Column("next_due_on", sa.Date(), nullable=True),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_inspection_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
    )
    op.create_index("ix_inspection_item_id_kind_id", "inspection", ["item_id", "kind", "id"])
    op.create_table(
        "inspection_due",
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "loler",
                "pat",
                "service",
                "functional",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_inspection_due_item_id")),
        sa.PrimaryKeyConstraint("item_id", "kind", name=op.f("pk_inspection_due")),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_table("inspection_due")
    op.drop_index("ix_inspection_item_id_kind_id", table_name="inspection")
    op.drop_table("inspection")
    op.drop_index(
        "uq_decontamination_one_open_per_item",
        table_name="decontamination",
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.drop_index("ix_decontamination_item_id_id", table_name="decontamination")
    op.drop_table("decontamination")
    op.drop_index(
        "ix_return_scan_to_reconcile",
        table_name="return_scan",
        postgresql_where=sa.text("outcome IN ('refused', 'unknown') AND reconciled_at IS NULL"),
    )
    op.drop_table("return_scan")
