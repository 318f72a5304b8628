"""Many labels in one file, made after the answer was sent: how far they are is kept, and then the file, for an hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import anyio
import structlog
from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.domain.errors import BadValue, NotFound
from app.features.labels.rows import LabelContent
from app.features.labels.service import LabelFile, Target, mark_printed, prepare, render
from app.settings import Settings

log = structlog.get_logger()

MOST_AT_ONCE: Final = 100
"""So many are made while somebody waits for the answer; more are made behind a page that shows how far they are."""

KEPT_FOR: Final = timedelta(hours=1)
TOLD_EVERY_SECONDS = 0.5
BROKEN: Final = "The labels could not be made. That is our fault, not yours: try it again, with fewer at a time."

LOST: Final = "The service was stopped while it made them. Make them again."

# By the database's own clock: whoever makes labels and whoever looks may be two processes.
BEGIN = text("""
    INSERT INTO label_job (id, made_by, made_at, wanted, seen_at) VALUES (:id, :actor, :at, :wanted, clock_timestamp())
""")
TELL = text("UPDATE label_job SET done = :done, seen_at = clock_timestamp() WHERE id = :id")
FINISH = text("""
    UPDATE label_job SET done = wanted, content = :content, file_name = :name, media_type = :media_type WHERE id = :id
""")
FAIL = text("UPDATE label_job SET failure = :failure WHERE id = :id")
FIND = text("""
    SELECT id, wanted, done, failure, content IS NOT NULL AS is_made,
           content IS NULL AND seen_at < clock_timestamp() - interval '1 minute' AS is_lost
    FROM label_job WHERE id = :id AND made_by = :actor
""")
FILE = text("SELECT file_name, media_type, content FROM label_job WHERE id = :id AND made_by = :actor")
FORGET = text("DELETE FROM label_job WHERE made_at < :before")


@dataclass(frozen=True, slots=True)
class LabelJob:
    """How far a file of labels is. `is_lost`: whoever made it has not been heard of for a minute."""

    id: UUID
    wanted: int
    done: int
    failure: str | None
    is_made: bool
    is_lost: bool

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.is_made or self.is_lost or self.failure is not None

    @property
    def why_not(self) -> str | None:
        """In words, why there will be no file."""
        return self.failure or (LOST if self.is_lost else None)


async def begin(session: AsyncSession, wanted: int, *, actor: str, at: datetime) -> UUID:
    """Keep that so many labels are being made for somebody; `make` makes them."""
    job_id = uuid4()
    await session.execute(BEGIN, {"id": job_id, "actor": actor, "at": at, "wanted": wanted})
    return job_id


async def begin_with(
    session: AsyncSession,
    barcodes: Sequence[str],
    target: Target,
    *,
    skip: int,
    settings: Settings,
    actor: str,
    at: datetime,
) -> tuple[UUID, list[LabelContent]]:
    """Keep that labels of these items are being made, and read what they say. Raises as `prepare`."""
    contents = await prepare(session, barcodes, target, settings=settings, skip=skip)
    await mark_printed(session, barcodes, target, settings=settings, actor=actor, at=at)
    return await begin(session, len(contents), actor=actor, at=at), contents


async def make(
    sessions: async_sessionmaker[AsyncSession],
    job_id: UUID,
    contents: Sequence[LabelContent],
    target: Target,
    *,
    skip: int,
) -> None:
    """Make the file, and tell twice a second how far it is. What goes wrong is kept for its page."""
    drawn = Drawn()
    async with anyio.create_task_group() as group:
        finished = anyio.Event()
        group.start_soon(_tell, sessions, job_id, drawn, finished)
        outcome = await _made(contents, target, skip=skip, drawn=drawn)
        # The last telling is waited for: a statement is never cut off in its middle.
        finished.set()
    async with sessions.begin() as session:
        if isinstance(outcome, LabelFile):
            file = {"name": outcome.name, "media_type": outcome.media_type, "content": outcome.content}
            await session.execute(FINISH, {"id": job_id, **file})
        else:
            await session.execute(FAIL, {"id": job_id, "failure": outcome})


async def get_job(session: AsyncSession, job_id: UUID, *, actor: str) -> LabelJob:
    """How far somebody's own labels are. Raises NotFound `unknown-labels`."""
    row = (await session.execute(FIND, {"id": job_id, "actor": actor})).mappings().one_or_none()
    if row is None:
        raise _unknown()
    return LabelJob(**row)


async def get_file(session: AsyncSession, job_id: UUID, *, actor: str) -> LabelFile:
    """The file. Raises NotFound `unknown-labels`, also while it is being made."""
    row = (await session.execute(FILE, {"id": job_id, "actor": actor})).one_or_none()
    if row is None or row.content is None:
        raise _unknown()
    return LabelFile(row.file_name, row.media_type, row.content)


async def forget_labels(session: AsyncSession, *, at: datetime) -> int:
    """Forget files of labels an hour after they were asked for; returns how many."""
    done = await session.execute(FORGET, {"before": at - KEPT_FOR})
    return done.rowcount if isinstance(done, CursorResult) else 0


class Drawn:
    """How many labels are drawn: written by the thread that draws, read by whoever tells."""

    def __init__(self) -> None:
        self.count = 0

    def note(self, count: int) -> None:
        """So many by now."""
        self.count = count


async def _made(contents: Sequence[LabelContent], target: Target, *, skip: int, drawn: Drawn) -> LabelFile | str:
    """The file, or in words why there is none."""
    try:
        return await render(contents, target, skip=skip, progress=drawn.note)
    except BadValue as error:
        return error.detail
    except Exception:
        log.exception("labels_failed")
        return BROKEN


async def _tell(sessions: async_sessionmaker[AsyncSession], job_id: UUID, drawn: Drawn, finished: anyio.Event) -> None:
    while not finished.is_set():
        with anyio.move_on_after(TOLD_EVERY_SECONDS):
            await finished.wait()
            return
        async with sessions.begin() as session:
            await session.execute(TELL, {"id": job_id, "done": drawn.count})


def _unknown() -> NotFound:
    return NotFound("unknown-labels", "There are no such labels of yours: they are kept for an hour. Make them again.")
