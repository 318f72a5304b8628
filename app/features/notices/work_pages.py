"""Pages for those who handle safety notices: triage, a new version by hand, what the organisation must do."""

from dataclasses import asdict
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.catalogue_terms import check_terms
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.features.notices import queries, service
from app.features.notices.rating import search_catalogue
from app.features.notices.schemas import ActionForm, DoneForm, NoticeBody, TriageForm, VersionForm
from app.integrations.safe_html import shown
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import Id
from app.web.flash import redirect
from app.web.forms import Form, ShowAgain, or_again, read_form
from app.web.once import page_router
from app.web.templating import render

TRIAGE, VERSION = "notices/triage.html", "notices/version.html"
ACTION, DONE = "notices/action.html", "notices/done.html"
PRODUCTS_SHOWN = 30

router = page_router()


@router.get("/safety-notices/{notice_id}/triage")
async def triage_form(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> HTMLResponse:
    """The notice, and what the catalogue has of what it names."""
    notice = await queries.get_notice(session, notice_id, today=uk_date(now))
    terms = await service.suggested_terms(session, notice_id)
    form = Form().with_values({"search": "\n".join(terms), "version": str(notice.version)})
    return render(request, TRIAGE, {"form": form, **await _searched(session, notice, terms)})


@router.post("/safety-notices/{notice_id}/triage")
async def triage(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> Response:
    """Decide, or look again for other words."""
    form, body = await read_form(request, TriageForm)
    notice = await queries.get_notice(session, notice_id, today=uk_date(now))
    terms = form.value("search").splitlines()
    context = await _searched(session, notice, terms)
    if form.value("do") == "search":
        raise ShowAgain(TRIAGE, {**context, "form": Form(form.typed)}, is_wrong=False)
    if body is None:
        return render(request, TRIAGE, {"form": form, **context}, 422)
    # What arrived meanwhile is on the page that is shown again, and counts as read from there on.
    with or_again(TRIAGE, form.against({"version": [str(notice.version)]}), **context):
        await service.triage(
            session,
            notice_id,
            decision=body.decision,
            reason=body.reason,
            search=terms,
            version=body.version,
            actor=actor.username,
            at=now,
        )
    said = f"{notice.reference} is decided: {body.decision.text.lower()}."
    return redirect(request, f"/safety-notices/{notice_id}", said)


@router.get("/safety-notices/{notice_id}/version")
async def version_form(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> HTMLResponse:
    """Other days, or another text."""
    notice = await queries.get_notice(session, notice_id, today=uk_date(now))
    days = {name: getattr(notice, name) for name in ("underway_by", "complete_by", "own_target_on")}
    form = Form().with_values({name: day.isoformat() for name, day in days.items() if day})
    return render(request, VERSION, {"form": form, "notice": notice})


@router.post("/safety-notices/{notice_id}/version")
async def amend(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> Response:
    """Keep them as a new version."""
    form, body = await read_form(request, VersionForm)
    notice = await queries.get_notice(session, notice_id, today=uk_date(now))
    if body is None:
        return render(request, VERSION, {"form": form, "notice": notice}, 422)
    with or_again(VERSION, form, notice=notice):
        number = await service.amend(
            session,
            notice_id,
            days=asdict(body.deadlines),
            body=body.body,
            change_note=body.change_note,
            actor=actor.username,
            at=now,
        )
    return redirect(request, f"/safety-notices/{notice_id}", f"Version {number} is kept.")


@router.get("/safety-notices/{notice_id}/actions/new")
async def action_form(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> HTMLResponse:
    """What must be done."""
    notice = await queries.get_notice(session, notice_id, today=uk_date(now))
    return render(request, ACTION, {"form": Form(), "notice": notice})


@router.post("/safety-notices/{notice_id}/actions/new")
async def add_action(request: Request, session: Session, actor: Actor, now: Now, notice_id: Id) -> Response:
    """Keep it."""
    form, body = await read_form(request, ActionForm)
    notice = await queries.get_notice(session, notice_id, today=uk_date(now))
    if body is None:
        return render(request, ACTION, {"form": form, "notice": notice}, 422)
    with or_again(ACTION, form, notice=notice):
        await service.add_action(
            session,
            notice_id,
            action=body.what,
            owner=body.owner,
            due_on=body.due_on,
            actor=actor.username,
            at=now,
        )
    return redirect(request, f"/safety-notices/{notice_id}", f"{body.owner} has the action.")


@router.get("/safety-notices/{notice_id}/actions/{action_id}/done")
async def done_form(
    request: Request, session: Session, actor: Actor, now: Now, notice_id: Id, action_id: Id
) -> HTMLResponse:
    """How was it done?"""
    return render(request, DONE, {"form": Form(), **await _action(session, notice_id, action_id, now)})


@router.post("/safety-notices/{notice_id}/actions/{action_id}/done")
async def finish_action(
    request: Request, session: Session, actor: Actor, now: Now, notice_id: Id, action_id: Id
) -> Response:
    """It is done."""
    form, body = await read_form(request, DoneForm)
    context = await _action(session, notice_id, action_id, now)
    if body is None:
        return render(request, DONE, {"form": form, **context}, 422)
    with or_again(DONE, form, **context):
        await service.finish_action(session, notice_id, action_id, note=body.note, actor=actor.username, at=now)
    return redirect(request, f"/safety-notices/{notice_id}", "The action is done.")


async def _searched(session: AsyncSession, notice: NoticeBody, typed: list[str]) -> dict[str, Any]:
    """What the catalogue has of these words; words that nobody can look for find nothing until they are right."""
    try:
        terms = check_terms(typed)
    except BadValue:
        terms = []
    search = await search_catalogue(session, terms)
    context = {"notice": notice, "shown": shown(notice.body_html), "catalogue": search}
    return {**context, "hits": search.hits[:PRODUCTS_SHOWN]}


async def _action(session: AsyncSession, notice_id: int, action_id: int, now: Now) -> dict[str, Any]:
    notice = await queries.get_notice(session, notice_id, today=uk_date(now))
    action = next((one for one in notice.organisation_actions if one.id == action_id), None)
    if action is None:
        raise service.unknown_action()
    return {"notice": notice, "action": action}
