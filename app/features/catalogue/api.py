"""JSON routes of the catalogue."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query, Response
from pydantic import AfterValidator

from app.db import Session
from app.domain.catalogue import as_iso_9999_group
from app.domain.dates import uk_date
from app.features.catalogue import queries, service
from app.features.catalogue.finding import Wanted, as_size, cursor_of
from app.features.catalogue.schemas import NewProduct, ProductBody, ProductChange
from app.models import Tier
from app.web.auth import Actor
from app.web.clock import Now
from app.web.etags import Version, etag
from app.web.fields import After, Limit
from app.web.once import api_router
from app.web.paging import Page, page_of

router = api_router("catalogue")


def as_group(text: str | None) -> str | None:
    """The ISO 9999 group that is asked for; nothing asks for all of them."""
    return as_iso_9999_group(text) if text else None


def check_size(text: str) -> str:
    """The text, if it asks for a size."""
    as_size(text)
    return text


SizeText = Annotated[str, AfterValidator(check_size)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the catalogue is searched for."""

    q: Annotated[str | None, Query(max_length=100)] = None
    category: Annotated[str | None, Query(max_length=100), AfterValidator(as_group)] = None
    specialist: bool | None = None
    tier: Tier | None = None
    available: bool | None = None
    min_load_kg: Annotated[int | None, Query(ge=1, le=2_000)] = None
    size: Annotated[list[SizeText] | None, Query(max_length=5)] = None
    compatible_with: Annotated[str | None, Query(max_length=40)] = None
    store: Annotated[str | None, Query(max_length=40)] = None

    @property
    def wanted(self) -> Wanted:
        """The same as the search takes it."""
        return Wanted(
            q=self.q or "",
            category=self.category or "",
            specialist=self.specialist,
            tier=self.tier,
            available=self.available,
            min_load_kg=self.min_load_kg,
            sizes=tuple(as_size(one) for one in self.size or ()),
            compatible_with=self.compatible_with or "",
            store=self.store or "",
        )


@router.get("/products")
async def list_products(
    session: Session,
    actor: Actor,
    now: Now,
    asked: Annotated[Asked, Depends()],
    limit: Limit = 50,
    after: After = None,
) -> Page[ProductBody]:
    """Products by code; with `q` those first that have its words best, and mistyped words are forgiven.

    `specialist`: above the standard tier. `available`: at least one may go out today, from `store` if that is named.
    `size`: such as `seat_width_mm:450-520`. `compatible_with`: a product's code; one of the two must have been declared
    to go with the other, and neither not to.
    """
    wanted = asked.wanted
    found = await queries.list_products(session, wanted, today=uk_date(now), after=after, limit=limit)
    return page_of(found.products, limit=limit, cursor=lambda row: cursor_of(row.rank, row.code, wanted))


@router.post("/products", status_code=201)
async def add_product(session: Session, actor: Actor, now: Now, response: Response, body: NewProduct) -> ProductBody:
    """Add a catalogue line."""
    await service.add_product(session, body, actor=actor.username, at=now)
    return await _shown(session, response, body.code, now)


@router.get("/products/{code}")
async def get_product(session: Session, actor: Actor, now: Now, response: Response, code: str) -> ProductBody:
    """One product; its ETag is wanted by PATCH."""
    return await _shown(session, response, code, now)


@router.patch("/products/{code}")
async def change_product(
    session: Session, actor: Actor, now: Now, response: Response, code: str, version: Version, body: ProductChange
) -> ProductBody:
    """Change what the body names; the rest stays."""
    await service.change_product(session, code, body, version=version, actor=actor.username, at=now)
    return await _shown(session, response, code, now)


async def _shown(session: Session, response: Response, code: str, now: datetime) -> ProductBody:
    product = await queries.get_product(session, code, today=uk_date(now))
    response.headers["ETag"] = etag(product.version)
    return product
