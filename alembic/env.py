"""How migrations are run: where, one at a time, each in a transaction of its own. What they do is in versions/."""

import asyncio
import os
from collections.abc import Iterable
from logging.config import fileConfig

from alembic import context
from alembic.operations import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.db import normal_url
from app.models import metadata

# Any number does, so long as nothing else on the same database locks it.
ADVISORY_LOCK = 0x5354_4F52_4553  # "STORES"

config = context.config
if config.cmd_opts is not None and config.config_file_name is not None:
    # From the command line alone: a program that calls us has set up its own logging.
    fileConfig(config.config_file_name, disable_existing_loggers=False)


def number_the_revision(
    _: MigrationContext, __: str | Iterable[str | None] | Iterable[str], directives: list[MigrationScript]
) -> None:
    """Give a new migration the next number, four digits: 0001, 0002, …"""
    numbers = [int(script.revision) for script in ScriptDirectory.from_config(config).walk_revisions()]
    for directive in directives:
        directive.rev_id = f"{max(numbers, default=0) + 1:04}"


def configure(connection: Connection | None = None, url: str | None = None) -> None:
    """Set up Alembic's context on a connection or, to print SQL, for an address."""
    context.configure(
        target_metadata=metadata,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
        process_revision_directives=number_the_revision,
        connection=connection,
        url=url,
        literal_binds=connection is None,
    )


def database_url() -> str:
    """The address: `-x url=…`, else the caller's `config.attributes["url"]`, else STORES_DATABASE_URL."""
    url = (
        context.get_x_argument(as_dictionary=True).get("url")
        or config.attributes.get("url")
        or os.environ.get("STORES_DATABASE_URL")
    )
    if not url:
        raise SystemExit("Which database? Set STORES_DATABASE_URL, or say alembic -x url=postgresql://…")
    return normal_url(str(url))


def migrate(connection: Connection) -> None:
    """Run what was asked for on `connection`, alone: a second deployer waits and then finds the work done.

    A connection that is in a transaction already keeps it, and committing is its owner's.
    """
    if connection.in_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        run(connection)
        return
    with connection.begin():
        # Waiting for another deployer may take as long as migrations take, but not for ever.
        connection.execute(text("SET LOCAL lock_timeout = '10min'"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
    try:
        run(connection)
    finally:
        connection.rollback()
        with connection.begin():
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})


def run(connection: Connection) -> None:
    configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


async def migrate_by_address() -> None:
    engine = create_async_engine(database_url(), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


def main() -> None:
    given = config.attributes.get("connection")
    if context.is_offline_mode():
        configure(url=database_url())
        with context.begin_transaction():
            context.run_migrations()
    elif isinstance(given, Connection):
        migrate(given)
    else:
        asyncio.run(migrate_by_address())


main()
