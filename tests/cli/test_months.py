"""`stores db months`, `detach-month` and `attach-month`, on a life that goes on."""

from sqlalchemy import text

from app.domain.lifecycle import State
from app.months import make_months
from tests.cli.test_commands import stores, tamper
from tests.conftest import Scratch
from tests.features.finance.billing import usual_rates

CLOSE = "INSERT INTO finance_period VALUES ('2026-03-01', now(), 'x', 0, '{\"net_pence\": 0, \"vat_pence\": 0}', '')"
TO_SEE_TO = "SELECT * FROM charge_to_see_to WHERE period = '2026-03-01' ORDER BY charge_id"
FIRST = """
    SELECT first_month_of_charges() IS NOT DISTINCT FROM (SELECT min(period) FROM charge) AS is_found
"""


async def test_a_month_is_put_aside_and_comes_back(scratch: Scratch) -> None:
    async with scratch.database.sessions.begin() as session:
        await usual_rates(await session.connection())
    await scratch.given.recycled()
    async with scratch.database.sessions.begin() as session:
        # What goes out now is nobody's, which finance has to see to.
        await session.execute(text("UPDATE team SET funder_id = NULL"))
    out = await scratch.given.item(State.ON_LOAN)
    async with scratch.database.sessions.begin() as session:
        assert await make_months(session, at=scratch.clock.now) > 0
    assert (
        await scratch.query("SELECT id FROM months.movement_other UNION ALL SELECT id FROM months.charge_other") == []
    )
    code, said = await stores(scratch, "db", "detach-month", "2026-03", "--years", "0")
    assert (code, "Finance has not closed 2026-03." in said) == (1, True), said
    async with scratch.database.sessions.begin() as session:
        await session.execute(text(CLOSE))
    code, said = await stores(scratch, "db", "detach-month", "2026-03")
    assert (code, "2026-03 is not yet 7 years old." in said) == (1, True), said

    waiting = await scratch.query(TO_SEE_TO)
    assert waiting != []
    scratch.clock.move(days=40)
    code, said = await stores(scratch, "db", "detach-month", "2026-03", "--years", "0")
    assert (code, "2026-03 is put aside: 9 lines of movement" in said) == (0, True), said
    # What finance has to see to goes with its month.
    assert await scratch.query(TO_SEE_TO) == []
    assert await scratch.query(FIRST) == [{"is_found": True}]
    code, said = await stores(scratch, "db", "months")
    assert (code, said.count("put aside")) == (0, 2), said
    code, said = await stores(scratch, "audit", "verify")
    assert (code, "9 movements are put aside" in said) == (0, True), said
    [account] = await scratch.query(
        "SELECT issue FROM item_account JOIN item ON item.id = item_id WHERE barcode = :b", b=out
    )
    assert account["issue"] is not None
    await scratch.given.scan(out)
    code, said = await stores(scratch, "finance", "reconcile")
    assert code == 0, said

    await tamper(scratch, "months.movement_2026_03", "UPDATE months.movement_2026_03 SET actor = 'x' WHERE seq = 3")
    code, said = await stores(scratch, "db", "attach-month", "2026-03")
    assert (code, "is not what was put aside" in said) == (1, True), said
    undo = "UPDATE months.movement_2026_03 AS line SET actor = 'technician' WHERE seq = 3"
    await tamper(scratch, "months.movement_2026_03", undo)
    code, said = await stores(scratch, "db", "attach-month", "2026-03")
    assert (code, "2026-03 is back" in said) == (0, True), said
    assert await scratch.query(TO_SEE_TO) == waiting
    assert await scratch.query(FIRST) == [{"is_found": True}]
    code, said = await stores(scratch, "audit", "verify")
    assert (code, "put aside" in said) == (0, False), said
