"""Pages on which prescribers see their own authority and lend it."""

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import AfterValidator

from app.db import Session
from app.domain.access import Permission
from app.domain.dates import uk_date
from app.features.prescribers import lending, queries
from app.features.prescribers.rules import what_is_beyond, what_panels_decide
from app.features.prescribers.schemas import DelegationForm
from app.signing import read_setting_around
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import Id, without_controls
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.templating import render

HOME = "/my-authority"
LEND = "prescribers/lend.html"

Looked = Annotated[str, Query(max_length=80), AfterValidator(without_controls)]

router = page_router()


@router.get("/my-authority")
async def my_authority(request: Request, session: Session, actor: Actor, now: Now) -> HTMLResponse:
    """What one may order alone, who authorises the rest, and what is lent from and to oneself."""
    today = uk_date(now)
    person = await queries.find_prescriber(session, actor.username, today=today)
    if person is None:
        return render(request, "prescribers/my_authority.html", {"person": None})
    own = person.authority()
    setting = await read_setting_around(session, today, own.username, teams=[own.team_id])
    context = {
        "person": person,
        "beyond": what_is_beyond(own, setting),
        "panels": what_panels_decide(setting.panels),
        "delegations": await queries.list_delegations(session, today=today, username=actor.username, is_open=True),
        "may_lend": _may_lend(person, actor),
    }
    return render(request, "prescribers/my_authority.html", context)


@router.get("/my-authority/lend")
async def lend_form(request: Request, session: Session, actor: Actor, now: Now, q: Looked = "") -> HTMLResponse:
    """Lend one's authority while one is away; `q` finds somebody of any team."""
    return render(request, LEND, {"form": Form(), **await what_can_be_lent(session, actor.username, now, q, back=HOME)})


@router.post("/my-authority/lend")
async def lend(request: Request, session: Session, actor: Actor, now: Now, q: Looked = "") -> Response:
    """Lend it."""
    form, body = await read_form(request, DelegationForm)
    context = await what_can_be_lent(session, actor.username, now, q, form.value("to_username"), back=HOME)
    if body is None:
        return render(request, LEND, {"form": form, **context}, 422)
    with or_again(LEND, form, **context):
        await lending.lend_authority(session, body.as_delegation(actor.username), actor=actor, at=now)
    return redirect(request, HOME, "Your authority is lent. The person who has it has been told.")


@router.post("/my-authority/delegations/{delegation_id}/end")
async def end_lending(request: Request, session: Session, actor: Actor, now: Now, delegation_id: Id) -> Response:
    """End a delegation of one's own."""
    row = await lending.end_lending(session, delegation_id, actor=actor, at=now)
    return redirect(request, HOME, f"{row.to_name} no longer has your authority, and has been told.")


async def what_can_be_lent(
    session: Session, username: str, now: Now, q: str, chosen: str = "", *, back: str
) -> dict[str, object]:
    """What the page shows on which somebody's authority is lent. `chosen`: who it was that was asked for."""
    today = uk_date(now)
    lender = await queries.get_prescriber(session, username, today=today)
    return {
        "lender": lender,
        "receivers": await queries.list_receivers(session, lender, today=today, q=q, chosen=chosen),
        "search": Form({"q": [q]}),
        "q": q.strip(),
        "back": back,
        "action": f"{back}/lend",
    }


def _may_lend(person: queries.PrescriberRow, actor: Actor) -> bool:
    return actor.may(Permission.AUTHORISE_ORDERS) and not person.is_supervised
