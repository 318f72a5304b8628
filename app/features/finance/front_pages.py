"""The front page of finance: where to go, and this month so far."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from app.db import Session
from app.domain.cost_reports import read_span
from app.domain.dates import uk_date
from app.domain.months import month_in_words
from app.features.finance.front import PLACES
from app.features.finance.reports.asking import Asked
from app.features.finance.reports.costs import read_groups, sum_up
from app.features.finance.reports.views import largest
from app.web.auth import Actor
from app.web.clock import Now
from app.web.once import page_router
from app.web.templating import render

router = page_router()


@router.get("/finance")
async def front(request: Request, session: Session, actor: Actor, now: Now) -> HTMLResponse:
    """What each funder was charged and credited this month so far, and the way to everything else."""
    today = uk_date(now)
    asked = Asked(read_span(today=today))
    groups = await read_groups(session, asked)
    context = {
        "month": month_in_words(today),
        "asked": asked,
        "groups": groups,
        "totals": sum_up([one.sums for one in groups]),
        "most": largest([one.sums.net_pence for one in groups]),
        "places": [
            (group, [place for place in places if actor.may(place.permission)]) for group, places in PLACES.items()
        ],
    }
    return render(request, "finance/front.html", context)
