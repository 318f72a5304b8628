"""Pages of rates: what is in force on a day, beginning, replacing and ending one, and what something would cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import AfterValidator, BeforeValidator, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.costs import ChargeKind, Facts, Posting
from app.domain.dates import uk_date
from app.domain.hire import InForce
from app.domain.how_charged import RULES
from app.domain.inspections import months_after
from app.domain.loans import CollectionSpeed
from app.domain.ordering import Speed
from app.domain.tariffs import RATED, VARIANTS, VISITS, closed_in_words, variant_in_words
from app.domain.would_cost import Loan, would_cost
from app.features.finance.tariffs import queries, service
from app.features.finance.tariffs.schemas import (
    EndForm,
    EndTariff,
    NewTariff,
    TariffBody,
    TariffForm,
    TryForm,
    WithdrawForm,
)
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import Day, Id, without_controls
from app.web.flash import redirect
from app.web.forms import DATE_PARTS, Form, ShowAgain, filled_or_again, or_again, read_form
from app.web.once import page_router
from app.web.templating import render
from app.web.wording import in_words

LIST: Final = "finance/tariffs.html"
NEW: Final = "finance/new_tariff.html"
ONE: Final = "finance/tariff.html"
TRY: Final = "finance/would_cost.html"
HOW: Final = {"fixed": "pence", "percentage": "percent", "taper": "taper"}

router = page_router()

Words = Annotated[str, Query(max_length=100), AfterValidator(without_controls), AfterValidator(str.strip)]
OnDay = Annotated[Day | None, BeforeValidator(lambda typed: typed or None), Query()]
KindAsked = Annotated[ChargeKind | None, BeforeValidator(lambda typed: typed or None), Query()]


@dataclass(frozen=True, slots=True)
class Group:
    """The rates of one kind: on the day that is looked at, those that begin later, and those that are over."""

    kind: ChargeKind
    now: list[TariffBody]
    later: list[TariffBody]
    over: list[TariffBody]


@router.get("/finance/tariffs")
async def list_tariffs(
    request: Request, session: Session, actor: Actor, now: Now, on: OnDay = None, kind: KindAsked = None
) -> HTMLResponse:
    """What is in force on a day, by kind, with what was and what will be."""
    day = on or uk_date(now)
    found = await queries.sort_tariffs(session, day=day, kind=kind)
    shown = found[: queries.MOST_ON_A_PAGE]
    context = {
        "rules": RULES,
        "form": Form({"on": [day.isoformat()], "kind": [kind or ""]}),
        "day": day,
        "groups": _grouped(shown, day),
        "kinds": [(one.value, one.text) for one in RATED],
        "most": queries.MOST_ON_A_PAGE if len(found) > len(shown) else None,
        "closed": closed_in_words(await queries.newest_closed(session)),
        "gaps": await queries.list_gaps(session, today=uk_date(now), kind=kind),
        "withdrawn": await queries.list_withdrawn(session, kind=kind),
        "most_aside": queries.MOST_ASIDE,
    }
    return render(request, LIST, context)


@router.get("/finance/tariffs/new")
async def tariff_form(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    replaces: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    product: Words = "",
    q: Words = "",
) -> HTMLResponse:
    """A new rate, or one in place of another."""
    typed = {"product_code": [product]} if product else {}
    if replaces:
        typed = _as_typed(await queries.get_tariff(session, replaces, today=uk_date(now)))
    return render(request, NEW, {"form": Form(typed), **await _asked(session, q)})


@router.post("/finance/tariffs/new")
async def add_tariff(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Begin it."""
    form, body = await read_form(request, TariffForm)
    context = await _asked(session, "")
    new = _as_body(form, body) if body else None
    if new is None:
        raise ShowAgain(NEW, {"form": form, **context})
    with or_again(NEW, form, **context):
        added = await service.add_tariff(session, new, actor=actor.username, at=now)
    return redirect(request, f"/finance/tariffs/{added.id}", _told(f"The rate is kept, {added.days}.", added))


