"""Pages of goods in: the form, which a maker's label can fill in, and the tags that a receipt gave."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain import access
from app.domain.dates import uk_date
from app.domain.errors import BadValue, NotFound
from app.domain.goods import date_words
from app.domain.gs1_text import as_scanned, shown
from app.features.stock import queries, service
from app.features.stock.makers_labels import MakersLabel, look_up_label
from app.features.stock.schemas import GoodsInForm
from app.models import Precision
from app.web.auth import Actor
from app.web.clock import Now
from app.web.flash import redirect
from app.web.forms import Form, ShowAgain, or_again, read_form
from app.web.once import page_router
from app.web.tags import Prefix
from app.web.templating import render

router = page_router()

FORM = "stock/receive.html"
MOST_IN_A_SELECT = 50
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Receipt = Annotated[int, Query(ge=0, le=10**16)]

PRECISIONS = [
    (Precision.DAY.value, "To the day"),
    (Precision.WEEK.value, "To the week"),
    (Precision.MONTH.value, "To the month"),
    (Precision.YEAR.value, "To the year"),
]

MADE_ON = ("manufactured_on-day", "manufactured_on-month", "manufactured_on-year", "manufactured_precision")


@router.get("/items/receive")
async def receive_form(request: Request, session: Session, actor: Actor, now: Now) -> HTMLResponse:
    """Goods in."""
    return render(request, FORM, {"form": Form(), **await _goods_in(session, actor, now)})


@router.post("/items/receive")
async def receive(request: Request, session: Session, actor: Actor, now: Now, prefix: Prefix) -> Response:
    """Take items in, then show their tags on a page of their own, which may be loaded as often as one likes.

    A maker's label that nobody has seen the meaning of yet fills in the form first, and nothing is taken in.
    """
    form, body = await read_form(request, GoodsInForm)
    context = await _goods_in(session, actor, now)
    if _is_to_be_read(form):
        await _show_what_the_label_says(session, form, context, prefix=prefix, today=uk_date(now))
    if body is None:
        return render(request, FORM, {"form": form, **context}, 422)
    with or_again(FORM, form, **context):
        goods = await service.receive_items(session, body.goods(), prefix=prefix, actor=actor, at=now, fill=False)
    count = len(goods.barcodes)
    said = f"{count} {'item is' if count == 1 else 'items are'} in stock. Print and stick on the labels now."
    return redirect(request, f"/items/received?receipt={(now - EPOCH) // MICROSECOND}", said)


@router.get("/items/received")
async def received(request: Request, session: Session, actor: Actor, receipt: Receipt | None = None) -> Response:
    """The tags that one of one's own receipts gave. Without a receipt one is led to where they are made."""
    if receipt is None:
        return RedirectResponse("/items/receive", 303)
    at = EPOCH + receipt * MICROSECOND
    lines, warnings = await queries.list_receipt(session, actor=actor.username, at=at)
    if not lines:
        raise NotFound("unknown-receipt", "You took nothing in at that time. Look for the items in the list of items.")
    return render(request, "stock/received.html", {"items": lines, "warnings": warnings, "at": at})


def _is_to_be_read(form: Form) -> bool:
    """Whether somebody asks what the label says, or it is another one than the form was filled in from.

    The scanner ends with Enter, which presses a button as a person would; which one must not matter.
    """
    label = as_scanned(form.value("maker_label"))
    return "read" in form.names or (label != "" and label != as_scanned(form.value("read_label")))


async def _show_what_the_label_says(
    session: AsyncSession, form: Form, context: Mapping[str, Any], *, prefix: str, today: date
) -> None:
    """Always raises ShowAgain: the form as typed, with what the label says in the fields that were empty."""
    raw = as_scanned(form.value("maker_label"))
    again = form.with_values({"maker_label": shown(raw), "read_label": ""})
    with or_again(FORM, again, **context):
        if not raw:
            detail = "Scan the maker's label into this field, or choose “Take them in” to go on without it."
            raise BadValue("label-missing", detail, field="maker_label")
        label = await look_up_label(session, raw, prefix=prefix, today=today)
    before = await _filled_before(session, form, prefix=prefix, today=today)
    filled = _fill(again, _values(label), before) | {"read_label": shown(raw)}
    read = [line for line in _lines(label) if line[1]]
    raise ShowAgain(FORM, {**context, "form": again.with_values(filled), "label": label, "read": read}, is_wrong=False)


async def _filled_before(session: AsyncSession, form: Form, *, prefix: str, today: date) -> Mapping[str, str]:
    """What the label before this one filled in: a second scan takes the place of the first."""
    raw = as_scanned(form.value("read_label"))
    try:
        label = await look_up_label(session, raw, prefix=prefix, today=today) if raw else MakersLabel()
    except BadValue:
        return {}
    return _values(label)


def _fill(form: Form, values: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    """What goes into which field: what was typed stays, what the label before had put there does not.

    The boxes of a date go together with how exactly it is known.
    """
    free = {name for name in values if form.value(name).strip() in {"", before.get(name, "")}}
    if not free.issuperset(MADE_ON):
        free -= set(MADE_ON)
    return {name: values[name] for name in free}


def _values(label: MakersLabel) -> dict[str, str]:
    """The fields of the form that the label can fill in, empty where it does not say."""
    made = label.facts.manufactured_on
    return {
        "product_code": label.products[0].code if len(label.products) == 1 else "",
        "udi_di": label.facts.udi_di or "",
        "serial_numbers": label.facts.serial_number or "",
        "lot_number": label.facts.lot_number or "",
        **dict(zip(MADE_ON, _boxes(made), strict=False)),
        "manufactured_precision": label.facts.precision or "",
    }


def _boxes(day: date | None) -> tuple[str, str, str]:
    return (str(day.day), str(day.month), str(day.year)) if day else ("", "", "")


def _lines(label: MakersLabel) -> list[tuple[str, str]]:
    """What is sure on the label, in words."""
    return [
        ("Product", " or ".join(f"{product.code}: {product.name}" for product in label.products)),
        ("UDI-DI", label.facts.udi_di or ""),
        ("Serial number", label.facts.serial_number or ""),
        ("Lot number", label.facts.lot_number or ""),
        ("Made", date_words(label.facts.manufactured_on, label.facts.precision)),
    ]


async def _goods_in(session: AsyncSession, actor: access.Actor, now: datetime) -> Mapping[str, Any]:
    products = await queries.list_product_names(session)
    return {
        "products": [(one.code, f"{one.code}: {one.name}") for one in products],
        "many": len(products) > MOST_IN_A_SELECT,
        "stores": [(one.code, one.name) for one in actor.stores],
        "precisions": PRECISIONS,
        "today": uk_date(now),
    }
