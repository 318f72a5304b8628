"""Movements are kept by month, in partitions of their own: old ones can be put aside (ADR 62).

What foreign keys said is said by the item's row: it counts its movements, each is written by the one that it counts
last, and none is left out. So that a movement was, is known without looking for it.

Revision: 0067, after: 0066. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0067"
down_revision = "0066"
branch_labels: str | None = None
depends_on: str | None = None

OUT = "(move IN ('issue', 'deliver') OR move = 'start_trial' AND from_state <> 'awaiting_collection')"
BACK = "move IN ('return', 'find')"
FIT = "move = 'release' AND from_state = 'awaiting_inspection'"
ANY = f"({OUT} OR {BACK} OR {FIT})"
NAMED = "(item_id, {0}) REFERENCES movement (item_id, seq)"
REFERENCES = (
    ("repair", "fk_repair_movement_that_began_it", NAMED.format("started_seq")),
    ("order_top_up", "fk_order_top_up_issue", NAMED.format("movement_seq")),
    ("charge", "fk_charge_movement_is_of_the_item", f"{NAMED.format('movement_seq')} DEFERRABLE INITIALLY DEFERRED"),
    (
        "item",
        "fk_item_state_is_that_of_its_last_movement",
        "(id, last_seq, state) REFERENCES movement (item_id, seq, to_state) DEFERRABLE INITIALLY DEFERRED",
    ),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("CREATE SCHEMA months")
    _make_functions_of_months()
    for table, name, _ in REFERENCES:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    op.execute("ALTER TABLE movement DROP CONSTRAINT fk_movement_item_id")
    op.execute("DROP INDEX ix_movement_item_id_seq_of_spells")
    op.execute("ALTER TABLE movement SET SCHEMA months")
    op.execute("""
        CREATE TABLE movement (LIKE months.movement INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING IDENTITY)
        PARTITION BY RANGE (at)
    """)
    op.execute("CREATE TABLE months.movement_other PARTITION OF movement DEFAULT")
    op.execute("""
        CREATE TRIGGER month_is_written_through_the_whole
        BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON months.movement_other
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        SELECT make_months('movement', COALESCE((min(at) AT TIME ZONE 'UTC')::date, CURRENT_DATE),
                           (CURRENT_DATE + interval '6 months')::date)
        FROM months.movement
    """)
    op.execute("INSERT INTO movement SELECT * FROM months.movement ORDER BY at, id")
    op.execute("ALTER TABLE movement ADD CONSTRAINT pk_movement_by_month PRIMARY KEY (id, at)")
    op.execute("ALTER TABLE movement ADD CONSTRAINT uq_movement_item_id_seq_at UNIQUE (item_id, seq, at)")
    _carry_over("movement")
    op.execute("ALTER TABLE movement RENAME CONSTRAINT pk_movement_by_month TO pk_movement")
    _tie_items_to_movements()
    _keep_spells()
    _view_of_repairs("item.repair_seq = repair.started_seq")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM month_put_aside) THEN
                RAISE EXCEPTION 'Months are put aside: attach them first (stores db attach-month).';
            END IF;
        END $$
    """)
    for trigger, table in (
        ("item_has_its_movement_from_birth", "item"),
        ("item_has_its_movement", "item"),
        ("item_is_born_with_one_movement", "item"),
        ("item_is_moved_step_by_step", "item"),
        ("charge_is_of_a_movement", "charge"),
        ("repair_is_of_a_movement", "repair"),
        ("order_top_up_is_of_a_movement", "order_top_up"),
        ("movement_is_the_newest", "movement"),
    ):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
    op.execute("ALTER TABLE movement SET SCHEMA months")
    op.execute("""
        CREATE TABLE movement (LIKE months.movement INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING IDENTITY)
    """)
    op.execute("INSERT INTO movement SELECT * FROM months.movement ORDER BY at, id")
    op.execute("ALTER TABLE movement ADD CONSTRAINT pk_movement PRIMARY KEY (id)")
    op.execute("ALTER TABLE movement ADD CONSTRAINT uq_movement_item_id_seq UNIQUE (item_id, seq)")
    op.execute("ALTER TABLE movement ADD CONSTRAINT uq_movement_item_id_seq_to_state UNIQUE (item_id, seq, to_state)")
    op.execute("ALTER TABLE movement ADD CONSTRAINT fk_movement_item_id FOREIGN KEY (item_id) REFERENCES item (id)")
    _carry_over("movement")
    op.execute(f"""
        CREATE INDEX ix_movement_item_id_seq_of_spells ON movement (item_id, seq)
        INCLUDE (id, at, store_id, move, from_state) WHERE {ANY[1:-1]}
    """)
    for table, name, what in REFERENCES:
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY {what}")
    op.execute(f"""
        CREATE OR REPLACE FUNCTION movement_writes_spells() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            items bigint[];
        BEGIN
            SELECT array_agg(DISTINCT item_id) INTO items FROM written WHERE {ANY};
            IF items IS NOT NULL THEN
                PERFORM write_spells(items);
            END IF;
            RETURN NULL;
        END $$
    """)  # noqa: S608 - the parts are constants
    for function in (
        "item_has_its_movement()",
        "refuse_leap()",
        "movement_is_the_newest()",
        "charge_is_of_a_movement()",
        "names_a_movement()",
        "carry_over(text)",
        "make_months(text, date, date)",
        "empty_other_months(text)",
    ):
        op.execute(f"DROP FUNCTION {function}")
    _view_of_repairs("""NOT EXISTS (
        SELECT FROM movement WHERE movement.item_id = repair.item_id AND movement.seq > repair.started_seq
          AND movement.to_state = 'in_repair' AND movement.from_state <> 'in_repair')""")
    op.execute("ALTER TABLE item DROP COLUMN last_moved_at, DROP COLUMN repair_seq")
    op.execute("DROP TABLE movement_put_aside, month_put_aside")
    op.execute("DROP SCHEMA months")


