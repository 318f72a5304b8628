"""The pieces of an order agree with their reservations and loans, and PostgreSQL has the last word in it.

A piece carries the order, the client and the item it is about, so that foreign keys can say that its reservation and
its loan are of this client and this item. A trigger fills them from what the piece refers to: no writer can forget
them, and the code that is still running while this is deployed knows nothing of them. What a foreign key cannot say,
triggers check at the end of a transaction. They read what is committed; that nobody else changes the other half at the
same moment is the verbs' care, which lock the order first.

Revision: 0016, after: 0015. Made on 2026-11-26.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | None = None
depends_on: str | None = None

FILL = """
    CREATE FUNCTION fill_order_unit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        SELECT asked.id, asked.client_id INTO NEW.order_id, NEW.client_id
        FROM order_line AS line JOIN equipment_order AS asked ON asked.id = line.order_id
        WHERE line.id = NEW.order_line_id;
        NEW.item_id := (SELECT item_id FROM reservation WHERE id = NEW.reservation_id);
        RETURN NEW;
    END $$
"""
FILLED = """
    CREATE TRIGGER order_unit_is_filled BEFORE INSERT OR UPDATE ON order_unit
    FOR EACH ROW EXECUTE FUNCTION fill_order_unit()
"""
# Any update makes the trigger fill them.
BACKFILL = "UPDATE order_unit SET order_id = NULL WHERE order_id IS NULL"

# A piece that is cancelled or delivered, or whose order is a draft or over, keeps nothing from others.
KEEPS = """
    CREATE FUNCTION check_what_orders_keep() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        wrong record;
    BEGIN
        SELECT asked.number, kept.id AS reservation_id INTO wrong
        FROM order_unit AS unit JOIN reservation AS kept ON kept.id = unit.reservation_id
        JOIN equipment_order AS asked ON asked.id = unit.order_id
        WHERE CASE TG_TABLE_NAME WHEN 'equipment_order' THEN unit.order_id = NEW.id
                                 WHEN 'reservation' THEN unit.reservation_id = NEW.id
                                 ELSE unit.id = NEW.id END
          AND kept.ended_at IS NULL
          AND (unit.cancelled_at IS NOT NULL OR unit.loan_id IS NOT NULL
               OR asked.decision NOT IN ('awaiting_authorisation', 'awaiting_panel', 'approved'))
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'order_keeps_only_what_it_wants: reservation % of order % is live, and its piece or its '
                'order is not open', wrong.reservation_id, wrong.number
                USING ERRCODE = 'check_violation', CONSTRAINT = 'order_keeps_only_what_it_wants';
        END IF;
        RETURN NULL;
    END $$
"""
# A draft that was cancelled was never submitted and has no pieces.
HAS_UNITS = """
    CREATE FUNCTION check_orders_have_their_units() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        concerned bigint[];
        wrong text;
    BEGIN
        IF TG_TABLE_NAME = 'equipment_order' THEN
            concerned := ARRAY[NEW.id];
        ELSIF TG_OP = 'INSERT' THEN
            concerned := ARRAY[NEW.order_id];
        ELSIF TG_OP = 'DELETE' THEN
            concerned := ARRAY[OLD.order_id];
        ELSE
            concerned := ARRAY[OLD.order_id, NEW.order_id];
        END IF;
        SELECT asked.number INTO wrong FROM equipment_order AS asked
        WHERE asked.id = ANY(concerned) AND asked.submitted_at IS NOT NULL
          AND (NOT EXISTS (SELECT FROM order_line WHERE order_line.order_id = asked.id)
               OR EXISTS (SELECT FROM order_line AS line
                          WHERE line.order_id = asked.id
                            AND line.quantity <> (SELECT count(*) FROM order_unit WHERE order_line_id = line.id)))
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'submitted_order_has_its_units: order % is submitted, and has not one unit for every piece '
                'of its lines', wrong
                USING ERRCODE = 'check_violation', CONSTRAINT = 'submitted_order_has_its_units';
        END IF;
        RETURN NULL;
    END $$
