"""What a device says without a network of an item that is held. It names no person: a reason that somebody wrote stays
with the service."""

from collections.abc import Mapping
from typing import Final

from app.domain.clearance import HoldKind

STAYS: Final = "Quarantine it. Do not deliver it or hand it over."

_WORDS: Final[Mapping[HoldKind, tuple[str, str]]] = {
    HoldKind.SAFETY_NOTICE: ("a safety notice covers it, or may cover it.", STAYS),
    HoldKind.FAULT: ("a fault is recorded.", "Do not deliver it or hand it over. Take it to the workshop."),
    HoldKind.INVESTIGATION: ("it is part of an investigation.", f"{STAYS} Leave it as it is."),
    HoldKind.SCRAP_REQUEST: ("it is to be scrapped.", "Do not deliver it or hand it over."),
}

LISTED: Final = tuple(kind.value for kind in _WORDS)
"""What is on its way between two stores is not listed: whoever scans it in receives it."""


def words_of(kind: HoldKind, notice: str) -> tuple[str, str]:
    """Why it is held and what to do. `notice`: the reference of the safety notice that holds it, if one does."""
    why, then = _WORDS[kind]
    return (f"Held: {notice} covers it, or may cover it." if notice else f"Held: {why}"), then
