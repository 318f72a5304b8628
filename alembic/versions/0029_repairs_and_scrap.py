"""Repairs with their parts, the parts bin, and scrap with its waste stream and its second person.

Revision: 0029, after: 0028. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0029"
down_revision = "0028"
branch_labels: str | None = None
depends_on: str | None = None

HOLDS = ("safety_notice", "fault", "investigation", "in_transit")
STREAMS = ("weee", "batteries", "mattress", "metal", "general", "clinical", "maker", "nowhere")
APPEND_ONLY = ("repair_estimate", "fitted_part", "fitted_part_withdrawal")
FINAL = {
    "repair": "OLD.finished_at IS NOT NULL",
    "disposal": "OLD.declined_at IS NOT NULL",
    "harvested_part": "OLD.discarded_at IS NOT NULL",
}
STANDING = """
    CREATE VIEW standing_part AS
    SELECT fitted.id, fitted.repair_id, fitted.part_number, fitted.description, fitted.quantity, fitted.cost_pence,
           fitted.fitted_on, fitted.harvested_part_id, fitted.recorded_at, fitted.recorded_by
    FROM fitted_part AS fitted
    WHERE NOT EXISTS (SELECT FROM fitted_part_withdrawal AS taken WHERE taken.fitted_part_id = fitted.id)
"""
# `is_current`: the item is on the repair bench, and this is the stay there that has not ended.
COST = """
    CREATE VIEW repair_cost AS
    SELECT repair.id AS repair_id, repair.item_id,
           repair.finished_at IS NULL AND item.state = 'in_repair' AND NOT EXISTS (
               SELECT FROM movement WHERE movement.item_id = repair.item_id AND movement.seq > repair.started_seq
                 AND movement.to_state = 'in_repair' AND movement.from_state <> 'in_repair') AS is_current,
           COALESCE((SELECT sum(part.quantity * part.cost_pence) FROM standing_part AS part
                     WHERE part.repair_id = repair.id), 0) AS parts_pence,
           COALESCE(repair.labour_pence, 0) AS labour_pence,
           (SELECT made.parts_pence + made.labour_pence FROM repair_estimate AS made
            WHERE made.repair_id = repair.id ORDER BY made.id DESC LIMIT 1) AS estimate_pence
    FROM repair JOIN item ON item.id = repair.item_id
