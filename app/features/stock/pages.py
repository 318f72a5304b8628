"""Pages to find items and to look at one. What changes one is in `changes.py`, goods in is in `goods_in_pages.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import AfterValidator
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain import access
from app.domain.dates import uk_date
from app.domain.errors import RuleError
from app.domain.gs1_text import shown
from app.domain.lifecycle import State
from app.domain.loans import LoanKind
from app.domain.scanning import check_tag
from app.features.stock import queries, service
from app.features.stock.schemas import ItemBody, ItemLine
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, without_controls
from app.web.forms import Form
from app.web.look_ahead import Ahead
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.tags import Prefix, Tag
from app.web.templating import render

router = page_router()

ITEMS_ON_A_PAGE = 50
LONGEST_SEARCH = 100
MOVEMENTS_ON_A_PAGE = 50
INSPECTIONS_AHEAD = timedelta(days=30)

Words = Annotated[str, Query(max_length=100), AfterValidator(without_controls), AfterValidator(str.strip)]
Search = Annotated[str, Query(), AfterValidator(str.strip)]
"""What is searched for: what is wrong with it is said at its field, so that it can be mended there."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What the list of items is narrowed to, as it stands in the address."""

    q: Search = ""
    state: Words = ""
    store: Words = ""
    held: Words = ""
    due: Words = ""
    product_code: Words = ""
    client_ref: Words = ""

    @property
    def carried(self) -> dict[str, str]:
        """For whom an item is looked for to be issued: it narrows nothing, but goes along to the form."""
        return {"client_ref": self.client_ref} if self.client_ref else {}

    @property
    def asked(self) -> dict[str, str]:
        """What was filled in."""
        fields = ("q", "state", "store", "held", "due", "product_code")
        return {name: value for name in fields if (value := getattr(self, name))}

    @property
    def known_state(self) -> State | None:
        """The state, if there is one of this name."""
        return next((state for state in State if state.value == self.state), None)

    def due_between(self, today: date) -> tuple[date, date] | None:
        """The days on which a check falls due: before today, or in the thirty days from today."""
        ahead = today + INSPECTIONS_AHEAD + timedelta(days=1)
        return {"overdue": (date.min, today), "soon": (today, ahead)}.get(self.due)


@router.get("/items")
async def items(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    prefix: Prefix,
    wanted: Annotated[Filter, Depends()],
    after: After = None,
) -> Response:
    """Items that fit, by tag. A whole tag of an item leads straight to it; a mistyped one is said to be mistyped."""
    stores = [(one.code, one.name) for one in await queries.list_store_names(session)]
    form = _check_filters(wanted, [code for code, _ in stores])
    wrong_filter = bool(form.errors)
    tag = None if wrong_filter else _read_search(form, wanted.q, prefix)
    # A list that is narrowed while somebody types stays a list.
    if tag and "hx-request" not in request.headers and await queries.list_lines(session, [tag]):
        onward = f"/issue?{urlencode(wanted.carried)}" if wanted.carried else ""
        return RedirectResponse(f"/items/{tag}{onward}", 303)
    rows = [] if wrong_filter else await _find(session, wanted, after, today=uk_date(now))
    if rows:
        form = Form()  # What is too short for a tag may still be a part of one.
    page = page_of(rows, limit=ITEMS_ON_A_PAGE, cursor=lambda row: row.barcode)
    going_on = {**wanted.asked, **wanted.carried}
    context = {
        "form": form,
        "wanted": wanted,
        "items": page.items,
        "goes_on": bool(after),
        "following": f"/items?{urlencode({**going_on, 'after': page.next})}" if page.next else None,
        "states": [(one.value, one.text) for one in State],
        "stores": stores,
    }
    return render(request, "stock/items.html", context, 422 if form.errors else 200)


