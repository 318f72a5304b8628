"""The database has the last word: what no verb would write, PostgreSQL refuses too."""

from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Enum, UniqueConstraint, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.domain.lifecycle import State
from app.models import metadata
from tests.conftest import Query, Scratch
from tests.given import Given

ENUMS = [
    (table.name, column.name, column.type)
    for table in metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, Enum)
]
CHECKS = sorted(
    (table.name, str(constraint.name))
    for table in metadata.sorted_tables
    for constraint in sorted(table.constraints, key=lambda one: str(one.name))
    if isinstance(constraint, CheckConstraint)
)


async def refuse(connection: AsyncConnection, statement: str, constraint: str, **values: Any) -> None:
    """Assert that the statement violates the constraint of that name."""

    async def write() -> None:
        async with connection.begin_nested():
            await connection.execute(text(statement), values)
            await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))

    with pytest.raises(IntegrityError) as refusal:
        await write()
    assert constraint in str(refusal.value.orig)


@pytest.mark.parametrize(("table", "column", "kind"), ENUMS, ids=[f"{table}.{column}" for table, column, _ in ENUMS])
async def test_a_column_of_choices_takes_exactly_what_the_code_knows(
    query: Query, table: str, column: str, kind: Enum
) -> None:
    [row] = await query(
        "SELECT pg_get_constraintdef(oid) AS said FROM pg_constraint "
        "WHERE conname = :name AND conrelid = to_regclass(:t)",
        name=f"ck_{table}_{column}",
        t=table,
    )
    said = set(row["said"].split("'")[1::2])
    assert kind.enum_class is not None
    assert said == {member.value for member in kind.enum_class}


@pytest.mark.parametrize(("table", "name"), CHECKS)
async def test_every_check_of_the_models_is_in_the_database(query: Query, table: str, name: str) -> None:
    found = await query(
        "SELECT 1 FROM pg_constraint WHERE conname = :name AND conrelid = to_regclass(:t)", name=name, t=table
    )
    assert found, f"{name} is missing"


async def test_every_unique_rule_of_the_models_is_in_the_database(query: Query) -> None:
    wanted = {
        str(constraint.name)
        for table in metadata.sorted_tables
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    } | {str(index.name) for table in metadata.sorted_tables for index in table.indexes if index.unique}
    found = {row["relname"] for row in await query("SELECT relname FROM pg_class WHERE relkind IN ('i', 'I')")}
    assert wanted <= found


TOGETHER = sorted(name for _, name in CHECKS if name.endswith("_together"))


def test_paired_columns_are_known() -> None:
    assert len(TOGETHER) == len(PAIRS)


