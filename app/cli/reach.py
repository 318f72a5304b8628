"""How a command reaches the service: its settings, its database, its secret, its log. No commands live here."""

import logging
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Final

import structlog
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from app.audit import Tell
from app.db import OLDEST_POSTGRES, normal_url
from app.postgres import EmbeddedPostgresError, running_url
from app.settings import Settings

console = Console()
warnings = Console(stderr=True)

TELL_EVERY: Final = 5.0
"""Seconds between two lines about one job, where there is no terminal to draw a bar on."""


def fail(message: str) -> typer.Exit:
    """Say what went wrong and end with 1: `raise fail(...)`."""
    warnings.print(f"[red]{message}[/red]", highlight=False)
    return typer.Exit(1)


@contextmanager
def showing_progress() -> Iterator[Tell]:
    """What is being done, beside what the command answers, as long as it takes minutes: a bar on a terminal, lines in
    a log."""
    if not warnings.is_terminal:
        yield _telling_in_lines()
        return
    columns = (TextColumn("{task.description:32}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=warnings, transient=True) as progress:
        task = progress.add_task("", total=1)

        def tell(what: str, done: int, of: int) -> None:
            progress.update(task, description=what, completed=done, total=of)

        yield tell


def _telling_in_lines() -> Tell:
    """A line when something else is begun, and for each tenth of it, but no more than one in TELL_EVERY seconds: what
    is quick says nothing."""
    said, silent_until = "", monotonic() + TELL_EVERY

    def tell(what: str, done: int, of: int) -> None:
        nonlocal said, silent_until
        line = f"{what}: {10 * (10 * done // max(of, 1))} %"
        if line != said and (now := monotonic()) >= silent_until:
            said, silent_until = line, now + TELL_EVERY
            warnings.print(f"{datetime.now(UTC):%H:%M:%S} {line}", highlight=False, soft_wrap=True)

    return tell


def read_settings() -> Settings:
    """The settings from the environment; ends with what is wrong with them."""
    try:
        return Settings()
    except ValidationError as invalid:
        lines = [f"STORES_{str(error['loc'][0]).upper()}: {error['msg']}" for error in invalid.errors()]
        raise fail("These settings are not right:\n" + "\n".join(lines)) from invalid


def database_url(settings: Settings) -> str:
    """The database that commands talk to: the one that is set, past its pooler, else the embedded one if it is running.

    A worker listens for notifications and an upgrade holds a lock between transactions: neither lasts longer than a
    transaction behind a pooler in transaction mode.
    """
    if settings.database_pooler == "transaction" and not settings.direct_database_url:
        raise fail(
            "STORES_DATABASE_URL leads to a pooler in transaction mode, which only `stores serve` can use.\n"
            "Set STORES_DIRECT_DATABASE_URL to PostgreSQL itself."
        )
    found = settings.direct_database_url or settings.database_url
    if found:
        try:
            normal_url(found)
        except (ValueError, ArgumentError) as error:
            raise fail(str(error)) from error
        return found
    try:
        url = running_url(settings.data_dir)
    except EmbeddedPostgresError as error:
        raise fail(str(error)) from error
    if url is None:
        raise fail(
            "No database: set STORES_DATABASE_URL, or start the embedded one and let it run, "
            "with `stores demo` or scripts/run."
        )
    return url


@asynccontextmanager
async def open_session(url: str) -> AsyncIterator[AsyncSession]:
    """One transaction on the database; ends with a sentence when it cannot be reached.

    Its statements take as long as they take: an operator waits for five million movements to be walked, a web page not.
    """
    settings = {"timeout": 5, "server_settings": {"application_name": "stores"}}
    engine = create_async_engine(normal_url(url), poolclass=NullPool, connect_args=settings)
    try:
        async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
            yield session
    except OSError as error:
        raise fail(f"The database cannot be reached: {error}") from error
    finally:
        await engine.dispose()


async def check_server(url: str) -> None:
    """End with a sentence unless the server is PostgreSQL 15 or newer."""
    async with open_session(url) as session:
        number = int(await session.scalar(text("SHOW server_version_num")) or 0)
    if number < OLDEST_POSTGRES:
        raise fail(f"PostgreSQL {number // 10000} is too old: 15 or newer is needed.")


def local_secret(folder: Path) -> str:
    """A secret key for this machine, made on first need and kept for its owner alone."""
    path = folder / "secret_key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()


def configure_logs(settings: Settings, *, level: int = logging.INFO) -> None:
    """Structured lines to standard output: JSON for machines, colours for people.

    Tracebacks are plain: never with local variables, among which are tokens and people's data.
    """
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.format_exc_info] if settings.log_format == "json" else []),
            renderer,
        ],
    )
