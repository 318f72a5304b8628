"""An item is put on hold while a client has it: whose loan it is hears of it, and who may lift holds."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import outbox
from app.domain.access import Permission
from app.domain.clearance import HoldFact
from app.domain.labels import display
from app.web.who import tell_all_who_may

# Whose it is: who ordered it, or who handed it out.
LENT = text("""
    SELECT loan.id, product.name AS product_name, client.client_ref,
           COALESCE(asked.made_by, loan.started_by) AS prescriber
    FROM loan JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    JOIN client ON client.id = loan.client_id
    LEFT JOIN order_unit AS unit ON unit.loan_id = loan.id
    LEFT JOIN equipment_order AS asked ON asked.id = unit.order_id
    WHERE loan.item_id = :item_id AND loan.ended_at IS NULL
""")


async def tell_of_hold(
    session: AsyncSession, item_id: int, barcode: str, held: HoldFact, *, owners: bool = True, actor: str, at: datetime
) -> None:
    """Tell them; `owners`: also who may lift holds. One statement where no client has it."""
    loan = (await session.execute(LENT, {"item_id": item_id})).one_or_none()
    if loan is None:
        return
    body = (
        f"{loan.product_name} ({display(barcode)}) is with client {loan.client_ref}, and it was put on hold. "
        f"{held.text}\n\nIts use there is not stopped by that. Find out whether it may be used. If not, stop its use "
        "on the client's page, have it collected, and order another."
    )
    subject = f"On hold while a client has it: {display(barcode)}"
    letter = {"purpose": "held_at_client", "subject": subject, "body": body, "about": f"item:{barcode}"}
    if loan.prescriber != actor:
        await outbox.post(session, **letter, to=loan.prescriber, actor=actor, at=at)
    if owners:
        await tell_all_who_may(session, Permission.LIFT_HOLDS, letter, actor=actor, at=at)
