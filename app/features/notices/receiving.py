"""Takes documents of GOV.UK in: a new one is a notice, an amended one a new version, the same one changes nothing."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import insert, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, outbox
from app.domain.access import Permission, roles_with
from app.domain.govuk_documents import Publication, Unreadable, lines_of, read_documents
from app.domain.notice_work import changed_letter
from app.domain.safety_notices import (
    Deadlines,
    NoticeState,
    Text,
    after_new_version,
    changes_between,
    find_reference,
)
from app.features.notices.rating import Rater
from app.integrations.safe_html import sanitise
from app.models import NoticeSource, SafetyNotice, SafetyNoticePayload, SafetyNoticeVersion

GOV_UK: Final = "https://www.gov.uk"
LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('safety notices are received', 0))")
KNOWN = text("""
    SELECT notice.id, notice.reference, notice.base_path, notice.is_by_hand, notice.state, notice.version,
           said.public_updated_at, said.digest, said.is_whole, said.title, said.summary, said.kind, said.body_html,
           said.issued_on, said.underway_by, said.complete_by, said.own_target_on, said.is_withdrawn
    FROM safety_notice AS notice
    JOIN safety_notice_version AS said ON said.notice_id = notice.id AND said.number = notice.version
    WHERE notice.base_path = ANY(:paths) OR upper(notice.reference) = ANY(:references)
    ORDER BY notice.id FOR UPDATE OF notice
""")


class Outcome(StrEnum):
    """What became of a document."""

    ADDED = "added"
    AMENDED = "amended"
    UNCHANGED = "unchanged"
    OLDER = "older"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Received:
    """One document and what became of it; `detail` says why it was refused."""

    outcome: Outcome
    reference: str | None = None
    title: str = ""
    detail: str = ""


async def import_documents(
    session: AsyncSession, raw: bytes, *, source: NoticeSource, actor: str, at: datetime, only: str | None = None
) -> list[Received]:
    """Take in every document of a file; what cannot be read is told, and does not keep out the others.

    `only`: the path of the one that is wanted. Raises BadValue `not-a-document` or `too-many-documents`.
    """
    documents = read_documents(raw)
    if only is not None:
        documents = [one for one in documents if isinstance(one, Publication) and one.base_path == only]
    await session.execute(LOCK)
    paths = [one.base_path for one in documents if isinstance(one, Publication)]
    asked = {one.base_path: _reference(one) for one in documents if isinstance(one, Publication)}
    values = {"paths": paths, "references": [reference.upper() for reference in asked.values()]}
    known = list((await session.execute(KNOWN, values)).all()) if paths else []
    taker = _Taker(session, raw, source, actor, at, known)
    received: list[Received] = []
    for one in documents:
        if isinstance(one, Unreadable):
            said = f"Document {one.place + 1}: {one.detail}"
            received.append(Received(Outcome.REFUSED, detail=said))
        else:
            received += await taker.take(one)
    acts = [
        (f"safety_notice:{one.reference}", {"source": source.value, "outcome": one.outcome.value})
        for one in received
        if one.outcome in {Outcome.ADDED, Outcome.AMENDED}
    ]
    if acts:
        await audit.record_each(session, "safety_notice_received", acts, actor=actor, at=at)
    return received


class _Taker:
    """Takes documents in one by one; what it has made is known to the next."""

    def __init__(
        self, session: AsyncSession, raw: bytes, source: NoticeSource, actor: str, at: datetime, known: list[Any]
    ) -> None:
        self.session, self.raw, self.source, self.actor, self.at = session, raw, source, actor, at
        self.by_path: dict[str, list[Any]] = {}
        for row in known:
            self.by_path.setdefault(row.base_path or "", []).append(row)
        self.references = {row.reference.upper(): row for row in known}
        self.rater = Rater(session)
        self.payload = ""

    async def take(self, document: Publication) -> list[Received]:
        """One document, for every notice that comes from it."""
        reference = _reference(document)
        notices = self.by_path.get(document.base_path, [])
        same_reference = self.references.get(reference.upper())
        if not notices and same_reference is not None and not same_reference.base_path:
            notices = [same_reference]  # Entered by hand, from a letter, before GOV.UK had it.
        if not notices:
            taken = same_reference is not None or reference.upper() in self.references
            return [await self._add(document, own_reference(document.base_path) if taken else reference)]
        return [await self._amend(document, notice) for notice in notices]

    async def _add(self, document: Publication, reference: str) -> Received:
        self.references[reference.upper()] = None
        body = sanitise(document.body or "")
        said = _said(document)
        notice = {
            **said,
            **await self._rated(document.title, document.summary, body),
            "reference": reference,
            "base_path": document.base_path,
            "is_by_hand": False,
            "issuer": document.issuer,
            "source_url": f"{GOV_UK}{document.base_path}",
            "state": NoticeState.RECEIVED,
        }
        notice_id = await add_notice(self.session, notice, actor=self.actor, at=self.at)
        version = {**said, "summary": document.summary, "body_html": body, "notice_id": notice_id, "number": 1}
        await self._write(document, version, digest_of(document))
        self.by_path[document.base_path] = []  # A second line about it in the same file says nothing new.
        return Received(Outcome.ADDED, reference, document.title)

    async def _amend(self, document: Publication, notice: Any) -> Received:
        body = sanitise(document.body or "")
        digest = digest_of(document)
        outcome = _compare(document, digest, notice)
        if outcome is not Outcome.AMENDED:
            return Received(outcome, notice.reference, notice.title)
        said = _said(document)
        if notice.is_by_hand:  # Its title and kind are a person's, who took this one notice out of the publication.
            said |= {"title": notice.title, "kind": notice.kind, "issued_on": notice.issued_on}
        if document.body is None:  # The Search API does not say whether a document is withdrawn.
            said["is_withdrawn"] = notice.is_withdrawn
        days = {name: getattr(notice, name) for name in ("underway_by", "complete_by", "own_target_on")}
        before = text_of(notice)
        after = text_of_values(
            {**said, **days, "summary": document.summary, "body_html": body}, document.body is not None
        )
        changes = [asdict(change) for change in changes_between(before, after)]
        number = notice.version + 1
        version = {**said, **days, "summary": document.summary, "body_html": body, "changes": changes}
        await self._write(document, {**version, "notice_id": notice.id, "number": number}, digest)
        kept = {**said, **await self._rated(said["title"], document.summary, body), "version": number}
        kept |= {"base_path": document.base_path, "state": after_new_version(NoticeState(notice.state))}
        await self.session.execute(update(SafetyNotice).where(col(SafetyNotice.id) == notice.id).values(**kept))
        if notice.state == NoticeState.CLOSED:
            await tell_of_change(self.session, notice.reference, said["title"], actor=self.actor, at=self.at)
        return Received(Outcome.AMENDED, notice.reference, said["title"])

    async def _write(self, document: Publication, version: dict[str, Any], digest: str) -> None:
        if not self.payload:
            self.payload = await keep_payload(self.session, self.raw)
        told = {
            "source": self.source,
            "public_updated_at": document.updated_at,
            "payload_sha256": self.payload,
            "digest": digest,
            "is_whole": document.body is not None,
            "change_note": document.change_note,
        }
        await add_version(self.session, {**version, **told}, actor=self.actor, at=self.at)

    async def _rated(self, title: str, summary: str, body: str) -> dict[str, object]:
        return await self.rater.rate(title, [summary, *lines_of(body)])


async def keep_payload(session: AsyncSession, raw: bytes) -> str:
    """Keep these bytes, once; returns their SHA-256."""
    digest = sha256(raw).hexdigest()
    await session.execute(upsert(SafetyNoticePayload).values(sha256=digest, content=raw).on_conflict_do_nothing())
    return digest


async def add_notice(session: AsyncSession, notice: dict[str, Any], *, actor: str, at: datetime) -> int:
    """Write a notice's row; returns its number."""
    made = insert(SafetyNotice).values(**notice, received_at=at, received_by=actor).returning(col(SafetyNotice.id))
    number: int = (await session.execute(made)).scalar_one()
    return number


