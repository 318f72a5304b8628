"""`stores demo county`: fill an empty database with a reference county."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from time import perf_counter
from typing import Annotated

import typer
from alembic import command

from app.cli.county.building import NotEmpty, build
from app.cli.county.loading import OWN_SERVER, NotRight
from app.cli.county.size import LEAST, MOST, Size
from app.cli.migrating import alembic_config
from app.cli.reach import check_server, console, fail, read_settings, showing_progress
from app.domain.dates import UK
from app.features.accounts.passwords import DEMONSTRATION_PASSWORD
from app.postgres import EmbeddedPostgres, EmbeddedPostgresError, running_url
from app.settings import Settings


def county(
    scale: Annotated[float, typer.Option(min=LEAST, max=MOST, help="1 is a county of 110,000 issues a year.")] = 1.0,
    years: Annotated[int, typer.Option(min=1, max=10, help="How many years it has worked.")] = 5,
    seed: Annotated[int, typer.Option(help="The same seed makes the same county.")] = 1,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day on whose morning it is opened: today.")
    ] = None,
) -> None:
    """Fill an empty database with a reference county: movements, loans, orders, charges that all add up."""
    settings = read_settings()
    day = until.date() if until else datetime.now(UK).date()
    if day > datetime.now(UK).date():
        raise fail("Nothing can have happened yet on days to come. Choose today or an earlier day for --until.")
    size, begun = Size(scale, years, seed, day), perf_counter()
    with _database(settings) as url:
        asyncio.run(check_server(url))
        with console.status("Migrating the database"):
            command.upgrade(alembic_config(url), "head")
        try:
            with showing_progress() as tell:
                asyncio.run(build(url, size, prefix=settings.tag_prefix, tell=tell))
        except (NotEmpty, NotRight) as error:
            raise fail(str(error)) from error
    console.print(
        f"The county stands, after {perf_counter() - begun:.0f} seconds. `stores demo` serves it on this machine."
    )
    console.print(f"Sign in as on the demonstration, such as “ot”; the password of all is {DEMONSTRATION_PASSWORD}.")


@contextmanager
def _database(settings: Settings) -> Iterator[str]:
    """The address of the database that is set, or of the embedded one, which is started unless it runs."""
    try:
        url = settings.database_url or running_url(settings.data_dir)
        if url:
            yield url
            return
        with EmbeddedPostgres(settings.data_dir, settings=OWN_SERVER) as own:
            yield own.url
    except EmbeddedPostgresError as error:
        raise fail(str(error)) from error
