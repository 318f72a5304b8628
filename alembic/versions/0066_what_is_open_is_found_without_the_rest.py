"""What is open, unread, or somebody's own is found by an index of its own, however much has been closed since.

Revision: 0066, after: 0065. Made on 2026-11-27.
"""

from alembic import op

revision: str = "0066"
down_revision = "0065"
branch_labels: str | None = None
depends_on: str | None = None

INDEXES = {
    # Lists of orders, and the start pages: what is open, newest first; one's own.
    "ix_order_unit_order_id_while_open": "order_unit (order_id) WHERE loan_id IS NULL AND cancelled_at IS NULL",
    # An order's number in any case, as finance asks for its charges.
    "ix_equipment_order_number_in_any_case": "equipment_order (upper(number))",
    # How many pieces of a product are asked for and not held.
    "ix_order_line_product_id": "order_line (product_id)",
    # Reservations: the live ones by number, and one's own.
    "ix_reservation_id_while_live": "reservation (id) WHERE ended_at IS NULL",
    "ix_reservation_made_by": "reservation (made_by, id)",
    # Loans: trials of all times, by number.
    "ix_loan_id_of_trials": "loan (id) WHERE kind = 'trial'",
    # What is to be collected, by collection.
    "ix_collection_line_collection_id_while_open": "collection_line (collection_id) "
    "WHERE collected_at IS NULL AND cancelled_at IS NULL",
    # What is on its way between stores.
    "ix_consignment_line_sent_at_while_on_its_way": "consignment_line (sent_at, consignment_id) "
    "WHERE arrived_at IS NULL AND missing_at IS NULL AND sent_at IS NOT NULL",
    # What waits for somebody to act.
    "ix_stop_use_notice_given_at": "stop_use_notice (given_at, id)",
    "ix_stop_use_notice_id_while_unacknowledged": "stop_use_notice (id) WHERE acknowledged_at IS NULL",
    # Messages of somebody, newest first, and those that they have not opened.
    "ix_message_to_account_id_id": "message (to_account_id, id)",
    "ix_message_to_account_id_unseen_first": "message (to_account_id, (seen_at IS NULL), id)",
    "ix_message_to_account_id_while_unseen": "message (to_account_id) WHERE seen_at IS NULL",
    "ix_message_id_while_open": "message (id) WHERE sent_at IS NULL AND given_up_at IS NULL",
    # Where somebody is signed in.
    "ix_sign_in_account_id_while_open": "sign_in (account_id, id) WHERE ended_at IS NULL",
    # An item by a part of its tag, and the order in which it stands in a list.
    "ix_item_barcode_trigrams": "item USING gin (barcode gin_trgm_ops)",
    # What falls due, by its day.
    "ix_inspection_due_due_on": "inspection_due (due_on, item_id)",
    # The holds that an item had, and those that are open, the oldest first.
    "ix_hold_placed_at_while_open": "hold (placed_at, id) WHERE lifted_at IS NULL",
    "ix_hold_item_id": "hold (item_id, id)",
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    for name, on in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON {on}")
    op.execute("DROP INDEX ix_message_to_account_id")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("CREATE INDEX ix_message_to_account_id ON message (to_account_id)")
    for name in reversed(INDEXES):
        op.execute(f"DROP INDEX {name}")
