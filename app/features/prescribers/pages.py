"""Pages on which the manager keeps prescribers and their teams."""

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import AfterValidator

from app.db import Session
from app.domain.authority import Tier
from app.domain.dates import uk_date
from app.domain.errors import RuleError, Stale
from app.features.prescribers import lending, queries, service
from app.features.prescribers.api import place_after
from app.features.prescribers.own_pages import Looked, what_can_be_lent
from app.features.prescribers.schemas import (
    DelegationForm,
    NewPrescriberForm,
    PrescriberChangeForm,
    TeamForm,
    as_typed,
)
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id, without_controls
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import page_of
from app.web.problems import status_of
from app.web.templating import render

PRESCRIBERS_ON_A_PAGE = 50
NEW = "prescribers/new.html"
LEND = "prescribers/lend.html"
TEAM = "prescribers/new_team.html"

router = page_router()

Username = Annotated[str, AfterValidator(without_controls)]
Words = Annotated[str, Query(max_length=100)]


@router.get("/prescribers")
async def list_prescribers(
    request: Request, session: Session, actor: Actor, now: Now, team: Words = "", after: After = None
) -> HTMLResponse:
    """Prescribers by team."""
    rows = await queries.list_prescribers(
        session,
        today=uk_date(now),
        team=team or None,
        after=place_after(after),
        limit=PRESCRIBERS_ON_A_PAGE + 1,
    )
    page = page_of(rows, limit=PRESCRIBERS_ON_A_PAGE, cursor=lambda row: f"{row.team}/{row.username}")
    context = {
        "prescribers": page.items,
        "teams": await _teams(session),
        "team": team,
        "next_page_href": page.next and f"/prescribers?{urlencode({'team': team, 'after': page.next})}",
    }
    return render(request, "prescribers/list.html", context)


@router.get("/prescribers/new")
async def new_prescriber(request: Request, session: Session, actor: Actor, username: Words = "") -> HTMLResponse:
    """Somebody with an account who is to prescribe."""
    form = Form({"username": [username]} if username else None)
    return render(request, NEW, {"form": form, **await _choices(session), **await _candidates(session)})


@router.post("/prescribers/new")
async def add_prescriber(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Set them up."""
    form, body = await read_form(request, NewPrescriberForm)
    context = {**await _choices(session), **await _candidates(session)}
    if body is None:
        return render(request, NEW, {"form": form, **context}, 422)
    with or_again(NEW, form, **context):
        await service.set_up_prescriber(session, body.username, body.as_details(), actor=actor.username, at=now)
    return redirect(request, _address(body.username), "They are set up as a prescriber.")


@router.get("/prescribers/{username}")
async def get_prescriber(
    request: Request, session: Session, actor: Actor, now: Now, username: Username
) -> HTMLResponse:
    """One prescriber, and what can be changed."""
    return await _show(request, session, now, username, Form())


@router.post("/prescribers/{username}")
async def change_prescriber(request: Request, session: Session, actor: Actor, now: Now, username: Username) -> Response:
    """Change what they may order alone."""
    form, body = await read_form(request, PrescriberChangeForm)
    if body is None:
        if form.error("version"):
            form = Form()
            form.refuse("The form did not arrive whole. Check what is here, then send it again.")
        return await _show(request, session, now, username, form, 422)
    try:
        await service.change_prescriber(
            session, username, body.as_details(), version=body.version, actor=actor.username, at=now
        )
    except RuleError as error:
        if isinstance(error, Stale):
            person = await queries.get_prescriber(session, username, today=uk_date(now))
            ends = str(person.registration_expires_on or "")
            form.against(as_typed(person) | {"registration_expires_on": [ends]}).refuse_stale(error)
        else:
            form.refuse(error.detail, error.field if error.field in PrescriberChangeForm.model_fields else None)
        return await _show(request, session, now, username, form, status_of(error))
    return redirect(request, _address(username), "The changes are kept.")


@router.get("/prescribers/{username}/lend")
async def lend_form(
    request: Request, session: Session, actor: Actor, now: Now, username: Username, q: Looked = ""
) -> HTMLResponse:
    """Lend their authority on their behalf; `q` finds somebody of any team."""
    context = await what_can_be_lent(session, username, now, q, back=_address(username))
    return render(request, LEND, {"form": Form(), **context})


@router.post("/prescribers/{username}/lend")
async def lend(
    request: Request, session: Session, actor: Actor, now: Now, username: Username, q: Looked = ""
) -> Response:
    """Lend it."""
    form, body = await read_form(request, DelegationForm)
    context = await what_can_be_lent(session, username, now, q, form.value("to_username"), back=_address(username))
    if body is None:
        return render(request, LEND, {"form": form, **context}, 422)
    with or_again(LEND, form, **context):
        await lending.lend_authority(session, body.as_delegation(username), actor=actor, at=now)
    return redirect(request, _address(username), "The authority is lent, and both people have been told.")


@router.post("/prescribers/{username}/delegations/{delegation_id}/end")
async def end_lending(
    request: Request, session: Session, actor: Actor, now: Now, username: Username, delegation_id: Id
) -> Response:
    """End a delegation on somebody's behalf."""
    row = await lending.end_lending(session, delegation_id, actor=actor, at=now)
    return redirect(request, _address(username), f"{row.to_name} no longer has the authority of {row.from_name}.")


@router.get("/teams/new")
async def new_team(request: Request, actor: Actor) -> HTMLResponse:
    """A new team."""
    return render(request, TEAM, {"form": Form()})


@router.post("/teams/new")
async def add_team(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Add it."""
    form, body = await read_form(request, TeamForm)
    if body is None:
        return render(request, TEAM, {"form": form}, 422)
    with or_again(TEAM, form):
        await service.add_team(session, body.code, name=body.name, actor=actor.username, at=now)
    return redirect(request, "/prescribers", f"{body.name} is added. Next: choose who belongs to it.")


async def _show(
    request: Request, session: Session, now: Now, username: str, form: Form, status: int = 200
) -> HTMLResponse:
    today = uk_date(now)
    person = await queries.get_prescriber(session, username, today=today)
    context = {
        "form": form if form.names else _as_it_is(person, form),
        "person": person,
        "delegations": await queries.list_delegations(session, today=today, username=username),
        **await _choices(session),
    }
    return render(request, "prescribers/prescriber.html", context, status)


def _as_it_is(person: queries.PrescriberRow, form: Form) -> Form:
    """The form filled in as the record is, with what was said of a form of which nothing is shown."""
    filled = Form(as_typed(person))
    for sentence in form.general:
        filled.refuse(sentence)
    return filled


async def _teams(session: Session) -> list[tuple[str, str]]:
    return [(team.code, team.name) for team in await queries.list_teams(session)]


async def _choices(session: Session) -> dict[str, Any]:
    return {"teams": await _teams(session), "tiers": [(tier.value, tier.text) for tier in Tier]}


async def _candidates(session: Session) -> dict[str, Any]:
    rows = await queries.list_candidates(session)
    return {"candidates": [(row.username, f"{row.name} ({row.username})") for row in rows]}


def _address(username: str) -> str:
    return f"/prescribers/{quote(username)}"
