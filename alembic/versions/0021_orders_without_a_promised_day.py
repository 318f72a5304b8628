"""An order is promised for a day only when there is something to send.

Revision: 0021, after: 0020. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | None = None
depends_on: str | None = None

TOGETHER = "ck_equipment_order_submitted_at_and_promised_on_together"
ONLY_SUBMITTED = "ck_equipment_order_only_what_is_submitted_is_promised"


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_constraint(op.f(TOGETHER), "equipment_order", type_="check")
    op.create_check_constraint(
        op.f(ONLY_SUBMITTED), "equipment_order", "promised_on IS NULL OR submitted_at IS NOT NULL"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    # Before, every order had a day from its submission on.
    op.execute(
        "UPDATE equipment_order SET promised_on = (submitted_at AT TIME ZONE 'Europe/London')::date "
        "WHERE submitted_at IS NOT NULL AND promised_on IS NULL"
    )
    op.drop_constraint(op.f(ONLY_SUBMITTED), "equipment_order", type_="check")
    op.create_check_constraint(op.f(TOGETHER), "equipment_order", "(submitted_at IS NULL) = (promised_on IS NULL)")
