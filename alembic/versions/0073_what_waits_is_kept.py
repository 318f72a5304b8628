"""What finance has to see to is kept beside the charges, and what is scrapped is not due an inspection any more.

Revision: 0073, after: 0072. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0073"
down_revision = "0072"
branch_labels: str | None = None
depends_on: str | None = None

# As `NOBODYS` of app/charging.py has it, but for whether the line was taken back.
NOBODYS = """
    line.funder_id IS NULL AND line.client_id IS NOT NULL
    AND (line.is_issue OR line.kind IN ('hire', 'delivery', 'collection', 'failed_visit'))
"""
TO_SEE_TO = f"line.reversal_of IS NULL AND (line.is_unpriced OR {NOBODYS})"
# In both functions that write an item down as one without a day, the line that now leaves out what is scrapped.
WRITE_ITEMS_DOWN = ("inspection_loses_its_day", "product_asks_for_inspections")
WHICHEVER = "WHERE NOT EXISTS (SELECT FROM inspection_due AS known"
NOT_SCRAPPED = "WHERE item.state <> 'scrapped' AND NOT EXISTS (SELECT FROM inspection_due AS known"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    # Somebody's own, the newest first, whether they made many or none.
    op.execute("DROP INDEX ix_equipment_order_made_by")
    op.execute("CREATE INDEX ix_equipment_order_made_by ON equipment_order (made_by, id)")
    _keep_what_to_see_to()
    _find_the_first_month()
    _forget_what_is_scrapped()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP TRIGGER item_is_not_due_any_more ON item")
    op.execute("DROP FUNCTION item_is_not_due_any_more()")
    for function in WRITE_ITEMS_DOWN:
        _swap(function, NOT_SCRAPPED, WHICHEVER)
    # What is scrapped stays without its days: the statements of before left it out, too.
    op.execute("DROP FUNCTION first_month_of_charges()")
    op.execute("DROP TRIGGER charge_waits ON charge")
    op.execute("DROP FUNCTION charge_waits()")
    op.execute("DROP FUNCTION keep_charges_to_see_to(date, date)")
    op.execute("DROP TABLE charge_to_see_to")
    op.execute("DROP INDEX ix_equipment_order_made_by")
    op.execute("CREATE INDEX ix_equipment_order_made_by ON equipment_order (made_by)")


def _keep_what_to_see_to() -> None:
    op.execute("""
        CREATE TABLE charge_to_see_to (
            charge_id BIGINT NOT NULL,
            period DATE NOT NULL,
            is_unpriced BOOLEAN NOT NULL,
            is_nobodys BOOLEAN NOT NULL,
            CONSTRAINT pk_charge_to_see_to PRIMARY KEY (charge_id)
        )
    """)
    for kind in ("unpriced", "nobodys"):
        op.execute(f"CREATE INDEX ix_charge_to_see_to_period_of_{kind} ON charge_to_see_to (period) WHERE is_{kind}")
    op.execute(f"""
        CREATE FUNCTION keep_charges_to_see_to(first date, until date) RETURNS void LANGUAGE sql AS $$
            INSERT INTO charge_to_see_to (charge_id, period, is_unpriced, is_nobodys)
            SELECT line.id, line.period, line.is_unpriced, {NOBODYS} FROM charge AS line
            WHERE line.period BETWEEN first AND until AND {TO_SEE_TO}
              AND NOT EXISTS (SELECT FROM charge_taken_back AS gone WHERE gone.charge_id = line.id)
            ON CONFLICT DO NOTHING
        $$
    """)  # noqa: S608 - the parts are the constants above
    op.execute(f"""
        CREATE FUNCTION charge_waits() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO charge_to_see_to (charge_id, period, is_unpriced, is_nobodys)
            SELECT line.id, line.period, line.is_unpriced, {NOBODYS} FROM written AS line WHERE {TO_SEE_TO};
            IF EXISTS (SELECT FROM written WHERE reversal_of IS NOT NULL) THEN
                DELETE FROM charge_to_see_to WHERE charge_id = ANY(ARRAY(SELECT reversal_of FROM written));
            END IF;
            RETURN NULL;
        END $$
    """)  # noqa: S608 - the parts are the constants above
    op.execute("""
        CREATE TRIGGER charge_waits AFTER INSERT ON charge REFERENCING NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION charge_waits()
    """)
    # The trigger is there, and holds its table until the end: nothing comes in between.
    op.execute("SELECT keep_charges_to_see_to('-infinity', 'infinity')")


def _find_the_first_month() -> None:
    """No index of `charge` begins with its month, for each part has but one: the oldest month is that of the first part
    with a line."""
    op.execute("""
        CREATE FUNCTION first_month_of_charges() RETURNS date LANGUAGE plpgsql STABLE AS $$
        DECLARE
            of_no_month date := (SELECT min(period) FROM months.charge_other);
            part regclass;
            found date;
        BEGIN
            FOR part IN
                SELECT inhrelid FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                WHERE inhparent = 'charge'::regclass AND relname <> 'charge_other' ORDER BY relname
            LOOP
                EXECUTE format('SELECT period FROM %s LIMIT 1', part) INTO found;
                EXIT WHEN found IS NOT NULL;
            END LOOP;
            RETURN LEAST(found, of_no_month);
        END $$
    """)


def _forget_what_is_scrapped() -> None:
    for function in WRITE_ITEMS_DOWN:
        _swap(function, WHICHEVER, NOT_SCRAPPED)
    op.execute("""
        CREATE FUNCTION item_is_not_due_any_more() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            DELETE FROM inspection_due WHERE item_id = NEW.id;
            DELETE FROM inspection_without_day WHERE item_id = NEW.id;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER item_is_not_due_any_more AFTER UPDATE OF state ON item
        FOR EACH ROW WHEN (NEW.state = 'scrapped' AND OLD.state <> 'scrapped')
        EXECUTE FUNCTION item_is_not_due_any_more()
    """)
    for table in ("inspection_due", "inspection_without_day"):
        op.execute(f"DELETE FROM {table} AS kept USING item WHERE item.id = kept.item_id AND item.state = 'scrapped'")  # noqa: S608


def _swap(function: str, old: str, new: str) -> None:
    """This part of the function, which is there, for another."""
    op.execute(f"""
        DO $do$
        DECLARE
            was text := pg_get_functiondef('{function}()'::regprocedure);
        BEGIN
            IF position($old${old}$old$ IN was) = 0 THEN
                RAISE EXCEPTION 'The function % is not as it was made.', '{function}';
            END IF;
            EXECUTE replace(was, $old${old}$old$, $new${new}$new$);
        END $do$
    """)
