"""The parts bin of a store: parts that were taken off scrapped items, until a repair fits them or they are thrown away.

What is known of the item that a part came from decides whether it may be used again (`domain/disposal.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, ledger
from app.domain.dates import uk_date
from app.domain.disposal import PartCondition, TakenPart, WasteStream, check_harvest, check_not_taken
from app.domain.errors import Conflict, NotFound
from app.models import HarvestedPart

STREAM = text("SELECT waste_stream FROM disposal WHERE item_id = :item_id AND declined_at IS NULL")
LOST = text("SELECT from_state = 'missing' FROM movement WHERE item_id = :item_id AND move = 'scrap'")
PART = text("""
    SELECT part.id, part.description, part.discarded_by, item.barcode,
           EXISTS (SELECT FROM standing_part WHERE harvested_part_id = part.id) AS is_fitted
    FROM harvested_part AS part JOIN item ON item.id = part.item_id WHERE part.id = :part_id FOR UPDATE OF part
""")
TAKEN = text("""
    SELECT description, part_number, taken_at, taken_by FROM harvested_part WHERE item_id = :item_id ORDER BY id
""")
DISCARD = text("""
    UPDATE harvested_part SET discarded_at = :at, discarded_by = :actor, discard_reason = :reason WHERE id = :part_id
""")


@dataclass(frozen=True, slots=True)
class Harvested:
    """Like parts that were taken off. `another_like_it`: that one was taken before, and this is not it, is known."""

    description: str
    condition: PartCondition
    part_number: str = ""
    quantity: int = 1
    another_like_it: bool = False


async def harvest(
    session: AsyncSession, barcode: str, parts: Sequence[Harvested], *, actor: str, at: datetime
) -> list[int]:
    """Put parts of a scrapped item, or one in the scrap cage, into the bin of its store; returns their numbers.

    Raises NotFound `unknown-barcode`, Conflict `not-scrapped`, `not-here`, `already-harvested`, NotClear `not-clear`.
    """
    item = (await ledger.read_items(session, [barcode], lock=True)).get(barcode)
    if item is None:
        raise NotFound("unknown-barcode", "No item here has this barcode.", field="barcode")
    lost = await session.scalar(LOST, {"item_id": item.id})
    stream = await session.scalar(STREAM, {"item_id": item.id})
    check_harvest(item.evidence, was_here=not lost and stream != WasteStream.NOWHERE.value)
    taken = (await session.execute(TAKEN, {"item_id": item.id})).all()
    before = [TakenPart(one.description, one.part_number, uk_date(one.taken_at), one.taken_by) for one in taken]
    for part in parts:
        if not part.another_like_it:
            check_not_taken(part.description, part.part_number, before)
    rows = [
        {
            "item_id": item.id,
            "store_id": item.store_id,
            "part_number": part.part_number,
            "description": part.description,
            "condition": part.condition,
            "taken_at": at,
            "taken_by": actor,
        }
        for part in parts
        for _ in range(part.quantity)
    ]
    made = await session.execute(insert(HarvestedPart).returning(col(HarvestedPart.id)), rows)
    numbers = list(made.scalars())
    await audit.record(session, "parts_harvested", f"item:{barcode}", actor=actor, at=at, parts=len(numbers))
    return numbers


async def discard(session: AsyncSession, part_id: int, *, reason: str, actor: str, at: datetime) -> None:
    """Throw a part of the bin away. Raises NotFound `unknown-harvested-part`, Conflict `part-is-gone`."""
    found = (await session.execute(PART, {"part_id": part_id})).one_or_none()
    if found is None:
        raise NotFound("unknown-harvested-part", "There is no part with this number in the bin.")
    if found.discarded_by or found.is_fitted:
        raise Conflict("part-is-gone", "This part is not in the bin any more: it was fitted or thrown away.")
    await session.execute(DISCARD, {"part_id": part_id, "reason": reason, "actor": actor, "at": at})
    facts = {"part": part_id, "description": found.description, "reason": reason}
    await audit.record(session, "part_discarded", f"item:{found.barcode}", actor=actor, at=at, **facts)
