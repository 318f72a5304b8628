"""Telling members of a panel what is theirs to know: that they count, that they cannot decide, that work has come."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import outbox
from app.domain.dates import in_words
from app.domain.panel_meeting import InterestKind
from app.features.panel.records import CaseRecord


async def tell_present(
    session: AsyncSession,
    usernames: Iterable[str],
    *,
    panel: str,
    held_on: date,
    about: str,
    actor: str,
    at: datetime,
) -> None:
    """Tell each that somebody else put them down as there."""
    subject = f"You are recorded as there at the meeting of {panel} on {in_words(held_on)}"
    body = (
        f"{actor} has recorded that you are at the meeting of {panel} on {in_words(held_on)}. You count for what it "
        "decides until it is recorded that you have left. If you are not there, tell a chair of the panel at once."
    )
    details: dict[str, Any] = {"about": about, "subject": subject, "body": body, "actor": actor, "at": at}
    for username in usernames:
        await outbox.post(session, purpose="panel_member_is_there", to=username, **details)


async def tell_of_interest(
    session: AsyncSession, case: CaseRecord, whose: str, kind: InterestKind, detail: str, *, actor: str, at: datetime
) -> None:
    """Tell a member of an interest that somebody else named for them."""
    if whose == actor:
        return
    subject = f"You cannot decide panel case {case.number}"
    body = (
        f"{actor} has taken down about panel case {case.number}: {kind.text.lower()}. In words: {detail} You do not "
        "decide it, and do not count for its quorum. If this is wrong, tell another chair of the panel."
    )
    details: dict[str, Any] = {"about": case.subject, "subject": subject, "body": body, "actor": actor, "at": at}
    await outbox.post(session, purpose="panel_interest_named", to=whose, **details)


async def tell_of_submission(session: AsyncSession, case: CaseRecord, *, actor: str, at: datetime) -> None:
    """Tell the chairs that a case is to be screened; of an urgent one all members. Not who has an interest in it."""
    urgent = case.row["is_urgent"]
    barred = {one.username for one in case.interests} | {actor}
    subject = f"{'Urgent: ' if urgent else ''}panel case {case.number} is to be screened"
    body = (
        f"Panel case {case.number} for {case.row['panel_name']} was submitted. Look whether it is complete. "
        f"{'It is urgent.' if urgent else ''}"
    ).strip()
    details: dict[str, Any] = {"about": case.subject, "subject": subject[0].upper() + subject[1:], "body": body}
    for one in case.row["members"] or []:
        if not one["is_guest"] and one["username"] not in barred and (urgent or one["is_chair"]):
            to = one["username"]
            await outbox.post(session, purpose="panel_case_to_screen", to=to, **details, actor=actor, at=at)
