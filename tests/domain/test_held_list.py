"""What a device says of a held item, by the kind of its hold."""

import pytest

from app.domain.clearance import HoldKind
from app.domain.held_list import LISTED, words_of


@pytest.mark.parametrize("kind", [HoldKind(kind) for kind in LISTED])
def test_every_listed_hold_says_why_and_that_the_item_stays(kind: HoldKind) -> None:
    why, then = words_of(kind, "")
    assert why.startswith("Held: ")
    assert "Do not deliver it or hand it over." in then


def test_a_notice_is_named() -> None:
    assert words_of(HoldKind.SAFETY_NOTICE, "NatPSA/2023/010/MHRA") == (
        "Held: NatPSA/2023/010/MHRA covers it, or may cover it.",
        "Quarantine it. Do not deliver it or hand it over.",
    )


def test_what_is_between_two_stores_is_not_listed() -> None:
    assert set(HoldKind) - {HoldKind(kind) for kind in LISTED} == {HoldKind.IN_TRANSIT}
