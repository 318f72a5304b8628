"""Finding clients and products: trigrams, weights, care providers, import references, e-mail.

Revision: 0009, after: 0008. Made on 2026-11-24.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_table(
        "care_provider",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_provider")),
        sa.UniqueConstraint("name", name=op.f("uq_care_provider_name")),
    )
    op.add_column("account", sa.Column("email", sa.Text(), nullable=True))
    op.add_column("client", sa.Column("weight_kg", sa.Integer(), nullable=True))
    op.add_column("client", sa.Column("weighed_on", sa.Date(), nullable=True))
    op.add_column("client", sa.Column("died_on", sa.Date(), nullable=True))
    op.add_column("client", sa.Column("care_provider_id", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_client_name_trigrams",
        "client",
        ["name"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    op.create_index("ix_client_postcode", "client", ["postcode"], unique=False)
    op.create_foreign_key(op.f("fk_client_care_provider_id"), "client", "care_provider", ["care_provider_id"], ["id"])
    op.add_column("item", sa.Column("import_ref", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_item_import_ref"), "item", ["import_ref"])
    op.add_column(
        "product",
        sa.Column(
            "search_text",
            sa.Text(),
            sa.Computed(
                "lower(code || ' ' || name || ' ' || manufacturer || ' ' || model || ' ' || category)", persisted=True
            ),
            nullable=False,
        ),
    )
    op.create_index("ix_product_category", "product", ["category"], unique=False)
    op.create_index(
        "ix_product_search_text_trigrams",
        "product",
        ["search_text"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    op.create_check_constraint(op.f("ck_client_weight_sensible"), "client", "weight_kg BETWEEN 1 AND 600")
    op.create_check_constraint(
        op.f("ck_client_weight_and_its_day_together"), "client", "(weight_kg IS NULL) = (weighed_on IS NULL)"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_constraint(op.f("ck_client_weight_and_its_day_together"), "client", type_="check")
    op.drop_constraint(op.f("ck_client_weight_sensible"), "client", type_="check")
    op.drop_index(
        "ix_product_search_text_trigrams",
        table_name="product",
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    op.drop_index("ix_product_category", table_name="product")
    op.drop_column("product", "search_text")
    op.drop_constraint(op.f("uq_item_import_ref"), "item", type_="unique")
    op.drop_column("item", "import_ref")
    op.drop_constraint(op.f("fk_client_care_provider_id"), "client", type_="foreignkey")
    op.drop_index("ix_client_postcode", table_name="client")
    op.drop_index(
        "ix_client_name_trigrams", table_name="client", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}
    )
    op.drop_column("client", "care_provider_id")
    op.drop_column("client", "died_on")
    op.drop_column("client", "weighed_on")
    op.drop_column("client", "weight_kg")
    op.drop_column("account", "email")
    op.drop_table("care_provider")
    op.execute("DROP EXTENSION pg_trgm")
