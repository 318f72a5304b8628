"""Charges are kept by month, in partitions of their own, and what an item's movements are charged by is kept beside it.

Which lines were taken back stands in a table of its own: one key says it once, for all months.

Revision: 0068, after: 0067. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0068"
down_revision = "0067"
branch_labels: str | None = None
depends_on: str | None = None

FUNCTIONS = (
    "charge_keeps_accounts()",
    "keep_accounts(bigint[], date)",
    "charge_keeps_its_rules()",
    "month_to_post(date)",
    "funders_of_an_issue(bigint, integer, date)",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("ALTER TABLE charge DROP CONSTRAINT fk_charge_reversal_of, DROP CONSTRAINT fk_charge_corrects_id")
    op.execute("DROP TRIGGER charge_takes_its_period ON charge")
    op.execute("DROP FUNCTION charge_takes_its_period()")
    # Within its month a line is found by its item without them.
    op.execute("DROP INDEX ix_charge_period_funder_id, ix_charge_item_id_movement_seq_of_issues")
    op.execute("ALTER TABLE charge SET SCHEMA months")
    op.execute("""
        CREATE TABLE charge (LIKE months.charge INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING IDENTITY)
        PARTITION BY RANGE (period)
    """)
    op.execute("CREATE TABLE months.charge_other PARTITION OF charge DEFAULT")
    op.execute("""
        CREATE TRIGGER month_is_written_through_the_whole
        BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON months.charge_other
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        SELECT make_months('charge', COALESCE(min(period), CURRENT_DATE), (CURRENT_DATE + interval '6 months')::date)
        FROM months.charge
    """)
    op.execute("INSERT INTO charge SELECT * FROM months.charge ORDER BY id")
    op.execute("ALTER TABLE charge ADD CONSTRAINT pk_charge_by_month PRIMARY KEY (id, period)")
    op.execute("SELECT carry_over('charge')")
    op.execute("ALTER TABLE charge RENAME CONSTRAINT pk_charge_by_month TO pk_charge")
    op.execute("""
        CREATE TABLE charge_taken_back (
            charge_id BIGINT NOT NULL,
            by_id BIGINT NOT NULL,
            posted_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT pk_charge_taken_back PRIMARY KEY (charge_id)
        )
    """)
    op.execute("INSERT INTO charge_taken_back SELECT reversal_of, id, posted_at FROM charge WHERE reversal_of > 0")
    _keep_rules()
    _keep_accounts()
    _keep_funders()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM month_put_aside) THEN
                RAISE EXCEPTION 'Months are put aside: attach them first (stores db attach-month).';
            END IF;
        END $$
    """)
    op.execute("DROP TRIGGER charge_writes_accounts ON charge")
    op.execute("DROP TRIGGER charge_keeps_its_rules ON charge")
    _persons("EXISTS ({0})", "")
    _spells_by("funders_of_an_issue(written.item_id, written.seq)")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP TABLE item_account, charge_taken_back")
    op.execute("ALTER TABLE charge SET SCHEMA months")
    op.execute("CREATE TABLE charge (LIKE months.charge INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING IDENTITY)")
    op.execute("INSERT INTO charge SELECT * FROM months.charge ORDER BY id")
    op.execute("ALTER TABLE charge ADD CONSTRAINT pk_charge PRIMARY KEY (id)")
    for column in ("reversal_of", "corrects_id"):
        op.execute(
            f"ALTER TABLE charge ADD CONSTRAINT fk_charge_{column} FOREIGN KEY ({column}) REFERENCES charge (id)"
        )
    op.execute("SELECT carry_over('charge')")
    op.execute("CREATE INDEX ix_charge_period_funder_id ON charge (period, funder_id)")
    op.execute("""
        CREATE INDEX ix_charge_item_id_movement_seq_of_issues ON charge (item_id, movement_seq)
        WHERE is_issue AND reversal_of IS NULL
    """)
    op.execute("CREATE UNIQUE INDEX uq_charge_reversal_of ON charge (reversal_of) WHERE reversal_of IS NOT NULL")
    op.execute("""
        CREATE FUNCTION charge_takes_its_period() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            closed date;
            undone charge;
        BEGIN
            PERFORM pg_advisory_xact_lock_shared(hashtext('finance_period'));
            SELECT max(period) INTO closed FROM finance_period;
            IF NEW.period IS NULL THEN
                NEW.period := GREATEST(date_trunc('month', NEW.happened_on)::date, (closed + interval '1 month')::date);
            ELSIF NEW.period <= closed THEN
                RAISE EXCEPTION 'The period % is closed.', NEW.period
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_charge_period_is_open', TABLE = 'charge';
            END IF;
            IF NEW.reversal_of IS NOT NULL THEN
                SELECT * INTO undone FROM charge WHERE id = NEW.reversal_of;
                IF undone.reversal_of IS NOT NULL THEN
                    RAISE EXCEPTION 'Line % takes another back already.', undone.id
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_charge_no_reversal_is_reversed',
                          TABLE = 'charge';
                END IF;
                IF (NEW.kind, NEW.funder_id, NEW.amount_pence, NEW.vat_pence, NEW.percent) IS DISTINCT FROM
                   (undone.kind, undone.funder_id, -undone.amount_pence, -undone.vat_pence, undone.percent) THEN
                    RAISE EXCEPTION 'A line that takes % back is for the same, with its sum below zero.', undone.id
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_charge_takes_back_the_same', TABLE = 'charge';
                END IF;
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER charge_takes_its_period BEFORE INSERT ON charge
        FOR EACH ROW EXECUTE FUNCTION charge_takes_its_period()
    """)


