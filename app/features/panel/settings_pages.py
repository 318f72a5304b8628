"""Pages on which panels are kept: the list, a new one, and one with its rules, members and budget."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Path, Request
from fastapi.responses import HTMLResponse, Response

from app.db import Session
from app.domain.authority import Tier
from app.domain.dates import uk_date
from app.domain.panel_meeting import Side
from app.domain.panel_settings import financial_year, year_in_words
from app.features.panel import page_queries, settings, settings_queries
from app.features.panel.settings_schemas import BudgetBody, NewPanel, NewPanelForm, PanelChange, PanelForm, as_typed
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import CODE, page_of, text_cursor
from app.web.templating import render

PANELS_ON_A_PAGE = 50
FORM = "panel/settings.html"
USUAL = {
    "precedence": ["100"],
    "quorum": ["3"],
    "approval_days": ["90"],
    "joint_needs_both": ["true"],
    "is_active": ["true"],
}

PanelCode = Annotated[str, Path(max_length=40)]

router = page_router()


@router.get("/panels")
async def list_panels(request: Request, session: Session, actor: Actor, after: After = None) -> HTMLResponse:
    """The panels by code."""
    rows = await settings_queries.list_panels(session, after=text_cursor(after, CODE), limit=PANELS_ON_A_PAGE)
    page = page_of(rows, limit=PANELS_ON_A_PAGE, cursor=lambda row: row.code)
    next_href = f"/panels?after={quote(page.next)}" if page.next else None
    return render(request, "panel/panels.html", {"panels": page.items, "next_href": next_href})


@router.get("/panels/new")
async def new_form(request: Request, session: Session, actor: Actor, now: Now) -> HTMLResponse:
    """A new panel."""
    return render(request, FORM, {"form": Form(USUAL), "panel": None, **await _choices(session, now)})


@router.post("/panels/new")
async def add(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Add it."""
    form, body = await read_form(request, NewPanelForm)
    context = {"panel": None, **await _choices(session, now)}
    if body is None:
        return render(request, FORM, {"form": form, **context}, 422)
    with or_again(FORM, form, **context):
        new = NewPanel.model_validate(body.as_details(form, _years(now)) | {"code": body.code})
        await settings.add_panel(session, new, actor=actor.username, at=now)
    return redirect(request, f"/panels/{quote(body.code)}", f"{body.name} is set up.")


@router.get("/panels/{code}")
async def get_panel(request: Request, session: Session, actor: Actor, now: Now, code: PanelCode) -> HTMLResponse:
    """One panel, and what can be changed."""
    panel = await settings_queries.get_panel(session, code)
    form = Form(as_typed(panel, _years(now)))
    return render(request, FORM, {"form": form, "panel": panel, **await _choices(session, now)})


@router.post("/panels/{code}")
async def change(request: Request, session: Session, actor: Actor, now: Now, code: PanelCode) -> Response:
    """Change it."""
    form, body = await read_form(request, PanelForm)
    panel = await settings_queries.get_panel(session, code)
    context = {"panel": panel, **await _choices(session, now)}
    if body is None:
        return render(request, FORM, {"form": form, **context}, 422)
    years = _years(now)
    details = body.as_details(form, years)
    # Budgets of other years, which the page does not ask for, stay.
    others = [one for one in panel.budgets if one.year not in years]
    details["budgets"] = [*others, *(BudgetBody(**one) for one in details["budgets"])]
    with or_again(FORM, form.against(as_typed(panel, years)), **context):
        sent = PanelChange.model_validate(details)
        await settings.change_panel(session, code, sent, version=body.version, actor=actor.username, at=now)
    return redirect(
        request, f"/panels/{quote(panel.code)}", "The changes are kept. Orders submitted from now on follow them."
    )


def _years(now: Now) -> tuple[int, int]:
    return settings_queries.years_around(financial_year(uk_date(now)))


async def _choices(session: Session, now: Now) -> dict[str, Any]:
    return {
        "tiers": list(reversed(Tier)),
        "sides": list(Side),
        "funders": await page_queries.list_funders(session),
        "candidates": await settings_queries.list_candidates(session),
        "years": [year_in_words(year) for year in _years(now)],
    }