A_JOB = "INSERT INTO decontamination (item_id, opened_at, {}) SELECT id, now(), {} FROM item LIMIT 1"
AN_ANSWER = (
    "INSERT INTO order_answer (order_id, code, subject, warning, {}) "
    "SELECT id, 'x', 'x', 'x', {} FROM equipment_order LIMIT 1"
)
A_SAYING = (
    "INSERT INTO loan_answer (loan_id, code, subject, warning, {}) SELECT id, 'x', 'x', 'x', {} FROM loan LIMIT 1"
)
PAIRS = {
    "ck_tariff_ended_at_and_by_together": "INSERT INTO tariff (kind, starts_on, pence, made_at, made_by, ended_at) "
    "VALUES ('repair', '2026-01-01', 1, now(), 'x', now())",
    "ck_loan_answer_answered_at_and_by_together": A_SAYING.format("answer, answered_at", "'x', now()"),
    "ck_loan_answer_answer_and_when_together": A_SAYING.format("answered_at, answered_by", "now(), 'x'"),
    "ck_order_answer_answered_at_and_by_together": AN_ANSWER.format("answer, answered_at", "'x', now()"),
    "ck_order_answer_answer_and_when_together": AN_ANSWER.format("answered_at, answered_by", "now(), 'x'"),
    "ck_authority_copy_recorded_at_and_by_together": (
        "UPDATE authority_copy SET sent_on = now(), sent_to = 'x', recorded_at = now()"
    ),
    "ck_authority_copy_sent_on_and_recorded_at_together": "UPDATE authority_copy SET sent_on = now(), sent_to = 'x'",
    "ck_authority_copy_sent_on_and_to_together": (
        "UPDATE authority_copy SET sent_on = now(), recorded_at = now(), recorded_by = 'x'"
    ),
    "ck_client_weight_and_its_day_together": "UPDATE client SET weight_kg = 70",
    "ck_collection_found_reconciled_at_and_by_together": "UPDATE collection_found SET reconciled_at = now()",
    "ck_collection_line_cancelled_at_and_by_together": "UPDATE collection_line SET cancelled_at = now()",
    "ck_collection_line_collected_at_and_by_together": "UPDATE collection_line SET collected_by = 'x'",
    "ck_collection_line_picked_up_at_and_by_together": "UPDATE collection_line SET picked_up_at = now()",
    "ck_collection_list_agreed_at_and_by_together": "UPDATE collection SET list_agreed_by = 'x'",
    "ck_consignment_cancelled_at_and_by_together": "UPDATE consignment SET cancelled_at = now()",
    "ck_consignment_line_arrived_at_and_by_together": (
        "UPDATE consignment_line SET arrived_at = now(), arrived_store_id = 1"
    ),
    "ck_consignment_line_arrived_at_and_store_together": (
        "UPDATE consignment_line SET arrived_at = now(), arrived_by = 'x'"
    ),
    "ck_consignment_line_missing_at_and_by_together": (
        "UPDATE consignment_line SET missing_at = now(), missing_reason = 'x'"
    ),
    "ck_consignment_line_missing_at_and_reason_together": (
        "UPDATE consignment_line SET missing_at = now(), missing_by = 'x'"
    ),
    "ck_consignment_line_sent_at_and_by_together": "UPDATE consignment_line SET sent_by = NULL",
    "ck_consignment_line_sent_at_and_hold_together": "UPDATE consignment_line SET hold_id = NULL",
    # A finished one cannot be updated, so these are written wrong from the first.
    "ck_decontamination_finished_at_and_by_together": A_JOB.format("finished_by", "'x'"),
    "ck_decontamination_finished_at_and_outcome_together": A_JOB.format(
        "finished_at, finished_by, finished_seq", "now(), 'x', 1"
    ),
    "ck_decontamination_finished_at_and_seq_together": A_JOB.format(
        "finished_at, finished_by, outcome", "now(), 'x', 'failed'"
    ),
    "ck_decontamination_started_at_and_by_together": A_JOB.format("started_at, route", "now(), 'thermal'"),
    "ck_decontamination_started_at_and_route_together": A_JOB.format("started_at, started_by", "now(), 'x'"),
    "ck_delegation_ended_at_and_by_together": "UPDATE delegation SET ended_at = now()",
    "ck_equipment_order_allocated_at_and_by_together": "UPDATE equipment_order SET allocated_by = 'x'",
    "ck_equipment_order_decided_at_and_by_together": "UPDATE equipment_order SET decided_at = now()",
    "ck_fault_report_closed_at_and_by_together": "UPDATE fault_report SET closed_at = now(), done = 'x'",
    "ck_fault_report_closed_at_and_done_together": "UPDATE fault_report SET closed_at = now(), closed_by = 'x'",
    "ck_hold_lifted_at_and_by_together": "UPDATE hold SET lifted_at = now(), lift_reason = 'x'",
    "ck_hold_lifted_at_and_reason_together": "UPDATE hold SET lifted_at = now(), lifted_by = 'x'",
    "ck_inspection_supersedes_and_reason_together": (
        "INSERT INTO inspection (item_id, kind, outcome, seq, inspected_at, inspected_by, supersedes_id) "
        "SELECT item_id, 'pat', 'passed', 1, now(), 'x', id FROM inspection"
    ),
    "ck_inspection_visit_ended_at_and_by_together": "UPDATE inspection_visit SET ended_by = 'x'",
    "ck_item_certified_load_and_day_together": "UPDATE item SET certified_load_kg = 100",
    "ck_item_manufactured_on_and_precision_together": "UPDATE item SET manufactured_on = '2026-01-01'",
    "ck_item_serial_number_and_key_together": "UPDATE item SET serial_number = 'x'",
    "ck_label_job_content_and_file_name_together": "UPDATE label_job SET content = '', media_type = 'x'",
    "ck_label_job_content_and_media_type_together": "UPDATE label_job SET content = '', file_name = 'x'",
    "ck_loan_ended_at_and_by_together": "UPDATE loan SET ended_at = now(), ended_by = NULL",
    "ck_notice_closing_closed_at_and_by_together": (
        "INSERT INTO notice_closing (notice_id, counts, asked_at, asked_by, closed_at) "
        "VALUES (1, '{}', now(), 'x', now())"
    ),
    "ck_order_unit_cancelled_at_and_by_together": "UPDATE order_unit SET cancelled_at = now()",
    "ck_order_unit_reservation_and_item_together": "UPDATE order_unit SET reservation_id = -1",
    "ck_prescriber_registration_number_and_expiry_together": "UPDATE prescriber SET registration_number = NULL",
    "ck_reservation_ended_at_and_by_together": "UPDATE reservation SET ended_at = now()",
    "ck_return_scan_reconciled_at_and_by_together": (
        "UPDATE return_scan SET reconciled_at = now(), reconciled_note = 'x'"
    ),
    "ck_return_scan_reconciled_at_and_note_together": (
        "UPDATE return_scan SET reconciled_at = now(), reconciled_by = 'x'"
    ),
    "ck_sign_in_ended_at_and_by_together": "UPDATE sign_in SET ended_by = 'x'",
    "ck_stocktake_cancelled_at_and_by_together": "UPDATE stocktake SET cancelled_at = now()",
    "ck_stocktake_expected_and_counted_together": "UPDATE stocktake SET expected = 1",
    "ck_stocktake_finished_at_and_by_together": "UPDATE stocktake SET finished_by = 'x'",
    "ck_stocktake_item_counted_at_and_by_together": "UPDATE stocktake_item SET counted_at = now(), counted_seq = 1",
    "ck_stocktake_item_counted_at_and_seq_together": "UPDATE stocktake_item SET counted_at = now(), counted_by = 'x'",
    "ck_stocktake_item_difference_and_correction_together": "UPDATE stocktake_item SET difference = 'missing'",
    "ck_stop_use_notice_acknowledged_at_and_by_together": "UPDATE stop_use_notice SET acknowledged_by = 'x'",
}