def _make_functions_of_months() -> None:
    """`make_months`: the partitions of a table from one month to another, where they are not there yet. What stood in
    the partition for everything else goes into its own. `carry_over`: what the old table had, for the new one."""
    op.execute("""
        CREATE FUNCTION make_months(whole text, first date, until date) RETURNS integer LANGUAGE plpgsql AS $$
        DECLARE
            key text := CASE whole WHEN 'movement' THEN 'at' ELSE 'period' END;
            zone text := CASE whole WHEN 'movement' THEN ' 00:00:00+00' ELSE '' END;
            rest text := format('months.%I', whole || '_other');
            part text;
            month date;
            start text;
            finish text;
            moved bigint;
            made integer := 0;
        BEGIN
            FOR month IN SELECT day::date FROM generate_series(date_trunc('month', first::timestamp),
                                                               until::timestamp, interval '1 month') AS day LOOP
                part := format('months.%I', whole || to_char(month, '_YYYY_MM'));
                CONTINUE WHEN to_regclass(part) IS NOT NULL;
                start := month || zone;
                finish := (month + interval '1 month')::date || zone;
                EXECUTE format('CREATE TABLE %s (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, whole);
                EXECUTE format('INSERT INTO %s SELECT * FROM %s WHERE %I >= %L AND %I < %L',
                               part, rest, key, start, key, finish);
                GET DIAGNOSTICS moved = ROW_COUNT;
                IF moved > 0 THEN
                    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', rest);
                    EXECUTE format('DELETE FROM %s WHERE %I >= %L AND %I < %L', rest, key, start, key, finish);
                    EXECUTE format('ALTER TABLE %s ENABLE TRIGGER USER', rest);
                END IF;
                EXECUTE format('ALTER TABLE %I ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
                               whole, part, start, finish);
                -- Triggers of a whole table do not see who writes to a part of it by its name.
                EXECUTE format('CREATE TRIGGER month_is_written_through_the_whole '
                               'BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
                               'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', part);
                made := made + 1;
            END LOOP;
            RETURN made;
        END $$
    """)
    op.execute("""
        CREATE FUNCTION empty_other_months(whole text) RETURNS integer LANGUAGE plpgsql AS $$
        DECLARE
            key text := CASE whole WHEN 'movement' THEN 'at AT TIME ZONE ''UTC''' ELSE 'period' END;
            found date[];
            month date;
            made integer := 0;
        BEGIN
            EXECUTE format('SELECT array_agg(DISTINCT date_trunc(''month'', %s)::date) FROM months.%I',
                           key, whole || '_other') INTO found;
            FOREACH month IN ARRAY COALESCE(found, '{}') LOOP
                made := made + make_months(whole, month, month);
            END LOOP;
            RETURN made;
        END $$
    """)
    op.execute("""
        CREATE FUNCTION carry_over(name text) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            old regclass := format('months.%I', name)::regclass;
            views text[];
            change text;
        BEGIN
            -- Views are to read the new one.
            SELECT array_agg(DISTINCT format('CREATE OR REPLACE VIEW %s AS %s', rule.ev_class::regclass,
                   replace(pg_get_viewdef(rule.ev_class), format('months.%I', name), format('public.%I', name))))
            INTO views
            FROM pg_depend AS needs JOIN pg_rewrite AS rule ON rule.oid = needs.objid
            WHERE needs.classid = 'pg_rewrite'::regclass AND needs.refobjid = old;
            FOREACH change IN ARRAY COALESCE(views, '{}') LOOP
                EXECUTE change;
            END LOOP;
            FOR change IN
                SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s', name, conname, pg_get_constraintdef(oid))
                FROM pg_constraint WHERE conrelid = old AND contype = 'f'
                UNION ALL
                SELECT replace(indexdef, format(' ON ONLY months.%I ', name), format(' ON months.%I ', name))
                FROM (SELECT pg_get_indexdef(indexrelid) AS indexdef FROM pg_index
                      WHERE indrelid = old AND NOT indisunique) AS kept
                UNION ALL
                SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = old AND NOT tgisinternal
            LOOP
                EXECUTE replace(change, format(' ON months.%I ', name), format(' ON public.%I ', name));
            END LOOP;
            PERFORM setval(pg_get_serial_sequence(format('public.%I', name), 'id'),
                           nextval(pg_get_serial_sequence(format('months.%I', name), 'id')), false);
            EXECUTE format('DROP TABLE months.%I', name);
        END $$
    """)
    op.execute("""
        CREATE TABLE month_put_aside (
            whole TEXT NOT NULL,
            month DATE NOT NULL,
            lines BIGINT NOT NULL,
            digest TEXT NOT NULL,
            put_aside_at TIMESTAMP WITH TIME ZONE NOT NULL,
            put_aside_by TEXT NOT NULL,
            CONSTRAINT pk_month_put_aside PRIMARY KEY (whole, month)
        )
    """)
    op.execute("""
        CREATE TABLE movement_put_aside (
            item_id BIGINT NOT NULL,
            first_seq INTEGER NOT NULL,
            until_seq INTEGER NOT NULL,
            until_hash TEXT NOT NULL,
            month DATE NOT NULL,
            CONSTRAINT pk_movement_put_aside PRIMARY KEY (item_id, first_seq),
            CONSTRAINT ck_movement_put_aside_in_their_order CHECK (first_seq <= until_seq)
        )
    """)
    op.execute("CREATE INDEX ix_movement_put_aside_month ON movement_put_aside (month)")


