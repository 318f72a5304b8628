"""Reports of money as JSON and as files."""

from typing import Annotated, Any

from fastapi import Depends, Query, Response

from app.db import ReportSession
from app.domain.cost_reports import read_as_at
from app.domain.costs import ChargeKind
from app.domain.dates import uk_date
from app.domain.equity import Grouping
from app.features.finance.asking import Word
from app.features.finance.exports.answers import REPORTS, FileAsked, answer
from app.features.finance.reports import accruals as accruals_report
from app.features.finance.reports import asc_fr as asc_fr_report
from app.features.finance.reports import commitments as commitments_report
from app.features.finance.reports import costs as costs_report
from app.features.finance.reports import equity as equity_report
from app.features.finance.reports import outstanding
from app.features.finance.reports.asking import Fewest, Question
from app.features.finance.reports.lines import list_lines
from app.features.finance.reports.schemas import CostLine, Report, as_report
from app.features.finance.tables import Table
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Limit
from app.web.once import api_router
from app.web.paging import TAG, Page, number_cursor, page_of, text_cursor

router = api_router("finance")

GroupBy = Annotated[str, Query(max_length=200)]
Wanted = Annotated[FileAsked, Depends()]
Code = Annotated[Word, Query(min_length=1)]
At = Annotated[list[str] | None, Query(max_length=2)]


@router.get("/finance/reports/costs", response_model=Report, responses=REPORTS)
async def costs(
    session: ReportSession,
    actor: Actor,
    question: Annotated[Question, Depends()],
    wanted: Wanted,
    group_by: GroupBy = "funder",
    smallest: Fewest = None,
) -> Report | Response:
    """What was charged, grouped by one dimension or two. `smallest`: groups of fewer people are put together; of whole
    months of the books only (422 `whole-months-only`, `by-the-books-only`). A charge that has no value of a dimension
    has null there, and in a file words, such as “No order”; what is put together says so, such as “Fewer than 5
    people”."""
    asked = question.read(actor, group_by, smallest=smallest)
    return await _answer(await costs_report.costs(session, asked, of_file=bool(wanted.format)), wanted)


@router.get("/finance/reports/costs/lines")
async def cost_lines(
    session: ReportSession,
    actor: Actor,
    question: Annotated[Question, Depends()],
    group_by: GroupBy = "funder",
    at: At = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[CostLine]:
    """The lines behind a figure: `at` has the value of each dimension that is grouped by, empty for none; without it,
    all lines."""
    asked = question.read(actor, group_by, at=tuple(at or ()))
    rows = await list_lines(session, asked, after=number_cursor(after), limit=limit)
    return page_of(rows, limit=limit, cursor=lambda line: line.id)


@router.get("/finance/reports/credits-outstanding", response_model=Report, responses=REPORTS)
async def credits_outstanding(session: ReportSession, actor: Actor, now: Now, wanted: Wanted) -> Report | Response:
    """What would be credited if everything that clients have came back today, by funder and product."""
    return await _answer(await outstanding.credits_outstanding(session, today=uk_date(now)), wanted)


@router.get("/finance/reports/credits-outstanding/items", response_model=Report, responses=REPORTS)
async def credits_outstanding_items(
    session: ReportSession,
    actor: Actor,
    now: Now,
    wanted: Wanted,
    product: Code,
    funder: Word = "",
    after: After = None,
    limit: Limit = 500,
) -> Report | Response:
    """The items that one row of it counts: of a product and a funder, the service's own account where it is empty. In
    pages by tag, whose totals are of all; a file has all."""
    page: Any = {} if wanted.format else {"after": text_cursor(after, TAG), "limit": limit}
    found = await outstanding.outstanding_items(session, product=product, funder=funder, today=uk_date(now), **page)
    return await _answer(found, wanted)


@router.get("/finance/reports/commitments", response_model=Report, responses=REPORTS)
async def commitments(
    session: ReportSession,
    actor: Actor,
    now: Now,
    wanted: Wanted,
    as_at: Word = "",
    funder: Word = "",
    team: Word = "",
) -> Report | Response:
    """What was approved and is not delivered, by order and funder, with the panel's case; today, or as at a day."""
    today = uk_date(now)
    on = read_as_at(as_at, today=today)
    found = await commitments_report.commitments(session, on=on, today=today, funder=funder or None, team=team)
    return await _answer(found, wanted)


@router.get("/finance/reports/commitments/pieces", response_model=Report, responses=REPORTS)
async def committed_pieces(
    session: ReportSession, actor: Actor, now: Now, wanted: Wanted, order_number: Code, funder: Code, as_at: Word = ""
) -> Report | Response:
    """The pieces that one row of it counts, with the funder's part of each."""
    today = uk_date(now)
    on = read_as_at(as_at, today=today)
    found = await commitments_report.committed_pieces(
        session, order_number=order_number, funder=funder, on=on, today=today
    )
    return await _answer(found, wanted)


@router.get("/finance/reports/accruals", response_model=Report, responses=REPORTS)
async def accruals(
    session: ReportSession, actor: Actor, now: Now, wanted: Wanted, as_at: Word = ""
) -> Report | Response:
    """What happened up to a day (as a rule today) and is not charged yet."""
    today = uk_date(now)
    day = read_as_at(as_at, today=today)
    return await _answer(await accruals_report.accruals(session, as_at=day, today=today), wanted)


@router.get("/finance/reports/accruals/items", response_model=Report, responses=REPORTS)
async def accrued_items(
    session: ReportSession,
    actor: Actor,
    now: Now,
    wanted: Wanted,
    funder: Word = "",
    kind: ChargeKind | None = None,
    as_at: Word = "",
) -> Report | Response:
    """What one row of it counts, of a funder (the service's own account where it is empty): the hired items, or, of a
    kind of charge, the lines that have no rate."""
    day = read_as_at(as_at, today=uk_date(now))
    return await _answer(await accruals_report.accrued_items(session, funder=funder, kind=kind, as_at=day), wanted)


@router.get("/finance/reports/asc-fr", response_model=Report, responses=REPORTS)
async def asc_fr(session: ReportSession, actor: Actor, now: Now, wanted: Wanted, year: Word = "") -> Report | Response:
    """The line “Assistive equipment and technology” of the return for a financial year (`2025` or `2025/26`)."""
    return await _answer(await asc_fr_report.asc_fr(session, year=year, today=uk_date(now)), wanted)


@router.get("/finance/reports/equity", response_model=Report, responses=REPORTS)
async def equity(
    session: ReportSession,
    actor: Actor,
    now: Now,
    wanted: Wanted,
    by: Grouping = Grouping.DISTRICT,
    year: Word = "",
) -> Report | Response:
    """Who gets what in a financial year: issues, trials, wait and cost by postcode district or by age. Small numbers
    are always left out."""
    return await _answer(await equity_report.equity(session, by=by, year=year, today=uk_date(now)), wanted)


async def _answer(table: Table, wanted: FileAsked) -> Report | Response:
    return await answer(table, wanted, as_report(table))