A_ROW_EACH = (
    "INSERT INTO consignment (number, from_store_id, to_store_id, made_at, made_by) "
    "SELECT 'T', min(id), max(id), now(), 'x' FROM store",
    "INSERT INTO consignment_line (consignment_id, item_id, sent_at, sent_by, hold_id) "
    "SELECT consignment.id, hold.item_id, now(), 'x', hold.id FROM consignment, hold LIMIT 1",
    "INSERT INTO fault_report (form_id, item_id, description, is_dangerous, reported_at) "
    "SELECT gen_random_uuid(), id, 'x', false, now() FROM item",
    "INSERT INTO label_job (id, made_by, made_at, wanted, seen_at) VALUES (gen_random_uuid(), 'x', now(), 1, now())",
    "INSERT INTO collection_found (collection_id, taken_at, taken_by) SELECT id, now(), 'x' FROM collection",
    "INSERT INTO delegation (from_account_id, to_account_id, from_on, until_on, reason, made_at, made_by) "
    "SELECT min(account_id), max(account_id), now(), now(), '', now(), 'x' FROM prescriber",
    "INSERT INTO equipment_order (number, client_id, funder_id, team_id, store_id, speed, reason, clinical_reasoning, "
    "decision, made_at, made_by) SELECT 'O1', client.id, funder.id, team.id, store.id, 'five_day', 'other', '', "
    "'draft', now(), 'x' FROM client, funder, team, store LIMIT 1",
    "INSERT INTO order_line (order_id, position, product_id, quantity, kind, accept_equivalent, prefer_new, "
    "unit_price_pence) SELECT equipment_order.id, 1, product.id, 1, 'loan', false, false, 0 "
    "FROM equipment_order, product LIMIT 1",
    "INSERT INTO order_unit (order_line_id) SELECT id FROM order_line",
    "INSERT INTO stocktake (number, store_id, started_at, started_by) SELECT 'K', min(id), now(), 'x' FROM store",
    "INSERT INTO stocktake_item (stocktake_id, item_id, expected_seq) SELECT stocktake.id, item.id, 1 "
    "FROM stocktake, item LIMIT 1",
    "INSERT INTO stop_use_notice (loan_id, reason, given_at, given_by) SELECT id, '', now(), 'x' FROM loan LIMIT 1",
    "INSERT INTO equipment_order (number, client_id, funder_id, team_id, store_id, speed, reason, clinical_reasoning, "
    "decision, made_at, made_by, submitted_at, promised_on) SELECT 'O2', reservation.client_id, funder_id, team_id, "
    "store_id, speed, reason, '', 'approved', now(), 'x', now(), now() FROM reservation, equipment_order",
    "INSERT INTO order_line (order_id, position, product_id, quantity, kind, accept_equivalent, prefer_new, "
    "unit_price_pence) SELECT equipment_order.id, 1, product_id, 1, 'loan', false, false, 0 "
    "FROM equipment_order, order_line WHERE number = 'O2'",
    "INSERT INTO order_unit (order_line_id, reservation_id) SELECT order_line.id, reservation.id FROM reservation, "
    "order_line JOIN equipment_order ON equipment_order.id = order_id WHERE number = 'O2'",
    "INSERT INTO inspection (item_id, kind, outcome, seq, inspected_at, inspected_by) "
    "SELECT id, 'loler', 'danger', 1, now(), 'x' FROM item LIMIT 1",
    "INSERT INTO authority_copy (inspection_id, made_at) SELECT id, now() FROM inspection",
    "INSERT INTO inspection_visit (client_id, planned_on, visitor, planned_at, planned_by) "
    "SELECT id, now(), 'x', now(), 'x' FROM client LIMIT 1",
)


