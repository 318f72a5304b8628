"""What is said of an item that is scanned out although it is contaminated, or is not on the consignment's list."""

from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.transfers import contamination, differs_from_list, held_because
from app.ledger import ItemRecord
from app.web.scans import ScanWarning

WANTED = text("""
    SELECT want.product_id, want.quantity,
           (SELECT count(*) FROM consignment_line AS line JOIN item ON item.id = line.item_id
            WHERE line.consignment_id = :id AND line.sent_at IS NOT NULL AND item.product_id = want.product_id) AS sent
    FROM consignment_want AS want WHERE want.consignment_id = :id
""")


class Warner:
    """What is wanted on one consignment and how many of it are sent, while a batch of scans is taken."""

    def __init__(self, wanted: list[Row[Any]]) -> None:
        self._has_list = bool(wanted)
        self._wanted = {row.product_id: row.quantity for row in wanted}
        self._sent = {row.product_id: row.sent for row in wanted}

    @classmethod
    async def of(cls, session: AsyncSession, consignment_id: int) -> "Warner":
        """As it stands now. One statement."""
        return cls(list((await session.execute(WANTED, {"id": consignment_id})).all()))

    def warn(self, item: ItemRecord) -> list[ScanWarning]:
        """What is to be said of an item that is sent now."""
        self._sent[item.product_id] = self._sent.get(item.product_id, 0) + 1
        said = []
        if dirt := contamination(item.evidence):
            said.append(ScanWarning(code="contaminated", detail=f"Contaminated. {dirt}"))
        if held := held_because(item.evidence):
            said.append(ScanWarning(code="on-hold", detail=f"On hold. {held}"))
        if self._has_list:
            wanted, sent = self._wanted.get(item.product_id, 0), self._sent[item.product_id]
            if differs := differs_from_list(wanted, sent):
                said.append(ScanWarning(code="not-on-the-list", detail=differs))
        return said
