"""The brake on strangers: how many label pages and reports one network address may ask for."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import TooMany

LABEL_PAGES: Final = "label_page"
REPORTS: Final = "fault_report"
WINDOW: Final = timedelta(minutes=15)
MOST_IN_A_WINDOW: Final = {LABEL_PAGES: 120, REPORTS: 10}
"""A hospital or a care home is one address; a program that reads label after label is soon above this."""

LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:kind || :who, 0))")
COUNT = text("""
    INSERT INTO public_request (kind, address_hash, made_at)
    SELECT :kind, :who, :at WHERE :most > (
        SELECT count(*) FROM public_request WHERE kind = :kind AND address_hash = :who AND made_at > :since)
    RETURNING id
""")


async def count_request(session: AsyncSession, kind: str, *, who: str, at: datetime) -> None:
    """Count a request of this kind; `who` is a keyed hash of the address. Two statements.

    Raises TooMany `too-many-requests` where there were too many within 15 minutes. Requests of one address wait for
    each other, so that asking in parallel gains nothing.
    """
    asked = {"kind": kind, "who": who}
    await session.execute(LOCK, asked)
    window = {"at": at, "since": at - WINDOW, "most": MOST_IN_A_WINDOW[kind]}
    if await session.scalar(COUNT, asked | window) is None:
        raise TooMany("too-many-requests", "Too many requests came from here. Try again in 15 minutes, or phone us.")
