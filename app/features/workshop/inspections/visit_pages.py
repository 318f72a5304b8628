"""Pages of visits to homes for inspections: the worklist, planning one, and one visit."""

from datetime import date, datetime, time
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.access import Actor as Person
from app.domain.dates import UK, uk_date
from app.domain.errors import BadValue
from app.domain.inspections import InspectionKind
from app.domain.scanning import check_tag
from app.features.workshop.inspections import visit_queries, visits
from app.features.workshop.inspections.visit_api import NoAccessTries, note_listed, read_visit
from app.web.asked import asked, needed
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Day, Id, Line, Paragraph
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import DAY_AND_NUMBER, day_cursor, page_of
from app.web.shapes import Shape
from app.web.tags import Prefix
from app.web.templating import day, render
from app.web.typed import TimeOfDay

ON_A_PAGE = 50
NEW, VISIT = "inspections/new_visit.html", "inspections/visit.html"
Words = Annotated[str, Query(max_length=40)]

router = page_router()


class PlanForm(Shape):
    """Which day, and who goes."""

    planned_on: Annotated[Day, asked("Enter the day of the visit.")] = needed()
    visitor: Annotated[Line, asked("Choose who makes the visit.")] = needed()


class NewVisitForm(PlanForm):
    """Which inspections too, each as `tag kind`."""

    client_ref: Annotated[Line, asked("Enter the reference of the client.")] = needed()
    items: Annotated[list[Line], asked("Choose at least one inspection to make there.")] = needed()

    def wanted(self, prefix: str) -> list[tuple[str, InspectionKind]]:
        """The inspections. Raises BadValue where one is none that the page offers."""
        try:
            pairs = [one.split(" ") for one in self.items]
            return [(check_tag(tag, prefix=prefix), InspectionKind(kind)) for tag, kind in pairs]
        except ValueError as error:
            raise BadValue("malformed", "Choose from the inspections of the list.", field="items") from error


NO_ACCESS_SAID = {
    visits.NoAccess.RECORDED: "Recorded. Plan another day for it.",
    visits.NoAccess.TOLD: "Recorded. The manager is told.",
    visits.NoAccess.AGAIN: "You have recorded a try within an hour of this one. They count as one.",
}


class NoAccessForm(Shape):
    """What happened at the door, and when: without a time, now; without a day, today."""

    note: Annotated[Paragraph, asked("Say what happened there.")] = needed()
    tried_on: Day | None = None
    tried_at: TimeOfDay | None = None

    def when(self, today: date) -> datetime | None:
        """The instant."""
        if self.tried_at is None and self.tried_on in {None, today}:
            return None
        return datetime.combine(self.tried_on or today, self.tried_at or time(12), tzinfo=UK)


class CallOffForm(Shape):
    """Why it is called off."""

    reason: Annotated[Paragraph, asked("Say why the visit is called off.")] = needed()


@router.get("/inspections/visits")
async def worklist(
    request: Request, session: Session, actor: Actor, now: Now, show: Words = "", after: After = None
) -> HTMLResponse:
    """Open visits by their day: all, one's own, or those that the manager was told of."""
    shown = show if show in {"mine", "escalated", "over"} else "all"
    rows = await visit_queries.list_visits(
        session,
        today=uk_date(now),
        is_open=shown != "over",
        escalated=True if shown == "escalated" else None,
        visitor=actor.username if shown == "mine" else None,
        after=day_cursor(after, DAY_AND_NUMBER),
        limit=ON_A_PAGE,
    )
    page = page_of(rows, limit=ON_A_PAGE, cursor=visit_queries.cursor_of)
    await note_listed(session, page.items, actor, now)
    onward = f"/inspections/visits?{urlencode({'show': shown, 'after': page.next})}" if page.next else None
    context = {"visits": page.items, "show": shown, "today": uk_date(now), "next_href": onward}
    return render(request, "inspections/visits.html", context)


