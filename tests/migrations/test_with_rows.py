"""Migrations on tables with rows: what is there is carried over, or the migration says what is in its way."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.database import create_database, drop_database, engine_for
from tests.migrations.test_migrations import alembic

AN_ITEM = (
    "INSERT INTO store (code, name) VALUES ('MAIN', 'Main')",
    "INSERT INTO product (code, name, manufacturer, model, category, purchase_price_pence, tier, returnable, "
    "single_patient_use, high_risk, decontamination_route) "
    "VALUES ('P', 'Commode', '', '', '', 1, 'standard', true, false, false, 'wash_down')",
    "INSERT INTO item (barcode, product_id, received_on, purchase_price_pence, state, store_id, last_seq, last_hash) "
    "SELECT 'ES' || n, product.id, now(), 1, 'in_stock', store.id, 1, '' "
    "FROM product, store, generate_series(1, 2) AS n",
    "INSERT INTO movement (item_id, seq, move, to_state, actor, at, store_id, hash) "
    "SELECT id, 1, 'receive', 'in_stock', 'x', now(), store_id, '' FROM item",
    "INSERT INTO client (client_ref, name, address, postcode, created_at, created_by) "
    "SELECT ref, '', '', '', now(), 'x' FROM unnest(ARRAY['ADA', 'BEA']) AS ref",
)
KEEP = (
    "INSERT INTO reservation (item_id, client_id, from_on, until_on, made_at, made_by) "
    "SELECT item.id, client.id, '{}', '{}', now(), 'x' FROM item, client WHERE barcode = '{}' AND client_ref = 'ADA'"
)
AN_ORDER = (
    "INSERT INTO team (code, name) VALUES ('T', 'T')",
    "INSERT INTO funder (code, name) VALUES ('F', 'F')",
    "INSERT INTO equipment_order (number, client_id, funder_id, team_id, store_id, speed, reason, clinical_reasoning, "
    "decision, made_at, made_by, submitted_at, promised_on) SELECT 'O1', client.id, funder.id, team.id, store.id, "
    "'five_day', 'other', '', 'approved', now(), 'x', now(), now() FROM client, funder, team, store "
    "WHERE client_ref = 'ADA'",
    "INSERT INTO order_line (order_id, position, product_id, quantity, kind, accept_equivalent, prefer_new, "
    "unit_price_pence) SELECT equipment_order.id, 1, product.id, 2, 'loan', false, false, 0 "
    "FROM equipment_order, product",
    "INSERT INTO order_unit (order_line_id, reservation_id) SELECT order_line.id, reservation.id "
    "FROM order_line, reservation",
    "INSERT INTO order_unit (order_line_id) SELECT id FROM order_line",
)


class Old:
    """A database at some revision, with rows as the code of then wrote them."""

    def __init__(self, url: str) -> None:
        self.url = url

    def to(self, revision: str) -> None:
        """Bring it up to a revision."""
        alembic(command.upgrade, self.url, revision)

    def back_to(self, revision: str) -> None:
        """Bring it down to a revision."""
        alembic(command.downgrade, self.url, revision)

    async def write(self, *statements: str) -> None:
        """Run statements in one transaction."""
        engine = engine_for(self.url)
        async with engine.begin() as connection:
            for statement in statements:
                await connection.execute(text(statement))
        await engine.dispose()

    async def read(self, wanted: str) -> list[tuple[Any, ...]]:
        """Rows."""
        engine = engine_for(self.url)
        async with engine.connect() as connection:
            rows = [tuple(row) for row in await connection.execute(text(wanted))]
        await engine.dispose()
        return rows


@pytest.fixture
async def old(server_url: str, worker_name: str) -> AsyncIterator[Old]:
    """An empty database."""
    name = f"rows_{worker_name}"
    yield Old(await create_database(server_url, name))
    await drop_database(server_url, name)


async def test_pieces_that_are_there_learn_which_order_client_and_item_they_are_about(old: Old) -> None:
    old.to("0014")
    await old.write(*AN_ITEM, KEEP.format("2026-03-02", "2026-03-09", "ES1"), *AN_ORDER)
    old.to("head")
    unit = (
        "SELECT equipment_order.number, client_ref, barcode FROM order_unit "
        "JOIN equipment_order ON equipment_order.id = order_unit.order_id "
        "JOIN client ON client.id = order_unit.client_id LEFT JOIN item ON item.id = order_unit.item_id ORDER BY 3"
    )
    assert await old.read(unit) == [("O1", "ADA", "ES1"), ("O1", "ADA", None)]
    old.back_to("0014")
    old.to("head")
    assert await old.read(unit) == [("O1", "ADA", "ES1"), ("O1", "ADA", None)]


async def test_pieces_that_contradict_their_reservation_stop_the_migration(old: Old) -> None:
    old.to("0014")
    await old.write(*AN_ITEM, KEEP.format("2026-03-02", "2026-03-09", "ES1"), *AN_ORDER)
    await old.write("UPDATE reservation SET client_id = (SELECT id FROM client WHERE client_ref = 'BEA')")
    with pytest.raises(IntegrityError, match="fk_order_unit_reservation_is_of_its_client_and_item"):
        old.to("head")


async def test_going_back_to_one_reservation_per_item_keeps_the_first_of_each_and_ends_the_others(old: Old) -> None:
    old.to("0010")
    later = KEEP.format("2026-04-02", "2026-04-09", "ES1")
    await old.write(*AN_ITEM, later, KEEP.format("2026-03-02", "2026-03-09", "ES1"))
    await old.write(KEEP.format("2026-05-02", "2026-05-09", "ES1"), KEEP.format("2026-05-02", "2026-05-09", "ES2"))
    old.back_to("0009")
    live = "SELECT barcode, from_on::text, ended_by FROM reservation JOIN item ON item.id = item_id ORDER BY 1, 2"
    assert await old.read(live) == [
        ("ES1", "2026-03-02", None),
        ("ES1", "2026-04-02", "migration"),
        ("ES1", "2026-05-02", "migration"),
        ("ES2", "2026-05-02", None),
    ]
    old.to("0010")


async def test_going_back_to_when_every_order_had_a_day_gives_it_to_those_that_have_none(old: Old) -> None:
    old.to("0021")
    submitted = [
        line.replace("submitted_at, promised_on)", "submitted_at)").replace(
            "now(), now() FROM client, f", "'2026-07-01 23:30+00' FROM client, f"
        )
        for line in AN_ORDER
    ]
    piece = "INSERT INTO order_unit (order_line_id) SELECT id FROM order_line, generate_series(1, 2)"
    await old.write(*AN_ITEM, *submitted[:-2], piece)
    old.back_to("0020")
    assert [str(day) for (day,) in await old.read("SELECT promised_on FROM equipment_order")] == ["2026-07-02"]
    old.to("0021")
    assert [str(day) for (day,) in await old.read("SELECT promised_on FROM equipment_order")] == ["2026-07-02"]


async def test_references_that_differ_only_by_case_are_named_before_anything_is_changed(old: Old) -> None:
    old.to("0012")
    await old.write(
        *AN_ITEM,
        "INSERT INTO client (client_ref, name, address, postcode, created_at, created_by) "
        "SELECT ref, '', '', '', now(), 'x' FROM unnest(ARRAY['ada', 'Bea', 'CID']) AS ref",
    )
    with pytest.raises(RuntimeError, match="ADA and ada; BEA and Bea") as refusal:
        old.to("0013")
    assert "CID" not in str(refusal.value)
    await old.write("UPDATE client SET client_ref = client_ref || '-2' WHERE client_ref IN ('ada', 'Bea')")
    old.to("0013")


async def test_notes_that_are_there_are_as_old_as_the_audit_trail_says(old: Old) -> None:
    old.to("0016")
    await old.write(
        *AN_ITEM,
        "INSERT INTO client_access (client_id, notes_encrypted) SELECT id, 'x' FROM client",
        "INSERT INTO audit_event (chain, seq, at, action, subject, detail, hash) VALUES "
        "('x', 1, '2026-01-01Z', 'client_added', 'client:ADA', '{}', ''), "
        "('x', 2, '2026-01-02Z', 'client_changed', 'client:ADA', '{\"fields\"\\: \"access_notes, phone\"}', ''), "
        "('x', 3, '2026-01-03Z', 'client_changed', 'client:ADA', '{\"fields\"\\: \"phone\"}', '')",
    )
    old.to("0017")
    assert await old.read(
        "SELECT client_ref, CASE WHEN written_at < now() - interval '1 day' THEN written_at::date::text END "
        "FROM client_access JOIN client ON client.id = client_id ORDER BY 1"
    ) == [("ADA", "2026-01-02"), ("BEA", None)]
    old.back_to("0016")


async def test_inspections_that_are_there_are_of_the_day_on_which_they_were_recorded_in_the_uk(old: Old) -> None:
    old.to("0023")
    await old.write(
        *AN_ITEM,
        "INSERT INTO inspection (item_id, kind, outcome, seq, inspected_at, inspected_by) "
        "SELECT id, 'loler', 'passed', 1, '2026-07-01T23:30Z', 'x' FROM item WHERE barcode = 'ES1'",
    )
    old.to("0024")
    wanted = "SELECT examined_on::text, due_before, supersedes_id FROM inspection"
    assert await old.read(wanted) == [("2026-07-02", None, None)]
    assert await old.read("SELECT count(*) FROM standing_inspection") == [(1,)]
    old.back_to("0023")


async def test_the_covers_of_mattresses_that_are_there_are_tested_from_now_on(old: Old) -> None:
    old.to("0025")
    cleaned = (
        "INSERT INTO decontamination (item_id, opened_at, route, started_at, started_by, finished_at, finished_by, "
        "finished_seq, outcome) SELECT id, now(), 'wash_down', now(), 'x', now(), 'x', 1, 'passed' FROM item"
    )
    mattress = (
        "INSERT INTO product (code, name, manufacturer, model, category, purchase_price_pence, tier, returnable, "
        "single_patient_use, high_risk, decontamination_route) "
        "VALUES ('M', 'Mattress', '', '', '04 33 06', 1, 'standard', true, false, false, 'wash_down')"
    )
    await old.write(*AN_ITEM, mattress, cleaned)
    old.to("0026")
    assert await old.read("SELECT code, strike_through_test FROM product ORDER BY code") == [("M", True), ("P", False)]
    with pytest.raises(IntegrityError, match="append-only"):
        await old.write("DELETE FROM decontamination")
    old.back_to("0025")
    await old.write("DELETE FROM decontamination")


async def test_what_was_stopped_before_anybody_was_asked_why_is_held_while_it_is_at_a_clients(old: Old) -> None:
    old.to("0027")
    await old.write(
        *AN_ITEM,
        "INSERT INTO loan (item_id, client_id, kind, started_at, started_by, ended_at, ended_by) "
        "SELECT item.id, client.id, 'loan', now(), 'x', CASE WHEN barcode = 'ES2' THEN now() END, "
        "CASE WHEN barcode = 'ES2' THEN 'x' END FROM item, client WHERE client_ref = 'ADA'",
        "INSERT INTO stop_use_notice (loan_id, reason, given_at, given_by) "
        "SELECT id, 'The brake fails.', now(), 'ot' FROM loan",
    )
    old.to("0028")
    held = "SELECT barcode, kind, reason, placed_by FROM hold JOIN item ON item.id = hold.item_id"
    assert await old.read(held) == [
        ("ES1", "investigation", "Its use at a client's was stopped: The brake fails.", "ot")
    ]
    assert await old.read("SELECT DISTINCT item_fault FROM stop_use_notice") == [("not_known",)]
    old.back_to("0027")


async def test_what_was_replaced_before_anybody_was_asked_is_not_known_to_be_right_and_held_while_it_is_there(
    old: Old,
) -> None:
    old.to("0029")
    await old.write(
        *AN_ITEM,
        *AN_ORDER[:2],
        AN_ORDER[2].replace("'approved'", "'draft'").replace(", now(), now() FROM", ", NULL, NULL FROM"),
        # ADA has both still, and BEA had the first.
        "INSERT INTO loan (item_id, client_id, kind, started_at, started_by, ended_at, ended_by) "
        "SELECT item.id, client.id, 'loan', now(), 'x', CASE WHEN client_ref = 'BEA' THEN now() END, "
        "CASE WHEN client_ref = 'BEA' THEN 'x' END FROM item, client WHERE client_ref = 'ADA' OR barcode = 'ES1'",
        # Stopped by an order; with the form, which asked; and over the counter.
        "INSERT INTO stop_use_notice (loan_id, order_id, reason, item_fault, given_at, given_by) "
        "SELECT loan.id, CASE WHEN barcode = 'ES1' AND client_ref = 'ADA' THEN equipment_order.id END, "
        "CASE WHEN client_ref = 'BEA' THEN 'Worn.' WHEN barcode = 'ES1' THEN 'Too low.' ELSE 'Too big.' END, 'no', "
        "CASE client_ref WHEN 'BEA' THEN timestamptz '2026-11-01' ELSE '2026-11-02' END, 'ot' "
        "FROM loan JOIN item ON item.id = loan.item_id JOIN client ON client.id = loan.client_id, equipment_order",
        "INSERT INTO audit_event (chain, seq, at, action, subject, detail, hash) "
        "SELECT 'ot', 1, '2026-11-01', 'old_equipment_decided', 'loan', jsonb_build_object('ES1', "
        "'stop_use' || chr(58) || ' Worn.'), ''",
    )
    old.to("0033")
    assert await old.read("SELECT reason, item_fault FROM stop_use_notice ORDER BY reason") == [
        ("Too big.", "no"),
        ("Too low.", "not_known"),
        ("Worn.", "not_known"),
    ]
    held = "SELECT barcode, kind, reason, placed_by FROM hold JOIN item ON item.id = hold.item_id"
    assert await old.read(held) == [("ES1", "investigation", "Its use at a client's was stopped: Too low.", "ot")]
    old.back_to("0032")


async def test_what_was_certified_for_less_wants_a_label_and_what_is_dangerous_an_examination(old: Old) -> None:
    old.to("0035")
    await old.write(
        *AN_ITEM,
        "UPDATE product SET safe_working_load_kg = 200",
        "UPDATE item SET certified_load_kg = CASE barcode WHEN 'ES1' THEN 160 ELSE 200 END, "
        "certified_on = '2026-10-01'",
        "INSERT INTO audit_event (chain, seq, at, action, subject, detail, hash) "
        "SELECT 'ot', id, '2026-10-02', 'load_certified', 'item' || chr(58) || barcode, '{}', '' FROM item",
        "INSERT INTO inspection_due (item_id, kind, due_on) SELECT id, 'loler', '2027-03-01' FROM item",
        "INSERT INTO inspection (item_id, kind, outcome, seq, inspected_at, inspected_by, examined_on, notes) "
        "SELECT id, 'loler', CASE barcode WHEN 'ES1' THEN 'danger' ELSE 'passed' END, 1, now(), 'x', '2026-10-03', '' "
        "FROM item",
    )
    old.to("0036")
    found = "SELECT barcode, load_lowered_at IS NOT NULL, label_wanted_since = load_lowered_at, due_on::text FROM item"
    assert await old.read(f"{found} JOIN inspection_due ON item_id = item.id ORDER BY barcode") == [
        ("ES1", True, True, "2026-10-03"),
        ("ES2", False, None, "2027-03-01"),
    ]
    await old.write(
        "INSERT INTO loan (item_id, client_id, kind, started_at, started_by) "
        "SELECT item.id, client.id, 'loan', now(), 'x' FROM item, client WHERE client_ref = 'ADA' AND barcode = 'ES2'",
        "INSERT INTO loan_answer (loan_id, code, subject, warning, answer, answered_at, answered_by) "
        "SELECT id, 'c', 's', 'w', a, now() + interval '1 s' * length(a), 'x' FROM loan, unnest(ARRAY['a', 'bb']) AS a",
    )
    old.back_to("0035")
    assert await old.read("SELECT answer FROM loan_answer") == [("bb",)]
