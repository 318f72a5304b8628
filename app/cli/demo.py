"""`stores demo`: the whole service on this machine, with a believable store to try it on."""

import asyncio
import ipaddress
import logging
import os
import signal
import sys
import threading
from contextlib import ExitStack
from types import FrameType

import typer
from alembic import command
from pydantic import SecretStr
from rich.table import Table

from app.cli import seed
from app.cli.county.command import county
from app.cli.migrating import alembic_config
from app.cli.reach import (
    check_server,
    configure_logs,
    console,
    fail,
    local_secret,
    open_session,
    read_settings,
    warnings,
)
from app.cli.serve import run
from app.cli.worker import work
from app.postgres import EmbeddedPostgres, EmbeddedPostgresError
from app.settings import Settings

app = typer.Typer(invoke_without_command=True)
app.command("county")(county)


@app.callback()
def demo(context: typer.Context) -> None:
    """Start PostgreSQL (unless STORES_DATABASE_URL names one), migrate, fill an empty database, and serve.

    `county` fills an empty database with a whole reference county instead, and ends.
    """
    if context.invoked_subcommand is not None:
        return
    settings = read_settings()
    _check_loopback(settings)
    configure_logs(settings, level=logging.WARNING)
    signal.signal(signal.SIGTERM, _stop)
    with ExitStack() as stack:
        url = settings.database_url or _start(settings, stack)
        secret = settings.secret_key or SecretStr(local_secret(settings.data_dir))
        ready = settings.model_copy(update={"database_url": url, "secret_key": secret, "demonstration": True})
        asyncio.run(check_server(url))
        with console.status("Migrating the database"):
            command.upgrade(alembic_config(url), "head")
        asyncio.run(_fill(ready, url))
        run(ready, announce=lambda port: _announce(ready, port), beside=lambda stop: work(ready, url, stop=stop))


def _start(settings: Settings, stack: ExitStack) -> str:
    """The address of the embedded PostgreSQL, which runs as long as the stack is open."""
    try:
        server = stack.enter_context(EmbeddedPostgres(settings.data_dir))
    except EmbeddedPostgresError as error:
        raise fail(str(error)) from error
    threading.Thread(target=end_with, args=(server,), daemon=True).start()
    return server.url


def end_with(server: EmbeddedPostgres) -> None:
    """End this process once its PostgreSQL went by itself: whoever started it hears of it, and can start it again."""
    if server.wait():
        warnings.print("[red]PostgreSQL ended by itself. Start again: it recovers what was written.[/red]")
        os.kill(os.getpid(), signal.SIGTERM)


async def _fill(settings: Settings, url: str) -> None:
    async with open_session(url) as session:
        if await seed.is_empty(session):
            await seed.fill(session, prefix=settings.tag_prefix, secret=local_or_set(settings))


def local_or_set(settings: Settings) -> str:
    """The secret key of settings that are complete."""
    assert settings.secret_key is not None
    return settings.secret_key.get_secret_value()


def _check_loopback(settings: Settings) -> None:
    if settings.host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise fail(
            f"The demonstration has users whose password everybody knows, so it serves on this machine alone.\n"
            f"STORES_HOST is {settings.host}; leave it out, or use `stores serve` for a real service."
        )


def _announce(settings: Settings, port: int) -> None:
    table = Table("Username", "Name", "Roles", title=f"Password of all: {seed.PASSWORD}", title_justify="left")
    for person in seed.PEOPLE:
        table.add_row(person.username, person.name, ", ".join(role.text for role in person.roles))
    console.print(table)
    console.print(f"Equipment Stores is at [bold]http://{settings.host}:{port}[/bold] (Ctrl-C stops it)")
    sys.stdout.flush()


def _stop(number: int, _: FrameType | None) -> None:
    """SIGTERM before the server listens: leave through the context managers, so that PostgreSQL stops too."""
    raise SystemExit(128 + number)
