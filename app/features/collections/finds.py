"""Things found at a client's that are not on the collection's list: taken, never refused, and reconciled afterwards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import audit, safety
from app.domain.clearance import HoldKind
from app.domain.errors import BadValue, Conflict, NotFound, RuleError
from app.domain.scanning import check_tag
from app.features.collections.service import unknown_collection
from app.models import Collection, CollectionFound, Item

ON_THE_LIST = text("""
    SELECT line.id FROM collection_line AS line
    WHERE line.collection_id = :collection_id AND line.item_id = :item_id
      AND line.collected_at IS NULL AND line.cancelled_at IS NULL
""")
OPEN_FINDS = text("SELECT id, reconciled_by FROM collection_found WHERE id = ANY(:finds) ORDER BY id FOR UPDATE")
RECONCILE = text("""
    UPDATE collection_found SET reconciled_at = :at, reconciled_by = :actor, reconciled_note = :note
    WHERE id = ANY(:finds)
""")


async def take_found(
    session: AsyncSession, number: str, *, label: str, description: str, prefix: str, actor: str, at: datetime
) -> int:
    """Something else was found there and is taken along; returns the find's number. No label is refused as such.

    Raises NotFound `unknown-collection`, BadValue `describe-what-was-found`, Conflict `on-the-list`.
    """
    if not label and not description:
        detail = "Scan its label, or describe it if it has none."
        raise BadValue("describe-what-was-found", detail, field="description")
    wanted = select(col(Collection.id)).where(col(Collection.number) == number)
    collection_id = await session.scalar(wanted)
    if collection_id is None:
        raise unknown_collection()
    tag = as_tag(label, prefix=prefix)
    # Locked, so that whoever issues it at this moment either went before or sees the hold.
    there = select(col(Item.id)).where(col(Item.barcode) == tag).with_for_update(key_share=True)
    item_id = await session.scalar(there) if tag else None
    if item_id and await session.scalar(ON_THE_LIST, {"collection_id": collection_id, "item_id": item_id}):
        detail = "It is on the list of this collection already. Take it along and scan it at the returns desk."
        raise Conflict("on-the-list", detail, field="label")
    values = {
        "collection_id": collection_id,
        "label": tag or label,
        "description": description,
        "item_id": item_id,
        "taken_at": at,
        "taken_by": actor,
    }
    made = await session.execute(insert(CollectionFound).values(**values).returning(col(CollectionFound.id)))
    find_id = made.scalar_one()
    if item_id and tag:
        # By the record it may stand clean on a shelf: until somebody has found out, it goes to nobody.
        reason = f"Found at a client's with collection {number}; where it has been is not known."
        details: dict[str, Any] = {"kind": HoldKind.INVESTIGATION, "reason": reason, "actor": actor, "at": at}
        await safety.hold(session, item_id, tag, **details)
    await audit.record(session, "collection_found", f"collection:{number}", actor=actor, at=at, find=find_id)
    return find_id


async def reconcile_finds(session: AsyncSession, finds: Sequence[int], *, note: str, actor: str, at: datetime) -> None:
    """The manager has found out about them: all of them, or none when one cannot be.

    Raises NotFound `unknown-find`, Conflict `already-reconciled`.
    """
    wanted = sorted(set(finds))
    found = (await session.execute(OPEN_FINDS, {"finds": wanted})).all()
    if len(found) < len(wanted):
        raise NotFound("unknown-find", "There is no such find to reconcile.")
    done = [one for one in found if one.reconciled_by]
    if done:
        detail = f"{done[0].reconciled_by} has dealt with this already. Nothing was changed. Send the rest again."
        raise Conflict("already-reconciled", detail)
    await session.execute(RECONCILE, {"finds": wanted, "note": note, "actor": actor, "at": at})
    for one in wanted:
        await audit.record(session, "collection_find_reconciled", f"find:{one}", actor=actor, at=at, note=note)


def as_tag(label: str, *, prefix: str) -> str | None:
    """The label as an asset tag of ours, or None when it is not one."""
    try:
        return check_tag(label, prefix=prefix) if label else None
    except RuleError:
        return None
