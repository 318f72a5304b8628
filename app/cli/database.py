"""`stores db …`: migrations, and the months that movements and charges are kept in."""

import asyncio
from datetime import UTC, date, datetime
from typing import Annotated

import typer
from alembic import command
from alembic.util.exc import CommandError

from app import audit, months
from app.cli.migrating import alembic_config
from app.cli.reach import console, database_url, fail, open_session, read_settings
from app.domain.dates import uk_date
from app.domain.errors import RuleError

app = typer.Typer(no_args_is_help=True, help="Migrations and months.")


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


MONTH = Annotated[datetime, typer.Argument(formats=["%Y-%m"], help="A month, as 2019-04.")]
ACTOR = "system:months"


@app.command("months")
def show_months() -> None:
    """List the months of movements and charges: about how many lines, their size, and what may be put aside."""
    asyncio.run(_show_months())


@app.command("detach-month")
def detach_month(
    month: MONTH, years: Annotated[int, typer.Option(min=0, help="It must be older than so many years.")] = 7
) -> None:
    """Put an old, closed month of movements and charges aside. Its tables stay in the schema `months`."""
    lines = asyncio.run(_change(month.date(), years))
    told = " and ".join(f"{count:,} lines of {whole}" for whole, count in lines.items())
    console.print(f"{month:%Y-%m} is put aside: {told}. They stand in the schema months, to be copied and dropped.")


@app.command("attach-month")
def attach_month(month: MONTH) -> None:
    """Bring the month that was put aside last back, if it is still what was put aside."""
    lines = asyncio.run(_change(month.date(), None))
    console.print(f"{month:%Y-%m} is back: {' and '.join(f'{n:,} lines of {whole}' for whole, n in lines.items())}.")


async def _show_months() -> None:
    async with open_session(database_url(read_settings())) as session:
        for one in await months.list_months(session):
            stands = "put aside" if not one.is_attached else "closed" if one.is_closed else "open"
            console.print(
                f"{one.month:%Y-%m} {one.whole:<8} {one.lines:>12,} lines {one.bytes // 1024:>12,} kB  {stands}"
            )


async def _change(month: date, years: int | None) -> dict[str, int]:
    at = datetime.now(UTC)
    async with open_session(database_url(read_settings())) as session:
        try:
            if years is None:
                lines = await months.attach_month(session, month)
            else:
                lines = await months.detach_month(session, month, years=years, today=uk_date(at), actor=ACTOR, at=at)
        except RuleError as error:
            raise fail(error.detail) from error
        act = "month_attached" if years is None else "month_put_aside"
        await audit.record(session, act, f"month:{month:%Y-%m}", actor=ACTOR, at=at, **lines)
    return lines
