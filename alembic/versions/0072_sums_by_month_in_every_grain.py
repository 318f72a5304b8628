"""Sums of charges by month in each grain that reports are counted by, with what came since they were made (ADR 63).

Of months that were put aside the sums stay as they are; all others are summed anew, at once when the worker starts.

Revision: 0072, after: 0071. Made on 2026-11-28.
"""

from alembic import op

revision: str = "0072"
down_revision = "0071"
branch_labels: str | None = None
depends_on: str | None = None

LINE = {
    "funder_id": "COALESCE(funder_id, 0)",
    "team_id": "COALESCE(team_id, 0)",
    "store_id": "COALESCE(store_id, 0)",
    "product_id": "COALESCE(product_id, 0)",
    "kind": "kind",
    "speed": "CASE WHEN kind IN ('delivery', 'collection') THEN variant ELSE '' END",
    "class": "COALESCE(left(category, 2), '')",
    "category": "COALESCE(category, '')",
    "recycled": "CASE WHEN recycled THEN 'recycled' WHEN NOT recycled THEN 'new' ELSE '' END",
    "reason": "COALESCE(reason, '')",
    "district": "COALESCE(district, '')",
    "prescriber": "COALESCE(prescriber, '')",
}
GRAINS = {
    1: ("funder_id", "team_id", "store_id", "kind", "class", "recycled"),
    2: ("funder_id", "store_id", "kind", "speed", "category", "recycled", "reason"),
    3: ("district", "funder_id", "store_id", "recycled"),
    4: ("district", "kind", "speed"),
    5: ("district", "category"),
    6: ("district", "reason"),
    7: ("district", "team_id"),
    8: ("team_id", "category"),
    9: ("team_id", "speed"),
    10: ("team_id", "reason"),
    11: ("prescriber", "team_id"),
    12: ("product_id", "category"),
}
COLUMNS = [name for name in LINE if name != "class"]
KINDS = (
    "'new_purchase', 'recycled_issue', 'hire', 'delivery', 'collection', 'failed_visit', 'decontamination', "
    "'inspection', 'repair', 'parts', 'credit', 'write_off', 'scrap', 'top_up'"
)
MEASURES = """
    lines, CASE WHEN reversal_of IS NULL THEN quantity ELSE -quantity END * percent, amount_pence,
    CASE kind WHEN 'credit' THEN amount_pence ELSE 0 END, vat_pence,
    CASE WHEN kind IN ('new_purchase', 'recycled_issue', 'hire') AND recycled IS NOT NULL
         THEN CASE WHEN reversal_of IS NULL THEN percent ELSE -percent END ELSE 0 END
"""
PUT_ASIDE = """
    CREATE TEMPORARY TABLE put_aside ON COMMIT DROP AS
    SELECT * FROM charge_month WHERE period IN (SELECT month FROM month_put_aside WHERE whole = 'charge')
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute(PUT_ASIDE)
    op.execute("DROP TABLE charge_month")
    op.execute("""
        CREATE TABLE charge_month (
            period DATE NOT NULL,
            grain SMALLINT NOT NULL,
            is_late BOOLEAN DEFAULT false NOT NULL,
            funder_id BIGINT,
            team_id BIGINT,
            store_id BIGINT,
            product_id BIGINT,
            kind TEXT,
            speed TEXT,
            category TEXT,
            recycled TEXT,
            reason TEXT,
            district TEXT,
            prescriber TEXT,
            lines BIGINT NOT NULL,
            quantity_percent NUMERIC(18, 2) NOT NULL,
            net_pence BIGINT NOT NULL,
            credited_pence BIGINT NOT NULL,
            vat_pence BIGINT NOT NULL,
            issue_percent NUMERIC(14, 2) NOT NULL
        )
    """)
    op.execute("""
        INSERT INTO charge_month (period, grain, funder_id, team_id, store_id, kind, category, recycled,
                                  lines, quantity_percent, net_pence, credited_pence, vat_pence, issue_percent)
        SELECT period, 1, funder_id, team_id, store_id, kind, category, condition,
               lines, quantity_percent, net_pence, CASE kind WHEN 'credit' THEN net_pence ELSE 0 END, vat_pence,
               issue_percent
        FROM put_aside
    """)
    op.execute("CREATE INDEX ix_charge_month_grain_period ON charge_month (grain, period)")
    op.execute("CREATE INDEX ix_charge_month_period_of_late ON charge_month (period) WHERE is_late")
    op.execute("DELETE FROM charge_month_summed WHERE period NOT IN (SELECT period FROM charge_month)")
    op.execute("ALTER TABLE charge_month_summed DROP COLUMN is_final")
    parts = " UNION ALL ".join(
        f"SELECT period, {grain}, true, {', '.join(_of(grain, name) for name in COLUMNS)}, {MEASURES} FROM came"  # noqa: S608 - words of our own
        for grain in GRAINS
    )
    op.execute(f"""
        CREATE FUNCTION charge_adds_to_sums() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            this date := date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC');
        BEGIN
            -- Of the month that goes on nothing is kept yet, and these are nearly all lines.
            IF EXISTS (SELECT FROM written WHERE period < this) THEN
                INSERT INTO charge_month (period, grain, is_late, {", ".join(COLUMNS)},
                                          lines, quantity_percent, net_pence, credited_pence, vat_pence, issue_percent)
                WITH came AS (SELECT *, 1 AS lines FROM written WHERE period < this)
                {parts};
            END IF;
            RETURN NULL;
        END $$
    """)  # noqa: S608 - words of our own
    op.execute("""
        CREATE TRIGGER charge_adds_to_sums AFTER INSERT ON charge REFERENCING NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION charge_adds_to_sums()
    """)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP TRIGGER charge_adds_to_sums ON charge")
    op.execute("DROP FUNCTION charge_adds_to_sums()")
    op.execute(f"{PUT_ASIDE} AND grain = 1")
    op.execute("DROP TABLE charge_month")
    op.execute("""
        CREATE TABLE charge_month (
            period DATE NOT NULL,
            funder_id BIGINT NOT NULL,
            team_id BIGINT NOT NULL,
            store_id BIGINT NOT NULL,
            kind VARCHAR(40) NOT NULL,
            category TEXT NOT NULL,
            condition TEXT NOT NULL,
            lines BIGINT NOT NULL,
            net_pence BIGINT NOT NULL,
            vat_pence BIGINT NOT NULL,
            issue_percent NUMERIC(14, 2) NOT NULL,
            quantity_percent NUMERIC(18, 2) NOT NULL,
            CONSTRAINT pk_charge_month PRIMARY KEY (period, funder_id, team_id, store_id, kind, category, condition)
        )
    """)
    op.execute("""
        INSERT INTO charge_month
        SELECT period, funder_id, team_id, store_id, kind, category,
               CASE WHEN kind IN ('new_purchase', 'recycled_issue', 'hire') THEN recycled ELSE '' END AS condition,
               sum(lines), sum(net_pence), sum(vat_pence), sum(issue_percent), sum(quantity_percent)
        FROM put_aside GROUP BY 1, 2, 3, 4, 5, 6, 7
    """)
    op.execute(f"ALTER TABLE charge_month ADD CONSTRAINT ck_charge_month_kind CHECK (kind IN ({KINDS}))")
    op.execute("DELETE FROM charge_month_summed WHERE period NOT IN (SELECT period FROM charge_month)")
    op.execute("ALTER TABLE charge_month_summed ADD COLUMN is_final BOOLEAN DEFAULT true NOT NULL")
    op.execute("ALTER TABLE charge_month_summed ALTER is_final DROP DEFAULT")


def _of(grain: int, name: str) -> str:
    """What a line has in this column of the grain; nothing where the grain does not know it."""
    columns = GRAINS[grain]
    if name == "category" and "class" in columns:
        return LINE["class"]
    kind = "bigint" if name.endswith("_id") else "text"
    return LINE[name] if name in columns else f"CAST(NULL AS {kind})"
