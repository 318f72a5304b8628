"""Reviews of people: what a notice of advice says is looked at with everybody who has such equipment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.access import Permission
from app.domain.dates import in_words, uk_date
from app.domain.errors import Conflict, NotFound
from app.domain.notice_reviews import Tried, check_review, check_reviewer, unreached_letter
from app.domain.notice_work import ReviewOutcome
from app.features.notices.acting import LOCK_NOTICE
from app.models import NoticeReview
from app.signing import read_person
from app.web.who import tell_all_who_may

REVIEWS = text("""
    SELECT review.id, client.client_ref, client.name, review.because, review.asked_at, review.done_at, review.done_by,
           review.outcome, review.note, review.tries, review.escalated_at
    FROM notice_review AS review JOIN client ON client.id = review.client_id
    WHERE review.notice_id = :notice_id AND (CAST(:done AS boolean) IS NULL OR (review.done_at IS NOT NULL) = :done)
      AND (NOT :unreached OR (review.done_at IS NULL AND review.escalated_at IS NOT NULL)) AND review.id > :after
    ORDER BY review.id LIMIT :limit
""")
UNREACHED = text("""
    SELECT count(*) FROM notice_review WHERE notice_id = :notice_id AND done_at IS NULL AND escalated_at IS NOT NULL
""")
# The one that is open, or else the newest.
OF_CLIENT = """
    WHERE review.notice_id = :notice_id AND upper(client.client_ref) = upper(:client_ref)
    ORDER BY review.done_at IS NULL DESC, review.id DESC LIMIT 1
"""
ONE = text(f"""
    SELECT review.id, client.client_ref, client.name, review.because, review.asked_at, review.done_at, review.done_by,
           review.outcome, review.note, review.tries, review.escalated_at
    FROM notice_review AS review JOIN client ON client.id = review.client_id {OF_CLIENT}
""")  # noqa: S608 - the part is a constant
LOCK = text(f"""
    SELECT review.id, review.client_id, review.because, review.done_at, review.done_by, review.note, review.tries,
           review.tried_on, review.escalated_at,
           client.client_ref
    FROM notice_review AS review JOIN client ON client.id = review.client_id {OF_CLIENT} FOR UPDATE OF review
""")  # noqa: S608 - the part is a constant


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
    tries: int
    escalated_at: datetime | None


async def list_reviews(
    session: AsyncSession,
    notice_id: int,
    *,
    done: bool | None = None,
    unreached: bool = False,
    after: int = 0,
    limit: int = 50,
) -> list[Review]:
    """Reviews, `limit + 1` of them; `unreached`: those that are open of people whom nobody reaches. One statement. The
    caller writes into the audit trail that it was read."""
    values = {"notice_id": notice_id, "done": done, "unreached": unreached, "after": after, "limit": limit + 1}
    return [_review(row) for row in (await session.execute(REVIEWS, values)).mappings()]


async def count_unreached(session: AsyncSession, notice_id: int) -> int:
    """How many people nobody has reached after many tries, whose reviews are open. One statement."""
    number: int = (await session.execute(UNREACHED, {"notice_id": notice_id})).scalar_one()
    return number


async def get_review(session: AsyncSession, notice_id: int, client_ref: str) -> Review:
    """The review of one person: the one that is open, or the newest. Raises NotFound `no-review`."""
    values = {"notice_id": notice_id, "client_ref": client_ref}
    row = (await session.execute(ONE, values)).mappings().one_or_none()
    if row is None:
        raise _none()
    return _review(row)


async def record_review(
    session: AsyncSession,
    notice_id: int,
    client_ref: str,
    *,
    outcome: ReviewOutcome,
    note: str,
    after_tries: int,
    handles_notices: bool,
    actor: str,
    at: datetime,
) -> bool:
    """How the review of this person ended. Who could not be reached stays on the list, with what was tried; after tries
    on so many days those who handle notices are told, and may end it. Returns whether they are told now.

    What somebody finds after it was done is a review of its own: both stand. Raises NotFound `unknown-notice`,
    `no-review`, Conflict `reviewed-already` for a try at one that is done, and what `check_review` does.
    """
    notice = (await session.execute(LOCK_NOTICE, {"notice_id": notice_id})).one_or_none()
    if notice is None:
        raise NotFound("unknown-notice", "There is no safety notice with this reference.")
    row = (await session.execute(LOCK, {"notice_id": notice_id, "client_ref": client_ref})).one_or_none()
    if row is None:
        raise _none()
    if row.done_at is not None and outcome in {ReviewOutcome.NOT_REACHED, ReviewOutcome.UNREACHABLE}:
        detail = f"{row.done_by} has recorded this review already. It stands; add what you found, if you reached them."
        raise Conflict("reviewed-already", detail)
    tried = Tried(row.tries, row.tried_on, row.escalated_at is not None)
    check_review(outcome, tried, after_tries=after_tries, handles_notices=handles_notices)
    check_reviewer(outcome, note, is_supervised=await _is_supervised(session, actor))
    is_told = False
    if outcome is ReviewOutcome.NOT_REACHED:
        tried = tried.again(uk_date(at))
        is_told = tried.is_to_escalate(after_tries=after_tries)
        said = f"Not reached on {in_words(uk_date(at))}, {actor}: {note}"
        done: dict[str, Any] = {"tries": tried.tries, "tried_on": tried.last_on}
        done |= {"escalated_at": at} if is_told else {}
    else:
        said, done = note, {"done_at": at, "done_by": actor, "outcome": outcome}
    if row.done_at is not None:
        facts = {"notice_id": notice_id, "client_id": row.client_id, "because": row.because, "asked_at": at}
        await session.execute(insert(NoticeReview).values(**facts, **done, note=said))
    else:
        done["note"] = f"{row.note}\n{said}" if row.note else said
        await session.execute(update(NoticeReview).where(col(NoticeReview.id) == row.id).values(**done))
    about = {"notice": notice.reference, "outcome": outcome.value}
    await audit.record(session, "notice_reviewed", f"client:{row.client_ref}", actor=actor, at=at, **about)
    if is_told:
        letter = unreached_letter(notice.reference, notice.title, row.client_ref, tried.tries)
        await tell_all_who_may(session, Permission.HANDLE_SAFETY_NOTICES, letter, actor=actor, at=at)
    return is_told


async def _is_supervised(session: AsyncSession, actor: str) -> bool:
    person, _ = await read_person(session, actor)
    return person is not None and person.is_supervised


def _review(row: RowMapping) -> Review:
    return Review(**{**row, "outcome": ReviewOutcome(row["outcome"]) if row["outcome"] else None})


def _none() -> NotFound:
    return NotFound("no-review", "This notice asks for no review of a client with this reference.")
