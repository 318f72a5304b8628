"""What at a client's carries less than they weigh, and what loads a name speaks of.

Two people weigh on this: whoever certifies a lower load, and whoever writes down a new weight. Both ask here.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.domain.combinations import Kind, bears_a_person, kind_of
from app.domain.dates import in_words
from app.domain.errors import Conflict
from app.domain.labels import display

LESS: Final = "That is less than the person weighs."
"""The end of every sentence that says why the use of something too weak was stopped."""

_OTHER: Final = {Kind.HOIST: Kind.SLING, Kind.SLING: Kind.HOIST}
_IN_A_NAME: Final = re.compile(
    r"(?<![\d.,])(\d{1,3}(?:,\d{3})+|\d{1,4})\s*-?\s*(?:kgs?|kilos?|kilograms?)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Borne:
    """An item at a client's; `carries_kg`: this item, where that is known."""

    barcode: str
    name: str
    category: str
    carries_kg: float | None

    def is_over(self, weight_kg: float) -> bool:
        """Whether it alone must bear the person and does not."""
        if self.carries_kg is None or self.carries_kg >= weight_kg:
            return False
        return bears_a_person(self.category, self.carries_kg)


@dataclass(frozen=True, slots=True)
class Overload:
    """An item that must not bear the person. `weakest`: which one carries too little, itself or what it is used with.

    `why`: in a sentence that tells nobody's weight.
    """

    barcode: str
    weakest: str
    why: str


def is_heavier(weight_kg: float | None, was_kg: float | None) -> bool:
    """Whether what somebody has must be looked at again: by a weight that was as high it was decided already."""
    return weight_kg is not None and (was_kg is None or weight_kg > was_kg)


def find_overloads(there: Sequence[Borne], weight_kg: float) -> list[Overload]:
    """What of all that a client has must not bear them, in the order of `there`.

    A hoist and a sling carry together what the weaker of them carries: one that is strong enough goes on being used
    only if there is one of the other kind that is, too, or none at all that would tell.
    """
    over = {one.barcode for one in there if one.is_over(weight_kg)}
    return [found for one in there if (found := _overload(one, there, over))]


def _overload(one: Borne, there: Sequence[Borne], over: set[str]) -> Overload | None:
    if one.barcode in over:
        return Overload(one.barcode, one.barcode, f"It carries only {one.carries_kg:g} kg. {LESS}")
    kind = kind_of(one.category)
    others = [other for other in there if kind in _OTHER and kind_of(other.category) is _OTHER[kind]]
    if not others or any(other.barcode not in over for other in others):
        return None
    best = max(others, key=lambda other: other.carries_kg or 0)
    why = (
        f"It is used with {best.name} ({display(best.barcode)}), and together they carry only {best.carries_kg:g} kg, "
        f"the load of the weaker. {LESS}"
    )
    return Overload(one.barcode, best.barcode, why)


def weight_wanted(carries_kg: float | None, lowered_on: date | None) -> str | None:
    """What is asked of whoever looks after somebody who has an item that was certified for less, when nobody knows what
    they weigh. `lowered_on`: None where nothing is asked."""
    if carries_kg is None or lowered_on is None:
        return None
    return (
        f"Its load was lowered to {carries_kg:g} kg on {in_words(lowered_on)}, and nobody knows what this person "
        "weighs. Weigh them before it is used again, and write the weight in their record."
    )


def check_load_stays(load_kg: int | None, was_kg: int | None) -> None:
    """A load that is known is changed, never taken out: nobody knows would count as better than too little. Raises
    Conflict `load-is-known`."""
    if load_kg is None and was_kg is not None:
        detail = f"It carries {was_kg} kg by the catalogue. Enter what it does carry; a load is not taken out."
        raise Conflict("load-is-known", detail, field="safe_working_load_kg")


def asks_for_load(reason: str) -> bool:
    """Whether the use of something was stopped because it carries too little, by the reason that was written."""
    return reason.rstrip().endswith(LESS)


def loads_in(words: str) -> list[int]:
    """The loads that a name speaks of, in kilograms: 150 in “Hoist 150 kg”, 227 in “Sling, 100 to 227kg”."""
    return [int(found.replace(",", "")) for found in _IN_A_NAME.findall(words)]


def belied_load(names: Iterable[str | None], carries_kg: float | None) -> int | None:
    """The highest load that the names of an item speak of, if it carries less: whoever reads only its name would trust
    it with too much. None: its names say nothing of that kind, or nobody knows what it carries."""
    if carries_kg is None:
        return None
    return max((load for name in names for load in loads_in(name or "") if load > carries_kg), default=None)
