"""Pages about what cannot be cleaned: to record it, which asks why, and a manager's order to clean it another way."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.hygiene import Outcome, Route
from app.domain.labels import display
from app.features.workshop import queries, service
from app.features.workshop.schemas import AnotherWayForm, CannotForm, to_the_workshop
from app.web.auth import Actor
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.questions import Back
from app.web.tags import Tag
from app.web.templating import render

router = page_router()

CANNOT = "workshop/cannot.html"
ANOTHER_WAY = "workshop/another_way.html"


@router.get("/workshop/{barcode}/cannot-be-cleaned")
async def cannot_form(
    request: Request, session: Session, actor: Actor, now: Now, tag: Tag, back: Back = ""
) -> HTMLResponse:
    """Really past cleaning?"""
    return render(request, CANNOT, {"form": Form(), **await _about(session, tag, back=back)})


@router.post("/workshop/{barcode}/cannot-be-cleaned")
async def cannot(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """It is past cleaning, and this is why."""
    form, body = await read_form(request, CannotForm)
    context = await _about(session, tag, back=form.value("back"))
    if body is None:
        return render(request, CANNOT, {"form": form, **context}, 422)
    with or_again(CANNOT, form, **context):
        results = [(tag, Outcome.CANNOT, body.notes)]
        _, refused = await service.finish_decontaminations(session, results, actor=actor.username, at=now)
        if refused:
            raise refused[0].error
    named = f"{context['item'].product_name} {display(tag)}"
    return redirect(request, body.back, f"Cannot be cleaned: {named}. Put it in the scrap cage and scrap it.")


@router.get("/workshop/{barcode}/another-way")
async def another_way_form(
    request: Request, session: Session, actor: Actor, now: Now, tag: Tag, back: Back = ""
) -> HTMLResponse:
    """How else?"""
    return render(request, ANOTHER_WAY, {"form": Form(), **await _about(session, tag, back=back)})


@router.post("/workshop/{barcode}/another-way")
async def another_way(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """Its cleaning starts, by the way that the manager names."""
    form, body = await read_form(request, AnotherWayForm)
    context = await _about(session, tag, back=form.value("back"))
    if body is None:
        return render(request, ANOTHER_WAY, {"form": form, **context}, 422)
    with or_again(ANOTHER_WAY, form, **context):
        _, refused = await service.start_decontaminations(
            session,
            [tag],
            route=body.route,
            actor=actor.username,
            at=now,
            may_overrule=True,  # The route asks for the permission.
            because=body.reason,
        )
        if refused:
            raise refused[0].error
    said = f"Cleaning started: {context['item'].product_name} {display(tag)}. {body.route.text}."
    return redirect(request, body.back, said)


async def _about(session: AsyncSession, tag: str, *, back: str) -> dict[str, Any]:
    return {
        "item": await queries.get_bench_item(session, tag),
        "back": to_the_workshop(back),
        "routes": [(route.value, route.text) for route in Route if route is not Route.CANNOT],
    }
