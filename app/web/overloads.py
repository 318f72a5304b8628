"""What a client has and what does not bear them: its use is stopped at once, whoever learns of it, and people are told.

A load that was certified lower and a weight that is written down are two sides of one danger (ADR 28, ADR 34). What was
stopped stays so until the item is scanned back: a weight that falls again starts nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import outbox, safety
from app.domain.access import Permission
from app.domain.clearance import HoldKind
from app.domain.labels import display
from app.domain.overloads import LESS, Borne, asks_for_load, find_overloads
from app.domain.stop_use import ItemFault
from app.web.weak_reservations import end_for_clients
from app.web.who import tell_all_who_may

# Whose it is: who ordered it, or who handed it out.
THERE = text("""
    SELECT client.id AS client_id, client.client_ref, client.weight_kg, loan.id AS loan_id, item.barcode,
           product.name AS product_name, product.category,
           LEAST(product.safe_working_load_kg, item.certified_load_kg) AS carries_kg,
           notice.id IS NOT NULL AS is_stopped, COALESCE(asked.made_by, loan.started_by) AS prescriber
    FROM client JOIN loan ON loan.client_id = client.id AND loan.ended_at IS NULL
    JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    LEFT JOIN stop_use_notice AS notice ON notice.loan_id = loan.id
    LEFT JOIN order_unit AS unit ON unit.loan_id = loan.id
    LEFT JOIN equipment_order AS asked ON asked.id = unit.order_id
    WHERE client.id = ANY(:clients) AND client.weight_kg IS NOT NULL ORDER BY client.id, item.barcode
""")
# With the driver, for an order of theirs, and less than they weigh.
ON_THE_VAN = text("""
    SELECT item.id, item.barcode FROM reservation AS kept JOIN client ON client.id = kept.client_id
    JOIN item ON item.id = kept.item_id AND item.state = 'dispatched' JOIN product ON product.id = item.product_id
    WHERE client.id = ANY(:clients) AND kept.ended_at IS NULL
      AND LEAST(product.safe_working_load_kg, item.certified_load_kg) < client.weight_kg
      AND EXISTS (SELECT FROM order_unit AS unit WHERE unit.reservation_id = kept.id AND unit.cancelled_at IS NULL)
      AND NOT EXISTS (SELECT FROM hold WHERE hold.item_id = item.id AND hold.lifted_at IS NULL)
    ORDER BY item.barcode FOR UPDATE OF item
""")
WHOSE = text("""
    SELECT item.barcode, product.name AS product_name, client.client_ref,
           COALESCE(asked.made_by, loan.started_by) AS prescriber
    FROM loan JOIN client ON client.id = loan.client_id
    JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    LEFT JOIN order_unit AS unit ON unit.loan_id = loan.id
    LEFT JOIN equipment_order AS asked ON asked.id = unit.order_id
    WHERE loan.id = :loan_id
""")
HEAVIER = "The client for whom it is on its way may weigh more than it carries: do not leave it there."


@dataclass(frozen=True, slots=True)
class Stopped:
    """What must not be used any more, since it does not bear the client who has it."""

    barcode: str
    product_name: str
    client_ref: str
    prescriber: str
    why: str

    @property
    def text(self) -> str:
        """In words that tell nobody's weight."""
        return f"{self.product_name} ({display(self.barcode)}) at client {self.client_ref}. {self.why}"


async def stop_overloads(
    session: AsyncSession,
    clients: Collection[int],
    *,
    weakest: Collection[str] | None = None,
    because: str = "",
    actor: str,
    at: datetime,
) -> list[Stopped]:
    """Stop the use of what these clients have and what carries less than they weigh, and tell whose it is; what is
    stopped already stays as it is. `weakest`: only of what these items make too weak, themselves or what they are used
    with; `because`: why they carry so little. One statement where everything bears them."""
    rows = (await session.execute(THERE, {"clients": list(clients)})).all()
    stopped: list[Stopped] = []
    for _, group in groupby(rows, key=lambda row: row.client_id):
        theirs = {row.barcode: row for row in group}
        there = [Borne(row.barcode, row.product_name, row.category, row.carries_kg) for row in theirs.values()]
        for over in find_overloads(there, next(iter(theirs.values())).weight_kg):
            row = theirs[over.barcode]
            if row.is_stopped or (weakest is not None and over.weakest not in weakest):
                continue
            why = f"{because} {LESS}" if because and over.barcode == over.weakest else over.why
            await safety.stop_use(session, row.loan_id, reason=why, item_fault=ItemFault.NO, actor=actor, at=at)
            stopped.append(Stopped(row.barcode, row.product_name, row.client_ref, row.prescriber, why))
    await _tell_whose(session, stopped, actor=actor, at=at)
    return stopped


