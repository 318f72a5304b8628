"""What people are told about orders, in words. No health data stands in a subject."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import outbox
from app.domain.access import Permission
from app.domain.authority import Authority
from app.domain.dates import in_words
from app.features.ordering.records import OrderRecord
from app.web.who import tell_all_who_may


async def ask_for_signature(
    session: AsyncSession, order: OrderRecord, signers: Iterable[Authority], *, actor: str, at: datetime
) -> None:
    """Tell everybody who can sign the order that it waits."""
    subject = f"Order {order.number} waits for an authoriser"
    body = f"Order {order.number}, made by {order.made_by} for client {order.client_ref}, waits to be authorised. "
    body += "Read it, then authorise or decline it. Whoever comes first decides; the others need do nothing."
    for signer in signers:
        details: dict[str, Any] = {"about": order.subject, "actor": actor, "at": at}
        await outbox.post(
            session, purpose="order_awaits_signature", to=signer.username, subject=subject, body=body, **details
        )


async def nobody_can_sign(session: AsyncSession, order: OrderRecord, *, actor: str, at: datetime) -> None:
    """Tell the managers that an order waits for a signature that nobody may give, or it would wait in silence."""
    body = f"Order {order.number}, made by {order.made_by}, must be authorised, and nobody in its team can do that. "
    body += "Give somebody the authority, or have it lent to somebody, under Prescribers."
    letter = {"purpose": "order_without_signer", "subject": f"Nobody can authorise order {order.number}"}
    letter |= {"body": body, "about": order.subject}
    await tell_all_who_may(session, Permission.KEEP_PRESCRIBERS, letter, actor=actor, at=at)


async def tell_of_dispute(session: AsyncSession, order: OrderRecord, until: date, *, actor: str, at: datetime) -> None:
    """Tell who settles it that an order goes on although it is not agreed who pays."""
    body = f"Order {order.number}, made by {order.made_by}, is provided although it is not agreed who pays. "
    body += f"What it costs is split provisionally. Settle it by {in_words(until)}, under Finance, Funding disputes."
    letter = {"purpose": "funding_disputed", "subject": f"Order {order.number}: who pays is not agreed"}
    letter |= {"body": body, "about": order.subject}
    await tell_all_who_may(session, Permission.SETTLE_FUNDING, letter, actor=actor, at=at)


async def tell_maker(
    session: AsyncSession, order: OrderRecord, what: str, because: str, *, actor: str, at: datetime
) -> None:
    """Tell whoever made the order what became of it, unless it was they who did it."""
    if order.made_by == actor:
        return
    body = f"Order {order.number} for client {order.client_ref} was {what} by {actor}."
    body += f" {because}" if because else ""
    await outbox.post(
        session,
        purpose=f"order_{what.replace(' ', '_')}",
        to=order.made_by,
        subject=f"Order {order.number} was {what}",
        body=body,
        about=order.subject,
        actor=actor,
        at=at,
    )
