"""What becomes of old equipment when another one of its kind is handed over the counter: the same as with an order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.lifecycle import State
from app.domain.loans import CollectionSpeed
from app.domain.old_equipment import check_old, check_said, must_be_decided
from app.domain.ordering import SupersedeAction
from app.fetching import Lent, request_collection
from app.safety import stop_use
from app.web.old_equipment import NewSupersedes

AT_HOME = text("""
    SELECT loan.id AS loan_id, item.id AS item_id, item.barcode, product.name AS product_name,
           product.code AS product_code, product.category, item.state,
           EXISTS (SELECT FROM stop_use_notice WHERE loan_id = loan.id) AS is_under_notice,
           wanted.code AS wanted_code, wanted.category AS wanted_category
    FROM client JOIN loan ON loan.client_id = client.id AND loan.ended_at IS NULL
    JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    JOIN item AS new ON new.barcode = :barcode AND new.id <> item.id
    JOIN product AS wanted ON wanted.id = new.product_id
    WHERE upper(client.client_ref) = upper(:client_ref) ORDER BY loan.id
""")
LOCK = text("SELECT id FROM item WHERE barcode = ANY(:barcodes) ORDER BY barcode FOR UPDATE")


@dataclass(frozen=True, slots=True)
class OldItem:
    """An item that the client has, and what is said of it."""

    loan_id: int
    item_id: int
    barcode: str
    product_name: str
    state: State
    is_under_notice: bool
    must_be_decided: bool
    action: SupersedeAction | None = None
    reason: str = ""


async def list_old(session: AsyncSession, barcode: str, *, client_ref: str) -> list[OldItem]:
    """What the client has, seen from the item that they are to get."""
    found = []
    for row in (await session.execute(AT_HOME, {"barcode": barcode, "client_ref": client_ref})).mappings():
        state = State(row["state"])
        new = [(row["wanted_category"], row["wanted_code"])]
        must = must_be_decided(state, row["category"], row["product_code"], new=new)
        facts = {name: row[name] for name in ("loan_id", "item_id", "barcode", "product_name", "is_under_notice")}
        found.append(OldItem(**facts, state=state, must_be_decided=must))
    return found


async def decide_old(
    session: AsyncSession, barcode: str, said: Sequence[tuple[str, NewSupersedes]], *, client_ref: str
) -> list[OldItem]:
    """What the client has and what becomes of it; what is collected is locked with the new item, in barcode order.

    Raises Incomplete `say-what-becomes-of-old-equipment`, BadValue `decided-twice`, Conflict `not-with-this-client` or
    `use-was-stopped`.
    """
    collected = [tag for tag, one in said if one.action is SupersedeAction.COLLECT]
    if collected:
        await session.execute(LOCK, {"barcodes": [barcode, *collected]})
    there = await list_old(session, barcode, client_ref=client_ref)
    check_said([tag for tag, _ in said], there={one.barcode for one in there})
    of = dict(said)
    old = [
        replace(one, action=of[one.barcode].action, reason=of[one.barcode].reason) if one.barcode in of else one
        for one in there
    ]
    check_old(old)
    return [one for one in old if one.action]


async def take_effect(
    session: AsyncSession, old: Sequence[OldItem], *, loan_id: int, client_id: int, actor: str, at: datetime
) -> None:
    """Stop the use of what is not used any more, ask for what is collected, and keep what was said of each."""
    if not old:
        return
    said = {one.barcode: f"{one.action.value if one.action else ''}: {one.reason}" for one in old}
    await audit.record(session, "old_equipment_decided", f"loan:{loan_id}", actor=actor, at=at, **said)
    for one in old:
        if one.action is SupersedeAction.STOP_USE and not one.is_under_notice:
            # A notice that somebody gives at this moment stays as it is.
            await stop_use(session, one.loan_id, reason=one.reason, actor=actor, at=at)
    is_there = {State.ON_LOAN, State.ON_TRIAL}
    going = [one for one in old if one.action is SupersedeAction.COLLECT and one.state in is_there]
    if going:
        await request_collection(
            session,
            client_id,
            [Lent(one.item_id, one.loan_id, one.barcode) for one in going],
            reason=f"Replaced over the counter. {' '.join(dict.fromkeys(one.reason for one in going))}",
            speed=CollectionSpeed.STANDARD,
            noted={"replaced_by_loan": loan_id},
            actor=actor,
            at=at,
        )