@router.get("/finance/tariffs/try")
async def try_form(
    request: Request, session: Session, actor: Actor, now: Now, q: Words = "", product: Words = ""
) -> HTMLResponse:
    """What would it cost? Nothing is kept, so what is asked stands in the address."""
    asked = dict(request.query_params)
    typed = {name: [asked[name]] for name in TryForm.model_fields if name in asked}
    form = Form(typed or {"age": ["0"], "months": ["6"], "speed": ["five_day"], "collection_speed": ["standard"]})
    context: dict[str, Any] = {"postings": None, "rules": RULES, **await _found(session, q)}
    if product and "months" in asked:
        try:
            body = TryForm.model_validate({name: text for name, text in asked.items() if name in TryForm.model_fields})
        except ValidationError as invalid:
            for one in invalid.errors():
                form.refuse(in_words(one, on_page=True), str(one["loc"][0]))
        else:
            with or_again(TRY, form, **context, **_speeds()):
                context |= await _counted(session, body, today=uk_date(now))
    return render(request, TRY, {"form": form, **context, **_speeds()}, 422 if form.errors else 200)


@router.get("/finance/tariffs/{tariff_id}")
async def get_tariff(request: Request, session: Session, actor: Actor, now: Now, tariff_id: Id) -> HTMLResponse:
    """One rate, how much it has priced, and its end."""
    return render(request, ONE, {"form": Form(), **await _one(session, tariff_id, now=uk_date(now))})


@router.post("/finance/tariffs/{tariff_id}")
async def end_tariff(request: Request, session: Session, actor: Actor, now: Now, tariff_id: Id) -> Response:
    """Let it end."""
    context = await _one(session, tariff_id, now=uk_date(now))
    form, body = await read_form(request, EndForm)
    with filled_or_again(ONE, form, body, **context) as said:
        end = EndTariff(ends_on=said.ends_on, reason=said.reason)
        ended = await service.end_tariff(session, tariff_id, end, actor=actor.username, at=now)
    return redirect(request, f"/finance/tariffs/{tariff_id}", _told(f"The rate is in force {ended.days}.", ended))


@router.post("/finance/tariffs/{tariff_id}/withdraw")
async def withdraw_tariff(request: Request, session: Session, actor: Actor, now: Now, tariff_id: Id) -> Response:
    """Take it away, before it begins."""
    context = await _one(session, tariff_id, now=uk_date(now))
    replaced = context["replaced"]
    form, body = await read_form(request, WithdrawForm)
    if replaced and not form.value("afterwards"):
        form.refuse("Choose what is charged without it.", "afterwards")
        body = None
    with filled_or_again(ONE, form, body, **context) as said:
        goes_on = said.afterwards == "goes_on"
        gone = await service.withdraw_tariff(
            session, tariff_id, reason=said.because, lets_go_on=goes_on, actor=actor.username, at=now
        )
    told = f"Rate {tariff_id} is withdrawn. Begin another in its place, if something is to be charged {gone.days}."
    if goes_on:
        told = f"Rate {tariff_id} is withdrawn. Rate {replaced.rate.id} is in force {replaced.days}."
    return redirect(request, "/finance/tariffs", told)


def _grouped(found: Sequence[TariffBody], day: date) -> list[Group]:
    groups = []
    for kind in RATED:
        of_kind = [one for one in found if one.kind is kind]
        if of_kind:
            later = [one for one in of_kind if one.starts_on > day]
            over = [one for one in of_kind if one.ends_on and one.ends_on < day]
            groups.append(Group(kind, [one for one in of_kind if one.is_in_force], later, over))
    return groups


async def _one(session: AsyncSession, tariff_id: int, *, now: date) -> dict[str, Any]:
    rate = await queries.with_staying(session, await queries.get_tariff(session, tariff_id, today=now))
    lines = await queries.count_lines(session, tariff_id)
    can_go = not rate.withdrawn_at and rate.starts_on > now and not lines
    replaced = await queries.find_replaced(session, tariff_id, today=now) if can_go else None
    return {"tariff": rate, "lines": lines, "today": now, "can_go": can_go, "replaced": replaced}


def _told(done: str, rate: TariffBody) -> str:
    """What was done, and that it leaves lines as they are: which, the page says."""
    return f"{done} Lines that were posted before stay at the older rate: see below." if rate.staying else done


async def _asked(session: AsyncSession, q: str) -> dict[str, Any]:
    """What can be chosen on the page of a new rate, and from which day on."""
    whats = [(f"{kind.value}:", f"{kind.text}, any" if kind in VARIANTS else kind.text) for kind in RATED]
    for kind, variants in VARIANTS.items():
        place = next(place for place, (value, _) in enumerate(whats) if value == f"{kind.value}:")
        whats[place + 1 : place + 1] = [
            (f"{kind.value}:{one.value}", f"{kind.text}: {variant_in_words(kind, one.value)}") for one in variants
        ]
    closed = closed_in_words(await queries.newest_closed(session))
    visits = ", ".join(sorted(kind.text.lower() for kind in VISITS))
    return {"whats": whats, "closed": closed, "visits": visits, **await _found(session, q)}


