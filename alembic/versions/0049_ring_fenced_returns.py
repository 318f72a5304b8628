"""What a panel ring-fenced, and that a ring-fence was lifted; minutes are kept by meeting, not with the agenda.

Revision: 0049, after: 0048. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0049"
down_revision = "0048"
branch_labels: str | None = None
depends_on: str | None = None

LIFT = """
    CREATE TABLE ring_fence_lift (
        loan_id BIGINT NOT NULL,
        reason TEXT NOT NULL,
        lifted_at TIMESTAMP WITH TIME ZONE NOT NULL,
        lifted_by TEXT NOT NULL,
        CONSTRAINT pk_ring_fence_lift PRIMARY KEY (loan_id),
        CONSTRAINT fk_ring_fence_lift_loan_id FOREIGN KEY(loan_id) REFERENCES loan (id)
    )
"""
APPEND_ONLY = """
    CREATE TRIGGER ring_fence_lift_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ring_fence_lift
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""
# By the last loan that a panel decided about: what the same team lent since, without a panel, changes nothing.
RING_FENCE = """
    CREATE VIEW ring_fence AS
    SELECT unit.item_id, unit.loan_id, decision.id AS decision_id, team.id AS team_id, team.name AS team,
           brought.number AS case_number, panel.id AS panel_id, panel.name AS panel
    FROM order_unit AS unit
    JOIN equipment_order AS asked ON asked.id = unit.order_id
    JOIN team ON team.id = asked.team_id
    JOIN panel_case AS brought ON brought.order_id = asked.id
    JOIN panel ON panel.id = brought.panel_id
    JOIN panel_decision AS decision ON decision.case_id = brought.id
    WHERE unit.loan_id IS NOT NULL
      AND EXISTS (SELECT FROM panel_condition
                  WHERE decision_id = decision.id AND panel_condition.kind = 'ring_fenced_return')
      AND NOT EXISTS (SELECT FROM panel_decision AS newer WHERE newer.supersedes_id = decision.id)
      AND NOT EXISTS (SELECT FROM panel_lapse WHERE panel_lapse.decision_id = decision.id)
      AND NOT EXISTS (SELECT FROM ring_fence_lift WHERE ring_fence_lift.loan_id = unit.loan_id)
      AND NOT EXISTS (SELECT FROM order_unit AS later JOIN panel_case AS other ON other.order_id = later.order_id
                      JOIN panel_decision AS theirs ON theirs.case_id = other.id
                      WHERE later.item_id = unit.item_id AND later.loan_id > unit.loan_id)
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute(LIFT)
    op.execute(APPEND_ONLY)
    op.execute("CREATE INDEX ix_order_unit_item_id_once_lent ON order_unit (item_id) WHERE loan_id IS NOT NULL")
    op.execute(RING_FENCE)
    op.drop_column("panel_listing", "minutes")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("panel_listing", sa.Column("minutes", sa.Text(), server_default="", nullable=False))
    op.execute("DROP VIEW ring_fence")
    op.drop_index("ix_order_unit_item_id_once_lent", table_name="order_unit")
    op.drop_table("ring_fence_lift")
