"""`stores finance reconcile`, as the command that an operator types."""

from app.domain.lifecycle import State
from tests.cli.test_commands import stores, tamper
from tests.conftest import Scratch

REMOVE = "DELETE FROM charge WHERE kind = 'new_purchase' AND item_id = (SELECT id FROM item WHERE barcode = :barcode)"


async def test_books_are_compared_and_what_differs_is_listed(scratch: Scratch) -> None:
    barcode = await scratch.given.item(State.AWAITING_INSPECTION)
    code, said = await stores(scratch, "finance", "reconcile")
    assert code == 0, said
    assert "Charges and movements: 3 charges, called for £45.00, posted £45.00; 0 differ." in said
    assert said.endswith("Everything adds up.")
    await tamper(scratch, "charge", REMOVE, barcode=barcode)
    code, said = await stores(scratch, "finance", "reconcile")
    assert code == 1
    told = f"not-charged: {barcode}, movement 2: The movement calls for a charge that is not there: New purchase."
    assert f"{told} Expected £45.00, found £0.00." in said
    assert said.endswith("Everything does not add up.")
    code, said = await stores(scratch, "finance", "reconcile", "--period", "2026-02")
    assert (code, said.endswith("February 2026 adds up.")) == (0, True), said
    code, said = await stores(scratch, "finance", "reconcile", "--period", "2026-2")
    assert (code, "A period is a month" in said) == (1, True)


OF_IT = "WHERE item_id = (SELECT id FROM item WHERE barcode = :barcode)"
ISSUE = "SELECT id FROM charge WHERE is_issue AND item_id = (SELECT id FROM item WHERE barcode = :barcode)"
KEPT = "What is kept of it is not what its lines say:"
BROKEN = {
    "SET paid_pence = paid_pence + 1": (
        f"{KEPT} what stands paid of its price. Expected £45.00, found £45.01.",
        "SET paid_pence = paid_pence - 1",
    ),
    "SET is_credited = true": (f"{KEPT} whether that is credited.", "SET is_credited = false"),
    "SET issue = jsonb_set(issue, '{pence}', '4499')": (
        f"{KEPT} its newest issue. Expected £45.00, found £44.99.",
        "SET issue = jsonb_set(issue, '{pence}', '4500')",
    ),
}
"""What somebody did to an account past the service, what is said of that, and how it is undone."""


async def test_an_account_that_is_not_its_lines_is_named_with_its_item(scratch: Scratch) -> None:
    barcode = await scratch.given.item(State.ON_LOAN)
    await scratch.given.item(State.ON_LOAN)
    code, said = await stores(scratch, "finance", "reconcile")
    assert (code, "Accounts of items: 2 accounts, by their lines £90.00, kept £90.00; 0 differ." in said) == (0, True)
    for broken, (told, undo) in BROKEN.items():
        await tamper(scratch, "item_account", f"UPDATE item_account {broken} {OF_IT}", barcode=barcode)
        code, said = await stores(scratch, "finance", "reconcile")
        assert (code, f"{barcode}, movement 2: {told}" in said, "; 1 differ." in said) == (1, True, True), said
        await tamper(scratch, "item_account", f"UPDATE item_account {undo} {OF_IT}", barcode=barcode)
    code, said = await stores(scratch, "finance", "reconcile")
    assert code == 0, said
    await tamper(scratch, "item_account", "DELETE FROM item_account")
    code, said = await stores(scratch, "finance", "reconcile")
    told = f"no-account: {barcode}, movement 2: It has charges, and nothing is kept of them."
    assert (code, told in said) == (1, True), said


async def test_a_line_that_is_kept_as_taken_back_by_nothing_is_named(scratch: Scratch) -> None:
    barcode = await scratch.given.item(State.ON_LOAN)
    finance = await scratch.sign_in("finance")
    [line] = await scratch.query(ISSUE, barcode=barcode)
    answer = await finance.post(f"/api/v1/finance/charges/{line['id']}/reverse", json={"reason": "It was for a trial."})
    assert answer.status_code == 201, answer.text
    code, said = await stores(scratch, "finance", "reconcile")
    assert "Accounts of items: 1 accounts, by their lines £0.00, kept £0.00; 0 differ." in said, said
    await tamper(scratch, "charge_taken_back", "UPDATE charge_taken_back SET by_id = by_id + 1000")
    code, said = await stores(scratch, "finance", "reconcile")
    by_another = f"taken-back-by-another: {barcode}, movement 2: Line {line['id']} is taken back by line"
    assert (code, by_another in said) == (1, True), said
    await tamper(scratch, "charge_taken_back", "DELETE FROM charge_taken_back")
    code, said = await stores(scratch, "finance", "reconcile")
    assert (code, f"takes line {line['id']} back, and that is not kept." in said) == (1, True), said
    invented = "INSERT INTO charge_taken_back SELECT id, id + 7, posted_at FROM charge WHERE reversal_of IS NOT NULL"
    await tamper(scratch, "charge_taken_back", invented)
    code, said = await stores(scratch, "finance", "reconcile")
    assert (code, f"taken-back-by-nothing: {barcode}, movement 2: Line " in said) == (1, True), said
