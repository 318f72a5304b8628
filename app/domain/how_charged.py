"""What is charged in a way that nobody would guess, in sentences for the pages on which it is charged."""

from collections.abc import Mapping
from typing import Final

from app.domain.costs import ChargeKind

DRIVE: Final = (
    "A drive is charged once a day for an order or a collection. Where it served several payers, each thing that was "
    "planned for it when it was charged counts the same, and whoever pays for a thing pays its part of the drive."
)
FETCHED: Final = "What somebody had asked to have fetched counts as fetched when it is scanned at the desk."
CLEANING: Final = "A cleaning that failed is not charged. The one that is done again, and passes, is."
WORK: Final = (
    "Work on a repair is charged by the rate for it where there is one, whatever it took. Without a rate, what was "
    "written down for the work is charged."
)
HIRE: Final = (
    "Hire is charged by the night, one night at least: what is handed over and comes back on the same day costs one "
    "night."
)
RULES: Final = (DRIVE, FETCHED, CLEANING, WORK, HIRE)
OF_A_KIND: Final[Mapping[ChargeKind, str]] = {
    ChargeKind.DELIVERY: DRIVE,
    ChargeKind.COLLECTION: f"{DRIVE} {FETCHED}",
    ChargeKind.DECONTAMINATION: CLEANING,
    ChargeKind.REPAIR: WORK,
    ChargeKind.HIRE: HIRE,
}
"""What is to be known of a charge of that kind."""
