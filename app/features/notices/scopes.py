"""The scope of a notice: drafted by one person, put into force by another."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.errors import Conflict, Fault, Incomplete, Stale
from app.domain.maker_names import name_key
from app.domain.notice_json import scope_as_json
from app.domain.notice_parsing import read_scope
from app.domain.notice_work import Cause, Handling
from app.domain.safety_notices import (
    NoticeState,
    Seen,
    after_scope,
    check_can_activate,
    check_hits_no_less,
    check_is_triaged,
    check_same_scope,
    check_scope_is_current,
)
from app.features.notices.match_sql import IS_OLDER
from app.features.notices.service import unknown_notice
from app.matching import Counts
from app.models import NoticeActivation, NoticeScope, SafetyNotice
from app.notice_matches import InForce
from app.rematching import ask_register, be_alone

# Not FOR UPDATE: who is writing a match of this notice refers to it, and would be waited for in both directions.
NOTICE = text("""
    SELECT id, reference, title, state, version, triaged_version FROM safety_notice
    WHERE id = :notice_id FOR NO KEY UPDATE
""")
NEWEST = text(f"""
    SELECT scope.id, scope.number, scope.notice_version, scope.lines, scope.digest, scope.handling, scope.drafted_by,
           activation.id IS NOT NULL AS is_active, {IS_OLDER} AS is_older,
           EXISTS (SELECT FROM notice_activation AS other WHERE other.notice_id = scope.notice_id) AS was_active_before
    FROM notice_scope AS scope JOIN safety_notice AS notice ON notice.id = scope.notice_id
    LEFT JOIN notice_activation AS activation ON activation.scope_id = scope.id
    WHERE scope.notice_id = :notice_id ORDER BY scope.number DESC LIMIT 1
""")  # noqa: S608 - the part is a constant
CODES = text("SELECT code FROM product")
SEEN = text("""
    SELECT scope_number, affected, possible FROM notice_preview WHERE notice_id = :notice_id AND seen_by = :actor
""")
KEEP_SEEN = text("""
    INSERT INTO notice_preview (notice_id, seen_by, scope_number, affected, possible, seen_at)
    VALUES (:notice_id, :actor, :scope, :affected, :possible, :at)
    ON CONFLICT (notice_id, seen_by) DO UPDATE
    SET scope_number = excluded.scope_number, affected = excluded.affected, possible = excluded.possible,
        seen_at = excluded.seen_at
