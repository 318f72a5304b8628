"""What there is to see and do about money: one table of places by group, for the front page."""

from dataclasses import dataclass
from typing import Final

from app.domain.access import Permission


@dataclass(frozen=True, slots=True)
class Place:
    """A page about money: its name, its address, what it is for, and what one must be allowed to do to go there."""

    text: str
    href: str
    about: str
    permission: Permission = Permission.SEE_COSTS


PLACES: Final[dict[str, tuple[Place, ...]]] = {
    "What is spent": (
        Place("Dashboard", "/finance/dashboard", "Charts of one or two years: by month, funder, kind and category."),
        Place(
            "Costs",
            "/finance/reports/costs",
            "What was charged, by funder, team, product, reason and more, any two together, down to the lines.",
        ),
        Place("Budgets", "/finance/budgets", "Budgets beside what is spent, committed and forecast."),
        Place("Who gets what", "/finance/reports/equity", "Issues, cost, wait and trials by district and by age."),
        Place("ASC-FR", "/finance/reports/asc-fr", "“Assistive equipment and technology” for the national return."),
    ),
    "What is still to come": (
        Place("Commitments", "/finance/reports/commitments", "What was approved and is not delivered yet."),
        Place("Accruals", "/finance/reports/accruals", "What happened up to a day and is not charged yet."),
        Place(
            "Credits outstanding",
            "/finance/reports/credits-outstanding",
            "What would be credited if everything that clients have came back today.",
        ),
    ),
    "Recycling and deliveries": (
        Place("Recycling rates", "/finance/recycling", "Four rates, each with its definition, down to the barcodes."),
        Place("Cost avoided", "/finance/cost-avoided", "What new equipment would have cost, less what reuse cost."),
        Place("Delivery performance", "/finance/performance", "Orders and collections in time, late and waited for."),
    ),
    "Charges and rates": (
        Place("Charges", "/finance/charges", "Every line; what has no rate or no payer; putting a charge right."),
        Place("Rates", "/finance/tariffs", "What things cost, from which day on."),
        Place("What would it cost?", "/finance/tariffs/try", "Every charge of a loan that is thought of."),
    ),
    "Who pays": (
        Place("Who pays for an order", "/finance/funding", "Its split, what stands charged to whom, and top-ups."),
        Place("Disputes", "/finance/disputes", "Orders that are provided now and settled later."),
        Place("Funders and teams", "/finance/funders", "Who pays, and for what teams hand out over the counter."),
    ),
    "The books": (
        Place("Months", "/finance/periods", "What each month comes to, and closing it for good."),
        Place("Reconciliation", "/finance/reconciliation", "Whether movements, charges and reports agree."),
        Place("Exports", "/finance/exports", "The lines of a month, or of days, as CSV and Excel files."),
        Place("Journal", "/finance/journal", "The month for the general ledger."),
        Place(
            "Layout of the journal",
            "/finance/journal/layout",
            "Which columns and accounts the general ledger wants.",
            Permission.KEEP_RATES,
        ),
        Place("Monthly pack", "/finance/pack", "A message each month with the way to its reports."),
    ),
}
