"""Tries to reach a person, an item that nobody can trace at a client who has gone, and the evidence of a closing.

Revision: 0045, after: 0044. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0045"
down_revision = "0044"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("""
        ALTER TABLE notice_review
            ADD COLUMN tries INTEGER DEFAULT 0 NOT NULL,
            ADD COLUMN tried_on DATE,
            ADD COLUMN escalated_at TIMESTAMP WITH TIME ZONE,
            ADD CONSTRAINT ck_notice_review_tries_have_a_day CHECK ((tries > 0) = (tried_on IS NOT NULL)),
            DROP CONSTRAINT ck_notice_review_outcome,
            ADD CONSTRAINT ck_notice_review_outcome
                CHECK (outcome IN ('no_change', 'changed', 'not_reached', 'unreachable')),
            DROP CONSTRAINT uq_notice_review_notice_id_client_id
    """)
    op.execute("""
        CREATE UNIQUE INDEX uq_notice_review_notice_id_client_id_while_open ON notice_review (notice_id, client_id)
        WHERE done_at IS NULL
    """)
    op.execute("CREATE INDEX ix_notice_review_notice_id_client_id ON notice_review (notice_id, client_id)")
    op.execute("ALTER TABLE notice_match_action ADD COLUMN to_confirm BOOLEAN DEFAULT false NOT NULL")
    op.execute("""
        CREATE TABLE notice_pack (
            closing_id BIGINT NOT NULL,
            content TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            CONSTRAINT pk_notice_pack PRIMARY KEY (closing_id),
            CONSTRAINT fk_notice_pack_closing_id FOREIGN KEY(closing_id) REFERENCES notice_closing (id)
        )
    """)
    op.execute("""
        CREATE TRIGGER notice_pack_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notice_pack
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_table("notice_pack")
    op.execute("ALTER TABLE notice_match_action DROP COLUMN to_confirm")
    # One review of a person is what the older code knows: the one that is open, or the newest.
    op.execute("ALTER TABLE notice_review DISABLE TRIGGER notice_review_is_kept")
    op.execute("""
        DELETE FROM notice_review AS review USING notice_review AS better
        WHERE better.notice_id = review.notice_id AND better.client_id = review.client_id
          AND (better.done_at IS NULL, better.id) > (review.done_at IS NULL, review.id)
    """)
    op.execute("ALTER TABLE notice_review ENABLE TRIGGER notice_review_is_kept")
    op.execute("UPDATE notice_review SET outcome = 'not_reached' WHERE outcome = 'unreachable'")
    op.execute("DROP INDEX uq_notice_review_notice_id_client_id_while_open")
    op.execute("DROP INDEX ix_notice_review_notice_id_client_id")
    op.execute("""
        ALTER TABLE notice_review
            DROP CONSTRAINT ck_notice_review_tries_have_a_day,
            DROP COLUMN tries, DROP COLUMN tried_on, DROP COLUMN escalated_at,
            DROP CONSTRAINT ck_notice_review_outcome,
            ADD CONSTRAINT ck_notice_review_outcome CHECK (outcome IN ('no_change', 'changed', 'not_reached')),
            ADD CONSTRAINT uq_notice_review_notice_id_client_id UNIQUE (notice_id, client_id)
    """)
