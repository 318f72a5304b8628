"""CSV by PostgreSQL's COPY: the server makes the file, and it goes through here in pieces, as fast as it is read."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import anyio
from asyncpg import InterfaceError, PostgresError
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from app.replica import Reading, Reports, as_at_words
from app.web.streamed import PassOn

SECONDS: Final = 15 * 60
"""Who reads more slowly than this is cut off: a slow reader holds a connection, and the database's past."""

DIALECT: Final = asyncpg.dialect()  # type: ignore[no-untyped-call]
PLAIN_DAYS: Final = text("SELECT set_config('datestyle', 'ISO', true), set_config('work_mem', '64MB', true)")


async def copy_csv(
    reports: Reports,
    sql: str,
    values: Mapping[str, Any],
    pass_on: PassOn,
    *,
    above: Callable[[Reading], bytes] = lambda _: b"",
) -> None:
    """Pass on what the statement selects as CSV: RFC 4180, UTF-8, the names of the columns first, below what stands
    `above`, which is asked before the first piece is passed on.

    No cell may hold a line break. Cancelled, or when `pass_on` raises, it stops PostgreSQL too. A replica that fails
    before the first piece is there is not noticed; later the file is cut off, and the next one comes from the primary.
    """

    async def read(reading: Reading) -> None:
        await reading.session.execute(PLAIN_DAYS)
        connection = await reading.session.connection()
        driver: Any = (await connection.get_raw_connection()).driver_connection
        query, arguments = as_asyncpg(sql, values)

        is_with_reader, is_over = False, False

        async def with_our_line_ends(piece: bytes) -> None:
            nonlocal is_with_reader
            piece = piece.replace(b"\n", b"\r\n")
            if not reading.is_passed_on:
                piece, reading.is_passed_on = above(reading) + piece, True
            is_with_reader = True
            await pass_on(piece)
            is_with_reader = False

        options = {"format": "csv", "header": True, "encoding": "utf8", "timeout": SECONDS}
        try:
            await driver.copy_from_query(query, *arguments, output=with_our_line_ends, **options)
            is_over = True
        except (PostgresError, InterfaceError, OSError) as error:
            if reading.as_at is None or reports.replica is None or is_with_reader:
                raise
            raise reports.replica.failed(error) from error
        finally:
            if not is_over:
                await _let_go(connection, driver)

    await reports.read(read)


async def _let_go(connection: AsyncConnection, driver: Any) -> None:
    """After a COPY that was left the connection is closed, never used again: where it had come to its end just then,
    asyncpg takes the answers to what it cancelled for those to its next statement, and waits half a minute for more."""
    with anyio.CancelScope(shield=True):
        driver.terminate()
        await connection.invalidate()


def period_as_at(period: str, as_at: datetime | None) -> str:
    """The period in words, and of when the figures are where they are not of this moment."""
    return f"{period} (as at {as_at_words(as_at)})" if as_at else period


def as_asyncpg(sql: str, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The statement with `$1` for `:name`, and its values in their order."""
    compiled = text(sql).bindparams(**values).compile(dialect=DIALECT)
    return str(compiled), [values[name] for name in compiled.positiontup or ()]
