"""Pages of the catalogue."""

from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response

from app.db import Session
from app.domain.catalogue import as_iso_9999_group
from app.domain.hygiene import Route
from app.domain.inspections import InspectionKind
from app.features.catalogue import queries, service
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

Words = Annotated[str, Query(max_length=100)]


@router.get("/products")
async def list_products(
    request: Request,
    session: Session,
    actor: Actor,
    q: Words = "",
    tier: Words = "",
    category: Words = "",
    available: Words = "",
    after: After = None,
) -> HTMLResponse:
    """The catalogue, by code. An answer that no filter knows is said to be none, and finds nothing."""
    asked = {"q": q, "tier": tier, "category": category.strip(), "available": available}
    form = _check_filters(asked)
    rows = []
    if not form.errors:
        rows = await queries.list_products(
            session,
            q=q.strip() or None,
            tier=Tier(tier) if tier else None,
            category=asked["category"] or None,
            available=True if available else None,
            after=after or "",
            limit=PRODUCTS_ON_A_PAGE,
        )
    page = page_of(rows, limit=PRODUCTS_ON_A_PAGE, cursor=lambda row: row.code)
    context = {
        "form": form,
        "products": page.items,
        "asked": asked,
        "is_filtered": any(asked.values()),
        "tiers": _tiers(),
        "next_page_href": page.next and f"/products?{urlencode({**asked, 'after': page.next})}",
    }
    return render(request, "catalogue/list.html", context, 422 if form.errors else 200)


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
async def get_product(request: Request, session: Session, actor: Actor, code: str) -> HTMLResponse:
    """Everything about one product."""
    return render(request, "catalogue/product.html", {"product": await queries.get_product(session, code)})


@router.get("/products/{code}/edit")
async def edit_form(request: Request, session: Session, actor: Actor, code: str) -> HTMLResponse:
    """The product as it is, to be changed."""
    product = await queries.get_product(session, code)
    return render(request, FORM, {"form": Form(as_typed(product)), "product": product, **_choices()})


@router.post("/products/{code}/edit")
async def edit_product(request: Request, session: Session, actor: Actor, now: Now, code: str) -> Response:
    """Change what is different."""
    product = await queries.get_product(session, code)
    form, body = await read_form(request, ProductChangeForm)
    context = {"product": product, **_choices()}
    if body is None:
        return render(request, FORM, {"form": form, **context}, 422)
    with or_again(FORM, form, **context):
        change = body.as_change(product)
        if change.model_fields_set:
            version = body.version
            await service.change_product(session, code, change, version=version, actor=actor.username, at=now)
    told = f"{body.name} is changed." if change.model_fields_set else "Nothing was changed."
    return redirect(request, f"/products/{quote(code)}", told)


def _check_filters(asked: dict[str, str]) -> Form:
    """What was asked, with what is wrong about it."""
    form = Form({name: [value] for name, value in asked.items()})
    if asked["tier"] and asked["tier"] not in list(Tier):
        form.refuse("There is no such tier. Choose one from the list.", "tier")
    if asked["category"]:
        try:
            as_iso_9999_group(asked["category"])
        except ValueError as wrong:
            form.refuse(str(wrong), "category")
    if asked["available"] not in {"", "yes"}:
        form.refuse("Tick “Only what is on a shelf now”, or leave it empty.", "available")
    return form


def _tiers() -> list[tuple[str, str]]:
    return [(tier.value, tier.value.replace("_", " ").capitalize()) for tier in Tier]


def _choices() -> dict[str, object]:
    return {
        "tiers": _tiers(),
        "routes": [(route.value, route.text) for route in Route],
        "inspections": [(field, InspectionKind(kind).text) for kind, field in INSPECTIONS_ASKED.items()],
    }
