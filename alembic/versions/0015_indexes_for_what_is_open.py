"""Worklists begin from what is open, and each way to find a client has an index, in a database of any collation.

Revision: 0015, after: 0014. Made on 2026-11-26.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | None = None
depends_on: str | None = None

IN_ANY_CASE = "uq_client_client_ref_in_any_case"


def upgrade() -> None:
    # The service goes on working meanwhile: rather fail and try again than make every session queue behind this one.
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_index(
        "ix_order_unit_order_line_id_while_open",
        "order_unit",
        ["order_line_id"],
        postgresql_where=sa.text("loan_id IS NULL AND cancelled_at IS NULL"),
    )
    op.create_index("ix_order_supersedes_collection_id", "order_supersedes", ["collection_id"])
    op.create_index(
        "ix_loan_trial_ends_on_while_open",
        "loan",
        ["trial_ends_on", "id"],
        postgresql_where=sa.text("ended_at IS NULL AND kind = 'trial'"),
    )
    op.create_index(
        "ix_reservation_ended_at_of_lost_ones",
        "reservation",
        ["ended_at"],
        postgresql_where=sa.text("ended_because IN ('item_unfit', 'item_missing')"),
    )
    op.create_index("ix_collection_scheduled_on", "collection", ["scheduled_on", "id"])
    op.create_index("ix_client_date_of_birth", "client", ["date_of_birth"])
    op.create_index(
        "ix_client_postcode_without_blank", "client", [sa.text("replace(postcode, ' ', '') text_pattern_ops")]
    )
    # With the usual operator class LIKE uses it only where the database has the collation C.
    op.drop_index(IN_ANY_CASE, table_name="client")
    op.create_index(IN_ANY_CASE, "client", [sa.text("upper(client_ref) text_pattern_ops")], unique=True)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index(IN_ANY_CASE, table_name="client")
    op.create_index(IN_ANY_CASE, "client", [sa.text("upper(client_ref)")], unique=True)
    op.drop_index("ix_client_postcode_without_blank", table_name="client")
    op.drop_index("ix_client_date_of_birth", table_name="client")
    op.drop_index("ix_collection_scheduled_on", table_name="collection")
    op.drop_index("ix_reservation_ended_at_of_lost_ones", table_name="reservation")
    op.drop_index("ix_loan_trial_ends_on_while_open", table_name="loan")
    op.drop_index("ix_order_supersedes_collection_id", table_name="order_supersedes")
    op.drop_index("ix_order_unit_order_line_id_while_open", table_name="order_unit")
