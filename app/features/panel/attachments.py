"""Files of a case: PDFs and pictures, judged by what they hold, never changed, and frozen with the case by their hash.

They come and go only while what the case says can be mended. What was put before the panel once stays to be read, also
when it is taken out later: a decision names it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, uploads
from app.domain.errors import BadValue, Conflict, NotFound
from app.features.panel.cases import keep_author, read_to_mend
from app.features.panel.records import CaseRecord, read_case
from app.models import PanelAttachment, PanelAttachmentRemoval
from app.uploads import File, MediaType
from app.web.files import Sent

MOST: Final = 20
MOST_TOGETHER: Final = 40_000_000
ANY_KIND: Final = frozenset(MediaType)


async def attach(session: AsyncSession, number: str, sent: Sent | None, *, title: str, actor: str, at: datetime) -> int:
    """Attach a file to a case that can be mended; returns its number. Without a title, its name is one.

    Raises NotFound `unknown-case`, NotAllowed `not-your-case`, WrongState, BadValue `file-missing` or as
    `uploads.check` does, Conflict `order-not-waiting`, `attached-already`, `too-many-attachments`.
    """
    if sent is None:
        raise BadValue("file-missing", "Choose a PDF, or a picture as PNG or JPEG.", field="file")
    file = await uploads.check(sent.content, ANY_KIND)
    case = await read_to_mend(session, number, actor=actor)
    digest = await uploads.keep(session, file, actor=actor, at=at)
    _check_room(case, digest, len(file.content))
    row = {"case_id": case.id, "title": title or sent.name or file.media_type.text, "name": sent.name}
    row |= {"sha256": digest, "size_bytes": len(file.content), "pages": file.pages}
    made = await session.execute(
        insert(PanelAttachment).values(**row, added_at=at, added_by=actor).returning(col(PanelAttachment.id))
    )
    attachment_id = int(made.scalar_one())
    await keep_author(session, case, actor)
    facts: dict[str, Any] = {"attachment": attachment_id, "sha256": digest}
    await audit.record(session, "panel_attachment_added", case.subject, actor=actor, at=at, **facts)
    return attachment_id


async def take_out(session: AsyncSession, number: str, attachment_id: int, *, actor: str, at: datetime) -> None:
    """Take a file out of a case that can be mended. Of one that the panel had before, the line stays.

    Raises as `attach` does for the case, and NotFound `unknown-attachment`.
    """
    case = await read_to_mend(session, number, actor=actor)
    if attachment_id not in {one["number"] for one in list_attached(case)}:
        raise NotFound("unknown-attachment", "The case has no such attachment.")
    line = {"attachment_id": attachment_id, "taken_out_at": at, "taken_out_by": actor}
    await session.execute(insert(PanelAttachmentRemoval).values(**line))
    await keep_author(session, case, actor)
    facts = {"attachment": attachment_id}
    await audit.record(session, "panel_attachment_taken_out", case.subject, actor=actor, at=at, **facts)


async def fetch(session: AsyncSession, number: str, attachment_id: int, *, actor: str, at: datetime) -> File:
    """A file of a case, for whoever may read the case; the reading is logged as one of the client's record.

    Raises NotFound `unknown-case`, `unknown-attachment`, NotAllowed `not-your-case`.
    """
    case = await read_case(session, number, actor=actor)
    found = next((one for one in list_shown(case) if one["number"] == attachment_id), None)
    if found is None:
        raise NotFound("unknown-attachment", "The case has no such attachment.")
    subject = f"client:{case.row['client_ref']}"
    facts: dict[str, Any] = {"case": case.number, "attachment": attachment_id}
    await audit.record(session, "panel_attachment_read", subject, actor=actor, at=at, **facts)
    return await uploads.fetch(session, found["sha256"])


def list_attached(case: CaseRecord) -> list[Mapping[str, Any]]:
    """What is attached to the case now, as it is kept, in the order in which it came."""
    return [one for one in case.row["attachments"] if not one["taken_out_at"]]


def list_shown(case: CaseRecord) -> list[Mapping[str, Any]]:
    """The same, and what was taken out after the panel had it."""
    return [one for one in case.row["attachments"] if not one["taken_out_at"] or one["was_submitted"]]


def _check_room(case: CaseRecord, digest: str, size: int) -> None:
    there = list_attached(case)
    same = next((one for one in there if one["sha256"] == digest), None)
    if same:
        raise Conflict("attached-already", f"This very file is attached already, as “{same['title']}”.")
    if len(there) >= MOST:
        detail = f"The case has {MOST} attachments, and that is the most. Take one out first, or join some in one PDF."
        raise Conflict("too-many-attachments", detail)
    if size + sum(one["size_bytes"] for one in there) > MOST_TOGETHER:
        detail = f"With this the attachments are larger than {MOST_TOGETHER // 1_000_000} MB together. Make it smaller."
        raise Conflict("too-many-attachments", detail)