def _keep_rules() -> None:
    """Which month a line goes into, who writes it asks; that it is an open one is seen to when it is written. What a
    line takes back or comes instead of is looked for only where one does."""
    op.execute("""
        CREATE FUNCTION month_to_post(happened_on date) RETURNS date LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock_shared(hashtext('finance_period'));
            RETURN GREATEST(date_trunc('month', happened_on)::date,
                            (SELECT max(period) + interval '1 month' FROM finance_period)::date);
        END $$
    """)
    op.execute("""
        CREATE FUNCTION charge_keeps_its_rules() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            line record;
        BEGIN
            PERFORM pg_advisory_xact_lock_shared(hashtext('finance_period'));
            SELECT period INTO line FROM written WHERE period <= (SELECT max(period) FROM finance_period) LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'The period % is closed.', line.period
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_charge_period_is_open', TABLE = 'charge';
            END IF;
            IF NOT EXISTS (SELECT FROM written WHERE because IS NOT NULL) THEN
                RETURN NULL;
            END IF;
            INSERT INTO charge_taken_back (charge_id, by_id, posted_at)
            SELECT reversal_of, id, posted_at FROM written WHERE reversal_of IS NOT NULL ORDER BY reversal_of;
            FOR line IN
                SELECT COALESCE(written.reversal_of, written.corrects_id) AS named, undone.id, undone.reversal_of,
                       written.reversal_of IS NOT NULL AND
                       (written.kind, written.funder_id, written.amount_pence, written.vat_pence, written.percent)
                       IS DISTINCT FROM (undone.kind, undone.funder_id, -undone.amount_pence, -undone.vat_pence,
                                         undone.percent) AS is_another,
                       written.reversal_of IS NOT NULL AND undone.reversal_of IS NOT NULL AS is_twice_over
                FROM written LEFT JOIN charge AS undone
                  ON undone.id = COALESCE(written.reversal_of, written.corrects_id)
                WHERE written.because IS NOT NULL
            LOOP
                IF line.id IS NULL THEN
                    RAISE EXCEPTION 'There is no line %.', line.named
                    USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'fk_charge_names_a_line', TABLE = 'charge';
                END IF;
                IF line.is_twice_over THEN
                    RAISE EXCEPTION 'Line % takes another back already.', line.id
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_charge_no_reversal_is_reversed',
                          TABLE = 'charge';
                END IF;
                IF line.is_another THEN
                    RAISE EXCEPTION 'A line that takes % back is for the same, with its sum below zero.', line.id
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_charge_takes_back_the_same', TABLE = 'charge';
                END IF;
            END LOOP;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER charge_keeps_its_rules AFTER INSERT ON charge REFERENCING NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION charge_keeps_its_rules()
    """)
    # What a person was charged before is looked for only where a person is charged.
    _persons(
        "EXISTS (SELECT FROM written JOIN funder ON funder.id = written.funder_id AND funder.kind = 'person' "
        "WHERE written.reversal_of IS NULL)",
        "EXISTS ({0})",
    )