async def add_version(session: AsyncSession, version: dict[str, Any], *, actor: str, at: datetime) -> None:
    """Write a version's row."""
    await session.execute(insert(SafetyNoticeVersion).values(**version, received_at=at, received_by=actor))


async def tell_of_change(session: AsyncSession, reference: str, title: str, *, actor: str, at: datetime) -> None:
    """Nobody looks at a closed notice: those who handle notices are told that it has changed."""
    letter = changed_letter(reference, title)
    await outbox.post_to_roles(session, roles_with(Permission.HANDLE_SAFETY_NOTICES), letter, actor=actor, at=at)


def own_reference(base_path: str) -> str:
    """The reference of a document that names none, or one that another notice has: the same for the same path."""
    return f"GOVUK-{sha256(base_path.encode()).hexdigest()[:10].upper()}"


def digest_of(document: Publication) -> str:
    """What the document says, in 64 letters: told apart from others that were published at the same instant."""
    issued = document.issued_on.isoformat() if document.issued_on else None
    facts = [document.title, document.summary, document.kind, issued, document.is_withdrawn, document.body]
    return sha256(json.dumps(facts).encode()).hexdigest()


def text_of(row: Any) -> Text:
    """What a stored version says."""
    return text_of_values(row._mapping, row.is_whole)


def text_of_values(values: Any, is_whole: bool) -> Text:
    """What a version of these columns says."""
    return Text(
        title=values["title"],
        summary=values["summary"],
        kind=values["kind"],
        issued_on=values["issued_on"],
        deadlines=Deadlines(values["underway_by"], values["complete_by"], values["own_target_on"]),
        is_withdrawn=values["is_withdrawn"],
        is_whole=is_whole,
        lines=lines_of(values["body_html"]),
    )


def _reference(document: Publication) -> str:
    return find_reference(document.title, document.summary) or own_reference(document.base_path)


def _said(document: Publication) -> dict[str, Any]:
    return {
        "title": document.title,
        "kind": document.kind,
        "issued_on": document.issued_on,
        "is_withdrawn": document.is_withdrawn,
    }


def _compare(document: Publication, digest: str, notice: Any) -> Outcome:
    """Whether it is the version that is known, an older one, or a new one."""
    known_at = notice.public_updated_at
    if known_at is None:
        return Outcome.AMENDED
    if document.updated_at < known_at:
        return Outcome.OLDER
    is_same = document.updated_at == known_at and (
        digest == notice.digest or (document.body is None and notice.is_whole)
    )
    return Outcome.UNCHANGED if is_same else Outcome.AMENDED


def count(received: Sequence[Received], outcome: Outcome) -> int:
    """How many documents ended so."""
    return sum(one.outcome is outcome for one in received)