"""


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("product", sa.Column("expected_life_months", sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f("ck_product_expected_life_sensible"), "product", "expected_life_months BETWEEN 1 AND 600"
    )
    _hold_kinds(*HOLDS, "scrap_request")
    _create_repair()
    _create_parts()
    _create_disposal()
    for table in APPEND_ONLY:
        op.execute(f"""
            CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """)
    for table, ended in FINAL.items():
        op.execute(f"""
            CREATE TRIGGER ended_{table}_is_final BEFORE UPDATE ON {table}
            FOR EACH ROW WHEN ({ended}) EXECUTE FUNCTION refuse_change()
        """)
        op.execute(f"""
            CREATE TRIGGER {table}_is_kept BEFORE DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """)
    op.execute(STANDING)
    op.execute(COST)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP VIEW repair_cost")
    op.execute("DROP VIEW standing_part")
    for table in ("disposal", "fitted_part_withdrawal", "fitted_part", "harvested_part", "repair_estimate", "repair"):
        op.drop_table(table)
    # What was to be scrapped stays held.
    op.execute("UPDATE hold SET kind = 'investigation' WHERE kind = 'scrap_request'")
    _hold_kinds(*HOLDS)
    op.drop_column("product", "expected_life_months")


def _hold_kinds(*kinds: str) -> None:
    op.drop_constraint(op.f("ck_hold_kind"), "hold", type_="check")
    known = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(op.f("ck_hold_kind"), "hold", f"kind IN ({known})")


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _choice(table: str, name: str, *values: str, nullable: bool = False) -> tuple[sa.Column[str], sa.CheckConstraint]:
    kind = sa.Enum(*values, name=name, native_enum=False, create_constraint=False, length=40)
    known = ", ".join(f"'{value}'" for value in values)
    check = sa.CheckConstraint(f"{name} IN ({known})", name=op.f(f"ck_{table}_{name}"))
    return sa.Column(name, kind, nullable=nullable), check


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def _text(name: str, *, nullable: bool = False, empty: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="" if empty else None, nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _create_repair() -> None:
    op.create_table(
        "repair",
        _id(),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("started_seq", sa.Integer(), nullable=False),
        _instant("finished_at", nullable=True),
        _text("finished_by", nullable=True),
        sa.Column("finished_seq", sa.Integer(), nullable=True),
        *_choice("repair", "outcome", "repaired", "beyond_repair", nullable=True),
        _text("notes", empty=True),
        sa.Column("labour_minutes", sa.Integer(), nullable=True),
        sa.Column("labour_pence", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(finished_at, finished_by, finished_seq, outcome) IN (0, 4)",
            name=op.f("ck_repair_finished_as_a_whole"),
        ),
        sa.CheckConstraint("labour_minutes >= 0 AND labour_pence >= 0", name=op.f("ck_repair_labour_not_negative")),
        _key("repair", "item_id", "item"),
        sa.ForeignKeyConstraint(
            ["item_id", "started_seq"], ["movement.item_id", "movement.seq"], name="fk_repair_movement_that_began_it"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repair")),
        sa.UniqueConstraint("item_id", "started_seq", name="uq_repair_item_id_started_seq"),
    )
    op.create_table(
        "repair_estimate",
        _id(),
        sa.Column("repair_id", sa.BigInteger(), nullable=False),
        sa.Column("parts_pence", sa.Integer(), nullable=False),
        sa.Column("labour_pence", sa.Integer(), nullable=False),
        _text("notes", empty=True),
        _instant("made_at"),
        _text("made_by"),
        sa.CheckConstraint("parts_pence >= 0 AND labour_pence >= 0", name=op.f("ck_repair_estimate_not_negative")),
        _key("repair_estimate", "repair_id", "repair"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repair_estimate")),
    )
    op.create_index("ix_repair_estimate_repair_id_id", "repair_estimate", ["repair_id", "id"])


def _create_parts() -> None:
    op.create_table(
        "harvested_part",
        _id(),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        _text("part_number", empty=True),
        _text("description"),
        *_choice("harvested_part", "condition", "as_new", "good", "worn"),
        _instant("taken_at"),
        _text("taken_by"),
        _instant("discarded_at", nullable=True),
        _text("discarded_by", nullable=True),
        _text("discard_reason", nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(discarded_at, discarded_by, discard_reason) IN (0, 3)",
            name=op.f("ck_harvested_part_discarded_as_a_whole"),
        ),
        _key("harvested_part", "item_id", "item"),
        _key("harvested_part", "store_id", "store"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_harvested_part")),
    )
    op.create_index("ix_harvested_part_item_id", "harvested_part", ["item_id"])
    op.create_index(
        "ix_harvested_part_id_while_kept", "harvested_part", ["id"], postgresql_where=sa.text("discarded_at IS NULL")
    )
    op.create_table(
        "fitted_part",
        _id(),
        sa.Column("repair_id", sa.BigInteger(), nullable=False),
        _text("part_number", empty=True),
        _text("description"),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("cost_pence", sa.Integer(), nullable=False),
        sa.Column("fitted_on", sa.Date(), nullable=False),
        sa.Column("harvested_part_id", sa.BigInteger(), nullable=True),
        _instant("recorded_at"),
        _text("recorded_by"),
        sa.CheckConstraint("quantity >= 1 AND cost_pence >= 0", name=op.f("ck_fitted_part_something_at_a_price")),
        sa.CheckConstraint("harvested_part_id IS NULL OR quantity = 1", name=op.f("ck_fitted_part_one_from_the_bin")),
        _key("fitted_part", "repair_id", "repair"),
        _key("fitted_part", "harvested_part_id", "harvested_part"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fitted_part")),
    )
    op.create_index("ix_fitted_part_repair_id", "fitted_part", ["repair_id"])
    op.create_index("ix_fitted_part_harvested_part_id", "fitted_part", ["harvested_part_id"])
    op.create_table(
        "fitted_part_withdrawal",
        sa.Column("fitted_part_id", sa.BigInteger(), nullable=False),
        _text("reason"),
        _instant("withdrawn_at"),
        _text("withdrawn_by"),
        _key("fitted_part_withdrawal", "fitted_part_id", "fitted_part"),
        sa.PrimaryKeyConstraint("fitted_part_id", name=op.f("pk_fitted_part_withdrawal")),
    )


def _create_disposal() -> None:
    checks = {
        "by_two_people": "agreed_by <> asked_by",
        "agreed_is_scrapped": "agreed_at IS NULL OR seq IS NOT NULL",
        "agreed_as_a_whole": "num_nonnulls(agreed_at, agreed_by) IN (0, 2)",
        "declined_as_a_whole": "num_nonnulls(declined_at, declined_by, decline_reason) IN (0, 3)",
        "not_both_declined_and_scrapped": "declined_at IS NULL OR seq IS NULL",
        "a_request_holds_its_item": "seq IS NOT NULL OR hold_id IS NOT NULL",
        "electrical_says_of_batteries": "waste_stream <> 'weee' OR batteries IS NOT NULL",
    }
    op.create_table(
        "disposal",
        _id(),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        _text("reason"),
        *_choice("disposal", "waste_stream", *STREAMS),
        *_choice("disposal", "batteries", "taken_out", "left_in", "none", nullable=True),
        _text("reference", empty=True),
        _instant("asked_at"),
        _text("asked_by"),
        sa.Column("hold_id", sa.BigInteger(), nullable=True),
        _instant("agreed_at", nullable=True),
        _text("agreed_by", nullable=True),
        _instant("declined_at", nullable=True),
        _text("declined_by", nullable=True),
        _text("decline_reason", nullable=True),
        sa.Column("seq", sa.Integer(), nullable=True),
        *(sa.CheckConstraint(check, name=op.f(f"ck_disposal_{name}")) for name, check in checks.items()),
        _key("disposal", "item_id", "item"),
        _key("disposal", "hold_id", "hold"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal")),
    )
    for name, unique, where in (
        ("uq_disposal_one_per_item", True, "declined_at IS NULL"),
        ("ix_disposal_id_while_asked", False, "seq IS NULL AND declined_at IS NULL"),
        (
            "ix_disposal_id_without_reference",
            False,
            "seq IS NOT NULL AND reference = '' AND waste_stream <> 'nowhere'",
        ),
    ):
        column = "item_id" if unique else "id"
        op.create_index(name, "disposal", [column], unique=unique, postgresql_where=sa.text(where))
