"""A serial number that was read off the label of an item that a notice covers: what our record says from then on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import audit
from app.domain.errors import Conflict
from app.domain.goods import serial_key
from app.domain.labels import display

READ = text("SELECT barcode, product_id, serial_number FROM item WHERE id = :item_id")
SAME = text("SELECT barcode FROM item WHERE product_id = :product_id AND serial_key = :key AND id <> :item_id")
CHANGE = text("UPDATE item SET serial_number = :serial, serial_key = :key WHERE id = :item_id")
LEAVE = text("""
    UPDATE notice_match SET weakened_by = CASE WHEN :keeps THEN COALESCE(weakened_by, :actor) ELSE :actor END
    WHERE item_id = ANY(:item_ids) AND outcome IS NULL AND result <> 'affected'
""")


@dataclass(frozen=True, slots=True)
class Label:
    """The serial number that was read, and what our record said before; None where nothing was."""

    read: str | None = None
    before: str | None = None

    @property
    def is_contrary(self) -> bool:
        """Whether the record said something else, or nothing."""
        return bool(self.read) and serial_key(self.read or "") != serial_key(self.before or "")


NOT_READ: Final = Label()


async def keep_serial(session: AsyncSession, item_id: int, read: str, *, actor: str, at: datetime) -> Label:
    """Write it to the item as it was read. The item is locked.

    Raises Conflict `duplicate-serial` where another item of the product has it.
    """
    item = (await session.execute(READ, {"item_id": item_id})).one()
    values = {"item_id": item_id, "product_id": item.product_id, "key": serial_key(read), "serial": read}
    same: str | None = await session.scalar(SAME, values)
    if same:
        detail = (
            f"{display(same)} of the same product has this serial number on our record. One of the two labels was read "
            "or recorded wrong: look at both."
        )
        raise Conflict("duplicate-serial", detail, field="serial_read")
    await session.execute(CHANGE, values)
    label, subject = Label(read, item.serial_number), f"item:{item.barcode}"
    await audit.record(session, "item_serial_read", subject, actor=actor, at=at, read=read, before=label.before)
    return label


async def leave_to_another(session: AsyncSession, item_ids: Sequence[int], *, keeps: bool, actor: str) -> None:
    """Who says that the record was wrong, or has looked at many at once, takes nothing out of a notice by that alone:
    somebody else clears it. `keeps`: where they only say what another has said, they are that somebody."""
    await session.execute(LEAVE, {"item_ids": list(item_ids), "keeps": keeps, "actor": actor})
