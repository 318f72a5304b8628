"""The page of what falls due: a list by day with its filters, a chart by week with its table, and a file."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import AfterValidator
from sqlalchemy import text

from app.db import Session
from app.domain.access import Actor as Person
from app.domain.access import Permission
from app.domain.dates import uk_date
from app.domain.inspections import InspectionKind
from app.features.workshop.inspections.due import (
    WEEKS,
    Wanted,
    Where,
    count_by_week,
    cursor_of,
    list_dangers,
    list_due,
)
from app.features.workshop.inspections.due_api import export_due, note_homes
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After
from app.web.forms import Form
from app.web.once import page_router
from app.web.paging import DAY_TAG_AND_KIND, day_cursor, page_of
from app.web.templating import render

ON_A_PAGE = 50
MOST_DANGERS = 100
STORES = text("SELECT code, name FROM store ORDER BY code")
Words = Annotated[str, Query(max_length=40), AfterValidator(str.strip)]

router = page_router()


@dataclass(frozen=True, slots=True)
class Filter:
    """What the list is narrowed to, as it stands in the address; an answer that no filter knows narrows nothing."""

    kind: Words = ""
    store: Words = ""
    where: Words = ""
    when: Words = ""

    @property
    def asked(self) -> dict[str, str]:
        """What was filled in."""
        return {name: value for name in ("kind", "store", "where", "when") if (value := getattr(self, name))}

    def wanted(self, actor: Person, now: Now) -> Wanted:
        """As the query takes it: what is overdue or not known, or falls due within twelve weeks."""
        return Wanted(
            before=uk_date(now) + timedelta(weeks=WEEKS),
            store=self.store or None,
            kind=next((kind for kind in InspectionKind if kind.value == self.kind), None),
            where=next((where for where in Where if where.value == self.where), None),
            overdue=self.when == "overdue",
            known=False if self.when == "unknown" else None,
            may_visit=actor.may(Permission.VISIT_HOMES),
        )


@router.get("/inspections/due")
async def due(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    asked: Annotated[Filter, Depends()],
    after: After = None,
) -> HTMLResponse:
    """What is not known, overdue or falls due within twelve weeks, the earliest first."""
    wanted, today = asked.wanted(actor, now), uk_date(now)
    rows = await list_due(session, wanted, today=today, after=day_cursor(after, DAY_TAG_AND_KIND), limit=ON_A_PAGE)
    # On every page, or somebody plans a week without them.
    dangers = await list_dangers(session, wanted, today=today, limit=MOST_DANGERS)
    await note_homes(session, [*rows[:ON_A_PAGE], *dangers[:MOST_DANGERS]], actor, now)
    page = page_of(rows, limit=ON_A_PAGE, cursor=cursor_of)
    context: dict[str, Any] = {
        "form": Form({name: [value] for name, value in asked.asked.items()}),
        "due": page.items,
        "dangers": dangers[:MOST_DANGERS],
        "more_dangers": len(dangers) > MOST_DANGERS,
        "weeks": await count_by_week(session, wanted, today=today),
        "kinds": [(kind.value, kind.text) for kind in InspectionKind],
        "stores": [(row.code, row.name) for row in await session.execute(STORES)],
        "may_visit": wanted.may_visit,
        "export_href": f"/inspections/due.csv?{urlencode(asked.asked)}",
        "next_href": f"/inspections/due?{urlencode(asked.asked | {'after': page.next})}" if page.next else None,
    }
    return render(request, "inspections/due.html", context)


@router.get("/inspections/due.csv")
async def export(session: Session, actor: Actor, now: Now, asked: Annotated[Filter, Depends()]) -> Response:
    """The same list as a file."""
    return await export_due(session, asked.wanted(actor, now), actor, now)
