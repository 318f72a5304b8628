"""Pages of stocktakes: the list, one count, scanning into it, and finishing it."""

from collections import Counter
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.access import Actor as Person
from app.domain.access import Permission
from app.domain.errors import BadValue
from app.domain.labels import display
from app.domain.stocktakes import CORRECTIONS, MOVES_OF, Correction, Difference, in_numbers
from app.features.stocktakes import finishing, queries, service
from app.features.stocktakes.differences import list_differing
from app.features.stocktakes.schemas import NewStocktake, StartForm, StocktakeBody, StocktakeState
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After
from app.web.flash import redirect
from app.web.forms import Form, ShowAgain, or_again, read_form
from app.web.once import page_router
from app.web.paging import TAG, number_cursor, page_of, text_cursor
from app.web.scan_desk import desk_of, read_scan_form
from app.web.tags import Prefix
from app.web.templating import render
from app.web.wording import in_words

ON_A_PAGE = 50
DECISION = "do-"
OTHERS = "others-"
FINISH = "stocktakes/finish.html"
CONFIRM = "stocktakes/confirm.html"

# Scans are known by their own ids, so `once` has nothing to add.
desk = APIRouter(include_in_schema=False)
router = page_router()


@router.get("/stocktakes")
async def list_stocktakes(request: Request, session: Session, actor: Actor, after: After = None) -> HTMLResponse:
    """Every count, newest first."""
    before = number_cursor(after) or 2**63 - 1
    rows = await queries.list_stocktakes(session, before=before, limit=ON_A_PAGE)
    page = page_of(rows, limit=ON_A_PAGE, cursor=lambda row: int(row.number[1:]))
    next_href = f"/stocktakes?after={page.next}" if page.next else None
    return render(request, "stocktakes/list.html", {"stocktakes": page.items, "next_href": next_href})


@router.get("/stocktakes/new")
async def start_form(
    request: Request, session: Session, actor: Actor, store: Annotated[str, Query(max_length=40)] = ""
) -> HTMLResponse:
    """What is to be counted?"""
    context = {"form": Form(), "store": store, "stores": _stores(actor)}
    return render(request, "stocktakes/new.html", context)


