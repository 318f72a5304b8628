"""Importing a file: read it, check all of it, and only if nothing is wrong write all of it, in one transaction."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.access import StoreRef
from app.domain.dates import uk_date
from app.domain.errors import Conflict
from app.features.imports.catalogue import check_products, write_products
from app.features.imports.clients import check_clients, write_clients
from app.features.imports.columns import Kind
from app.features.imports.files import Notes, Progress, Table, read_table, silent
from app.features.imports.items import add_items, check_items
from app.features.imports.locking import lock_as_compared
from app.features.imports.schemas import ImportReport, Remark

ONE_AT_A_TIME: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended('equipment-stores import', 0))")
STORES: Final = text("SELECT id, code, name FROM store ORDER BY id")


async def list_stores(session: AsyncSession) -> tuple[StoreRef, ...]:
    """All stores, for whoever works at the command line."""
    return tuple(StoreRef(row.id, row.code, row.name) for row in await session.execute(STORES))


async def import_file(
    session: AsyncSession,
    kind: Kind,
    content: bytes,
    *,
    dry_run: bool,
    stores: Sequence[StoreRef],
    prefix: str,
    actor: str,
    at: datetime,
    progress: Progress = silent,
) -> ImportReport:
    """Check the file, and unless it is a dry run or something is wrong, write it. The report says which.

    `stores`: where the actor works; items of other stores are faults. A check of clients is in the audit trail too,
    because it tells what their records hold. A dry run locks nothing, else only what will change is locked. Raises
    Conflict `import-running` while somebody else imports.
    """
    if not (dry_run or await session.scalar(ONE_AT_A_TIME)):
        raise Conflict("import-running", "Another import is running. Wait until it has ended, then try again.")
    table = await asyncio.to_thread(read_table, kind, content, progress)
    report = ImportReport(kind=kind, dry_run=dry_run, rows=len(table.records))
    if kind is Kind.ITEMS:
        await _items(session, table, report, stores=stores, prefix=prefix, actor=actor, at=at, progress=progress)
    elif kind is Kind.CATALOGUE:
        await _catalogue(session, table, report, actor=actor, at=at, progress=progress)
    else:
        await _clients(session, table, report, actor=actor, at=at, progress=progress)
    report.faults, report.fault_count = _remarks(table.faults), table.faults.count
    is_written = not (dry_run or report.fault_count)
    if is_written or kind is Kind.CLIENTS:
        await audit.record(
            session,
            "data_imported" if is_written else "import_checked",
            f"import:{kind}",
            actor=actor,
            at=at,
            rows=report.rows,
            added=report.added,
            changed=report.changed,
            held=report.held,
            faults=report.fault_count,
            sha256=sha256(content).hexdigest(),
        )
    return report


async def _items(
    session: AsyncSession,
    table: Table,
    report: ImportReport,
    *,
    stores: Sequence[StoreRef],
    prefix: str,
    actor: str,
    at: datetime,
    progress: Progress,
) -> None:
    plan = await check_items(session, table, stores=stores, today=uk_date(at), progress=progress)
    report.differences, report.difference_count = _remarks(plan.differences), plan.differences.count
    if table.faults.count:
        return
    report.added, report.unchanged = len(plan.new), plan.unchanged
    report.held = sum(record.get("used_before") is not False for record in plan.new)
    if not report.dry_run:
        await add_items(session, plan, stores=stores, prefix=prefix, actor=actor, at=at, progress=progress)


async def _catalogue(
    session: AsyncSession, table: Table, report: ImportReport, *, actor: str, at: datetime, progress: Progress
) -> None:
    plan = await check_products(session, table, progress=progress)
    if not (report.dry_run or table.faults.count):
        await lock_as_compared(session, Kind.CATALOGUE, plan.compared, table.faults)
    if table.faults.count:
        return
    report.added, report.changed, report.unchanged = len(plan.new), len(plan.changes), plan.unchanged
    report.changes, report.change_count = _remarks(plan.told), plan.told.count
    if not report.dry_run:
        await write_products(session, plan, actor=actor, at=at, progress=progress)


async def _clients(
    session: AsyncSession, table: Table, report: ImportReport, *, actor: str, at: datetime, progress: Progress
) -> None:
    plan = await check_clients(session, table, today=uk_date(at), progress=progress)
    if not (report.dry_run or table.faults.count):
        await lock_as_compared(session, Kind.CLIENTS, plan.compared, table.faults)
    if table.faults.count:
        return
    report.added, report.changed, report.unchanged = len(plan.new), len(plan.changes), plan.unchanged
    report.changes, report.change_count = _remarks(plan.told), plan.told.count
    if not report.dry_run:
        await write_clients(session, plan, actor=actor, at=at, progress=progress)


def _remarks(notes: Notes) -> list[Remark]:
    """In the order of the rows; what was found on reading and on checking stands together."""
    return [Remark(row=one.row, column=one.column, code=one.code, detail=one.detail) for one in sorted(notes.shown)]
