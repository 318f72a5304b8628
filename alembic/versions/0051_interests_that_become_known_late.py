"""Approvals that hold no more because of interests, and who has written in a case.

Revision: 0051, after: 0050. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0051"
down_revision = "0050"
branch_labels: str | None = None
depends_on: str | None = None

BEFORE, AFTER = "('expired', 'not_ratified')", "('expired', 'not_ratified', 'conflict')"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    _take(AFTER)
    op.execute("ALTER TABLE panel_case ADD COLUMN changed_by JSONB DEFAULT '[]' NOT NULL")
    # Who has written in a case already is in the audit trail.
    op.execute("""
        UPDATE panel_case SET changed_by = wrote.usernames
        FROM (SELECT subject, jsonb_agg(DISTINCT chain) AS usernames FROM audit_event
              WHERE action IN ('panel_case_changed', 'panel_attachment_added', 'panel_attachment_taken_out')
              GROUP BY subject) AS wrote
        WHERE wrote.subject = 'panel_case:' || panel_case.number
    """)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("ALTER TABLE panel_case DROP COLUMN changed_by")
    # The older code knows no better word for what others must decide again.
    op.execute("ALTER TABLE panel_lapse DISABLE TRIGGER panel_lapse_is_append_only")
    op.execute("UPDATE panel_lapse SET kind = 'not_ratified' WHERE kind = 'conflict'")
    op.execute("ALTER TABLE panel_lapse ENABLE TRIGGER panel_lapse_is_append_only")
    _take(BEFORE)


def _take(kinds: str) -> None:
    op.execute("ALTER TABLE panel_lapse DROP CONSTRAINT ck_panel_lapse_kind")
    op.execute(f"ALTER TABLE panel_lapse ADD CONSTRAINT ck_panel_lapse_kind CHECK (kind IN {kinds})")
