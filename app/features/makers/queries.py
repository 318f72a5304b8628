"""Reads of makers' other names."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.makers.schemas import AliasBody

ALIASES = text("""
    SELECT id, name, resolves_to, from_on, until_on, recorded_at, recorded_by FROM maker_alias
    WHERE id > :after ORDER BY id LIMIT :limit
""")
SORTED = text("""
    SELECT id, name, resolves_to, from_on, until_on, recorded_at, recorded_by FROM maker_alias
    ORDER BY resolves_to_key, name_key, from_on NULLS FIRST, id
""")
ONE = text("""
    SELECT id, name, resolves_to, from_on, until_on, recorded_at, recorded_by FROM maker_alias WHERE id = :id
""")


async def list_aliases(session: AsyncSession, *, after: int, limit: int) -> list[AliasBody]:
    """Up to `limit` + 1 of them after that number, by number."""
    rows = await session.execute(ALIASES, {"after": after, "limit": limit + 1})
    return [AliasBody.model_validate(dict(row)) for row in rows.mappings()]


async def sort_aliases(session: AsyncSession) -> list[AliasBody]:
    """All of them, by maker."""
    return [AliasBody.model_validate(dict(row)) for row in (await session.execute(SORTED)).mappings()]


async def get_alias(session: AsyncSession, alias_id: int) -> AliasBody:
    """One that is known to be there."""
    return AliasBody.model_validate(dict((await session.execute(ONE, {"id": alias_id})).mappings().one()))
