"""A hold for what was handed in although it never left, by the record; a warning that nobody has answered is kept.

Revision: 0037, after: 0036. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0037"
down_revision: str | None = "0036"
branch_labels: str | None = None
depends_on: str | None = None

HOLDS = ("safety_notice", "fault", "investigation", "in_transit", "scrap_request")

SAID = ("answer", "answered_at", "answered_by")
TOGETHER = (
    ("ck_order_answer_answered_at_and_by_together", "answered_at", "answered_by"),
    ("ck_order_answer_answer_and_when_together", "answer", "answered_at"),
)
INDEX = "ix_order_answer_order_id_while_unanswered"
WEIGHT = "The client''s weight is not known, and this equipment must bear it. Weigh the client, or ask."


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    _hold_kinds(*HOLDS, "whereabouts_in_question")
    for name in SAID:
        op.alter_column("order_answer", name, nullable=True)
    for name, one, other in TOGETHER:
        op.create_check_constraint(op.f(name), "order_answer", f"({one} IS NULL) = ({other} IS NULL)")
    op.create_index(INDEX, "order_answer", ["order_id"], postgresql_where=sa.text("answer IS NULL"))
    # What was left out before now stands in the audit trail alone. Only a weight that is not known could be.
    op.execute(f"""
        INSERT INTO order_answer (order_id, code, subject, warning)
        SELECT asked.id, 'weight-unknown', 'client', '{WEIGHT}'
        FROM audit_event AS event JOIN equipment_order AS asked ON event.subject = 'order:' || asked.number
        WHERE event.action = 'order_submitted' AND event.detail ->> 'not_answered' = 'weight-unknown'
        ON CONFLICT DO NOTHING
    """)  # noqa: S608 - the words are the constant above


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index(INDEX, table_name="order_answer")
    for name, _, _ in TOGETHER:
        op.drop_constraint(op.f(name), "order_answer", type_="check")
    op.execute("DELETE FROM order_answer WHERE answer IS NULL")
    for name in SAID:
        op.alter_column("order_answer", name, nullable=False)
    # What was in question stays held.
    op.execute("UPDATE hold SET kind = 'investigation' WHERE kind = 'whereabouts_in_question'")
    _hold_kinds(*HOLDS)


def _hold_kinds(*kinds: str) -> None:
    op.drop_constraint(op.f("ck_hold_kind"), "hold", type_="check")
    known = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(op.f("ck_hold_kind"), "hold", f"kind IN ({known})")
