"""`stores db …`: migrations."""

from typing import Annotated

import typer
from alembic import command
from alembic.util.exc import CommandError

from app.cli.reach import console, database_url, fail, read_settings
from app.web.health import alembic_config

app = typer.Typer(no_args_is_help=True, help="Migrations.")


@app.command()
def upgrade(revision: Annotated[str, typer.Argument(help="The revision to go to.")] = "head") -> None:
    """Bring the database to this version of the service. Safe to run twice, and by two deployers at once."""
    try:
        command.upgrade(alembic_config(database_url(read_settings())), revision)
    except (CommandError, OSError) as error:
        raise fail(f"The database was not upgraded: {error}") from error
    console.print(f"The database is at {revision}.")


@app.command()
def current() -> None:
    """Show the revision that the database is at."""
    command.current(alembic_config(database_url(read_settings())), verbose=True)
