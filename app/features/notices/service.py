"""What people do with safety notices: enter one, amend one, triage it, and say what the organisation must do."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.catalogue_terms import check_explained, check_terms, terms_with
from app.domain.dates import in_words, uk_date
from app.domain.errors import BadValue, Conflict, NotFound, Stale
from app.domain.govuk_documents import lines_of
from app.domain.safety_notices import (
    DeadlineKind,
    Deadlines,
    Decision,
    NoticeState,
    after_new_version,
    after_triage,
    changes_between,
    check_can_act,
    check_days_kept,
    check_deadlines,
    check_reference,
)
from app.features.notices.rating import Rater, record_of, search_catalogue
from app.features.notices.receiving import (
    add_notice,
    add_version,
    keep_payload,
    tell_of_change,
    text_of,
    text_of_values,
)
from app.integrations.safe_html import from_text
from app.models import NoticeSource, SafetyNotice, SafetyNoticeAction, SafetyNoticeTriage

LOCK_REFERENCE = text("SELECT pg_advisory_xact_lock(hashtextextended('safety notices are received', 0))")
SAME = text("""
    SELECT reference, base_path FROM safety_notice WHERE upper(reference) = ANY(:references)
""")
NEWEST = text("""
    SELECT notice.id, notice.reference, notice.issuer, notice.base_path, notice.issued_on AS known_issue,
           notice.state, notice.version, notice.triaged_version, said.public_updated_at, said.digest, said.is_whole,
           said.title, said.summary, said.kind, said.body_html, said.issued_on, said.underway_by, said.complete_by,
           said.own_target_on, said.is_withdrawn
    FROM safety_notice AS notice
    JOIN safety_notice_version AS said ON said.notice_id = notice.id AND said.number = notice.version
    WHERE notice.id = :notice_id FOR UPDATE OF notice
""")
BY_REFERENCE = text("SELECT id FROM safety_notice WHERE upper(reference) = upper(:reference)")
ACTION = text(
    "SELECT id, done_at, done_by FROM safety_notice_action WHERE id = :id AND notice_id = :notice_id FOR UPDATE"
)

NO_DAYS: Final = Deadlines()


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice as a person enters it. `same_publication_as`: the reference of another one of its publication."""

    reference: str
    kind: str
    title: str
    issuer: str
    issued_on: date
    source_url: str = ""
    body: str = ""
    deadlines: Deadlines = NO_DAYS
    same_publication_as: str | None = None


async def find_id(session: AsyncSession, reference: str) -> int:
    """The number of the notice with this reference, in any case. Raises NotFound `unknown-notice`."""
    number: int | None = await session.scalar(BY_REFERENCE, {"reference": " ".join(reference.split())})
    if number is None:
        raise unknown_notice()
    return number


async def enter(session: AsyncSession, new: NewNotice, *, actor: str, at: datetime) -> int:
    """Enter a notice by hand; returns its number.

    Raises BadValue `bad-reference`, `issued-in-the-future`, one of the deadlines' or `unknown-publication`, and
    Conflict `reference-taken`.
    """
    reference = check_reference(new.reference)
    if new.issued_on > uk_date(at):
        raise BadValue(
            "issued-in-the-future", "Enter the day on which it was issued, today or before.", field="issued_on"
        )
    check_deadlines(new.deadlines, issued_on=new.issued_on)
    await session.execute(LOCK_REFERENCE)
    base_path = await _publication(session, reference, new.same_publication_as)
    body = from_text(new.body)
    days = asdict(new.deadlines)
    said: dict[str, Any] = {"title": new.title, "kind": new.kind, "issued_on": new.issued_on, **days}
    notice = {
        **said,
        **await Rater(session).rate(new.title, [new.issuer, *lines_of(body)]),
        "reference": reference,
        "base_path": base_path,
        "is_by_hand": True,
        "issuer": new.issuer,
        "source_url": new.source_url,
        "state": NoticeState.RECEIVED,
    }
    notice_id = await add_notice(session, notice, actor=actor, at=at)
    version = {**said, "notice_id": notice_id, "number": 1, "body_html": body, "is_whole": True}
    version |= {"source": NoticeSource.BY_HAND, "digest": _digest(body)}
    version["payload_sha256"] = await keep_payload(session, new.body.encode()) if new.body else None
    await add_version(session, version, actor=actor, at=at)
    subject = f"safety_notice:{reference}"
    await audit.record(session, "safety_notice_entered", subject, actor=actor, at=at, issuer=new.issuer)
    return notice_id


