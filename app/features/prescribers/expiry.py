"""Warnings of registrations that are about to end; the worker asks for them every day."""

from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import outbox
from app.domain.dates import in_words
from app.features.prescribers.queries import PrescriberRow, list_prescribers
from app.features.prescribers.rules import warning_due

PURPOSE: Final = "registration_ends"
SENDER: Final = "worker"
# Two workers at the same moment would else both find that nobody was told.
ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtext('warn_of_expiring_registrations'))")
TOLD: Final = text("SELECT DISTINCT about FROM message WHERE purpose = :purpose AND about = ANY(:about)")


async def warn_of_expiring_registrations(session: AsyncSession, *, today: date, at: datetime) -> int:
    """Tell prescribers, and those who authorise in their team, 60, 30 and 7 days before a registration ends.

    Each is told once of each of the three; a day on which nobody asked is made up for by the next. Returns how many
    registrations were told of.
    """
    await session.execute(ONE_AT_A_TIME)
    people = [person for person in await list_prescribers(session, today=today) if person.may_sign]
    due = {
        f"registration:{person.username}/{person.registration_expires_on}/{days}": person
        for person in people
        if person.registration_expires_on and (days := warning_due(person.registration_expires_on, today))
    }
    told = set((await session.execute(TOLD, {"purpose": PURPOSE, "about": list(due)})).scalars())
    new = {about: person for about, person in due.items() if about not in told}
    for about, person in new.items():
        await _warn(session, person, people, about=about, at=at)
    return len(new)


async def _warn(
    session: AsyncSession, person: PrescriberRow, people: list[PrescriberRow], *, about: str, at: datetime
) -> None:
    """One message to the person, and one to each of their team who authorises orders."""
    ends = in_words(person.registration_expires_on) if person.registration_expires_on else ""
    body = (
        f"Your registration {person.registration_number} ends on {ends}. After that day you cannot order equipment or "
        "authorise orders. When it is renewed, give the manager of the store its new last day."
    )
    subject = f"Your registration ends on {ends}"
    letter = {"purpose": PURPOSE, "about": about, "actor": SENDER}
    await outbox.post(session, **letter, to=person.username, subject=subject, body=body, at=at)
    subject = f"The registration of {person.name} ends on {ends}"
    body = f"{subject}. After that day they cannot order equipment or authorise orders until it is renewed."
    for colleague in people:
        is_theirs = colleague.team_id == person.team_id and colleague.may_authorise
        if is_theirs and colleague.username != person.username:
            await outbox.post(session, **letter, to=colleague.username, subject=subject, body=body, at=at)
