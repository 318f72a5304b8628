"""Reminds those who handle safety notices of deadlines: once a deadline and threshold, however often it runs."""

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.access import Permission
from app.domain.dates import in_words
from app.domain.safety_notices import (
    OPEN,
    OVERDUE,
    REMIND_DAYS_BEFORE,
    Clock,
    Deadlines,
    NoticeState,
    clocks,
    furthest_day,
    threshold_of,
)
from app.web.who import tell_all_who_may

DUE = text("""
    SELECT notice.id, notice.reference, notice.title, notice.state, notice.underway_by, notice.complete_by,
           notice.own_target_on, EXISTS (SELECT FROM safety_notice_action WHERE notice_id = notice.id) AS is_underway
    FROM safety_notice AS notice
    WHERE notice.state = ANY(:states)
      AND LEAST(notice.underway_by, notice.complete_by, notice.own_target_on) <= :until
    ORDER BY notice.id
""")
# The thresholds that lie behind count as told, so that a notice that came late is told of once.
CLAIM = text("""
    WITH kept AS (
        INSERT INTO safety_notice_reminder (notice_id, deadline, due_on, threshold, sent_at)
        SELECT :notice_id, :deadline, :due_on, threshold, :at FROM unnest(CAST(:thresholds AS int[])) AS threshold
        ON CONFLICT DO NOTHING RETURNING threshold
    )
    SELECT count(*) FROM kept WHERE threshold = :now
""")


async def remind_of_notice_deadlines(session: AsyncSession, *, today: date, actor: str, at: datetime) -> int:
    """Write seven days before, the day before, and when it is over; returns how many deadlines were told of."""
    states = sorted(OPEN)
    rows = (await session.execute(DUE, {"states": states, "until": furthest_day(today)})).all()
    told = 0
    for row in rows:
        days = Deadlines(row.underway_by, row.complete_by, row.own_target_on)
        for clock in clocks(NoticeState(row.state), days, is_underway=row.is_underway, today=today):
            threshold = threshold_of(clock.days_left)
            if threshold is not None and await _claim(session, row.id, clock, threshold, at):
                await _tell(session, row.reference, row.title, clock, actor=actor, at=at)
                told += 1
    return told


async def _claim(session: AsyncSession, notice_id: int, clock: Clock, threshold: int, at: datetime) -> bool:
    behind = [days for days in (OVERDUE, *REMIND_DAYS_BEFORE) if days >= threshold]
    values = {"notice_id": notice_id, "deadline": clock.kind.value, "due_on": clock.due_on, "thresholds": behind}
    return bool(await session.scalar(CLAIM, values | {"now": threshold, "at": at}))


async def _tell(session: AsyncSession, reference: str, title: str, clock: Clock, *, actor: str, at: datetime) -> None:
    subject = f"{reference}: {clock.kind.text.lower()} {clock.text}"
    body = (
        f"Safety notice {reference}, “{title}”.\n\n{clock.kind.text}: by {in_words(clock.due_on)} ({clock.text}).\n\n"
        "Open it under “Safety notices” to see what is still to be done. If the issuer has given more time, enter the "
        "new day there as a new version."
    )
    about = f"safety_notice:{reference}"
    letter = {"purpose": "notice_deadline", "subject": subject, "body": body, "about": about}
    await tell_all_who_may(session, Permission.HANDLE_SAFETY_NOTICES, letter, actor=actor, at=at)
