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
from app.domain.safety_notices import NoticeState, after_scope, check_can_activate, check_scope_is_current
from app.features.notices.service import unknown_notice
from app.matching import Counts
from app.models import NoticeActivation, NoticeScope, SafetyNotice
from app.notice_matches import InForce
from app.rematching import ask_register, be_alone

# Not FOR UPDATE: who is writing a match of this notice refers to it, and would be waited for in both directions.
NOTICE = text("""
    SELECT id, reference, title, state, version FROM safety_notice WHERE id = :notice_id FOR NO KEY UPDATE
""")
NEWEST = text("""
    SELECT scope.id, scope.number, scope.notice_version, scope.lines, scope.digest, scope.handling, scope.drafted_by,
           activation.id IS NOT NULL AS is_active,
           EXISTS (SELECT FROM notice_activation AS other WHERE other.notice_id = scope.notice_id) AS was_active_before
    FROM notice_scope AS scope LEFT JOIN notice_activation AS activation ON activation.scope_id = scope.id
    WHERE scope.notice_id = :notice_id ORDER BY scope.number DESC LIMIT 1
""")
CODES = text("SELECT code FROM product")
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
    scope = read_scope(lines)
    await _check_codes(session, scope.product_codes)
    kept = scope_as_json(scope)
    digest = digest_of(kept)
    newest = (await session.execute(NEWEST, {"notice_id": notice_id})).one_or_none()
    if newest and (newest.digest, newest.handling) == (digest, handling.value):
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

    `number`: the scope that was checked. `looked_at`: the version of the notice with which it was looked at again,
    where it was entered on an older one. Raises NotFound `unknown-notice`, Conflict `no-scope`, `not-relevant`,
    `active-already` or `older-version`, NotAllowed `same-person`, Stale `stale`.
    """
    await session.execute(PATIENCE)
    await be_alone(session)
    notice = await _lock(session, notice_id)
    scope = (await session.execute(NEWEST, {"notice_id": notice_id})).one_or_none()
    if scope is None:
        after_scope(NoticeState(notice.state))
        raise Conflict("no-scope", "Nobody has entered yet what this notice covers. Enter its scope first.")
    if number is not None and number != scope.number:
        detail = f"Scope {scope.number} has been entered since you checked scope {number}. Check that one first."
        raise Stale("stale", detail)
    check_can_activate(NoticeState(notice.state), author=scope.drafted_by, actor=actor, is_newest=not scope.is_active)
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