@pytest.fixture
async def a_bit_of_everything(given: Given, as_ot: object, connection: AsyncConnection) -> None:
    """Rows in every table that the statements above touch."""
    barcode = await given.item(State.AWAITING_INSPECTION)
    await given.hold(barcode)
    await given.collection()
    await given.reservation()
    for statement in A_ROW_EACH:
        await connection.execute(text(statement))


@pytest.mark.parametrize("name", TOGETHER)
async def test_columns_that_belong_together_are_filled_together(
    connection: AsyncConnection, a_bit_of_everything: None, name: str
) -> None:
    await refuse(connection, PAIRS[name], name)


OTHERS = {
    "ck_client_weight_sensible": "UPDATE client SET weight_kg = 0, weighed_on = now()",
    "uq_client_client_ref_in_any_case": (
        "INSERT INTO client (client_ref, name, address, postcode, created_at, created_by) "
        "SELECT lower(client_ref), name, address, postcode, now(), 'x' FROM client LIMIT 1"
    ),
    "ck_collection_bereavement_has_one_contact": "UPDATE collection SET is_bereavement = true",
    "ck_delegation_not_to_oneself": "UPDATE delegation SET to_account_id = from_account_id",
    "ck_delegation_ends_after_it_starts": "UPDATE delegation SET until_on = from_on - 1",
    "ck_delivery_visit_either_delivered_or_failed": (
        "INSERT INTO delivery_visit (order_id, visited_at, recorded_at, recorded_by) "
        "SELECT id, now(), now(), 'x' FROM equipment_order"
    ),
    "ck_equipment_order_a_declined_order_has_a_reason": (
        "UPDATE equipment_order SET decision = 'declined', submitted_at = now(), promised_on = now()"
    ),
    "ck_equipment_order_only_what_is_submitted_is_promised": "UPDATE equipment_order SET promised_on = now()",
    "ck_equipment_order_submitted": "UPDATE equipment_order SET decision = 'approved'",
    "ck_order_line_quantity_sensible": "UPDATE order_line SET quantity = 0",
    "ck_order_line_only_a_trial_has_days": "UPDATE order_line SET kind = 'trial'",
    "ck_order_line_trial_days_sensible": "UPDATE order_line SET kind = 'trial', trial_days = 0",
    "ck_order_line_new_needs_a_reason": "UPDATE order_line SET prefer_new = true",
    "ck_order_unit_not_both_delivered_and_cancelled": (
        "UPDATE order_unit SET loan_id = (SELECT min(id) FROM loan), cancelled_at = now(), cancelled_by = 'x'"
    ),
    "ck_order_unit_only_what_was_held_is_delivered": (
        "UPDATE order_unit SET loan_id = (SELECT min(id) FROM loan) WHERE reservation_id IS NULL"
    ),
    "ck_message_to_somebody": (
        "INSERT INTO message (purpose, subject, body, made_at, made_by, next_try_at) "
        "VALUES ('x', '', '', now(), 'x', now())"
    ),
    "ck_message_not_both_sent_and_given_up": (
        "INSERT INTO message (purpose, subject, body, made_at, made_by, next_try_at, to_email, sent_at, given_up_at) "
        "VALUES ('x', '', '', now(), 'x', now(), 'a@b.test', now(), now())"
    ),
    "ck_panel_threshold_not_negative": "UPDATE panel SET orders_above_pence = -1",
    "ck_panel_quorum_sensible": "UPDATE panel SET quorum = 0",
    "ck_panel_approval_days_sensible": "UPDATE panel SET approval_days = 0",
    "ck_panel_precedence_sensible": "UPDATE panel SET precedence = 0",
    "ck_panel_budget_not_negative": "INSERT INTO panel_budget SELECT id, 2026, -1 FROM panel",
    "ck_panel_budget_year_sensible": "INSERT INTO panel_budget SELECT id, 1999, 0 FROM panel",
    "ck_prescriber_limit_not_negative": "UPDATE prescriber SET spend_limit_pence = -1",
    "uq_stop_use_notice_loan_id": (
        "INSERT INTO stop_use_notice (loan_id, reason, given_at, given_by) "
        "SELECT loan_id, '', now(), 'x' FROM stop_use_notice"
    ),
    "ck_client_nhs_number_has_ten_digits": "UPDATE client SET nhs_number = '999 000 001'",
    "ck_collection_line_not_both_collected_and_cancelled": (
        "UPDATE collection_line SET collected_at = now(), collected_by = 'x', cancelled_at = now(), cancelled_by = 'x'"
    ),
    "ck_item_price_not_negative": "UPDATE item SET purchase_price_pence = -1",
    "ck_product_price_not_negative": "UPDATE product SET purchase_price_pence = -1",
    "ck_product_safe_working_load_positive": "UPDATE product SET safe_working_load_kg = 0",
    "ck_loan_a_trial_has_an_end": "UPDATE loan SET kind = 'trial'",
    "ck_reservation_ends_after_it_starts": "UPDATE reservation SET until_on = from_on - 1",
    "ck_product_fit_not_with_itself": "INSERT INTO product_fit SELECT id, id, true FROM product LIMIT 1",
    "ck_product_inspection_every_months_sensible": "INSERT INTO product_inspection SELECT id, 'pat', 0 FROM product",
    "ck_trial_review_only_an_extension_has_a_new_end": (
        "INSERT INTO trial_review (loan_id, outcome, notes, until_on, reviewed_at, reviewed_by) "
        "SELECT id, 'keep', '', '2026-01-01', now(), 'x' FROM loan LIMIT 1"
    ),
    "uq_loan_one_open_per_item": (
        "INSERT INTO loan (item_id, client_id, kind, started_at, started_by) "
        "SELECT item_id, client_id, kind, now(), 'x' FROM loan WHERE ended_at IS NULL LIMIT 1"
    ),
    "ex_reservation_dates_of_one_item": (
        "INSERT INTO reservation (item_id, client_id, from_on, until_on, made_at, made_by) "
        "SELECT item_id, client_id, from_on, until_on, now(), 'x' FROM reservation WHERE ended_at IS NULL"
    ),
    "uq_collection_line_one_open_per_item": (
        "INSERT INTO collection_line (collection_id, item_id, loan_id) "
        "SELECT collection_id, item_id, loan_id FROM collection_line"
    ),
    "uq_decontamination_one_open_per_item": (
        "INSERT INTO decontamination (item_id, opened_at) SELECT item_id, now() FROM decontamination "
        "UNION ALL SELECT item_id, now() FROM decontamination"
    ),
    "uq_item_barcode": "UPDATE item SET barcode = 'same'",
    "uq_client_client_ref": "UPDATE client SET client_ref = 'same'",
    "movement_other_item_id_seq_at_key": (
        "INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, hash) "
        "SELECT item_id, seq, move, from_state, to_state, actor, at, store_id, hash FROM movement WHERE seq = 2"
    ),
    "ck_movement_a_receipt_is_first": (
        "INSERT INTO movement (item_id, seq, move, to_state, actor, at, store_id, hash) "
        "SELECT id, 99, 'receive', 'in_stock', 'x', now(), store_id, 'x' FROM item LIMIT 1"
    ),
    "ck_movement_only_a_receipt_comes_from_nowhere": (
        "INSERT INTO movement (item_id, seq, move, to_state, actor, at, store_id, hash) "
        "SELECT id, 99, 'issue', 'on_loan', 'x', now(), store_id, 'x' FROM item LIMIT 1"
    ),
    "ck_movement_move": (
        "INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, hash) "
        "SELECT id, 99, 'teleport', 'in_stock', 'in_stock', 'x', now(), store_id, 'x' FROM item LIMIT 1"
    ),
    "ck_item_state": "UPDATE item SET state = 'lost', last_seq = last_seq + 1",
    "fk_item_product_id": "DELETE FROM product",
    "fk_loan_client_id": "DELETE FROM client",
}


