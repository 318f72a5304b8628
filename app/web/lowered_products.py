"""A product's load is lowered in the catalogue: its items carry less from then on.

For each that is at a client's or promised, the same follows as where it is certified for less (ADR 28, ADR 34).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import outbox, promising
from app.domain.access import Permission
from app.domain.combinations import bears_a_person
from app.domain.labels import display
from app.web.overloads import Stopped, hold_on_the_van, stop_overloads
from app.web.weak_reservations import end_for_items
from app.web.who import tell_all_who_may

# Whoever writes down a weight locks the client first, too: so one of the two sees what the other wrote.
LOCK_CLIENTS = text("""
    SELECT client.id FROM client WHERE client.id IN (
        SELECT loan.client_id FROM loan JOIN item ON item.id = loan.item_id
        WHERE item.product_id = :product_id AND loan.ended_at IS NULL)
    ORDER BY client.id FOR NO KEY UPDATE
""")
# What was certified for no more carries what it did. Of what nobody knew the load of, no label says too much.
LOWER = text("""
    WITH less AS (
        SELECT id FROM item
        WHERE product_id = :product_id AND state <> 'scrapped'
          AND (certified_load_kg IS NULL OR certified_load_kg > :kg)
        ORDER BY barcode FOR UPDATE
    )
    UPDATE item SET
        label_wanted_since = CASE WHEN COALESCE(CAST(:was_kg AS int), certified_load_kg) IS NULL
                             THEN label_wanted_since ELSE :at END,
        load_lowered_at = CASE WHEN COALESCE(CAST(:was_kg AS int), certified_load_kg) IS NULL
                          THEN load_lowered_at ELSE :at END
    FROM less WHERE item.id = less.id RETURNING item.id, item.barcode
""")
LENT = text("""
    SELECT loan.client_id, client.client_ref, client.weight_kg, item.barcode,
           COALESCE(asked.made_by, loan.started_by) AS prescriber
    FROM loan JOIN item ON item.id = loan.item_id JOIN client ON client.id = loan.client_id
    LEFT JOIN order_unit AS unit ON unit.loan_id = loan.id
    LEFT JOIN equipment_order AS asked ON asked.id = unit.order_id
    WHERE loan.item_id = ANY(:items) AND loan.ended_at IS NULL
      AND NOT EXISTS (SELECT FROM stop_use_notice WHERE loan_id = loan.id)
    ORDER BY prescriber, item.barcode
""")
# For an order, and less than its client weighs, or nobody knows what that is.
PROMISED = text("""
    SELECT kept.item_id, kept.client_id FROM reservation AS kept JOIN client ON client.id = kept.client_id
    WHERE kept.item_id = ANY(:items) AND kept.ended_at IS NULL AND COALESCE(client.weight_kg > :kg, true)
      AND EXISTS (SELECT FROM order_unit AS unit WHERE unit.reservation_id = kept.id AND unit.cancelled_at IS NULL)
""")


@dataclass(frozen=True, slots=True)
class LoadChange:
    """What a product carried, and carries from now on. None: nobody knows."""

    product_id: int
    code: str
    name: str
    category: str
    was_kg: int | None
    kg: int | None

    @property
    def why(self) -> str:
        """In a sentence that tells nobody's weight."""
        return f"By the catalogue it carries only {self.kg} kg."


async def lower_product(session: AsyncSession, change: LoadChange, *, actor: str, at: datetime) -> None:
    """Do what follows where the product carries less now than it did, or than nobody knew. The catalogue has the new
    load already. No statement where it carries no less."""
    if change.kg is None or (change.was_kg is not None and change.kg >= change.was_kg):
        return
    await session.execute(LOCK_CLIENTS, {"product_id": change.product_id})
    loads = {"product_id": change.product_id, "kg": change.kg, "was_kg": change.was_kg, "at": at}
    items = {row.id: row.barcode for row in await session.execute(LOWER, loads)}
    if not items:
        return
    bears = bears_a_person(change.category, change.kg)
    lent = (await session.execute(LENT, {"items": list(items)})).all() if bears else []
    known = sorted({row.client_id for row in lent if row.weight_kg is not None})
    said: dict[str, Any] = {"weakest": set(items.values()), "because": change.why, "actor": actor, "at": at}
    stopped = await stop_overloads(session, known, **said) if known else []
    if change.was_kg is not None:
        await _ask_for_weights(session, change, [row for row in lent if row.weight_kg is None], actor=actor, at=at)
    if bears:
        await end_for_items(session, list(items), why=change.why, actor=actor, at=at)
        await _promised(session, change, items, actor=actor, at=at)
    if change.was_kg is not None or stopped:
        await _tell_owners(session, change, len(items), stopped, actor=actor, at=at)


async def _ask_for_weights(
    session: AsyncSession, change: LoadChange, lent: Sequence[Row[Any]], *, actor: str, at: datetime
) -> None:
    """One message to each whose loans they are."""
    for prescriber, group in groupby(lent, key=lambda row: row.prescriber):
        there = "\n".join(f"- {display(row.barcode)} at client {row.client_ref}" for row in group)
        body = (
            f"{change.name}. {change.why} Nobody knows what these people weigh. Weigh them before it is used again, "
            "and write the weight in their record: if they weigh more than it carries, its use is stopped at once."
            f"\n\n{there}\n\nThey stay under My work until the weight is known."
        )
        subject = f"Find out weights: {change.name} carries less than it did"
        letter = {"purpose": "weight_wanted", "subject": subject, "body": body, "about": f"product:{change.code}"}
        await outbox.post(session, **letter, to=prescriber, actor=actor, at=at)


async def _promised(
    session: AsyncSession, change: LoadChange, items: dict[int, str], *, actor: str, at: datetime
) -> None:
    weak = (await session.execute(PROMISED, {"items": list(items), "kg": change.kg})).all()
    if weak:
        why = f"{change.why} That is too little."
        await promising.look_again(session, sorted({row.item_id for row in weak}), why=why, actor=actor, at=at)
        clients = sorted({row.client_id for row in weak})
        await hold_on_the_van(session, clients, only=set(items.values()), actor=actor, at=at)


async def _tell_owners(
    session: AsyncSession, change: LoadChange, items: int, stopped: Sequence[Stopped], *, actor: str, at: datetime
) -> None:
    said = [f"{change.name}. {change.why} Items that carry less than they did, or than was known: {items}."]
    if change.was_kg is not None:
        said.append("Print new labels for them: each asks for one until it is printed.")
    if stopped:
        there = ", ".join(f"{display(one.barcode)} at client {one.client_ref}" for one in stopped)
        said.append(f"Use was stopped, since the client weighs more: {there}. Have stronger ones brought.")
    letter = {"purpose": "load_lowered", "subject": f"Carries less than it did: {change.name}", "body": " ".join(said)}
    letter |= {"about": f"product:{change.code}"}
    await tell_all_who_may(session, Permission.LIFT_HOLDS, letter, actor=actor, at=at)
