"""What is to be known of some charges is said where they are."""

from app.domain.costs import ChargeKind
from app.domain.how_charged import OF_A_KIND, RULES


def test_what_a_kind_of_charge_says_is_among_the_rules() -> None:
    assert all(any(rule in said for rule in RULES) for said in OF_A_KIND.values())
    assert "whatever it took" in OF_A_KIND[ChargeKind.REPAIR]
    assert "one night at least" in OF_A_KIND[ChargeKind.HIRE]
    assert "scanned at the desk" in OF_A_KIND[ChargeKind.COLLECTION]
