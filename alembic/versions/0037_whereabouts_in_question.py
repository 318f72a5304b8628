"""A hold for what was handed in although it never left, by the record.

Revision: 0037, after: 0035. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0037"
down_revision: str | None = "0035"
branch_labels: str | None = None
depends_on: str | None = None

HOLDS = ("safety_notice", "fault", "investigation", "in_transit", "scrap_request")


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    _hold_kinds(*HOLDS, "whereabouts_in_question")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    # What was in question stays held.
    op.execute("UPDATE hold SET kind = 'investigation' WHERE kind = 'whereabouts_in_question'")
    _hold_kinds(*HOLDS)


def _hold_kinds(*kinds: str) -> None:
    op.drop_constraint(op.f("ck_hold_kind"), "hold", type_="check")
    known = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(op.f("ck_hold_kind"), "hold", f"kind IN ({known})")
