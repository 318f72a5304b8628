"""Pages of the returns desk: the scan page, scans to reconcile, a missing item that was found."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.access import Actor as Person
from app.domain.dates import uk_date
from app.domain.lifecycle import Move
from app.domain.whereabouts import Whereabouts
from app.features.returns import queries
from app.features.returns.found import find_item
from app.features.returns.schemas import FoundForm, ReconcileForm, UnmatchedForm, WhereaboutsForm
from app.features.returns.service import reconcile, scan_returns
from app.features.returns.whereabouts import read_in_question, settle
from app.web.auth import Actor
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import DATE_PARTS, Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.scan_desk import DESK, desk_context, find_mode, read_scan_form, show_desk
from app.web.tags import Prefix, Tag
from app.web.templating import render
from app.web.wording import in_words

SCANS_ON_A_PAGE = 25
UNMATCHED = "/returns/unmatched"

# Scans are known by their own ids, so `once` has nothing to add; and it must not be used up here, because the form of
# another feature's mode passes through on its way there.
desk = APIRouter(include_in_schema=False)
router = page_router()


@desk.get("/scan")
async def scan_page(
    request: Request, actor: Actor, mode: Annotated[str, Query(max_length=40)] = "return"
) -> HTMLResponse:
    """The scan page."""
    return show_desk(request, actor, mode=mode, store="")


@desk.post("/scan")
async def scan(request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix) -> Response:
    """One scan from a page without its script: a return or a look-up; the workshop's modes are sent on to it."""
    form, body = await read_scan_form(request)
    if body is None:
        return show_desk(request, actor, mode=form.value("mode"), store=form.value("store"), form=form)
    mode = find_mode(actor, body.mode)
    if mode.path != DESK:
        return RedirectResponse(mode.path, 307)
    if mode.value == "look_up":
        one = await queries.look_up(session, body.barcode, prefix=prefix, reader=actor.username, on=uk_date(now))
        done = one.state.text if one.state else mode.done
        return show_desk(request, actor, mode=mode.value, store=body.store, result=[one], done=done)
    context = desk_context(actor, mode=mode.value, store=body.store)
    with or_again("scan/scan.html", form, **context):
        store = actor.store(body.store)
    results = await scan_returns(session, [body.as_scan(now)], store=store, prefix=prefix, actor=actor.username, at=now)
    return show_desk(request, actor, mode=mode.value, store=body.store, result=results, done=mode.done)


@router.get("/returns/unmatched")
async def unmatched(request: Request, session: Session, actor: Actor) -> HTMLResponse:
    """Scans that nobody could make sense of, oldest first."""
    form, wanted = _read_filter(request, actor)
    context = await _unmatched(request, session, actor, wanted)
    status = 422 if form.errors else 200
    return render(request, "returns/unmatched.html", {"form": form, **context}, status)


