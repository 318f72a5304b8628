"""What is out may have been issued in a month that is put aside: its account stands as it was, and orders that were
charged in such a month are known.

Revision: 0076, after: 0075. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0076"
down_revision = "0075"
branch_labels: str | None = None
depends_on: str | None = None

NEWEST = "(SELECT COALESCE(max(month), '-infinity') FROM month_put_aside WHERE whole = 'charge')"
SWAPS = {
    "keep_accounts(bigint[], date)": (
        (
            """-- An issue whose month was put aside is still the newest.
            WHERE COALESCE(excluded.issue_seq, 0) >= COALESCE(kept.issue_seq, 0);
""",
            f"""-- An issue whose month was put aside is still the newest, and stands as it was.
            WHERE COALESCE(excluded.issue_seq, 0) > COALESCE(kept.issue_seq, 0)
               OR COALESCE(excluded.issue_seq, 0) = COALESCE(kept.issue_seq, 0)
                  AND COALESCE(kept.issue_month > {NEWEST}, true);
            UPDATE item_account AS kept SET is_credited = false
            WHERE kept.item_id = ANY(items) AND kept.is_credited AND kept.issue_month <= {NEWEST}
              -- A credit whose own month is put aside too cannot be taken back: it stands.
              AND EXISTS (
                  SELECT FROM charge AS line JOIN charge_taken_back AS undone ON undone.charge_id = line.id
                  WHERE line.item_id = kept.item_id AND line.movement_seq > kept.issue_seq
                    AND line.kind IN ('credit', 'hire') AND NOT line.is_issue AND line.reversal_of IS NULL)
              AND NOT EXISTS (
                  SELECT FROM charge AS line
                  WHERE line.item_id = kept.item_id AND line.movement_seq > kept.issue_seq
                    AND line.kind IN ('credit', 'hire') AND NOT line.is_issue AND line.reversal_of IS NULL
                    AND NOT EXISTS (SELECT FROM charge_taken_back AS undone WHERE undone.charge_id = line.id));
""",  # noqa: S608 - the part is a constant
        ),
    ),
    "charge_keeps_accounts()": (
        (
            """BEGIN
            SELECT array_agg(""",
            f"""BEGIN
            IF EXISTS (
                SELECT FROM written JOIN item_account AS kept ON kept.item_id = written.item_id
                WHERE (written.is_issue OR written.kind = 'top_up') AND written.movement_seq = kept.issue_seq
                  AND kept.issue_month <= {NEWEST}
            ) THEN
                RAISE EXCEPTION 'The lines of this issue are put aside with their month.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_charge_issue_is_not_put_aside', TABLE = 'charge';
            END IF;
            SELECT array_agg(""",
        ),
    ),
}  # fmt: skip


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("""
        CREATE TABLE order_put_aside (
            order_id BIGINT NOT NULL,
            month DATE NOT NULL,
            CONSTRAINT pk_order_put_aside PRIMARY KEY (order_id, month)
        )
    """)
    op.execute("CREATE INDEX ix_order_put_aside_month ON order_put_aside (month)")
    # Months that were put aside by the rule of before: as long as their tables still stand here.
    op.execute("""
        DO $$
        DECLARE
            aside record;
        BEGIN
            FOR aside IN
                SELECT month, to_regclass('months.charge_' || to_char(month, 'YYYY_MM')) AS part
                FROM month_put_aside WHERE whole = 'charge'
            LOOP
                IF aside.part IS NOT NULL THEN
                    EXECUTE format('INSERT INTO order_put_aside SELECT DISTINCT order_id, %L::date FROM %s '
                                   'WHERE order_id IS NOT NULL', aside.month, aside.part);
                END IF;
            END LOOP;
        END $$
    """)
    _swap()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM month_put_aside) THEN
                RAISE EXCEPTION 'Months are put aside: attach them first (stores db attach-month).';
            END IF;
        END $$
    """)
    _swap(back=True)
    op.execute("DROP TABLE order_put_aside")


def _swap(*, back: bool = False) -> None:
    """These parts of the functions of before, each of which is there."""
    for function, pairs in SWAPS.items():
        for pair in pairs:
            old, new = reversed(pair) if back else pair
            op.execute(f"""
                DO $do$
                DECLARE
                    was text := pg_get_functiondef('{function}'::regprocedure);
                BEGIN
                    IF position($old${old}$old$ IN was) = 0 THEN
                        RAISE EXCEPTION 'The function % is not as it was made.', '{function}';
                    END IF;
                    EXECUTE replace(was, $old${old}$old$, $new${new}$new$);
                END $do$
            """)