@pytest.mark.parametrize("name", OTHERS)
async def test_what_must_not_be_cannot_be_written(
    connection: AsyncConnection, a_bit_of_everything: None, name: str
) -> None:
    await refuse(connection, OTHERS[name], name)


ENDED = "UPDATE reservation SET ended_at = now(), ended_by = 'x'"
LENT = (
    "WITH lent AS (INSERT INTO loan (item_id, client_id, kind, started_at, started_by, ended_at, ended_by) "
    "SELECT {}, {}, 'loan', now(), 'x', now(), 'x' FROM order_unit WHERE reservation_id IS NOT NULL RETURNING id) "
    "UPDATE order_unit SET loan_id = lent.id FROM lent WHERE reservation_id IS NOT NULL"
)
ANOTHER_ITEM = "(SELECT min(id) FROM item WHERE id <> order_unit.item_id)"
ANOTHER_CLIENT = "(SELECT min(id) FROM client WHERE id <> order_unit.client_id)"
LENT_RIGHT = "fk_order_unit_loan_is_of_its_client_and_item"
KEPT = "order_keeps_only_what_it_wants"
COMPLETE = "submitted_order_has_its_units"

DISAGREEMENTS = {
    "a piece that holds what is reserved for another client": (
        "fk_order_unit_reservation_is_of_its_client_and_item",
        "WITH theirs AS (INSERT INTO reservation (item_id, client_id, from_on, until_on, made_at, made_by) "
        "SELECT item_id, (SELECT min(id) FROM client), '2030-01-01', '2030-01-02', now(), 'x' FROM order_unit "
        "WHERE reservation_id IS NOT NULL RETURNING id) "
        "UPDATE order_unit SET reservation_id = theirs.id FROM theirs WHERE reservation_id IS NOT NULL",
    ),
    "a delivery of another item than the one that was held": (LENT_RIGHT, LENT.format(ANOTHER_ITEM, "client_id")),
    "a delivery to another client": (LENT_RIGHT, LENT.format("item_id", ANOTHER_CLIENT)),
    "a reservation that becomes another client's": (
        "fk_order_unit_reservation_is_of_its_client_and_item",
        "UPDATE reservation SET client_id = (SELECT min(id) FROM client)",
    ),
    "an order that becomes another client's": (
        "fk_order_unit_client_is_that_of_its_order",
        "UPDATE equipment_order SET client_id = (SELECT min(id) FROM client) WHERE number = 'O2'",
    ),
    "a line that goes to another order with its pieces": (
        "fk_order_unit_line_is_of_its_order",
        "UPDATE order_line SET position = 2, order_id = (SELECT id FROM equipment_order WHERE number = 'O1') "
        "WHERE order_id = (SELECT id FROM equipment_order WHERE number = 'O2')",
    ),
    "a cancelled piece that keeps its item": (
        KEPT,
        "UPDATE order_unit SET cancelled_at = now(), cancelled_by = 'x' WHERE reservation_id IS NOT NULL",
    ),
    "a delivered piece that keeps its item": (KEPT, LENT.format("item_id", "client_id")),
    "a declined order that keeps its items": (
        KEPT,
        "UPDATE equipment_order SET decision = 'declined', decision_reason = '' WHERE number = 'O2'",
    ),
    "a cancelled order that keeps its items": (KEPT, "UPDATE equipment_order SET decision = 'cancelled'"),
    "a draft that keeps an item": (
        KEPT,
        "UPDATE equipment_order SET decision = 'draft', submitted_at = NULL, promised_on = NULL",
    ),
    "a reservation that comes alive again for an order that is over": (
        KEPT,
        ENDED,
        "UPDATE equipment_order SET decision = 'cancelled'",
        "UPDATE reservation SET ended_at = NULL, ended_by = NULL",
    ),
    "an item that is held for a piece of a declined order": (
        KEPT,
        ENDED,
        "UPDATE equipment_order SET decision = 'declined', decision_reason = '' WHERE number = 'O2'",
        "WITH again AS (INSERT INTO reservation (item_id, client_id, from_on, until_on, made_at, made_by) "
        "SELECT item_id, client_id, from_on, until_on, now(), 'x' FROM reservation RETURNING id) "
        "UPDATE order_unit SET reservation_id = again.id FROM again WHERE reservation_id IS NOT NULL",
    ),
    "an order that is submitted without its units": (
        COMPLETE,
        "DELETE FROM order_unit WHERE reservation_id IS NULL",
        "UPDATE equipment_order SET decision = 'approved', submitted_at = now(), promised_on = now()",
    ),
    "an order that is submitted without a line": (
        COMPLETE,
        "DELETE FROM order_unit WHERE reservation_id IS NULL",
        "DELETE FROM order_line WHERE order_id = (SELECT id FROM equipment_order WHERE number = 'O1')",
        "UPDATE equipment_order SET decision = 'approved', submitted_at = now(), promised_on = now()",
    ),
    "a unit that is taken from a submitted order": (
        COMPLETE,
        "DELETE FROM order_unit WHERE reservation_id IS NOT NULL",
    ),
    "a unit that goes to another order's line": (
        COMPLETE,
        ENDED,
        "UPDATE order_unit SET reservation_id = NULL, order_line_id = (SELECT min(id) FROM order_line)",
    ),
    "a line of a submitted order that wants more than it has units": (COMPLETE, "UPDATE order_line SET quantity = 2"),
    "a line that is added to a submitted order without a unit": (
        COMPLETE,
        "INSERT INTO order_line (order_id, position, product_id, quantity, kind, accept_equivalent, prefer_new, "
        "unit_price_pence) SELECT order_id, 2, product_id, 1, 'loan', false, false, 0 FROM order_line",
    ),
}


