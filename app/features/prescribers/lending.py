"""Lending authority: one prescriber's in another's hands from one day to another."""

from datetime import date, datetime
from typing import Final

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, outbox
from app.domain import authority
from app.domain.access import Actor, Permission
from app.domain.dates import in_words, uk_date
from app.domain.errors import BadValue, Conflict, NotAllowed, NotFound
from app.features.prescribers import queries, rules
from app.features.prescribers.queries import DelegationRow, PrescriberRow
from app.features.prescribers.schemas import NewDelegation
from app.models import Delegation
from app.web.who import who_can

# In one order, so that two delegations between the same people wait for each other and cannot block each other.
LOCK_BOTH: Final = text("""
    SELECT prescriber.account_id FROM prescriber JOIN account ON account.id = prescriber.account_id
    WHERE account.username IN (:lender, :receiver) ORDER BY prescriber.account_id FOR UPDATE OF prescriber
""")


async def lend_authority(session: AsyncSession, new: NewDelegation, *, actor: Actor, at: datetime) -> int:
    """Lend somebody's authority; returns the number of the delegation. The receiver is told, and so is a lender on
    whose behalf it was done.

    Raises NotAllowed `not-yours-to-lend`, BadValue `not-a-prescriber`, and what `rules.check_lending` does.
    """
    lender_name = new.from_username or actor.username
    await _check_may_speak_for(session, actor, lender_name, today=uk_date(at))
    today = uk_date(at)
    await session.execute(LOCK_BOTH, {"lender": lender_name, "receiver": new.to_username})
    lender = await _party(session, lender_name, today, "from_username")
    receiver = await _party(session, new.to_username, today, "to_username")
    wanted = authority.Delegation(lender.username, receiver.username, new.from_on, new.until_on)
    lent = await queries.list_delegations(session, today=today, username=lender.username, is_open=True)
    others = queries.as_rules(lent)
    rules.check_lending(lender.authority(), receiver.authority(), wanted, others=others, today=today)
    values = {
        "from_account_id": lender.account_id,
        "to_account_id": receiver.account_id,
        "from_on": new.from_on,
        "until_on": new.until_on,
        "reason": new.reason,
        "made_at": at,
        "made_by": actor.username,
    }
    made = await session.execute(insert(Delegation).values(**values).returning(col(Delegation.id)))
    delegation_id: int = made.scalar_one()
    await audit.record(
        session,
        "authority_lent",
        f"delegation:{delegation_id}",
        actor=actor.username,
        at=at,
        lender=lender.username,
        receiver=receiver.username,
        from_on=new.from_on.isoformat(),
        until_on=new.until_on.isoformat(),
    )
    row = await queries.get_delegation(session, delegation_id, today=today)
    await _tell_of_lending(session, row, actor=actor, at=at)
    return delegation_id


async def end_lending(session: AsyncSession, delegation_id: int, *, actor: Actor, at: datetime) -> DelegationRow:
    """End a delegation before its last day, at once. The receiver is told.

    Raises NotFound `unknown-delegation`, NotAllowed `not-yours-to-lend`, Conflict `already-ended`.
    """
    row = await queries.get_delegation(session, delegation_id, today=uk_date(at))
    if actor.username not in {row.from_username, row.to_username} and not actor.may(Permission.KEEP_PRESCRIBERS):
        # To others it is as if it were not there: why somebody is away is nobody else's business.
        raise NotFound("unknown-delegation", "There is no delegation with this number among those that you may see.")
    await _check_may_speak_for(session, actor, row.from_username, today=uk_date(at))
    ended = update(Delegation).where(col(Delegation.id) == delegation_id, col(Delegation.ended_at).is_(None))
    values = {"ended_at": at, "ended_by": actor.username}
    done = (await session.execute(ended.values(**values).returning(col(Delegation.id)))).scalar_one_or_none()
    if not row.is_open or done is None:
        detail = "This delegation has ended already. Nothing needs to be done."
        raise Conflict("already-ended", detail, field="delegation_id")
    subject = f"delegation:{delegation_id}"
    who = {"lender": row.from_username, "receiver": row.to_username}
    await audit.record(session, "lending_ended", subject, actor=actor.username, at=at, **who)
    await outbox.post(
        session,
        purpose="lending_ended",
        subject=f"You no longer have the authority of {row.from_name}",
        body=f"{actor.name} has ended it. You can no longer authorise orders on behalf of {row.from_name}.",
        to=row.to_username,
        about=subject,
        actor=actor.username,
        at=at,
    )
    return row


async def _check_may_speak_for(session: AsyncSession, actor: Actor, lender: str, *, today: date) -> None:
    if actor.username != lender and not actor.may(Permission.KEEP_PRESCRIBERS):
        who = await who_can(session, Permission.KEEP_PRESCRIBERS, today=today)
        detail = f"This is not your authority: {lender} lends it, or the manager on their behalf. {who}"
        raise NotAllowed("not-yours-to-lend", detail)


async def _party(session: AsyncSession, username: str, today: date, field: str) -> PrescriberRow:
    """The lender or the receiver. What is unknown and what is closed are told alike."""
    row = await queries.find_prescriber(session, username, today=today)
    if row is None or not row.may_sign:
        detail = (
            f"{username} is not set up as a prescriber, or their account is closed. Choose somebody who prescribes."
        )
        raise BadValue("not-a-prescriber", detail, field=field)
    return row


async def _tell_of_lending(session: AsyncSession, row: DelegationRow, *, actor: Actor, at: datetime) -> None:
    """Tell the receiver, and the lender when somebody else did it. The reason stays with the delegation."""
    days = f"from {in_words(row.from_on)} to {in_words(row.until_on)}, both days included"
    about = f"delegation:{row.id}"
    await outbox.post(
        session,
        purpose="authority_lent",
        subject=f"{row.from_name} has lent you their authority",
        body=f"You can authorise orders on behalf of {row.from_name} {days}. What you sign says so.",
        to=row.to_username,
        about=about,
        actor=actor.username,
        at=at,
    )
    if actor.username == row.from_username:
        return
    await outbox.post(
        session,
        purpose="authority_lent",
        subject=f"Your authority is lent to {row.to_name}",
        body=f"{actor.name} has arranged that {row.to_name} can authorise orders on your behalf {days}.",
        to=row.from_username,
        about=about,
        actor=actor.username,
        at=at,
    )
