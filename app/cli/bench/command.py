"""`stores bench …`: runs a benchmark on a PostgreSQL of its own, prints what it found, and writes it as Markdown."""

import asyncio
import json
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from app.cli.bench import dashboards, finance, notices, register
from app.cli.bench.county import County
from app.cli.bench.dashboards import DashboardsReport
from app.cli.bench.finance import FinanceReport
from app.cli.bench.notices import Edited, Taken
from app.cli.bench.reference import running
from app.cli.bench.reference.figures import Scale
from app.cli.bench.reference.report import CountyReport
from app.cli.bench.reference.running import MEASURED, Options, WrongAnswer
from app.cli.bench.register import Size
from app.cli.county.size import LEAST, MOST
from app.cli.migrating import alembic_config
from app.cli.reach import check_server, console, fail
from app.db import normal_url
from app.postgres import EmbeddedPostgres, EmbeddedPostgresError

app = typer.Typer(no_args_is_help=True, help="How fast it is, on a register of a large service.")


@app.callback()
def the_benchmarks() -> None:
    """How fast it is, on a register of a large service."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one run found."""

    items: int
    loans: int
    forms: list[Taken]
    edits: list[Edited]

    def as_markdown(self) -> str:
        """As the documents show it."""
        lines = [
            f"{self.items:,} items, {self.loans:,} loans, half of them open. Seconds, commit included; the floor reads "
            "the register once and writes as many bare rows in the same run.",
            "",
            "| scope | items held | put into force | against the floor | let go |",
            "|---|---:|---:|---:|---:|",
            *(
                f"| {one.form} | {one.held:,} | {one.activate:.2f} | {one.ratio:.1f} times | {one.let_go:.2f} |"
                for one in self.forms
            ),
            "",
            "| notices in force | that can concern it | one edited item is asked about | statements |",
            "|---:|---:|---:|---:|",
            *(
                f"| {one.active} | {one.concerned} | {one.seconds * 1000:.0f} ms | {one.statements} |"
                for one in self.edits
            ),
        ]
        return "\n".join(lines) + "\n"


