"""What providing something would cost."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from app.domain.costs import ChargeKind, Facts, Tariff
from app.domain.hire import InForce
from app.domain.would_cost import Loan, would_cost

K = ChargeKind
LOAN = Loan(date(2026, 3, 2), date(2026, 9, 2), "next_day", "standard")
FACTS = Facts(1, "12 36 03", 10_000, date(2026, 3, 2), route="wash_down")
RATES = [
    Tariff(1, K.DELIVERY, "next_day", pence=2_400),
    Tariff(2, K.COLLECTION, pence=1_200),
    Tariff(3, K.DECONTAMINATION, "wash_down", pence=900),
    Tariff(4, K.CREDIT, percent=Decimal(80)),
]


def test_a_loan_from_its_issue_to_the_shelf() -> None:
    found = would_cost(FACTS, LOAN, RATES, RATES)
    assert [(one.due.kind, one.price.pence, one.price.is_unpriced) for one in found] == [
        (K.NEW_PURCHASE, 10_000, False),
        (K.DELIVERY, 2_400, False),
        (K.COLLECTION, 1_200, False),
        (K.CREDIT, -8_000, False),
        (K.DECONTAMINATION, 900, False),
        (K.INSPECTION, 0, True),
    ]


def test_hire_is_counted_in_nights() -> None:
    hired = [Tariff(9, K.HIRE, product_id=1, pence=100)]
    facts = replace(FACTS, hire_rates=(InForce(hired[0], date(2020, 1, 1)),))
    found = {one.due.kind: one for one in would_cost(facts, LOAN, hired, hired)}
    assert {one.due.kind for one in found.values() if one.price.pence} == {K.HIRE}
    assert found[K.HIRE].price.pence == 184 * 100