""")
MOST_NAMED = 10
PATIENCE = text("SELECT set_config('lock_timeout', '10s', true)")


@dataclass(frozen=True, slots=True)
class Activated:
    """What the scope that was put into force covers."""

    number: int
    handling: Handling
    counts: Counts


async def draft_scope(
    session: AsyncSession,
    notice_id: int,
    lines: Any,
    *,
    handling: Handling,
    version: int | None = None,
    actor: str,
    at: datetime,
) -> int:
    """Keep what the notice covers as a new draft; returns its number. What is in force stays so.

    `version`: the one of the notice that was read. Raises NotFound `unknown-notice`, Conflict `not-relevant` or
    `nothing-changed`, Stale `stale`, and Incomplete with everything that is wrong with the lines, or
    `unknown-product` where they name codes that the catalogue does not have.
    """
    notice = await _lock(session, notice_id)
    state = after_scope(NoticeState(notice.state))
    if version is not None and version != notice.version:
        detail = f"Version {notice.version} of the notice has arrived since you read version {version}. Read it first."
        raise Stale("stale", detail)
    scope = read_scope(lines, is_new=True)
    await _check_codes(session, scope.product_codes)
    kept = scope_as_json(scope)
    digest = digest_of(kept)
    newest = (await session.execute(NEWEST, {"notice_id": notice_id})).one_or_none()
    # What is entered again on another text says that it fits that, too.
    if newest and (newest.digest, newest.handling) == (digest, handling.value) and not newest.is_older:
        raise Conflict("nothing-changed", f"This is what scope {newest.number} says already. Nothing was changed.")
    number = newest.number + 1 if newest else 1
    row = {"notice_id": notice_id, "number": number, "notice_version": notice.version, "lines": kept, "digest": digest}
    await session.execute(insert(NoticeScope).values(**row, handling=handling, drafted_at=at, drafted_by=actor))
    await _put(session, notice_id, state)
    subject = f"safety_notice:{notice.reference}"
    await audit.record(session, "notice_scope_drafted", subject, actor=actor, at=at, scope=number, sha256=digest)
    return number


async def activate(
    session: AsyncSession,
    notice_id: int,
    *,
    number: int | None = None,
    looked_at: int | None = None,
    actor: str,
    at: datetime,
) -> Activated:
    """Put the newest scope into force: every item that it covers, or may, is held from now on, wherever it is.

    `number`: the scope that was checked; left out, the one that this person saw last, if any. `looked_at`: the version
    of the notice with which it was looked at again, where it was entered on an older one. Raises NotFound
    `unknown-notice`, Conflict `no-scope`, `not-relevant`,
    `active-already`, `to-triage`,
    `older-version` or `fewer-than-seen`, NotAllowed `same-person`, Stale `stale`.
    """
    await session.execute(PATIENCE)
    await be_alone(session)
    notice = await _lock(session, notice_id)
    scope = (await session.execute(NEWEST, {"notice_id": notice_id})).one_or_none()
    if scope is None:
        after_scope(NoticeState(notice.state))
        raise Conflict("no-scope", "Nobody has entered yet what this notice covers. Enter its scope first.")
    saw = await _read_seen(session, notice_id, actor)
    checked = number or (saw.scope if saw else None)
    if checked is not None:
        check_same_scope(checked, scope.number)
    check_can_activate(NoticeState(notice.state), author=scope.drafted_by, actor=actor, is_newest=not scope.is_active)
    check_is_triaged(notice.version, notice.triaged_version)
    check_scope_is_current(scope.notice_version, notice.version, looked_at)
    handling = Handling(scope.handling)
    in_force = InForce(
        notice_id,
        notice.reference,
        notice.title,
        is_closed=False,
        scope_id=scope.id,
        number=scope.number,
        digest=scope.digest,
        handling=handling,
    )
    cause = Cause.NEW_SCOPE if scope.was_active_before else Cause.ACTIVATION
    asked = await ask_register(session, in_force, cause=cause, actor=actor, at=at)
    covered = Seen(scope.number, asked.counts.affected, asked.counts.possible)
    check_hits_no_less(saw if saw and saw.scope == scope.number else None, covered)
    counts = {
        "affected": asked.counts.affected,
        "possible": asked.counts.possible,
        "not_affected": asked.counts.not_affected,
    }
    row = {"notice_id": notice_id, "scope_id": scope.id, "scope_author": scope.drafted_by, **counts}
    await session.execute(insert(NoticeActivation).values(**row, activated_at=at, activated_by=actor))
    await _put(session, notice_id, NoticeState.ACTIVE)
    subject, facts = f"safety_notice:{notice.reference}", {"scope": scope.number, "handling": handling.value, **counts}
    if scope.notice_version < notice.version:
        facts |= {"entered_on_version": scope.notice_version, "looked_at_version": notice.version}
    await audit.record(session, "notice_activated", subject, actor=actor, at=at, **facts)
    return Activated(scope.number, handling, asked.counts)


async def keep_seen(session: AsyncSession, notice_id: int, seen: Seen, *, actor: str, at: datetime) -> None:
    """Remember what this person was shown of what the scope would hit. One statement."""
    values = {"notice_id": notice_id, "scope": seen.scope, "affected": seen.affected, "possible": seen.possible}
    await session.execute(KEEP_SEEN, {**values, "actor": actor, "at": at})


async def _read_seen(session: AsyncSession, notice_id: int, actor: str) -> Seen | None:
    row = (await session.execute(SEEN, {"notice_id": notice_id, "actor": actor})).one_or_none()
    return Seen(*row) if row else None


def digest_of(lines: list[dict[str, Any]]) -> str:
    """SHA-256 of what a scope says."""
    return sha256(json.dumps(lines, sort_keys=True).encode()).hexdigest()


async def _check_codes(session: AsyncSession, named: Sequence[tuple[int, str]]) -> None:
    """A code with a slip in it would cover nothing, and nobody would notice. No statement where none is named."""
    known = {name_key(code) for code in await session.scalars(CODES)} if named else set()
    faults = [
        Fault(f"{place}.product_codes", "unknown-product", f"The catalogue has no product with the code {code}.")
        for place, code in named
        if name_key(code) not in known
    ]
    if faults:
        detail = " ".join(fault.detail for fault in faults[:MOST_NAMED])
        raise Incomplete("unknown-product", detail, field="lines", faults=faults)


async def _lock(session: AsyncSession, notice_id: int) -> Any:
    row = (await session.execute(NOTICE, {"notice_id": notice_id})).one_or_none()
    if row is None:
        raise unknown_notice()
    return row


async def _put(session: AsyncSession, notice_id: int, state: NoticeState) -> None:
    await session.execute(update(SafetyNotice).where(col(SafetyNotice.id) == notice_id).values(state=state))
