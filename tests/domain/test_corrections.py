"""Putting a charge right: what may be taken back, and what comes instead, to the penny."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.domain.corrections import (
    Again,
    Credited,
    Instead,
    Posted,
    check_reversible,
    credit_again,
    due_again,
    lines_instead,
)
from app.domain.costs import WHOLE, ChargeKind, Facts, Line, Step, Tariff, post
from app.domain.errors import BadValue, Conflict
from app.domain.funders import FunderKind
from app.domain.panel_funding import Share

K = ChargeKind
KINDS = {
    "ASC": FunderKind.ADULT_SOCIAL_CARE,
    "ICB": FunderKind.INTEGRATED_CARE_BOARD,
    "SELF": FunderKind.PERSON,
    "": FunderKind.OTHER,
}


def posted(pence: int = 10_000, vat: int = 2_000, kind: ChargeKind = K.NEW_PURCHASE) -> Posted:
    """A charge that one funder pays."""
    return Posted(9, kind, (Line("ASC", Decimal(100), pence, vat),))


def shares(*parts: tuple[str, str]) -> tuple[Share, ...]:
    return tuple(Share(funder, Decimal(percent)) for funder, percent in parts)


def test_what_takes_back_or_is_taken_back_is_not_taken_back() -> None:
    check_reversible(posted())
    for charge, code in (
        (replace(posted(), is_reversal=True), "already-a-reversal"),
        (replace(posted(), is_reversed=True), "already-reversed"),
        (replace(posted(), is_topped_up=True), "topped-up"),
        (replace(posted(), is_found=True), "found-again"),
    ):
        with pytest.raises(Conflict) as refusal:
            check_reversible(charge)
        assert refusal.value.code == code


@pytest.mark.parametrize(
    ("charge", "instead", "vat_percent", "expected"),
    [
        (posted(), Instead(5_000), Decimal(20), [("ASC", 5_000, 1_000)]),
        (posted(), Instead(5_000), None, [("ASC", 5_000, 1_000)]),
        (posted(0, 0), Instead(5_000), None, [("ASC", 5_000, 0)]),
        (posted(0, 0), Instead(5_001), Decimal(10), [("ASC", 5_001, 500)]),
        (posted(5, 0), Instead(5), Decimal(10), [("ASC", 5, 0)]),
        (
            posted(10_001, 2_001),
            Instead(shares=shares(("ASC", "50"), ("ICB", "50"))),
            None,
            [("ASC", 5_001, 1_001), ("ICB", 5_000, 1_000)],
        ),
        (posted(-9, 0, K.CREDIT), Instead(-100), None, [("ASC", -100, 0)]),
        (posted(-9, 0, K.WRITE_OFF), Instead(100), None, [("ASC", 100, 0)]),
        (posted(9, 0), Instead(0, shares(("", "100"))), None, [("", 0, 0)]),
    ],
)
def test_what_comes_instead(
    charge: Posted, instead: Instead, vat_percent: Decimal | None, expected: list[tuple[str, int, int]]
) -> None:
    lines = lines_instead(charge, instead, kinds=KINDS, vat_percent=vat_percent)
    assert [(line.funder, line.pence, line.vat_pence) for line in lines] == expected


@pytest.mark.parametrize(
    ("charge", "instead", "code", "field"),
    [
        (posted(), Instead(), "nothing-instead", "instead"),
        (posted(), Instead(-1), "wrong-sign", "pence"),
        (posted(-9, 0, K.CREDIT), Instead(1), "wrong-sign", "pence"),
        (posted(), Instead(shares=shares(("ASC", "99.99"))), "funding-not-100-percent", "funding"),
        (posted(), Instead(shares=()), "funding-not-100-percent", "funding"),
        (posted(), Instead(shares=shares(("NHS", "100"))), "unknown-funder", "funding"),
        (posted(), Instead(shares=shares(("ASC", "50"), ("SELF", "50"))), "person-never-charged", "funding"),
    ],
)
def test_what_cannot_come_instead(charge: Posted, instead: Instead, code: str, field: str) -> None:
    with pytest.raises(BadValue) as refusal:
        lines_instead(charge, instead, kinds=KINDS, vat_percent=None)
    assert (refusal.value.code, refusal.value.field) == (code, field)


@given(pence=some.integers(0, 10**8), vat=some.integers(0, 10**7), part=some.integers(1, 9_999))
def test_no_penny_is_lost_by_another_split(pence: int, vat: int, part: int) -> None:
    first = Decimal(part) / 100
    split = (Share("ASC", first), Share("ICB", 100 - first))
    charge = posted(pence, vat)
    lines = lines_instead(charge, Instead(shares=split), kinds=KINDS, vat_percent=None)
    assert (sum(line.pence for line in lines), sum(line.vat_pence for line in lines)) == (pence, vat)
    assert (charge.pence, charge.vat_pence) == (pence, vat)


@pytest.mark.parametrize(
    ("kind", "tariff", "pence"),
    [
        (K.RECYCLED_ISSUE, {"percent": Decimal(25)}, 2_500),
        (K.CREDIT, {"taper": (Step(0, Decimal(90)), Step(12, Decimal(75)))}, -6_000),
        (K.REPAIR, {"pence": 2_200}, 4_400),
    ],
)
def test_what_had_no_rate_is_priced_as_it_would_have_been(kind: ChargeKind, tariff: dict[str, Any], pence: int) -> None:
    facts = Facts(1, "12 36 03", 10_000, date(2025, 3, 1))
    charge = Posted(9, kind, (Line("ASC", Decimal(100), 0, 0),))
    again = Again(date(2026, 3, 2), "", 2 if kind is K.REPAIR else 1, is_issue=False, issued_pence=8_000)
    posting = post(due_again(charge, facts, again), facts, [Tariff(3, kind, **tariff)])
    assert (posting.price.pence, posting.price.tariff_id) == (pence, 3)
    assert [line.funder for line in posting.lines] == ["ASC"] != [share.funder for share in WHOLE]


def test_a_credit_goes_to_nobody_but_those_who_paid() -> None:
    credit = replace(posted(), kind=ChargeKind.CREDIT)
    with pytest.raises(BadValue) as refused:
        lines_instead(credit, Instead(pence=-5, shares=(Share("CHC", Decimal(100)),)), kinds={}, vat_percent=None)
    assert (refused.value.code, refused.value.field) == ("credit-follows-its-issue", "funding")


def test_no_more_is_credited_by_hand_than_was_charged() -> None:
    credit = posted(-80, 0, K.CREDIT)
    details: dict[str, Any] = {"kinds": KINDS, "vat_percent": None, "issued_pence": 100}
    assert lines_instead(credit, Instead(-100), **details)[0].pence == -100
    with pytest.raises(BadValue) as refusal:
        lines_instead(credit, Instead(-101), **details)
    assert (refusal.value.code, refusal.value.field) == ("credited-too-much", "pence")


RATE = Tariff(3, K.CREDIT, taper=(Step(0, Decimal(90)), Step(12, Decimal(50))), vat_percent=Decimal(20))
BED = Facts(7, "18 12 10", 10_000, date(2025, 3, 2))


@pytest.mark.parametrize(
    ("credit", "issued", "expected", "unpriced"),
    [
        (Credited(posted(-9_000, -1_800, K.CREDIT), BED, 1, RATE), 10_000, [(-2_251, -450), (-2_250, -450)], False),
        (Credited(posted(-5_000, 0, K.CREDIT), BED, 12, RATE), 10_000, [(-1_251, -250), (-1_250, -250)], False),
        (Credited(posted(0, 0, K.CREDIT), BED, 1, None, is_unpriced=True), 10_000, [(0, 0), (0, 0)], True),
        (Credited(posted(-2_000, -400, K.CREDIT), BED, 1), 10_000, [(-500, -100), (-500, -100)], False),
        (Credited(posted(0, 0, K.CREDIT), BED, 1), 0, [(0, 0), (0, 0)], False),
    ],
)
def test_a_credit_is_the_same_part_of_what_its_issue_is_charged_at_instead(
    credit: Credited, issued: int, expected: list[tuple[int, int]], unpriced: bool
) -> None:
    lines = (Line("ASC", Decimal(50), 2_501, 0), Line("ICB", Decimal(50), 2_500, 0))
    anew = credit_again(credit, issued, lines)
    assert [(line.pence, line.vat_pence) for line in anew.lines] == expected
    assert [line.funder for line in anew.lines] == ["ASC", "ICB"]
    assert anew.price.is_unpriced is unpriced
