"""What was issued in a month that is put aside goes on: it comes back, is credited, lost, found and scrapped, and the
books add up with the month and without it."""

from datetime import date
from typing import Any

from app.domain.lifecycle import State
from app.features.finance.periods import service as periods
from app.models import SignInKind
from app.months import make_months
from tests.cli.test_commands import stores
from tests.conftest import Scratch
from tests.features.finance.billing import charged, usual_rates
from tests.races.test_funding import SPLIT, delivered, post

MARCH = date(2026, 3, 1)
ISSUED = """
    SELECT account.* FROM item_account AS account JOIN item ON item.id = account.item_id WHERE item.barcode = :barcode
"""
CREDIT = "SELECT max(charge.id) AS id FROM charge JOIN item ON item.id = item_id WHERE kind = 'credit' AND barcode = :b"
DISPUTED = {"reason": "The council says that the board pays."}


async def put_aside(scratch: Scratch) -> None:
    """March is closed, and put aside in April."""
    scratch.clock.move(days=40)
    async with scratch.database.sessions.begin() as session:
        await make_months(session, at=scratch.clock.now)
        await periods.close(session, MARCH, actor="finance", at=scratch.clock.now)
    await says(scratch, "2026-03 is put aside", "db", "detach-month", "2026-03", "--years", "0")


async def says(scratch: Scratch, what: str, *words: str, code: int = 0) -> str:
    """The command ends so, and says this."""
    ended, said = await stores(scratch, *words)
    assert (ended, what in said) == (code, True), said
    return said


async def with_rates(scratch: Scratch) -> None:
    """A rate for everything, so that nothing waits for one."""
    async with scratch.database.sessions.begin() as session:
        await usual_rates(await session.connection())


async def proven(scratch: Scratch) -> None:
    """Chains and books hold, with accounts and lines that were taken back."""
    await says(scratch, "Every chain holds", "audit", "verify")
    await says(scratch, "Everything adds up.", "finance", "reconcile")


async def says_what_is_put_aside(scratch: Scratch, number: str, back: str, out: str) -> None:
    """Pages and the API, in words, of an item that is back and of one that has not moved since."""
    finance, technician = await scratch.sign_in("finance"), await scratch.sign_in("technician")
    aside = "Charges before April 2026 are put aside, and are not shown here."
    for barcode in (back, out):
        found = (await finance.get(f"/api/v1/finance/items/{barcode}")).json()
        assert found["put_aside"] == aside
        [charged_before] = [one for one in found["of_its_price"] if "put aside" in one["label"]]
        assert charged_before["pence"] == 10_001
    order = (await finance.get(f"/api/v1/finance/orders/{number}/funding")).json()
    assert (order["put_aside"], order["is_charged"]) == (aside, True)
    moved = await technician.get(f"/api/v1/items/{back}/history")
    assert [one["move"] for one in moved.json()["items"]] == ["return"]
    unmoved = await technician.get(f"/api/v1/items/{out}/history")
    assert (unmoved.status_code, unmoved.json()["items"]) == (200, [])
    person, worker = [await scratch.sign_in(name, kind=SignInKind.PAGE) for name in ("finance", "technician")]
    for client, page, told in (
        (person, f"/finance/items/{out}", aside),
        (person, f"/finance/funding/{number}", aside),
        (worker, f"/items/{back}", "Movements 1 to 4 are put aside with their months"),
        (worker, f"/items/{out}", "Its older movements are put aside with their months"),
    ):
        answer = await client.get(page)
        assert (answer.status_code, told in answer.text) == (200, True), page


async def account_of(scratch: Scratch, barcode: str) -> dict[str, Any]:
    """What is kept of an item."""
    [found] = await scratch.query(ISSUED, barcode=barcode)
    return found


