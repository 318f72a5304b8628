"""`stores import …`: catalogue, items and clients from CSV files."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table
from sqlalchemy.exc import IntegrityError

from app.cli.reach import console, database_url, fail, open_session, read_settings
from app.domain.errors import RuleError
from app.features.imports import service
from app.features.imports.columns import Kind
from app.features.imports.schemas import ImportReport, Remark
from app.web.problems import known_violation

ACTOR = "command line"

File = Annotated[
    Path, typer.Argument(help="CSV in UTF-8; the columns are in docs/imports.md.", exists=True, dir_okay=False)
]


def import_file(
    kind: Annotated[Kind, typer.Argument(help="What the rows are.")],
    file: File,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check the file.")] = False,
) -> None:
    """Import a file whole, or tell everything that is wrong with it and write nothing."""
    content = file.read_bytes()
    try:
        with Progress(console=console, transient=True) as bar:
            report = asyncio.run(_run(kind, content, dry_run=dry_run, bar=bar))
    except RuleError as error:
        raise fail(error.detail) from error
    except IntegrityError as error:
        violation = known_violation(error)
        if violation is None:
            raise
        raise fail(f"Somebody else changed the records meanwhile. Nothing was written. {violation.detail}") from error
    _tell(report)


async def _run(kind: Kind, content: bytes, *, dry_run: bool, bar: Progress) -> ImportReport:
    settings = read_settings()
    tasks = {what: bar.add_task(what, total=None) for what in ("Reading", "Checking", "Writing")}
    async with open_session(database_url(settings)) as session:
        return await service.import_file(
            session,
            kind,
            content,
            dry_run=dry_run,
            stores=await service.list_stores(session),
            prefix=settings.tag_prefix,
            actor=ACTOR,
            at=datetime.now(UTC),
            progress=lambda what, done, of: bar.update(tasks[what], completed=done, total=of),
        )


def _tell(report: ImportReport) -> None:
    """What became of it, or what is wrong; ends with 1 when there are faults."""
    if report.fault_count:
        _list(report.faults, report.fault_count)
        raise fail(f"Faults: {report.fault_count:,}. Rows read: {report.rows:,}. Nothing was written.")
    _list(report.changes, report.change_count)
    _list(report.differences, report.difference_count)
    if report.difference_count:
        console.print(f"Differences: {report.difference_count:,}. These items stay as they are.")
    would = "Checked, nothing written. It would be" if report.dry_run else "Imported"
    held = f" ({report.held:,} on hold, as used before)" if report.held else ""
    counts = f"{report.added:,} new{held}, {report.changed:,} changed, {report.unchanged:,} there already"
    console.print(f"{would}: {counts}.", highlight=False, soft_wrap=True)


def _list(remarks: list[Remark], count: int) -> None:
    if not remarks:
        return
    table = Table("Row", "Column", "Code", "What to do")
    for one in remarks:
        table.add_row(str(one.row), escape(one.column), one.code, escape(one.detail))
    console.print(table)
    if count > len(remarks):
        console.print(f"And {count - len(remarks):,} more.")
