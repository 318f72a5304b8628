"""What a movement costs, and whom: every kind, the closest rate, and splits of which no penny is lost."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.costs import (
    ISSUES,
    ON_THE_SHELF,
    WHOLE,
    ChargeKind,
    Due,
    Facts,
    Issued,
    Step,
    Tariff,
    book_value,
    charges_of,
    loss_of,
    month_of,
    post,
    price_of,
    rate_for,
    split,
    whole_months,
    worth_today,
)
from app.domain.funders import FunderKind
from app.domain.hire import InForce
from app.domain.lifecycle import MOVES, Move, State, is_issue
from app.domain.panel_funding import Share

TODAY = date(2026, 3, 2)
HALVES = (Share("ASC", Decimal(50)), Share("ICB", Decimal(50)))
ASC = (Share("ASC", Decimal(100)),)
BED = Facts(product_id=7, category="18 12 10", price_pence=100_000, received_on=date(2025, 3, 2), shares=ASC)
ISSUED = Issued(date(2026, 2, 20), HALVES, 100_001)
BACK = replace(BED, times_issued=1, issued=ISSUED)
AGAIN = replace(BACK, times_issued=2, issued=replace(ISSUED, pence=25_000))
CREDITED = replace(BACK, is_credited=True, paid_pence=70_000)
TAPER = (Step(0, Decimal(80)), Step(12, Decimal(60)), Step(24, Decimal(0)))


def fixed(kind: ChargeKind, pence: int, variant: str = "", **more: Any) -> Tariff:
    return replace(Tariff(1, kind, variant, pence=pence), **more)


RATES = [
    fixed(ChargeKind.DELIVERY, 1_600),
    fixed(ChargeKind.DELIVERY, 4_500, "same_day"),
    fixed(ChargeKind.COLLECTION, 1_200),
    fixed(ChargeKind.DECONTAMINATION, 900, "wipe_down"),
    fixed(ChargeKind.INSPECTION, 650, "pat"),
    fixed(ChargeKind.REPAIR, 2_200),
    fixed(ChargeKind.SCRAP, 800),
    Tariff(2, ChargeKind.RECYCLED_ISSUE, percent=Decimal(25)),
    Tariff(3, ChargeKind.CREDIT, taper=TAPER, floor_pence=3_000),
]
HIRE = fixed(ChargeKind.HIRE, 150, product_id=7)


def told(move: Move, state: State, facts: Facts, rates: list[Tariff] | None = None) -> list[tuple[str, int, list[str]]]:
    """The charges as (kind, sum, who pays)."""
    found = charges_of(move, state, facts, RATES if rates is None else rates, on=TODAY)
    for one in found:
        assert sum(line.pence for line in one.lines) == one.price.pence
    return [(one.due.kind.value, one.price.pence, [line.funder for line in one.lines]) for one in found]


VAN: dict[str, Any] = {"visit": "delivery:1:2026-03-02", "speed": "same_day"}
BOTH, OURS = ["ASC", "ICB"], [""]


@pytest.mark.parametrize(
    ("move", "state", "facts", "expected"),
    [
        (Move.ISSUE, State.IN_STOCK, BED, [("new_purchase", 100_000, ["ASC"])]),
        (Move.ISSUE, State.RESERVED, BACK, [("recycled_issue", 25_000, ["ASC"])]),
        (
            Move.DELIVER,
            State.DISPATCHED,
            replace(BED, **VAN),
            [("new_purchase", 100_000, ["ASC"]), ("delivery", 4_500, ["ASC"])],
        ),
        (
            Move.START_TRIAL,
            State.DISPATCHED,
            replace(BED, visit="x", speed="five_day"),
            [("new_purchase", 100_000, ["ASC"]), ("delivery", 1_600, ["ASC"])],
        ),
        (Move.START_TRIAL, State.IN_STOCK, BED, [("new_purchase", 100_000, ["ASC"])]),
        (Move.START_TRIAL, State.AWAITING_COLLECTION, BACK, []),
        (Move.KEEP_AFTER_TRIAL, State.ON_TRIAL, BACK, []),
        (Move.REQUEST_COLLECTION, State.ON_LOAN, BACK, []),
        # Twelve months old: 60 %, of what was charged, to those who paid.
        (Move.RETURN, State.ON_LOAN, BACK, [("credit", -60_001, BOTH)]),
        (
            Move.RETURN,
            State.AWAITING_COLLECTION,
            replace(BACK, visit="collection:1", speed="urgent"),
            [("collection", 1_200, BOTH), ("credit", -60_001, BOTH)],
        ),
        (Move.RETURN, State.DISPATCHED, BACK, []),
        (Move.RETURN, State.ON_LOAN, replace(BACK, is_reusable=False), []),
        (Move.RETURN, State.ON_LOAN, replace(BACK, price_pence=2_999), [("credit", 0, BOTH)]),
        # It was out before anything was charged here: nobody is credited, but somebody drove.
        (Move.RETURN, State.ON_LOAN, replace(BED, times_issued=1), []),
        (
            Move.RETURN,
            State.AWAITING_COLLECTION,
            replace(BED, times_issued=1, visit="x", speed="standard"),
            [("collection", 1_200, OURS)],
        ),
        (Move.FIND, State.MISSING, BACK, [("credit", -60_001, BOTH)]),
        (
            Move.FIND,
            State.MISSING,
            replace(BACK, is_credited=True, written_off_pence=60_000),
            [("write_off", -60_000, OURS)],
        ),
        (Move.PASS_DECONTAMINATION, State.DECONTAMINATING, replace(BACK, route="wipe_down"), [
            ("decontamination", 900, BOTH)
        ]),
        (Move.FAIL_DECONTAMINATION, State.DECONTAMINATING, BACK, []),
        (Move.PASS_INSPECTION, State.AWAITING_INSPECTION, replace(BACK, examined="pat"), [("inspection", 650, BOTH)]),
        (Move.FAIL_INSPECTION, State.IN_STOCK, replace(BACK, examined="pat"), [("inspection", 650, OURS)]),
        (Move.PASS_INSPECTION, State.ON_LOAN, replace(BACK, examined="pat"), [("inspection", 650, BOTH)]),
        (Move.TAKE_BACK_FAILURE, State.IN_REPAIR, replace(BACK, labour_pence=5), []),
        (Move.TRANSFER, State.IN_REPAIR, replace(BACK, parts_pence=500), []),
        (Move.COMPLETE_REPAIR, State.IN_REPAIR, BACK, [("repair", 2_200, BOTH)]),
        (
            Move.COMPLETE_REPAIR,
            State.IN_REPAIR,
            replace(BACK, parts_pence=501),
            [("repair", 2_200, BOTH), ("parts", 501, BOTH)],
        ),
        # What was fitted is charged also where the repair is given up; what it is worth was credited, so we lose it.
        (
            Move.SCRAP,
            State.IN_REPAIR,
            replace(BACK, parts_pence=501, labour_pence=100, is_credited=True),
            [("repair", 2_200, BOTH), ("parts", 501, BOTH), ("scrap", 800, BOTH), ("write_off", 60_000, OURS)],
        ),
        (Move.FAIL_DECONTAMINATION, State.IN_REPAIR, replace(BACK, parts_pence=501), [("parts", 501, BOTH)]),
        (Move.SCRAP, State.IN_STOCK, BED, [("scrap", 800, OURS), ("write_off", 100_000, OURS)]),
        # Who paid for all of it and was credited with nothing bears it.
        (Move.SCRAP, State.RETURNED, replace(BACK, is_reusable=False), [("scrap", 800, BOTH)]),
        (Move.SCRAP, State.MISSING, replace(BED, written_off_pence=100_000), [("scrap", 800, OURS)]),
        (Move.MARK_MISSING, State.IN_STOCK, BED, [("write_off", 100_000, OURS)]),
        # What nobody has paid of the price is the service's, wherever it is lost, and never below nothing.
        (Move.MARK_MISSING, State.IN_STOCK, CREDITED, [("write_off", 30_000, OURS)]),
        (Move.SCRAP, State.IN_STOCK, CREDITED, [("scrap", 800, BOTH), ("write_off", 30_000, OURS)]),
        (Move.MARK_MISSING, State.IN_STOCK, replace(CREDITED, paid_pence=100_001), []),
        (Move.MARK_MISSING, State.ON_LOAN, replace(AGAIN, paid_pence=95_000), [("write_off", 5_000, OURS)]),
        (Move.MARK_MISSING, State.RETURNED, replace(BACK, paid_pence=100_000), []),
        (Move.MARK_MISSING, State.ON_LOAN, replace(BED, times_issued=1, paid_pence=0), [("write_off", 100_000, OURS)]),
        # Its credit was taken back by hand: nobody is credited again for the same issue.
        (Move.FIND, State.MISSING, replace(BACK, was_credited=True), []),
        # Reissued at 25 %: what it is worth beyond the credit for that is ours, and comes back when it is found.
        (Move.MARK_MISSING, State.ON_LOAN, AGAIN, [("write_off", 60_000 - 15_000, OURS)]),
        (Move.MARK_MISSING, State.AWAITING_COLLECTION, AGAIN, [("write_off", 45_000, OURS)]),
        (Move.FIND, State.MISSING, replace(AGAIN, written_off_pence=45_000), [
            ("write_off", -45_000, OURS), ("credit", -15_000, ["ASC", "ICB"])
        ]),
        (Move.SCRAP, State.MISSING, replace(AGAIN, written_off_pence=45_000), [("scrap", 800, BOTH)]),
        # What a person added is no credit's; who paid more than it is worth to us bears it all.
        (Move.MARK_MISSING, State.ON_TRIAL, replace(AGAIN, issued=replace(ISSUED, pence=20_000)), [
            ("write_off", 48_000, OURS)
        ]),
        (Move.MARK_MISSING, State.ON_LOAN, replace(AGAIN, issued=replace(ISSUED, pence=200_000)), []),
        (Move.MARK_MISSING, State.ON_LOAN, replace(AGAIN, is_reusable=False), []),
        # On the van it is ours still, at a client's it is theirs who paid.
        (Move.MARK_MISSING, State.DISPATCHED, BED, [("write_off", 100_000, OURS)]),
        (Move.MARK_MISSING, State.ON_LOAN, BACK, []),
        (Move.MARK_MISSING, State.RETURNED, replace(BACK, is_reusable=False, is_credited=True), []),
        (Move.TRANSFER, State.IN_STOCK, BED, []),
    ],
)  # fmt: skip
def test_what_a_movement_costs(
    move: Move, state: State, facts: Facts, expected: list[tuple[str, int, list[str]]]
) -> None:
    assert told(move, state, facts) == expected


def test_hire_is_charged_by_the_night_until_it_comes_back_or_is_lost() -> None:
    rates = [*RATES, HIRE]
    assert told(Move.ISSUE, State.IN_STOCK, BED, rates) == [("hire", 0, ["ASC"])]
    always = (InForce(HIRE, date(2020, 1, 1)),)
    on_hire = replace(BACK, issued=replace(ISSUED, pence=0, is_hire=True), hire_rates=always)
    ten_nights = ("hire", 1_500, BOTH)
    assert told(Move.RETURN, State.ON_LOAN, on_hire, rates) == [ten_nights]
    assert told(Move.MARK_MISSING, State.ON_LOAN, on_hire, rates) == [ten_nights, ("write_off", 60_000, OURS)]
    found = replace(on_hire, is_credited=True, written_off_pence=60_000)
    assert told(Move.FIND, State.MISSING, found, rates) == [("write_off", -60_000, OURS)]
    assert told(Move.MARK_MISSING, State.RETURNED, replace(on_hire, is_credited=True), rates) == [
        ("write_off", 60_000, OURS)
    ]
    same_day = replace(on_hire, issued=replace(ISSUED, on=TODAY, pence=0, is_hire=True))
    assert told(Move.RETURN, State.ON_LOAN, same_day, rates) == [("hire", 150, BOTH)]
    # The rate has ended meanwhile: the nights are not free, nobody has said what they cost.
    ended = replace(on_hire, hire_rates=(InForce(HIRE, date(2020, 1, 1), date(2026, 2, 19)),))
    [nights] = charges_of(Move.RETURN, State.ON_LOAN, ended, rates, on=TODAY)
    assert (nights.price.pence, nights.price.is_unpriced, nights.due.times) == (0, True, 10)


def test_each_night_of_a_hire_is_charged_by_the_rate_of_then() -> None:
    dearer = replace(HIRE, id=9, pence=200)
    hire_rates = (InForce(HIRE, date(2020, 1, 1), date(2026, 2, 22)), InForce(dearer, date(2026, 2, 25)))
    on_hire = replace(BACK, issued=replace(ISSUED, pence=0, is_hire=True), hire_rates=hire_rates)
    posted = charges_of(Move.RETURN, State.ON_LOAN, on_hire, [*RATES, dearer], on=TODAY)
    found = [(one.due.times, one.due.variant, one.price.tariff_id, one.price.pence, one.price.basis) for one in posted]
    assert found == [
        (3, "2026-02-20", HIRE.id, 450, "3 times £1.50 each"),
        (2, "2026-02-23", None, 0, "No rate is in force"),
        (5, "2026-02-25", 9, 1_000, "5 times £2 each"),
    ]


def test_what_has_no_rate_says_so_unless_it_has_a_price_of_its_own() -> None:
    def price(kind: ChargeKind, of_pence: int = 0) -> tuple[int, bool, str]:
        found = price_of(Due(kind, WHOLE, of_pence=of_pence), BED, [])
        return found.pence, found.is_unpriced, found.basis

    assert price(ChargeKind.NEW_PURCHASE, 100) == (100, False, "What it cost")
    assert price(ChargeKind.PARTS, 100) == (100, False, "What the parts cost")
    before = "What it is worth in the books, since it went out before charges began"
    assert price(ChargeKind.WRITE_OFF, 100) == (100, False, before)
    assert price(ChargeKind.REPAIR, 100) == (100, False, "What the labour cost")
    for kind in set(ChargeKind) - {ChargeKind.NEW_PURCHASE, ChargeKind.PARTS, ChargeKind.WRITE_OFF}:
        assert price(kind) == (0, True, "No rate is in force")


def test_each_price_says_how_it_came_about() -> None:
    def basis(due: Due, rate: Tariff) -> str:
        return price_of(due, BED, [rate]).basis

    credit = Due(ChargeKind.CREDIT, WHOLE, of_pence=4_000, months=1)
    assert basis(credit, RATES[-1]) == "80 % of £40 after 1 month"
    assert basis(replace(credit, months=13), RATES[-1]) == "60 % of £40 after 13 months"
    assert basis(credit, replace(RATES[-1], floor_pence=100_001)) == (
        "It cost less than £1,000.01, so nothing is credited"
    )
    assert basis(Due(ChargeKind.HIRE, WHOLE, times=3), HIRE) == "3 times £1.50 each"
    assert basis(Due(ChargeKind.HIRE, WHOLE, is_issue=True), HIRE) == "Charged by the night when it comes back"
    assert basis(Due(ChargeKind.SCRAP, WHOLE), fixed(ChargeKind.SCRAP, 800)) == "Fixed rate"
    back = Due(ChargeKind.WRITE_OFF, WHOLE, of_pence=5, is_taken_back=True)
    assert basis(back, fixed(ChargeKind.WRITE_OFF, 800)) == "The write-off is taken back"


def test_a_credit_is_never_more_than_was_charged_and_keeps_to_the_floor() -> None:
    rate = fixed(ChargeKind.CREDIT, 5_000, floor_pence=3_000)
    due = Due(ChargeKind.CREDIT, WHOLE, of_pence=2_500)
    assert price_of(due, BED, [rate]).pence == -2_500
    assert price_of(due, BED, [rate]).basis == "Fixed rate, but no more than was charged: £25"
    assert price_of(replace(due, of_pence=9_000), BED, [rate]).pence == -5_000
    assert price_of(due, replace(BED, price_pence=2_999), [rate]).pence == 0
    before_the_first_step = replace(RATES[-1], taper=TAPER[1:])
    assert price_of(due, BED, [before_the_first_step]).pence == 0


def test_vat_goes_by_the_rate_and_a_write_off_has_none() -> None:
    vat: dict[str, Any] = {"vat_percent": Decimal(20)}
    rates = [fixed(ChargeKind.SCRAP, 333, **vat), fixed(ChargeKind.WRITE_OFF, 333, **vat)]
    scrap, write_off = charges_of(Move.SCRAP, State.IN_STOCK, replace(BED, issued=None), rates, on=TODAY)
    assert [(line.pence, line.vat_pence) for line in scrap.lines] == [(333, 67)]
    assert [(line.pence, line.vat_pence) for line in write_off.lines] == [(333, 0)]


def test_the_closest_rate_counts() -> None:
    broad = fixed(ChargeKind.DELIVERY, 1)
    named = fixed(ChargeKind.DELIVERY, 2, "same_day")
    beds = fixed(ChargeKind.DELIVERY, 3, category="18 12")
    these = fixed(ChargeKind.DELIVERY, 4, category="18 12 10")
    one = fixed(ChargeKind.DELIVERY, 5, product_id=7)
    others = [
        fixed(ChargeKind.DELIVERY, 6, product_id=8),
        fixed(ChargeKind.DELIVERY, 7, category="18 13"),
        fixed(ChargeKind.DELIVERY, 8, "next_day"),
        fixed(ChargeKind.SCRAP, 9),
    ]
    for count in range(1, 6):
        rates = [broad, named, beds, these, one][:count]
        assert rate_for(ChargeKind.DELIVERY, "same_day", BED, [*others, *rates]) == rates[-1]
    assert rate_for(ChargeKind.DELIVERY, "same_day", BED, others) is None
    assert rate_for(ChargeKind.DELIVERY, "", BED, [named]) is None


def test_what_it_is_worth_in_the_books() -> None:
    assert book_value(BED, [], on=TODAY) == 100_000
    assert book_value(BACK, RATES, on=TODAY) == 60_000
    assert book_value(BACK, RATES, on=date(2027, 3, 2)) == 0
    assert book_value(BACK, [], on=TODAY) == 0
    assert book_value(replace(BACK, is_reusable=False), RATES, on=TODAY) == 0


@pytest.mark.parametrize(
    ("state", "facts", "worth", "because"),
    [
        (State.SCRAPPED, BED, 0, "scrapped"),
        (State.MISSING, BED, 0, "where it is"),
        (State.ON_LOAN, BACK, 0, "until they are credited"),
        (State.ON_LOAN, AGAIN, 45_000, "less what"),
        (State.RETURNED, AGAIN, 0, "until they are credited"),
        (State.IN_STOCK, BED, 100_000, "never issued"),
        (State.IN_STOCK, replace(BACK, is_credited=True), 60_000, "would be credited"),
        (State.IN_STOCK, CREDITED, 30_000, "less the £700 that stands paid"),
        (State.IN_STOCK, replace(CREDITED, paid_pence=100_000), 0, "less the £1,000 that stands paid"),
        (State.ON_LOAN, replace(AGAIN, paid_pence=95_000), 5_000, "less the £950 that stands paid"),
        (State.ON_LOAN, replace(BACK, paid_pence=100_000), 0, "until they are credited"),
        (State.IN_STOCK, replace(BED, paid_pence=0), 100_000, "never issued"),
        (State.RETURNED, replace(CREDITED, paid_pence=0), 100_000, "nothing stands paid of that"),
        (State.ON_LOAN, replace(BACK, issued=replace(ISSUED, is_hire=True)), 60_000, "would be credited"),
    ],
)
def test_what_it_counts_for_today_and_why(state: State, facts: Facts, worth: int, because: str) -> None:
    found, why = worth_today(state, facts, RATES, on=TODAY)
    assert found == worth
    assert because in why


PAID = "Bought for £1,000, less the £700 that stands paid: what it was issued at, less what was credited"


@pytest.mark.parametrize(
    ("rate", "pence", "basis"),
    [
        (None, 30_000, PAID),
        (fixed(ChargeKind.WRITE_OFF, 500), 500, "Fixed rate"),
        (fixed(ChargeKind.WRITE_OFF, 50_000), 30_000, "Fixed rate, but no more than it is worth: £300"),
    ],
)
def test_a_loss_is_reckoned_anew_by_what_is_known_now(rate: Tariff | None, pence: int, basis: str) -> None:
    lost = replace(CREDITED, written_off_pence=7)
    posting = loss_of(State.RETURNED, lost, [rate] if rate else [], on=TODAY)
    assert (posting.price.pence, posting.price.basis) == (pence, basis)
    assert [(line.funder, line.pence) for line in posting.lines] == [("", pence)]


@pytest.mark.parametrize(
    ("since", "until", "months"),
    [
        (date(2026, 1, 31), date(2026, 2, 28), 0),
        (date(2026, 1, 31), date(2026, 3, 31), 2),
        (date(2025, 3, 2), date(2026, 3, 2), 12),
        (date(2026, 3, 2), date(2026, 1, 1), 0),
    ],
)
def test_whole_months(since: date, until: date, months: int) -> None:
    assert whole_months(since, until) == months


def test_names() -> None:
    assert month_of(date(2026, 3, 31)) == date(2026, 3, 1)
    assert [kind.text for kind in (ChargeKind.CREDIT, ChargeKind.WRITE_OFF, ChargeKind.NEW_PURCHASE)] == [
        "Credit on collection",
        "Write-off",
        "New purchase",
    ]
    assert [FunderKind.SECTION_117.text, FunderKind.CHARITY.text] == ["Section 117 aftercare", "Charity"]
    assert not ON_THE_SHELF & {State.DISPATCHED, State.AWAITING_INSPECTION}


def parts_of_100(cuts: list[int]) -> tuple[Share, ...]:
    """Shares between these hundredths of a percent."""
    edges = [0, *sorted(cuts), 10_000]
    return tuple(Share(f"F{place}", Decimal(end - begin) / 100) for place, (begin, end) in enumerate(pairwise(edges)))


shares = st.lists(st.integers(1, 9_999), unique=True, max_size=6).map(parts_of_100)
percents = st.decimals(0, 100, places=2)


@given(pence=st.integers(-(10**9), 10**9), among=shares, vat_percent=percents)
def test_no_penny_is_lost_of_a_charge_a_credit_or_their_tax(
    pence: int, among: tuple[Share, ...], vat_percent: Decimal
) -> None:
    lines = split(pence, among, vat_percent=vat_percent)
    back = split(-pence, among, vat_percent=vat_percent)
    vat = sum(line.vat_pence for line in lines)
    assert sum(line.pence for line in lines) == pence
    assert abs(vat - pence * vat_percent / 100) <= Decimal("0.5")
    assert [(-line.pence, -line.vat_pence) for line in back] == [(line.pence, line.vat_pence) for line in lines]
    for line in lines:
        assert abs(line.pence - pence * line.percent / 100) < 1


@given(move=st.sampled_from(sorted(MOVES)), among=shares, pence=st.integers(0, 10**7), is_hire=st.booleans())
def test_every_move_is_charged_to_the_whole_and_an_issue_once(
    move: tuple[State, Move], among: tuple[Share, ...], pence: int, is_hire: bool
) -> None:
    state, how = move
    facts = replace(BACK, shares=among, price_pence=pence, issued=Issued(TODAY, among, pence, is_hire=is_hire))
    postings = charges_of(how, state, facts, [*RATES, HIRE] if is_hire else RATES, on=TODAY)
    for one in postings:
        assert sum(line.percent for line in one.lines) == 100
        assert sum(line.pence for line in one.lines) == one.price.pence
        assert one.due.is_issue <= (one.due.kind in ISSUES)
        assert one == post(one.due, facts, [*RATES, HIRE] if is_hire else RATES)
    assert sum(one.due.is_issue for one in postings) == is_issue(state, how)
