"""Who has paid what of an item's price, and what is left to the service: the arithmetic of a write-off."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.authority import in_pounds
from app.domain.costs import OF_THE_PRICE, OWN_ACCOUNT_TEXT, ChargeKind
from app.features.finance.items.schemas import Arithmetic

Line = tuple[ChargeKind, str | None, int]
"""A line: what it is for, who pays it (None: the service itself), and its sum."""
LINES_BEFORE: Final = text("""
    SELECT item.purchase_price_pence AS price, line.kind, funder.name AS funder, line.amount_pence AS pence,
           CASE WHEN EXISTS (SELECT FROM movement_put_aside AS gone WHERE gone.item_id = item.id) THEN
               (SELECT paid_pence FROM item_account WHERE item_account.item_id = item.id)
               - (SELECT COALESCE(sum(amount_pence), 0) FROM charge
                  WHERE item_id = item.id AND kind IN ('new_purchase', 'recycled_issue', 'credit')) END AS aside
    FROM charge AS loss JOIN item ON item.id = loss.item_id
    LEFT JOIN charge AS line ON line.item_id = loss.item_id AND line.id < loss.id
        AND line.kind IN ('new_purchase', 'recycled_issue', 'credit', 'top_up')
    LEFT JOIN funder ON funder.id = line.funder_id
    WHERE loss.id = :charge_id
    ORDER BY line.id
""")


def of_its_price(price_pence: int, lines: Iterable[Line], *, aside_pence: int = 0) -> list[Arithmetic]:
    """What it was bought for, what each has paid of that as it stands, and what is left to the service: what a person
    adds is theirs, and its funders pay so much less. `aside_pence`: what stands paid by lines that were put aside with
    their months."""
    sums: dict[str, tuple[int, int]] = {}
    for kind, funder, pence in lines:
        if kind in OF_THE_PRICE or kind is ChargeKind.TOP_UP:
            charged, credited = sums.get(funder or OWN_ACCOUNT_TEXT, (0, 0))
            is_credit = kind is ChargeKind.CREDIT
            sums[funder or OWN_ACCOUNT_TEXT] = (charged, credited - pence) if is_credit else (charged + pence, credited)
    paid = [
        Arithmetic(
            label=f"Less {who}: charged {in_pounds(charged)}, credited {in_pounds(credited)}",
            pence=charged - credited,
            words="",
        )
        for who, (charged, credited) in sums.items()
        if charged or credited
    ]
    if aside_pence:
        paid.append(Arithmetic(label="Less charged before, by lines that are put aside", pence=aside_pence, words=""))
    left = max(price_pence - sum(one.pence or 0 for one in paid), 0)
    return [
        Arithmetic(label="Bought for", pence=price_pence, words=""),
        *paid,
        Arithmetic(label="Left to the service", pence=left, words=""),
    ]


async def of_a_write_off(session: AsyncSession, charge_id: int) -> list[Arithmetic]:
    """How a write-off was counted, by the lines that there were before it."""
    rows = (await session.execute(LINES_BEFORE, {"charge_id": charge_id})).all()
    lines = [(ChargeKind(row.kind), row.funder, row.pence) for row in rows if row.kind]
    return of_its_price(rows[0].price, lines, aside_pence=int(rows[0].aside or 0))
