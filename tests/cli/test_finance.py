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
