"""CSV by PostgreSQL's COPY: the server makes the file, and it goes through here in pieces, as fast as it is read."""

from collections.abc import Mapping
from typing import Any, Final

import anyio
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.web.streamed import PassOn

SECONDS: Final = 15 * 60
"""Who reads more slowly than this is cut off: a slow reader holds a connection, and the database's past."""

DIALECT: Final = asyncpg.dialect()  # type: ignore[no-untyped-call]
PLAIN_DAYS: Final = text("SELECT set_config('datestyle', 'ISO', true), set_config('work_mem', '64MB', true)")


async def copy_csv(
    sessions: async_sessionmaker[AsyncSession],
    sql: str,
    values: Mapping[str, Any],
    pass_on: PassOn,
    *,
    above: bytes = b"",
) -> None:
    """Pass on what the statement selects as CSV: RFC 4180, UTF-8, the names of the columns first, below what stands
    `above`.

    No cell may hold a line break. Cancelled, or when `pass_on` raises, it stops PostgreSQL too.
    """
    session = sessions()
    try:
        await session.execute(PLAIN_DAYS)
        connection = await (await session.connection()).get_raw_connection()
        driver: Any = connection.driver_connection
        query, arguments = as_asyncpg(sql, values)

        async def with_our_line_ends(piece: bytes) -> None:
            await pass_on(piece.replace(b"\n", b"\r\n"))

        if above:
            await pass_on(above)
        await driver.copy_from_query(
            query, *arguments, output=with_our_line_ends, format="csv", header=True, encoding="utf8", timeout=SECONDS
        )
    finally:
        # Nothing of ours is left on the connection, whoever went away.
        with anyio.CancelScope(shield=True):
            await session.close()


def as_asyncpg(sql: str, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The statement with `$1` for `:name`, and its values in their order."""
    compiled = text(sql).bindparams(**values).compile(dialect=DIALECT)
    return str(compiled), [values[name] for name in compiled.positiontup or ()]