async def amend(
    session: AsyncSession,
    notice_id: int,
    *,
    days: Mapping[str, date | None],
    body: str | None,
    change_note: str,
    actor: str,
    at: datetime,
) -> int:
    """Write a new version by hand: other deadlines, or another text; returns its number.

    `days`: those that are said, by the words of `DeadlineKind`; the others stay.

    Another text goes back to triage; other days alone do not. Raises NotFound `unknown-notice`, BadValue of the
    deadlines or `no-text`, and Conflict `deadline-removed`, `nothing-changed` or `published-text`, where the text is
    GOV.UK's.
    """
    row = await _newest(session, notice_id)
    deadlines = Deadlines(**{kind.value: days.get(kind.value, getattr(row, kind.value)) for kind in DeadlineKind})
    check_deadlines(deadlines, issued_on=row.issued_on)
    check_days_kept(Deadlines(row.underway_by, row.complete_by, row.own_target_on), deadlines)
    if body is not None and not body:
        raise BadValue("no-text", "Write what the notice says now, or leave its text out.", field="body")
    if body is not None and row.base_path is not None:
        detail = "Its text comes from GOV.UK. An amended one arrives by itself, or is imported; enter only days here."
        raise Conflict("published-text", detail)
    html = row.body_html if body is None else from_text(body)
    columns = ("title", "summary", "kind", "issued_on", "is_withdrawn", "is_whole", "public_updated_at", "digest")
    version: dict[str, Any] = {name: getattr(row, name) for name in columns}
    version |= {**asdict(deadlines), "body_html": html}
    changes = changes_between(text_of(row), text_of_values(version, row.is_whole))
    if not changes:
        raise Conflict("nothing-changed", "This is what the notice says already. Nothing was changed.")
    is_other_text = html != row.body_html
    number: int = row.version + 1
    version |= {"notice_id": notice_id, "number": number, "source": NoticeSource.BY_HAND, "change_note": change_note}
    version["changes"] = [asdict(change) for change in changes]
    kept: dict[str, Any] = {"version": number, **asdict(deadlines)}
    if is_other_text and body is not None:
        version |= {"digest": _digest(html), "payload_sha256": await keep_payload(session, body.encode())}
        kept |= await Rater(session).rate(row.title, [row.issuer, *lines_of(html)])
        kept["state"] = after_new_version(NoticeState(row.state))
        if row.state == NoticeState.CLOSED:
            await tell_of_change(session, row.reference, row.title, actor=actor, at=at)
    elif row.triaged_version == row.version:
        kept["triaged_version"] = number
    await add_version(session, version, actor=actor, at=at)
    await session.execute(update(SafetyNotice).where(col(SafetyNotice.id) == notice_id).values(**kept))
    subject = f"safety_notice:{row.reference}"
    await audit.record(session, "safety_notice_amended", subject, actor=actor, at=at, version=number, why=change_note)
    return number


async def triage(
    session: AsyncSession,
    notice_id: int,
    *,
    decision: Decision,
    reason: str,
    search: list[str] | None,
    version: int | None,
    actor: str,
    at: datetime,
) -> NoticeState:
    """Decide whether a notice concerns us. The search of the catalogue is made now, and kept with the decision.

    `search`: what to look for; None: what was looked for when it arrived. `version`: the one that was read. Raises
    NotFound `unknown-notice`, Stale `stale` when another one has arrived since, BadValue `search-missing`, Conflict
    `notice-closed`, `scope-entered` or `items-found`, where “not held” does not explain what the search finds.
    """
    row = await _newest(session, notice_id)
    if version is not None and version != row.version:
        detail = f"Version {row.version} has arrived since you read version {version}. Read it before you decide."
        raise Stale("stale", detail)
    is_changed = row.triaged_version is not None and row.triaged_version < row.version
    state = after_triage(NoticeState(row.state), decision, is_changed=is_changed)
    suggested = await suggested_terms(session, notice_id)
    terms = check_terms(suggested if search is None else search)
    if decision is Decision.NOT_HELD:  # Whoever looks for something else has not looked for what the notice names.
        terms = terms_with(terms, *suggested, row.issuer)
    searched = await search_catalogue(session, terms)
    if decision is Decision.NOT_HELD:
        check_explained(searched.found, reason)
    made = await record_of(session, searched)
    line = {"notice_id": notice_id, "version": row.version, "decision": decision, "reason": reason, "search": made}
    await session.execute(insert(SafetyNoticeTriage).values(**line, decided_at=at, decided_by=actor))
    kept = {"state": state, "triaged_version": row.version}
    await session.execute(update(SafetyNotice).where(col(SafetyNotice.id) == notice_id).values(**kept))
    facts: dict[str, str | int] = {"decision": decision.value, "version": row.version}
    subject = f"safety_notice:{row.reference}"
    await audit.record(session, "safety_notice_triaged", subject, actor=actor, at=at, **facts)
    return state


