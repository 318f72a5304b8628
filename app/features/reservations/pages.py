"""Pages of reservations: reserve, one's own list, extend, give up, and the calendar of an item."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import AfterValidator
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.db import Session
from app.domain.access import Actor as Person
from app.domain.access import Permission
from app.domain.dates import MONTHS, uk_date
from app.domain.errors import BadValue, RuleError
from app.domain.labels import display
from app.domain.scanning import check_tag
from app.features.reservations import queries, service
from app.features.reservations.schemas import ExtendForm, ReservationBody, ReserveForm
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id, without_controls
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import number_cursor, page_of
from app.web.tags import Prefix, Tag
from app.web.templating import day, render

RESERVATIONS_ON_A_PAGE = 50
FIRST_YEAR, LAST_YEAR = 2000, 2099

FIELDS = {"from": "first_day", "until": "last_day"}
"""The fields of a reservation as the page names them."""

router = page_router()

Words = Annotated[str, Query(max_length=100), AfterValidator(without_controls), AfterValidator(str.strip)]


@router.get("/reservations")
async def list_reservations(
    request: Request, session: Session, actor: Actor, now: Now, whose: Words = "", after: After = None
) -> HTMLResponse:
    """The live reservations that one has made, or everybody's; the reading is logged."""
    everybody = whose == "everybody"
    rows = await queries.list_reservations(
        session,
        made_by=None if everybody else actor.username,
        live=True,
        after=number_cursor(after),
        limit=RESERVATIONS_ON_A_PAGE,
    )
    page = page_of(rows, limit=RESERVATIONS_ON_A_PAGE, cursor=lambda row: row.id)
    found = len(page.items)
    await audit.record(session, "reservations_listed", "reservations", actor=actor.username, at=now, found=found)
    context = {
        "reservations": page.items,
        "everybody": everybody,
        "today": uk_date(now),
        "following": f"/reservations?whose={'everybody' if everybody else ''}&after={page.next}" if page.next else None,
    }
    return render(request, "reservations/list.html", context)


@router.get("/reservations/new")
async def reserve_form(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    prefix: Prefix,
    barcode: Words = "",
    product: Words = "",
    client_ref: Words = "",
) -> HTMLResponse:
    """For whom and when; an item or a product may be named already."""
    typed = {"barcode": [barcode], "product_code": [product], "client_ref": [client_ref]}
    form = Form({name: values for name, values in typed.items() if values[0]})
    context = await _wanted(session, form, now, prefix)
    return render(request, "reservations/new.html", {"form": form, **context}, 422 if form.errors else 200)


@router.post("/reservations/new")
async def reserve(request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix) -> Response:
    """Keep it."""
    form, body = await read_form(request, ReserveForm)
    context = await _wanted(session, form, now, prefix)
    if body is None or form.errors:
        return render(request, "reservations/new.html", {"form": form, **context}, 422)
    with or_again("reservations/new.html", form, **context), as_typed(context):
        _, tag = await service.reserve(
            session,
            barcode=check_tag(body.barcode, prefix=prefix) if body.barcode else None,
            product_code=body.product_code,
            client_ref=body.client_ref,
            from_on=body.first_day,
            until_on=body.last_day,
            store=body.store,
            actor=actor.username,
            at=now,
        )
    days = f"from {day(body.first_day or uk_date(now))} until {day(body.last_day)}"
    return redirect(request, f"/items/{tag}", f"{display(tag)} is reserved for {body.client_ref} {days}.")


@router.get("/reservations/{reservation_id}/extend")
async def extend_form(request: Request, session: Session, actor: Actor, now: Now, reservation_id: Id) -> HTMLResponse:
    """Until when now?"""
    reservation = await _read(session, reservation_id, actor, now)
    return render(request, "reservations/extend.html", {"form": Form(), "reservation": reservation})


@router.post("/reservations/{reservation_id}/extend")
async def extend(request: Request, session: Session, actor: Actor, now: Now, reservation_id: Id) -> Response:
    """Another last day."""
    form, body = await read_form(request, ExtendForm)
    reservation = await _read(session, reservation_id, actor, now)
    context = {"reservation": reservation}
    if body is None:
        return render(request, "reservations/extend.html", {"form": form, **context}, 422)
    with or_again("reservations/extend.html", form, **context), as_typed({}):
        await service.extend(session, reservation_id, until_on=body.last_day, actor=actor.username, at=now)
    said = f"{display(reservation.barcode)} is reserved for {reservation.client_ref} until {day(body.last_day)}."
    return redirect(request, f"/items/{reservation.barcode}", said)