@router.post("/returns/unmatched/reconcile")
async def reconcile_scans(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """What was done about some of them."""
    form, body = await read_form(request, ReconcileForm)
    context = await _unmatched(request, session, actor, _read_filter(request, actor)[1])
    if body is None:
        return render(request, "returns/unmatched.html", {"form": form, **context}, 422)
    with or_again("returns/unmatched.html", form, **context):
        await reconcile(session, body.numbers, note=body.note, actor=actor.username, at=now)
    done = len(set(body.numbers))
    said = "The scan is off the list, and your note is kept."
    if done > 1:
        said = f"The {done} scans are off the list, and your note is kept with each."
    return redirect(request, context["here"], f"Reconciled. {said}")


@router.get("/items/{barcode}/find")
async def find_form(request: Request, session: Session, actor: Actor, tag: Tag) -> HTMLResponse:
    """Where a missing item turned up."""
    return render(request, "returns/find.html", {"form": Form(), **await _missing(session, actor, tag)})


@router.post("/items/{barcode}/find")
async def find(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """It turned up."""
    form, body = await read_form(request, FoundForm)
    context = await _missing(session, actor, tag)
    if not context["may_be_found"]:
        return render(request, "returns/find.html", {"form": Form(), **context}, 409)
    if body is None:
        return render(request, "returns/find.html", {"form": form, **context}, 422)
    with or_again("returns/find.html", form, **context):
        store = actor.store(body.store)
        await find_item(session, tag, store=store, reason=body.reason, actor=actor.username, at=now)
    return redirect(request, f"/items/{tag}", "Found. It counts as returned, so it goes to decontamination next.")


@router.get("/items/{barcode}/whereabouts")
async def whereabouts_form(request: Request, session: Session, actor: Actor, tag: Tag) -> HTMLResponse:
    """Where has it been?"""
    return render(request, "returns/whereabouts.html", {"form": Form(), **await _in_question(session, tag)})


@router.post("/items/{barcode}/whereabouts")
async def whereabouts(request: Request, session: Session, actor: Actor, now: Now, tag: Tag) -> Response:
    """It never left, or it was used."""
    form, body = await read_form(request, WhereaboutsForm)
    context = await _in_question(session, tag)
    if body is None:
        return render(request, "returns/whereabouts.html", {"form": form, **context}, 422)
    with or_again("returns/whereabouts.html", form, **context):
        store = await settle(session, tag, body.decision, reason=body.reason, actor=actor.username, at=now)
    said = f"Settled. It stands in {store.name}, and the hold is released."
    if body.decision is Whereabouts.USED:
        said = "Settled. It counts as returned, so it goes to decontamination next."
    return redirect(request, f"/items/{tag}", said)


def _read_filter(request: Request, actor: Person) -> tuple[Form, queries.Wanted]:
    """What the address asks for: all scans, when it asks for a day that there is not."""
    typed = {name: request.query_params.getlist(name) for name in request.query_params}
    form = Form(typed)
    repeats = form.value("repeats") == "yes"
    given: dict[str, str] = {}
    if form.value("store") in {store.code for store in actor.stores}:
        given["store"] = form.value("store")
    for name in ("since", "until"):
        if any(form.value(f"{name}-{part}") for part in DATE_PARTS):
            given[name] = "-".join(form.value(f"{name}-{part}").strip().zfill(2) for part in DATE_PARTS)
    try:
        body = UnmatchedForm.model_validate(given)
    except ValidationError as invalid:
        for error in invalid.errors():
            form.refuse(in_words(error), str(error["loc"][0]))
        return form, queries.Wanted(repeats=repeats)
    return form, queries.Wanted(body.store, body.since, body.until, repeats)


async def _unmatched(request: Request, session: AsyncSession, actor: Person, wanted: queries.Wanted) -> dict[str, Any]:
    after = number_cursor(request.query_params.get("after"))
    rows = await queries.list_unmatched(session, wanted, after=after, limit=SCANS_ON_A_PAGE)
    page = page_of(rows, limit=SCANS_ON_A_PAGE, cursor=lambda row: row.number)
    place = await queries.place_of_page(session, wanted, after=after, limit=SCANS_ON_A_PAGE)
    days = {"since": wanted.since, "until": wanted.until}
    asked = {"store": wanted.store} | {
        f"{name}-{part}": getattr(day, part) for name, day in days.items() if day for part in DATE_PARTS
    }
    asked = {name: value for name, value in asked.items() if value}
    kept = asked | ({"repeats": "yes"} if wanted.repeats else {})

    def address(path: str, **more: object) -> str:
        query = urlencode(kept | {name: value for name, value in more.items() if value})
        return f"{path}?{query}" if query else path

    return {
        "scans": page.items,
        "place": place,
        "narrowed": bool(asked),
        "wanted": wanted,
        "stores": [(one.code, one.name) for one in actor.stores],
        "tick_all": request.query_params.get("tick") == "all",
        "here": address(UNMATCHED, after=after),
        "with_repeats_href": address(UNMATCHED, repeats="yes"),
        "tick_all_href": address(UNMATCHED, after=after, tick="all"),
        "action": address(f"{UNMATCHED}/reconcile", after=after),
        "previous_href": address(UNMATCHED, after=place.previous) if place.before else None,
        "next_href": address(UNMATCHED, after=page.next) if page.next else None,
    }


async def _missing(session: AsyncSession, actor: Person, tag: str) -> dict[str, Any]:
    item = await queries.get_item(session, tag)
    return {
        "item": item,
        "may_be_found": item.can(Move.FIND),
        "stores": [(store.code, store.name) for store in actor.stores],
    }


async def _in_question(session: AsyncSession, tag: str) -> dict[str, Any]:
    return {"item": await queries.get_item(session, tag), "asked": await read_in_question(session, tag)}
