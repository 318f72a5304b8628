"""What ends a panel's approval without a new decision: it expired, or a chair's action was not ratified.

Revision: 0041, after: 0040. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0041"
down_revision = "0040"
branch_labels: str | None = None
depends_on: str | None = None

TABLES = ("panel_lapse", "panel_ratification")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("""
        CREATE TABLE panel_lapse (
            decision_id BIGINT NOT NULL,
            kind VARCHAR(40) NOT NULL,
            lapsed_at TIMESTAMP WITH TIME ZONE NOT NULL,
            lapsed_by TEXT NOT NULL,
            CONSTRAINT pk_panel_lapse PRIMARY KEY (decision_id),
            CONSTRAINT fk_panel_lapse_decision_id FOREIGN KEY(decision_id) REFERENCES panel_decision (id),
            CONSTRAINT ck_panel_lapse_kind CHECK (kind IN ('expired', 'not_ratified'))
        )
    """)
    op.execute("""
        CREATE TABLE panel_ratification (
            decision_id BIGINT NOT NULL,
            meeting_id BIGINT NOT NULL,
            is_ratified BOOLEAN NOT NULL,
            reasons TEXT DEFAULT '' NOT NULL,
            took_part JSONB NOT NULL,
            ratified_at TIMESTAMP WITH TIME ZONE NOT NULL,
            ratified_by TEXT NOT NULL,
            CONSTRAINT pk_panel_ratification PRIMARY KEY (decision_id),
            CONSTRAINT fk_panel_ratification_decision_id FOREIGN KEY(decision_id) REFERENCES panel_decision (id),
            CONSTRAINT fk_panel_ratification_meeting_id FOREIGN KEY(meeting_id) REFERENCES panel_meeting (id)
        )
    """)
    op.execute("CREATE INDEX ix_panel_ratification_meeting_id ON panel_ratification (meeting_id)")
    for table in TABLES:
        op.execute(f"""
            CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    for table in reversed(TABLES):
        op.drop_table(table)
