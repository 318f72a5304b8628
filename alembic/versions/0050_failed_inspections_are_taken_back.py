"""A failed inspection that was wrong is taken back by a movement of its own.

Revision: 0050, after: 0049. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0050"
down_revision = "0049"
branch_labels: str | None = None
depends_on: str | None = None

TABLES = ("movement", "notice_prevented")
BEFORE = (
    "receive",
    "reserve",
    "release",
    "dispatch",
    "deliver",
    "issue",
    "start_trial",
    "keep_after_trial",
    "request_collection",
    "cancel_collection",
    "return",
    "start_decontamination",
    "pass_decontamination",
    "fail_decontamination",
    "pass_inspection",
    "fail_inspection",
    "complete_repair",
    "scrap",
    "mark_missing",
    "find",
    "transfer",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    _take((*BEFORE, "take_back_failure"))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    _take(BEFORE)


def _take(moves: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{move}'" for move in moves)
    for table in TABLES:
        op.execute(f"""
            ALTER TABLE {table} DROP CONSTRAINT ck_{table}_move,
            ADD CONSTRAINT ck_{table}_move CHECK (move IN ({listed}))
        """)