def _carry_over(table: str) -> None:
    """Foreign keys, indexes, triggers and the running number of the table that stands in `months` go to the new one."""
    op.execute(f"SELECT carry_over('{table}')")


def _tie_items_to_movements() -> None:
    """An item's row counts its movements: one at its birth, one more with each, and that one is there at the end. So
    its movements are those from 1 to `last_seq`, each once."""
    op.execute("ALTER TABLE item ADD COLUMN last_moved_at TIMESTAMP WITH TIME ZONE, ADD COLUMN repair_seq INTEGER")
    op.execute("""
        UPDATE item SET last_moved_at = told.at, repair_seq = told.repair_seq
        FROM (SELECT movement.item_id, max(movement.at) FILTER (WHERE seq = item.last_seq) AS at,
                     max(seq) FILTER (WHERE movement.to_state = 'in_repair' AND movement.from_state <> 'in_repair')
                         AS repair_seq
              FROM movement JOIN item ON item.id = movement.item_id GROUP BY movement.item_id) AS told
        WHERE item.id = told.item_id
    """)
    op.execute("SET CONSTRAINTS ALL IMMEDIATE")
    op.execute("ALTER TABLE item ALTER COLUMN last_moved_at SET NOT NULL")
    op.execute("""
        CREATE FUNCTION refuse_leap() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'Item %: its state is that of its last movement, and each movement is counted once.', NEW.id
                USING ERRCODE = 'foreign_key_violation', TABLE = 'item',
                      CONSTRAINT = 'fk_item_state_is_that_of_its_last_movement';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER item_is_born_with_one_movement BEFORE INSERT ON item
        FOR EACH ROW WHEN (NEW.last_seq <> 1) EXECUTE FUNCTION refuse_leap()
    """)
    op.execute("""
        CREATE TRIGGER item_is_moved_step_by_step BEFORE UPDATE ON item FOR EACH ROW
        WHEN (OLD.id <> NEW.id OR NEW.last_seq <> OLD.last_seq + 1 AND (
              OLD.last_seq <> NEW.last_seq OR OLD.state <> NEW.state OR OLD.last_hash <> NEW.last_hash
              OR OLD.last_moved_at <> NEW.last_moved_at))
        EXECUTE FUNCTION refuse_leap()
    """)
    op.execute("""
        CREATE FUNCTION item_has_its_movement() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM FROM movement
            WHERE item_id = NEW.id AND seq = NEW.last_seq AND at = NEW.last_moved_at
              AND to_state = NEW.state AND hash = NEW.last_hash;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'Item % has no movement % into its state.', NEW.id, NEW.last_seq
                    USING ERRCODE = 'foreign_key_violation', TABLE = 'item',
                          CONSTRAINT = 'fk_item_state_is_that_of_its_last_movement';
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE CONSTRAINT TRIGGER item_has_its_movement_from_birth AFTER INSERT ON item
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION item_has_its_movement()
    """)
    op.execute("""
        CREATE CONSTRAINT TRIGGER item_has_its_movement AFTER UPDATE ON item DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (OLD.last_seq <> NEW.last_seq) EXECUTE FUNCTION item_has_its_movement()
    """)
    # No index over all months could say that a movement is there once: its item says when it was.
    op.execute("""
        CREATE FUNCTION movement_is_the_newest() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (
                SELECT FROM written LEFT JOIN item
                  ON item.id = written.item_id AND item.last_seq = written.seq AND item.state = written.to_state
                 AND item.last_hash = written.hash AND item.last_moved_at = written.at
                WHERE item.id IS NULL) THEN
                RAISE EXCEPTION 'A movement is written with its item, and is the newest of it.'
                    USING ERRCODE = 'foreign_key_violation', TABLE = 'movement',
                          CONSTRAINT = 'fk_movement_is_the_newest_of_its_item';
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER movement_is_the_newest AFTER INSERT ON movement REFERENCING NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION movement_is_the_newest()
    """)
    op.execute("""
        CREATE FUNCTION charge_is_of_a_movement() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (
                SELECT FROM written LEFT JOIN item ON item.id = written.item_id
                WHERE written.item_id IS NOT NULL
                  AND (written.movement_seq BETWEEN 1 AND item.last_seq) IS NOT TRUE) THEN
                RAISE EXCEPTION 'A charge of an item is of one of its movements.'
                    USING ERRCODE = 'foreign_key_violation', TABLE = 'charge',
                          CONSTRAINT = 'fk_charge_movement_is_of_the_item';
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER charge_is_of_a_movement AFTER INSERT ON charge REFERENCING NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION charge_is_of_a_movement()
    """)
    op.execute("""
        CREATE FUNCTION names_a_movement() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM FROM item
            WHERE id = NEW.item_id AND (to_jsonb(NEW) ->> TG_ARGV[0])::integer BETWEEN 1 AND last_seq;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'Item % has no such movement.', NEW.item_id
                    USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_ARGV[1];
            END IF;
            RETURN NULL;
        END $$
    """)
    for table, column, name in (
        ("repair", "started_seq", "fk_repair_movement_that_began_it"),
        ("order_top_up", "movement_seq", "fk_order_top_up_issue"),
    ):
        op.execute(f"""
            CREATE TRIGGER {table}_is_of_a_movement AFTER INSERT OR UPDATE OF item_id, {column} ON {table}
            FOR EACH ROW EXECUTE FUNCTION names_a_movement('{column}', '{name}')
        """)


