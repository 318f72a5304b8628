"""Who can pay, by code."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.errors import BadValue
from app.domain.funders import FunderKind, person_never_charged
from app.models import Funder


async def find_funder(session: AsyncSession, code: str) -> int:
    """The number of the funder with this code. Raises BadValue `unknown-funder`, which says the codes there are, and
    `person-never-charged`."""
    funders = {
        row.code: row for row in await session.execute(select(col(Funder.code), col(Funder.id), col(Funder.kind)))
    }
    if code not in funders:
        known = ", ".join(sorted(one.code for one in funders.values() if one.kind is not FunderKind.PERSON))
        raise BadValue("unknown-funder", f"There is no funder with this code. There are: {known}.", field="funder")
    if funders[code].kind is FunderKind.PERSON:
        raise person_never_charged(code, field="funder")
    return int(funders[code].id)


async def list_funders(session: AsyncSession) -> Sequence[tuple[str, str]]:
    """All funders but people, as (code, name), by name."""
    wanted = select(col(Funder.code), col(Funder.name)).where(col(Funder.kind) != FunderKind.PERSON)
    rows = await session.execute(wanted.order_by(col(Funder.name)))
    return [(row.code, row.name) for row in rows]
