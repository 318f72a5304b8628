"""What the pages of orders share: reading one order, which is logged, and saying where one is."""

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AfterValidator
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.access import Actor as Person
from app.domain.dates import uk_date
from app.domain.errors import NotAllowed, WrongState
from app.domain.ordering import NEXT, OrderReason, OrderState, Speed
from app.features.ordering import pages_queries, reading
from app.features.ordering.schemas import OrderBody
from app.web.clock import Now
from app.web.fields import without_controls

Number = Annotated[str, Path(max_length=20)]
Words = Annotated[str, Query(max_length=100), AfterValidator(without_controls), AfterValidator(str.strip)]


async def read_shown(session: AsyncSession, number: str, actor: Person, now: Now) -> OrderBody:
    """The order; the reading is logged as one of the client's record."""
    order = await reading.get_order(session, number, today=uk_date(now))
    subject = f"client:{order.client_ref}"
    await audit.record(session, "order_read", subject, actor=actor.username, at=now, order=order.number)
    return order


async def read_draft(session: AsyncSession, number: str, actor: Person, now: Now) -> OrderBody:
    """A draft of this person's own. Raises NotAllowed `not-your-order`, WrongState when it is submitted already."""
    order = await read_shown(session, number, actor, now)
    if order.made_by != actor.username:
        raise NotAllowed("not-your-order", f"{order.made_by_name} is drawing up this order. Make one yourself.")
    if order.state is not OrderState.DRAFT:
        detail = f"The order is “{order.state.text.lower()}”, and only a draft can be changed. {NEXT[order.state]}"
        raise WrongState("wrong-state", detail)
    return order


async def choices(session: AsyncSession) -> dict[str, Any]:
    """What the details of an order are chosen from."""
    return {
        "funders": await pages_queries.list_funders(session),
        "stores": await pages_queries.list_stores(session),
        "speeds": [(speed.value, speed.text) for speed in Speed],
        "reasons": [(reason.value, reason.text) for reason in OrderReason],
    }


def path_of(order: OrderBody) -> str:
    """The address of an order."""
    return f"/orders/{order.number}"
