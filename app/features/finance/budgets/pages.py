"""Pages of budgets: a year of them beside the books, and the form of one."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from app.db import Session
from app.domain.budgets import NAMES, months_of
from app.domain.dates import uk_date
from app.domain.panel_settings import financial_year, year_in_words
from app.features.finance.budgets import queries, service
from app.features.finance.budgets.api import YearAsked
from app.features.finance.budgets.report import DEFINITION, as_table
from app.features.finance.budgets.schemas import BudgetChange, ChangeForm, NewForm, as_typed
from app.features.finance.exports.answers import FileAsked, respond
from app.web.auth import Actor
from app.web.charts import budget_bar, budget_swatches, patterns
from app.web.clock import Now
from app.web.fields import Id
from app.web.flash import redirect
from app.web.forms import Form, filled_or_again, read_form
from app.web.once import page_router
from app.web.templating import render

NEW = "finance/budget_new.html"
ONE = "finance/budget.html"

router = page_router()


@router.get("/finance/budgets")
async def list_budgets(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    wanted: Annotated[FileAsked, Depends()],
    year: YearAsked = None,
) -> Response:
    """The budgets of a year beside the books."""
    today = uk_date(now)
    shown = year or financial_year(today)
    found = await queries.compare(session, shown, today=today)
    table = as_table(found)
    if wanted.format:
        return await respond(table, wanted.format, with_head=wanted.with_head, as_at=wanted.as_at)
    context = {
        "found": found,
        "totals": table.totals,
        "bars": [_bar(one) for one in found.rows],
        "swatches": budget_swatches(),
        "fills": patterns(),
        "definition": DEFINITION,
        "year": shown,
        "is_running": shown == financial_year(today),
        "year_in_words": year_in_words,
    }
    return render(request, "finance/budgets.html", context)


@router.get("/finance/budgets/new")
async def new_budget(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    year: YearAsked = None,
    funder: Annotated[str, Query(max_length=40)] = "",
) -> HTMLResponse:
    """A budget to set."""
    form = Form({"year": [str(year or financial_year(uk_date(now)))], "funder": [funder]})
    return render(request, NEW, {"form": form, **await _choices(session, now)})


@router.post("/finance/budgets/new")
async def set_budget(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Set it."""
    form, body = await read_form(request, NewForm)
    with filled_or_again(NEW, form, body, **await _choices(session, now)) as filled:
        await service.set_budget(session, filled.as_new(), actor=actor.username, at=now)
    return redirect(request, f"/finance/budgets?year={filled.year}", "The budget is set.")


@router.get("/finance/budgets/{budget_id}")
async def get_budget(request: Request, session: Session, actor: Actor, now: Now, budget_id: Id) -> HTMLResponse:
    """One budget, month by month, and the form that changes it."""
    context = await _one(session, budget_id, now)
    return render(request, ONE, {"form": Form(as_typed(context["one"].budget)), **context})


@router.post("/finance/budgets/{budget_id}")
async def change_budget(request: Request, session: Session, actor: Actor, now: Now, budget_id: Id) -> Response:
    """Change it."""
    form, body = await read_form(request, ChangeForm)
    context = await _one(session, budget_id, now)
    budget = context["one"].budget
    with filled_or_again(ONE, form.against(as_typed(budget)), body, **context) as filled:
        change = BudgetChange(pence=filled.pence, months=filled.months, note=filled.note)
        await service.change_budget(session, budget_id, change, version=filled.version, actor=actor.username, at=now)
    return redirect(request, f"/finance/budgets?year={budget.year}", "The budget is changed.")


async def _one(session: Session, budget_id: int, now: Now) -> dict[str, Any]:
    today = uk_date(now)
    budget = await queries.get_budget(session, budget_id)
    found = await queries.compare(session, budget.year, today=today)
    one = next(one for one in found.rows if one.budget.id == budget_id)
    months = [
        (f"{month:%B %Y}", f"{month:%Y-%m}", planned, spent, month > today)
        for month, planned, spent in zip(months_of(budget.year), budget.months, one.books.months, strict=True)
    ]
    return {
        "one": one,
        "months": months,
        "bar": _bar(one),
        "swatches": budget_swatches(),
        "fills": patterns(),
        "names": list(enumerate(NAMES)),
        "year_in_words": year_in_words,
        "warnings": [said for said in found.warnings if said.startswith(f"{budget.funder_name}:")],
    }


async def _choices(session: Session, now: Now) -> dict[str, Any]:
    this = financial_year(uk_date(now))
    years = [(str(year), year_in_words(year)) for year in range(this - 1, this + 4)]
    return {**await queries.list_choices(session), "years": years, "names": list(enumerate(NAMES))}


def _bar(one: queries.Compared) -> Markup:
    standing = one.standing
    return budget_bar(
        budget=standing.budget,
        actual=standing.actual,
        committed=standing.committed,
        forecast=standing.forecast,
    )
