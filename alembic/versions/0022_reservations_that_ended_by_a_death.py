"""Reservations say that they ended because the client died.

Revision: 0022, after: 0021. Made on 2026-11-26.
"""

from alembic import op

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: str | None = None
depends_on: str | None = None

BEFORE = ("given_up", "taken", "expired", "item_unfit", "item_missing", "order_ended")


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    _allow((*BEFORE, "client_died"))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("UPDATE reservation SET ended_because = 'given_up' WHERE ended_because = 'client_died'")
    _allow(BEFORE)


def _allow(reasons: tuple[str, ...]) -> None:
    name = op.f("ck_reservation_ended_because")
    op.drop_constraint(name, "reservation", type_="check")
    op.create_check_constraint(name, "reservation", f"ended_because IN ({', '.join(repr(one) for one in reasons)})")
