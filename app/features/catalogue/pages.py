"""Pages of the catalogue."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response

from app.db import Session
from app.domain.hygiene import Route
from app.domain.inspections import InspectionKind
from app.features.catalogue import queries, service
from app.features.catalogue.schemas import INSPECTIONS_ASKED, ProductForm
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
    """The catalogue, by code."""
    chosen = next((one for one in Tier if one.value == tier), None)
    rows = await queries.list_products(
        session,
        q=q.strip() or None,
        tier=chosen,
        category=category.strip() or None,
        available=True if available else None,
        after=after or "",
        limit=PRODUCTS_ON_A_PAGE,
    )
    page = page_of(rows, limit=PRODUCTS_ON_A_PAGE, cursor=lambda row: row.code)
    asked = {"q": q, "tier": tier, "category": category, "available": available}
    context = {
        "products": page.items,
        "asked": asked,
        "is_filtered": any(asked.values()),
        "tiers": _tiers(),
        "next_page_href": page.next and f"/products?{urlencode({**asked, 'after': page.next})}",
    }
    return render(request, "catalogue/list.html", context)


@router.get("/products/new")
async def product_form(request: Request, actor: Actor) -> HTMLResponse:
    """A new product."""
    return render(request, "catalogue/new.html", {"form": Form(), **_choices()})


@router.post("/products/new")
async def add_product(request: Request, session: Session, actor: Actor, now: Now) -> Response:
    """Add it."""
    form, body = await read_form(request, ProductForm)
    if body is None:
        return render(request, "catalogue/new.html", {"form": form, **_choices()}, 422)
    with or_again("catalogue/new.html", form, **_choices()):
        await service.add_product(session, body.as_product(), actor=actor.username, at=now)
    return redirect(request, f"/products/{body.code}", f"{body.name} is in the catalogue. Next: take its items in.")


@router.get("/products/{code}")
async def get_product(request: Request, session: Session, actor: Actor, code: str) -> HTMLResponse:
    """Everything about one product."""
    return render(request, "catalogue/product.html", {"product": await queries.get_product(session, code)})


def _tiers() -> list[tuple[str, str]]:
    return [(tier.value, tier.value.replace("_", " ").capitalize()) for tier in Tier]


def _choices() -> dict[str, object]:
    return {
        "tiers": _tiers(),
        "routes": [(route.value, route.text) for route in Route],
        "inspections": [(field, InspectionKind(kind).text) for kind, field in INSPECTIONS_ASKED.items()],
    }