"""
# Their names, on which table and after what, and what they call. What ends a reservation, as every scan may, is not
# asked about: it makes nothing disagree.
TRIGGERS = (
    ("order_keeps_only_what_it_wants", "equipment_order", "UPDATE OF decision", "", "check_what_orders_keep"),
    (
        "order_unit_keeps_only_what_it_wants",
        "order_unit",
        "INSERT OR UPDATE OF reservation_id, loan_id, cancelled_at",
        "WHEN (NEW.reservation_id IS NOT NULL)",
        "check_what_orders_keep",
    ),
    (
        "reservation_is_kept_only_while_wanted",
        "reservation",
        "UPDATE OF ended_at",
        "WHEN (NEW.ended_at IS NULL)",
        "check_what_orders_keep",
    ),
    (
        "submitted_order_has_its_units",
        "equipment_order",
        "INSERT OR UPDATE OF submitted_at",
        "WHEN (NEW.submitted_at IS NOT NULL)",
        "check_orders_have_their_units",
    ),
    (
        "order_line_has_its_units",
        "order_line",
        "INSERT OR DELETE OR UPDATE OF order_id, quantity",
        "",
        "check_orders_have_their_units",
    ),
    (
        "order_unit_stays_with_its_line",
        "order_unit",
        "INSERT OR DELETE OR UPDATE OF order_line_id",
        "",
        "check_orders_have_their_units",
    ),
)


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    for name in ("order_id", "client_id", "item_id"):
        op.add_column("order_unit", sa.Column(name, sa.BigInteger(), nullable=True))
    op.execute(FILL)
    op.execute(FILLED)
    op.execute(BACKFILL)
    op.alter_column("order_unit", "order_id", nullable=False)
    op.alter_column("order_unit", "client_id", nullable=False)
    op.create_unique_constraint("uq_equipment_order_id_client_id", "equipment_order", ["id", "client_id"])
    op.create_unique_constraint("uq_order_line_id_order_id", "order_line", ["id", "order_id"])
    for table in ("loan", "reservation"):
        op.create_unique_constraint(f"uq_{table}_id_client_id_item_id", table, ["id", "client_id", "item_id"])
    op.create_foreign_key(
        "fk_order_unit_line_is_of_its_order",
        "order_unit",
        "order_line",
        ["order_line_id", "order_id"],
        ["id", "order_id"],
    )
    op.create_foreign_key(
        "fk_order_unit_client_is_that_of_its_order",
        "order_unit",
        "equipment_order",
        ["order_id", "client_id"],
        ["id", "client_id"],
    )
    for kind in ("reservation", "loan"):
        op.create_foreign_key(
            f"fk_order_unit_{kind}_is_of_its_client_and_item",
            "order_unit",
            kind,
            [f"{kind}_id", "client_id", "item_id"],
            ["id", "client_id", "item_id"],
        )
    op.create_check_constraint(
        op.f("ck_order_unit_only_what_was_held_is_delivered"),
        "order_unit",
        "loan_id IS NULL OR reservation_id IS NOT NULL",
    )
    op.create_check_constraint(
        op.f("ck_order_unit_reservation_and_item_together"),
        "order_unit",
        "(reservation_id IS NULL) = (item_id IS NULL)",
    )
    op.create_index("ix_order_unit_order_id", "order_unit", ["order_id"], unique=False)
    op.execute(KEEPS)
    op.execute(HAS_UNITS)
    for name, table, events, when, function in TRIGGERS:
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {name} AFTER {events} ON {table} DEFERRABLE INITIALLY DEFERRED "
            f"FOR EACH ROW {when} EXECUTE FUNCTION {function}()"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    for name, table, *_ in TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON {table}")
    op.execute("DROP FUNCTION check_what_orders_keep")
    op.execute("DROP FUNCTION check_orders_have_their_units")
    op.drop_index("ix_order_unit_order_id", table_name="order_unit")
    op.drop_constraint(op.f("ck_order_unit_reservation_and_item_together"), "order_unit", type_="check")
    op.drop_constraint(op.f("ck_order_unit_only_what_was_held_is_delivered"), "order_unit", type_="check")
    for kind in ("loan", "reservation"):
        op.drop_constraint(f"fk_order_unit_{kind}_is_of_its_client_and_item", "order_unit", type_="foreignkey")
    op.drop_constraint("fk_order_unit_client_is_that_of_its_order", "order_unit", type_="foreignkey")
    op.drop_constraint("fk_order_unit_line_is_of_its_order", "order_unit", type_="foreignkey")
    for table in ("reservation", "loan"):
        op.drop_constraint(f"uq_{table}_id_client_id_item_id", table, type_="unique")
    op.drop_constraint("uq_order_line_id_order_id", "order_line", type_="unique")
    op.drop_constraint("uq_equipment_order_id_client_id", "equipment_order", type_="unique")
    op.execute("DROP TRIGGER order_unit_is_filled ON order_unit")
    op.execute("DROP FUNCTION fill_order_unit")
    for name in ("item_id", "client_id", "order_id"):
        op.drop_column("order_unit", name)
