"""Spells are kept: a row for each time that an item went out, written with its movements. And two
indexes for what was due, and handed over, in some days.

Revision: 0062, after: 0061. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0062"
down_revision = "0061"
branch_labels: str | None = None
depends_on: str | None = None

OUT = "(move IN ('issue', 'deliver') OR move = 'start_trial' AND from_state <> 'awaiting_collection')"
BACK = "move IN ('return', 'find')"
FIT = "move = 'release' AND from_state = 'awaiting_inspection'"
ANY = f"({OUT} OR {BACK} OR {FIT})"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("""
        CREATE TABLE spell (
            item_id BIGINT NOT NULL,
            number INTEGER NOT NULL,
            issued_id BIGINT,
            issued_seq INTEGER,
            issued_at TIMESTAMP WITH TIME ZONE,
            store_id BIGINT,
            product_id BIGINT NOT NULL,
            pence INTEGER NOT NULL,
            funder_ids BIGINT[] NOT NULL,
            is_recycled BOOLEAN NOT NULL,
            collected_id BIGINT,
            collected_seq INTEGER,
            collected_at TIMESTAMP WITH TIME ZONE,
            passed_id BIGINT,
            passed_at TIMESTAMP WITH TIME ZONE,
            came_back_seq INTEGER,
            new_pence BIGINT,
            new_from TEXT,
            cost_pence BIGINT,
            unpriced INTEGER,
            costed_until TIMESTAMP WITH TIME ZONE,
            CONSTRAINT pk_spell PRIMARY KEY (item_id, number),
            CONSTRAINT ck_spell_begins_with_an_issue CHECK ((number = 0) = (issued_id IS NULL))
        )
    """)
    op.execute("""
        CREATE FUNCTION funders_of_an_issue(item bigint, seq integer) RETURNS bigint[] LANGUAGE sql STABLE AS $$
            SELECT COALESCE(array_agg(DISTINCT funder_id ORDER BY funder_id) FILTER (WHERE funder_id IS NOT NULL), '{}')
            FROM charge
            WHERE item_id = item AND movement_seq = seq AND is_issue AND reversal_of IS NULL AND corrects_id IS NULL
        $$
    """)
    op.execute(f"""
        CREATE FUNCTION write_spells(items bigint[]) RETURNS void LANGUAGE sql AS $$
            WITH told AS (
                SELECT movement.item_id, id, seq, at, store_id, {OUT} AS is_out, {BACK} AS is_back,
                       count(*) FILTER (WHERE {OUT}) OVER (PARTITION BY movement.item_id ORDER BY seq) AS number,
                       count(*) FILTER (WHERE {OUT}) OVER (PARTITION BY movement.item_id) AS issues
                FROM unnest(items) AS touched (item_id) JOIN movement ON movement.item_id = touched.item_id
                WHERE {ANY}
            ), told_of AS (
                SELECT item_id, number, min(issues) AS issues,
                       min(id) FILTER (WHERE is_out) AS issued_id, min(seq) FILTER (WHERE is_out) AS issued_seq,
                       min(at) FILTER (WHERE is_out) AS issued_at, min(store_id) FILTER (WHERE is_out) AS store_id,
                       min(id) FILTER (WHERE is_back) AS collected_id,
                       min(seq) FILTER (WHERE is_back) AS collected_seq,
                       min(at) FILTER (WHERE is_back) AS collected_at,
                       min(id) FILTER (WHERE NOT is_out AND NOT is_back) AS passed_id,
                       min(at) FILTER (WHERE NOT is_out AND NOT is_back) AS passed_at
                FROM told GROUP BY item_id, number
            )
            INSERT INTO spell AS kept (item_id, number, issued_id, issued_seq, issued_at, store_id, product_id, pence,
                                       funder_ids, is_recycled, collected_id,
                                       collected_seq, collected_at, passed_id, passed_at, came_back_seq)
            SELECT item_id, number, issued_id, issued_seq, issued_at, told_of.store_id, item.product_id,
                   item.purchase_price_pence, funders_of_an_issue(item_id, issued_seq),
                   number > 1 OR number = 1 AND item.times_issued > issues,
                   collected_id, collected_seq, collected_at, passed_id, passed_at,
                   lag(collected_seq) OVER (PARTITION BY item_id ORDER BY number)
            FROM told_of JOIN item ON item.id = told_of.item_id
            ON CONFLICT (item_id, number) DO UPDATE
            SET collected_id = excluded.collected_id, collected_seq = excluded.collected_seq,
                collected_at = excluded.collected_at, passed_id = excluded.passed_id, passed_at = excluded.passed_at
            WHERE kept.collected_id IS DISTINCT FROM excluded.collected_id
               OR kept.passed_id IS DISTINCT FROM excluded.passed_id
        $$
    """)  # noqa: S608 - the parts are constants
    op.execute(f"""
        CREATE FUNCTION movement_writes_spells() RETURNS trigger LANGUAGE plpgsql AS $$
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
    op.execute("""
        CREATE TRIGGER movement_writes_spells AFTER INSERT ON movement REFERENCING NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION movement_writes_spells()
    """)
    op.execute("""
        CREATE FUNCTION charge_touches_spells() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE spell SET new_pence = NULL
            FROM written
            WHERE written.kind IN ('collection', 'decontamination', 'inspection', 'repair', 'parts')
              AND spell.item_id = written.item_id AND spell.new_pence IS NOT NULL
              AND written.movement_seq < spell.issued_seq
              AND written.movement_seq >= COALESCE(spell.came_back_seq, 0);
            UPDATE spell SET funder_ids = funders_of_an_issue(spell.item_id, spell.issued_seq)
            FROM written
            WHERE written.is_issue AND written.reversal_of IS NULL AND written.corrects_id IS NULL
              AND spell.item_id = written.item_id AND spell.issued_seq = written.movement_seq
              AND NOT COALESCE(written.funder_id = ANY(spell.funder_ids), true);
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER charge_touches_spells AFTER INSERT ON charge REFERENCING NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION charge_touches_spells()
    """)
    op.execute(f"SELECT write_spells(array_agg(DISTINCT item_id)) FROM movement WHERE {ANY}")  # noqa: S608
    op.execute("CREATE INDEX ix_spell_issued_at ON spell (issued_at)")
    op.execute("CREATE INDEX ix_spell_collected_at ON spell (collected_at)")
    op.execute("CREATE INDEX ix_spell_passed_at ON spell (passed_at)")
    op.execute("""
        CREATE INDEX ix_spell_issued_at_while_unsettled ON spell (issued_at) WHERE is_recycled AND new_pence IS NULL
    """)
    op.execute("CREATE INDEX ix_equipment_order_promised_on ON equipment_order (promised_on)")
    op.execute("CREATE INDEX ix_loan_started_at ON loan (started_at)")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP INDEX ix_loan_started_at")
    op.execute("DROP INDEX ix_equipment_order_promised_on")
    op.execute("DROP TRIGGER charge_touches_spells ON charge")
    op.execute("DROP TRIGGER movement_writes_spells ON movement")
    for function in (
        "charge_touches_spells()",
        "movement_writes_spells()",
        "write_spells(bigint[])",
        "funders_of_an_issue(bigint, integer)",
    ):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP TABLE spell")
