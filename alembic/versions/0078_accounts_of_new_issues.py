"""The account of a new issue is made from the lines that are written: they are all that there are of it.

Lines of a movement that is the item's newest, under a number above that of its last issue that was charged: none came
before, for each that does comes through this trigger, and no later movement can be credited, for there is none. What
is written otherwise (a reversal, a top-up, a late line) has its account worked out from the months, as before. And that
an item has its movement is asked with a plan that is kept.

Revision: 0078, after: 0077. Made on 2026-11-28.
"""

from typing import Final

from alembic import op

revision: str = "0078"
down_revision = "0077"
branch_labels: str | None = None
depends_on: str | None = None

LOOKS_INTO_MONTHS: Final = "item_has_its_movement()"
SWAPS: Final = (
    (
        """
            since date;
        BEGIN""",
        """
            since date;
            begun bigint[];
        BEGIN""",
    ),
    (
        """
            SELECT array_agg(DISTINCT written.item_id),
                   min(CASE""",
        """
            SELECT array_agg(asked.item_id ORDER BY asked.item_id) INTO begun
            FROM (
                SELECT item_id, min(movement_seq) AS seq FROM written
                WHERE item_id IS NOT NULL AND (is_issue OR kind = 'top_up' OR kind IN ('credit', 'hire'))
                GROUP BY item_id
                HAVING min(movement_seq) = max(movement_seq) AND bool_and(is_issue AND reversal_of IS NULL)
            ) AS asked
            JOIN item ON item.id = asked.item_id AND item.last_seq = asked.seq
            LEFT JOIN item_account AS kept ON kept.item_id = asked.item_id
            WHERE asked.seq > COALESCE(kept.issue_seq, 0);
            IF begun IS NOT NULL THEN
                INSERT INTO item_account AS kept (item_id, issue, issue_seq, issue_month, is_credited, was_credited)
                SELECT line.item_id,
                       jsonb_build_object(
                           'seq', line.movement_seq, 'on', min(line.happened_on), 'pence', sum(line.amount_pence),
                           'is_hire', bool_or(line.kind = 'hire'), 'is_unpriced', bool_or(line.is_unpriced),
                           'order_id', min(line.order_id), 'team_id', min(line.team_id),
                           'client_id', min(line.client_id), 'prescriber', min(line.prescriber),
                           'reason', min(line.reason), 'district', min(line.district),
                           'is_provisional', bool_or(line.is_provisional),
                           'shares', jsonb_agg(jsonb_build_object(
                               'funder', COALESCE(funder.code, ''), 'percent', line.percent::text) ORDER BY line.id)),
                       line.movement_seq, min(line.period), false, false
                FROM written AS line LEFT JOIN funder ON funder.id = line.funder_id
                WHERE line.is_issue AND line.item_id = ANY(begun)
                GROUP BY line.item_id, line.movement_seq ORDER BY line.item_id
                ON CONFLICT (item_id) DO UPDATE
                SET issue = excluded.issue, issue_seq = excluded.issue_seq, issue_month = excluded.issue_month,
                    is_credited = false, was_credited = false;
            END IF;
            SELECT array_agg(DISTINCT written.item_id),
                   min(CASE""",
    ),
    (
        """
            WHERE written.item_id IS NOT NULL
              AND (written.is_issue OR written.kind = 'top_up'""",
        """
            WHERE written.item_id IS NOT NULL AND (begun IS NULL OR written.item_id <> ALL(begun))
              AND (written.is_issue OR written.kind = 'top_up'""",
    ),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    for old, new in SWAPS:
        _swap(old, new)
    op.execute(f"ALTER FUNCTION {LOOKS_INTO_MONTHS} SET plan_cache_mode = force_generic_plan")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute(f"ALTER FUNCTION {LOOKS_INTO_MONTHS} RESET plan_cache_mode")
    for old, new in reversed(SWAPS):
        _swap(new, old)


def _swap(old: str, new: str) -> None:
    """This part of the trigger's function, which is there."""
    op.execute(f"""
        DO $do$
        DECLARE
            was text := pg_get_functiondef('charge_keeps_accounts()'::regprocedure);
        BEGIN
            IF position($old${old}$old$ IN was) = 0 THEN
                RAISE EXCEPTION 'The function charge_keeps_accounts() is not as it was made.';
            END IF;
            EXECUTE replace(was, $old${old}$old$, $new${new}$new$);
        END $do$
    """)
