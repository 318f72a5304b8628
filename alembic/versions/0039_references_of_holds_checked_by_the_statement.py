"""What holds and matches refer to is checked once for a statement, not once for each row; no hold is deleted.

Revision: 0039, after: 0038. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0039"
down_revision = "0038"
branch_labels: str | None = None
depends_on: str | None = None

# What is referred to is never deleted: notices and scopes by their triggers (0031, 0035), items by their movements, and
# holds from now on. So what was known when a row was written is known for ever, and only the writing need be checked.
CHECKED = {
    "hold": {"item_id": "item", "notice_id": "safety_notice"},
    "notice_match": {
        "notice_id": "safety_notice",
        "item_id": "item",
        "scope_id": "notice_scope",
        "hold_id": "hold",
    },
}
FIXED = {"hold": "item_id, notice_id", "notice_match": "notice_id, item_id"}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("""
        CREATE TRIGGER hold_is_kept BEFORE DELETE OR TRUNCATE ON hold
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    for table, columns in CHECKED.items():
        op.execute(_function(table, columns))
        op.execute(_trigger(table, "INSERT"))
        changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in FIXED[table].split(", "))
        op.execute(f"""
            CREATE TRIGGER {table}_stays_with_its_item BEFORE UPDATE OF {FIXED[table]} ON {table}
            FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION refuse_change()
        """)
        for column in columns:
            op.drop_constraint(op.f(f"fk_{table}_{column}"), table, type_="foreignkey")
    op.execute(_trigger("notice_match", "UPDATE"))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP TRIGGER notice_match_refers_on_update ON notice_match")
    for table, columns in CHECKED.items():
        for column, target in columns.items():
            op.create_foreign_key(op.f(f"fk_{table}_{column}"), table, target, [column], ["id"])
        op.execute(f"DROP TRIGGER {table}_stays_with_its_item ON {table}")
        op.execute(f"DROP TRIGGER {table}_refers_on_insert ON {table}")
        op.execute(f"DROP FUNCTION {table}_refers()")
    op.execute("DROP TRIGGER hold_is_kept ON hold")


def _function(table: str, columns: dict[str, str]) -> str:
    """Each reference is looked up by its index, however many rows there are: a plan that was made for thousands, and
    read the whole register, would be kept for those who write one."""
    checks = "".join(_check(table, column, target) for column, target in columns.items())
    return f"""
        CREATE FUNCTION {table}_refers() RETURNS trigger LANGUAGE plpgsql
        SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off
        AS $$ BEGIN {checks} RETURN NULL; END $$
    """


def _check(table: str, column: str, target: str) -> str:
    return f"""
        IF EXISTS (
            SELECT FROM (SELECT DISTINCT {column} FROM written WHERE {column} IS NOT NULL) AS named
            WHERE NOT EXISTS (SELECT FROM {target} WHERE {target}.id = named.{column})
        ) THEN
            RAISE foreign_key_violation USING CONSTRAINT = 'fk_{table}_{column}', TABLE = '{table}',
                MESSAGE = '{table}.{column} names what is not in {target}';
        END IF;
    """  # noqa: S608 - the names are constants


def _trigger(table: str, event: str) -> str:
    return f"""
        CREATE TRIGGER {table}_refers_on_{event.lower()} AFTER {event} ON {table} REFERENCING NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION {table}_refers()
    """
