"""Whether a look at an item that a safety notice covers found it sound.

Revision: 0053, after: 0052. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0053"
down_revision = "0052"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("ALTER TABLE notice_match_action ADD COLUMN sound BOOLEAN")
    op.execute("""
        CREATE INDEX ix_notice_match_action_match_id_where_read ON notice_match_action (match_id)
        WHERE serial_read IS NOT NULL
    """)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP INDEX ix_notice_match_action_match_id_where_read")
    op.execute("ALTER TABLE notice_match_action DROP COLUMN sound")
