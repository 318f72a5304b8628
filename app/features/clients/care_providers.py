"""Keeping care providers: whom to tell when an item must not be used any more."""

from datetime import datetime
from zlib import crc32

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit
from app.domain.errors import BadValue, Conflict, NotFound, Stale
from app.features.clients.schemas import CareProviderBody, CareProviderChange, NewCareProvider
from app.models import CareProvider

ONE = text("SELECT id, name, email, phone FROM care_provider WHERE id = :provider_id FOR UPDATE")
OF_THIS_NAME = text("SELECT id FROM care_provider WHERE lower(name) = lower(:name) AND id <> :but")

# Two who add the same agency at once would both find its name free: the second waits here until the first is done.
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('care_provider ' || lower(:name)))")


async def add_care_provider(
    session: AsyncSession, new: NewCareProvider, *, actor: str, at: datetime, field: str = "name"
) -> CareProviderBody:
    """Add one. Raises Conflict `duplicate-care-provider`, about the field in which the name was written."""
    await _check_name(session, new.name, field=field)
    added = insert(CareProvider).values(**new.model_dump()).returning(col(CareProvider.id))
    provider_id = (await session.execute(added)).scalar_one()
    await audit.record(session, "care_provider_added", f"care_provider:{provider_id}", actor=actor, at=at)
    return CareProviderBody(id=provider_id, **new.model_dump())


async def change_care_provider(
    session: AsyncSession, provider_id: int, change: CareProviderChange, *, version: int, actor: str, at: datetime
) -> CareProviderBody:
    """Change what `change` sets. Raises NotFound `unknown-care-provider`, Stale, Conflict `duplicate-care-provider`."""
    row = (await session.execute(ONE, {"provider_id": provider_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("unknown-care-provider", "There is no care provider with this number.")
    before = CareProviderBody(**row)
    if version_of(before) != version:
        raise Stale("stale", "Somebody changed this care provider since you read it. Read it again, then change it.")
    fields = change.model_dump(exclude_unset=True)
    if not fields:
        return before
    if "name" in fields:
        await _check_name(session, fields["name"], but=provider_id)
    await session.execute(update(CareProvider).where(col(CareProvider.id) == provider_id).values(**fields))
    names = ", ".join(sorted(fields))
    about = f"care_provider:{provider_id}"
    await audit.record(session, "care_provider_changed", about, actor=actor, at=at, fields=names)
    return before.model_copy(update=fields)


async def check_known(session: AsyncSession, provider_id: int | None) -> None:
    """Raises BadValue `unknown-care-provider`."""
    if provider_id is None:
        return
    if await session.scalar(select(col(CareProvider.id)).where(col(CareProvider.id) == provider_id)) is None:
        detail = "There is no such care provider. Choose one from the list, or add it first."
        raise BadValue("unknown-care-provider", detail, field="care_provider_id")


def version_of(provider: CareProviderBody) -> int:
    """A number that changes with what is written about them: their version, for ETag and If-Match."""
    return crc32(provider.model_dump_json().encode()) % 1_000_000_000


async def _check_name(session: AsyncSession, name: str, *, field: str = "name", but: int = 0) -> None:
    await session.execute(ONE_AT_A_TIME, {"name": name})
    if await session.scalar(OF_THIS_NAME, {"name": name, "but": but}) is not None:
        detail = "There is a care provider of this name already. Choose it from the list."
        raise Conflict("duplicate-care-provider", detail, field=field)
