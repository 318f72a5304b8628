"""Pages on which funders are kept, and who pays for what a team hands out."""

from typing import Annotated, Any

from fastapi import Path, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.costs import OWN_ACCOUNT_TEXT
from app.domain.funders import FunderKind
from app.domain.panel_meeting import Side
from app.features.finance.funding import keeping, queries
from app.features.finance.funding.schemas import (
    SERVICE_PAYS,
    FunderBody,
    FunderChange,
    FunderForm,
    NewFunder,
    NewFunderForm,
    TeamBody,
    TeamChange,
    TeamForm,
)
from app.web.auth import Actor
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import Form, filled_or_again, read_form
from app.web.once import page_router
from app.web.templating import render

FUNDER = "finance/funder.html"
TEAM = "finance/team.html"
CHOICES: dict[str, Any] = {"sides": list(Side), "kinds": list(FunderKind)}

router = page_router()

Code = Annotated[str, Path(max_length=40)]


@router.get("/finance/funders")
async def list_funders(request: Request, session: Session, actor: Actor) -> HTMLResponse:
    """Who pays, and for which teams."""
    context = {"funders": await queries.list_funders(session), "teams": await queries.list_teams(session)}
    return render(request, "finance/funders.html", context)


@router.get("/finance/funders/new")
async def new_form(request: Request, session: Session, actor: Actor) -> HTMLResponse:
    """A new one."""
    return render(request, FUNDER, {"form": Form(), "funder": None, **CHOICES})


@router.post("/finance/funders/new")
async def add(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Add it."""
    form, body = await read_form(request, NewFunderForm)
    with filled_or_again(FUNDER, form, body, funder=None, **CHOICES) as said:
        new = NewFunder(**said.model_dump(exclude={"version"}))
        await keeping.add_funder(session, new, actor=actor.username, at=now)
    return redirect(request, "/finance/funders", f"{said.name} can pay for orders from now on.")


@router.get("/finance/funders/{code}")
async def change_form(request: Request, session: Session, actor: Actor, code: Code) -> HTMLResponse:
    """One of them."""
    funder = await queries.get_funder(session, code)
    return render(request, FUNDER, {"form": Form(_typed(funder)), "funder": funder, **CHOICES})


@router.post("/finance/funders/{code}")
async def change(request: Request, session: Session, actor: Actor, now: Now, code: Code) -> Response:
    """Change it."""
    form, body = await read_form(request, FunderForm)
    funder = await queries.get_funder(session, code)
    with filled_or_again(FUNDER, form.against(_typed(funder)), body, funder=funder, **CHOICES) as said:
        sent = FunderChange(**said.model_dump(exclude={"version"}))
        await keeping.change_funder(session, code, sent, version=said.version, actor=actor.username, at=now)
    return redirect(request, "/finance/funders", f"{said.name} is changed.")


@router.get("/finance/teams/{code}")
async def team_form(request: Request, session: Session, actor: Actor, code: Code) -> HTMLResponse:
    """Who pays for what a team hands out."""
    team = await queries.get_team(session, code)
    return render(request, TEAM, {"form": Form(_typed_team(team)), "team": team, "funders": await _payers(session)})


@router.post("/finance/teams/{code}")
async def change_team(request: Request, session: Session, actor: Actor, now: Now, code: Code) -> Response:
    """Change it."""
    form, body = await read_form(request, TeamForm)
    team = await queries.get_team(session, code)
    context = {"team": team, "funders": await _payers(session)}
    with filled_or_again(TEAM, form.against(_typed_team(team)), body, **context) as said:
        funder = None if said.funder == SERVICE_PAYS else said.funder
        sent = TeamChange(funder=funder, cost_centre=said.cost_centre)
        await keeping.change_team(session, code, sent, version=said.version, actor=actor.username, at=now)
    return redirect(request, "/finance/funders", f"The money of {team.name} is changed.")


def _typed(funder: FunderBody) -> dict[str, list[str]]:
    """A funder as somebody would have typed it."""
    return {name: [str(value)] for name, value in funder.model_dump(mode="json").items()}


async def _payers(session: AsyncSession) -> list[tuple[str, str]]:
    """The service itself, and every funder."""
    return [(SERVICE_PAYS, OWN_ACCOUNT_TEXT), *await queries.list_choices(session)]


def _typed_team(team: TeamBody) -> dict[str, list[str]]:
    return {"funder": [team.funder or SERVICE_PAYS], "cost_centre": [team.cost_centre], "version": [str(team.version)]}
