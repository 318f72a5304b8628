"""Items by import: received through the ledger, held when they may have been used, never changed by a second file."""

import pytest
from httpx import AsyncClient

from app.domain.lifecycle import State
from tests.conftest import Query
from tests.features.imports.sending import faults, send
from tests.given import Given
from tests.problems import check_problem

HEAD = "import_ref,product_code,store,bay,serial_number,received_on,purchase_price,used_before"


async def test_items_are_received_with_a_tag_a_movement_and_their_import_ref(
    as_manager: AsyncClient, given: Given, query: Query
) -> None:
    code = await given.product(purchase_price_pence=4500)
    text = f"{HEAD}\nA-1,{code},MAIN,B2,S-1,2026-01-05,12.50,no\nA-2,{code},COAST,,,05/01/2026,,no\n"
    status, report = await send(as_manager, text)
    assert (status, report["added"], report["held"], report["unchanged"]) == (200, 2, 0, 0)
    rows = await query("""
        SELECT item.import_ref, store.code AS store, item.bay, serial_number, serial_key, purchase_price_pence AS price,
               item.state, movement.move, movement.actor, movement.reference, barcode LIKE 'ES%' AS tagged
        FROM item JOIN store ON store.id = item.store_id JOIN movement ON movement.item_id = item.id ORDER BY import_ref
    """)
    same = {"state": "in_stock", "move": "receive", "actor": "manager", "reference": "import", "tagged": True}
    assert rows == [
        {"import_ref": "A-1", "store": "MAIN", "bay": "B2", "serial_number": "S-1", "serial_key": "s1", "price": 1250}
        | same,
        {"import_ref": "A-2", "store": "COAST", "bay": None, "serial_number": None, "serial_key": None, "price": 4500}
        | same,
    ]


async def test_an_item_that_nobody_calls_new_is_on_hold_and_one_without_inspection_dates_is_not_clear(
    as_manager: AsyncClient, given: Given, query: Query
) -> None:
    code = await given.product(inspections=[{"kind": "loler", "every_months": 6}])
    head = "import_ref,product_code,store,received_on,used_before,next_loler_on"
    rows = [
        f"NEW,{code},MAIN,2026-01-05,no,2026-08-20",
        f"USED,{code},MAIN,2026-01-05,yes,2026-08-20",
        f"SILENT,{code},MAIN,2026-01-05,,2026-08-20",
        f"UNDATED,{code},MAIN,2026-01-05,no,",
        f"OVERDUE,{code},MAIN,2026-01-05,no,2026-03-01",
    ]
    status, report = await send(as_manager, "\n".join([head, *rows]))
    assert (status, report["added"], report["held"]) == (200, 5, 2)
    blockers = {}
    for row in await query("SELECT import_ref, barcode FROM item"):
        item = (await as_manager.get(f"/api/v1/items/{row['barcode']}")).json()
        blockers[row["import_ref"]] = [one["code"] for one in item["blockers"]]
    assert blockers == {
        "NEW": [],
        "USED": ["on-hold"],
        "SILENT": ["on-hold"],
        "UNDATED": ["inspection-unknown"],
        "OVERDUE": ["inspection-overdue"],
    }


async def lift_holds(as_safety: AsyncClient, query: Query) -> None:
    """Somebody cleaned and checked what came used, and said so."""
    for held in await query("SELECT hold.id, barcode FROM hold JOIN item ON item.id = item_id"):
        hold = f"/api/v1/items/{held['barcode']}/holds/{held['id']}"
        assert (await as_safety.delete(hold, params={"reason": "Washed and checked."})).status_code == 204


async def test_what_was_used_before_is_recycled_and_what_is_new_is_not(
    as_manager: AsyncClient, as_safety: AsyncClient, given: Given, query: Query
) -> None:
    code = await given.product()
    text = f"{HEAD}\nA,{code},MAIN,,,2026-01-05,,no\nB,{code},MAIN,,,2026-01-05,,yes\nC,{code},MAIN,,,2026-01-05,,\n"
    assert (await send(as_manager, text))[0] == 200
    listed = (await as_manager.get("/api/v1/items", params={"product_code": code})).json()["items"]
    assert [item["times_issued"] for item in listed] == [0, 1, 1]
    await lift_holds(as_safety, query)
    product = (await as_manager.get(f"/api/v1/products/{code}")).json()
    assert (product["in_stock"], product["in_stock_recycled"]) == (3, 2)


@pytest.mark.parametrize("used", ["yes", ""])
async def test_a_used_item_whose_product_turns_out_to_be_for_a_single_patient_never_goes_out(
    as_manager: AsyncClient, as_safety: AsyncClient, as_ot: AsyncClient, given: Given, query: Query, used: str
) -> None:
    code = await given.product()
    assert (await send(as_manager, f"{HEAD}\nA,{code},MAIN,,,2026-01-05,,{used}"))[0] == 200
    url = f"/api/v1/products/{code}"
    match = {"If-Match": (await as_manager.get(url)).headers["ETag"]}
    changed = await as_manager.patch(url, json={"single_patient_use": True}, headers=match)
    assert changed.status_code == 200, changed.text
    await lift_holds(as_safety, query)
    [item] = await query("SELECT barcode FROM item")
    loan = {"barcode": item["barcode"], "client_ref": await given.client()}
    refused = await as_ot.post("/api/v1/loans", json=loan)
    assert "single" in check_problem(refused, 409, "not-clear")["detail"]
    assert (await given.record(item["barcode"])).state is State.IN_STOCK


