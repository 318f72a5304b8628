"""The journal of a month for the general ledger, from the lines as they stand."""

import csv
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.costs import OWN_ACCOUNT_TEXT, ChargeKind
from app.domain.errors import Conflict
from app.domain.journal import ChargeSum, Entry, Layout, cells_of, entries_of, without_account
from app.web.csv_files import FORMULA

SUMS_SQL = """
    SELECT COALESCE(funder.code, '') AS funder, COALESCE(funder.name, :own) AS funder_name,
           COALESCE(funder.cost_centre, '') AS cost_centre, line.kind, count(*) AS lines,
           sum(line.amount_pence)::bigint AS net_pence, sum(line.vat_pence)::bigint AS vat_pence,
           EXISTS (SELECT FROM finance_period WHERE period = :period) AS is_closed
    FROM charge AS line LEFT JOIN funder ON funder.id = line.funder_id
    WHERE line.period = :period
    GROUP BY funder.code, funder.name, funder.cost_centre, line.kind ORDER BY 1, line.kind
"""
SUMS = text(SUMS_SQL)


@dataclass(frozen=True, slots=True)
class Journal:
    """The entries of a month. `missing`: for what no account is set. `is_closed`: no line can come any more."""

    period: date
    entries: tuple[Entry, ...]
    missing: list[str]
    is_closed: bool

    @property
    def debit_pence(self) -> int:
        """All debits; all credits come to the same."""
        return sum(one.pence for one in self.entries if one.pence > 0)


async def read_journal(session: AsyncSession, period: date, layout: Layout) -> Journal:
    """The journal of the month that begins on that day. One statement."""
    rows = (await session.execute(SUMS, {"period": period, "own": OWN_ACCOUNT_TEXT})).all()
    sums = [sum_of(row) for row in rows]
    is_closed = bool(rows) and rows[0].is_closed
    return Journal(period, entries_of(period, sums, layout), without_account(sums, layout), is_closed)


def sum_of(row: Any) -> ChargeSum:
    """A row of the sums, in the domain's words."""
    return ChargeSum(
        row.funder, row.funder_name, row.cost_centre, ChargeKind(row.kind), row.net_pence, row.vat_pence, row.lines
    )


def journal_csv(journal: Journal, layout: Layout) -> str:
    """The file. Raises Conflict `no-account` while something has no account to be posted to."""
    if journal.missing:
        detail = f"Set an account for: {', '.join(journal.missing)}. Until then the ledger would refuse the journal."
        raise Conflict("no-account", detail)
    written = StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow([heading for _, heading in layout.columns])
    # An amount below zero is a number, and stays one; words are guarded.
    writer.writerows([_guarded(cell) for cell in cells_of(one, layout, journal.period)] for one in journal.entries)
    return written.getvalue()


def _guarded(cell: str) -> str:
    is_number = cell.removeprefix("-").replace(".", "", 1).isdigit()
    return f"'{cell}" if cell.startswith(FORMULA) and not is_number else cell
