"""Reviews of people: what a notice of advice says is looked at with everybody who has such equipment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.dates import in_words, uk_date
from app.domain.errors import Conflict, NotFound
from app.domain.notice_work import ReviewOutcome
from app.features.notices.acting import LOCK_NOTICE
from app.models import NoticeReview

REVIEWS = text("""
    SELECT review.id, client.client_ref, client.name, review.because, review.asked_at, review.done_at, review.done_by,
           review.outcome, review.note
    FROM notice_review AS review JOIN client ON client.id = review.client_id
    WHERE review.notice_id = :notice_id AND (CAST(:done AS boolean) IS NULL OR (review.done_at IS NOT NULL) = :done)
      AND (CAST(:client_ref AS text) IS NULL OR upper(client.client_ref) = upper(:client_ref)) AND review.id > :after
    ORDER BY review.id LIMIT :limit
""")
LOCK = text("""
    SELECT review.id, review.done_at, review.done_by, review.note, client.client_ref
    FROM notice_review AS review JOIN client ON client.id = review.client_id
    WHERE review.notice_id = :notice_id AND upper(client.client_ref) = upper(:client_ref) FOR UPDATE OF review
""")


@dataclass(frozen=True, slots=True)
class Review:
    """The review of one person; open until they are reached, with what was tried as its note. `because`: what they had
    when it was asked."""

    id: int
    client_ref: str
    name: str
    because: list[str]
    asked_at: datetime
    done_at: datetime | None
    done_by: str | None
    outcome: ReviewOutcome | None
    note: str


async def list_reviews(
    session: AsyncSession,
    notice_id: int,
    *,
    done: bool | None = None,
    client_ref: str | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[Review]:
    """Reviews, `limit + 1` of them. One statement. The caller writes into the audit trail that it was read."""
    values = {"notice_id": notice_id, "done": done, "client_ref": client_ref, "after": after, "limit": limit + 1}
    rows = (await session.execute(REVIEWS, values)).mappings()
    return [Review(**{**row, "outcome": ReviewOutcome(row["outcome"]) if row["outcome"] else None}) for row in rows]


async def get_review(session: AsyncSession, notice_id: int, client_ref: str) -> Review:
    """The review of one person. Raises NotFound `no-review`."""
    found = await list_reviews(session, notice_id, client_ref=client_ref, limit=1)
    if not found:
        raise _none()
    return found[0]


async def record_review(
    session: AsyncSession,
    notice_id: int,
    client_ref: str,
    *,
    outcome: ReviewOutcome,
    note: str,
    actor: str,
    at: datetime,
) -> None:
    """How the review of this person ended. Who could not be reached stays on the list, with what was tried.

    Raises NotFound `unknown-notice`, `no-review`, Conflict `reviewed-already`.
    """
    notice = (await session.execute(LOCK_NOTICE, {"notice_id": notice_id})).one_or_none()
    if notice is None:
        raise NotFound("unknown-notice", "There is no safety notice with this reference.")
    row = (await session.execute(LOCK, {"notice_id": notice_id, "client_ref": client_ref})).one_or_none()
    if row is None:
        raise _none()
    if row.done_at is not None:
        detail = f"{row.done_by} has recorded this review already. It stands as it was recorded."
        raise Conflict("reviewed-already", detail)
    if outcome is ReviewOutcome.NOT_REACHED:
        tried = f"Not reached on {in_words(uk_date(at))}, {actor}: {note}"
        done: dict[str, Any] = {"note": f"{row.note}\n{tried}" if row.note else tried}
    else:
        done = {"done_at": at, "done_by": actor, "outcome": outcome}
        done["note"] = f"{row.note}\n{note}" if row.note else note
    await session.execute(update(NoticeReview).where(col(NoticeReview.id) == row.id).values(**done))
    facts = {"notice": notice.reference, "outcome": outcome.value}
    await audit.record(session, "notice_reviewed", f"client:{row.client_ref}", actor=actor, at=at, **facts)


def _none() -> NotFound:
    return NotFound("no-review", "This notice asks for no review of a client with this reference.")