async def test_without_the_column_used_before_everything_is_taken_as_used(
    as_manager: AsyncClient, given: Given
) -> None:
    code = await given.product()
    status, report = await send(as_manager, f"import_ref,product_code,store,received_on\nA,{code},MAIN,2026-01-05")
    assert (status, report["added"], report["held"]) == (200, 1, 1)


async def test_the_same_file_again_changes_nothing_and_what_differs_is_told(
    as_manager: AsyncClient, given: Given, query: Query
) -> None:
    code = await given.product()
    text = f"{HEAD}\nA-1,{code},MAIN,B2,S-1,2026-01-05,12.50,no\nA-2,{code},MAIN,B2,,2026-01-05,,yes"
    await send(as_manager, text)
    before = await query("SELECT * FROM item ORDER BY id"), await query("SELECT count(*) FROM movement")
    status, report = await send(as_manager, text)
    assert (status, report["added"], report["unchanged"], report["difference_count"]) == (200, 0, 2, 0)
    other = f"{HEAD}\nA-1,{code},COAST,Z9,s 1,2026-01-05,13.00,no\nA-2,{code},MAIN,B2,S-2,2026-01-06,,yes"
    status, report = await send(as_manager, other)
    assert [(one["row"], one["column"], one["code"]) for one in report["differences"]] == [
        (2, "purchase_price", "item-differs"),
        (3, "received_on", "item-differs"),
        (3, "serial_number", "item-differs"),
    ]
    assert "has £12.50, the file says £13.00" in report["differences"][0]["detail"]
    assert "has nothing, the file says S-2" in report["differences"][2]["detail"]
    assert before == (await query("SELECT * FROM item ORDER BY id"), await query("SELECT count(*) FROM movement"))


async def test_every_fault_of_every_row_is_named_and_nothing_is_written(
    as_manager: AsyncClient, given: Given, query: Query
) -> None:
    await given.items(1, product=await given.product("KNOWN"), serial_numbers=["S-1"])
    await given.product("SINGLE", single_patient_use=True)
    await given.product("HOIST", inspections=[{"kind": "loler", "every_months": 6}])
    head = (
        "import_ref,product_code,store,serial_number,received_on,dispatched_on,manufactured_on,manufactured_precision,"
        "used_before,next_loler_on"
    )
    rows = [
        "A-1,KNOWN,MAIN,S-9,2026-01-05,,,,no,",
        "A-1,NONE,NORTH,,2027-01-05,1949-01-01,,day,no,",
        "A-3,KNOWN,MAIN,s1,2026-01-05,2026-02-01,2026-02-01,,no,",
        "A-4,KNOWN,MAIN,S9,never,,,,no,",
        "A-5,SINGLE,MAIN,,2026-01-05,,,,,",
        "A-6,HOIST,MAIN,,2026-01-05,,,,no,2026-09-03",
        ",KNOWN,MAIN,,2026-01-05,,,,no,",
    ]
    status, problem = await send(as_manager, "\n".join([head, *rows]))
    assert (status, problem["code"], problem["added"]) == (422, "import-faults", 0)
    assert faults(problem) == [
        (3, "dispatched_on", "date-too-old"),
        (3, "import_ref", "repeated-import-ref"),
        (3, "manufactured_on", "date-missing"),
        (3, "product_code", "unknown-product"),
        (3, "received_on", "date-in-the-future"),
        (3, "store", "not-your-store"),
        (4, "dispatched_on", "sent-after-it-came"),
        (4, "manufactured_on", "made-after-it-came"),
        (4, "manufactured_precision", "precision-missing"),
        (4, "serial_number", "duplicate-serial"),
        (5, "received_on", "bad-date"),
        (5, "serial_number", "duplicate-serial"),
        (6, "used_before", "single-patient-use"),
        (7, "next_loler_on", "next-due-too-late"),
        (8, "import_ref", "missing-value"),
    ]
    assert problem["fault_count"] == 15
    assert await query("SELECT import_ref FROM item WHERE import_ref IS NOT NULL") == []


async def test_items_that_are_out_or_in_the_workshop_are_refused_with_the_reason(
    as_manager: AsyncClient, given: Given
) -> None:
    code = await given.product()
    text = f"import_ref,product_code,store,received_on,with_client_ref\nA,{code},MAIN,2026-01-05,C-1"
    status, problem = await send(as_manager, text)
    assert (status, faults(problem)) == (422, [(1, "with_client_ref", "unknown-column")])
    assert "Only items that stand in a store" in problem["faults"][0]["detail"]


async def test_so_many_statements_however_many_items(
    as_manager: AsyncClient, given: Given, statements: list[str]
) -> None:
    code = await given.product(inspections=[{"kind": "loler", "every_months": 6}])
    head = "import_ref,product_code,store,received_on,serial_number,next_loler_on"
    counted = []
    for start, rows in ((0, 2), (100, 500)):
        lines = [f"A-{start + i},{code},MAIN,2026-01-05,S-{start + i},2026-08-20" for i in range(rows)]
        statements.clear()
        status, _ = await send(as_manager, "\n".join([head, *lines]))
        assert status == 200
        counted.append(len(statements))
    assert counted[0] == counted[1] <= 14