@router.get("/reservations/{reservation_id}/give-up")
async def give_up_form(request: Request, session: Session, actor: Actor, now: Now, reservation_id: Id) -> HTMLResponse:
    """Really?"""
    reservation = await _read(session, reservation_id, actor, now)
    refusal = await service.why_not_give_up(session, reservation_id, actor, today=uk_date(now))
    context = {"form": Form(), "reservation": reservation, "why_not": refusal.detail if refusal else ""}
    return render(request, "reservations/give_up.html", context)


@router.post("/reservations/{reservation_id}/give-up")
async def give_up(request: Request, session: Session, actor: Actor, now: Now, reservation_id: Id) -> Response:
    """Anybody may have it again."""
    form, reservation = Form(), await _read(session, reservation_id, actor, now)
    with or_again("reservations/give_up.html", form, reservation=reservation):
        await service.give_up_reservation(session, reservation_id, person=actor, at=now)
    said = f"The reservation of {display(reservation.barcode)} for {reservation.client_ref} is given up."
    return redirect(request, f"/items/{reservation.barcode}", said)


@router.get("/items/{barcode}/calendar")
async def calendar(
    request: Request, session: Session, actor: Actor, now: Now, tag: Tag, month: Words = ""
) -> HTMLResponse:
    """Month by month, on which days the item is kept or out. For whom is told to those who may see clients."""
    today = uk_date(now)
    first = _month(month, today)
    item = await queries.get_item(session, tag)
    weeks = queries.weeks_of(first)
    taken = [
        one
        for one in await queries.list_taken_up(session, tag, today=today)
        if any(one.has(each) for week in weeks for each in week if each.month == first.month)
    ]
    if actor.may(Permission.SEE_CLIENTS):
        for client_ref in dict.fromkeys(one.client_ref for one in taken):
            subject = f"client:{client_ref}"
            await audit.record(session, "reservation_read", subject, actor=actor.username, at=now, item=tag)
    before, after = first - timedelta(days=1), (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    context = {
        "item": item,
        "first": first,
        "month_name": _in_words(first),
        "weeks": weeks,
        "taken": taken,
        "today": today,
        "before": before if before.year >= FIRST_YEAR else None,
        "after": after if after.year <= LAST_YEAR else None,
        "month_words": _in_words,
    }
    return render(request, "reservations/calendar.html", context)


@contextmanager
def as_typed(context: Mapping[str, Any]) -> Iterator[None]:
    """What the rules refuse is said at the field as the page names it; what nobody typed, of the form."""
    chosen = {"item": "barcode", "product": "product_code"}
    hidden = {chosen[name] for name in chosen if context.get(name)}
    try:
        yield
    except RuleError as error:
        error.field = None if error.field in hidden else FIELDS.get(error.field or "", error.field)
        raise


def _month(month: str, today: date) -> date:
    """The first day of the month that was asked for. Raises BadValue `no-such-month`."""
    if not month:
        return today.replace(day=1)
    if re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", month):
        return date.fromisoformat(f"{month}-01")
    raise BadValue("no-such-month", "Write the month as year and month, such as 2026-03.", field="month")


def _in_words(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.year}"


async def _wanted(session: AsyncSession, form: Form, now: Now, prefix: str) -> dict[str, Any]:
    """What the form is about, as far as it is known: an item, a product, or neither yet."""
    context: dict[str, Any] = {"item": None, "product": None, "taken": [], "today": uk_date(now)}
    try:
        if form.value("barcode") and not form.value("product_code"):
            tag = check_tag(form.value("barcode"), prefix=prefix)
            context["item"] = await queries.get_item(session, tag)
            context["taken"] = await queries.list_taken_up(session, tag, today=uk_date(now))
        elif form.value("product_code") and not form.value("barcode"):
            code = form.value("product_code").strip()
            context["product"] = {"code": code, "name": await queries.get_product_name(session, code)}
    except RuleError as error:
        form.refuse(error.detail, error.field)
    context["stores"] = await queries.list_stores(session)
    return context


async def _read(session: AsyncSession, reservation_id: int, actor: Person, now: Now) -> ReservationBody:
    reservation = await queries.get_reservation(session, reservation_id)
    subject = f"client:{reservation.client_ref}"
    await audit.record(session, "reservation_read", subject, actor=actor.username, at=now, reservation=reservation_id)
    return reservation
