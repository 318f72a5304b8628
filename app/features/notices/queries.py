"""Reads of safety notices."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import BadValue, NotFound
from app.domain.safety_notices import IN_HAND, Deadlines, NoticeState, clocks
from app.features.notices.schemas import ActionOut, ClockBody, NoticeBody, NoticeRow, TriageOut, VersionOut
from app.features.notices.service import unknown_notice


class Show(StrEnum):
    """Which notices a page lists."""

    TRIAGE = "triage"
    IN_HAND = "in_hand"
    ALL = "all"


# What waits for triage is ranked by how likely it concerns us, before all that does not.
NOTICE = """
    SELECT * FROM (
        SELECT notice.id, reference, kind, title, issuer, issued_on, source_url, state, version, is_withdrawn,
               COALESCE(triaged_version < version, false) AS changed_since_triage, to_triage, underway_by, complete_by,
               own_target_on, likelihood, found, received_at, received_by, base_path,
               EXISTS (SELECT FROM safety_notice_action WHERE notice_id = notice.id) AS is_underway,
               CASE WHEN to_triage THEN likelihood ELSE -1 END AS rank
        FROM safety_notice AS notice CROSS JOIN LATERAL (
            VALUES (state = 'received' OR COALESCE(triaged_version < version, false))
        ) AS waits (to_triage)
    ) AS notice
"""
LIST = text(f"""{NOTICE}
    WHERE (CAST(:states AS text[]) IS NULL OR state = ANY(:states)) AND (to_triage OR NOT CAST(:to_triage AS boolean))
      AND (CAST(:after_id AS bigint) IS NULL OR (rank, id) < (CAST(:after_rank AS int), CAST(:after_id AS bigint)))
    ORDER BY rank DESC, id DESC LIMIT :limit
""")
ONE = text(f"{NOTICE} WHERE id = :id")
TEXT = text("""
    SELECT said.summary, said.body_html,
           ARRAY(SELECT other.reference FROM safety_notice AS other
                 WHERE other.base_path = notice.base_path AND other.id <> notice.id ORDER BY other.id
           ) AS same_publication
    FROM safety_notice AS notice
    JOIN safety_notice_version AS said ON said.notice_id = notice.id AND said.number = notice.version
    WHERE notice.id = :id
""")
VERSIONS = text("""
    SELECT number, source, public_updated_at, payload_sha256, is_whole, title, change_note, changes, received_at,
           received_by, underway_by, complete_by, own_target_on
    FROM safety_notice_version WHERE notice_id = :id ORDER BY number DESC
""")
TRIAGE = text("""
    SELECT version, decision, reason, search, decided_at, decided_by
    FROM safety_notice_triage WHERE notice_id = :id ORDER BY id DESC
""")
ACTIONS = text("""
    SELECT id, action, owner, due_on, asked_at, asked_by, done_at, done_by, done_note,
           done_at IS NULL AND due_on < :today AS is_overdue
    FROM safety_notice_action WHERE notice_id = :id ORDER BY done_at IS NOT NULL, due_on, id
""")
PAYLOAD = text("""
    SELECT payload.content FROM safety_notice_version AS said
    JOIN safety_notice_payload AS payload ON payload.sha256 = said.payload_sha256
    WHERE said.notice_id = :id AND said.number = :number
""")
POLL = text("SELECT tried_at, succeeded_at, failure FROM safety_notice_poll")


@dataclass(frozen=True, slots=True)
class Poll:
    """When GOV.UK was asked last, when that went well last, and what went wrong since."""

    tried_at: datetime | None
    succeeded_at: datetime | None
    failure: str


def cursor_of(row: NoticeRow) -> str:
    """Where a page of the list ends."""
    return f"{row.likelihood if row.to_triage else -1}.{row.id}"


async def list_notices(
    session: AsyncSession,
    *,
    today: date,
    state: NoticeState | None = None,
    show: Show = Show.ALL,
    after: str | None = None,
    limit: int = 50,
) -> list[NoticeRow]:
    """Notices: what waits for triage first, likely relevant first, then the newest; `limit + 1` of them. One statement.

    Raises BadValue `bad-cursor`.
    """
    states = [state.value] if state else sorted(IN_HAND) if show is Show.IN_HAND else None
    rank, last = _cursor(after)
    values = {"states": states, "to_triage": show is Show.TRIAGE, "after_rank": rank, "after_id": last}
    rows = (await session.execute(LIST, values | {"limit": limit + 1})).mappings()
    return [NoticeRow(**_facts(row, today)) for row in rows]


async def get_notice(session: AsyncSession, notice_id: int, *, today: date) -> NoticeBody:
    """One notice with everything that belongs to it. Raises NotFound `unknown-notice`. Five statements."""
    row = (await session.execute(ONE, {"id": notice_id})).mappings().one_or_none()
    if row is None:
        raise unknown_notice()
    values = {"id": notice_id}
    return NoticeBody(
        **_facts(row, today),
        **(await session.execute(TEXT, values)).mappings().one(),
        versions=[VersionOut(**one) for one in (await session.execute(VERSIONS, values)).mappings()],
        triage=[TriageOut(**one) for one in (await session.execute(TRIAGE, values)).mappings()],
        organisation_actions=[
            ActionOut(**one) for one in (await session.execute(ACTIONS, values | {"today": today})).mappings()
        ],
    )


async def get_payload(session: AsyncSession, notice_id: int, number: int) -> bytes:
    """What was received as this version, byte for byte. Raises NotFound `no-payload`."""
    content: bytes | None = await session.scalar(PAYLOAD, {"id": notice_id, "number": number})
    if content is None:
        raise NotFound("no-payload", "Nothing was received for this version: somebody entered other days by hand.")
    return content


async def read_poll(session: AsyncSession) -> Poll:
    """How the last poll went."""
    row = (await session.execute(POLL)).one()
    return Poll(row.tried_at, row.succeeded_at, row.failure)


def _facts(row: Any, today: date) -> dict[str, Any]:
    facts = dict(row)
    days = Deadlines(row["underway_by"], row["complete_by"], row["own_target_on"])
    running = clocks(NoticeState(row["state"]), days, is_underway=row["is_underway"], today=today)
    facts["clocks"] = [
        ClockBody(deadline=clock.kind, due_on=clock.due_on, days_left=clock.days_left, text=clock.text)
        for clock in running
    ]
    return facts


def _cursor(after: str | None) -> tuple[int | None, int | None]:
    if not after:
        return None, None
    rank, _, last = after.partition(".")
    numbers = [rank.removeprefix("-"), last]
    if not all(number.isascii() and number.isdigit() and len(number) < 10 for number in numbers):
        raise BadValue("bad-cursor", "`after` must be the `next` of the page before.", field="after")
    return int(rank), int(last)
