"""Pages of the catalogue."""

from datetime import date
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.domain.hygiene import Route
from app.domain.inspections import InspectionKind
from app.features.catalogue import queries, service
from app.features.catalogue.asking import DIMENSIONS, Asked, ChosenFor
from app.features.catalogue.finding import Wanted, cursor_of
from app.features.catalogue.schemas import INSPECTIONS_ASKED, ProductChangeForm, ProductForm, as_typed
from app.models import Tier
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.paging import page_of
from app.web.templating import render

PRODUCTS_ON_A_PAGE = 50
FORM = "catalogue/form.html"

router = page_router()


@router.get("/products")
async def list_products(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    asked: Annotated[Asked, Depends()],
    chosen_for: Annotated[ChosenFor, Depends()],
    after: After = None,
) -> HTMLResponse:
    """Find equipment: what fits, and where it can be had. An answer that no filter knows finds nothing."""
    form, wanted = asked.read()
    found = await _find(session, form, wanted, after, today=uk_date(now))
    page = page_of(found.products, limit=PRODUCTS_ON_A_PAGE, cursor=lambda row: cursor_of(row.rank, row.code, wanted))
    closest = []
    if wanted.words and not page.items and not form.errors:
        closest = await queries.list_closest(session, wanted.q, today=uk_date(now))
    context = {
        "form": form,
        "products": page.items,
        "closest": closest,
        "asked": asked,
        "chosen_for": chosen_for,
        "tiers": _tiers(),
        "stores": list(found.stores.items()),
        "dimensions": list(DIMENSIONS.items()),
        "next_page_href": page.next and chosen_for.on(f"/products?{urlencode({**asked.filled, 'after': page.next})}"),
    }
    return render(request, "catalogue/list.html", context, 422 if form.errors else 200)


async def _find(session: AsyncSession, form: Form, wanted: Wanted, after: str | None, *, today: date) -> queries.Found:
    """What is wanted, or nothing of what cannot be; the form says why."""
    if not form.errors:
        try:
            return await queries.list_products(session, wanted, today=today, after=after, limit=PRODUCTS_ON_A_PAGE)
        except BadValue as wrong:
            if wrong.field not in form.names:
                raise
            form.refuse(wrong.detail, wrong.field)
    return queries.Found([], await queries.list_stores(session))


@router.get("/products/new")
async def product_form(request: Request, actor: Actor) -> HTMLResponse:
    """A new product."""
    return render(request, FORM, {"form": Form(), **_choices()})


@router.post("/products/new")
async def add_product(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Add it."""
    form, body = await read_form(request, ProductForm)
    if body is None:
        return render(request, FORM, {"form": form, **_choices()}, 422)
    with or_again(FORM, form, **_choices()):
        await service.add_product(session, body.as_product(), actor=actor.username, at=now)
    return redirect(request, f"/products/{body.code}", f"{body.name} is in the catalogue. Next: take its items in.")


@router.get("/products/{code}")
async def get_product(
    request: Request,
    session: Session,
    actor: Actor,
    now: Now,
    code: str,
    chosen_for: Annotated[ChosenFor, Depends()],
) -> HTMLResponse:
    """Everything about one product: what can be had, where, and what goes with it."""
    product = await queries.get_product(session, code, today=uk_date(now))
    context = {
        "product": product,
        "chosen_for": chosen_for,
        "fits": await queries.list_fits(session, product.id),
        "items": await queries.read_whereabouts(session, product.id, today=uk_date(now)),
    }
    return render(request, "catalogue/product.html", context)


@router.get("/products/{code}/edit")
async def edit_form(request: Request, session: Session, actor: Actor, now: Now, code: str) -> HTMLResponse:
    """The product as it is, to be changed."""
    product = await queries.get_product(session, code, today=uk_date(now))
    return render(request, FORM, {"form": Form(as_typed(product)), "product": product, **_choices()})


@router.post("/products/{code}/edit")
async def edit_product(request: Request, session: Session, actor: Actor, now: Now, code: str) -> Response:
    """Change what is different."""
    product = await queries.get_product(session, code, today=uk_date(now))
    form, body = await read_form(request, ProductChangeForm)
    context = {"product": product, **_choices()}
    if body is None:
        return render(request, FORM, {"form": form, **context}, 422)
    with or_again(FORM, form.against(as_typed(product)), **context):
        change = body.as_change(product)
        if change.model_fields_set:
            version = body.version
            await service.change_product(session, code, change, version=version, actor=actor.username, at=now)
    told = f"{body.name} is changed." if change.model_fields_set else "Nothing was changed."
    return redirect(request, f"/products/{quote(code)}", told)


def _tiers() -> list[tuple[str, str]]:
    return [(tier.value, tier.value.replace("_", " ").capitalize()) for tier in Tier]


def _choices() -> dict[str, object]:
    return {
        "tiers": _tiers(),
        "routes": [(route.value, route.text) for route in Route],
        "inspections": [(field, InspectionKind(kind).text) for kind, field in INSPECTIONS_ASKED.items()],
    }