@pytest.mark.parametrize("what", DISAGREEMENTS)
async def test_orders_reservations_and_loans_cannot_disagree(
    connection: AsyncConnection, a_bit_of_everything: None, what: str
) -> None:
    constraint, *before, statement = DISAGREEMENTS[what]
    for one in before:
        await connection.execute(text(one))
    await refuse(connection, statement, constraint)


async def test_a_piece_says_by_itself_which_order_client_and_item_it_is_about(
    query: Query, a_bit_of_everything: None
) -> None:
    [unit] = await query("SELECT order_id, client_id, item_id FROM order_unit WHERE reservation_id IS NOT NULL")
    assert [unit] == await query(
        "SELECT equipment_order.id AS order_id, reservation.client_id, item_id FROM equipment_order, reservation "
        "WHERE number = 'O2'"
    )


MOVED = "UPDATE item SET last_seq = last_seq + 1, state = 'on_loan', last_hash = 'x', last_moved_at = '2026-03-02'"
WRITTEN = (
    "INSERT INTO movement (item_id, seq, move, from_state, to_state, actor, at, store_id, hash) "
    "SELECT id, {}, 'issue', 'in_stock', '{}', 'x', '{}', store_id, '{}' FROM item"
)
RIGHT = WRITTEN.format("last_seq", "on_loan", "2026-03-02", "x")


