"""Pages of the benches: the queue of each, what was done today, and many items at once."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response

from app.db import Session
from app.domain.benches import NOBODY_WAITS, Bench
from app.domain.dates import uk_date
from app.features.workshop.cleaning_pages import COVERS, WAYS
from app.features.workshop.queue_schemas import MOST_AT_ONCE, HourDone, Together, TogetherForm
from app.features.workshop.queues import LINES_ON_A_PAGE, count_benches, count_done, list_bench, queue_cursor
from app.features.workshop.together import do_together
from app.models import ScanOutcome
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After
from app.web.forms import Form, or_again, read_form
from app.web.look_ahead import Ahead
from app.web.once import page_router
from app.web.paging import page_of
from app.web.scan_desk import RISKS
from app.web.tags import Prefix
from app.web.templating import render
from app.web.waste import CHOICES

router = page_router()

TOGETHER = "workshop/together.html"

Words = Annotated[str, Query(max_length=40)]


@router.get("/workshop")
async def benches(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    bench: Words = "",
    store: Words = "",
    after: After = None,
) -> HTMLResponse:
    """One bench at a time, what is waited for most first, how many wait on each, and what was done today."""
    place = store if store in {one.code for one in actor.stores} else None
    counts = await count_benches(session, store=place)
    here = next((one for one in counts if one.value == bench), _first_with_work(counts))
    offset = queue_cursor(after)
    rows = await list_bench(session, here, store=place, releaser=actor.username, now=now, offset=offset)
    page = page_of(rows, limit=LINES_ON_A_PAGE, cursor=lambda _: offset + LINES_ON_A_PAGE)
    shown = {"bench": here.value} | ({"store": place} if place else {})
    context = {
        "counts": counts,
        "bench": here,
        "items": page.items,
        "NOBODY_WAITS": NOBODY_WAITS,
        "store": place or "",
        "stores": [(one.code, one.name) for one in actor.stores],
        "back": f"/workshop?{urlencode(shown)}",
        "following": f"/workshop?{urlencode({**shown, 'after': page.next})}" if page.next else None,
        "done": (hours := await count_done(session, uk_date(now), store=place)),
        "most": max((hour.all for hour in hours), default=0),
        "total": _total(hours),
    }
    return render(request, "workshop/benches.html", context)


@router.get("/workshop/together")
async def together_form(request: Request, actor: Actor, do: Words = "") -> HTMLResponse:
    """Which items, and what is done with all of them."""
    return render(request, TOGETHER, {"form": Form(), "do": do, **_choices()})


@router.post("/workshop/together")
async def together(
    request: Request, session: Session, actor: Actor, now: Now, ahead: Ahead, prefix: Prefix
) -> Response:
    """It is done with those it can be done with; each of the others says why not."""
    form, body = await read_form(request, TogetherForm)
    context: dict[str, Any] = {"do": form.value("do"), **_choices()}
    if body is None:
        return render(request, TOGETHER, {"form": form, **context}, 422)
    with or_again(TOGETHER, form, **context):
        done = await do_together(session, body, prefix=prefix, actor=actor.username, at=now, ahead=ahead)
    results = done.results
    clean = [one.barcode for one in results if body.do is Together.PASSED and one.outcome is ScanOutcome.ACCEPTED]
    context |= {"results": results, "done": body.do.text, "papers": urlencode({"barcode": clean}, doseq=True)}
    return render(request, TOGETHER, {"form": Form(), **context})


def _first_with_work(counts: dict[Bench, int]) -> Bench:
    return next((bench for bench, items in counts.items() if items), Bench.RETURNED)


def _total(hours: list[HourDone]) -> HourDone:
    """The whole day in one line."""
    names = ("cleaned", "inspected", "repaired", "released", "scrapped")
    return HourDone(hour=0, **{name: sum(getattr(hour, name) for hour in hours) for name in names})


def _choices() -> dict[str, Any]:
    actions = [(one.value, one.text) for one in Together]
    return {
        **CHOICES,
        "actions": actions,
        "routes": WAYS,
        "risks": RISKS,
        "covers": COVERS,
        "most_at_once": MOST_AT_ONCE,
    }
