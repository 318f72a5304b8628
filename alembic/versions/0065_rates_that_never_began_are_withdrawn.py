"""A rate that never began can be withdrawn: it is kept apart, with the reason, and prices nothing.

Revision: 0065, after: 0064. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0065"
down_revision = "0064"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("""
        CREATE TABLE withdrawn_tariff (
            tariff_id BIGINT NOT NULL,
            rate JSONB NOT NULL,
            because TEXT NOT NULL,
            withdrawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
            withdrawn_by TEXT NOT NULL,
            CONSTRAINT pk_withdrawn_tariff PRIMARY KEY (tariff_id)
        )
    """)
    op.execute("""
        CREATE TRIGGER withdrawn_tariff_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON withdrawn_tariff
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    # One that priced a line is kept by the line's reference to it.
    op.execute("""
        CREATE FUNCTION tariff_goes_when_withdrawn() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (SELECT FROM withdrawn_tariff WHERE tariff_id = OLD.id) THEN
                RAISE EXCEPTION 'tariff % is kept, unless it is withdrawn with a reason', OLD.id
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN OLD;
        END $$
    """)
    op.execute("DROP TRIGGER tariff_is_kept ON tariff")
    op.execute("""
        CREATE TRIGGER tariff_is_kept BEFORE TRUNCATE ON tariff FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TRIGGER tariff_goes_when_withdrawn BEFORE DELETE ON tariff
        FOR EACH ROW EXECUTE FUNCTION tariff_goes_when_withdrawn()
    """)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP TRIGGER tariff_goes_when_withdrawn ON tariff")
    op.execute("DROP FUNCTION tariff_goes_when_withdrawn")
    op.execute("DROP TRIGGER tariff_is_kept ON tariff")
    op.execute("""
        CREATE TRIGGER tariff_is_kept BEFORE DELETE OR TRUNCATE ON tariff
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    op.execute("DROP TABLE withdrawn_tariff")
