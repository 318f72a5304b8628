"""Teams, prescribers' authority and its delegation, panels and funders.

Revision: 0008, after: 0007. Made on 2026-11-24.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "funder",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funder")),
        sa.UniqueConstraint("code", name=op.f("uq_funder_code")),
    )
    op.create_table(
        "panel",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("orders_above_pence", sa.Integer(), nullable=True),
        sa.Column("decides_highly_specialist", sa.Boolean(), nullable=False),
        sa.CheckConstraint("orders_above_pence >= 0", name=op.f("ck_panel_threshold_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel")),
        sa.UniqueConstraint("code", name=op.f("uq_panel_code")),
    )
    op.create_table(
        "team",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("code", name=op.f("uq_team_code")),
    )
    op.create_table(
        "delegation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("from_account_id", sa.BigInteger(), nullable=False),
        sa.Column("to_account_id", sa.BigInteger(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_delegation_ended_at_and_by_together")
        ),
        sa.CheckConstraint("from_account_id <> to_account_id", name=op.f("ck_delegation_not_to_oneself")),
        sa.CheckConstraint("until_on >= from_on", name=op.f("ck_delegation_ends_after_it_starts")),
        sa.ForeignKeyConstraint(["from_account_id"], ["account.id"], name=op.f("fk_delegation_from_account_id")),
        sa.ForeignKeyConstraint(["to_account_id"], ["account.id"], name=op.f("fk_delegation_to_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    op.create_index("ix_delegation_from_account_id", "delegation", ["from_account_id"], unique=False)
    op.create_index("ix_delegation_to_account_id", "delegation", ["to_account_id"], unique=False)
    op.create_table(
        "prescriber",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
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
        sa.Column("spend_limit_pence", sa.Integer(), nullable=False),
        sa.Column("registration_number", sa.Text(), nullable=True),
        sa.Column("registration_expires_on", sa.Date(), nullable=True),
        sa.Column("is_supervised", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(registration_number IS NULL) = (registration_expires_on IS NULL)",
            name=op.f("ck_prescriber_registration_number_and_expiry_together"),
        ),
        sa.CheckConstraint("spend_limit_pence >= 0", name=op.f("ck_prescriber_limit_not_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_prescriber_account_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_prescriber_team_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_prescriber")),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_table("prescriber")
    op.drop_index("ix_delegation_to_account_id", table_name="delegation")
    op.drop_index("ix_delegation_from_account_id", table_name="delegation")
    op.drop_table("delegation")
    op.drop_table("team")
    op.drop_table("panel")
    op.drop_table("funder")
