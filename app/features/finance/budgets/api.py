"""JSON routes of budgets."""

from typing import Annotated, Any

from fastapi import Depends, Query, Response

from app.db import ReportSession, Session
from app.domain.dates import uk_date
from app.domain.panel_settings import financial_year
from app.features.finance.budgets import queries, service
from app.features.finance.budgets.queries import BudgetRow
from app.features.finance.budgets.report import as_table
from app.features.finance.budgets.schemas import BudgetBody, BudgetChange, NewBudget
from app.features.finance.exports.answers import REPORTS, FileAsked, answer
from app.features.finance.reports.schemas import Report, as_report
from app.web.auth import Actor
from app.web.clock import Now
from app.web.etags import Version, etag
from app.web.fields import After, Id, Limit
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of

router = api_router("finance")

YearAsked = Annotated[int | None, Query(ge=2000, le=2999)]


class BudgetReport(Report):
    """Budgets beside the books. `without_budget`: by who pays, what is spent and committed that is in no budget
    of this year; together it is the row “Without a budget”."""

    year: int
    warnings: list[str]
    without_budget: list[dict[str, Any]]


@router.get("/finance/budgets")
async def list_budgets(
    session: Session, actor: Actor, year: YearAsked = None, limit: Limit = 50, after: After = None
) -> Page[BudgetBody]:
    """Budgets in the order they were set, of one year (2026 for 2026/27) or of all."""
    rows = await queries.list_budgets(session, year=year, after=number_cursor(after), limit=limit + 1)
    return page_of([_body(row) for row in rows], limit=limit, cursor=lambda row: row.id)


@router.post("/finance/budgets", status_code=201)
async def set_budget(session: Session, actor: Actor, now: Now, response: Response, body: NewBudget) -> BudgetBody:
    """Set the budget of a funder, or of a team's part of it. `warnings`: what is allowed and looks wrong."""
    number = await service.set_budget(session, body, actor=actor.username, at=now)
    return await _shown(session, response, number)


@router.get("/finance/budgets/{budget_id}")
async def get_budget(session: Session, actor: Actor, response: Response, budget_id: Id) -> BudgetBody:
    """One budget; the ETag is wanted by PATCH."""
    return await _shown(session, response, budget_id)


@router.patch("/finance/budgets/{budget_id}")
async def change_budget(
    session: Session, actor: Actor, now: Now, response: Response, budget_id: Id, version: Version, body: BudgetChange
) -> BudgetBody:
    """Change its sum or its months (If-Match). A sum without months is spread in equal twelfths."""
    await service.change_budget(session, budget_id, body, version=version, actor=actor.username, at=now)
    return await _shown(session, response, budget_id)


@router.get("/finance/reports/budgets", response_model=BudgetReport, responses=REPORTS)
async def report(
    session: ReportSession,
    actor: Actor,
    now: Now,
    wanted: Annotated[FileAsked, Depends()],
    year: YearAsked = None,
) -> BudgetReport | Response:
    """Budget, spent, committed, forecast and variance of a financial year, as a rule of this one."""
    today = uk_date(now)
    found = await queries.compare(session, year or financial_year(today), today=today)
    table = as_table(found)
    without = [
        {"funder": one.name, "actual_pence": one.actual_pence, "committed_pence": one.committed_pence}
        for one in found.without
    ]
    said = {**as_report(table).model_dump(), "year": found.year, "warnings": found.warnings}
    return await answer(table, wanted, BudgetReport(**said, without_budget=without))


async def _shown(session: Session, response: Response, budget_id: int) -> BudgetBody:
    row = await queries.get_budget(session, budget_id)
    response.headers["ETag"] = etag(row.version)
    body = _body(row)
    body.warnings = await queries.list_warnings(session, row)
    return body


def _body(row: BudgetRow) -> BudgetBody:
    return BudgetBody.model_validate(row, from_attributes=True)