@router.get("/inspections/visits/new")
async def plan_form(request: Request, session: Session, actor: Actor, now: Now, client_ref: Words = "") -> HTMLResponse:
    """What is to be inspected at a client's, and when somebody goes there."""
    context = await _planning(session, client_ref, now)
    due = [f"{one.barcode} {one.kind.value}" for one in context["there"] if one.is_overdue and one.visit_id is None]
    form = Form({"client_ref": [client_ref], "visitor": [actor.username], "items": due})
    return render(request, NEW, {"form": form, **context})


@router.post("/inspections/visits/new")
async def plan(request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix) -> Response:
    """Plan it."""
    form, body = await read_form(request, NewVisitForm)
    context = await _planning(session, form.value("client_ref"), now)
    if body is None:
        return render(request, NEW, {"form": form, **context}, 422)
    with or_again(NEW, form, **context):
        visit_id = await visits.plan(
            session,
            body.client_ref,
            body.wanted(prefix),
            planned_on=body.planned_on,
            visitor=body.visitor,
            actor=actor.username,
            at=now,
        )
    return redirect(request, f"/inspections/visits/{visit_id}", f"The visit is planned for {day(body.planned_on)}.")


@router.get("/inspections/visits/{visit_id}")
async def get_visit(request: Request, session: Session, actor: Actor, now: Now, visit_id: Id) -> HTMLResponse:
    """One visit."""
    return render(request, VISIT, {"form": Form(), **await _visit(session, visit_id, actor, now)})


@router.post("/inspections/visits/{visit_id}/plan")
async def replan(request: Request, session: Session, actor: Actor, now: Now, visit_id: Id) -> Response:
    """Another day, another visitor."""
    form, body = await read_form(request, PlanForm)
    context = await _visit(session, visit_id, actor, now)
    if body is None:
        return render(request, VISIT, {"form": form, **context}, 422)
    with or_again(VISIT, form, **context):
        await visits.replan(
            session, visit_id, planned_on=body.planned_on, visitor=body.visitor, actor=actor.username, at=now
        )
    said = f"The visit is planned for {day(body.planned_on)}."
    return redirect(request, f"/inspections/visits/{visit_id}", said)


@router.post("/inspections/visits/{visit_id}/no-access")
async def no_access(
    request: Request, session: Session, actor: Actor, now: Now, after_tries: NoAccessTries, visit_id: Id
) -> Response:
    """Nobody opened."""
    form, body = await read_form(request, NoAccessForm)
    context = await _visit(session, visit_id, actor, now)
    if body is None:
        return render(request, VISIT, {"form": form, **context}, 422)
    with or_again(VISIT, form, **context):
        came_of_it = await visits.record_no_access(
            session,
            visit_id,
            note=body.note,
            tried_at=body.when(uk_date(now)),
            after_tries=after_tries,
            actor=actor.username,
            at=now,
        )
    return redirect(request, f"/inspections/visits/{visit_id}", NO_ACCESS_SAID[came_of_it])


@router.post("/inspections/visits/{visit_id}/call-off")
async def call_off(request: Request, session: Session, actor: Actor, now: Now, visit_id: Id) -> Response:
    """It is called off."""
    form, body = await read_form(request, CallOffForm)
    context = await _visit(session, visit_id, actor, now)
    if body is None:
        return render(request, VISIT, {"form": form, **context}, 422)
    with or_again(VISIT, form, **context):
        await visits.call_off(session, visit_id, reason=body.reason, actor=actor, at=now)
    said = "The visit is called off. What is due stays on the list."
    return redirect(request, "/inspections/visits", said)


async def _visit(session: AsyncSession, visit_id: int, actor: Person, now: Now) -> dict[str, Any]:
    """The visit, and who could make it; the reading is logged."""
    visit = await read_visit(session, visit_id, actor, now)
    return {"visit": visit, "visitors": await visits.list_visitors(session), "today": uk_date(now)}


async def _planning(session: AsyncSession, client_ref: str, now: Now) -> dict[str, Any]:
    there = await visit_queries.list_inspectable(session, client_ref.strip(), today=uk_date(now))
    visitors = await visits.list_visitors(session)
    return {"there": there, "visitors": visitors, "client_ref": client_ref.strip(), "today": uk_date(now)}