async def is_too_weak(session: AsyncSession, client_id: int, barcode: str, *, stopped_for: str = "") -> bool:
    """Whether this item, which the client has, must not bear them. What was stopped for its load, by the reason
    `stopped_for`, stays too weak while nobody knows the load or the weight. One statement."""
    rows = (await session.execute(THERE, {"clients": [client_id]})).all()
    if asks_for_load(stopped_for) and not any(row.barcode == barcode and row.carries_kg is not None for row in rows):
        return True
    there = [Borne(row.barcode, row.product_name, row.category, row.carries_kg) for row in rows]
    return bool(rows) and any(one.barcode == barcode for one in find_overloads(there, rows[0].weight_kg))


async def weigh_again(session: AsyncSession, clients: Collection[int], *, actor: str, at: datetime) -> list[Stopped]:
    """These clients weigh more than was known (`domain.overloads.is_heavier`). What is with the driver for them is
    held, what is reserved for them is free again, and who answers for the equipment is told too. Three statements where
    everything bears them."""
    if not clients:
        return []
    stopped = await stop_overloads(session, clients, actor=actor, at=at)
    await hold_on_the_van(session, clients, actor=actor, at=at)
    await end_for_clients(session, clients, actor=actor, at=at)
    for one in stopped:
        body = f"{one.text} A new weight was written down. Its use there is stopped: have a stronger one brought."
        letter = {"purpose": "weight_above_load", "subject": f"Must not be used: {display(one.barcode)}", "body": body}
        letter |= {"about": f"item:{one.barcode}"}
        await tell_all_who_may(session, Permission.LIFT_HOLDS, letter, actor=actor, at=at)
    return stopped


async def hold_on_the_van(
    session: AsyncSession,
    clients: Collection[int],
    *,
    only: Collection[str] | None = None,
    actor: str,
    at: datetime,
) -> None:
    """Hold what is with the driver for an order of these clients and carries less than they weigh; `only`: of these
    items. One statement where there is none."""
    for item in (await session.execute(ON_THE_VAN, {"clients": list(clients)})).all():
        if only is None or item.barcode in only:
            details: dict[str, Any] = {"kind": HoldKind.INVESTIGATION, "reason": HEAVIER, "actor": actor, "at": at}
            await safety.hold(session, item.id, item.barcode, **details)


async def ask_for_weight(session: AsyncSession, loan_id: int, *, why: str, actor: str, at: datetime) -> None:
    """Tell whose loan it is that the item carries less than it did, and that nobody knows what the person weighs."""
    row = (await session.execute(WHOSE, {"loan_id": loan_id})).one()
    body = (
        f"{row.product_name} ({display(row.barcode)}) is with client {row.client_ref}. {why} Nobody knows what this "
        "person weighs. Weigh them before it is used again, and write the weight in their record: if they weigh more "
        "than it carries, its use is stopped there at once.\n\nIt stays under My work until the weight is known."
    )
    subject = f"Find out a weight: {display(row.barcode)} carries less than it did"
    letter = {"purpose": "weight_wanted", "subject": subject, "body": body, "about": f"loan:{loan_id}"}
    await outbox.post(session, **letter, to=row.prescriber, actor=actor, at=at)


async def _tell_whose(session: AsyncSession, stopped: list[Stopped], *, actor: str, at: datetime) -> None:
    for one in stopped:
        body = (
            f"{one.text} Its use there is stopped until it is scanned back.\n\nMake sure that it is not used, order a "
            "stronger one, and have this one collected. You find it under Stop use."
        )
        subject = f"Must not be used: {display(one.barcode)}"
        letter = {"purpose": "too_weak_for_client", "subject": subject, "body": body, "about": f"item:{one.barcode}"}
        await outbox.post(session, **letter, to=one.prescriber, actor=actor, at=at)