@app.command("notices")
def bench_notices(
    items: Annotated[int, typer.Option(min=1_000, help="How many items; each has been lent twice.")] = 300_000,
    database: Annotated[
        str | None, typer.Option(help="An EMPTY database to fill, instead of a PostgreSQL of its own.")
    ] = None,
    form: Annotated[list[str] | None, typer.Option(help="Only scopes with these words in their name.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the tables here.")] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Put safety notices of each form into force, let go again, and edit items under hundreds of notices."""
    with _database(database) as url:
        report = asyncio.run(run(url, Size(items), form or []))
    if markdown:
        markdown.write_text(report.as_markdown())
    if as_json:
        as_json.write_text(json.dumps(asdict(report), indent=1) + "\n")
    console.print(report.as_markdown(), highlight=False)


@app.command("finance")
def bench_finance(
    lines: Annotated[int, typer.Option(min=1_000, help="How many lines of charges the month has.")] = 250_000,
    database: Annotated[
        str | None, typer.Option(help="An EMPTY database to fill, instead of a PostgreSQL of its own.")
    ] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the table here.")] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Write the lines of a month as CSV and as a spreadsheet, and look at the seconds and the memory."""
    with _database(database) as url:
        report = asyncio.run(run_finance(url, lines))
    if markdown:
        markdown.write_text(report.as_markdown())
    if as_json:
        as_json.write_text(json.dumps(report.as_figures(), indent=1) + "\n")
    console.print(report.as_markdown(), highlight=False)


@app.command("dashboards")
def bench_dashboards(
    items: Annotated[int, typer.Option(min=600, help="How many items; what happens follows from it.")] = 300_000,
    newest: Annotated[int, typer.Option(min=0, help="So many lines more in the newest month.")] = 180_000,
    database: Annotated[
        str | None, typer.Option(help="An EMPTY database to fill, instead of a PostgreSQL of its own.")
    ] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the table here.")] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Read the reports of finance on five years of a county, and look at the seconds."""
    with _database(database) as url:
        report = asyncio.run(run_dashboards(url, County(items, newest)))
    if markdown:
        markdown.write_text(report.as_markdown())
    if as_json:
        as_json.write_text(json.dumps(report.as_figures(), indent=1) + "\n")
    console.print(report.as_markdown(), highlight=False)


@app.command("county")
def bench_county(
    scale: Annotated[
        list[float] | None, typer.Option(help="Fill a reference county of this size; 1 is 300,000 items.")
    ] = None,
    filled: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCALE=WHERE",
            help="A county that was filled before, such as 0.1=DIRECTORY (of its data) or 1=postgresql://…; it is "
            "written in. Instead of --scale.",
        ),
    ] = None,
    clients: Annotated[int, typer.Option(min=1, help="How many at once, where the most is looked for.")] = 32,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long each loop lasts.")] = 8,
    workers: Annotated[int, typer.Option(min=1, help="Processes of the service.")] = 1,
    only: Annotated[list[str] | None, typer.Option(help="Only this call, or those with this in their name.")] = None,
    database: Annotated[
        str | None,
        typer.Option(
            envvar="STORES_DATABASE_URL", help="An EMPTY database to fill, instead of a PostgreSQL of its own."
        ),
    ] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the tables here.")] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Measure the service over HTTP on the reference county, beside what PostgreSQL alone does in the same run."""
    wanted = counties(scale or [], filled or [], database)
    check_calls(only or [])
    options = Options(seconds=seconds, clients=clients, workers=workers, only=only or [], is_filled=bool(filled))
    rates: dict[str, float] = {}
    told = running.command_line([one for one, *_ in wanted], options)
    scales: list[Scale] = []
    report = CountyReport(told, datetime.now(UTC).date(), {}, scales, workers)
    try:
        for one, address, data_dir in wanted:
            with _database(address, data_dir) as url:
                scales.append(running.run(url, one, options, rates, lambda line: console.print(line, highlight=False)))
                report = CountyReport(told, report.on, asyncio.run(running.about(url)), scales, workers)
            # After each: a run of hours that is ended keeps what it has measured.
            if markdown:
                markdown.write_text(report.as_markdown())
            if as_json:
                as_json.write_text(json.dumps(report.as_figures(), indent=1) + "\n")
    except EmbeddedPostgresError as error:
        raise fail(str(error)) from error
    except WrongAnswer as wrong:
        raise fail(f"An answer was wrong, so nothing is told of speed. {wrong}") from wrong
    console.print(report.as_markdown(), highlight=False, soft_wrap=True)


def counties(
    scales: Sequence[float], filled: Sequence[str], database: str | None
) -> list[tuple[float, str | None, Path | None]]:
    """What is measured, the smallest first: its scale, and its address or the directory of its data where it has one.

    The rates of the open loops are those of the first: where there is more, a call takes rather less.
    """
    if filled and (scales or database):
        raise fail(
            "--filled says where each county stands: give no --scale, --database or STORES_DATABASE_URL with it."
        )
    if database and len(scales) > 1:
        raise fail("A database of yours is filled once: give one --scale with it.")
    if not filled:
        if any(not LEAST <= one <= MOST for one in scales):
            raise fail(f"--scale is from {LEAST:g} to {MOST:g}: 1 is a county of 110,000 issues a year.")
        return [(one, database, None) for one in sorted(scales) or [0.01]]
    return sorted((_filled(told) for told in filled), key=lambda one: one[0])


def check_calls(only: Sequence[str]) -> None:
    """A word by which nothing is measured is refused: a table without its row would say nothing of it."""
    for word in only:
        if not any(word in name for name in MEASURED):
            raise fail(f"Nothing that is measured has “{word}” in its name. There are: {', '.join(sorted(MEASURED))}.")


def _filled(told: str) -> tuple[float, str | None, Path | None]:
    """Of `0.1=DIRECTORY` or `0.1=postgresql://…`."""
    scale, _, where = told.partition("=")
    try:
        size = float(scale)
    except ValueError:
        size = 0.0
    if not size > 0 or not where:
        raise fail(f"“{told}” is not a scale and where its county stands. Write --filled 0.1=DIRECTORY.")
    if "://" in where:
        return size, where, None
    if not (Path(where) / "postgres").is_dir():
        raise fail(
            f"There is no reference county in {Path(where).resolve()}. Fill it first: "
            f"STORES_DATA_DIR={where} stores demo county --scale {size:g}."
        )
    return size, None, Path(where)


@contextmanager
def _database(given: str | None, data_dir: Path | None = None) -> Iterator[str]:
    """The address of a migrated database: the given one, the embedded one in this folder, or one of a PostgreSQL of its
    own, which is thrown away."""
    with tempfile.TemporaryDirectory(prefix="stores-bench-") as folder:
        # Durable, as the service's own is: a commit waits for the disk.
        Path(folder).chmod(0o711)
        server = EmbeddedPostgres(data_dir or Path(folder)) if given is None else nullcontext()
        with server as own:
            url = own.url if own else str(given)
            with ThreadPoolExecutor(1) as thread:
                thread.submit(lambda: asyncio.run(check_server(url))).result()
                thread.submit(command.upgrade, alembic_config(url), "head").result()
            yield url


async def run_finance(url: str, lines: int) -> FinanceReport:
    """Fill the database at this address, which is migrated and empty, and measure exports."""
    engine = create_async_engine(normal_url(url), poolclass=NullPool)
    try:
        size = Size(max(lines // 4, 100))
        async with AsyncSession(engine) as session, session.begin():
            if await session.scalar(text("SELECT EXISTS (SELECT FROM item)")):
                raise fail("There are items in this database. A benchmark wants an empty one, and fills it.")
            await register.fill(session, size)
            await finance.fill(session, lines=lines, items=size.items, clients=size.clients)
        return await finance.measure(engine, url, lines)
    finally:
        await engine.dispose()


async def run_dashboards(url: str, county: County) -> DashboardsReport:
    """Fill the database at this address, which is migrated and empty, and measure the reports."""
    engine = create_async_engine(normal_url(url), poolclass=NullPool)
    try:
        async with AsyncSession(engine) as session:
            if await session.scalar(text("SELECT EXISTS (SELECT FROM item)")):
                raise fail("There are items in this database. A benchmark wants an empty one, and fills it.")
        return await dashboards.run(engine, county)
    finally:
        await engine.dispose()


async def run(url: str, size: Size, words: Sequence[str] = ()) -> Report:
    """Fill the database at this address, which is migrated and empty, and measure."""
    engine = create_async_engine(normal_url(url), poolclass=NullPool)
    try:
        async with AsyncSession(engine) as session, session.begin():
            if await session.scalar(text("SELECT EXISTS (SELECT FROM item)")):
                raise fail("There are items in this database. A benchmark wants an empty one, and fills it.")
            await register.fill(session, size)
        await notices.prepare(engine)
        edits = [] if words else await notices.measure_edits(engine, size)
        taken = []
        for form in notices.forms(size):
            if not words or any(word in form.name for word in words):
                taken.append(await notices.measure(engine, form))
                await notices.tidy(engine)
        return Report(size.items, size.items * 2, taken, edits)
    finally:
        await engine.dispose()
