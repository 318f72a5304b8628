"""Scopes of safety notices, what they cover, what was done about each item, and what they prevented.

Revision: 0035, after: 0034. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0035"
down_revision = "0034"
branch_labels: str | None = None
depends_on: str | None = None

TABLES = ("prevented", "closing", "review", "answer", "match_action", "match", "activation", "scope")
APPEND_ONLY = ("scope", "activation", "match_action", "answer", "prevented")
FINAL = (("closing", "closed_at"), ("review", "done_at"))
RESULTS = ("affected", "possible", "not_affected")
CAUSES = (
    "activation",
    "new_scope",
    "goods_in",
    "import",
    "return",
    "edit",
    "catalogue",
    "part",
    "found",
    "inspection",
    "daily",
)
ACTIONS = (
    "contacted",
    "no_access",
    "quarantined",
    "inspected",
    "corrected",
    "replaced",
    "disposed",
    "untraceable",
    "cleared",
)
OUTCOMES = ("corrected", "replaced", "disposed", "untraceable", "cleared", "not_covered")
MOVES = (
    "receive",
    "reserve",
    "release",
    "dispatch",
    "deliver",
    "issue",
    "start_trial",
    "keep_after_trial",
    "request_collection",
    "cancel_collection",
    "return",
    "start_decontamination",
    "pass_decontamination",
    "fail_decontamination",
    "pass_inspection",
    "fail_inspection",
    "complete_repair",
    "scrap",
    "mark_missing",
    "find",
    "transfer",
)
# Which notices an item is asked about: those that are active, and those that are closed. Whoever changes what is asked
# of items calls it first, and waits: for an activation that is going on, as an activation waits for whoever has called
# it. So nothing arrives unseen. Each statement of a function sees what was committed before it, after the wait.
IN_FORCE = """
    CREATE FUNCTION notices_in_force(waits boolean)
    RETURNS TABLE (notice_id bigint, reference text, title text, state text, scope_id bigint, number int, digest text,
                   handling text)
    LANGUAGE plpgsql VOLATILE AS $$
    BEGIN
        IF waits THEN
            PERFORM pg_advisory_xact_lock_shared(hashtextextended('safety notices are put into force', 0));
        END IF;
        RETURN QUERY
            SELECT notice.id, notice.reference, notice.title, notice.state::text, scope.id, scope.number,
                   scope.digest, scope.handling::text
            FROM notice_activation AS activation
            JOIN notice_scope AS scope ON scope.id = activation.scope_id
            JOIN safety_notice AS notice ON notice.id = activation.notice_id
            WHERE notice.state IN ('active', 'closed')
              AND NOT EXISTS (SELECT FROM notice_activation AS later
                              WHERE later.notice_id = activation.notice_id AND later.id > activation.id)
            ORDER BY notice.id;
    END $$
