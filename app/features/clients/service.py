"""Keeping clients' records. Each reading of one is logged here too, in the reader's transaction."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, bereavement
from app.domain.client_records import check_life, check_newer_weighing, check_weight, check_weight_stays
from app.domain.dates import uk_date
from app.domain.errors import Conflict, NotFound, Stale
from app.domain.overloads import is_heavier
from app.features.clients.access_notes import encrypt
from app.features.clients.care_providers import check_known
from app.features.clients.purging import LAST_LOAN_ENDED, record_purge
from app.features.clients.schemas import ClientBody, ClientChange, NewClient
from app.models import Client, ClientAccess
from app.web import overloads

READ = text("""
    SELECT client.*, to_jsonb(provider) AS care_provider, NULLIF(access.notes_encrypted, '') AS notes_encrypted
    FROM client LEFT JOIN client_access AS access ON access.client_id = client.id
    LEFT JOIN care_provider AS provider ON provider.id = client.care_provider_id
    WHERE upper(client.client_ref) = upper(:client_ref)
""")

BEFORE = text("""
    SELECT id, client_ref, version, date_of_birth, died_on, weight_kg, weighed_on FROM client
    WHERE upper(client_ref) = upper(:client_ref) FOR NO KEY UPDATE
""")


async def add_client(session: AsyncSession, new: NewClient, *, secret: str, actor: str, at: datetime) -> None:
    """Add a client. Who may be the same person is `queries.find_duplicates`'s to say.

    Raises Conflict `duplicate-client-ref` or `duplicate-nhs-number`, and BadValue for dates that cannot be, a weight
    without its day, and `unknown-care-provider`.
    """
    today = uk_date(at)
    check_life(born=new.date_of_birth, died=new.died_on, today=today)
    check_weight(new.weight_kg, new.weighed_on, today=today)
    await _check_free(session, new.client_ref, new.nhs_number)
    await check_known(session, new.care_provider_id)
    values = new.model_dump(exclude={"access_notes"}) | {"created_at": at, "created_by": actor}
    added = insert(Client).values(**values).returning(col(Client.id))
    client_id = (await session.execute(added)).scalar_one()
    await _write_access_notes(session, client_id, new.access_notes, secret=secret, at=at)
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
    """Change what `change` sets of a client as read at `version`. A death ends what was arranged for them; a weight
    above what something of theirs carries stops its use.

    Raises NotFound, Stale, Conflict `older-weighing` or `weight-is-known`, and what `add_client` does.
    """
    fields: dict[str, Any] = change.model_dump(exclude_unset=True)
    before = (await session.execute(BEFORE, {"client_ref": client_ref})).one_or_none()
    if before is None:
        raise _unknown()
    if before.version != version:
        raise Stale("stale", "Somebody changed this client since you read it. Read it again, then change it.")
    born, died = fields.get("date_of_birth", before.date_of_birth), fields.get("died_on", before.died_on)
    check_life(born=born, died=died, today=uk_date(at))
    # A new weight never keeps the day of the old one.
    check_weight(fields.get("weight_kg"), fields.get("weighed_on"), today=uk_date(at))
    check_newer_weighing(fields.get("weighed_on"), before.weighed_on)
    if {"weight_kg", "weighed_on"} & fields.keys():
        fields |= {"weight_kg": change.weight_kg, "weighed_on": change.weighed_on}
        check_weight_stays(change.weight_kg, before.weight_kg)
    await _check_number_is_free(session, before.id, fields.get("nhs_number"))
    await check_known(session, fields.get("care_provider_id"))
    values = {name: value for name, value in fields.items() if name != "access_notes"}
    await session.execute(update(Client).where(col(Client.id) == before.id).values(**values, version=version + 1))
    if "access_notes" in fields:
        purged = await _write_access_notes(session, before.id, change.access_notes, secret=secret, at=at)
        if purged:
            await record_purge(session, before.client_ref, LAST_LOAN_ENDED, actor=actor, at=at)
    # The trail says which fields were changed, never what they hold.
    names = ", ".join(sorted(fields))
    await audit.record(session, "client_changed", f"client:{before.client_ref}", actor=actor, at=at, fields=names)
    if is_heavier(fields.get("weight_kg"), before.weight_kg):
        await overloads.weigh_again(session, [before.id], actor=actor, at=at)
    await _end_or_withdraw(session, before, died, actor=actor, at=at)


async def _end_or_withdraw(
    session: AsyncSession, before: Row[Any], died: date | None, *, actor: str, at: datetime
) -> None:
    """What follows from a death that is recorded, or from one that was a mistake."""
    if died and not before.died_on:
        await bereavement.end_what_was_arranged(session, {before.id: before.client_ref}, actor=actor, at=at)
    elif before.died_on and not died:
        await bereavement.withdraw(session, before.client_ref, actor=actor, at=at)


async def read_client(session: AsyncSession, client_ref: str, *, actor: str, at: datetime) -> ClientBody:
    """The client's record, less how to get in, and a line in the audit trail that it was read. The reference is taken
    in any case. Raises NotFound."""
    row = (await session.execute(READ, {"client_ref": client_ref})).mappings().one_or_none()
    if row is None:
        raise _unknown()
    subject = f"client:{row['client_ref']}"
    await audit.record(session, "client_read", subject, actor=actor, at=at)
    return ClientBody.model_validate(dict(row) | {"has_access_notes": row["notes_encrypted"] is not None})


def _unknown() -> NotFound:
    return NotFound("unknown-client", "There is no client with this reference.", field="client_ref")


async def _check_free(session: AsyncSession, client_ref: str, nhs_number: str | None) -> None:
    same = func.upper(col(Client.client_ref)) == client_ref.upper()
    taken = await session.scalar(select(col(Client.client_ref)).where(same))
    if taken is not None:
        detail = f"Client {taken} has this reference already. Look them up first."
        raise Conflict("duplicate-client-ref", detail, field="client_ref")
    await _check_number_is_free(session, 0, nhs_number)


async def _check_number_is_free(session: AsyncSession, client_id: int, nhs_number: str | None) -> None:
    if nhs_number is None:
        return
    same = (col(Client.nhs_number) == nhs_number) & (col(Client.id) != client_id)
    taken = await session.scalar(select(col(Client.client_ref)).where(same))
    if taken is not None:
        detail = f"Client {taken} has this NHS number. Use that record."
        raise Conflict("duplicate-nhs-number", detail, field="nhs_number")


async def _write_access_notes(session: AsyncSession, client_id: int, notes: str, *, secret: str, at: datetime) -> bool:
    """Put these in the place of what was there. True: that was emptied by a return and nobody has written so yet."""
    mine = (
        delete(ClientAccess)
        .where(col(ClientAccess.client_id) == client_id)
        .returning(col(ClientAccess.notes_encrypted))
    )
    before: bytes | None = await session.scalar(mine)
    if notes:
        values = {"client_id": client_id, "notes_encrypted": encrypt(notes, secret=secret), "written_at": at}
        await session.execute(insert(ClientAccess).values(**values))
    return before == b""
