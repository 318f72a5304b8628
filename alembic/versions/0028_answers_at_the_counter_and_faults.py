"""Answers to warnings at the counter are kept with the loan; a stop-use notice says whether the item is at fault.

The code that still runs while this is deployed does not know the table, and hands out as before; a notice that it gives
says nothing of the item, which counts as a fault. What was stopped before without an order that replaces it, and is
still at a client's, is held from now on.

Revision: 0028, after: 0027. Made on 2026-12-14.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0028"
down_revision: str | None = "0027"
branch_labels: str | None = None
depends_on: str | None = None

FAULTS = ("yes", "no", "not_known")
HOLD_WHAT_WAS_STOPPED = """
    INSERT INTO hold (item_id, kind, reason, placed_at, placed_by)
    SELECT loan.item_id, 'investigation', 'Its use at a client''s was stopped: ' || notice.reason,
           now(), notice.given_by
    FROM stop_use_notice AS notice JOIN loan ON loan.id = notice.loan_id
    WHERE notice.item_fault = 'not_known' AND loan.ended_at IS NULL
      AND NOT EXISTS (SELECT FROM hold WHERE hold.item_id = loan.item_id AND lifted_at IS NULL)
"""


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "loan_answer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("loan_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("warning", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_loan_answer_loan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_answer")),
        sa.UniqueConstraint("loan_id", "code", "subject", name="uq_loan_answer_loan_id_code_subject"),
    )
    fault = sa.Column("item_fault", sa.String(length=40), server_default="not_known", nullable=False)
    op.add_column("stop_use_notice", fault)
    known = sa.column("item_fault").in_(FAULTS)
    op.create_check_constraint(op.f("ck_stop_use_notice_item_fault"), "stop_use_notice", known)
    op.execute("UPDATE stop_use_notice SET item_fault = 'no' WHERE order_id IS NOT NULL")
    op.execute(HOLD_WHAT_WAS_STOPPED)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_column("stop_use_notice", "item_fault")
    op.drop_table("loan_answer")
