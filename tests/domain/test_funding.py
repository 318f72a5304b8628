"""How a split is disputed and settled: the clock, and a journal in which no penny is lost."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.costs import OWN_ACCOUNT, split
from app.domain.errors import RuleError
from app.domain.funding import Change, Posted, check_lead, kept, make_journal, settle_by, share_visit
from app.domain.panel_funding import Share

TODAY = date(2026, 3, 2)
THIRDS = (Share("ASC", Decimal("33.34")), Share("ICB", Decimal("33.33")), Share("CHC", Decimal("33.33")))
ALONE = (Share("ASC", Decimal(100)),)
HALVES = (Share("ASC", Decimal(50)), Share("ICB", Decimal(50)))


def posted(*charges: tuple[int, int, tuple[Share, ...]], is_provisional: bool = False) -> list[Posted]:
    """The lines of charges of so many pence, with so much tax, that were split so."""
    lines: list[Posted] = []
    for place, (pence, vat, shares) in enumerate(charges):
        net, tax = split(pence, shares), split(vat, shares)
        lines += [
            Posted(len(lines) + 1 + at, UUID(int=place), one.funder, one.percent, one.pence, more.pence, is_provisional)
            for at, (one, more) in enumerate(zip(net, tax, strict=True))
        ]
    return lines


@pytest.mark.parametrize(
    ("asked", "day"),
    [(None, date(2026, 3, 30)), (TODAY, TODAY), (date(2027, 3, 3), date(2027, 3, 3))],
)
def test_a_dispute_has_four_weeks_or_the_day_that_is_named(asked: date | None, day: date) -> None:
    assert settle_by(asked, today=TODAY) == day


@pytest.mark.parametrize("asked", [date(2026, 3, 1), date(2027, 3, 4)])
def test_a_day_that_is_past_or_too_far_is_refused(asked: date) -> None:
    with pytest.raises(RuleError) as refusal:
        settle_by(asked, today=TODAY)
    assert refusal.value.code == "settle-by-out-of-range"


def test_who_leads_pays_a_part() -> None:
    check_lead("CHILD", ())
    check_lead("asc", HALVES)
    with pytest.raises(RuleError) as refusal:
        check_lead("CHILD", HALVES)
    assert refusal.value.code == "lead-funder-pays-nothing"


@pytest.mark.parametrize(
    ("lead", "shares", "found"), [("ASC", ALONE, ()), ("ICB", ALONE, ALONE), ("ASC", HALVES, HALVES), ("ASC", (), ())]
)
def test_nothing_is_kept_where_the_lead_pays_for_everything(
    lead: str, shares: tuple[Share, ...], found: tuple[Share, ...]
) -> None:
    assert kept(lead, shares) == found


def test_another_split_takes_back_each_charge_and_posts_it_anew() -> None:
    journal = make_journal(posted((10_000, 2_000, ALONE), (-8_000, 0, ALONE)), THIRDS)
    assert journal.reversed == (1, 2)
    assert [[line.pence for line in one.lines] for one in journal.replaced] == [
        [3334, 3333, 3333],
        [-2667, -2667, -2666],
    ]
    assert [one.corrects for one in journal.replaced] == [(1, 1, 1), (2, 2, 2)]
    assert journal.posted == 6
    assert journal.changes == (
        Change("ASC", 2_000, 667, 2_000, 667),
        Change("CHC", 0, 667, 0, 666),
        Change("ICB", 0, 666, 0, 667),
    )
    assert [(one.pence, one.vat_pence) for one in journal.changes] == [(-1_333, -1_333), (667, 666), (666, 667)]


def test_what_is_split_so_already_stays_but_is_not_provisional_any_more() -> None:
    assert make_journal(posted((999, 0, HALVES)), HALVES).reversed == ()
    assert make_journal(posted((999, 0, HALVES), is_provisional=True), HALVES).reversed == (1, 2)
    assert make_journal(posted((999, 0, HALVES)), HALVES, is_provisional=True).reversed == (1, 2)


def test_what_the_service_bears_and_what_a_person_agreed_to_is_nobodys_to_split() -> None:
    apart = posted((500, 0, (Share(OWN_ACCOUNT, Decimal(100)),)), (700, 0, (Share("SELF", Decimal(100)),)))
    journal = make_journal(apart, HALVES, persons={"SELF"})
    assert (journal.reversed, journal.replaced, journal.changes) == ((), (), ())


charges = st.lists(
    st.tuples(st.integers(-100_000, 100_000), st.integers(-20_000, 20_000), st.sampled_from([ALONE, HALVES, THIRDS])),
    max_size=5,
)


@given(charges, st.sampled_from([ALONE, HALVES, THIRDS, (Share("ICB", Decimal(100)),)]))
def test_no_penny_is_lost(before: list[tuple[int, int, tuple[Share, ...]]], shares: tuple[Share, ...]) -> None:
    lines = posted(*before)
    journal = make_journal(lines, shares)
    assert sum(change.pence for change in journal.changes) == 0
    assert sum(change.vat_pence for change in journal.changes) == 0
    gone = [line for line in lines if line.id in journal.reversed]
    new = [line for one in journal.replaced for line in one.lines]
    assert sum(line.pence for line in gone) == sum(line.pence for line in new)
    assert all(sum(line.percent for line in one.lines) == 100 for one in journal.replaced)
    # Once more changes nothing.
    again = posted(*[(pence, vat, shares) for pence, vat, _ in before])
    assert make_journal(again, shares).reversed == ()


def test_what_a_person_adds_relieves_each_to_the_penny_however_it_is_settled() -> None:
    whole = Decimal(100)
    lines = [
        Posted(1, UUID(int=1), "ASC", whole, 10_001, 0),
        Posted(2, UUID(int=2), "SELF", whole, 5_001, 0),
        Posted(3, UUID(int=3), "ASC", whole, -5_001, 0, beside=UUID(int=1)),
    ]
    journal = make_journal(lines, THIRDS, persons={"SELF"})
    assert journal.reversed == (1, 3)
    issue, less = ([line.pence for line in one.lines] for one in journal.replaced)
    assert (sum(issue), sum(less)) == (10_001, -5_001)
    # Each pays exactly its part of what is left, so that a credit of all of it is no more than that.
    assert [mine + back for mine, back in zip(issue, less, strict=True)] == [
        line.pence for line in split(5_000, THIRDS)
    ]


def parts(*said: tuple[str, str]) -> tuple[Share, ...]:
    return tuple(Share(funder, Decimal(percent)) for funder, percent in said)


@pytest.mark.parametrize(
    ("things", "shares"),
    [
        ([], ()),
        ([[("ASC", "100")]], [("ASC", "100")]),
        ([[("ASC", "33.34"), ("ICB", "66.66")]], [("ASC", "33.34"), ("ICB", "66.66")]),
        ([[("ASC", "100")], [("ICB", "100")]], [("ASC", "50"), ("ICB", "50")]),
        ([[("ASC", "100")], [("ICB", "100")], [("ASC", "100")]], [("ASC", "66.67"), ("ICB", "33.33")]),
        ([[("A", "100")], [("B", "100")], [("C", "100")]], [("A", "33.34"), ("B", "33.33"), ("C", "33.33")]),
        ([[("ASC", "60.01"), ("ICB", "39.99")], [("", "100")]], [("ASC", "30.01"), ("ICB", "19.99"), ("", "50")]),
        ([[("A", "99.99"), ("B", "0.01")], *([[("A", "100")]] * 2)], [("A", "100")]),
    ],
)
def test_a_drive_is_shared_by_its_things(things: list[list[tuple[str, str]]], shares: list[tuple[str, str]]) -> None:
    assert share_visit((None, parts(*thing)) for thing in things) == tuple((None, one) for one in parts(*shares))


def test_the_part_of_an_order_in_a_drive_is_split_by_itself() -> None:
    thirds = share_visit([(7, THIRDS), (None, ALONE), (7, THIRDS)])
    assert thirds == (
        (7, Share("ASC", Decimal("22.23"))),
        (7, Share("ICB", Decimal("22.22"))),
        (7, Share("CHC", Decimal("22.22"))),
        (None, Share("ASC", Decimal("33.33"))),
    )


def test_settling_splits_the_part_of_the_order_anew_and_leaves_that_of_the_other() -> None:
    drive = UUID(int=1)
    lines = [
        Posted(1, drive, "ASC", Decimal("33.34"), 400, 80),
        Posted(2, drive, "ICB", Decimal("33.33"), 401, 80),
        Posted(3, drive, "ASC", Decimal("33.33"), 399, 79, is_others=True),
    ]
    journal = make_journal(lines, THIRDS)
    assert journal.reversed == (1, 2, 3)
    [one] = journal.replaced
    assert one.corrects == (1, 2, 1, 3)
    assert [(line.funder, line.percent, line.pence, line.vat_pence) for line in one.lines] == [
        ("ASC", Decimal("22.23"), 267, 54),
        ("ICB", Decimal("22.22"), 267, 53),
        ("CHC", Decimal("22.22"), 267, 53),
        ("ASC", Decimal("33.33"), 399, 79),
    ]
    assert {change.funder: change.pence for change in journal.changes} == {"ASC": -133, "CHC": 267, "ICB": -134}
    # What another order pays is never this one's to settle.
    assert make_journal(lines[2:], THIRDS).reversed == ()
