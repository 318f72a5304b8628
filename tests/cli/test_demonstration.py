"""The money of the demonstration is honest: it adds up, what has a rate is priced, and some months have charges."""

from sqlalchemy import text

from app.cli import seed
from app.domain.costs import ChargeKind
from app.features.finance.exports.journal import read_journal
from app.features.finance.exports.layouts import get_layout
from tests.cli.test_commands import stores
from tests.conftest import Scratch
from tests.given import SECRET

CHARGED = """
    SELECT count(DISTINCT period) > 2 AS some_months, count(*) FILTER (WHERE is_unpriced) AS unpriced
    FROM charge
"""


async def test_the_demonstration_adds_up_and_nothing_of_it_is_without_a_price(scratch: Scratch) -> None:
    async with scratch.database.sessions.begin() as session:
        # As a newcomer's: the tests' own people and stores are not there.
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(text("TRUNCATE store, account, funder, panel CASCADE"))
        await session.execute(text("SET LOCAL session_replication_role = origin"))
        assert await seed.is_empty(session)
        await seed.fill(session, prefix="ES", secret=SECRET)
    assert await scratch.query(CHARGED) == [{"some_months": True, "unpriced": 0}]
    async with scratch.database.sessions() as session:
        kept = await get_layout(session)
        month = await session.scalar(text("SELECT max(period) FROM charge"))
        journal = await read_journal(session, month, kept.layout)
        assert (journal.missing, bool(journal.entries)) == ([], True)
        # They are made up, and each says so.
        assert {one.account.startswith("DEMO-") for one in journal.entries} == {True}
        assert set(kept.layout.accounts) == set(ChargeKind)
    code, said = await stores(scratch, "finance", "reconcile")
    assert (code, said.endswith("Everything adds up.")) == (0, True), said
