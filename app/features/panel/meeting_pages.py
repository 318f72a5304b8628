"""Pages of a panel's meetings: the list, a new one, and one with who is there and its cases."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from app.db import Session
from app.features.panel import meeting_queries, meetings, page_queries
from app.web.asked import asked, needed
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import BIGGEST_ID, After, Code, Day, Id
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import DAY_AND_NUMBER, day_cursor, page_of
from app.web.templating import render

MEETINGS_ON_A_PAGE = 50
NEW, MEETING = "panel/new_meeting.html", "panel/meeting.html"

router = page_router()


class MeetingForm(BaseModel):
    """A meeting of a panel on a day."""

    panel: Annotated[Code, asked("Choose the panel.")] = needed()
    held_on: Annotated[Day, asked("Enter the day of the meeting.")] = needed()


class AttendanceForm(BaseModel):
    """Who is there now."""

    present: list[str] = Field(default_factory=list, max_length=50)


class ListingForm(BaseModel):
    """A screened case."""

    case: Annotated[str, Field(max_length=20), asked("Choose a case.")] = needed()


@router.get("/panel-meetings")
async def list_meetings(request: Request, session: Session, actor: Actor, after: After = None) -> HTMLResponse:
    """Meetings of one's panels, the latest first."""
    day, _, number = day_cursor(after, DAY_AND_NUMBER).partition(" ")
    rows = await meeting_queries.list_meetings(
        session,
        actor=actor.username,
        day=date.fromisoformat(day) if day else date.max,
        before=int(number or BIGGEST_ID),
        limit=MEETINGS_ON_A_PAGE,
    )
    page = page_of(rows, limit=MEETINGS_ON_A_PAGE, cursor=lambda row: f"{row.held_on} {row.id}")
    next_href = f"/panel-meetings?{urlencode({'after': page.next})}" if page.next else None
    return render(request, "panel/meetings.html", {"meetings": page.items, "next_href": next_href})


@router.get("/panel-meetings/new")
async def new_form(request: Request, session: Session, actor: Actor) -> HTMLResponse:
    """Which panel, and when?"""
    panels = await page_queries.list_chaired(session, actor.username)
    return render(request, NEW, {"form": Form({"panel": [panels[0][0] if panels else ""]}), "panels": panels})


@router.post("/panel-meetings/new")
async def make(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Schedule it; every member is invited."""
    form, body = await read_form(request, MeetingForm)
    context = {"panels": await page_queries.list_chaired(session, actor.username)}
    if body is None:
        return render(request, NEW, {"form": form, **context}, 422)
    with or_again(NEW, form, **context):
        meeting_id = await meetings.make_meeting(
            session, body.panel, held_on=body.held_on, members=[], actor=actor.username, at=now
        )
    return redirect(request, f"/panel-meetings/{meeting_id}", "The meeting is scheduled. Put cases on its agenda.")


@router.get("/panel-meetings/{meeting_id}")
async def get_meeting(request: Request, session: Session, actor: Actor, now: Now, meeting_id: Id) -> HTMLResponse:
    """Who is there, and which cases are heard."""
    return render(request, MEETING, {"form": Form(), **await _context(session, actor, now, meeting_id)})


@router.post("/panel-meetings/{meeting_id}/attendance")
async def attend(request: Request, session: Session, actor: Actor, now: Now, meeting_id: Id) -> Response:
    """Record who is there now."""
    form, body = await read_form(request, AttendanceForm)
    context = await _context(session, actor, now, meeting_id)
    if body is None:
        return render(request, MEETING, {"form": form, **context}, 422)
    with or_again(MEETING, form, **context):
        await meetings.record_attendance(session, meeting_id, body.present, actor=actor.username, at=now)
    return redirect(request, f"/panel-meetings/{meeting_id}", "Who is there is recorded.")


@router.post("/panel-meetings/{meeting_id}/cases")
async def list_case(request: Request, session: Session, actor: Actor, now: Now, meeting_id: Id) -> Response:
    """Put a case on the agenda."""
    form, body = await read_form(request, ListingForm)
    context = await _context(session, actor, now, meeting_id)
    if body is None:
        return render(request, MEETING, {"form": form, **context}, 422)
    with or_again(MEETING, form, **context):
        await meetings.list_case_in(session, meeting_id, body.case, actor=actor.username, at=now)
    return redirect(request, f"/panel-meetings/{meeting_id}", f"Case {body.case} is on the agenda.")


async def _context(session: Session, actor: Actor, now: Now, meeting_id: int) -> dict[str, Any]:
    meeting = await meeting_queries.get_meeting(session, meeting_id, actor=actor.username, at=now)
    members = await page_queries.list_members(session, meeting.panel)
    chairs = any(one["username"] == actor.username and one["is_chair"] for one in members)
    screened = await page_queries.list_screened(session, meeting.panel) if chairs else []
    return {"meeting": meeting, "members": members, "chairs": chairs, "screened": screened}
