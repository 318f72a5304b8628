"""Who can pay, by code."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.errors import BadValue
from app.models import Funder


async def find_funder(session: AsyncSession, code: str) -> int:
    """The number of the funder with this code. Raises BadValue `unknown-funder`, which says the codes there are."""
    funders = {row.code: row.id for row in await session.execute(select(col(Funder.code), col(Funder.id)))}
    if code not in funders:
        known = ", ".join(sorted(funders))
        raise BadValue("unknown-funder", f"There is no funder with this code. There are: {known}.", field="funder")
    return int(funders[code])


async def list_funders(session: AsyncSession) -> Sequence[tuple[str, str]]:
    """All funders, as (code, name), by name."""
    rows = await session.execute(select(col(Funder.code), col(Funder.name)).order_by(col(Funder.name)))
    return [(row.code, row.name) for row in rows]