@router.post("/stocktakes/new")
async def start(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Begin."""
    form, body = await read_form(request, StartForm)
    context = {"stores": _stores(actor), "store": ""}
    if body is None:
        return render(request, "stocktakes/new.html", {"form": form, **context}, 422)
    with or_again("stocktakes/new.html", form, **context):
        try:
            new = NewStocktake(store=body.store, bay=body.bay or None, is_empty_bay=body.is_empty_bay)
        except ValidationError as invalid:
            error = invalid.errors()[0]
            raise BadValue("malformed", in_words(error), field=str(error["loc"][0])) from invalid
        number = await service.start_stocktake(session, new, actor=actor, at=now)
    return redirect(request, f"/stocktakes/{number}", "The stocktake has begun. Scan everything that is there.")


@router.get("/stocktakes/{number}")
async def show(request: Request, session: Session, actor: Actor, number: str, after: After = None) -> HTMLResponse:
    """One count: how far it is, and a page of what differs."""
    count = await queries.get_stocktake(session, number, after=text_cursor(after, TAG))
    next_href = f"/stocktakes/{number}?after={count.next}" if count.next else None
    context = {"count": count, "is_own": _is_own(actor, count), "next_href": next_href}
    return render(request, "stocktakes/stocktake.html", context)


@router.post("/stocktakes/{number}/cancel")
async def cancel(request: Request, session: Session, actor: Actor, now: Now, number: str) -> Response:
    """Give it up."""
    await service.cancel_stocktake(session, number, actor=actor, at=now)
    return redirect(request, f"/stocktakes/{number}", "Cancelled. Nothing was corrected.")


@desk.get("/stocktakes/{number}/count")
async def count_page(request: Request, session: Session, actor: Actor, now: Now, number: str) -> HTMLResponse:
    """The scan page of a count."""
    return render(request, "stocktakes/count.html", await _desk(session, actor, number, now))


@desk.post("/stocktakes/{number}/count")
async def count_one(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: str
) -> HTMLResponse:
    """One scan from a page without its script."""
    form, body = await read_scan_form(request)
    if body is None:
        return render(request, "stocktakes/count.html", {**await _desk(session, actor, number, now), "form": form}, 422)
    results = await service.scan_into(session, number, [body.as_scan(now)], prefix=prefix, actor=actor, at=now)
    context = await _desk(session, actor, number, now)
    return render(request, "stocktakes/count.html", {**context, "result": results, "done": "Counted"})


@router.get("/stocktakes/{number}/finish")
async def finish_form(request: Request, session: Session, actor: Actor, number: str, after: After = None) -> Response:
    """What is done about each difference? One by one about a page of them, and for each kind about all the others."""
    count = await queries.get_stocktake(session, number, after=text_cursor(after, TAG))
    if count.state is not StocktakeState.OPEN:
        return redirect(request, f"/stocktakes/{number}")
    return render(request, FINISH, {"form": Form(), **_finish_context(count, after)})


@router.post("/stocktakes/{number}/finish")
async def finish(
    request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix, number: str, after: After = None
) -> Response:
    """Say in numbers what will happen; when that is confirmed, correct the record and close the count."""
    count = await queries.get_stocktake(session, number, after=text_cursor(after, TAG))
    form = Form({name: [str(value)] for name, value in (await request.form()).multi_items()})
    context = _finish_context(count, after)
    decided, of_kinds = _decided(form), _decided_by_kind(form)
    if form.errors:
        return render(request, FINISH, {"form": form, **context}, 422)
    step = form.value("step")
    if step == "change":
        raise ShowAgain(FINISH, {"form": form, **context}, is_wrong=False)
    with or_again(FINISH, form, **context):
        if of_kinds:
            finishing.check_mark(count, form.value("mark"))
        differing = await list_differing(session, await queries.find_row(session, number))
        decided = {tag: of_kinds[kind] for tag, kind in differing.items() if kind in of_kinds} | decided
        # Where nothing differs, there is nothing to confirm.
        if decided and step != "confirm":
            finishing.check(differing, decided)
            context |= await _confirmation(session, count, decided, actor)
            raise ShowAgain(CONFIRM, {"form": form, **context}, is_wrong=False)
        done = await finishing.finish_stocktake(session, number, decided, actor=actor, at=now)
    corrected = sum(done.values()) - done[Correction.NONE]
    what = "1 item was corrected" if corrected == 1 else f"{corrected} items were corrected"
    return redirect(request, f"/stocktakes/{number}", f"The stocktake is finished. {what}.")


def _finish_context(count: StocktakeBody, after: str | None) -> dict[str, Any]:
    """What the form needs. `others`: how many of each kind are not on this page; they are decided together."""
    shown = Counter(one.difference for one in count.differences)
    left = {kind: items - shown[kind] for kind, items in count.kinds.items()}
    return {
        "count": count,
        "others": {kind: items for kind, items in left.items() if items},
        "corrections_of": CORRECTIONS,
        "here": f"/stocktakes/{count.number}/finish" + (f"?after={after}" if after else ""),
    }


def _decided(form: Form) -> dict[str, Correction]:
    """What was chosen for each item; where nothing was, the form says so at that item."""
    found = {}
    for name in sorted(name for name in form.names if name.startswith(DECISION)):
        tag = name.removeprefix(DECISION)
        try:
            found[tag] = Correction(form.value(name))
        except ValueError:
            form.refuse(f"Choose what is done about {display(tag)}.", name)
    return found


def _decided_by_kind(form: Form) -> dict[Difference, Correction]:
    """What was chosen for all the others of a kind; where nothing was, the form says so there."""
    found = {}
    for kind in Difference:
        if (name := OTHERS + kind.value) in form.names:
            try:
                found[kind] = Correction(form.value(name))
            except ValueError:
                form.refuse(f"Choose what is done about the others: {kind.text.lower()}.", name)
    return found


async def _confirmation(
    session: AsyncSession, count: StocktakeBody, decided: dict[str, Correction], actor: Person
) -> dict[str, Any]:
    """What will happen, in numbers; what is reserved is told apart, and for whom only to those who may see clients."""
    chosen = Counter(decided.values())
    kept = await queries.list_kept(session, sorted(decided), may_see_client=actor.may(Permission.SEE_CLIENTS))
    return {
        "numbers": [
            in_numbers(one, chosen[one], here=count.place) for one in (*MOVES_OF, Correction.NONE) if chosen[one]
        ],
        "kept": [(one, decided[one.barcode]) for one in kept],
    }


def _stores(actor: Person) -> list[tuple[str, str]]:
    return [(store.code, store.name) for store in actor.stores]


def _is_own(actor: Person, count: StocktakeBody) -> bool:
    return count.store in {store.code for store in actor.stores}


async def _desk(session: AsyncSession, actor: Person, number: str, at: datetime) -> dict[str, Any]:
    """What the scan page needs. Raises NotFound, BadValue `not-your-store`."""
    count = await queries.get_row(session, number)
    actor.store(count.store)
    path, modes = f"/stocktakes/{number}/count", [("stocktake", "Count")]
    desk = desk_of(path, number, heading=f"Stocktake {number}", modes=modes)
    return {"count": count, "at": at, "form": None, **desk}