async def suggested_terms(session: AsyncSession, notice_id: int) -> list[str]:
    """What was looked for in the catalogue when the newest version arrived."""
    found = await session.scalar(text("SELECT found FROM safety_notice WHERE id = :id"), {"id": notice_id})
    return [one["term"] for one in found or []]


async def add_action(
    session: AsyncSession, notice_id: int, *, action: str, owner: str, due_on: date, actor: str, at: datetime
) -> int:
    """Say what the organisation must do, who sees to it and by when; returns its number. It holds no item.

    Raises NotFound `unknown-notice`, BadValue `due-in-the-past`, Conflict `not-relevant`.
    """
    row = await _newest(session, notice_id)
    check_can_act(NoticeState(row.state))
    if due_on < uk_date(at):
        raise BadValue("due-in-the-past", f"{in_words(due_on)} is over. Enter today or a later day.", field="due_on")
    line = {"notice_id": notice_id, "action": action, "owner": owner, "due_on": due_on}
    made = insert(SafetyNoticeAction).values(**line, asked_at=at, asked_by=actor).returning(col(SafetyNoticeAction.id))
    number: int = (await session.execute(made)).scalar_one()
    subject = f"safety_notice:{row.reference}"
    await audit.record(session, "notice_action_asked", subject, actor=actor, at=at, action_id=number, owner=owner)
    return number


async def finish_action(
    session: AsyncSession, notice_id: int, action_id: int, *, note: str, actor: str, at: datetime
) -> None:
    """An action is done; the note says how. Raises NotFound `unknown-action`, Conflict `done-already`."""
    row = await _newest(session, notice_id)
    found = (await session.execute(ACTION, {"id": action_id, "notice_id": notice_id})).one_or_none()
    if found is None:
        raise unknown_action()
    if found.done_at:
        done_on = in_words(uk_date(found.done_at))
        raise Conflict("done-already", f"{found.done_by} has recorded on {done_on} that this is done.")
    done = {"done_at": at, "done_by": actor, "done_note": note}
    await session.execute(update(SafetyNoticeAction).where(col(SafetyNoticeAction.id) == action_id).values(**done))
    subject = f"safety_notice:{row.reference}"
    await audit.record(session, "notice_action_done", subject, actor=actor, at=at, action_id=action_id)


def unknown_notice() -> NotFound:
    """What is said when there is no such notice."""
    return NotFound("unknown-notice", "There is no safety notice with this reference.")


def unknown_action() -> NotFound:
    """What is said when a notice has no such action."""
    return NotFound("unknown-action", "This notice has no action with this number.")


async def _newest(session: AsyncSession, notice_id: int) -> Any:
    """The notice with what its newest version says, locked. Raises NotFound `unknown-notice`."""
    row = (await session.execute(NEWEST, {"notice_id": notice_id})).one_or_none()
    if row is None:
        raise unknown_notice()
    return row


async def _publication(session: AsyncSession, reference: str, other: str | None) -> str | None:
    """The path of the publication that another notice comes from. Raises Conflict `reference-taken`."""
    asked = [reference.upper(), " ".join((other or reference).split()).upper()]
    known = {row.reference.upper(): row for row in await session.execute(SAME, {"references": asked})}
    if asked[0] in known:
        detail = f"The notice {known[asked[0]].reference} is here already. Open it, and enter what is new as a version."
        raise Conflict("reference-taken", detail)
    if other is None:
        return None
    path: str | None = known[asked[1]].base_path if asked[1] in known else None
    if path is None:
        detail = "Name a notice that came from GOV.UK, or leave this out."
        raise BadValue("unknown-publication", detail, field="same_publication_as")
    return path


def _digest(body_html: str) -> str:
    return sha256(body_html.encode()).hexdigest()
