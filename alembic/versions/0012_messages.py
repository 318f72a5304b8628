"""Messages to people, sent by the worker.

Revision: 0012, after: 0011. Made on 2026-11-24.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), server_default="", nullable=False),
        sa.Column("to_account_id", sa.BigInteger(), nullable=True),
        sa.Column("to_email", sa.Text(), nullable=True),
        sa.Column("to_name", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_as", sa.Text(), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "sent_at IS NULL OR given_up_at IS NULL", name=op.f("ck_message_not_both_sent_and_given_up")
        ),
        sa.CheckConstraint("to_account_id IS NOT NULL OR to_email IS NOT NULL", name=op.f("ck_message_to_somebody")),
        sa.ForeignKeyConstraint(["to_account_id"], ["account.id"], name=op.f("fk_message_to_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_index("ix_message_about", "message", ["about"], unique=False)
    op.create_index(
        "ix_message_next_try_at_while_open",
        "message",
        ["next_try_at"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL AND given_up_at IS NULL"),
    )
    op.create_index("ix_message_to_account_id", "message", ["to_account_id"], unique=False)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index("ix_message_to_account_id", table_name="message")
    op.drop_index(
        "ix_message_next_try_at_while_open",
        table_name="message",
        postgresql_where=sa.text("sent_at IS NULL AND given_up_at IS NULL"),
    )
    op.drop_index("ix_message_about", table_name="message")
    op.drop_table("message")
