"""The one door: set-based moves, refusals in the domain's words, and chains that show what was tampered with."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app import ledger
from app.domain.errors import NotClear, NotFound, WrongState
from app.domain.hygiene import Outcome, Route
from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.labels import make_tag
from app.domain.lifecycle import Move, State
from tests.conftest import Clock, Query, Statements
from tests.given import Given

UNKNOWN = make_tag("ES", 9_999_999)


async def test_each_item_moves_or_is_refused_in_the_order_they_were_named(
    session: AsyncSession, given: Given, clock: Clock
) -> None:
    held, scrapped = await given.item(), await given.item(State.SCRAPPED)
    await given.hold(held, reason="Castor.")
    one, two = await given.items(2)
    wanted = [two, UNKNOWN, held, scrapped, one, two]
    moved, refused = await ledger.move(session, wanted, Move.ISSUE, actor="ot", at=clock.now)
    assert [done.item.barcode for done in moved] == [two, one]
    assert [(done.state, done.seq, done.item.state) for done in moved] == [(State.ON_LOAN, 2, State.IN_STOCK)] * 2
    assert [(no.barcode, no.error.code, no.item is None) for no in refused] == [
        (UNKNOWN, "unknown-barcode", True),
        (held, "on-hold", False),
        (scrapped, "wrong-state", False),
        (two, "repeated-barcode", False),
    ]
    assert isinstance(refused[1].error, NotClear)


async def test_any_number_of_items_moves_in_three_statements(
    session: AsyncSession, given: Given, clock: Clock, statements: Statements
) -> None:
    for quantity in (1, 100, 500):
        barcodes = await given.items(quantity)
        statements.clear()
        moved, refused = await ledger.move(session, barcodes, Move.TRANSFER, actor="technician", at=clock.now)
        assert (len(moved), refused, len(statements)) == (quantity, [], 3)


async def test_nothing_to_move_writes_nothing(session: AsyncSession, clock: Clock, statements: Statements) -> None:
    assert await ledger.move(session, [], Move.ISSUE, actor="ot", at=clock.now) == ([], [])
    moved, [refused] = await ledger.move(session, [UNKNOWN], Move.ISSUE, actor="ot", at=clock.now)
    assert (moved, refused.error.code) == ([], "unknown-barcode")
    assert not [statement for statement in statements if "INSERT" in statement]


async def test_one_item_that_cannot_move_raises(session: AsyncSession, given: Given, clock: Clock) -> None:
    barcode = await given.item()
    with pytest.raises(WrongState, match=r"“in stock”.*“returned” cannot be recorded"):
        await ledger.move_one(session, barcode, Move.RETURN, actor="technician", at=clock.now)


@pytest.mark.parametrize("state", list(State))
async def test_an_item_that_stands_dirty_in_a_store_is_refused_with_all_that_blocks_it(
    session: AsyncSession, given: Given, clock: Clock, state: State
) -> None:
    barcode = await given.item(state)
    _, refused = await ledger.move(session, [barcode], Move.ISSUE, actor="ot", at=clock.now)
    codes = {
        State.RETURNED: "not-clear",
        State.DECONTAMINATING: "not-clear",
        State.AWAITING_INSPECTION: "not-clear",
        State.IN_REPAIR: "not-clear",
    }
    wanted = [] if state in {State.IN_STOCK, State.RESERVED} else [codes.get(state, "wrong-state")]
    assert [no.error.code for no in refused] == wanted


async def test_what_stands_on_the_shelf_already_is_not_released_again(
    session: AsyncSession, given: Given, clock: Clock
) -> None:
    barcode = await given.item()
    _, [refused] = await ledger.move(session, [barcode], Move.RELEASE, actor="technician", at=clock.now)
    assert (refused.error.code, refused.barcode) == ("wrong-state", barcode)


async def test_a_place_is_kept_within_a_store_and_forgotten_outside(
    session: AsyncSession, given: Given, clock: Clock
) -> None:
    stores = await given.stores()
    main, coast = stores["MAIN"].id, stores["COAST"].id
    [barcode] = await given.items(1, bay="A1")

    async def place_after(how: Move, **where: Any) -> tuple[int, str | None]:
        await ledger.move_one(session, barcode, how, actor="technician", at=clock.now, **where)
        record = (await ledger.read_items(session, [barcode]))[barcode]
        return record.store_id, record.bay

    assert await place_after(Move.PASS_INSPECTION) == (main, "A1")
    assert await place_after(Move.TRANSFER, bay="B2") == (main, "B2")
    assert await place_after(Move.TRANSFER, store_id=main) == (main, "B2")
    assert await place_after(Move.TRANSFER, store_id=coast) == (coast, None)
    assert await place_after(Move.TRANSFER, store_id=main, bay="C3") == (main, "C3")
    assert await place_after(Move.ISSUE) == (main, None)
    assert await place_after(Move.RETURN, store_id=coast) == (coast, None)


async def test_the_ledger_knows_the_evidence_of_an_item(given: Given) -> None:
    rules = [{"kind": "loler", "every_months": 6}]
    product = await given.product(decontamination_route="thermal", high_risk=True, inspections=rules)
    barcode = await given.recycled(product=product)
    await given.hold(barcode, reason="Castor.")
    record = await given.record(barcode)
    fact = record.evidence
    assert (record.route, record.product_code, record.last_seq) == (Route.THERMAL, product, 7)
    assert (fact.times_issued, fact.returned_seq, fact.inspectable_seq, fact.high_risk) == (1, 3, 5, True)
    assert (fact.decontamination_outcome, fact.decontamination_seq, fact.decontaminated_by) == (
        Outcome.PASSED,
        5,
        "technician",
    )
    assert (fact.inspection_outcome, fact.inspection_seq, fact.is_inspected) == (InspectionOutcome.PASSED, 6, True)
    assert [(due.kind.value, due.due_on is None, due.failed) for due in fact.due] == [("loler", False, False)]
    assert [(hold.kind.value, hold.reason) for hold in fact.holds] == [("fault", "Castor.")]


async def test_a_product_that_began_to_ask_for_an_inspection_makes_its_old_items_unclear(
    as_manager: Any, given: Given
) -> None:
    product = await given.product()
    [barcode] = await given.items(1, product=product)
    change = {"inspections": [{"kind": "loler", "every_months": 6}]}
    await as_manager.patch(f"/api/v1/products/{product}", json=change, headers={"If-Match": '"1"'})
    item = (await as_manager.get(f"/api/v1/items/{barcode}")).json()
    assert [blocker["code"] for blocker in item["blockers"]] == ["inspection-unknown"]


# The chains.


async def tampered(
    connection: AsyncConnection, session: AsyncSession, statement: str, **values: Any
) -> tuple[str, int, str]:
    """What the walk finds after somebody with all rights changed the history."""
    # What the database would check at the commit of the honest work is checked now; afterwards it is switched off.
    await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    await connection.execute(text("SET LOCAL session_replication_role = replica"))
    await connection.execute(text(statement), values)
    _, broken = await ledger.verify(session)
    await connection.execute(text("SET LOCAL session_replication_role = origin"))
    assert broken is not None
    return broken.chain, broken.seq, broken.what


@pytest.fixture
async def three(given: Given, connection: AsyncConnection) -> list[str]:
    """Three recycled items, seven movements each."""
    return [await given.recycled() for _ in range(3)]


async def test_every_chain_holds(session: AsyncSession, three: list[str]) -> None:
    told: list[tuple[str, int, int]] = []
    assert await ledger.verify(session, tell=lambda *said: told.append(said)) == (21, None)
    assert told[-1] == ("Movements", 21, 21)


async def test_an_empty_history_holds(session: AsyncSession) -> None:
    assert await ledger.verify(session) == (0, None)


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'somebody'",
        "at = at + interval '1 second'",
        "move = 'transfer'",
        "to_state = 'scrapped'",
        "from_state = 'missing'",
        "reason = 'Because.'",
        "reference = 'loan 99'",
        "bay = 'Z9'",
        "store_id = movement.store_id + 1",
        "hash = repeat('0', 64)",
    ],
)
@pytest.mark.parametrize("seq", [2, 7])
async def test_a_changed_movement_is_named(
    connection: AsyncConnection, session: AsyncSession, three: list[str], change: str, seq: int
) -> None:
    wanted = "item.id = item_id AND barcode = :barcode AND seq = :seq"
    statement = f"UPDATE movement SET {change} FROM item WHERE {wanted}"  # noqa: S608 - our own words
    found = await tampered(connection, session, statement, barcode=three[1], seq=seq)
    assert found == (three[1], seq, "the line was changed")


@pytest.mark.parametrize(
    ("which", "seq", "what"),
    [
        ("seq = 1", 1, "the line is missing"),
        ("seq = 4", 4, "the line is missing"),
        ("seq = 7", 7, "the newest lines are missing"),
        ("seq > 5", 6, "the newest lines are missing"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_deleted_movement_is_named(
    connection: AsyncConnection, session: AsyncSession, three: list[str], which: str, seq: int, what: str, place: int
) -> None:
    wanted = f"item.id = item_id AND barcode = :barcode AND {which}"
    statement = f"DELETE FROM movement USING item WHERE {wanted}"  # noqa: S608 - our own words
    assert await tampered(connection, session, statement, barcode=three[place]) == (three[place], seq, what)


async def test_a_whole_history_that_is_gone_is_named(
    connection: AsyncConnection, session: AsyncSession, three: list[str]
) -> None:
    statement = "DELETE FROM movement USING item WHERE item.id = item_id AND barcode = :barcode"
    chain, seq, _ = await tampered(connection, session, statement, barcode=three[2])
    assert (chain, seq) == (three[2], 1)


async def test_a_history_whose_item_is_gone_is_named(
    connection: AsyncConnection, session: AsyncSession, three: list[str]
) -> None:
    statement = "DELETE FROM item WHERE barcode = :barcode"
    chain, seq, _ = await tampered(connection, session, statement, barcode=three[0])
    assert (chain.startswith("number "), seq) == (True, 8)


async def test_a_history_that_was_rewritten_with_the_right_hashes_is_found_by_its_item(
    connection: AsyncConnection, session: AsyncSession, three: list[str], query: Query
) -> None:
    [row] = await query(
        "SELECT movement.*, before.hash AS before FROM movement JOIN item ON item.id = item_id AND seq = last_seq "
        "JOIN movement AS before ON before.item_id = item.id AND before.seq = movement.seq - 1 WHERE barcode = :b",
        b=three[0],
    )
    forged = dict(row) | {"actor": "somebody", "at": row["at"].isoformat()}
    statement = "UPDATE movement SET actor = 'somebody', hash = :hash WHERE id = :id"
    found = await tampered(connection, session, statement, hash=ledger.chain_hash(row["before"], forged), id=row["id"])
    assert found == (three[0], 8, "the newest lines are missing")


async def test_what_was_handed_over_at_a_door_is_written_down_in_spite_of_what_blocked_it_and_nothing_else_is(
    session: AsyncSession, given: Given, clock: Clock, query: Query
) -> None:
    on_the_way, on_the_shelf = await given.item(State.DISPATCHED), await given.item()
    for barcode in (on_the_way, on_the_shelf):
        await given.hold(barcode, reason="Castor.")
    facts: dict[str, Any] = {"actor": "technician", "at": clock.now, "happened": True}
    for how in (Move.DELIVER, Move.ISSUE):
        moved, refused = await ledger.move(session, [on_the_way, on_the_shelf], how, **facts)
        if how is Move.DELIVER:
            assert [(one.item.barcode, one.state) for one in moved] == [(on_the_way, State.ON_LOAN)]
            assert [one.error.code for one in refused] == ["not-clear"]
        else:
            assert (moved, [one.error.code for one in refused]) == ([], ["wrong-state", "on-hold"])
    await session.commit()
    [written] = await query("SELECT reason FROM movement WHERE move = 'deliver'")
    assert written["reason"] == "Handed over in spite of: Fault: Castor."


async def test_an_item_that_nobody_knows_raises_too(session: AsyncSession, clock: Clock) -> None:
    with pytest.raises(NotFound):
        await ledger.move_one(session, UNKNOWN, Move.ISSUE, actor="ot", at=clock.now)


async def test_items_are_locked_by_their_numbers_too_where_no_more_of_them_is_asked(
    session: AsyncSession, given: Given, statements: Statements
) -> None:
    record = await given.record(await given.item())
    statements.clear()
    await ledger.lock_items(session, [record.id])
    assert [statement.split("ORDER BY")[1] for statement in statements] == [" barcode FOR UPDATE"]


async def test_what_a_safety_notice_holds_is_noted_when_it_is_refused(
    session: AsyncSession, given: Given, clock: Clock
) -> None:
    barcode = await given.item()
    await session.execute(
        text(
            "INSERT INTO safety_notice (reference, is_by_hand, kind, title, issuer, state, received_at, received_by) "
            "VALUES ('MDA/1', true, 'devices', 'T', 'MHRA', 'active', now(), 'safety')"
        )
    )
    await session.execute(
        text(
            "INSERT INTO hold (item_id, kind, reason, notice_id, placed_at, placed_by) "
            "SELECT item.id, 'safety_notice', 'MDA/1: it is affected. T.', notice.id, now(), 'safety' "
            "FROM item, safety_notice AS notice WHERE barcode = :barcode"
        ),
        {"barcode": barcode},
    )
    _, [refused] = await ledger.move(session, [barcode], Move.ISSUE, actor="ot", at=clock.now)
    assert refused.error.detail == "Safety notice MDA/1: it is affected. T."
    [(_, values)] = session.info["afterwards"]
    assert (values["move"], values["actor"], len(values["notice_ids"])) == ("issue", "ot", 1)


async def test_the_ledger_knows_what_an_item_carries_and_lets_none_leave_with_a_label_that_may_say_more(
    session: AsyncSession, given: Given, clock: Clock
) -> None:
    loler = [{"kind": "loler", "every_months": 6}]
    barcode = await given.item(product=await given.product(safe_working_load_kg=200, inspections=loler))
    await given.inspected(barcode, kind=InspectionKind.LOLER, safe_working_load_kg=160)
    item = await given.record(barcode)
    assert (item.carries_kg, item.product_load_kg, item.evidence.label_load_kg) == (160, 200, 160)
    details: dict[str, Any] = {"actor": "technician", "at": clock.now}
    for how in (Move.ISSUE, Move.DISPATCH):
        with pytest.raises(NotClear, match="its label may say more"):
            await ledger.move_one(session, barcode, how, **details)
    await session.rollback()
    await given.labelled(barcode)
    item = await given.record(barcode)
    assert (item.carries_kg, item.evidence.label_load_kg) == (160, None)
    assert (await ledger.move_one(session, barcode, Move.ISSUE, **details)).state is State.ON_LOAN
