"""The last month that has charges is found by its part.

`max(period)` of all charges read every line there is, for no index begins with the month: 0.2 s for the list of months
of a county. It is that of the last part with a line, as the oldest is that of the first (`first_month_of_charges`).

Revision: 0085, after: 0084. Made on 2026-11-28.
"""

from alembic import op

revision: str = "0085"
down_revision = "0084"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("""
        CREATE FUNCTION last_month_of_charges() RETURNS date LANGUAGE plpgsql STABLE AS $$
        DECLARE
            of_no_month date := (SELECT max(period) FROM months.charge_other);
            part regclass;
            found date;
        BEGIN
            FOR part IN
                SELECT inhrelid FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                WHERE inhparent = 'charge'::regclass AND relname <> 'charge_other' ORDER BY relname DESC
            LOOP
                EXECUTE format('SELECT period FROM %s LIMIT 1', part) INTO found;
                EXIT WHEN found IS NOT NULL;
            END LOOP;
            RETURN GREATEST(found, of_no_month);
        END $$
    """)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP FUNCTION last_month_of_charges()")
