"""What must hold after any race: unbroken chains, states that are those of the last movement, one open loan at most."""

from app import audit, ledger
from tests.conftest import Scratch

INCONSISTENT = """
    SELECT item.barcode, item.state, loans.open
    FROM item
    JOIN movement ON movement.item_id = item.id AND movement.seq = item.last_seq
    CROSS JOIN LATERAL (SELECT count(*) AS open FROM loan WHERE item_id = item.id AND ended_at IS NULL) AS loans
    WHERE item.state <> movement.to_state
       OR (loans.open = 1) <> (item.state IN ('on_loan', 'on_trial', 'awaiting_collection')
                               OR (item.state = 'missing' AND loans.open = 1))
       OR loans.open > 1
       OR (item.state = 'reserved'
           AND NOT EXISTS (SELECT FROM reservation WHERE item_id = item.id AND ended_at IS NULL))
       OR (item.state IN ('in_stock', 'missing', 'scrapped') AND EXISTS (
           SELECT FROM reservation WHERE item_id = item.id AND ended_at IS NULL
             AND (item.state <> 'in_stock' OR from_on <= (made_at AT TIME ZONE 'Europe/London')::date)))
"""


async def check_chains(scratch: Scratch) -> None:
    """Assert all of it."""
    async with scratch.database.sessions() as session:
        movements, broken = await ledger.verify(session)
        assert broken is None
        assert movements > 0
        _, broken = await audit.verify(session)
        assert broken is None
    assert await scratch.query(INCONSISTENT) == []