async def test_what_was_issued_in_a_month_that_is_put_aside_goes_on(scratch: Scratch) -> None:
    await with_rates(scratch)
    number, (back, undone, lost, scrapped, out) = await delivered(scratch, pieces=5)
    before = {barcode: await account_of(scratch, barcode) for barcode in (back, undone, lost, scrapped, out)}
    assert {one["issue"]["pence"] for one in before.values()} == {10_001}
    await put_aside(scratch)
    assert await charged(scratch.query, back) == []
    assert await account_of(scratch, back) == before[back]
    await proven(scratch)

    finance = await scratch.sign_in("finance")
    # Back, and credited by what it was issued at.
    await scratch.given.scan(back, undone)
    assert [line for line in await charged(scratch.query, back) if line[0] == "credit"] == [("credit", "ASC", -8_001)]
    # The credit is taken back: it can be credited again, and be corrected within what was paid.
    [credit] = await scratch.query(CREDIT, b=undone)
    await post(finance, f"/finance/charges/{credit['id']}/reverse", 201, reason="It never came back.")
    account = await account_of(scratch, undone)
    assert (account["is_credited"], account["was_credited"], account["paid_pence"]) == (False, True, 10_001)
    assert account["issue"] == before[undone]["issue"]
    [credit] = await scratch.query(CREDIT, b=back)
    less = {"reason": "It was worn.", "instead": {"pence": -7_000}}
    await post(finance, f"/finance/charges/{credit['id']}/reverse", 201, **less)
    assert (await account_of(scratch, back))["is_credited"] is True
    [credit] = await scratch.query(CREDIT, b=back)
    more = {"reason": "It was not.", "instead": {"pence": -10_002}}
    refused = await finance.post(f"/api/v1/finance/charges/{credit['id']}/reverse", json=more)
    assert (refused.status_code, refused.json()["code"]) == (422, "credited-too-much"), refused.text
    # Lost, and found again; scrapped.
    await scratch.given.missing(lost)
    await scratch.given.found(lost)
    await scratch.given.scan(scrapped)
    await scratch.given.scrapped(scrapped)
    borne = [line for line in await charged(scratch.query, lost) if line[0] == "write_off"]
    assert sum(pence for _, _, pence in borne) == 0
    # Of what stands paid the service bears the rest.
    account = await account_of(scratch, scrapped)
    assert account["paid_pence"] + account["written_off_pence"] == 10_001
    # Who pays is disputed: the lines that would move are not here.
    said = {"order_number": number, **DISPUTED}
    refused = await finance.post("/api/v1/finance/disputes", json=said)
    assert (refused.status_code, refused.json()["code"]) == (409, "charges-put-aside"), refused.text
    assert "before April 2026 is put aside" in refused.json()["detail"]
    changed = {"funding": [{"funder": "ICB", "percent": 100}], "reason": "The board pays."}
    refused = await finance.put(f"/api/v1/finance/orders/{number}/funding", json=changed)
    assert (refused.status_code, refused.json()["code"]) == (409, "charged-already"), refused.text
    await proven(scratch)
    await says_what_is_put_aside(scratch, number, back, out)

    await says(scratch, "2026-03 is back", "db", "attach-month", "2026-03")
    await proven(scratch)
    assert (await account_of(scratch, out)) == before[out]
    dispute = await post(finance, "/finance/disputes", 201, **said)
    await post(finance, f"/finance/disputes/{dispute['id']}/settle", 200, **SPLIT)
    await proven(scratch)


async def test_a_month_whose_lines_are_needed_stays(scratch: Scratch) -> None:
    number, _ = await delivered(scratch)
    mended = await scratch.given.item(State.IN_REPAIR)
    finance = await scratch.sign_in("finance")
    dispute = await post(finance, "/finance/disputes", 201, order_number=number, **DISPUTED)
    scratch.clock.move(days=40)
    async with scratch.database.sessions.begin() as session:
        await make_months(session, at=scratch.clock.now)
        await periods.close(session, MARCH, actor="finance", at=scratch.clock.now)
    detach = ("db", "detach-month", "2026-03", "--years", "0")
    said = await says(scratch, "The lines of 2026-03 are still needed", *detach, code=1)
    assert "1 repairs that began by then are not over; 1 orders that were charged by then are in dispute" in said
    assert "have no price" in said
    await post(finance, f"/finance/disputes/{dispute['id']}/settle", 200, **SPLIT)
    await scratch.given.repaired(mended)
    said = await says(scratch, "still needed", *detach, code=1)
    assert ("repairs" in said, "dispute" in said, "have no price" in said) == (False, False, True), said
    async with scratch.database.sessions.begin() as session:
        await usual_rates(await session.connection())
    await post(finance, "/finance/charges/price-unpriced")
    await says(scratch, "2026-03 is put aside", *detach)
    await proven(scratch)
