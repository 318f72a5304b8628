"""Keeping makers' other names. Which items a notice covers follows from them, so all are asked about again."""

from datetime import datetime

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, matching, rematching
from app.domain.errors import BadValue, NotFound
from app.domain.maker_names import Alias, check_alias, name_key
from app.domain.notice_work import Cause
from app.models import MakerAlias


async def add_alias(session: AsyncSession, alias: Alias, *, actor: str, at: datetime) -> int:
    """Record another name of a maker; returns its number.

    Raises BadValue as `check_alias` does and `no-name`, and Conflict `duplicate-maker-alias`.
    """
    await rematching.be_alone(session)
    for field in ("name", "resolves_to"):
        if not name_key(getattr(alias, field)):
            raise BadValue("no-name", "Enter a name with letters or digits.", field=field)
    check_alias(alias, (await matching.read_names(session)).aliases)
    values = {
        "name": alias.name,
        "name_key": name_key(alias.name),
        "resolves_to": alias.resolves_to,
        "resolves_to_key": name_key(alias.resolves_to),
        "from_on": alias.from_on,
        "until_on": alias.until_on,
        "recorded_at": at,
        "recorded_by": actor,
    }
    added = await session.execute(insert(MakerAlias).values(**values).returning(col(MakerAlias.id)))
    alias_id: int = added.scalar_one()
    await audit.record(session, "maker_alias_added", f"maker_alias:{alias_id}", actor=actor, at=at, **_told(alias))
    await rematching.ask_all(session, cause=Cause.CATALOGUE, actor=actor, at=at)
    return alias_id


async def remove_alias(session: AsyncSession, alias_id: int, *, actor: str, at: datetime) -> Alias:
    """Take a name away again. Raises NotFound `unknown-maker-alias`."""
    await rematching.be_alone(session)
    gone = delete(MakerAlias).where(col(MakerAlias.id) == alias_id)
    columns = col(MakerAlias.name), col(MakerAlias.resolves_to), col(MakerAlias.from_on), col(MakerAlias.until_on)
    row = (await session.execute(gone.returning(*columns))).one_or_none()
    if row is None:
        raise NotFound("unknown-maker-alias", "There is no other name of a maker with this number.")
    alias = Alias(*row)
    await audit.record(session, "maker_alias_removed", f"maker_alias:{alias_id}", actor=actor, at=at, **_told(alias))
    await rematching.ask_all(session, cause=Cause.CATALOGUE, actor=actor, at=at)
    return alias


def _told(alias: Alias) -> dict[str, str | None]:
    days = {"from_on": alias.from_on, "until_on": alias.until_on}
    told = {name: day.isoformat() if day else None for name, day in days.items()}
    return {"name": alias.name, "resolves_to": alias.resolves_to, **told}
