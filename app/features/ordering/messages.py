"""What people are told about orders, in words. No health data stands in a subject."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import outbox
from app.domain.authority import Authority
from app.domain.dates import in_words
from app.domain.labels import display
from app.features.ordering.records import OrderRecord
from app.features.ordering.surroundings import OldItem


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


async def stop_use(
    session: AsyncSession, order: OrderRecord, old: OldItem, day: datetime, *, actor: str, at: datetime
) -> str | None:
    """Tell the client's care provider, and the prescriber, that an item must not be used; returns who was told."""
    item = f"{old.product_name}, label {display(old.barcode)}"
    subject = f"Do not use {old.product_name}, label {display(old.barcode)}"
    body = (
        f"From {in_words(day.date())} on, do not use this item with our client {order.client_ref}: {item}. It is not "
        "safe or not right for them any more. Put it out of reach, tell everybody who cares for them, and answer this "
        "message to say that it was done. It stays forbidden until we have fetched it."
    )
    details: dict[str, Any] = {"about": order.subject, "actor": actor, "at": at}
    told = order.care_provider if order.care_provider_email else None
    if order.care_provider_email:
        await outbox.post(
            session,
            purpose="stop_use",
            subject=subject,
            body=body,
            to_email=order.care_provider_email,
            to_name=order.care_provider,
            **details,
        )
    said = f"{told} was sent word by e-mail. Make sure that they answer." if told else _nobody_to_tell(order)
    own = f"You asked that {item} is not used any more at client {order.client_ref}. {said}"
    await outbox.post(session, purpose="stop_use_given", subject=subject, body=own, to=order.made_by, **details)
    return told


def _nobody_to_tell(order: OrderRecord) -> str:
    if order.care_provider:
        return f"There is no e-mail address for {order.care_provider}: ring them today, and record who was told."
    return "No care provider is on the client's record: tell whoever cares for them today, and record who was told."
