"""That somebody asked for a notice to be closed, with which counts, and who closed it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.notice_closing import fingerprint_of

CLOSINGS = text("""
    SELECT id, counts, asked_at, asked_by, closed_at, closed_by FROM notice_closing WHERE notice_id = :notice_id
    ORDER BY id DESC
""")


@dataclass(frozen=True, slots=True)
class Closing:
    """That somebody asked for the notice to be closed, with what counts, and who closed it."""

    id: int
    counts: dict[str, Any]
    asked_at: datetime
    asked_by: str
    closed_at: datetime | None
    closed_by: str | None

    @property
    def fingerprint(self) -> str:
        """Of the counts with which it was asked."""
        return fingerprint_of(self.counts)


async def list_closings(session: AsyncSession, notice_id: int) -> list[Closing]:
    """The closings of a notice, the newest first. One statement."""
    return [Closing(*row) for row in await session.execute(CLOSINGS, {"notice_id": notice_id})]
