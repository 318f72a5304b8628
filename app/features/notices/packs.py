"""The evidence of a closed notice stands as it was when two people closed it; what came after that is told apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import NotFound
from app.domain.labels import display
from app.domain.notice_acts import without_names
from app.features.notices.evidence import Covered, Done, Pack, list_covered, list_done, read_pack
from app.models import NoticePack

FROZEN = text("""
    SELECT closing.closed_at, pack.content, pack.sha256 FROM safety_notice AS notice
    JOIN LATERAL (SELECT id, closed_at FROM notice_closing WHERE notice_id = notice.id ORDER BY id DESC LIMIT 1)
      AS closing ON true
    JOIN notice_pack AS pack ON pack.closing_id = closing.id
    WHERE notice.id = :notice_id AND notice.state = 'closed'
""")
VERSIONS_SINCE = text("""
    SELECT number, change_note, received_at, received_by FROM safety_notice_version
    WHERE notice_id = :notice_id AND number > :after ORDER BY number
""")
NOTES = text("""
    SELECT act.id, act.notes, item.barcode,
           ARRAY(SELECT client.name FROM loan JOIN client ON client.id = loan.client_id
                 WHERE loan.item_id = match.item_id ORDER BY loan.id) AS names
    FROM notice_match_action AS act JOIN notice_match AS match ON match.id = act.match_id
    JOIN item ON item.id = match.item_id
    WHERE match.notice_id = :notice_id AND act.notes <> '' ORDER BY act.id LIMIT :limit
""")
WRONG = text("""
    SELECT pack.closing_id, pack.content, pack.sha256, EXISTS (
        SELECT FROM audit_event WHERE action = 'safety_notice_closed' AND detail->>'evidence' = pack.sha256
    ) AS is_signed
    FROM notice_pack AS pack ORDER BY pack.closing_id
""")
MOST_NOTES: Final = 2000
AS_JSON: Final = TypeAdapter(Pack)


@dataclass(frozen=True, slots=True)
class Note:
    """What staff wrote about one item, or the same about many: with names taken out, as it goes into the pack."""

    notes: str
    barcode: str
    times: int


@dataclass(frozen=True, slots=True)
class Notes:
    """Notes that go into the pack; `seen`: up to which line whoever closes has them before their eyes."""

    notes: list[Note]
    seen: int


@dataclass(frozen=True, slots=True)
class Since:
    """What came after the closing: who did what, and when; and items that were caught then."""

    rows: Sequence[tuple[datetime, str, str]]
    items: Sequence[Covered]


@dataclass(frozen=True, slots=True)
class Handed:
    """What is handed over: the pack, as of when. Of a closed notice with its hash, and what came since."""

    pack: Pack
    as_of: datetime
    sha256: str | None = None
    since: Since | None = None


async def list_notes(session: AsyncSession, notice_id: int) -> Notes:
    """The notes that whoever closes the notice must read, those that are the same together. One statement."""
    rows = (await session.execute(NOTES, {"notice_id": notice_id, "limit": MOST_NOTES})).all()
    found: dict[str, Note] = {}
    for row in rows:
        notes = without_names(row.notes, row.names)
        times = found[notes].times + 1 if notes in found else 1
        found[notes] = Note(notes, found[notes].barcode if notes in found else row.barcode, times)
    return Notes(list(found.values()), rows[-1].id if rows else 0)


async def freeze(session: AsyncSession, notice_id: int, closing_id: int, *, today: date) -> str:
    """Keep the evidence as it is at this instant, with the notes of staff but for names that we know; returns its
    SHA-256. The caller has closed the notice and holds its row."""
    pack = await read_pack(session, notice_id, with_notes=True, today=today)
    content = AS_JSON.dump_json(pack).decode()
    digest = sha256(content.encode()).hexdigest()
    await session.execute(insert(NoticePack).values(closing_id=closing_id, content=content, sha256=digest))
    return digest


async def hand_over(session: AsyncSession, notice_id: int, *, today: date, at: datetime) -> Handed:
    """The evidence: of a closed notice as it was frozen, else as it is now. Raises NotFound `unknown-notice`."""
    row = (await session.execute(FROZEN, {"notice_id": notice_id})).one_or_none()
    if row is None:
        return Handed(await read_pack(session, notice_id, today=today), at)
    pack = AS_JSON.validate_json(row.content)
    return Handed(pack, row.closed_at, row.sha256, await _since(session, notice_id, pack, row.closed_at))


async def get_sha256(session: AsyncSession, notice_id: int) -> str | None:
    """Of what is kept of a closed notice. One statement."""
    row = (await session.execute(FROZEN, {"notice_id": notice_id})).one_or_none()
    return row.sha256 if row else None


async def get_frozen(session: AsyncSession, notice_id: int) -> str:
    """The evidence of a closed notice as it was kept, byte for byte. Raises NotFound `not-frozen`."""
    row = (await session.execute(FROZEN, {"notice_id": notice_id})).one_or_none()
    if row is None:
        raise NotFound("not-frozen", "The evidence of a notice is kept when it is closed. This one has none.")
    content: str = row.content
    return content


async def verify_packs(session: AsyncSession) -> tuple[int, int | None]:
    """How many packs there are, and the first closing whose pack is not what was signed."""
    rows = (await session.execute(WRONG)).all()
    for row in rows:
        if sha256(row.content.encode()).hexdigest() != row.sha256 or not row.is_signed:
            return len(rows), row.closing_id
    return len(rows), None


async def _since(session: AsyncSession, notice_id: int, pack: Pack, closed_at: datetime) -> Since:
    done = await list_done(session, notice_id, after=max((one.id for one in pack.done), default=0))
    rows = [(one.at, one.by, _in_words(one)) for one in done]
    values = {"notice_id": notice_id, "after": pack.notice.version}
    rows += [
        (row.received_at, row.received_by, f"Version {row.number} of the notice. {row.change_note}".strip())
        for row in await session.execute(VERSIONS_SINCE, values)
    ]
    known = {item.barcode for item in pack.items}
    covered = await list_covered(session, notice_id)
    caught = [
        one for one in covered if one.barcode not in known or (one.is_after_closing and one.found_at >= closed_at)
    ]
    return Since(sorted(rows), caught)


def _in_words(done: Done) -> str:
    answers = "".join(f" {question} {'Yes' if is_so else 'No'}." for question, is_so in done.answers.items())
    said = "".join(f" {words}" for words in (*done.seen, done.notes) if words)
    return f"{display(done.barcode)}: {done.action.text.lower()}.{answers}{said}"