def _persons(first: str, then: str) -> None:
    found = """
                SELECT FROM written JOIN funder ON funder.id = written.funder_id AND funder.kind = 'person'
                LEFT JOIN order_top_up AS agreed
                    ON agreed.item_id = written.item_id AND agreed.movement_seq = written.movement_seq
                   AND agreed.order_id = written.order_id AND agreed.funder_id = written.funder_id
                   AND agreed.withdrawn_at IS NULL
                WHERE written.reversal_of IS NULL
                  AND (agreed.id IS NULL OR written.kind NOT IN ('top_up')
                       OR agreed.pence < (
                           SELECT sum(line.amount_pence + line.vat_pence) FROM charge AS line
                           WHERE line.item_id = written.item_id AND line.movement_seq = written.movement_seq
                             AND line.order_id = written.order_id AND line.funder_id = written.funder_id))
    """
    refuse = """
                RAISE EXCEPTION 'A person is never charged for an aid or a minor adaptation.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_person_never_charged', TABLE = 'charge';
    """
    what = f"IF {then.format(found)} THEN {refuse} END IF;" if then else refuse
    op.execute(f"""
        CREATE OR REPLACE FUNCTION charge_is_no_persons() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {first.format(found)} THEN
                {what}
            END IF;
            RETURN NULL;
        END $$
    """)


