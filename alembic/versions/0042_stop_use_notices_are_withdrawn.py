"""A stop-use notice that was given by mistake is withdrawn by another person and stays on record.

Revision: 0042, after: 0041. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0042"
down_revision = "0041"
branch_labels: str | None = None
depends_on: str | None = None

CHECKS = {
    "stands_or_is_withdrawn": "(loan_id IS NULL) = (withdrawn_at IS NOT NULL)",
    "withdrawn_with_all_facts": (
        "num_nonnulls(withdrawn_at, withdrawn_by, withdrawn_reason, withdrawn_loan_id) IN (0, 4)"
    ),
    "withdrawn_by_another_person": "withdrawn_by <> given_by",
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("""
        ALTER TABLE stop_use_notice
            ALTER COLUMN loan_id DROP NOT NULL,
            ADD COLUMN withdrawn_at TIMESTAMP WITH TIME ZONE,
            ADD COLUMN withdrawn_by TEXT,
            ADD COLUMN withdrawn_reason TEXT,
            ADD COLUMN withdrawn_loan_id BIGINT
                CONSTRAINT fk_stop_use_notice_withdrawn_loan_id REFERENCES loan (id)
    """)
    for name, check in CHECKS.items():
        op.execute(f"ALTER TABLE stop_use_notice ADD CONSTRAINT ck_stop_use_notice_{name} CHECK ({check})")
    op.execute("CREATE INDEX ix_stop_use_notice_withdrawn_loan_id ON stop_use_notice (withdrawn_loan_id)")


def downgrade() -> None:
    # Fails where a notice was withdrawn: whether that stands again is not for a migration to say.
    op.execute("SET LOCAL lock_timeout = '4s'")
    for name in reversed(CHECKS):
        op.execute(f"ALTER TABLE stop_use_notice DROP CONSTRAINT ck_stop_use_notice_{name}")
    op.execute("""
        ALTER TABLE stop_use_notice
            ALTER COLUMN loan_id SET NOT NULL,
            DROP COLUMN withdrawn_at,
            DROP COLUMN withdrawn_by,
            DROP COLUMN withdrawn_reason,
            DROP COLUMN withdrawn_loan_id
    """)