async def test_a_state_without_its_movement_cannot_be_committed(scratch: Scratch) -> None:
    barcode = await scratch.given.item()

    async def change(session: AsyncSession) -> None:
        await session.execute(text(f"{MOVED} WHERE barcode = :barcode"), {"barcode": barcode})

    session = scratch.database.sessions()
    await change(session)
    with pytest.raises(IntegrityError, match="has no movement 2 into its state"):
        await session.commit()
    await session.close()
    assert (await scratch.given.record(barcode)).state is State.IN_STOCK


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE item SET state = 'on_loan'",
        "UPDATE item SET last_hash = 'x'",
        "UPDATE item SET last_moved_at = now()",
        MOVED.replace("+ 1", "+ 2"),
        MOVED.replace("+ 1", "- 1"),
        "UPDATE item SET id = id + 1000",
        "INSERT INTO item (barcode, product_id, received_on, purchase_price_pence, state, store_id, last_seq, "
        "last_hash, last_moved_at) SELECT 'x', product_id, received_on, 1, state, store_id, 2, 'x', now() FROM item",
    ],
)
async def test_an_item_is_moved_step_by_step(given: Given, connection: AsyncConnection, statement: str) -> None:
    await given.item()
    await refuse(connection, statement, "its state is that of its last movement")


