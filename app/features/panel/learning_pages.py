"""The page on which a panel learns from its own figures, and its tables as files."""

from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response

from app.db import Session
from app.domain.errors import BadValue
from app.domain.panel import DecisionKind
from app.domain.panel_figures import FEWEST_CASES, OFTEN
from app.domain.panel_settings import year_in_words
from app.features.panel import learning
from app.features.panel.learning_api import Period, Table, as_file
from app.web.auth import Actor
from app.web.forms import Form
from app.web.once import page_router
from app.web.templating import render

router = page_router()


@router.get("/panel-learning")
async def figures(
    request: Request, session: Session, actor: Actor, period: Annotated[Period, Depends()]
) -> HTMLResponse:
    """Days waiting, decisions, incomplete cases, specials and spend of a period."""
    form = Form({"panel": [period.panel or ""], "from": [period.since.isoformat()], "to": [period.until.isoformat()]})
    found = None
    try:
        found = await learning.read_figures(session, **period.asked)
    except BadValue as refusal:
        form.refuse(refusal.detail, "to")
    asked = {"panel": period.panel or "", "from": period.since, "to": period.until}
    context = {
        "form": form,
        "figures": found,
        "panels": await learning.list_all_panels(session),
        "kinds": list(DecisionKind),
        "fewest": FEWEST_CASES,
        "often": OFTEN,
        "year_in_words": year_in_words,
        "month_in_words": lambda month: f"{date.fromisoformat(f'{month}-01'):%B %Y}",
        "query": urlencode(asked),
    }
    return render(request, "panel/learning.html", context, 422 if form.errors else 200)


@router.get("/panel-learning/{table}.csv")
async def export(session: Session, actor: Actor, table: Table, period: Annotated[Period, Depends()]) -> Response:
    """One table as a file."""
    return as_file(await learning.read_figures(session, **period.asked), table)
