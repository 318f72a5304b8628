"""Loads that were certified for an item; what was found dangerous; consignments of which something is found again.

Revision: 0030, after: 0029. Made on 2026-11-27.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0030"
down_revision = "0029"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("item", sa.Column("certified_load_kg", sa.Integer(), nullable=True))
    op.add_column("item", sa.Column("certified_on", sa.Date(), nullable=True))
    op.execute("""
        UPDATE item SET certified_load_kg = last.kg, certified_on = last.examined_on
        FROM (
            SELECT DISTINCT ON (stands.item_id) stands.item_id, stands.examined_on,
                   CAST(made.report ->> 'safe_working_load_kg' AS integer) AS kg
            FROM standing_inspection AS stands JOIN thorough_examination AS made ON made.inspection_id = stands.id
            WHERE stands.kind = 'loler' ORDER BY stands.item_id, stands.examined_on DESC, stands.id DESC
        ) AS last
        WHERE last.item_id = item.id AND last.kg IS NOT NULL
    """)
    op.drop_constraint(op.f("ck_consignment_line_ends_one_way"), "consignment_line")
    op.create_check_constraint(
        op.f("ck_consignment_line_found_after_it_was_missing"), "consignment_line", "arrived_at >= missing_at"
    )
    op.create_index("ix_inspection_id_of_dangers", "inspection", ["id"], postgresql_where=sa.text("outcome = 'danger'"))
    op.create_check_constraint(op.f("ck_item_certified_load_positive"), "item", "certified_load_kg > 0")
    op.create_check_constraint(
        op.f("ck_item_certified_load_and_day_together"), "item", "(certified_load_kg IS NULL) = (certified_on IS NULL)"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_constraint(op.f("ck_consignment_line_found_after_it_was_missing"), "consignment_line")
    # What arrived after all did arrive; that it was missing is in its history.
    op.execute("""
        UPDATE consignment_line SET missing_at = NULL, missing_by = NULL, missing_reason = NULL
        WHERE arrived_at IS NOT NULL
    """)
    op.create_check_constraint(
        op.f("ck_consignment_line_ends_one_way"), "consignment_line", "arrived_at IS NULL OR missing_at IS NULL"
    )
    op.drop_index("ix_inspection_id_of_dangers", table_name="inspection")
    op.drop_column("item", "certified_on")
    op.drop_column("item", "certified_load_kg")
