"""Inspections: corrections, reports of thorough examination, copies for the authority, visits, decisions.

Revision: 0024, after: 0023. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: str | None = None
depends_on: str | None = None

KINDS = ("loler", "pat", "service", "functional")
APPEND_ONLY = ("inspection", "thorough_examination", "inspection_visit_try")


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column(
        "inspection", sa.Column("examined_on", sa.Date(), server_default=sa.text("CURRENT_DATE"), nullable=False)
    )
    op.execute("UPDATE inspection SET examined_on = CAST(inspected_at AT TIME ZONE 'Europe/London' AS date)")
    op.add_column("inspection", sa.Column("due_before", sa.Date(), nullable=True))
    op.add_column("inspection", sa.Column("supersedes_id", sa.BigInteger(), nullable=True))
    op.add_column("inspection", sa.Column("supersede_reason", sa.Text(), nullable=True))
    op.create_foreign_key("fk_inspection_supersedes_id", "inspection", "inspection", ["supersedes_id"], ["id"])
    op.create_unique_constraint("uq_inspection_supersedes_id", "inspection", ["supersedes_id"])
    op.create_check_constraint(
        op.f("ck_inspection_supersedes_and_reason_together"),
        "inspection",
        "(supersedes_id IS NULL) = (supersede_reason IS NULL)",
    )
    op.create_table(
        "thorough_examination",
        sa.Column("inspection_id", sa.BigInteger(), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspection.id"], name=op.f("fk_thorough_examination_inspection_id")
        ),
        sa.PrimaryKeyConstraint("inspection_id", name=op.f("pk_thorough_examination")),
    )
    _create_authority_copy()
    _create_examination_decision()
    _create_visits()
    for table in APPEND_ONLY:
        op.execute(f"""
            CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """)
    op.execute("""
        CREATE VIEW standing_inspection AS
        SELECT inspection.id, inspection.item_id, inspection.kind, inspection.outcome, inspection.seq,
               inspection.inspected_at, inspection.inspected_by, inspection.examined_on, inspection.next_due_on,
               inspection.notes
        FROM inspection
        WHERE NOT EXISTS (SELECT FROM inspection AS newer WHERE newer.supersedes_id = inspection.id)
    """)


def _create_authority_copy() -> None:
    op.create_table(
        "authority_copy",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("inspection_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("sent_to", sa.Text(), nullable=True),
        sa.Column("sent_how", sa.Text(), server_default="", nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.Column("chased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(sent_on IS NULL) = (sent_to IS NULL)", name=op.f("ck_authority_copy_sent_on_and_to_together")
        ),
        sa.CheckConstraint(
            "(sent_on IS NULL) = (recorded_at IS NULL)", name=op.f("ck_authority_copy_sent_on_and_recorded_at_together")
        ),
        sa.CheckConstraint(
            "(recorded_at IS NULL) = (recorded_by IS NULL)",
            name=op.f("ck_authority_copy_recorded_at_and_by_together"),
        ),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspection.id"], name=op.f("fk_authority_copy_inspection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority_copy")),
        sa.UniqueConstraint("inspection_id", name="uq_authority_copy_inspection_id"),
    )
    op.create_index(
        "ix_authority_copy_id_while_open", "authority_copy", ["id"], postgresql_where=sa.text("sent_on IS NULL")
    )


def _create_examination_decision() -> None:
    op.create_table(
        "examination_decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "handing_out",
            sa.Enum(
                "release", "issue", "allocate", name="handing_out", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_examination_decision_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_examination_decision")),
    )
    op.create_index("ix_examination_decision_item_id", "examination_decision", ["item_id"])


def _create_visits() -> None:
    op.create_table(
        "inspection_visit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("visitor", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_by", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_because", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_inspection_visit_ended_at_and_by_together")
        ),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_inspection_visit_tries_not_negative")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_inspection_visit_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_visit")),
    )
    op.create_index("ix_inspection_visit_client_id", "inspection_visit", ["client_id"])
    op.create_index(
        "ix_inspection_visit_planned_on_while_open",
        "inspection_visit",
        ["planned_on", "id"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "inspection_visit_item",
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("is_open", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("inspection_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["visit_id"], ["inspection_visit.id"], name=op.f("fk_inspection_visit_item_visit_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_inspection_visit_item_item_id")),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspection.id"], name=op.f("fk_inspection_visit_item_inspection_id")
        ),
        sa.PrimaryKeyConstraint("visit_id", "item_id", "kind", name=op.f("pk_inspection_visit_item")),
    )
    op.create_index(
        "uq_inspection_visit_item_one_open_per_item_and_kind",
        "inspection_visit_item",
        ["item_id", "kind"],
        unique=True,
        postgresql_where=sa.text("is_open"),
    )
    op.create_index("ix_inspection_visit_item_inspection_id", "inspection_visit_item", ["inspection_id"])
    op.create_table(
        "inspection_visit_try",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["inspection_visit.id"], name=op.f("fk_inspection_visit_try_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_visit_try")),
    )
    op.create_index("ix_inspection_visit_try_visit_id", "inspection_visit_try", ["visit_id"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP VIEW standing_inspection")
    for table in (
        "inspection_visit_try",
        "inspection_visit_item",
        "inspection_visit",
        "examination_decision",
        "authority_copy",
        "thorough_examination",
    ):
        op.drop_table(table)
    op.execute("DROP TRIGGER inspection_is_append_only ON inspection")
    for column in ("supersede_reason", "supersedes_id", "due_before", "examined_on"):
        op.drop_column("inspection", column)
