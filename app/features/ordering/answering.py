"""Warnings that a short form of the API left without an answer: kept with the order, and answered afterwards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.errors import BadValue, NotAllowed
from app.features.ordering.decisions import is_qualified_colleague
from app.features.ordering.records import OrderRecord, read_order
from app.signing import read_person
from app.web.answers import Answer

ANSWER = text("""
    UPDATE order_answer SET answer = :answer, answered_at = :at, answered_by = :actor
    WHERE order_id = :order_id AND code = :code AND subject = :subject AND answer IS NULL RETURNING id
""")


async def answer(session: AsyncSession, number: str, answers: Sequence[Answer], *, actor: str, at: datetime) -> None:
    """Answer what was left without an answer, whatever has become of the order since: all of these, or none.

    Raises NotFound `unknown-order`, NotAllowed `not-your-order`, BadValue `nothing-to-answer`.
    """
    order = await read_order(session, number, lock=True)
    if why_not := await why_not_answer(session, order, actor):
        raise NotAllowed("not-your-order", why_not)
    for one in answers:
        values: dict[str, Any] = {"order_id": order.id, "actor": actor, "at": at, **one.model_dump()}
        if (await session.execute(ANSWER, values)).first() is None:
            detail = f"No warning “{one.code}” about {one.subject} waits for an answer here. Read the order again."
            raise BadValue("nothing-to-answer", detail, field="answers")
    codes = ", ".join(one.code for one in answers)
    await audit.record(session, "warnings_answered", order.subject, actor=actor, at=at, warnings=codes)


async def why_not_answer(session: AsyncSession, order: OrderRecord, actor: str) -> str:
    """Why this person may not answer for the order; empty where they may: its maker, who signed it, and the qualified
    prescribers of its team."""
    if actor in {order.made_by, order.authority.get("signed_by")}:
        return ""
    person, _ = await read_person(session, actor)
    if person and is_qualified_colleague(order, person):
        return ""
    return f"{order.made_by_name} answers for this order, or whoever signs it, or a colleague in team {order.team}."
