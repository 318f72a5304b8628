"""What triggers ask with every scan and every issue keeps its plan, and names the month of the issue.

PostgreSQL plans a statement in a function anew for each call while a plan for these values seems cheaper than one for
any; with a table kept by month it always does, and planning takes longer than all else that the statement does.

Revision: 0074, after: 0073. Made on 2026-11-27.
"""

from typing import Final

from alembic import op

revision: str = "0074"
down_revision = "0073"
branch_labels: str | None = None
depends_on: str | None = None

KEPT: Final = ("keep_accounts(bigint[], date)", "funders_of_an_issue(bigint, integer, date)")
"""These look into months: PostgreSQL leaves out the others as it begins, also with a plan for any."""
ANYTIME: Final = "funders_of_an_issue(spell.item_id, spell.issued_seq)"
SINCE: Final = """
    funders_of_an_issue(spell.item_id, spell.issued_seq,
                        date_trunc('month', spell.issued_at AT TIME ZONE 'Europe/London')::date)
""".strip()


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    for function in KEPT:
        op.execute(f"ALTER FUNCTION {function} SET plan_cache_mode = force_generic_plan")
    _spells_touched_by(ANYTIME, SINCE)
    # How long the array is must not show, or no plan is kept (app/db.py, `array_of`).
    _write_timings("ANY(ARRAY(SELECT unnest(lines)))")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    _write_timings("ANY(lines)")
    _spells_touched_by(SINCE, ANYTIME)
    for function in KEPT:
        op.execute(f"ALTER FUNCTION {function} RESET plan_cache_mode")


def _spells_touched_by(was: str, now: str) -> None:
    """The trigger of before, that asks by this for the funders of an issue."""
    op.execute(f"""
        DO $do$
        DECLARE
            before text := pg_get_functiondef('charge_touches_spells()'::regprocedure);
        BEGIN
            EXECUTE replace(before, $was${was}$was$, $now${now}$now$);
        END $do$
    """)


def _write_timings(these: str) -> None:
    op.execute(f"""
        CREATE OR REPLACE FUNCTION write_collection_timings(lines bigint[]) RETURNS void LANGUAGE sql AS $$
            INSERT INTO collection_timing AS kept SELECT * FROM collection_timing_now WHERE line_id = {these}
            ON CONFLICT (line_id) DO UPDATE
            SET speed = excluded.speed, requested_on = excluded.requested_on, fetched_on = excluded.fetched_on
            WHERE kept IS DISTINCT FROM excluded;
            DELETE FROM collection_timing AS kept
            WHERE line_id = {these}
              AND NOT EXISTS (SELECT FROM collection_timing_now AS found WHERE found.line_id = kept.line_id);
        $$
    """)  # noqa: S608 - the part is a constant
