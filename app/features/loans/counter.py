"""What is known where an item goes to a client over the counter: what the client has, and what is warned of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.combinations import OrderWarning, Weight
from app.models import LoanAnswer
from app.surroundings import OldItem, read_old, read_warnings
from app.web.answers import Answer
from app.web.old_equipment import NewSupersedes

WANTED = text("""
    SELECT client.id AS client_id, client.weight_kg, client.weighed_on, product.code AS product_code,
           product.name AS product_name, product.category,
           LEAST(product.safe_working_load_kg, item.certified_load_kg) AS safe_working_load_kg
    FROM client JOIN item ON item.barcode = :barcode JOIN product ON product.id = item.product_id
    WHERE upper(client.client_ref) = upper(:client_ref)
""")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be handed over: its product, and what this item of it carries."""

    product_code: str
    product_name: str
    category: str
    safe_working_load_kg: int | None


@dataclass(frozen=True, slots=True)
class Said:
    """What is said at the counter: what becomes of old items, by asset tag, and what is answered to warnings.

    `answers` None: nobody was asked for any (ADR 29). `funder`: who pays, by code; None: whoever pays for the team.
    """

    supersedes: Sequence[tuple[str, NewSupersedes]] = ()
    answers: Sequence[Answer] | None = ()
    funder: str | None = None


NOTHING_SAID: Final = Said()


@dataclass(frozen=True, slots=True)
class AtCounter:
    """What the client has, with what is said of it, and the warnings that an order of this item would have."""

    old: Sequence[OldItem] = ()
    warnings: Sequence[OrderWarning] = ()

    @property
    def of_this_kind(self) -> list[OldItem]:
        """What the client has of which must be said what becomes of it."""
        return [one for one in self.old if one.must_be_decided]


async def look(
    session: AsyncSession,
    barcode: str,
    said: Iterable[tuple[str, NewSupersedes]] = (),
    *,
    client_ref: str,
    today: date,
) -> AtCounter:
    """What is known, seen from the item that the client is to get; nothing where nobody knows the item or the client.
    `said`: what becomes of old items, by asset tag. Four statements."""
    row = (await session.execute(WANTED, {"barcode": barcode, "client_ref": client_ref})).one_or_none()
    if row is None:
        return AtCounter()
    goes = [Wanted(row.product_code, row.product_name, row.category, row.safe_working_load_kg)]
    of = dict(said)
    old = [
        replace(one, **of[one.barcode].said) if one.barcode in of else one
        for one in await read_old(session, row.client_id, goes)
        if one.barcode != barcode
    ]
    weight = Weight(row.weight_kg, row.weighed_on) if row.weight_kg and row.weighed_on else None
    return AtCounter(old, await read_warnings(session, row.client_id, goes, old, weight=weight, today=today))


async def keep_answers(
    session: AsyncSession,
    loan_id: int,
    warnings: Iterable[OrderWarning],
    answers: Iterable[Answer],
    *,
    actor: str,
    at: datetime,
) -> None:
    """Keep what was said to the warnings there are, in their words of now, with the loan."""
    said = {(one.code, one.subject): one.answer for one in answers}
    who: dict[str, Any] = {"loan_id": loan_id, "answered_at": at, "answered_by": actor}
    rows = [
        who | {"code": one.code, "subject": one.subject, "warning": one.detail, "answer": said[one.code, one.subject]}
        for one in warnings
        if (one.code, one.subject) in said
    ]
    if rows:
        await session.execute(insert(LoanAnswer), rows)
        codes = ", ".join(dict.fromkeys(row["code"] for row in rows))
        await audit.record(session, "warnings_answered", f"loan:{loan_id}", actor=actor, at=at, warnings=codes)
