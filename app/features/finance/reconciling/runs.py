"""A month of a county is compared behind a page that shows how far it is: it takes most of a minute.

How far a run is stands in the database, and then what came of it: whichever process goes through the books, any other
shows it.
"""

import time
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import structlog
from anyio.lowlevel import checkpoint
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.domain.errors import NotFound
from app.features.finance.reconciling import queries
from app.features.finance.reconciling.service import as_kept, reconcile

log = structlog.get_logger()

AT_ONCE: Final = queries.TOGETHER
"""A month with so many items is compared while somebody waits; what has more is compared behind."""
TOLD_EVERY_SECONDS: Final = 0.5
BROKEN: Final = "The month could not be compared. That is our fault, not yours: try it again."
LOST: Final = "The service was stopped while it compared the month. Begin again."

# By the database's own clock: whoever compares and whoever looks may be two processes.
_IS_HEARD_OF: Final = "seen_at > clock_timestamp() - interval '3 minutes'"
UNDER_WAY = text(f"""
    SELECT id FROM reconciliation_run
    WHERE period = :period AND is_ok IS NULL AND failure IS NULL AND {_IS_HEARD_OF} ORDER BY id DESC LIMIT 1
""")  # noqa: S608 - the part is a constant
BEGIN = text("""
    INSERT INTO reconciliation_run (at, made_by, period, wanted, seen_at, sums, differences)
    VALUES (:at, :actor, :period, :wanted, clock_timestamp(), '{}', '[]') RETURNING id
""")
TELL = text("UPDATE reconciliation_run SET done = :done, seen_at = clock_timestamp() WHERE id = :id")
FINISH = text("""
    UPDATE reconciliation_run SET done = wanted, is_ok = :is_ok, sums = CAST(:sums AS jsonb),
                                  differences = CAST(:differences AS jsonb)
    WHERE id = :id
""")
FAIL = text("UPDATE reconciliation_run SET failure = :failure WHERE id = :id")
FIND = text(f"""
    SELECT id, period, done, wanted, is_ok, failure, NOT {_IS_HEARD_OF} AS is_silent
    FROM reconciliation_run WHERE id = :id AND wanted IS NOT NULL
""")  # noqa: S608 - the part is a constant
LAST = text("""
    SELECT * FROM reconciliation_run WHERE period = :period AND is_ok IS NOT NULL ORDER BY at DESC, id DESC LIMIT 1
""")


@dataclass(frozen=True, slots=True)
class Run:
    """How far a month is compared: so many of its items are gone through, of so many. `is_over`: nothing more comes."""

    id: int
    period: date
    done: int
    wanted: int
    is_made: bool
    why_not: str | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.is_made or self.why_not is not None


async def begin(session: AsyncSession, period: date, *, wanted: int, actor: str, at: datetime) -> tuple[int, bool]:
    """The run of this month that is under way, or a new one, for `make` to go through; and whether it is new.

    `wanted`: how many items the month has."""
    if number := await session.scalar(UNDER_WAY, {"period": period}):
        return int(number), False
    values = {"at": at, "actor": actor, "period": period, "wanted": wanted}
    return int(await session.scalar(BEGIN, values) or 0), True


async def make(sessions: async_sessionmaker[AsyncSession], number: int, period: date) -> None:
    """Compare the month and keep what comes of it, and tell twice a second how far it is. What goes wrong is kept for
    its page."""
    done, told = 0, time.monotonic()

    async def tell() -> None:
        nonlocal done, told
        await checkpoint()
        done += 1
        if time.monotonic() - told >= TOLD_EVERY_SECONDS:
            async with sessions.begin() as session:
                await session.execute(TELL, {"id": number, "done": done})
            told = time.monotonic()

    try:
        async with sessions() as session:
            found = await reconcile(session, period=period, between=tell)
        async with sessions.begin() as session:
            await session.execute(FINISH, {"id": number, "is_ok": found.is_ok, **as_kept(found)})
    except Exception:
        log.exception("reconciling_failed")
        async with sessions.begin() as session:
            await session.execute(FAIL, {"id": number, "failure": BROKEN})


async def get_run(session: AsyncSession, number: int) -> Run:
    """How far it is. Raises NotFound `unknown-run`."""
    row = (await session.execute(FIND, {"id": number})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-run", "No month was compared under this number. Choose the month again.")
    is_made = row["is_ok"] is not None
    why_not = None if is_made else row["failure"] or (LOST if row["is_silent"] else None)
    return Run(row["id"], row["period"], row["done"], row["wanted"], is_made, why_not)


async def find_last(session: AsyncSession, period: date) -> RowMapping | None:
    """What came of this month when it was compared last."""
    return (await session.execute(LAST, {"period": period})).mappings().one_or_none()
