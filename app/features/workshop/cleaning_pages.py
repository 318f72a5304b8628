"""Pages about the cleaning of one item: to begin it, to record how it ended, that it cannot be, or another way."""

from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.domain.hygiene import Cleaned, Outcome, Route, StrikeThrough
from app.domain.labels import display
from app.domain.lifecycle import State
from app.features.workshop import cleaning, cleaning_queries, queries
from app.features.workshop.cleaning_schemas import AnotherWayForm, CannotForm, CleaningForm, CleaningStep
from app.features.workshop.schemas import to_the_workshop
from app.ledger import Moved
from app.web.auth import Actor
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.questions import Back
from app.web.results import accepted
from app.web.scan_desk import RISKS
from app.web.tags import Tag
from app.web.templating import render

router = page_router()

CLEANING = "workshop/cleaning.html"
CANNOT = "workshop/cannot.html"
ANOTHER_WAY = "workshop/another_way.html"

CLEANED: dict[CleaningStep, Outcome] = {
    CleaningStep.PASSED: Outcome.PASSED,
    CleaningStep.FAILED: Outcome.FAILED,
}
WAYS = [(route.value, route.text) for route in Route if route is not Route.CANNOT]
COVERS = [
    (StrikeThrough.PASSED.value, "Passed: the inside stayed dry"),
    (StrikeThrough.FAILED.value, "Failed: fluid came through the cover"),
]


@router.get("/workshop/{barcode}/decontamination")
async def cleaning_form(
    request: Request, session: Session, actor: Actor, now: Now, tag: Tag, back: Back = ""
) -> HTMLResponse:
    """How one item is cleaned: to begin, or to say how it ended."""
    return render(request, CLEANING, {"form": Form(), **await _cleaning(session, tag, now=now, back=back)})


@router.post("/workshop/{barcode}/decontamination")
async def decontaminate(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """Cleaning starts, or ended one way or another."""
    form, body = await read_form(request, CleaningForm)
    context = await _cleaning(session, tag, now=now, back=form.value("back"))
    if body is None:
        if form.error("do") and context["item"].state is not State.DECONTAMINATING:
            raise BadValue("malformed", "This form did not come whole. Load the page again.")
        return render(request, CLEANING, {"form": form, **context}, 422)
    with or_again(CLEANING, form, **context):
        moved = await _step(session, tag, body, actor=actor.username, at=now)
    todo = accepted(moved).next_step.text
    said = f"{body.do.done}: {moved.item.product_name} {display(moved.item.barcode)}. {todo}"
    return redirect(request, body.back, said)


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
        said = [Cleaned(tag, Outcome.CANNOT, body.notes)]
        _, refused = await cleaning.finish_decontaminations(session, said, actor=actor.username, at=now)
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
        _, refused = await cleaning.start_decontaminations(
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


async def _step(session: AsyncSession, tag: str, body: CleaningForm, *, actor: str, at: datetime) -> Moved:
    if body.do is CleaningStep.START:
        moved, refused = await cleaning.start_decontaminations(
            session, [tag], route=body.route, terms=body.terms, actor=actor, at=at
        )
    else:
        said = [body.said(tag, CLEANED[body.do], body.notes)]
        moved, refused = await cleaning.finish_decontaminations(session, said, actor=actor, at=at)
    if refused:
        raise refused[0].error
    return moved[0]


async def _cleaning(session: AsyncSession, tag: str, *, now: datetime, back: str) -> dict[str, Any]:
    item = await cleaning_queries.get_on_the_bench(session, tag)
    here = State.DECONTAMINATING if item.state is State.DECONTAMINATING else State.RETURNED
    return {
        "item": item,
        "back": to_the_workshop(back or f"/workshop?bench={here.value}"),
        "routes": WAYS,
        "risks": RISKS,
        "covers": COVERS,
        "in_quarantine": cleaning_queries.is_in_quarantine(item.job, uk_date(now)),
    }


async def _about(session: AsyncSession, tag: str, *, back: str) -> dict[str, Any]:
    return {
        "item": await queries.get_bench_item(session, tag),
        "back": to_the_workshop(back),
        "routes": WAYS,
    }
