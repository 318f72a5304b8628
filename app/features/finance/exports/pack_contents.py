"""What the pack of a month holds: every report of the month, by its address, and its files."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from app.domain.asked_period import AskedPeriod
from app.domain.panel_settings import financial_year


@dataclass(frozen=True, slots=True)
class Content:
    """A report in words, and its address. `has_files`: the same address answers `format=csv` and `format=xlsx`."""

    words: str
    href: str
    has_files: bool = True


CONTENTS: Final[dict[str, tuple[Content, ...]]] = {
    "The month": (
        Content("Costs by funder", "/finance/reports/costs?period={period}&group_by=funder"),
        Content("Costs by team", "/finance/reports/costs?period={period}&group_by=team"),
        Content("Costs by kind of charge", "/finance/reports/costs?period={period}&group_by=kind"),
        Content("Costs by product", "/finance/reports/costs?period={period}&group_by=product"),
        Content("Recycling rates", "/finance/recycling?period={period}"),
        Content("Cost avoided by recycling", "/finance/cost-avoided?period={period}"),
        Content("Delivery performance", "/finance/performance?period={period}"),
        Content("Collection performance", "/finance/performance?of=collections&period={period}"),
        Content("What its lines come to, and all of them as files", "/finance/exports?period={period}", False),
        Content("Its lines on the page", "/finance/charges?period={period}", False),
    ),
    "As things stand": (
        Content("Accruals at the end of the month", "/finance/reports/accruals?as_at={last}"),
        Content("Commitments, today", "/finance/reports/commitments"),
        Content("Credits outstanding, today", "/finance/reports/credits-outstanding"),
        Content("Budgets of the financial year", "/finance/budgets?year={year}"),
        Content("Who gets what, by postcode district", "/finance/reports/equity?year={year}"),
        Content("Who gets what, by age", "/finance/reports/equity?by=age&year={year}"),
        Content("ASC-FR of the financial year", "/finance/reports/asc-fr?year={year}"),
    ),
    "The books": (
        Content("The journal for the general ledger", "/finance/journal?period={period}", False),
        Content("Whether the month is closed", "/finance/periods/{period}", False),
        Content("Whether it adds up", "/finance/reconciliation?period={period}", False),
    ),
}
"""By group; an address has `{period}`, its `{last}` day (today, while it lasts) and its financial `{year}` in it."""


def contents_of(month: AskedPeriod, *, today: date) -> list[tuple[str, list[Content]]]:
    """The pack of this month."""
    told = {"period": month.name, "last": min(month.last, today), "year": financial_year(month.first)}
    return [
        (group, [Content(one.words, one.href.format(**told), one.has_files) for one in contents])
        for group, contents in CONTENTS.items()
    ]
