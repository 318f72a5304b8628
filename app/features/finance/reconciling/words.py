"""What each check compares, in words: the same on pages, in files and in the terminal."""

from dataclasses import dataclass
from typing import Final

from app.domain.reconciling import Check


@dataclass(frozen=True, slots=True)
class Said:
    """A check: its title, what it counts, its two sides (empty: it compares no sums), what it proves, and what it
    cannot look at, or tells apart since it is no difference. `is_most`: the first side is the most that the second, a
    credit, may come to."""

    title: str
    counted: str
    expected: str
    found: str
    proves: str
    apart: str = ""
    is_most: bool = False


SIDES: Final[dict[Check, Said]] = {
    Check.MOVEMENTS: Said(
        "Charges and movements",
        "charges",
        "called for",
        "posted",
        "Every movement that costs something has its charges, each once, and no line is there without a movement.",
    ),
    Check.PRICES: Said(
        "Charges and rates",
        "charges",
        "by the rates",
        "posted",
        "Each charge comes to what the rate gives that was in force for its day when it was posted, calculated again.",
        "are lines whose rate was replaced or ended since for their day, and that stay at it",
    ),
    Check.SPLITS: Said(
        "Splits",
        "charges",
        "",
        "",
        "The lines of each charge come to 100 %, and are split as the order, or the issue that is "
        "credited; after a dispute as it was settled, and nothing is provisional without one.",
    ),
    Check.VISITS: Said(
        "Visits",
        "visits",
        "",
        "",
        "Each delivery, collection and visit in vain is charged once a day, and none is left out.",
    ),
    Check.CREDITS: Said(
        "Credits",
        "issues credited",
        "charged",
        "credited",
        "No issue is credited twice, or with more than was charged for it.",
        is_most=True,
    ),
    Check.PERSONS: Said(
        "Nobody's own money",
        "top-ups",
        "agreed",
        "charged to people",
        "No person is charged for anything but what they agreed to add, and the funders pay so much less.",
    ),
    Check.REVERSALS: Said(
        "Lines taken back",
        "lines",
        "to take back",
        "taken back",
        "Each line that takes another back comes to nothing with it, and none is taken back twice.",
    ),
    Check.REPORTS: Said(
        "Reports and lines",
        "reports",
        "",
        "",
        "Costs, the sums by month, the journal and the exports each come to the sum of the lines they are made of.",
    ),
    Check.CLOSED_MONTHS: Said(
        "Closed months",
        "months",
        "as closed",
        "as they stand",
        "Each closed month has the lines, the sums and the digest that it was closed with.",
    ),
    Check.GONE: Said(
        "Items that are gone",
        "items lost or scrapped",
        "what they cost",
        "paid and borne",
        "Of every item that is lost or scrapped, what stands paid and what the service bears come to what it cost.",
        "went out or were lost before charges began, or are written off by a rate or by hand",
    ),
    Check.KEPT: Said(
        "What is kept for reports",
        "orders and items fetched",
        "",
        "",
        "When each order came, and each item was fetched, is kept for the reports as the order and the collection say.",
    ),
    Check.ACCOUNTS: Said(
        "Accounts of items",
        "accounts",
        "by their lines",
        "kept",
        "What is kept of each item, so that no scan reads its lines, is what these lines say: what stands paid and "
        "written off, its newest issue, and what was taken back. Compared with everything, not with one month.",
        "have lines in a month that is put aside",
    ),
}
