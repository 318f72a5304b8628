"""Rules of panels as settings, their funders and budgets; products outside the catalogue; where an order was sent.

Revision: 0048, after: 0047. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0048"
down_revision = "0047"
branch_labels: str | None = None
depends_on: str | None = None

COLUMNS = (
    "decides_specialist BOOLEAN DEFAULT 'false' NOT NULL",
    "decides_standard BOOLEAN DEFAULT 'false' NOT NULL",
    "decides_non_catalogue BOOLEAN DEFAULT 'false' NOT NULL",
    "precedence INTEGER DEFAULT 100 NOT NULL",
    "is_active BOOLEAN DEFAULT 'true' NOT NULL",
    "version INTEGER DEFAULT 1 NOT NULL",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("ALTER TABLE product ADD COLUMN non_catalogue BOOLEAN DEFAULT 'false' NOT NULL")
    for column in COLUMNS:
        op.execute(f"ALTER TABLE panel ADD COLUMN {column}")
    op.execute("ALTER TABLE panel ADD CONSTRAINT ck_panel_precedence_sensible CHECK (precedence BETWEEN 1 AND 999)")
    op.execute("""
        CREATE TABLE panel_funder (
            panel_id BIGINT NOT NULL,
            funder_id BIGINT NOT NULL,
            CONSTRAINT pk_panel_funder PRIMARY KEY (panel_id, funder_id),
            CONSTRAINT fk_panel_funder_panel_id FOREIGN KEY(panel_id) REFERENCES panel (id),
            CONSTRAINT fk_panel_funder_funder_id FOREIGN KEY(funder_id) REFERENCES funder (id)
        )
    """)
    op.execute("CREATE INDEX ix_panel_funder_funder_id ON panel_funder (funder_id)")
    op.execute("""
        CREATE TABLE panel_budget (
            panel_id BIGINT NOT NULL,
            year INTEGER NOT NULL,
            pence BIGINT NOT NULL,
            CONSTRAINT pk_panel_budget PRIMARY KEY (panel_id, year),
            CONSTRAINT fk_panel_budget_panel_id FOREIGN KEY(panel_id) REFERENCES panel (id),
            CONSTRAINT ck_panel_budget_not_negative CHECK (pence >= 0),
            CONSTRAINT ck_panel_budget_year_sensible CHECK (year BETWEEN 2000 AND 2999)
        )
    """)
    # What waits already goes where it would have gone: to the panel that was asked until now.
    op.execute("""
        UPDATE equipment_order
        SET authority = authority || jsonb_build_object('route', jsonb_build_object(
            'code', asked.code, 'name', asked.name, 'reasons', '[]'::jsonb))
        FROM (SELECT code, name FROM panel WHERE decides_highly_specialist ORDER BY id LIMIT 1) AS asked
        WHERE decision = 'awaiting_panel'
    """)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("UPDATE equipment_order SET authority = authority - 'route' WHERE authority ? 'route'")
    op.drop_table("panel_budget")
    op.drop_table("panel_funder")
    for column in reversed(COLUMNS):
        op.drop_column("panel", column.split()[0])
    op.drop_column("product", "non_catalogue")