def _view_of_repairs(is_the_newest: str) -> None:
    op.execute(f"""
        CREATE OR REPLACE VIEW repair_cost AS
        SELECT repair.id AS repair_id, repair.item_id,
               repair.finished_at IS NULL AND item.state = 'in_repair' AND {is_the_newest} AS is_current,
               COALESCE((SELECT sum(part.quantity * part.cost_pence) FROM standing_part AS part
                         WHERE part.repair_id = repair.id), 0) AS parts_pence,
               COALESCE(repair.labour_pence, 0) AS labour_pence,
               (SELECT made.parts_pence + made.labour_pence FROM repair_estimate AS made
                WHERE made.repair_id = repair.id ORDER BY made.id DESC LIMIT 1) AS estimate_pence
        FROM repair JOIN item ON item.id = repair.item_id
    """)  # noqa: S608 - the part is a constant


def _keep_spells() -> None:
    """Spells follow from the movement that is written and from the spell before, not from all movements."""
    op.execute(f"""
        CREATE OR REPLACE FUNCTION movement_writes_spells() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO spell (item_id, number, issued_id, issued_seq, issued_at, store_id, product_id, pence,
                               funder_ids, is_recycled, came_back_seq)
            SELECT written.item_id, COALESCE(last.number, 0) + 1, written.id, written.seq, written.at, written.store_id,
                   item.product_id, item.purchase_price_pence, funders_of_an_issue(written.item_id, written.seq),
                   COALESCE(last.number, 0) > 0 OR item.times_issued > 1, last.collected_seq
            FROM written JOIN item ON item.id = written.item_id
            LEFT JOIN LATERAL (SELECT number, collected_seq FROM spell WHERE spell.item_id = written.item_id
                               ORDER BY number DESC LIMIT 1) AS last ON true
            WHERE {OUT};
            UPDATE spell
            SET collected_id = CASE WHEN {BACK} THEN COALESCE(collected_id, written.id) ELSE collected_id END,
                collected_seq = CASE WHEN {BACK} THEN COALESCE(collected_seq, written.seq) ELSE collected_seq END,
                collected_at = CASE WHEN {BACK} THEN COALESCE(collected_at, written.at) ELSE collected_at END,
                passed_id = CASE WHEN {FIT} THEN COALESCE(passed_id, written.id) ELSE passed_id END,
                passed_at = CASE WHEN {FIT} THEN COALESCE(passed_at, written.at) ELSE passed_at END
            FROM written
            WHERE ({BACK} AND spell.collected_id IS NULL OR {FIT} AND spell.passed_id IS NULL)
              AND spell.item_id = written.item_id
              AND spell.number = (SELECT max(number) FROM spell AS last WHERE last.item_id = written.item_id);
            INSERT INTO spell (item_id, number, product_id, pence, funder_ids, is_recycled, collected_id,
                               collected_seq, collected_at, passed_id, passed_at)
            SELECT written.item_id, 0, item.product_id, item.purchase_price_pence, '{{}}', false,
                   CASE WHEN {BACK} THEN written.id END, CASE WHEN {BACK} THEN written.seq END,
                   CASE WHEN {BACK} THEN written.at END, CASE WHEN {FIT} THEN written.id END,
                   CASE WHEN {FIT} THEN written.at END
            FROM written JOIN item ON item.id = written.item_id
            WHERE ({BACK} OR {FIT}) AND NOT EXISTS (SELECT FROM spell WHERE spell.item_id = written.item_id);
            RETURN NULL;
        END $$
    """)  # noqa: S608 - the parts are constants
