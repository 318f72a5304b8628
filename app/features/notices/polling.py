"""Asks GOV.UK for what is new, between transactions: nothing is locked while it thinks. A poll that fails is noted,
says one line in the log, and is tried again when the next one is due."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.domain.errors import RuleError
from app.domain.govuk_documents import Publication, read_documents
from app.features.notices.receiving import Outcome, import_documents
from app.integrations.govuk import AlertSource, AlertsUnreachable, NullAlerts
from app.models import NoticeSource

log = structlog.get_logger()

MOST_PAGES = 15
MOST_TEXTS = 100
LOOK_BACK = timedelta(days=14)
CLAIM = text("""
    WITH before AS (SELECT succeeded_at FROM safety_notice_poll WHERE id = 1)
    UPDATE safety_notice_poll SET tried_at = :at WHERE tried_at IS NULL OR tried_at <= :due
    RETURNING (SELECT extract(epoch FROM succeeded_at) FROM before) AS succeeded
""")
WENT_WELL = text("UPDATE safety_notice_poll SET succeeded_at = :at, failure = ''")
FAILED = text("UPDATE safety_notice_poll SET failure = :failure")
KNOWN = text("""
    SELECT notice.base_path, max(said.public_updated_at) AS known_at, bool_and(said.is_whole) AS is_whole
    FROM safety_notice AS notice
    JOIN safety_notice_version AS said ON said.notice_id = notice.id AND said.number = notice.version
    WHERE notice.base_path = ANY(:paths) GROUP BY notice.base_path
""")


@dataclass(frozen=True, slots=True)
class Polling:
    """Whom to ask, how often, and how far back the first time. `is_on` is false where nobody is to be asked."""

    is_on: bool = False
    source: AlertSource = field(default_factory=NullAlerts)
    every: timedelta = timedelta(hours=1)
    first_days: int = 90


class NotAllOfIt(Exception):
    """Something is still to be fetched, in words for people."""


async def poll(
    sessions: async_sessionmaker[AsyncSession], polling: Polling, *, now: Callable[[], datetime], actor: str
) -> int:
    """Take in what is new on GOV.UK, when that is due; returns how many notices are new or amended."""
    if not polling.is_on:
        return 0
    at = now()
    async with sessions.begin() as session:
        claimed = (await session.execute(CLAIM, {"at": at, "due": at - polling.every})).one_or_none()
    if claimed is None:
        return 0
    since = at - timedelta(days=polling.first_days)
    if claimed.succeeded is not None:
        since = datetime.fromtimestamp(float(claimed.succeeded), tz=at.tzinfo) - LOOK_BACK
    taker = _Poll(sessions, polling.source, now, actor)
    try:
        await taker.take(since)
    except (AlertsUnreachable, NotAllOfIt, RuleError) as error:
        log.warning("mhra_poll_failed", said=str(error))
        async with sessions.begin() as session:
            await session.execute(FAILED, {"failure": str(error)[:500]})
    else:
        async with sessions.begin() as session:
            await session.execute(WENT_WELL, {"at": now()})
    return taker.taken


class _Poll:
    """One poll: what there is since some instant, then the text of each notice that is new or was amended."""

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], source: AlertSource, now: Callable[[], datetime], actor: str
    ) -> None:
        self.sessions, self.source, self.now, self.actor = sessions, source, now, actor
        self.taken = 0

    async def take(self, since: datetime) -> None:
        """All that was published since then. Raises AlertsUnreachable, NotAllOfIt, RuleError."""
        wanted = await self._wanted(since)
        failures = [await self._fetch(path, page) for path, page in wanted[:MOST_TEXTS]]
        missed = [failure for failure in failures if failure]
        if missed:
            raise NotAllOfIt(f"{len(missed)} of {len(wanted)} notices could not be fetched whole. {missed[0]}")
        if len(wanted) > MOST_TEXTS:
            raise NotAllOfIt(f"There are {len(wanted) - MOST_TEXTS:,} more notices to fetch; they are next.")

    async def _wanted(self, since: datetime) -> list[tuple[str, bytes]]:
        """The paths of what is new or newer than what is known, oldest first, with the page that names each."""
        wanted: list[tuple[str, bytes]] = []
        start = 0
        for _ in range(MOST_PAGES):
            page = await self.source.search(start)
            results = read_documents(page)
            hits = [one for one in results if isinstance(one, Publication) and one.updated_at >= since]
            wanted += [(path, page) for path in await self._unknown(hits)]
            start += len(results)
            if len(hits) < len(results) or not results:
                return wanted[::-1]
        return wanted[::-1]

    async def _unknown(self, hits: Iterable[Publication]) -> list[str]:
        newest = {one.base_path: one.updated_at for one in hits}
        async with self.sessions.begin() as session:
            rows = await session.execute(KNOWN, {"paths": list(newest)})
            known = {row.base_path: row.known_at for row in rows if row.is_whole and row.known_at}
        return [path for path, at in newest.items() if path not in known or known[path] < at]

    async def _fetch(self, path: str, page: bytes) -> str:
        """Take one in; where its text cannot be had, what the search says of it. Returns what went wrong."""
        failure = ""
        try:
            await self._import(await self.source.content(path))
        except (AlertsUnreachable, RuleError) as error:
            failure = str(error)
            await self._import(page, only=path)
        return failure

    async def _import(self, raw: bytes, *, only: str | None = None) -> None:
        async with self.sessions.begin() as session:
            received = await import_documents(
                session, raw, source=NoticeSource.POLL, actor=self.actor, at=self.now(), only=only
            )
        self.taken += sum(one.outcome in {Outcome.ADDED, Outcome.AMENDED} for one in received)
