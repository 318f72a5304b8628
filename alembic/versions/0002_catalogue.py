"""Catalogue.

Revision: 0002, after: 0001. Made on 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "product",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("manufacturer", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("purchase_price_pence", sa.Integer(), nullable=False),
        sa.Column(
            "tier",
            sa.Enum(
                "standard",
                "specialist",
                "highly_specialist",
                name="tier",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("returnable", sa.Boolean(), nullable=False),
        sa.Column("single_patient_use", sa.Boolean(), nullable=False),
        sa.Column("high_risk", sa.Boolean(), nullable=False),
        sa.Column(
            "decontamination_route",
            sa.Enum(
                "wash_down",
                "thermal",
                "laundry",
                "ultrasonic",
                "contractor",
                "quarantine_then_clean",
                "cannot",
                name="decontamination_route",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("udi_di", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("safe_working_load_kg", sa.Integer(), nullable=True),
        sa.Column("dimensions", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("purchase_price_pence >= 0", name=op.f("ck_product_price_not_negative")),
        sa.CheckConstraint("safe_working_load_kg > 0", name=op.f("ck_product_safe_working_load_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("code", name=op.f("uq_product_code")),
    )
    op.create_table(
        "product_fit",
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("other_product_id", sa.BigInteger(), nullable=False),
        sa.Column("compatible", sa.Boolean(), nullable=False),
        sa.CheckConstraint("product_id <> other_product_id", name=op.f("ck_product_fit_not_with_itself")),
        sa.ForeignKeyConstraint(["other_product_id"], ["product.id"], name=op.f("fk_product_fit_other_product_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_fit_product_id")),
        sa.PrimaryKeyConstraint("product_id", "other_product_id", name=op.f("pk_product_fit")),
    )
    op.create_table(
        "product_inspection",
        sa.Column("product_id", sa.BigInteger(), nullable=False),
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
        sa.Column("every_months", sa.Integer(), nullable=False),
        sa.CheckConstraint("every_months BETWEEN 1 AND 120", name=op.f("ck_product_inspection_every_months_sensible")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_inspection_product_id")),
        sa.PrimaryKeyConstraint("product_id", "kind", name=op.f("pk_product_inspection")),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_table("product_inspection")
    op.drop_table("product_fit")
    op.drop_table("product")
