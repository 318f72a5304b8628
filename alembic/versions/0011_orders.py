"""Orders, their lines and units, warnings answered, old equipment, deliveries.

Revision: 0011, after: 0010. Made on 2026-11-24.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None

# What `domain/ordering.py` says of an order's state, for lists: it follows from reservations, items and loans.
ORDER_STATE = """
    CREATE VIEW equipment_order_state AS
    SELECT asked.id AS order_id, CASE WHEN asked.decision <> 'approved' THEN asked.decision::text ELSE COALESCE((
        SELECT CASE min(CASE WHEN unit.loan_id IS NOT NULL THEN 3
                             WHEN kept.ended_at IS NOT NULL OR kept.id IS NULL THEN 0
                             WHEN item.state = 'dispatched' THEN 2
                             WHEN item.state = 'reserved' AND asked.allocated_at IS NOT NULL THEN 1
                             ELSE 0 END)
               WHEN 3 THEN 'delivered' WHEN 2 THEN 'dispatched' WHEN 1 THEN 'allocated' ELSE 'approved' END
        FROM order_line AS line JOIN order_unit AS unit ON unit.order_line_id = line.id
        LEFT JOIN reservation AS kept ON kept.id = unit.reservation_id
        LEFT JOIN item ON item.id = kept.item_id
        WHERE line.order_id = asked.id AND unit.cancelled_at IS NULL
    ), 'cancelled') END AS state
    FROM equipment_order AS asked
