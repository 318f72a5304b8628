"""What comes to a home: notices about things used together ask about it, notices of advice about who has it now.

Whoever lends asks in the same transaction (`app/used_together.py`). The worker looks at once a minute which loans are
new, for what came while a notice was put into force.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.domain.notice_work import Cause, Handling
from app.notice_matches import Caught, InForce, read_scopes
from app.rematching import ask_about_items, ask_for_reviews, read_in_force
from app.scope_sql import HOME, is_near

# Loans get their numbers before they are there: one with a lower number may come after one with a higher.
LOOKED_AT_AGAIN = 1000
MOST_AT_ONCE = 500
NEWEST = text("SELECT COALESCE(max(id), 0) FROM loan")
NEW = text("""
    SELECT id, item_id FROM loan WHERE id > :after AND ended_at IS NULL AND id <> ALL(CAST(:asked AS bigint[]))
    ORDER BY id LIMIT :most
""")
# All that is at the homes of these loans, locked as whoever moves items locks them.
AT_HOME = text(f"""
    WITH homes AS (
        SELECT DISTINCT client.postcode, {HOME} AS home FROM loan JOIN client ON client.id = loan.client_id
        WHERE loan.id = ANY(:loans)
    ), there AS (
        SELECT loan.item_id FROM homes JOIN client ON client.postcode = homes.postcode AND {HOME} = homes.home
        JOIN loan ON loan.client_id = client.id AND loan.ended_at IS NULL
        UNION
        SELECT loan.item_id FROM loan AS came JOIN client AS ours ON ours.id = came.client_id
        JOIN client AS near ON {is_near("ours", "near")}
        JOIN loan ON loan.client_id = near.id AND loan.ended_at IS NULL
        WHERE came.id = ANY(:loans)
    )
    SELECT item.id, item.barcode FROM item WHERE id IN (SELECT item_id FROM there) ORDER BY barcode FOR UPDATE
""")  # noqa: S608 - the parts are constants


@dataclass(slots=True)
class Watch:
    """Which loans a worker has asked about: those up to `after`, and `asked`. What it forgets the daily check finds."""

    after: int | None = None
    asked: set[int] = field(default_factory=set)


async def ask_about_new_loans(
    sessions: async_sessionmaker[AsyncSession], watch: Watch, *, actor: str, at: datetime
) -> int:
    """Ask again about all that is at homes to which something came, and for the review of each person who has got what
    a notice of advice is about; returns how many items were caught."""
    async with sessions.begin() as session:
        # First of all: an activation that is going on would see neither these loans nor be seen.
        in_force = await read_in_force(session)
        scopes = await read_scopes(session, {notice.digest for notice in in_force})
        together = [notice for notice in in_force if scopes[notice.digest].asks_together]
        advice = [notice for notice in in_force if notice.handling is Handling.ADVICE and not notice.is_closed]
        if not together and not advice:
            watch.after = None  # The activation of one asks about everything that is there.
            return 0
        newest: int = (await session.execute(NEWEST)).scalar_one()
        after = max(0, newest - LOOKED_AT_AGAIN) if watch.after is None else watch.after
        wanted = {"after": after, "asked": sorted(watch.asked), "most": MOST_AT_ONCE}
        new = (await session.execute(NEW, wanted)).all()
        loans = [row.id for row in new]
        caught = await _ask_at_home(session, together, loans, actor=actor, at=at) if loans else []
        for notice in advice if new else ():
            await ask_for_reviews(session, notice, [row.item_id for row in new], at=at)
    reached = loans[-1] if len(loans) == MOST_AT_ONCE else newest
    watch.after = max(after, reached - LOOKED_AT_AGAIN)
    watch.asked = {number for number in {*watch.asked, *loans} if number > watch.after}
    return len(caught)


async def _ask_at_home(
    session: AsyncSession, notices: Sequence[InForce], loans: Sequence[int], *, actor: str, at: datetime
) -> list[Caught]:
    """No statement where no notice asks about things used together."""
    if not notices:
        return []
    items = {row.id: row.barcode for row in await session.execute(AT_HOME, {"loans": list(loans)})}
    return await ask_about_items(session, notices, items, cause=Cause.LOAN, actor=actor, at=at)