"""


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    _create_scope_and_activation()
    _add_notice_to_hold()
    _create_match()
    _create_action_and_answer()
    _create_review_and_closing()
    _create_prevented()
    for name in APPEND_ONLY:
        table = f"notice_{name}"
        op.execute(f"""
            CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """)
    for name, ended in FINAL:
        op.execute(f"""
            CREATE TRIGGER ended_notice_{name}_is_final BEFORE UPDATE ON notice_{name}
            FOR EACH ROW WHEN (OLD.{ended} IS NOT NULL) EXECUTE FUNCTION refuse_change()
        """)
    for name in ("match", "review", "closing"):
        op.execute(f"""
            CREATE TRIGGER notice_{name}_is_kept BEFORE DELETE OR TRUNCATE ON notice_{name}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """)
    op.execute(IN_FORCE)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP FUNCTION notices_in_force(boolean)")
    for name in TABLES:
        if name == "scope":
            _take_notice_from_hold()
        op.drop_table(f"notice_{name}")


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _choice(table: str, name: str, *values: str, nullable: bool = False) -> tuple[sa.Column[str], sa.CheckConstraint]:
    kind = sa.Enum(*values, name=name, native_enum=False, create_constraint=False, length=40)
    known = ", ".join(f"'{value}'" for value in values)
    check = sa.CheckConstraint(f"{name} IN ({known})", name=op.f(f"ck_{table}_{name}"))
    return sa.Column(name, kind, nullable=nullable), check


def _text(name: str, *, nullable: bool = False, empty: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="" if empty else None, nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _facts(name: str, default: str | None = None) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), server_default=default, nullable=False)


def _refers(
    table: str, name: str, target: str, *, nullable: bool = False
) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    key = sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"fk_{table}_{name}"))
    return sa.Column(name, sa.BigInteger(), nullable=nullable), key


def _of_notice(table: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    return _refers(table, "notice_id", "safety_notice")


def _key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def _create_scope_and_activation() -> None:
    table = "notice_scope"
    op.create_table(
        table,
        _id(),
        *_of_notice(table),
        _number("number"),
        _number("notice_version"),
        _facts("lines"),
        _text("digest"),
        *_choice(table, "handling", "quarantine", "advice"),
        _instant("drafted_at"),
        _text("drafted_by"),
        sa.CheckConstraint("number >= 1", name=op.f(f"ck_{table}_counted_from_one")),
        _key(table),
        sa.UniqueConstraint("notice_id", "number", name="uq_notice_scope_notice_id_number"),
    )
    table = "notice_activation"
    op.create_table(
        table,
        _id(),
        *_of_notice(table),
        *_refers(table, "scope_id", "notice_scope"),
        _text("scope_author"),
        _number("affected"),
        _number("possible"),
        _number("not_affected"),
        _instant("activated_at"),
        _text("activated_by"),
        sa.CheckConstraint("activated_by <> scope_author", name=op.f(f"ck_{table}_by_a_second_person")),
        _key(table),
        sa.UniqueConstraint("scope_id", name="uq_notice_activation_scope_id"),
    )
    op.create_index("ix_notice_activation_notice_id_id", table, ["notice_id", "id"])


def _add_notice_to_hold() -> None:
    op.add_column("hold", sa.Column("notice_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_hold_notice_id"), "hold", "safety_notice", ["notice_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_hold_a_notice_places_its_own_kind"), "hold", "notice_id IS NULL OR kind = 'safety_notice'"
    )
    op.create_index(
        "uq_hold_notice_id_item_id_while_open",
        "hold",
        ["notice_id", "item_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL AND notice_id IS NOT NULL"),
    )


def _take_notice_from_hold() -> None:
    op.drop_index("uq_hold_notice_id_item_id_while_open", "hold")
    op.drop_constraint(op.f("ck_hold_a_notice_places_its_own_kind"), "hold")
    op.drop_constraint(op.f("fk_hold_notice_id"), "hold")
    op.drop_column("hold", "notice_id")


def _create_match() -> None:
    table = "notice_match"
    op.create_table(
        table,
        _id(),
        *_of_notice(table),
        *_refers(table, "item_id", "item"),
        *_refers(table, "scope_id", "notice_scope"),
        *_choice(table, "result", *RESULTS),
        _text("evidence"),
        *_choice(table, "cause", *CAUSES),
        _instant("found_at"),
        _text("found_by"),
        _instant("first_blocked_at", nullable=True),
        *_refers(table, "hold_id", "hold", nullable=True),
        sa.Column("is_after_closing", sa.Boolean(), server_default="false", nullable=False),
        _instant("finished_at", nullable=True),
        _text("finished_by", nullable=True),
        *_choice(table, "outcome", *OUTCOMES, nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(finished_at, finished_by, outcome) IN (0, 3)", name=op.f(f"ck_{table}_finished_as_a_whole")
        ),
        sa.CheckConstraint("hold_id IS NULL OR first_blocked_at IS NOT NULL", name=op.f(f"ck_{table}_a_hold_blocks")),
        _key(table),
        sa.UniqueConstraint("notice_id", "item_id", name="uq_notice_match_notice_id_item_id"),
    )
    op.create_index("ix_notice_match_item_id", table, ["item_id"])
    op.create_index("ix_notice_match_hold_id", table, ["hold_id"])
    op.create_index(
        "ix_notice_match_notice_id_while_open",
        table,
        ["notice_id"],
        postgresql_where=sa.text("finished_at IS NULL"),
    )


def _create_action_and_answer() -> None:
    table = "notice_match_action"
    op.create_table(
        table,
        _id(),
        *_refers(table, "match_id", "notice_match"),
        *_choice(table, "action", *ACTIONS),
        _text("channel", empty=True),
        _text("notes", empty=True),
        _facts("answers", "{}"),
        _instant("recorded_at"),
        _text("recorded_by"),
        _key(table),
    )
    op.create_index("ix_notice_match_action_match_id_id", table, ["match_id", "id"])
    table = "notice_answer"
    op.create_table(
        table,
        _id(),
        *_refers(table, "item_id", "item"),
        _text("question"),
        sa.Column("is_so", sa.Boolean(), nullable=False),
        *_refers(table, "match_action_id", "notice_match_action", nullable=True),
        _instant("seen_at"),
        _text("seen_by"),
        _key(table),
    )
    op.create_index("ix_notice_answer_item_id_question_id", table, ["item_id", "question", "id"])
    op.create_index("ix_notice_answer_match_action_id", table, ["match_action_id"])


def _create_review_and_closing() -> None:
    table = "notice_review"
    op.create_table(
        table,
        _id(),
        *_of_notice(table),
        *_refers(table, "client_id", "client"),
        _facts("because"),
        _instant("asked_at"),
        _instant("done_at", nullable=True),
        _text("done_by", nullable=True),
        *_choice(table, "outcome", "no_change", "changed", "not_reached", nullable=True),
        _text("note", empty=True),
        sa.CheckConstraint(
            "num_nonnulls(done_at, done_by, outcome) IN (0, 3)", name=op.f(f"ck_{table}_done_as_a_whole")
        ),
        _key(table),
        sa.UniqueConstraint("notice_id", "client_id", name="uq_notice_review_notice_id_client_id"),
    )
    op.create_index("ix_notice_review_client_id", table, ["client_id"])
    table = "notice_closing"
    op.create_table(
        table,
        _id(),
        *_of_notice(table),
        _facts("counts"),
        _instant("asked_at"),
        _text("asked_by"),
        _instant("closed_at", nullable=True),
        _text("closed_by", nullable=True),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_by IS NULL)", name=op.f(f"ck_{table}_closed_at_and_by_together")
        ),
        sa.CheckConstraint("closed_by <> asked_by", name=op.f(f"ck_{table}_by_a_second_person")),
        _key(table),
    )
    op.create_index(
        "uq_notice_closing_notice_id_while_asked",
        table,
        ["notice_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_notice_closing_notice_id_id", table, ["notice_id", "id"])


def _create_prevented() -> None:
    table = "notice_prevented"
    op.create_table(
        table,
        _id(),
        *_of_notice(table),
        *_refers(table, "item_id", "item"),
        *_choice(table, "move", *MOVES),
        _text("actor"),
        _instant("at"),
        _key(table),
    )
    op.create_index("ix_notice_prevented_notice_id_id", table, ["notice_id", "id"])
    op.create_index("ix_notice_prevented_item_id", table, ["item_id"])
