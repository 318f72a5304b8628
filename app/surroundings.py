"""What surrounds equipment that is to go to a client, read once for all who send or hand it out: what the client has,
what is on order for them, and the warnings that follow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.combinations import OrderWarning, Piece, Place, Weight, find_warnings
from app.domain.lifecycle import State
from app.domain.old_equipment import must_be_decided
from app.domain.ordering import SupersedeAction
from app.domain.stop_use import ItemFault

LEAVING = frozenset({SupersedeAction.COLLECT, SupersedeAction.STOP_USE})


class Goes(Protocol):
    """A product that is to go to the client."""

    @property
    def product_code(self) -> str:
        """Its code."""

    @property
    def product_name(self) -> str:
        """Its name."""

    @property
    def category(self) -> str:
        """Its ISO 9999 code."""

    @property
    def safe_working_load_kg(self) -> int | None:
        """What it carries, where that is known; of an item, what this one does."""


@dataclass(frozen=True, slots=True)
class OldItem:
    """An item that the client has. `must_be_decided`: of the kind of a new one, and not being collected yet.

    `item_fault`: whether something is wrong with it, as it was said with `action`; `noted_fault`: as the notice that
    stopped its use says.
    """

    loan_id: int
    item_id: int
    barcode: str
    product_code: str
    product_name: str
    category: str
    safe_working_load_kg: int | None
    state: State
    is_under_notice: bool
    noted_fault: ItemFault | None
    action: SupersedeAction | None
    reason: str | None
    item_fault: ItemFault | None
    collection: str | None
    must_be_decided: bool = False

    @property
    def stays(self) -> bool:
        """Whether it is still there once the new equipment has come."""
        return self.state is not State.AWAITING_COLLECTION and self.action not in LEAVING


AT_HOME = text("""
    SELECT loan.id AS loan_id, item.id AS item_id, item.barcode, product.code AS product_code,
           product.name AS product_name, product.category, item.state,
           LEAST(product.safe_working_load_kg, item.certified_load_kg) AS safe_working_load_kg,
           notice.id IS NOT NULL AS is_under_notice, notice.item_fault AS noted_fault,
           said.action, said.reason, said.item_fault, collection.number AS collection
    FROM loan JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    LEFT JOIN stop_use_notice AS notice ON notice.loan_id = loan.id
    LEFT JOIN order_supersedes AS said ON said.loan_id = loan.id AND said.order_id = :order_id
    LEFT JOIN collection ON collection.id = said.collection_id
    WHERE loan.client_id = :client_id AND (loan.ended_at IS NULL OR said.id IS NOT NULL) ORDER BY loan.id
""")
# What is held for an order already may be of another product, or carry less than its product.
ON_ORDER = text("""
    SELECT product.code, product.name, product.category,
           LEAST(product.safe_working_load_kg, min(item.certified_load_kg)) AS safe_working_load_kg, other.number
    FROM equipment_order AS other JOIN order_line AS line ON line.order_id = other.id
    JOIN product ON product.id = line.product_id JOIN order_unit AS piece ON piece.order_line_id = line.id
    LEFT JOIN reservation AS kept ON kept.id = piece.reservation_id AND kept.ended_at IS NULL
    LEFT JOIN item ON item.id = kept.item_id
    WHERE other.client_id = :client_id AND other.id <> :order_id
      AND other.decision IN ('awaiting_authorisation', 'awaiting_panel', 'approved')
      AND piece.loan_id IS NULL AND piece.cancelled_at IS NULL
    GROUP BY product.id, other.number ORDER BY other.number, product.code
""")
FITS = text("""
    SELECT one.code, other.code AS other_code, bool_and(fit.compatible) AS compatible
    FROM product_fit AS fit JOIN product AS one ON one.id = fit.product_id
    JOIN product AS other ON other.id = fit.other_product_id
    WHERE one.code = ANY(:codes) AND other.code = ANY(:codes) GROUP BY one.code, other.code
""")
NO_ORDER = 0
"""In the place of an order's id, for what goes without one."""


async def read_old(
    session: AsyncSession, client_id: int, goes: Sequence[Goes], *, order_id: int = NO_ORDER
) -> list[OldItem]:
    """What the client has; of an order, also what becomes of it by that order. One statement."""
    rows = (await session.execute(AT_HOME, {"order_id": order_id, "client_id": client_id})).mappings()
    return [_old(dict(row), goes) for row in rows]


async def read_warnings(
    session: AsyncSession,
    client_id: int,
    goes: Sequence[Goes],
    old: Iterable[OldItem],
    *,
    weight: Weight | None,
    today: date,
    order_id: int = NO_ORDER,
) -> list[OrderWarning]:
    """What there is to warn of, with what stays there of `old` and with the client's other orders. Two statements."""
    elsewhere = (await session.execute(ON_ORDER, {"order_id": order_id, "client_id": client_id})).all()
    around = [
        *(_piece(one, Place.AT_HOME, one.barcode) for one in old if one.stays),
        *(
            Piece(code, name, category, load, Place.ON_ANOTHER_ORDER, no)
            for code, name, category, load, no in elsewhere
        ),
    ]
    pieces = [_piece(one) for one in goes]
    codes = sorted({piece.product_code for piece in (*pieces, *around)})
    fits: dict[frozenset[str], bool] = {}
    for row in await session.execute(FITS, {"codes": codes}):
        pair = frozenset({row.code, row.other_code})
        fits[pair] = row.compatible and fits.get(pair, True)
    return find_warnings(pieces, around, fits=fits, weight=weight, today=today)


def _old(row: dict[str, Any], goes: Sequence[Goes]) -> OldItem:
    state = State(row["state"])
    typed = {"state": state, "action": row["action"] and SupersedeAction(row["action"])}
    typed |= {name: row[name] and ItemFault(row[name]) for name in ("item_fault", "noted_fault")}
    new = [(one.category, one.product_code) for one in goes]
    must = must_be_decided(state, row["category"], row["product_code"], new=new)
    return OldItem(**row | typed, must_be_decided=must)


def _piece(one: Goes, place: Place = Place.ORDERED, reference: str = "") -> Piece:
    return Piece(one.product_code, one.product_name, one.category, one.safe_working_load_kg, place, reference)
