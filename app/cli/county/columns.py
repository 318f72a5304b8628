"""Which columns the county fills, table by table: how its rows are read by COPY."""

from typing import Final

COLUMNS: Final = {
    "movement": "id item_id seq move from_state to_state actor at store_id bay reason reference hash",
    "charge": "id posting_id kind variant period happened_on posted_at posted_by funder_id percent quantity "
    "amount_pence vat_pence tariff_id basis is_unpriced is_issue is_provisional item_id movement_seq product_id "
    "category recycled store_id collection_id order_id client_id team_id prescriber reason district",
    "charged_visit": "key",
    "item": "id barcode product_id serial_number serial_key lot_number manufactured_on manufactured_precision "
    "received_on purchase_price_pence certified_load_kg certified_on state store_id bay times_issued last_seq "
    "last_hash last_moved_at returned_seq inspectable_seq repair_seq",
    "item_account": "item_id issue issue_seq issue_month is_credited was_credited written_off_pence issues paid_pence",
    "inspection_due": "item_id kind due_on",
    "client": "id client_ref name date_of_birth address postcode phone weight_kg weighed_on died_on created_at "
    "created_by",
    "equipment_order": "id number client_id funder_id team_id store_id speed reason clinical_reasoning decision "
    "authority made_at made_by submitted_at promised_on decided_at decided_by allocated_at allocated_by version",
    "order_share": "order_id funder_id position percent",
    "order_line": "id order_id position product_id quantity kind accept_equivalent prefer_new unit_price_pence "
    "explanation",
    "order_unit": "id order_line_id order_id client_id item_id reservation_id loan_id cancelled_at cancelled_by",
    "reservation": "id item_id client_id from_on until_on made_at made_by ended_at ended_by ended_because",
    "delivery_visit": "id order_id visited_at barcodes received_by failed_because recorded_at recorded_by",
    "loan": "id item_id client_id kind trial_ends_on trial_goals started_at started_by ended_at ended_by",
    "trial_review": "id loan_id outcome notes reviewed_at reviewed_by tried_what tried_where who_was_there result",
    "collection": "id number client_id reason speed requested_at requested_by contact_name contact_phone "
    "is_bereavement list_agreed_at list_agreed_by scheduled_on",
    "collection_line": "id collection_id item_id loan_id collected_at collected_by",
    "collection_visit": "id collection_id visited_at failed_because recorded_at recorded_by",
    "decontamination": "id item_id opened_at route started_at started_by finished_at finished_by finished_seq outcome "
    "notes infection_risk method product_used strike_through",
    "inspection": "id item_id kind outcome seq inspected_at inspected_by examined_on next_due_on due_before notes",
    "thorough_examination": "inspection_id report",
    "repair": "id item_id started_seq finished_at finished_by finished_seq outcome notes labour_minutes labour_pence",
    "fitted_part": "id repair_id part_number description quantity cost_pence fitted_on recorded_at recorded_by",
    "disposal": "id item_id reason waste_stream batteries reference asked_at asked_by hold_id agreed_at agreed_by seq",
    "spell": "item_id number issued_id issued_seq issued_at store_id product_id pence funder_ids is_recycled "
    "collected_id collected_seq collected_at passed_id passed_at came_back_seq",
    "hold": "id item_id kind reason placed_at placed_by lifted_at lifted_by lift_reason",
}
"""The columns that the county fills, in the order of its rows."""
