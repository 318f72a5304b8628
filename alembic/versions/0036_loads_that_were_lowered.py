"""Since when an item carries less than it did, whether its label still says the old load, and answers about a trial.

What carries less than its product already has been so since its load was certified, by the audit trail; nobody knows
whether its label was printed since. After a danger, or a thorough examination that did not pass, no examination is in
date: the next one is due since that day.

Revision: 0036, after: 0035. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0036"
down_revision: str | None = "0035"
branch_labels: str | None = None
depends_on: str | None = None

ONCE, EACH_TIME = "uq_loan_answer_loan_id_code_subject", "uq_loan_answer_one_each_time"
LOWERED = """
    UPDATE item SET load_lowered_at = said.at, label_wanted_since = said.at
    FROM (
        SELECT weaker.id, max(event.at) AS at
        FROM item AS weaker JOIN product ON product.id = weaker.product_id
        JOIN audit_event AS event ON event.subject = 'item:' || weaker.barcode AND event.action = 'load_certified'
        WHERE weaker.certified_load_kg < product.safe_working_load_kg AND weaker.state <> 'scrapped'
        GROUP BY weaker.id
    ) AS said
    WHERE item.id = said.id
"""
DUE_NOW = """
    UPDATE inspection_due AS due SET due_on = least(due.due_on, last.examined_on)
    FROM (SELECT DISTINCT ON (item_id, kind) item_id, kind, outcome, examined_on FROM standing_inspection
          ORDER BY item_id, kind, examined_on DESC, id DESC) AS last
    WHERE last.item_id = due.item_id AND last.kind = due.kind
      AND (last.outcome = 'danger' OR (last.outcome <> 'passed' AND last.kind = 'loler'))
"""


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    for name in ("load_lowered_at", "label_wanted_since"):
        op.add_column("item", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_item_id_of_lowered_loads", "item", ["id"], postgresql_where=sa.text("load_lowered_at IS NOT NULL")
    )
    op.create_unique_constraint(EACH_TIME, "loan_answer", ["loan_id", "code", "subject", "answered_at"])
    op.drop_constraint(ONCE, "loan_answer")
    op.execute(LOWERED)
    op.execute(DUE_NOW)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    # What was answered last stays.
    op.execute("""
        DELETE FROM loan_answer AS old USING loan_answer AS newer
        WHERE (newer.loan_id, newer.code, newer.subject) = (old.loan_id, old.code, old.subject) AND newer.id > old.id
    """)
    op.create_unique_constraint(ONCE, "loan_answer", ["loan_id", "code", "subject"])
    op.drop_constraint(EACH_TIME, "loan_answer")
    op.drop_index("ix_item_id_of_lowered_loads", table_name="item")
    op.drop_column("item", "label_wanted_since")
    op.drop_column("item", "load_lowered_at")
