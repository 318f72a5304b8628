"""How the pages that calls touch grow with the register: what is bounded touches as many in twice the register."""

from collections.abc import Mapping
from typing import Final

from tests.plans.exceptions import CHANCE

TIMES: Final = 1.2
SPARE: Final = 100
"""So many times the pages, and so many more: another level of each index, and a page that was not full. What grows with
the register is twice as much."""

Key = tuple[str, str, str]
"""A call's route, what it is asked, and by whom: the same at each scale."""


def grown(small: Mapping[Key, int], large: Mapping[Key, int], allowed: Mapping[str, tuple[float, str]]) -> list[str]:
    """Which calls touch more pages in the larger register than they may."""
    return [
        f"{' '.join(key).strip()}: {small[key]} pages, and {large[key]} in twice the register"
        for key in small
        if large[key] > small[key] * allowed.get(key[0], (TIMES, ""))[0] + SPARE
    ]


def idle(small: Mapping[Key, int], large: Mapping[Key, int], allowed: Mapping[str, tuple[float, str]]) -> set[str]:
    """Exceptions that are needed no longer: what was to grow does not, or is not looked at any more. Of what grows by
    chance nothing is said."""
    steady = {route for route, (_, reason) in allowed.items() if reason != CHANCE}
    return steady - {key[0] for key in small if large[key] > small[key] * (1 + TIMES) / 2}
