"""A safety notice may cover an item because something else came to the same home.

Revision: 0038, after: 0037. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0038"
down_revision: str | None = "0037"
branch_labels: str | None = None
depends_on: str | None = None

CAUSES = (
    "activation",
    "new_scope",
    "goods_in",
    "import",
    "return",
    "edit",
    "catalogue",
    "part",
    "found",
    "inspection",
    "daily",
)
NAME = "ck_notice_match_cause"


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    _causes(*CAUSES, "loan")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("UPDATE notice_match SET cause = 'daily' WHERE cause = 'loan'")
    _causes(*CAUSES)


def _causes(*causes: str) -> None:
    """What is there already is of the old causes, and not read again while the table is locked."""
    known = ", ".join(f"'{cause}'" for cause in causes)
    op.execute(f"ALTER TABLE notice_match DROP CONSTRAINT {NAME}")
    op.execute(f"ALTER TABLE notice_match ADD CONSTRAINT {NAME} CHECK (cause IN ({known})) NOT VALID")
    op.execute(f"ALTER TABLE notice_match VALIDATE CONSTRAINT {NAME}")
