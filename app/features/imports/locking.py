"""Rows that an import will change are locked just before it writes, and no others: a check locks nothing.

The lock is the weakest that a change needs (FOR NO KEY UPDATE), so that what only refers to such a row, an issue or an
order, goes through meanwhile. Whoever changed a row since it was compared wins: the import says so and writes nothing.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.imports.columns import Kind
from app.features.imports.files import Notes

LOCK: Final = {
    Kind.CATALOGUE: text("SELECT id, version FROM product WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"),
    Kind.CLIENTS: text("SELECT id, version FROM client WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"),
}


async def lock_as_compared(
    session: AsyncSession, kind: Kind, compared: Mapping[int, tuple[int, int, str]], faults: Notes
) -> None:
    """Lock what will change, {id: (version that was compared, row of the file, what it is called)}; what somebody
    changed since then is added to the faults."""
    if not compared:
        return
    for found in await session.execute(LOCK[kind], {"ids": list(compared)}):
        version, row, name = compared[found.id]
        if found.version != version:
            detail = f"Somebody changed {name} while this file was compared with it. Check the file again."
            faults.add(row, None, "changed-meanwhile", detail)
