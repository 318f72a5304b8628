"""Pages of the monthly pack: who gets it and when, and what is in the pack of a month."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from app.db import ReportSession, Session
from app.domain.asked_period import of_month
from app.domain.dates import uk_date
from app.domain.errors import BadValue, NotFound
from app.domain.months import month_name, months_after, read_month
from app.features.finance.exports import pack
from app.features.finance.exports.lines import sum_up, totals_of
from app.features.finance.exports.pack_contents import contents_of
from app.features.finance.exports.schemas import PackDayForm, ReaderForm
from app.web.auth import Actor
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.templating import render

router = page_router()

TEMPLATE = "finance/pack.html"


@router.get("/finance/pack")
async def get_pack(request: Request, session: Session, actor: Actor, now: Now) -> HTMLResponse:
    """Who gets it, and on which day."""
    return render(request, TEMPLATE, {"form": Form(), **await _context(session, actor, now)})


@router.post("/finance/pack/mine")
async def ask_for_it(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Get it from now on."""
    await pack.add_reader(session, actor.username, actor=actor.username, at=now)
    return redirect(request, "/finance/pack", "You get a message when the pack of a month is ready.")


@router.post("/finance/pack/mine/end")
async def end_it(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Get it no more."""
    await pack.remove_reader(session, actor.username, actor=actor.username, at=now)
    return redirect(request, "/finance/pack", "You get no more messages about the pack.")


@router.post("/finance/pack/readers")
async def add_reader(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Add somebody else."""
    form, body = await read_form(request, ReaderForm)
    context = await _context(session, actor, now)
    if body is None:
        return render(request, TEMPLATE, {"form": form, **context}, 422)
    with or_again(TEMPLATE, form, **context):
        await pack.add_reader(session, body.username, actor=actor.username, at=now)
    return redirect(request, "/finance/pack", f"{body.username} gets a message when the pack of a month is ready.")


@router.post("/finance/pack/readers/end")
async def remove_reader(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Take somebody off."""
    form, body = await read_form(request, ReaderForm)
    if body is None:
        return render(request, TEMPLATE, {"form": form, **await _context(session, actor, now)}, 422)
    await pack.remove_reader(session, body.username, actor=actor.username, at=now)
    return redirect(request, "/finance/pack", f"{body.username} gets no more messages about the pack.")


@router.post("/finance/pack/day")
async def set_day(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Send it on another working day."""
    form, body = await read_form(request, PackDayForm)
    if body is None:
        return render(request, TEMPLATE, {"form": form, **await _context(session, actor, now)}, 422)
    await pack.set_working_day(session, body.working_day, actor=actor.username, at=now)
    return redirect(request, "/finance/pack", f"The pack is sent on working day {body.working_day} from now on.")


@router.get("/finance/packs/{period}")
async def pack_of(request: Request, session: ReportSession, actor: Actor, now: Now, period: str) -> HTMLResponse:
    """The reports and exports of a month."""
    try:
        month = of_month(read_month(period))
    except BadValue as error:
        raise NotFound("unknown-period", error.detail) from error
    totals = totals_of(await sum_up(session, month))
    contents = contents_of(month, today=uk_date(now))
    context = {"month": month.words, "name": month.name, "contents": contents, "totals": totals}
    return render(request, "finance/pack_of.html", context)


async def _context(session: Session, actor: Actor, now: Now) -> dict[str, Any]:
    readers = await pack.list_readers(session)
    return {
        "readers": readers,
        "is_mine": any(one.username == actor.username for one in readers),
        "working_day": await pack.get_working_day(session),
        "candidates": await pack.list_candidates(session),
        "last": month_name(months_after(uk_date(now), -1)),
    }