@router.get("/items/{barcode}")
async def item(
    request: Request, session: Session, actor: Actor, now: Now, ahead: Ahead, tag: Tag, after: After = None
) -> HTMLResponse:
    """One item: where it is, what blocks it, what to do next, all that happened to it."""
    may_handle_faults = actor.may(access.Permission.HANDLE_FAULTS)
    releaser = actor.username if actor.may(access.Permission.WORK_ON_ITEMS) else None
    body = await service.read_item(session, tag, actor=actor, at=now, releaser=releaser, soon_days=ahead.soon_days)
    rows = await queries.list_latest_history(
        session,
        tag,
        may_see_client=actor.may(access.Permission.SEE_CLIENTS),
        before=number_cursor(after) or None,
        limit=MOVEMENTS_ON_A_PAGE,
    )
    history = page_of(rows, limit=MOVEMENTS_ON_A_PAGE, cursor=lambda row: row.seq)
    context = {
        "item": body,
        "maker_label": shown(body.maker_label or ""),
        "today": uk_date(now),
        "store_name": {one.code: one.name for one in await queries.list_store_names(session)}[body.store],
        "faults": await queries.list_open_faults(session, tag) if may_handle_faults else [],
        "inspections": await queries.list_inspections(session, tag),
        "decisions": await queries.list_decisions(session, tag),
        "stops": await queries.list_stops(session, tag, may_see_client=actor.may(access.Permission.SEE_CLIENTS)),
        "past_holds": await queries.list_past_holds(session, tag),
        "history": history.items,
        "older": f"/items/{tag}?after={history.next}#history" if history.next else None,
        "after": after,
        **await _trial(session, body, actor),
    }
    return render(request, "stock/item.html", context)


def _check_filters(wanted: Filter, stores: list[str]) -> Form:
    """What was asked, with what is wrong about it: an answer that no filter knows is said to be none."""
    form = Form({name: [value] for name, value in wanted.asked.items()})
    if len(wanted.q) > LONGEST_SEARCH:
        form.refuse(f"Search for {LONGEST_SEARCH} characters or fewer.", "q")
    elif not wanted.q.isprintable():
        form.refuse("Take out the invisible characters: nothing here is written with them.", "q")
    known = {
        "state": ("state", [state.value for state in State]),
        "store": ("store", stores),
        "held": ("answer", ["yes", "no"]),
        "due": ("answer", ["overdue", "soon"]),
    }
    for name, (noun, values) in known.items():
        if name in wanted.asked and wanted.asked[name] not in values:
            form.refuse(f"There is no such {noun}. Choose one from the list.", name)
    return form


def _read_search(form: Form, q: str, prefix: str) -> str | None:
    """The tag that was typed or scanned, if the text is one; says on the form what is wrong with a mistyped one."""
    if not q:
        return None
    try:
        return check_tag(q, prefix=prefix)
    except RuleError as error:
        # Words and serial numbers are no tags either, but nothing is wrong with them.
        if error.code != "unknown-barcode":
            form.refuse(error.detail, "q")
        return None


async def _trial(session: AsyncSession, body: ItemBody, actor: access.Actor) -> Mapping[str, Any]:
    """How the running trial of the item went so far: its first end, and what was decided since."""
    loan = body.loan
    if loan is None or loan.kind != LoanKind.TRIAL:
        return {"first_end": None, "reviews": []}
    first = await queries.find_first_end(session, body.barcode, loan.id)
    may_see_client = actor.may(access.Permission.SEE_CLIENTS)
    reviews = await queries.list_trial_reviews(session, loan.id, may_see_client=may_see_client)
    return {"first_end": first, "reviews": reviews}


async def _find(session: AsyncSession, wanted: Filter, after: str | None, *, today: date) -> list[ItemLine]:
    return await queries.list_items(
        session,
        q=wanted.q or None,
        state=wanted.known_state,
        store=wanted.store or None,
        held={"yes": True, "no": False}.get(wanted.held),
        due=wanted.due_between(today),
        product_code=wanted.product_code or None,
        after=after or "",
        limit=ITEMS_ON_A_PAGE,
    )
