"""What labels carry, the public label page, faults that are reported from it, and labels made in the background.

Revision: 0020, after: 0019. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | None = None
depends_on: str | None = None

SYMBOLS = ("code_128", "code_128_and_data_matrix", "data_matrix", "code_128_and_qr", "qr")


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column(
        "printer",
        sa.Column(
            "symbols",
            sa.Enum(*SYMBOLS, name="symbols", native_enum=False, create_constraint=True, length=40),
            server_default="code_128",
            nullable=False,
        ),
    )
    op.add_column("product", sa.Column("instructions", sa.Text(), server_default="", nullable=False))
    op.add_column("product", sa.Column("instructions_link", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "public_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address_hash", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_request")),
    )
    op.create_index(
        "ix_public_request_kind_address_hash_made_at", "public_request", ["kind", "address_hash", "made_at"]
    )
    op.create_index("ix_public_request_made_at", "public_request", ["made_at"])
    op.create_table(
        "fault_report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("is_dangerous", sa.Boolean(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hold_id", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("done", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_by IS NULL)", name=op.f("ck_fault_report_closed_at_and_by_together")
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (done IS NULL)", name=op.f("ck_fault_report_closed_at_and_done_together")
        ),
        sa.CheckConstraint(
            "is_dangerous = (hold_id IS NOT NULL)", name=op.f("ck_fault_report_what_is_dangerous_is_held")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_fault_report_item_id")),
        sa.ForeignKeyConstraint(["hold_id"], ["hold.id"], name=op.f("fk_fault_report_hold_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fault_report")),
        sa.UniqueConstraint("form_id", name=op.f("uq_fault_report_form_id")),
    )
    op.create_index("ix_fault_report_item_id", "fault_report", ["item_id"])
    op.create_index("ix_fault_report_hold_id", "fault_report", ["hold_id"])
    op.create_index("ix_fault_report_while_open", "fault_report", ["id"], postgresql_where=sa.text("closed_at IS NULL"))
    op.create_table(
        "label_job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(content IS NULL) = (file_name IS NULL)", name=op.f("ck_label_job_content_and_file_name_together")
        ),
        sa.CheckConstraint(
            "(content IS NULL) = (media_type IS NULL)", name=op.f("ck_label_job_content_and_media_type_together")
        ),
        sa.CheckConstraint("content IS NULL OR failure IS NULL", name=op.f("ck_label_job_made_or_failed")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_job")),
    )
    op.create_index("ix_label_job_made_at", "label_job", ["made_at"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_table("label_job")
    op.drop_table("fault_report")
    op.drop_table("public_request")
    op.drop_column("product", "instructions_link")
    op.drop_column("product", "instructions")
    op.drop_column("printer", "symbols")
