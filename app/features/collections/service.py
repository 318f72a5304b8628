"""Calling back: collections are asked for, agreed, planned, visited in vain, and called off."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, bereavement, fetching, ledger
from app.charging_apart import InVain, charge_visit_in_vain
from app.domain.collecting import check_visit_day
from app.domain.dates import in_words, uk_date
from app.domain.errors import BadValue, Conflict, NotFound
from app.domain.lifecycle import Move
from app.domain.loans import CollectionSpeed, LoanKind
from app.domain.promises import WorkingTimes
from app.fetching import Lent
from app.models import Client, Collection, CollectionLine, CollectionVisit

LONGEST_AHEAD = timedelta(days=366)

# Whoever records a death goes first, or waits.
HAS_DIED = text("SELECT died_on IS NOT NULL FROM client WHERE id = :client_id FOR SHARE")
OPEN_LINES = text("""
    SELECT line.id, item.barcode, loan.kind
    FROM collection JOIN collection_line AS line ON line.collection_id = collection.id
    JOIN item ON item.id = line.item_id JOIN loan ON loan.id = line.loan_id
    WHERE collection.number = :number AND line.collected_at IS NULL AND line.cancelled_at IS NULL
    ORDER BY item.barcode
""")
OPEN_LOANS = text("""
    SELECT item.id, item.barcode, loan.id AS loan_id FROM loan JOIN item ON item.id = loan.item_id
    WHERE item.barcode = ANY(:barcodes) AND loan.client_id = :client_id AND loan.ended_at IS NULL
""")
OPEN_COLLECTION = text("""
    SELECT id, requested_at, contact_name, is_bereavement, list_agreed_at,
           EXISTS (SELECT FROM client WHERE client.id = collection.client_id AND died_on IS NOT NULL) AS has_died,
           EXISTS (SELECT FROM collection_line AS line WHERE line.collection_id = collection.id
                   AND line.collected_at IS NULL AND line.cancelled_at IS NULL) AS is_open
    FROM collection WHERE number = :number FOR UPDATE
""")


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom the store speaks to about a collection. After a death that is one person, and nobody else is rung.

    `died_on`: the day of the death, where it is known.
    """

    name: str = ""
    phone: str = ""
    is_bereavement: bool = False
    has_agreed_list: bool = False
    died_on: date | None = None


NOBODY = Contact()


async def request_collection(
    session: AsyncSession,
    client_ref: str,
    barcodes: Sequence[str],
    *,
    reason: str,
    speed: CollectionSpeed,
    contact: Contact = NOBODY,
    actor: str,
    at: datetime,
) -> str:
    """Ask for items to be fetched from a client, all or none; returns the collection's number.

    After a death, that is recorded as well, unless it is already: what had not come yet is called off. Where it is
    recorded, every collection is one after a death, whatever was said.
    Raises NotFound `unknown-client`, BadValue `name-one-contact`, `death-not-said` or for a day that cannot be,
    Conflict `not-with-this-client`, and what the ledger refuses.
    """
    _check_contact(contact)
    client_id = await find_client(session, client_ref)
    if await session.scalar(HAS_DIED, {"client_id": client_id}):
        contact = replace(contact, is_bereavement=True)
        _check_contact(contact)
    if contact.is_bereavement:
        await bereavement.record(session, client_id, contact.died_on, actor=actor, at=at)
    here = await _on_loan_here(session, client_id, barcodes)
    agreed = {"list_agreed_at": at, "list_agreed_by": actor} if contact.has_agreed_list else {}
    whom = {
        "contact_name": contact.name,
        "contact_phone": contact.phone,
        "is_bereavement": contact.is_bereavement,
        **agreed,
    }
    items = [Lent(row.id, row.loan_id, row.barcode) for row in here]
    details: dict[str, Any] = {"reason": reason, "speed": speed, "contact": whom, "actor": actor, "at": at}
    asked = await fetching.request_collection(session, client_id, items, **details)
    return asked.number


async def agree_list(session: AsyncSession, number: str, *, actor: str, at: datetime) -> None:
    """The contact has agreed to the list of what is fetched.

    Raises NotFound `unknown-collection`, Conflict `collection-is-over` or `list-agreed-already`.
    """
    found = await _open_collection(session, number)
    if found.list_agreed_at:
        raise Conflict("list-agreed-already", "The list of this collection is agreed already.")
    await _change(session, found.id, list_agreed_at=at, list_agreed_by=actor)
    await audit.record(session, "collection_list_agreed", f"collection:{number}", actor=actor, at=at)


async def schedule(
    session: AsyncSession, number: str, on: date, *, times: WorkingTimes, actor: str, at: datetime
) -> None:
    """Plan the visit for a day; a planned one moves to it.

    Raises NotFound `unknown-collection`, BadValue (`scheduled-in-the-past`, `scheduled-too-far-ahead`,
    `not-a-working-day`), Conflict `collection-is-over`, after a death `agree-the-list-first`, and
    `client-has-died` where it was asked for before that.
    """
    today = uk_date(at)
    if on < today:
        raise BadValue("scheduled-in-the-past", "Choose today or a later day.", field="on")
    if on > today + LONGEST_AHEAD:
        raise BadValue("scheduled-too-far-ahead", "Choose a day within a year.", field="on")
    check_visit_day(on, times)
    found = await _open_collection(session, number)
    if found.has_died and not found.is_bereavement:
        detail = "The client has died since. Call this collection off, and ask for it anew, with one contact."
        raise Conflict("client-has-died", detail)
    if found.is_bereavement and not found.list_agreed_at:
        detail = f"Agree the list of what is fetched with {found.contact_name} first. Then plan the visit."
        raise Conflict("agree-the-list-first", detail)
    await _change(session, found.id, scheduled_on=on)
    await audit.record(session, "collection_scheduled", f"collection:{number}", actor=actor, at=at, on=on.isoformat())


