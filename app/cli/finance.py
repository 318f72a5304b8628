"""`stores finance …`: the proof that the books add up."""

import asyncio
from datetime import date
from typing import Annotated

import typer

from app.cli.reach import console, database_url, fail, open_session, read_settings, showing_progress
from app.domain.errors import BadValue
from app.domain.months import month_in_words, read_month
from app.domain.reconciling import Check
from app.features.finance.reconciling.service import Reconciled, in_a_line, reconcile
from app.features.finance.reconciling.words import SIDES
from app.web.templating import pounds

app = typer.Typer(no_args_is_help=True, help="Charges and months.")


@app.callback()
def the_books() -> None:
    """Charges and months."""


@app.command("reconcile")
def reconcile_books(
    period: Annotated[str, typer.Option(metavar="YYYY-MM", help="Only what is in this month; as a rule all.")] = "",
) -> None:
    """Compare movements, charges, splits and sums to the penny. Ends with 1, and a list, when something differs."""
    try:
        month = read_month(period) if period else None
    except BadValue as error:
        raise fail(error.detail) from error
    found = asyncio.run(_reconcile(month))
    _show(found)
    if not found.is_ok:
        raise typer.Exit(1)


async def _reconcile(period: date | None) -> Reconciled:
    async with open_session(database_url(read_settings())) as session:
        with showing_progress() as tell:
            return await reconcile(session, period=period, tell=tell)


def _show(found: Reconciled) -> None:
    for check in Check:
        told, wrong = found.sums[check], found.of(check)
        said = SIDES[check]
        expected = f"at most {pounds(-told.expected)}" if said.is_most else pounds(told.expected)
        found_there = pounds(-told.found if said.is_most else told.found)
        sides = f", {said.expected} {expected}, {said.found} {found_there}" if said.expected else ""
        console.print(f"{said.title}: {told.counted:,} {said.counted}{sides}; {len(wrong):,} differ.", highlight=False)
        if told.apart:
            console.print(f"  Told apart: {told.apart:,} that {said.apart}.", highlight=False)
        for one in wrong:
            console.print(f"  {one.code}: {in_a_line(one)}", highlight=False)
    for report in found.reports:
        sides = f"{report.lines:,} lines, {pounds(report.net)}; in the report {report.found_lines:,}"
        console.print(f"  {report.title}: {sides}, {pounds(report.found_net)}.", highlight=False)
    of = month_in_words(found.period) if found.period else "Everything"
    console.print(f"{of} adds up." if found.is_ok else f"{of} does not add up.", highlight=False)
