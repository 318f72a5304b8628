"""Other names of makers, by which safety notices find what was sold under them.

Revision: 0032, after: 0031. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0032"
down_revision = "0031"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "maker_alias",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("resolves_to", sa.Text(), nullable=False),
        sa.Column("resolves_to_key", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("name_key <> resolves_to_key", name=op.f("ck_maker_alias_not_of_itself")),
        sa.CheckConstraint("from_on <= until_on", name=op.f("ck_maker_alias_ends_after_it_begins")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maker_alias")),
    )
    op.create_index(
        "uq_maker_alias_name_key_resolves_to_key_from_on",
        "maker_alias",
        ["name_key", "resolves_to_key", "from_on"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_table("maker_alias")