async def fail(
    session: AsyncSession, number: str, *, reason: str, visited_at: datetime | None, actor: str, at: datetime
) -> None:
    """A visit came back without what it was to fetch: the reason is kept, and another day must be planned.

    Raises NotFound `unknown-collection`, BadValue `visited-when`, Conflict `collection-is-over`.
    """
    visited_at = visited_at or at
    found = await _open_collection(session, number)
    if not found.requested_at <= visited_at <= at:
        asked = in_words(uk_date(found.requested_at))
        detail = f"The visit was after the collection was requested, on {asked}, and not later than now."
        raise BadValue("visited-when", detail, field="visited_at")
    visit = {"visited_at": visited_at, "failed_because": reason, "recorded_at": at, "recorded_by": actor}
    await session.execute(insert(CollectionVisit).values(collection_id=found.id, **visit))
    await charge_visit_in_vain(session, InVain.COLLECTION, found.id, visited_at=visited_at, actor=actor, at=at)
    await _change(session, found.id, scheduled_on=None)
    await audit.record(session, "collection_visit_failed", f"collection:{number}", actor=actor, at=at)


async def cancel_collection(session: AsyncSession, number: str, *, reason: str, actor: str, at: datetime) -> None:
    """Call off what is still to be fetched: loans go on as loans, trials as trials.

    Raises NotFound `unknown-collection`, Conflict `nothing-to-cancel`.
    """
    seen = (await session.execute(OPEN_LINES, {"number": number})).all()
    # Items are locked before their lines everywhere, so the lines are read again once nobody can collect them.
    await ledger.read_items(session, [line.barcode for line in seen], lock=True)
    lines = (await session.execute(OPEN_LINES, {"number": number})).all()
    if not lines:
        if await session.scalar(select(col(Collection.id)).where(col(Collection.number) == number)) is None:
            raise unknown_collection()
        raise Conflict("nothing-to-cancel", "Everything on this collection was collected or cancelled already.")
    details: dict[str, Any] = {"actor": actor, "at": at, "reason": reason, "reference": f"collection {number}"}
    for kind, how in ((LoanKind.LOAN, Move.CANCEL_COLLECTION), (LoanKind.TRIAL, Move.START_TRIAL)):
        barcodes = [line.barcode for line in lines if line.kind == kind]
        _, refused = await ledger.move(session, barcodes, how, **details) if barcodes else ([], [])
        if refused:
            raise refused[0].error
    cancelled = {"cancelled_at": at, "cancelled_by": actor}
    await session.execute(
        update(CollectionLine).where(col(CollectionLine.id).in_([line.id for line in lines])).values(**cancelled)
    )


async def find_client(session: AsyncSession, client_ref: str) -> int:
    """The client's id. Raises NotFound `unknown-client`."""
    same = func.upper(col(Client.client_ref)) == func.upper(client_ref)
    client_id = await session.scalar(select(col(Client.id)).where(same))
    if client_id is None:
        raise NotFound("unknown-client", "There is no client with this reference.", field="client_ref")
    return client_id


def unknown_collection() -> NotFound:
    """What is said when no collection has the number."""
    return NotFound("unknown-collection", "There is no collection with this number.", field="number")


def _check_contact(contact: Contact) -> None:
    if not contact.is_bereavement:
        if contact.died_on:
            detail = "A day of death goes with a collection after a death (is_bereavement), and only with that."
            raise BadValue("death-not-said", detail, field="died_on")
        return
    for value, field, what in (
        (contact.name, "contact_name", "the name of the one person whom the store is to speak to"),
        (contact.phone, "contact_phone", "the phone number of the one person whom the store is to speak to"),
    ):
        if not value:
            raise BadValue("name-one-contact", f"After a death, give {what}.", field=field)


async def _on_loan_here(session: AsyncSession, client_id: int, barcodes: Sequence[str]) -> Sequence[Any]:
    here = (await session.execute(OPEN_LOANS, {"barcodes": list(barcodes), "client_id": client_id})).all()
    elsewhere = sorted(set(barcodes) - {row.barcode for row in here})
    if elsewhere:
        detail = f"This client does not have {', '.join(elsewhere)} on loan. Look at their equipment list."
        raise Conflict("not-with-this-client", detail, field="barcodes")
    return here


async def _open_collection(session: AsyncSession, number: str) -> Any:
    found = (await session.execute(OPEN_COLLECTION, {"number": number})).one_or_none()
    if found is None:
        raise unknown_collection()
    if not found.is_open:
        detail = "This collection is over: everything on it was collected or called off."
        raise Conflict("collection-is-over", detail)
    return found


async def _change(session: AsyncSession, collection_id: int, **values: Any) -> None:
    await session.execute(update(Collection).where(col(Collection.id) == collection_id).values(**values))