"""


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "equipment_order",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("funder_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "speed",
            sa.Enum(
                "emergency",
                "same_day",
                "next_day",
                "three_day",
                "five_day",
                "seven_day",
                name="speed",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.Enum(
                "hospital_discharge",
                "admission_avoidance",
                "end_of_life",
                "prevention",
                "long_term_need",
                "change_of_need",
                "replacement",
                "carer_support",
                "other",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("clinical_reasoning", sa.Text(), nullable=False),
        sa.Column(
            "decision",
            sa.Enum(
                "draft",
                "awaiting_authorisation",
                "awaiting_panel",
                "approved",
                "declined",
                "cancelled",
                name="decision",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("authority", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("allocated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("allocated_by", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(decision = 'draft') = (submitted_at IS NULL) OR decision = 'cancelled'",
            name=op.f("ck_equipment_order_submitted"),
        ),
        sa.CheckConstraint(
            "decision <> 'declined' OR decision_reason IS NOT NULL",
            name=op.f("ck_equipment_order_a_declined_order_has_a_reason"),
        ),
        sa.CheckConstraint(
            "(allocated_at IS NULL) = (allocated_by IS NULL)",
            name=op.f("ck_equipment_order_allocated_at_and_by_together"),
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_equipment_order_decided_at_and_by_together")
        ),
        sa.CheckConstraint(
            "(submitted_at IS NULL) = (promised_on IS NULL)",
            name=op.f("ck_equipment_order_submitted_at_and_promised_on_together"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_equipment_order_client_id")),
        sa.ForeignKeyConstraint(["funder_id"], ["funder.id"], name=op.f("fk_equipment_order_funder_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_equipment_order_store_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_equipment_order_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment_order")),
        sa.UniqueConstraint("number", name=op.f("uq_equipment_order_number")),
    )
    op.create_index("ix_equipment_order_client_id", "equipment_order", ["client_id"], unique=False)
    op.create_index("ix_equipment_order_decision", "equipment_order", ["decision", "id"], unique=False)
    op.create_index("ix_equipment_order_made_by", "equipment_order", ["made_by"], unique=False)
    op.create_index("ix_equipment_order_team_id", "equipment_order", ["team_id"], unique=False)
    op.create_table(
        "delivery_visit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("visited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("barcodes", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=True),
        sa.Column("failed_because", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(received_by IS NULL) <> (failed_because IS NULL)",
            name=op.f("ck_delivery_visit_either_delivered_or_failed"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["equipment_order.id"], name=op.f("fk_delivery_visit_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_visit")),
    )
    op.create_index("ix_delivery_visit_order_id", "delivery_visit", ["order_id"], unique=False)
    op.create_table(
        "order_answer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("warning", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["equipment_order.id"], name=op.f("fk_order_answer_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_answer")),
        sa.UniqueConstraint("order_id", "code", "subject", name="uq_order_answer_order_id_code_subject"),
    )
    op.create_table(
        "order_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("loan", "trial", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("trial_days", sa.Integer(), nullable=True),
        sa.Column("trial_goals", sa.Text(), nullable=True),
        sa.Column("accept_equivalent", sa.Boolean(), nullable=False),
        sa.Column("prefer_new", sa.Boolean(), nullable=False),
        sa.Column("reason_for_new", sa.Text(), nullable=True),
        sa.Column("unit_price_pence", sa.Integer(), nullable=False),
        sa.Column("explanation", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.CheckConstraint(
            "(kind = 'trial') = (trial_days IS NOT NULL)", name=op.f("ck_order_line_only_a_trial_has_days")
        ),
        sa.CheckConstraint(
            "NOT prefer_new OR reason_for_new IS NOT NULL", name=op.f("ck_order_line_new_needs_a_reason")
        ),
        sa.CheckConstraint("quantity BETWEEN 1 AND 50", name=op.f("ck_order_line_quantity_sensible")),
        sa.CheckConstraint("trial_days BETWEEN 1 AND 366", name=op.f("ck_order_line_trial_days_sensible")),
        sa.ForeignKeyConstraint(["order_id"], ["equipment_order.id"], name=op.f("fk_order_line_order_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_order_line_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint("order_id", "position", name="uq_order_line_order_id_position"),
    )
    op.create_table(
        "order_supersedes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("loan_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "action",
            sa.Enum("keep", "stop_use", "collect", name="action", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("collection_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["collection_id"], ["collection.id"], name=op.f("fk_order_supersedes_collection_id")),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_order_supersedes_loan_id")),
        sa.ForeignKeyConstraint(["order_id"], ["equipment_order.id"], name=op.f("fk_order_supersedes_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_supersedes")),
        sa.UniqueConstraint("order_id", "loan_id", name="uq_order_supersedes_order_id_loan_id"),
    )
    op.create_table(
        "stop_use_notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("loan_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("care_provider_id", sa.BigInteger(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("acknowledged_how", sa.Text(), nullable=True),
        sa.Column("chased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)",
            name=op.f("ck_stop_use_notice_acknowledged_at_and_by_together"),
        ),
        sa.ForeignKeyConstraint(
            ["care_provider_id"], ["care_provider.id"], name=op.f("fk_stop_use_notice_care_provider_id")
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_stop_use_notice_loan_id")),
        sa.ForeignKeyConstraint(["order_id"], ["equipment_order.id"], name=op.f("fk_stop_use_notice_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stop_use_notice")),
        sa.UniqueConstraint("loan_id", name="uq_stop_use_notice_loan_id"),
    )
    op.create_table(
        "order_unit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("reservation_id", sa.BigInteger(), nullable=True),
        sa.Column("loan_id", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(cancelled_at IS NULL) = (cancelled_by IS NULL)", name=op.f("ck_order_unit_cancelled_at_and_by_together")
        ),
        sa.CheckConstraint(
            "loan_id IS NULL OR cancelled_at IS NULL", name=op.f("ck_order_unit_not_both_delivered_and_cancelled")
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_order_unit_loan_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_order_unit_order_line_id")),
        sa.ForeignKeyConstraint(["reservation_id"], ["reservation.id"], name=op.f("fk_order_unit_reservation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_unit")),
        sa.UniqueConstraint("loan_id", name="uq_order_unit_loan_id"),
        sa.UniqueConstraint("reservation_id", name="uq_order_unit_reservation_id"),
    )
    op.create_index("ix_order_unit_order_line_id", "order_unit", ["order_line_id"], unique=False)
    op.execute(ORDER_STATE)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP VIEW equipment_order_state")
    op.drop_index("ix_order_unit_order_line_id", table_name="order_unit")
    op.drop_table("order_unit")
    op.drop_table("stop_use_notice")
    op.drop_table("order_supersedes")
    op.drop_table("order_line")
    op.drop_table("order_answer")
    op.drop_index("ix_delivery_visit_order_id", table_name="delivery_visit")
    op.drop_table("delivery_visit")
    op.drop_index("ix_equipment_order_team_id", table_name="equipment_order")
    op.drop_index("ix_equipment_order_made_by", table_name="equipment_order")
    op.drop_index("ix_equipment_order_decision", table_name="equipment_order")
    op.drop_index("ix_equipment_order_client_id", table_name="equipment_order")
    op.drop_table("equipment_order")