async def _found(session: AsyncSession, q: str) -> dict[str, Any]:
    """The products that the words find."""
    found = await queries.search_products(session, q) if q else []
    most = queries.MOST_PRODUCTS
    return {"q": q, "products": found[:most], "are_more": len(found) > most, "search": Form({"q": [q]})}


def _as_body(form: Form, body: TariffForm) -> NewTariff | None:
    """The rate that was typed: of the three ways to price the one that was chosen."""
    kind, _, variant = body.what.partition(":")
    chosen = HOW[body.how]
    price: dict[str, Any] = {"pence": body.pence, "percent": body.percent, "taper": None}
    if body.how == "taper":
        try:
            price["taper"] = body.steps()
        except ValidationError:
            form.refuse("A percentage has two decimals at most, and months are 1,200 at most.", "taper")
        except ValueError as wrong:
            form.refuse(str(wrong), "taper")
    elif price[chosen] is None:
        form.refuse("Enter the amount." if body.how == "fixed" else "Enter the percentage.", chosen)
    if kind not in RATED:
        form.refuse("Choose what the rate is for.", "what")
    if form.errors:
        return None
    others = body.model_dump(include={"product_code", "category", "starts_on", "ends_on", "note", "replaces"})
    more = {"floor_pence": body.floor_pence, "vat_percent": body.vat_percent, chosen: price[chosen]}
    return NewTariff(kind=ChargeKind(kind), variant=variant, **others, **more)


def _as_typed(rate: TariffBody) -> dict[str, list[str]]:
    """A rate as somebody would have typed it, for the one that is to replace it: all but its days."""
    how = "fixed" if rate.pence is not None else "percentage" if rate.percent is not None else "taper"
    typed = {
        "what": f"{rate.kind.value}:{rate.variant}",
        "product_code": rate.product_code or "",
        "category": rate.category or "",
        "how": how,
        "pence": "" if rate.pence is None else f"{rate.pence / 100:.2f}",
        "percent": "" if rate.percent is None else f"{rate.percent:g}",
        "taper": "\n".join(f"{one.from_months}: {one.percent:g}" for one in rate.taper or ()),
        "floor_pence": f"{rate.floor_pence / 100:.2f}" if rate.floor_pence else "",
        "vat_percent": f"{rate.vat_percent:g}" if rate.vat_percent else "",
        "replaces": "" if rate.withdrawn_at else "true",
    }
    return {name: [text] for name, text in typed.items()} | {f"starts_on-{part}": [""] for part in DATE_PARTS}


async def _counted(session: AsyncSession, body: TryForm, *, today: date) -> dict[str, Any]:
    """Every charge of the loan that is thought of, as the ledger would post it."""
    product = await queries.find_product(session, body.product, field="product")
    back = months_after(today, body.months)
    rates = await queries.read_dated(session, since=today, until=back, product_id=product.id)
    facts = Facts(
        product_id=product.id,
        category=product.category,
        price_pence=product.purchase_price_pence,
        received_on=months_after(today, -body.age),
        times_issued=int(body.recycled),
        is_reusable=product.is_reusable,
        route=product.decontamination_route.value,
        hire_rates=tuple(
            InForce(one.tariff, one.starts_on, one.ends_on) for one in rates if one.tariff.kind is ChargeKind.HIRE
        ),
    )
    loan = Loan(today, back, body.speed.value, body.collection_speed.value)
    postings = would_cost(facts, loan, queries.in_force(rates, today), queries.in_force(rates, back))
    return {
        "postings": [_row(one) for one in postings],
        "net": sum(one.price.pence for one in postings),
        "vat": sum(line.vat_pence for one in postings for line in one.lines),
        "product": product,
        "back_on": back,
    }


def _row(posting: Posting) -> dict[str, Any]:
    due, price = posting.due, posting.price
    closer = variant_in_words(due.kind, due.variant)
    return {
        "what": f"{due.kind.text}: {closer}" if closer else due.kind.text,
        "basis": price.basis,
        "tariff_id": price.tariff_id,
        "is_unpriced": price.is_unpriced,
        "pence": price.pence,
        "vat_pence": sum(line.vat_pence for line in posting.lines),
    }


def _speeds() -> dict[str, Any]:
    return {
        "speeds": [(one.value, one.text) for one in Speed],
        "collection_speeds": [
            (one.value, variant_in_words(ChargeKind.COLLECTION, one.value)) for one in CollectionSpeed
        ],
    }
