"""By what the charges of a month are summed up: some coarse grains, each of few rows, so that any two dimensions of a
report are in one of them. Product and prescriber with most others would be as many sums as there are lines."""

from collections.abc import Set
from dataclasses import dataclass
from typing import Final

LINE: Final = {
    "funder_id": "COALESCE(funder_id, 0)",
    "team_id": "COALESCE(team_id, 0)",
    "store_id": "COALESCE(store_id, 0)",
    "product_id": "COALESCE(product_id, 0)",
    "kind": "kind",
    "speed": "CASE WHEN kind IN ('delivery', 'collection') THEN variant ELSE '' END",
    "class": "COALESCE(left(category, 2), '')",
    "category": "COALESCE(category, '')",
    "recycled": "CASE WHEN recycled THEN 'recycled' WHEN NOT recycled THEN 'new' ELSE '' END",
    "reason": "COALESCE(reason, '')",
    "district": "COALESCE(district, '')",
    "prescriber": "COALESCE(prescriber, '')",
}
"""What a line is summed under: zero or empty where it has nothing there. `class`: the first level of the category,
which stands in its column."""
COLUMNS: Final = {name: "bigint" if name.endswith("_id") else "text" for name in LINE if name != "class"}
"""The columns of the sums, and their types."""


@dataclass(frozen=True, slots=True)
class Grain:
    """One way in which months are summed up: its number in the table, and by which of `LINE`."""

    number: int
    parts: tuple[str, ...]

    @property
    def words(self) -> str:
        """What it is summed up by, in words."""
        *names, last = (one.removesuffix("_id") for one in self.parts)
        return f"{', '.join(names)} and {last}"

    @property
    def knows(self) -> Set[str]:
        """What can be asked of it: with a category also its class."""
        return {*self.parts, "class"} if "category" in self.parts else {*self.parts}

    @property
    def columns(self) -> dict[str, str]:
        """Its columns, and what a line has in them."""
        return {"category" if one == "class" else one: LINE[one] for one in self.parts}


GRAINS: Final = (
    BOOKS := Grain(1, ("funder_id", "team_id", "store_id", "kind", "class", "recycled")),
    Grain(2, ("funder_id", "store_id", "kind", "speed", "category", "recycled", "reason")),
    Grain(3, ("district", "funder_id", "store_id", "recycled")),
    Grain(4, ("district", "kind", "speed")),
    Grain(5, ("district", "category")),
    Grain(6, ("district", "reason")),
    Grain(7, ("district", "team_id")),
    Grain(8, ("team_id", "category")),
    Grain(9, ("team_id", "speed")),
    Grain(10, ("team_id", "reason")),
    Grain(11, ("prescriber", "team_id")),
    Grain(12, ("product_id", "category")),
)
"""Changed only together with the trigger `charge_adds_to_sums`, which has the same."""
SMALLEST_FIRST: Final = tuple(GRAINS[place - 1] for place in (9, 10, 6, 4, 5, 3, 8, 12, 11, 7, 2, 1))
"""As a county has them: 400 sums a month of the first, 7,000 of the last."""


def grain_of(parts: Set[str]) -> Grain | None:
    """The smallest grain that knows all of these parts of a line; none where only the lines do."""
    return next((one for one in SMALLEST_FIRST if parts <= one.knows), None)
