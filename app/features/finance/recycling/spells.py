"""Each time that an item went out, and whether it came back and was passed for reissue. SQL parts.

A spell begins with an issue and ends before the next. The database writes them with the movements (a trigger, ADR 54).
Movements are only added, and `at` is when they were recorded, so what a spell looked like at an earlier instant can be
told from when it was first collected and passed.
"""

from collections.abc import Container
from typing import Any, Final

from app.domain.recycling import Basis, Event
from app.features.finance.recycling.asking import Terms

OUT: Final = """(movement.move IN ('issue', 'deliver')
                OR movement.move = 'start_trial' AND movement.from_state <> 'awaiting_collection')"""
"""The movements that begin a spell, as the trigger has them."""

_ASKED: Final = {
    "store": "spell.store_id = (SELECT id FROM store WHERE code = :store)",
    "product": "spell.product_id = (SELECT id FROM product WHERE code = :product)",
    "category": "spell.product_id IN (SELECT id FROM product WHERE starts_with(category, :category))",
    "of_category": "spell.product_id IN (SELECT id FROM product WHERE category = :of_category)",
    "funder": "(SELECT id FROM funder WHERE code = :funder) = ANY(spell.funder_ids)",
}
COLUMNS: Final = """
    item.barcode, spell.pence, product.code AS product_code, product.name AS product, product.category
"""
JOINS: Final = "JOIN item ON item.id = spell.item_id JOIN product ON product.id = spell.product_id"
_EVENTS: Final = (
    (Event.ISSUED, "issued_at", "issued_id"),
    (Event.RECYCLED, "issued_at", "issued_id"),
    (Event.COLLECTED, "collected_at", "collected_id"),
    (Event.PASSED, "passed_at", "passed_id"),
)
"""What is counted, when it happened, and by which movement."""


def asked_for(terms: Terms) -> str:
    """The conditions on spells that the terms name, begun with AND: what nobody asks about is not looked at."""
    return "".join(f" AND {sql}" for name, sql in _ASKED.items() if getattr(terms, name))


def bound(terms: Terms, **more: Any) -> dict[str, Any]:
    """What such a statement has bound."""
    values = terms.values | more
    return {name: value for name, value in values.items() if name not in _ASKED or value}


def happened(terms: Terms, columns: str, joins: str = "", *, events: Container[Event] = tuple(Event)) -> str:
    """A row for each of these events that counts, by the basis that is asked for: the columns, and beside them `what`,
    `at`, `movement_id` and `counted_at`, by which it counts in a month. `joins` are what the columns are from."""
    parts = []
    for what, at, movement_id in _EVENTS:
        if what not in events:
            continue
        counted = "issued_at" if terms.basis is Basis.COHORT else at
        which = "AND spell.is_recycled" if what == Event.RECYCLED else ""
        parts.append(f"""
            SELECT {columns}, '{what}' AS what, spell.{at} AS at, spell.{movement_id} AS movement_id,
                   spell.{counted} AS counted_at
            FROM spell {joins}
            WHERE spell.number > 0 AND spell.{at} <= :as_at AND spell.{counted} >= :from_at
              AND spell.{counted} < :until_at {which} {asked_for(terms)}
        """)  # noqa: S608 - the parts are constants
    return " UNION ALL ".join(parts)
