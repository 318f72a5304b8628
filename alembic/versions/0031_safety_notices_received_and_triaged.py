"""Safety notices with their versions and payloads, triage, the organisation's actions, reminders, the last poll.

Revision: 0031, after: 0030. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0031"
down_revision = "0030"
branch_labels: str | None = None
depends_on: str | None = None

STATES = ("received", "not_relevant", "not_held", "relevant", "scope_entered", "active", "closed")
TABLES = ("poll", "reminder", "action", "triage", "version", "payload")
APPEND_ONLY = ("payload", "version", "triage", "reminder")


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    _create_notice()
    _create_version()
    _create_triage_and_action()
    _create_reminder_and_poll()
    for name in APPEND_ONLY:
        table = f"safety_notice_{name}"
        op.execute(f"""
            CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """)
    op.execute("""
        CREATE TRIGGER ended_safety_notice_action_is_final BEFORE UPDATE ON safety_notice_action
        FOR EACH ROW WHEN (OLD.done_at IS NOT NULL) EXECUTE FUNCTION refuse_change()
    """)
    for table in ("safety_notice_action", "safety_notice"):
        op.execute(f"""
            CREATE TRIGGER {table}_is_kept BEFORE DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """)
    op.execute("INSERT INTO safety_notice_poll (id) VALUES (1)")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    for name in TABLES:
        op.drop_table(f"safety_notice_{name}")
    op.drop_table("safety_notice")


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _choice(table: str, name: str, *values: str) -> tuple[sa.Column[str], sa.CheckConstraint]:
    kind = sa.Enum(*values, name=name, native_enum=False, create_constraint=False, length=40)
    known = ", ".join(f"'{value}'" for value in values)
    check = sa.CheckConstraint(f"{name} IN ({known})", name=op.f(f"ck_{table}_{name}"))
    return sa.Column(name, kind, nullable=False), check


def _text(name: str, *, nullable: bool = False, empty: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="" if empty else None, nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _day(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=nullable)


def _number(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=default, nullable=nullable)


def _claim(name: str, *, false: bool = False) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default="false" if false else None, nullable=False)


def _facts(name: str, *, empty: bool = True) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), server_default="[]" if empty else None, nullable=False)


def _of_notice(table: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    key = sa.ForeignKeyConstraint(["notice_id"], ["safety_notice.id"], name=op.f(f"fk_{table}_notice_id"))
    return sa.Column("notice_id", sa.BigInteger(), nullable=False), key


def _deadlines() -> tuple[sa.Column[object], ...]:
    return _day("underway_by"), _day("complete_by"), _day("own_target_on")


def _create_notice() -> None:
    op.create_table(
        "safety_notice",
        _id(),
        _text("reference"),
        _text("base_path", nullable=True),
        _claim("is_by_hand"),
        _text("kind"),
        _text("title"),
        _text("issuer"),
        _day("issued_on"),
        _text("source_url", empty=True),
        *_deadlines(),
        _claim("is_withdrawn", false=True),
        *_choice("safety_notice", "state", *STATES),
        _number("version", default="1"),
        _number("triaged_version", nullable=True),
        _number("likelihood", default="0"),
        _facts("found"),
        _instant("received_at"),
        _text("received_by"),
        sa.CheckConstraint(
            "version >= 1 AND triaged_version BETWEEN 1 AND version", name=op.f("ck_safety_notice_triaged_on_a_version")
        ),
        sa.CheckConstraint(
            "underway_by <= complete_by AND own_target_on <= complete_by",
            name=op.f("ck_safety_notice_deadlines_in_order"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_notice")),
    )
    op.create_index(
        "uq_safety_notice_reference_in_any_case", "safety_notice", [sa.text("upper(reference)")], unique=True
    )
    op.create_index("ix_safety_notice_base_path", "safety_notice", ["base_path"])
    op.create_index(
        "ix_safety_notice_id_while_open",
        "safety_notice",
        ["id"],
        postgresql_where=sa.text("state NOT IN ('not_relevant', 'not_held', 'closed')"),
    )


def _create_version() -> None:
    op.create_table(
        "safety_notice_payload",
        _text("sha256"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "sha256 = encode(sha256(content), 'hex')", name=op.f("ck_safety_notice_payload_is_its_hash")
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_safety_notice_payload")),
    )
    table = "safety_notice_version"
    op.create_table(
        table,
        _id(),
        *_of_notice(table),
        _number("number"),
        *_choice(table, "source", "poll", "file", "by_hand"),
        _instant("public_updated_at", nullable=True),
        _text("payload_sha256", nullable=True),
        _text("digest"),
        _claim("is_whole"),
        _text("title"),
        _text("summary", empty=True),
        _text("kind"),
        _text("body_html", empty=True),
        _day("issued_on"),
        *_deadlines(),
        _claim("is_withdrawn", false=True),
        _text("change_note", empty=True),
        _facts("changes"),
        _instant("received_at"),
        _text("received_by"),
        sa.ForeignKeyConstraint(
            ["payload_sha256"], ["safety_notice_payload.sha256"], name=op.f(f"fk_{table}_payload_sha256")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("notice_id", "number", name="uq_safety_notice_version_notice_id_number"),
    )
    op.create_index("ix_safety_notice_version_payload_sha256", table, ["payload_sha256"])


def _create_triage_and_action() -> None:
    table = "safety_notice_triage"
    op.create_table(
        table,
        _id(),
        *_of_notice(table),
        _number("version"),
        *_choice(table, "decision", "relevant", "not_relevant", "not_held"),
        _text("reason"),
        _facts("search", empty=False),
        _instant("decided_at"),
        _text("decided_by"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_safety_notice_triage_notice_id_id", table, ["notice_id", "id"])
    table = "safety_notice_action"
    op.create_table(
        table,
        _id(),
        *_of_notice(table),
        _text("action"),
        _text("owner"),
        _day("due_on", nullable=False),
        _instant("asked_at"),
        _text("asked_by"),
        _instant("done_at", nullable=True),
        _text("done_by", nullable=True),
        _text("done_note", nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(done_at, done_by, done_note) IN (0, 3)", name=op.f(f"ck_{table}_done_as_a_whole")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_safety_notice_action_notice_id_id", table, ["notice_id", "id"])


def _create_reminder_and_poll() -> None:
    table = "safety_notice_reminder"
    op.create_table(
        table,
        *_of_notice(table),
        *_choice(table, "deadline", "underway_by", "own_target_on", "complete_by"),
        _day("due_on", nullable=False),
        _number("threshold"),
        _instant("sent_at"),
        sa.PrimaryKeyConstraint("notice_id", "deadline", "due_on", "threshold", name=op.f(f"pk_{table}")),
    )
    op.create_table(
        "safety_notice_poll",
        _number("id"),
        _instant("tried_at", nullable=True),
        _instant("succeeded_at", nullable=True),
        _text("failure", empty=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_safety_notice_poll_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_notice_poll")),
    )
