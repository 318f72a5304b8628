"""What surrounds an order: what the client has and has on order, the warnings that follow, and what was answered."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.combinations import OVERLOADS, OrderWarning, Piece, Place, Severity, find_warnings, lifts
from app.domain.lifecycle import State
from app.domain.old_equipment import must_be_decided
from app.domain.ordering import SupersedeAction
from app.features.ordering.records import LineRecord, OrderRecord
from app.features.ordering.schemas import Answer

LEAVING = frozenset({SupersedeAction.COLLECT, SupersedeAction.STOP_USE})


@dataclass(frozen=True, slots=True)
class OldItem:
    """An item that the client has. `must_be_decided`: of the kind of an ordered one, and not being collected yet."""

    loan_id: int
    barcode: str
    product_code: str
    product_name: str
    category: str
    safe_working_load_kg: int | None
    state: State
    is_under_notice: bool
    action: SupersedeAction | None
    reason: str | None
    collection: str | None
    must_be_decided: bool = False

    @property
    def stays(self) -> bool:
        """Whether it is still there once the order has come."""
        return self.state is not State.AWAITING_COLLECTION and self.action not in LEAVING


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered to a warning, and the words that it had then."""

    code: str
    subject: str
    warning: str
    answer: str
    answered_by: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Old items, warnings, all that was `said` to warnings, and the `answers` that still hold: those to a warning
    that says the same today."""

    old: list[OldItem]
    warnings: list[OrderWarning]
    answers: dict[tuple[str, str], Answered]
    said: list[Answered]

    def decided_loads(self, lines: Iterable[LineRecord], answers: Iterable[Answer] = ()) -> frozenset[str]:
        """Codes of ordered products that are sent although they carry less than the client weighs: somebody was warned
        of that, by the weight of today, and decided. Never what lifts. `answers`: those that are being given now."""
        return self._sent_in_spite(lines, {*self.answers, *((one.code, one.subject) for one in answers)})

    def loads_to_decide(self, lines: Iterable[LineRecord]) -> frozenset[str]:
        """The same once every warning is answered that an order cannot be submitted without."""
        return self._sent_in_spite(
            lines, {(one.code, one.subject) for one in self.warnings if one.severity is not Severity.NOTE}
        )

    def _sent_in_spite(self, lines: Iterable[LineRecord], said: AbstractSet[tuple[str, str]]) -> frozenset[str]:
        now = {(one.code, one.subject) for one in self.warnings if one.code in OVERLOADS} & said
        warned_of = {code for _, subject in now for code in subject.split("+")}
        return frozenset(one.product_code for one in lines if one.product_code in warned_of and not lifts(one.category))


AT_HOME = text("""
    SELECT loan.id AS loan_id, item.barcode, product.code AS product_code, product.name AS product_name,
           product.category, product.safe_working_load_kg, item.state,
           EXISTS (SELECT FROM stop_use_notice WHERE loan_id = loan.id) AS is_under_notice,
           said.action, said.reason, collection.number AS collection
    FROM loan JOIN item ON item.id = loan.item_id JOIN product ON product.id = item.product_id
    LEFT JOIN order_supersedes AS said ON said.loan_id = loan.id AND said.order_id = :order_id
    LEFT JOIN collection ON collection.id = said.collection_id
    WHERE loan.client_id = :client_id AND (loan.ended_at IS NULL OR said.id IS NOT NULL) ORDER BY loan.id
""")
ON_ORDER = text("""
    SELECT DISTINCT product.code, product.name, product.category, product.safe_working_load_kg, other.number
    FROM equipment_order AS other JOIN order_line AS line ON line.order_id = other.id
    JOIN product ON product.id = line.product_id
    WHERE other.client_id = :client_id AND other.id <> :order_id
      AND other.decision IN ('awaiting_authorisation', 'awaiting_panel', 'approved')
      AND EXISTS (SELECT FROM order_unit AS unit
                  WHERE unit.order_line_id = line.id AND unit.loan_id IS NULL AND unit.cancelled_at IS NULL)
    ORDER BY other.number, product.code
""")
FITS = text("""
    SELECT one.code, other.code AS other_code, bool_and(fit.compatible) AS compatible
    FROM product_fit AS fit JOIN product AS one ON one.id = fit.product_id
    JOIN product AS other ON other.id = fit.other_product_id
    WHERE one.code = ANY(:codes) AND other.code = ANY(:codes) GROUP BY one.code, other.code
""")
ANSWERS = text("""
    SELECT code, subject, warning, answer, answered_by FROM order_answer WHERE order_id = :order_id ORDER BY id
""")


async def read_surroundings(session: AsyncSession, order: OrderRecord, *, today: date) -> Surroundings:
    """What surrounds this order today. Four statements."""
    values = {"order_id": order.id, "client_id": order.client_id}
    old = [_old(dict(row), order.lines) for row in (await session.execute(AT_HOME, values)).mappings()]
    elsewhere = (await session.execute(ON_ORDER, values)).all()
    around = [
        *(_piece(one, Place.AT_HOME, one.barcode) for one in old if one.stays),
        *(
            Piece(code, name, category, load, Place.ON_ANOTHER_ORDER, no)
            for code, name, category, load, no in elsewhere
        ),
    ]
    ordered = [_piece(line) for line in order.lines]
    codes = sorted({piece.product_code for piece in (*ordered, *around)})
    fits: dict[frozenset[str], bool] = {}
    for row in await session.execute(FITS, {"codes": codes}):
        pair = frozenset({row.code, row.other_code})
        fits[pair] = row.compatible and fits.get(pair, True)
    warnings = find_warnings(ordered, around, fits=fits, weight=order.weight, today=today)
    said = [Answered(*row) for row in (await session.execute(ANSWERS, {"order_id": order.id})).all()]
    words = {(warning.code, warning.subject): warning.detail for warning in warnings}
    still = {(one.code, one.subject): one for one in said if words.get((one.code, one.subject)) == one.warning}
    return Surroundings(old, warnings, still, said)


def _old(row: dict[str, Any], lines: Sequence[LineRecord]) -> OldItem:
    state = State(row["state"])
    typed = {"state": state, "action": row["action"] and SupersedeAction(row["action"])}
    new = [(line.category, line.product_code) for line in lines]
    must = must_be_decided(state, row["category"], row["product_code"], new=new)
    return OldItem(**row | typed, must_be_decided=must)


def _piece(one: LineRecord | OldItem, place: Place = Place.ORDERED, reference: str = "") -> Piece:
    return Piece(one.product_code, one.product_name, one.category, one.safe_working_load_kg, place, reference)