def _keep_accounts() -> None:
    """The account of an item: its newest issue as it is charged now, and what its lines come to. A scan reads this one
    row, and no line. `since`: no line of the newest issue, or of what followed, is in a month before."""
    op.execute("""
        CREATE TABLE item_account (
            item_id BIGINT NOT NULL,
            issue JSONB,
            issue_seq INTEGER,
            issue_month DATE,
            is_credited BOOLEAN DEFAULT 'false' NOT NULL,
            written_off_pence BIGINT DEFAULT '0' NOT NULL,
            new_purchases INTEGER DEFAULT '0' NOT NULL,
            reissued_pence BIGINT DEFAULT '0' NOT NULL,
            CONSTRAINT pk_item_account PRIMARY KEY (item_id)
        )
    """)
    op.execute("""
        CREATE FUNCTION keep_accounts(items bigint[], since date) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM FROM item_account WHERE item_id = ANY(items) ORDER BY item_id FOR UPDATE;
            INSERT INTO item_account AS kept (item_id, issue, issue_seq, issue_month, is_credited)
            SELECT touched.id, newest.issue, last.seq, last.month, newest.issue IS NOT NULL AND EXISTS (
                       SELECT FROM charge AS line
                       WHERE line.item_id = touched.id AND line.period >= since AND line.movement_seq > last.seq
                         AND line.kind IN ('credit', 'hire') AND NOT line.is_issue AND line.reversal_of IS NULL
                         AND NOT EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = line.id))
            FROM (SELECT DISTINCT unnest(items) AS id ORDER BY 1) AS touched
            LEFT JOIN LATERAL (
                SELECT line.movement_seq AS seq, min(line.period) AS month FROM charge AS line
                WHERE line.item_id = touched.id AND line.period >= since AND line.is_issue
                  AND line.reversal_of IS NULL
                GROUP BY line.movement_seq ORDER BY line.movement_seq DESC LIMIT 1
            ) AS last ON true
            LEFT JOIN LATERAL (
                SELECT jsonb_build_object(
                           'seq', last.seq, 'on', min(line.happened_on),
                           'pence', sum(line.amount_pence) + COALESCE((
                               SELECT sum(added.amount_pence)
                               FROM charge AS added LEFT JOIN funder AS giver ON giver.id = added.funder_id
                               WHERE added.item_id = touched.id AND added.period >= since
                                 AND added.movement_seq = last.seq AND added.kind = 'top_up'
                                 AND giver.kind IS DISTINCT FROM 'person'), 0),
                           'is_hire', bool_or(line.kind = 'hire'), 'is_unpriced', bool_or(line.is_unpriced),
                           'order_id', min(line.order_id), 'team_id', min(line.team_id),
                           'client_id', min(line.client_id), 'prescriber', min(line.prescriber),
                           'reason', min(line.reason), 'district', min(line.district),
                           'is_provisional', bool_or(line.is_provisional),
                           'shares', jsonb_agg(jsonb_build_object(
                               'funder', COALESCE(funder.code, ''), 'percent', line.percent::text) ORDER BY line.id)
                       ) AS issue
                FROM charge AS line LEFT JOIN funder ON funder.id = line.funder_id
                WHERE line.item_id = touched.id AND line.period >= since AND line.movement_seq = last.seq
                  AND line.is_issue AND line.reversal_of IS NULL
                  AND NOT EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = line.id)
                HAVING count(*) > 0
            ) AS newest ON true
            ON CONFLICT (item_id) DO UPDATE
            SET issue = excluded.issue, issue_seq = excluded.issue_seq, issue_month = excluded.issue_month,
                is_credited = excluded.is_credited
            -- An issue whose month was put aside is still the newest.
            WHERE COALESCE(excluded.issue_seq, 0) >= COALESCE(kept.issue_seq, 0);
        END $$
    """)
    op.execute("""
        CREATE FUNCTION charge_keeps_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            items bigint[];
            since date;
        BEGIN
            SELECT array_agg(DISTINCT written.item_id),
                   min(CASE WHEN written.is_issue AND written.reversal_of IS NULL
                             AND written.movement_seq > COALESCE(kept.issue_seq, 0) THEN written.period
                            ELSE COALESCE(kept.issue_month, '-infinity') END)
            INTO items, since
            FROM written LEFT JOIN item_account AS kept ON kept.item_id = written.item_id
            WHERE written.item_id IS NOT NULL
              AND (written.is_issue OR written.kind = 'top_up'
                   OR written.kind IN ('credit', 'hire') AND written.reversal_of IS NOT NULL);
            IF items IS NOT NULL THEN
                -- What was scanned late may be of a month before the one in which it was known.
                PERFORM keep_accounts(items, (since - interval '2 months')::date);
            END IF;
            INSERT INTO item_account AS kept (item_id, is_credited, written_off_pence, new_purchases, reissued_pence)
            SELECT line.item_id, false, COALESCE(sum(amount_pence) FILTER (WHERE kind = 'write_off'), 0),
                   COALESCE(sum(CASE WHEN reversal_of IS NULL THEN 1 ELSE -1 END)
                            FILTER (WHERE kind = 'new_purchase'), 0),
                   COALESCE(sum(amount_pence) FILTER (WHERE kind IN ('recycled_issue', 'credit')), 0)
            FROM written AS line
            WHERE item_id IS NOT NULL AND kind IN ('write_off', 'new_purchase', 'recycled_issue', 'credit')
            GROUP BY line.item_id ORDER BY line.item_id
            ON CONFLICT (item_id) DO UPDATE
            SET written_off_pence = kept.written_off_pence + excluded.written_off_pence,
                new_purchases = kept.new_purchases + excluded.new_purchases,
                reissued_pence = kept.reissued_pence + excluded.reissued_pence;
            UPDATE item_account AS kept SET is_credited = true
            FROM written AS line
            WHERE line.kind IN ('credit', 'hire') AND NOT line.is_issue AND line.reversal_of IS NULL
              AND kept.item_id = line.item_id AND line.movement_seq > kept.issue_seq AND kept.issue IS NOT NULL
              AND NOT kept.is_credited;
            RETURN NULL;
        END $$
    """)
    # The same for all items at once.
    op.execute("""
        WITH line AS (
            SELECT charge.*, undone.charge_id IS NULL AS stands FROM charge
            LEFT JOIN charge_taken_back AS undone ON undone.charge_id = charge.id
            WHERE item_id IS NOT NULL AND reversal_of IS NULL
        ), last AS (
            SELECT DISTINCT ON (item_id) item_id, movement_seq AS seq, min(period) AS month FROM line WHERE is_issue
            GROUP BY item_id, movement_seq ORDER BY item_id, movement_seq DESC
        ), added AS (
            SELECT charge.item_id, charge.movement_seq AS seq, sum(charge.amount_pence) AS pence
            FROM charge LEFT JOIN funder AS giver ON giver.id = charge.funder_id
            WHERE charge.kind = 'top_up' AND giver.kind IS DISTINCT FROM 'person' GROUP BY 1, 2
        ), newest AS (
            SELECT last.item_id, jsonb_build_object(
                       'seq', last.seq, 'on', min(line.happened_on),
                       'pence', sum(line.amount_pence) + COALESCE(min(added.pence), 0),
                       'is_hire', bool_or(line.kind = 'hire'), 'is_unpriced', bool_or(line.is_unpriced),
                       'order_id', min(line.order_id), 'team_id', min(line.team_id), 'client_id', min(line.client_id),
                       'prescriber', min(line.prescriber), 'reason', min(line.reason), 'district', min(line.district),
                       'is_provisional', bool_or(line.is_provisional),
                       'shares', jsonb_agg(jsonb_build_object(
                           'funder', COALESCE(funder.code, ''), 'percent', line.percent::text) ORDER BY line.id)
                   ) AS issue
            FROM last JOIN line ON line.item_id = last.item_id AND line.movement_seq = last.seq
            LEFT JOIN funder ON funder.id = line.funder_id
            LEFT JOIN added ON added.item_id = last.item_id AND added.seq = last.seq
            WHERE line.is_issue AND line.stands GROUP BY last.item_id, last.seq
        )
        INSERT INTO item_account (item_id, issue, issue_seq, issue_month, is_credited)
        SELECT every.item_id, newest.issue, last.seq, last.month,
               newest.issue IS NOT NULL AND every.newest_credit > last.seq
        FROM (SELECT item_id, COALESCE(max(movement_seq) FILTER (
                         WHERE kind IN ('credit', 'hire') AND NOT is_issue AND stands), 0) AS newest_credit
              FROM line GROUP BY item_id) AS every
        LEFT JOIN last ON last.item_id = every.item_id LEFT JOIN newest ON newest.item_id = every.item_id
    """)
    op.execute("""
        UPDATE item_account
        SET written_off_pence = told.lost, new_purchases = told.bought, reissued_pence = told.reissued
        FROM (SELECT item_id, COALESCE(sum(amount_pence) FILTER (WHERE kind = 'write_off'), 0) AS lost,
                     COALESCE(sum(CASE WHEN reversal_of IS NULL THEN 1 ELSE -1 END)
                              FILTER (WHERE kind = 'new_purchase'), 0) AS bought,
                     COALESCE(sum(amount_pence) FILTER (WHERE kind IN ('recycled_issue', 'credit')), 0) AS reissued
              FROM charge WHERE item_id IS NOT NULL GROUP BY item_id) AS told
        WHERE told.item_id = item_account.item_id
    """)
    # After `charge_keeps_its_rules`, which writes what was taken back: triggers go by their names.
    op.execute("""
        CREATE TRIGGER charge_writes_accounts AFTER INSERT ON charge REFERENCING NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION charge_keeps_accounts()
    """)


def _keep_funders() -> None:
    op.execute("""
        CREATE FUNCTION funders_of_an_issue(item bigint, seq integer, since date) RETURNS bigint[]
        LANGUAGE sql STABLE AS $$
            SELECT COALESCE(array_agg(DISTINCT funder_id ORDER BY funder_id) FILTER (WHERE funder_id IS NOT NULL), '{}')
            FROM charge
            WHERE item_id = item AND movement_seq = seq AND period >= since AND is_issue AND reversal_of IS NULL
              AND corrects_id IS NULL
        $$
    """)
    _spells_by(
        "funders_of_an_issue(written.item_id, written.seq, "
        "date_trunc('month', written.at AT TIME ZONE 'Europe/London')::date)"
    )


def _spells_by(funders: str) -> None:
    """The trigger of before, that asks by this for the funders of an issue."""
    op.execute(f"""
        DO $do$
        DECLARE
            was text := pg_get_functiondef('movement_writes_spells()'::regprocedure);
        BEGIN
            EXECUTE regexp_replace(
                was, 'funders_of_an_issue[(]written[.]item_id, written[.]seq(, date_trunc[^:]*::date)?[)]',
                $by${funders}$by$);
        END $do$
    """)
