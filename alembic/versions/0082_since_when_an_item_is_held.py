"""Since when an item is held stands beside it, so that what is held, and out, is found without reading every hold.

`item.held_since` is the instant of its oldest hold that is open, NULL without one. Triggers on `hold` keep it: holds
are rare and scans are many, so a scan pays nothing. The item is locked before its holds are read again, in a statement
of its own: of two who place and lift at once, the second reads what the first did. Whether an item may go out is never
read here; clearance asks the holds themselves.

Revision: 0082, after: 0081. Made on 2026-11-28.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0082"
down_revision = "0081"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("item", sa.Column("held_since", sa.DateTime(timezone=True), nullable=True))
    op.execute("""
        CREATE FUNCTION keep_held_since(items bigint[]) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM FROM item WHERE id = ANY(items) ORDER BY barcode FOR NO KEY UPDATE;
            UPDATE item SET held_since = told.since
            FROM (SELECT held.id, min(hold.placed_at) AS since
                  FROM unnest(items) AS held (id)
                  LEFT JOIN hold ON hold.item_id = held.id AND hold.lifted_at IS NULL GROUP BY held.id) AS told
            WHERE item.id = told.id AND item.held_since IS DISTINCT FROM told.since;
        END $$
    """)
    op.execute("""
        CREATE FUNCTION hold_keeps_held_since() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                PERFORM keep_held_since(ARRAY(SELECT DISTINCT item_id FROM written WHERE lifted_at IS NULL));
            ELSE
                PERFORM keep_held_since(ARRAY(
                    SELECT DISTINCT written.item_id FROM written JOIN was ON was.id = written.id
                    WHERE (written.lifted_at IS NULL) <> (was.lifted_at IS NULL)
                       OR written.placed_at <> was.placed_at));
            END IF;
            RETURN NULL;
        END $$
    """)
    # Holds are never deleted, and stay with their items: other triggers see to that.
    op.execute("""
        CREATE TRIGGER hold_keeps_held_since_on_insert AFTER INSERT ON hold REFERENCING NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION hold_keeps_held_since()
    """)
    op.execute("""
        CREATE TRIGGER hold_keeps_held_since_on_update AFTER UPDATE ON hold
        REFERENCING OLD TABLE AS was NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION hold_keeps_held_since()
    """)
    op.execute("SELECT keep_held_since(ARRAY(SELECT DISTINCT item_id FROM hold WHERE lifted_at IS NULL))")
    op.create_index(
        "ix_item_barcode_while_held", "item", ["barcode"], postgresql_where=sa.text("held_since IS NOT NULL")
    )
    op.create_index(
        "ix_item_held_since_while_out",
        "item",
        ["held_since", "id"],
        postgresql_where=sa.text(
            "held_since IS NOT NULL AND state IN ('awaiting_collection', 'dispatched', 'on_loan', 'on_trial')"
        ),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index("ix_item_held_since_while_out", table_name="item")
    op.drop_index("ix_item_barcode_while_held", table_name="item")
    for event in ("insert", "update"):
        op.execute(f"DROP TRIGGER hold_keeps_held_since_on_{event} ON hold")
    op.execute("DROP FUNCTION hold_keeps_held_since()")
    op.execute("DROP FUNCTION keep_held_since(bigint[])")
    op.drop_column("item", "held_since")
