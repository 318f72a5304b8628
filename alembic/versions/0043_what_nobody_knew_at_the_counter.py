"""Warnings at the counter that a short form left without an answer, and loans of which a weight is wanted.

Revision: 0043, after: 0042. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0043"
down_revision = "0042"
branch_labels: str | None = None
depends_on: str | None = None

SAID = ("answer", "answered_at", "answered_by")
WHEN_AND_BY = "ck_loan_answer_answered_at_and_by_together"
ANSWER_AND_WHEN = "ck_loan_answer_answer_and_when_together"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    for name in SAID:
        op.alter_column("loan_answer", name, nullable=True)
    op.create_check_constraint(op.f(WHEN_AND_BY), "loan_answer", "(answered_at IS NULL) = (answered_by IS NULL)")
    op.create_check_constraint(op.f(ANSWER_AND_WHEN), "loan_answer", "(answer IS NULL) = (answered_at IS NULL)")
    op.create_index(
        "uq_loan_answer_one_while_unanswered",
        "loan_answer",
        ["loan_id", "code", "subject"],
        unique=True,
        postgresql_where=sa.text("answer IS NULL"),
    )
    op.add_column("loan", sa.Column("weight_wanted_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_loan_id_while_weight_is_wanted",
        "loan",
        ["id"],
        postgresql_where=sa.text("weight_wanted_since IS NOT NULL AND ended_at IS NULL"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index("ix_loan_id_while_weight_is_wanted", table_name="loan")
    op.drop_column("loan", "weight_wanted_since")
    op.drop_index("uq_loan_answer_one_while_unanswered", table_name="loan_answer")
    op.drop_constraint(op.f(ANSWER_AND_WHEN), "loan_answer")
    op.drop_constraint(op.f(WHEN_AND_BY), "loan_answer")
    # That they were left without an answer stands in the audit trail too.
    op.execute("DELETE FROM loan_answer WHERE answer IS NULL")
    for name in SAID:
        op.alter_column("loan_answer", name, nullable=False)
