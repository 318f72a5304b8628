"""Keeping makers' other names. Which items a notice covers follows from them, so those concerned ask again."""

from datetime import datetime

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, matching, rematching
from app.domain.errors import BadValue, NotFound
from app.domain.maker_names import Alias, check_alias, name_key
from app.models import MakerAlias
from app.notice_matches import Caught


async def add_alias(session: AsyncSession, alias: Alias, *, actor: str, at: datetime) -> tuple[int, list[Caught]]:
    """Record another name of a maker; returns its number, and what safety notices cover by that and did not before.

    Raises BadValue as `check_alias` does and `no-name`, and Conflict `duplicate-maker-alias`.
    """
    await rematching.be_alone(session)
    for field in ("name", "resolves_to"):
        if not name_key(getattr(alias, field)):
            raise BadValue("no-name", "Enter a name with letters or digits.", field=field)
    before = await matching.read_names(session)
    check_alias(alias, before.aliases)
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
    return alias_id, await rematching.ask_about_makers(session, before, actor=actor, at=at)


async def remove_alias(session: AsyncSession, alias_id: int, *, actor: str, at: datetime) -> tuple[Alias, list[Caught]]:
    """Take a name away again; returns it, and what is covered by that: a line may have left it out by its maker.

    Raises NotFound `unknown-maker-alias`.
    """
    await rematching.be_alone(session)
    before = await matching.read_names(session)
    gone = delete(MakerAlias).where(col(MakerAlias.id) == alias_id)
    columns = col(MakerAlias.name), col(MakerAlias.resolves_to), col(MakerAlias.from_on), col(MakerAlias.until_on)
    row = (await session.execute(gone.returning(*columns))).one_or_none()
    if row is None:
        raise NotFound("unknown-maker-alias", "There is no other name of a maker with this number.")
    alias = Alias(*row)
    await audit.record(session, "maker_alias_removed", f"maker_alias:{alias_id}", actor=actor, at=at, **_told(alias))
    return alias, await rematching.ask_about_makers(session, before, actor=actor, at=at)


def _told(alias: Alias) -> dict[str, str | None]:
    days = {"from_on": alias.from_on, "until_on": alias.until_on}
    told = {name: day.isoformat() if day else None for name, day in days.items()}
    return {"name": alias.name, "resolves_to": alias.resolves_to, **told}
