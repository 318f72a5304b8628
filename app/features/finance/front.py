"""What there is to see and do about money: one table of places, for the front page."""

from dataclasses import dataclass

from app.domain.access import Permission


@dataclass(frozen=True, slots=True)
class Place:
    """A page about money: its name, its address, what it is for, and what one must be allowed to do to go there."""

    text: str
    href: str
    about: str
    permission: Permission = Permission.SEE_COSTS


PLACES: tuple[Place, ...] = (
    Place(
        "Costs",
        "/finance/reports/costs",
        "What was charged, by funder, team, product, reason and more, any two together, down to the lines.",
    ),
    Place(
        "Credits outstanding",
        "/finance/reports/credits-outstanding",
        "What would be credited if everything that clients have came back today.",
    ),
    Place("Commitments", "/finance/reports/commitments", "What was approved and is not delivered yet."),
    Place("Accruals", "/finance/reports/accruals", "What happened up to a day and is not charged yet."),
    Place("ASC-FR", "/finance/reports/asc-fr", "“Assistive equipment and technology” for the national return."),
)
