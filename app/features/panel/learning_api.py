"""What the panels' figures say, as JSON and as files."""

from collections.abc import Callable, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Response
from pydantic import AfterValidator, BeforeValidator

from app.db import Session
from app.domain.dates import uk_date
from app.domain.panel import DecisionKind
from app.domain.panel_figures import FEWEST_CASES
from app.domain.panel_settings import financial_year, first_day, year_in_words
from app.features.panel import learning
from app.features.panel.learning_schemas import Figures
from app.web.auth import Actor
from app.web.clock import Now
from app.web.csv_files import csv_answer
from app.web.fields import Day
from app.web.once import api_router

router = api_router("specialist equipment panel")


class Table(StrEnum):
    """A table of the figures, as a file of its own."""

    WAITING = "waiting"
    DECISIONS = "decisions"
    TEAMS = "teams"
    SPECIALS = "specials"
    COMMITTED = "committed"
    BUDGETS = "budgets"


def _or_none(typed: object) -> object:
    """A field that was left empty is left out."""
    return typed or None


def _of_our_time(day: date | None) -> date | None:
    """Financial years, and budgets, are those of this millennium."""
    if day is not None and not 2000 <= day.year <= 2999:
        raise ValueError("Choose a day from the year 2000 on.")
    return day


class Period:
    """A panel by its code (as a rule all), and days: as a rule from the first of this financial year until today."""

    def __init__(
        self,
        now: Now,
        panel: Annotated[str | None, Query(max_length=40)] = None,
        since: Annotated[
            Day | None, AfterValidator(_of_our_time), BeforeValidator(_or_none), Query(alias="from")
        ] = None,
        until: Annotated[Day | None, AfterValidator(_of_our_time), BeforeValidator(_or_none), Query(alias="to")] = None,
    ) -> None:
        self.panel = panel or None
        self.until: date = until or uk_date(now)
        self.since: date = since or first_day(financial_year(self.until))

    @property
    def asked(self) -> dict[str, Any]:
        """As the reading takes it."""
        return {"panel": self.panel, "since": self.since, "until": self.until}


ROWS: dict[Table, tuple[Sequence[str], Callable[[Figures], list[list[object]]]]] = {
    Table.WAITING: (
        ("stage", "cases", "median_days", "ninetieth_days"),
        lambda said: [
            [one.stage.value, one.cases, round(one.median_days, 1), round(one.ninetieth_days, 1)]
            for one in said.waiting
        ],
    ),
    Table.DECISIONS: (
        ("month", *(kind.value for kind in DecisionKind)),
        lambda said: [[one.month, *(one.decisions[kind] for kind in DecisionKind)] for one in said.decisions],
    ),
    Table.TEAMS: (
        ("team", "cases", "incomplete", "percent"),
        lambda said: [
            [one.team, one.cases or f"fewer than {FEWEST_CASES}", one.incomplete, one.percent] for one in said.teams
        ],
    ),
    Table.SPECIALS: (
        ("product_code", "product", "approvals", "pieces", "saved_pence"),
        lambda said: [
            [one.product_code, one.product, one.approvals, one.pieces, one.saved_pence] for one in said.specials
        ],
    ),
    Table.COMMITTED: (
        ("funder", "name", "pence"),
        lambda said: [[one.funder, one.name, one.pence] for one in said.committed],
    ),
    Table.BUDGETS: (
        ("year", "budget_pence", "committed_pence", "left_pence"),
        lambda said: [
            [year_in_words(one.year), one.budget_pence, one.committed_pence, one.left_pence] for one in said.budgets
        ],
    ),
}


@router.get("/panel-learning", response_model=Figures)
async def figures(
    session: Session,
    actor: Actor,
    period: Annotated[Period, Depends()],
    file_format: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
    table: Table = Table.WAITING,
) -> Figures | Response:
    """What the figures of a panel, or of all, say of a period: nothing about anybody. As `csv`: one `table`."""
    found = await learning.read_figures(session, **period.asked)
    return as_file(found, table) if file_format == "csv" else found


def as_file(found: Figures, table: Table) -> Response:
    """One table as a file."""
    head, rows = ROWS[table]
    return csv_answer(f"panel-{table.value}-{found.since}-{found.until}.csv", head, rows(found))
