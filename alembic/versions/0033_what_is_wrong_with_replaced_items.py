"""What is replaced is asked about as what is stopped without a replacement: whether something is wrong with the item.

Nobody was asked before, and the notices of such items said that nothing was wrong: they say that it is not known from
now on, and what is still at a client's is held. The code that still runs while this is deployed leaves the column out.

Revision: 0033, after: 0032. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0033"
down_revision: str | None = "0032"
branch_labels: str | None = None
depends_on: str | None = None

FAULTS = ("yes", "no", "not_known")
# An order's notices name it; what the counter stopped is in the audit trail, written at the same instant.
HOLD_WHAT_NOBODY_WAS_ASKED_ABOUT = """
    WITH told AS (
        UPDATE stop_use_notice AS notice SET item_fault = 'not_known' FROM loan JOIN item ON item.id = loan.item_id
        WHERE loan.id = notice.loan_id AND notice.item_fault = 'no'
          AND (notice.order_id IS NOT NULL OR EXISTS (
              SELECT FROM audit_event AS said
              WHERE said.action = 'old_equipment_decided' AND said.at = notice.given_at
                AND said.detail ->> item.barcode LIKE 'stop_use:%'))
        RETURNING loan.item_id, notice.reason, notice.given_by, loan.ended_at
    )
    INSERT INTO hold (item_id, kind, reason, placed_at, placed_by)
    SELECT item_id, 'investigation', 'Its use at a client''s was stopped: ' || reason, now(), given_by FROM told
    WHERE ended_at IS NULL AND NOT EXISTS (SELECT FROM hold WHERE hold.item_id = told.item_id AND lifted_at IS NULL)
"""


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("order_supersedes", sa.Column("item_fault", sa.String(length=40), nullable=True))
    known = sa.column("item_fault").in_(FAULTS)
    op.create_check_constraint(op.f("ck_order_supersedes_item_fault"), "order_supersedes", known)
    op.execute(HOLD_WHAT_NOBODY_WAS_ASKED_ABOUT)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_column("order_supersedes", "item_fault")
