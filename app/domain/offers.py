"""What somebody was shown that an order would get, against what it would get now: nobody is given less unasked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from app.domain.errors import Conflict

WENT = "recycled-went"
DEARER = "price-went-up"
CHANGED = "order-changed"
NOT_AS_SHOWN = frozenset({WENT, DEARER, CHANGED})
"""The codes of `check_offer`."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one line gets: so many recycled and so many new items of a shelf; the rest of its quantity is missing."""

    position: int
    product_code: str
    quantity: int
    recycled: int
    new: int
    unit_price_pence: int

    @property
    def missing(self) -> int:
        """How many of it nothing is on a shelf for."""
        return self.quantity - self.recycled - self.new

    @property
    def text(self) -> str:
        """The same in words: “1 recycled and 2 new”."""
        counts = ((self.recycled, "recycled"), (self.new, "new"), (self.missing, "not on a shelf"))
        return " and ".join(f"{count} {what}" for count, what in counts if count)


def check_offer(shown: Iterable[Offer], now: Iterable[Offer], names: Mapping[int, str]) -> None:
    """Raises Conflict when a line would get less than was shown: fewer recycled items, fewer at all, or at more money.

    `recycled-went`, `price-went-up`, or `order-changed` when it was another order that was shown. What is better than
    was shown is no surprise that anybody needs to be asked about. `names`: of the products, by position.
    """
    before, after = {_line(one): one for one in shown}, {_line(one): one for one in now}
    if before.keys() != after.keys():
        raise Conflict(CHANGED, "The order was changed since it was shown to you. Look at it again.", field="offer")
    found = [change for line, one in after.items() for change in _changes(before[line], one, names[one.position])]
    if found:
        code = WENT if any(one == WENT for one, _ in found) else DEARER
        detail = " ".join(said for _, said in found)
        raise Conflict(code, f"{detail} Look at the order again, and submit it if that will do.", field="offer")


def _line(offer: Offer) -> tuple[int, str, int]:
    return offer.position, offer.product_code, offer.quantity


def _changes(before: Offer, now: Offer, name: str) -> Iterator[tuple[str, str]]:
    if now.recycled < before.recycled or now.missing > before.missing:
        yield WENT, f"{name}: you were shown {before.text}. Somebody else was quicker: it would be {now.text} now."
    if now.unit_price_pence > before.unit_price_pence:
        yield DEARER, f"{name}: it costs {_pounds(now)} now, not {_pounds(before)}."


def _pounds(offer: Offer) -> str:
    return f"£{offer.unit_price_pence // 100:,}.{offer.unit_price_pence % 100:02}"
