"""The account of an item says what stands paid of its price, how many issues were ever charged, and whether the newest
was credited at all: so what is lost is written off at what nobody has paid, and a credit that was taken back stays so.

Revision: 0069, after: 0068. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0069"
down_revision = "0068"
branch_labels: str | None = None
depends_on: str | None = None

OF_THE_PRICE = "('new_purchase', 'recycled_issue', 'credit')"
ISSUES = "is_issue AND reversal_of IS NULL AND corrects_id IS NULL"
WAS_CREDITED = """, newest.issue IS NOT NULL AND EXISTS (
                       SELECT FROM charge AS line
                       WHERE line.item_id = touched.id AND line.period >= since AND line.movement_seq > last.seq
                         AND line.kind IN ('credit', 'hire') AND NOT line.is_issue AND line.reversal_of IS NULL)
            """
TOUCHED = "FROM (SELECT DISTINCT unnest(items) AS id ORDER BY 1) AS touched"
TOO = "was_credited = excluded.was_credited"
SWAPS = {
    "keep_accounts(bigint[], date)": (
        ("issue_seq, issue_month, is_credited)", "issue_seq, issue_month, is_credited, was_credited)"),
        (TOUCHED, WAS_CREDITED + TOUCHED),
        ("is_credited = excluded.is_credited", f"is_credited = excluded.is_credited, {TOO}"),
    ),
    "charge_keeps_accounts()": (
        ("written_off_pence, new_purchases, reissued_pence)", "written_off_pence, issues, paid_pence)"),
        ("COALESCE(sum(CASE WHEN reversal_of IS NULL THEN 1 ELSE -1 END)", "COALESCE(count(DISTINCT posting_id)"),
        ("FILTER (WHERE kind = 'new_purchase'), 0)", f"FILTER (WHERE {ISSUES}), 0)"),
        ("FILTER (WHERE kind IN ('recycled_issue', 'credit')), 0)", f"FILTER (WHERE kind IN {OF_THE_PRICE}), 0)"),
        (
            "AND kind IN ('write_off', 'new_purchase', 'recycled_issue', 'credit')",
            f"AND (is_issue OR kind = 'write_off' OR kind IN {OF_THE_PRICE})",
        ),
        ("new_purchases = kept.new_purchases + excluded.new_purchases", "issues = kept.issues + excluded.issues"),
        ("reissued_pence = kept.reissued_pence", "paid_pence = kept.paid_pence"),
        ("excluded.reissued_pence", "excluded.paid_pence"),
        ("AS kept SET is_credited = true", "AS kept SET is_credited = true, was_credited = true"),
    ),
}  # fmt: skip


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    _no_month_is_put_aside()
    op.execute("""
        ALTER TABLE item_account ADD COLUMN was_credited BOOLEAN DEFAULT 'false' NOT NULL,
            ADD COLUMN issues INTEGER DEFAULT '0' NOT NULL, ADD COLUMN paid_pence BIGINT DEFAULT '0' NOT NULL,
            DROP COLUMN new_purchases, DROP COLUMN reissued_pence
    """)
    _swap()
    op.execute(f"""
        INSERT INTO item_account AS kept (item_id, issues, paid_pence)
        SELECT item_id, count(DISTINCT posting_id) FILTER (WHERE {ISSUES}),
               COALESCE(sum(amount_pence) FILTER (WHERE kind IN {OF_THE_PRICE}), 0)
        FROM charge WHERE item_id IS NOT NULL AND (is_issue OR kind IN {OF_THE_PRICE}) GROUP BY item_id
        ON CONFLICT (item_id) DO UPDATE SET issues = excluded.issues, paid_pence = excluded.paid_pence
    """)  # noqa: S608 - the parts are the constants above
    op.execute("""
        UPDATE item_account AS kept SET was_credited = true
        FROM (SELECT item_id, max(movement_seq) AS seq FROM charge
              WHERE kind IN ('credit', 'hire') AND NOT is_issue AND reversal_of IS NULL GROUP BY item_id) AS newest
        WHERE newest.item_id = kept.item_id AND kept.issue IS NOT NULL AND newest.seq > kept.issue_seq
    """)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    _no_month_is_put_aside()
    op.execute("""
        ALTER TABLE item_account ADD COLUMN new_purchases INTEGER DEFAULT '0' NOT NULL,
            ADD COLUMN reissued_pence BIGINT DEFAULT '0' NOT NULL,
            DROP COLUMN was_credited, DROP COLUMN issues, DROP COLUMN paid_pence
    """)
    _swap(back=True)
    op.execute("""
        UPDATE item_account SET new_purchases = told.bought, reissued_pence = told.reissued
        FROM (SELECT item_id, COALESCE(sum(CASE WHEN reversal_of IS NULL THEN 1 ELSE -1 END)
                                       FILTER (WHERE kind = 'new_purchase'), 0) AS bought,
                     COALESCE(sum(amount_pence) FILTER (WHERE kind IN ('recycled_issue', 'credit')), 0) AS reissued
              FROM charge WHERE item_id IS NOT NULL GROUP BY item_id) AS told
        WHERE told.item_id = item_account.item_id
    """)


def _no_month_is_put_aside() -> None:
    op.execute("""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM month_put_aside WHERE whole = 'charge') THEN
                RAISE EXCEPTION 'Months are put aside: attach them first (stores db attach-month).';
            END IF;
        END $$
    """)


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