@pytest.mark.parametrize(
    "wrong",
    [
        WRITTEN.format("last_seq + 1", "on_loan", "2026-03-02", "x"),
        WRITTEN.format("last_seq - 1", "on_loan", "2026-03-02", "x").replace("'issue', 'in_stock'", "'receive', NULL"),
        WRITTEN.format("last_seq", "on_trial", "2026-03-02", "x"),
        WRITTEN.format("last_seq", "on_loan", "2026-04-02", "x"),
        WRITTEN.format("last_seq", "on_loan", "2026-03-02", "y"),
        WRITTEN.replace("SELECT id,", "SELECT id + 1000,").format("last_seq", "on_loan", "2026-03-02", "x"),
    ],
    ids=["a-gap", "a-second-one", "another-state", "another-instant", "another-hash", "no-item"],
)
async def test_a_movement_is_the_newest_of_its_item(given: Given, connection: AsyncConnection, wrong: str) -> None:
    await given.item()
    await connection.execute(text(MOVED))
    await refuse(connection, wrong, "is the newest of it")
    await connection.execute(text(RIGHT))
    await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    await refuse(connection, RIGHT, "movement_other_item_id_seq_at_key")


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("repair (item_id, started_seq)", "item_id, {}"),
        (
            "charge (item_id, movement_seq, posting_id, kind, period, happened_on, posted_at, posted_by, percent, "
            "amount_pence)",
            "item_id, {}, gen_random_uuid(), 'repair', '2026-03-01', '2026-03-02', now(), 'x', 100, 1",
        ),
        (
            "order_top_up (item_id, movement_seq, order_id, funder_id, pence, charged_pence, alternative_product_id, "
            "alternative_pence, agreed_on, agreement, made_at, made_by)",
            "item_id, {}, (SELECT min(id) FROM equipment_order), (SELECT min(id) FROM funder), 1, 2, "
            "(SELECT min(id) FROM product), 1, '2026-03-02', 'x', now(), 'x'",
        ),
    ],
)
async def test_what_names_a_movement_names_one_that_was(
    connection: AsyncConnection, a_bit_of_everything: None, table: str, values: str
) -> None:
    of = "FROM (SELECT id AS item_id, last_seq FROM item ORDER BY id LIMIT 1) AS one"
    for seq in ("last_seq + 1", "0"):
        statement = f"INSERT INTO {table} SELECT {values.format(seq)} {of}"
        await refuse(connection, statement, "movement")


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO {0} SELECT * FROM {0}", "UPDATE {0} SET hash = 'x'", "DELETE FROM {0}", "TRUNCATE {0}"],
)
async def test_nobody_writes_to_a_month_by_its_name(
    connection: AsyncConnection, a_bit_of_everything: None, statement: str
) -> None:
    await connection.execute(text("SELECT make_months('movement', '2019-04-01', '2019-04-01')"))
    await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    for part in ("months.movement_2019_04", "months.movement_other"):
        with pytest.raises(DBAPIError, match="is append-only"):
            async with connection.begin_nested():
                await connection.execute(text(statement.format(part)))


@pytest.mark.parametrize("table", ["movement", "audit_event"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET hash = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET hash = hash WHERE false"],
)
async def test_a_history_is_only_ever_added_to(
    connection: AsyncConnection, a_bit_of_everything: None, table: str, statement: str
) -> None:
    await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    with pytest.raises(DBAPIError, match="is append-only"):
        async with connection.begin_nested():
            await connection.execute(text(statement.format(table)))
