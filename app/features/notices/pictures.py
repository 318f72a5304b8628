"""The pictures beside the questions of a notice: what somebody who looks at an item should look for."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit, uploads
from app.domain.errors import BadValue, NotFound
from app.models import NoticePicture
from app.uploads import PICTURES, File

NEWEST = text("""
    SELECT DISTINCT ON (question) question, sha256, alt FROM notice_picture
    WHERE notice_id = :notice_id ORDER BY question, id DESC
""")
BELONGS = text("SELECT EXISTS (SELECT FROM notice_picture WHERE notice_id = :notice_id AND sha256 = :sha256)")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, by the SHA-256 of its file, and the same in words."""

    sha256: str
    alt: str


async def list_pictures(session: AsyncSession, notice_id: int) -> dict[str, Picture]:
    """The newest picture of each question that has one. One statement."""
    rows = await session.execute(NEWEST, {"notice_id": notice_id})
    return {row.question: Picture(row.sha256, row.alt) for row in rows}


async def add_picture(
    session: AsyncSession,
    notice_id: int,
    reference: str,
    question: str,
    content: bytes,
    *,
    alt: str,
    actor: str,
    at: datetime,
) -> str:
    """Put a picture beside a question, in the place of one that stands there; returns the SHA-256 of its file.

    Raises BadValue `alt-missing`, or what `uploads.check` finds.
    """
    if not alt:
        detail = "Write what the picture shows, for those who cannot see it and where it cannot be loaded."
        raise BadValue("alt-missing", detail, field="alt")
    file = await uploads.check(content, PICTURES)
    digest = await uploads.keep(session, file, actor=actor, at=at)
    row = {"notice_id": notice_id, "question": question, "sha256": digest, "alt": alt}
    await session.execute(insert(NoticePicture).values(**row, added_at=at, added_by=actor))
    subject = f"safety_notice:{reference}"
    await audit.record(session, "notice_picture_added", subject, actor=actor, at=at, question=question, sha256=digest)
    return digest


async def fetch_picture(session: AsyncSession, notice_id: int, digest: str) -> File:
    """A picture of this notice, also one that others have taken the place of. Raises NotFound `unknown-file`."""
    if not await session.scalar(BELONGS, {"notice_id": notice_id, "sha256": digest}):
        raise NotFound("unknown-file", "This notice has no such picture.")
    return await uploads.fetch(session, digest)
