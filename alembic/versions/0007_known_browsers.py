"""Known browsers, and accounts that are changed.

Revision: 0007, after: 0006. Made on 2026-11-24.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("account", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.create_table(
        "known_browser",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_known_browser_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_browser")),
        sa.UniqueConstraint("secret_hash", "account_id", name=op.f("uq_known_browser_secret_hash_account_id")),
    )
    op.create_index("ix_known_browser_account_id", "known_browser", ["account_id"])
    op.add_column("sign_in_failure", sa.Column("known_browser_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_sign_in_failure_known_browser_id"),
        "sign_in_failure",
        "known_browser",
        ["known_browser_id"],
        ["id"],
    )
    op.create_index("ix_sign_in_failure_known_browser_id", "sign_in_failure", ["known_browser_id"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index("ix_sign_in_failure_known_browser_id", table_name="sign_in_failure")
    op.drop_constraint(op.f("fk_sign_in_failure_known_browser_id"), "sign_in_failure", type_="foreignkey")
    op.drop_column("sign_in_failure", "known_browser_id")
    op.drop_index("ix_known_browser_account_id", table_name="known_browser")
    op.drop_table("known_browser")
    op.drop_column("account", "version")
