"""Inspections that nobody knows the day of are rows of their own, so that they are found without all the items.

Revision: 0070, after: 0069. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0070"
down_revision = "0069"
branch_labels: str | None = None
depends_on: str | None = None

KINDS = ("loler", "pat", "service", "functional")
# The product is locked on both sides: an item that comes while its product begins to ask for an inspection is seen by
# one of the two. A reference to the product has locked it already where an item is new.
FUNCTIONS = {
    "item_wants_inspections": """
        INSERT INTO inspection_without_day (item_id, kind)
        SELECT written.id, asked.kind FROM written
        JOIN product_inspection AS asked ON asked.product_id = written.product_id
        ON CONFLICT DO NOTHING;
    """,
    "inspection_gets_its_day": """
        DELETE FROM inspection_without_day AS without USING written
        WHERE without.item_id = written.item_id AND without.kind = written.kind;
    """,
    "inspection_loses_its_day": """
        PERFORM FROM product WHERE id IN (
            SELECT item.product_id FROM written JOIN item ON item.id = written.item_id) ORDER BY id FOR KEY SHARE;
        INSERT INTO inspection_without_day (item_id, kind)
        SELECT written.item_id, written.kind FROM written JOIN item ON item.id = written.item_id
        JOIN product_inspection AS asked ON asked.product_id = item.product_id AND asked.kind = written.kind
        WHERE NOT EXISTS (SELECT FROM inspection_due AS known
                          WHERE known.item_id = written.item_id AND known.kind = written.kind)
        ON CONFLICT DO NOTHING;
    """,
    "product_asks_for_inspections": """
        PERFORM FROM product WHERE id IN (SELECT product_id FROM written) ORDER BY id FOR UPDATE;
        INSERT INTO inspection_without_day (item_id, kind)
        SELECT item.id, written.kind FROM written JOIN item ON item.product_id = written.product_id
        WHERE NOT EXISTS (SELECT FROM inspection_due AS known
                          WHERE known.item_id = item.id AND known.kind = written.kind)
        ON CONFLICT DO NOTHING;
    """,
    "product_asks_no_longer": """
        DELETE FROM inspection_without_day AS without USING written, item
        WHERE item.product_id = written.product_id AND without.item_id = item.id AND without.kind = written.kind;
    """,
}
TRIGGERS = (
    ("item_is_to_be_inspected", "INSERT ON item", "NEW", "item_wants_inspections"),
    ("inspection_has_a_day", "INSERT ON inspection_due", "NEW", "inspection_gets_its_day"),
    ("inspection_has_no_day", "DELETE ON inspection_due", "OLD", "inspection_loses_its_day"),
    ("inspection_is_asked_for", "INSERT ON product_inspection", "NEW", "product_asks_for_inspections"),
    ("inspection_is_not_asked_for", "DELETE ON product_inspection", "OLD", "product_asks_no_longer"),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "inspection_without_day",
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind", sa.Enum(*KINDS, name="kind", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_inspection_without_day_item_id")),
        sa.PrimaryKeyConstraint("item_id", "kind", name=op.f("pk_inspection_without_day")),
    )
    for name, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$")
    for name, when, side, function in TRIGGERS:
        op.execute(
            f"CREATE TRIGGER {name} AFTER {when} REFERENCING {side} TABLE AS written "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        )
    # The triggers are there, and hold their tables until the end: nothing comes in between.
    op.execute("""
        INSERT INTO inspection_without_day (item_id, kind)
        SELECT item.id, asked.kind FROM product_inspection AS asked JOIN item ON item.product_id = asked.product_id
        WHERE NOT EXISTS (SELECT FROM inspection_due AS known WHERE known.item_id = item.id AND known.kind = asked.kind)
    """)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    for name, when, _, _ in TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON {when.split()[-1]}")
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}()")
    op.drop_table("inspection_without_day")
