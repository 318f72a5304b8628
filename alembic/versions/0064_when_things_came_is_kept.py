"""When orders came, and what was fetched, is kept: a row for each order and each line of a collection. And the sums by
month know how much was charged, by the part that each funder pays.

Revision: 0064, after: 0063. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0064"
down_revision = "0063"
branch_labels: str | None = None
depends_on: str | None = None

ORDER_COLUMNS = (
    "speed, store_id, team_id, is_approved, approved_on, promised_on, delivered_on, handed_on, failed_visits"
)


def day(instant: str) -> str:
    return f"({instant} AT TIME ZONE 'Europe/London')::date"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    _orders()
    _collections()
    # From here on, orders and collections are read and not written until all is carried over.
    for table, function, events in (
        ("equipment_order", "order_changes_its_timing", ("INSERT", "UPDATE")),
        ("order_unit", "piece_changes_timing", ("INSERT", "UPDATE", "DELETE")),
        ("delivery_visit", "piece_changes_timing", ("INSERT", "UPDATE", "DELETE")),
        ("collection", "collection_changes_timing", ("UPDATE",)),
        ("collection_line", "fetching_changes_timing", ("INSERT", "UPDATE", "DELETE")),
    ):
        for event in events:
            tables = {
                "INSERT": "NEW TABLE AS written",
                "UPDATE": "OLD TABLE AS before NEW TABLE AS written",
                "DELETE": "OLD TABLE AS written",
            }
            op.execute(f"""
                CREATE TRIGGER {table}_{event.lower()}_is_timed AFTER {event} ON {table}
                REFERENCING {tables[event]} FOR EACH STATEMENT EXECUTE FUNCTION {function}()
            """)
    _months("quantity_percent NUMERIC(18, 2)", instead_of="quantity")
    op.execute("INSERT INTO order_timing SELECT * FROM order_timing_now")
    op.execute("INSERT INTO collection_timing SELECT * FROM collection_timing_now")
    op.execute("CREATE INDEX ix_order_timing_promised_on ON order_timing (promised_on)")
    op.execute("CREATE INDEX ix_collection_timing_requested_on ON collection_timing (requested_on)")


def _months(column: str, *, instead_of: str) -> None:
    """Every month is summed anew by the queue: what is closed within a quarter of an hour, the others in the night."""
    op.execute("DELETE FROM charge_month")
    op.execute("DELETE FROM charge_month_summed")
    op.execute(f"ALTER TABLE charge_month DROP COLUMN {instead_of}, ADD COLUMN {column} NOT NULL")


def _orders() -> None:
    op.execute("""
        CREATE TABLE order_timing (
            order_id BIGINT NOT NULL,
            speed TEXT NOT NULL,
            store_id BIGINT NOT NULL,
            team_id BIGINT NOT NULL,
            is_approved BOOLEAN NOT NULL,
            approved_on DATE NOT NULL,
            promised_on DATE,
            delivered_on DATE,
            handed_on DATE[] NOT NULL,
            failed_visits INTEGER NOT NULL,
            CONSTRAINT pk_order_timing PRIMARY KEY (order_id)
        )
    """)
    # What of it is wanted still, and when what was handed over was.
    op.execute(f"""
        CREATE VIEW order_timing_now AS
        SELECT asked.id AS order_id, asked.speed, asked.store_id, asked.team_id,
               asked.decision = 'approved' AS is_approved,
               {day("COALESCE(asked.decided_at, asked.submitted_at)")} AS approved_on, asked.promised_on,
               CASE WHEN pieces.wanted = cardinality(pieces.handed_on)
                    THEN pieces.handed_on[cardinality(pieces.handed_on)] END AS delivered_on,
               pieces.handed_on, failed.visits AS failed_visits
        FROM equipment_order AS asked
        CROSS JOIN LATERAL (
            SELECT count(*) AS wanted, COALESCE(
                array_agg({day("loan.started_at")} ORDER BY loan.started_at) FILTER (WHERE loan.id IS NOT NULL),
                '{{}}') AS handed_on
            FROM order_unit AS unit LEFT JOIN loan ON loan.id = unit.loan_id
            WHERE unit.order_id = asked.id AND unit.cancelled_at IS NULL) AS pieces
        CROSS JOIN LATERAL (
            SELECT count(*)::integer AS visits FROM delivery_visit
            WHERE order_id = asked.id AND failed_because IS NOT NULL) AS failed
        WHERE asked.submitted_at IS NOT NULL AND pieces.wanted > 0
          AND (asked.decision = 'approved' OR cardinality(pieces.handed_on) > 0)
    """)  # noqa: S608 - the parts are constants
    # The row is locked before the order is looked at: whoever changed it a moment ago is seen.
    op.execute(f"""
        CREATE FUNCTION write_order_timings(orders bigint[]) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM FROM order_timing WHERE order_id = ANY(orders) ORDER BY order_id FOR UPDATE;
            INSERT INTO order_timing AS kept SELECT * FROM order_timing_now WHERE order_id = ANY(orders)
            ON CONFLICT (order_id) DO UPDATE
            SET ({ORDER_COLUMNS}) = ({", ".join(f"excluded.{name}" for name in ORDER_COLUMNS.split(", "))})
            WHERE kept IS DISTINCT FROM excluded;
            DELETE FROM order_timing AS kept
            WHERE order_id = ANY(orders)
              AND NOT EXISTS (SELECT FROM order_timing_now AS found WHERE found.order_id = kept.order_id);
        END $$
    """)  # noqa: S608 - the parts are constants
    op.execute("""
        CREATE FUNCTION order_changes_its_timing() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            orders bigint[];
        BEGIN
            IF TG_OP = 'INSERT' THEN
                SELECT array_agg(id) INTO orders FROM written WHERE submitted_at IS NOT NULL;
            ELSE
                SELECT array_agg(written.id) INTO orders FROM written JOIN before ON before.id = written.id
                WHERE (written.speed, written.store_id, written.team_id, written.decision, written.decided_at,
                       written.submitted_at, written.promised_on)
                      IS DISTINCT FROM (before.speed, before.store_id, before.team_id, before.decision,
                                        before.decided_at, before.submitted_at, before.promised_on);
            END IF;
            IF orders IS NOT NULL THEN
                PERFORM write_order_timings(orders);
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE FUNCTION piece_changes_timing() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            orders bigint[];
        BEGIN
            SELECT array_agg(DISTINCT order_id) INTO orders FROM written;
            IF orders IS NOT NULL THEN
                PERFORM write_order_timings(orders);
            END IF;
            RETURN NULL;
        END $$
    """)


def _collections() -> None:
    op.execute("""
        CREATE TABLE collection_timing (
            line_id BIGINT NOT NULL,
            speed TEXT NOT NULL,
            requested_on DATE NOT NULL,
            fetched_on DATE,
            CONSTRAINT pk_collection_timing PRIMARY KEY (line_id)
        )
    """)
    op.execute(f"""
        CREATE VIEW collection_timing_now AS
        SELECT line.id AS line_id, collection.speed, {day("collection.requested_at")} AS requested_on,
               {day("COALESCE(line.picked_up_at, line.collected_at)")} AS fetched_on
        FROM collection_line AS line JOIN collection ON collection.id = line.collection_id
        WHERE line.cancelled_at IS NULL
    """)  # noqa: S608 - the parts are constants
    # Nobody else writes these lines at the same time: whoever calls this has just written them.
    op.execute("""
        CREATE FUNCTION write_collection_timings(lines bigint[]) RETURNS void LANGUAGE sql AS $$
            INSERT INTO collection_timing AS kept SELECT * FROM collection_timing_now WHERE line_id = ANY(lines)
            ON CONFLICT (line_id) DO UPDATE
            SET speed = excluded.speed, requested_on = excluded.requested_on, fetched_on = excluded.fetched_on
            WHERE kept IS DISTINCT FROM excluded;
            DELETE FROM collection_timing AS kept
            WHERE line_id = ANY(lines)
              AND NOT EXISTS (SELECT FROM collection_timing_now AS found WHERE found.line_id = kept.line_id);
        $$
    """)
    op.execute("""
        CREATE FUNCTION fetching_changes_timing() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            lines bigint[];
        BEGIN
            SELECT array_agg(id) INTO lines FROM written;
            IF lines IS NOT NULL THEN
                PERFORM write_collection_timings(lines);
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE FUNCTION collection_changes_timing() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            lines bigint[];
        BEGIN
            SELECT array_agg(line.id) INTO lines
            FROM written JOIN before ON before.id = written.id JOIN collection_line AS line
                ON line.collection_id = written.id
            WHERE (written.speed, written.requested_at) IS DISTINCT FROM (before.speed, before.requested_at);
            IF lines IS NOT NULL THEN
                PERFORM write_collection_timings(lines);
            END IF;
            RETURN NULL;
        END $$
    """)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    for function in (
        "order_changes_its_timing()",
        "piece_changes_timing()",
        "collection_changes_timing()",
        "fetching_changes_timing()",
    ):
        op.execute(f"DROP FUNCTION {function} CASCADE")
    for function in ("write_order_timings(bigint[])", "write_collection_timings(bigint[])"):
        op.execute(f"DROP FUNCTION {function}")
    for name in ("order_timing", "collection_timing"):
        op.execute(f"DROP VIEW {name}_now")
        op.execute(f"DROP TABLE {name}")
    _months("quantity BIGINT", instead_of="quantity_percent")
