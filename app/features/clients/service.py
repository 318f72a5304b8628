"""Keeping clients' records. Each reading of one is logged here too, in the reader's transaction."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.dates import uk_date
from app.domain.errors import BadValue, Conflict, NotFound, Stale
from app.features.clients.access_notes import decrypt, encrypt
from app.features.clients.schemas import ClientBody, ClientChange, NewClient
from app.models import Client, ClientAccess

OLDEST_BIRTH = date(1900, 1, 1)

READ = text("""
    SELECT client.*, client_access.notes_encrypted
    FROM client LEFT JOIN client_access ON client_access.client_id = client.id
    WHERE client.client_ref = :client_ref
""")


async def add_client(session: AsyncSession, new: NewClient, *, secret: str, actor: str, at: datetime) -> None:
    """Add a client.

    Raises Conflict `duplicate-client-ref` or `duplicate-nhs-number`, BadValue `date-in-the-future` or `date-too-old`.
    """
    _check_birth(new.date_of_birth, today=uk_date(at))
    await _check_free(session, new.client_ref, new.nhs_number)
    values = new.model_dump(exclude={"access_notes"}) | {"created_at": at, "created_by": actor}
    added = insert(Client).values(**values).returning(col(Client.id))
    client_id = (await session.execute(added)).scalar_one()
    await _write_access_notes(session, client_id, new.access_notes, secret=secret)
    await audit.record(session, "client_added", f"client:{new.client_ref}", actor=actor, at=at)


async def change_client(
    session: AsyncSession,
    client_ref: str,
    change: ClientChange,
    *,
    version: int,
    secret: str,
    actor: str,
    at: datetime,
) -> None:
    """Change what `change` sets of a client as read at `version`. Raises NotFound, Stale and what `add_client` does."""
    fields: dict[str, Any] = change.model_dump(exclude_unset=True)
    _check_birth(fields.get("date_of_birth"), today=uk_date(at))
    values = {name: value for name, value in fields.items() if name != "access_notes"}
    changed = (
        update(Client)
        .where(col(Client.client_ref) == client_ref, col(Client.version) == version)
        .values(**values, version=version + 1)
        .returning(col(Client.id))
    )
    client_id = (await session.execute(changed)).scalar_one_or_none()
    if client_id is None:
        if await session.scalar(select(col(Client.id)).where(col(Client.client_ref) == client_ref)) is None:
            raise _unknown()
        raise Stale("stale", "Somebody changed this client since you read it. Read it again, then change it.")
    if "access_notes" in fields:
        await _write_access_notes(session, client_id, change.access_notes, secret=secret)
    # The trail says which fields were changed, never what they hold.
    names = ", ".join(sorted(fields))
    await audit.record(session, "client_changed", f"client:{client_ref}", actor=actor, at=at, fields=names)


async def read_client(
    session: AsyncSession, client_ref: str, *, access_secret: str | None, actor: str, at: datetime
) -> ClientBody:
    """The client's record, and a line in the audit trail that it was read.

    `access_secret`: given for those who may see the access notes; that view has its own line. Raises NotFound.
    """
    row = (await session.execute(READ, {"client_ref": client_ref})).mappings().one_or_none()
    if row is None:
        raise _unknown()
    await audit.record(session, "client_read", f"client:{client_ref}", actor=actor, at=at)
    notes = None
    if row["notes_encrypted"] and access_secret:
        notes = decrypt(row["notes_encrypted"], secret=access_secret)
        await audit.record(session, "access_notes_read", f"client:{client_ref}", actor=actor, at=at)
    return ClientBody.model_validate(
        dict(row) | {"has_access_notes": row["notes_encrypted"] is not None, "access_notes": notes}
    )


def _unknown() -> NotFound:
    return NotFound("unknown-client", "There is no client with this reference.", field="client_ref")


def _check_birth(born: date | None, *, today: date) -> None:
    if born and born > today:
        raise BadValue("date-in-the-future", "Nobody is born after today.", field="date_of_birth")
    if born and born < OLDEST_BIRTH:
        raise BadValue("date-too-old", "The year of birth must be 1900 or later.", field="date_of_birth")


async def _check_free(session: AsyncSession, client_ref: str, nhs_number: str | None) -> None:
    same = func.lower(col(Client.client_ref)) == client_ref.lower()
    if nhs_number:
        same |= col(Client.nhs_number) == nhs_number
    taken = await session.execute(select(col(Client.client_ref)).where(same))
    for row in taken:
        if row.client_ref.lower() == client_ref.lower():
            detail = f"Client {row.client_ref} has this reference already. Look them up first."
            raise Conflict("duplicate-client-ref", detail, field="client_ref")
        detail = f"Client {row.client_ref} has this NHS number. Use that record."
        raise Conflict("duplicate-nhs-number", detail, field="nhs_number")


async def _write_access_notes(session: AsyncSession, client_id: int, notes: str, *, secret: str) -> None:
    await session.execute(delete(ClientAccess).where(col(ClientAccess.client_id) == client_id))
    if notes:
        values = {"client_id": client_id, "notes_encrypted": encrypt(notes, secret=secret)}
        await session.execute(insert(ClientAccess).values(**values))
