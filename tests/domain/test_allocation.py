"""Which item meets a line, and why not the others: each criterion, each refusal, and the laws of choosing."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.allocation import (
    MOST_OTHERS,
    Candidate,
    ProductFacts,
    Wanted,
    check_prefer_new,
    choose,
    find_equivalents,
    is_close_equivalent,
    may_stand_in,
    why_none_fits,
)
from app.domain.authority import Tier
from app.domain.errors import BadValue, Blocker
from app.domain.lifecycle import State
from app.domain.ring_fencing import RingFence

TODAY = date(2026, 3, 2)
YESTERDAY, MAY, AUGUST = TODAY - timedelta(days=1), date(2026, 5, 1), date(2026, 8, 3)
ONE = Wanted("HOIST", 1, "MAIN", TODAY, team_id=1)
OURS = RingFence(7, 1, "North team", "P000001", 3, "Joint Panel")
THEIRS = RingFence(8, 2, "South team", "P000002", 3, "Joint Panel")
HOIST = Candidate(
    "T5", "HOIST", "MAIN", is_recycled=True, is_examined=True, examination_due_on=MAY, safe_working_load_kg=150
)
HELD = Blocker("on-hold", "Fault: the castor is loose.")
DIRTY = Blocker("not-inspected", "It has not passed a functional check.")


def other(barcode: str, **changes: object) -> Candidate:
    return replace(HOIST, barcode=barcode, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("item", "soon_days", "is_told"),
    [
        (HOIST, 60, True),
        (HOIST, 59, False),
        (HOIST, 0, False),
        (replace(HOIST, is_examined=False), 60, False),
    ],
)
def test_what_falls_due_soon_is_told_with_the_choice(item: Candidate, soon_days: int, is_told: bool) -> None:
    [chosen] = choose(replace(ONE, soon_days=soon_days), [item]).chosen
    assert ("a manager or senior prescriber says why" in chosen.detail) == is_told


def test_where_a_panel_approved_recycled_only_nothing_new_is_chosen_also_where_new_was_preferred() -> None:
    wanted = replace(ONE, quantity=2, prefer_new=True, recycled_only=True)
    found = choose(wanted, [other("T1", is_recycled=False), other("T9")])
    assert found.barcodes == ("T9",)
    [new] = found.others
    assert (new.barcode, new.code) == ("T1", "recycled-only")
    assert new.detail == "The panel approved recycled equipment only, and this was never issued before."


def test_what_a_panel_ring_fenced_goes_to_its_team_first_and_to_no_other() -> None:
    found = choose(
        replace(ONE, quantity=3), [other("T1"), other("T8", ring_fence=THEIRS), other("T9", ring_fence=OURS)]
    )
    assert found.barcodes == ("T9", "T1")
    assert found.chosen[0].detail.startswith("It is recycled, is ring-fenced for this team by panel case P000001, ")
    [kept] = found.others
    assert (kept.barcode, kept.code) == ("T8", "ring-fenced")
    said = (
        "It is ring-fenced for South team by panel case P000002. A manager or the chair of Joint Panel can lift that."
    )
    assert kept.detail == said
    assert choose(replace(ONE, team_id=None), [other("T9", ring_fence=OURS)]).barcodes == ()
    assert why_none_fits(found.counted) == "On a shelf, 1 is ring-fenced for another team."


@pytest.mark.parametrize(
    ("better", "worse", "code"),
    [
        (other("T9"), other("T1", is_recycled=False), "new"),
        (other("T9"), other("T1", is_recycled=False, examination_due_on=AUGUST), "new"),
        (other("T9", store="COAST"), other("T1", is_recycled=False), "new"),
        (other("T9"), other("T1", store="COAST"), "other-store"),
        (other("T9", store="COAST", ring_fence=OURS), other("T1", examination_due_on=AUGUST), "not-ring-fenced"),
        (other("T9"), other("T1", is_recycled=False, ring_fence=OURS), "new"),
        (other("T9"), other("T1", store="COAST", examination_due_on=AUGUST), "other-store"),
        (other("T9", examination_due_on=AUGUST), other("T1"), "examined-sooner"),
        (other("T9", is_examined=False, examination_due_on=None), other("T1"), "examined-sooner"),
        (other("T1"), other("T2"), "after-in-order"),
        (other("T9", is_recycled=False), other("T1", product_code="LIFT"), "another-product"),
    ],
)
def test_the_better_item_is_chosen_and_the_other_is_told_why_not(
    better: Candidate, worse: Candidate, code: str
) -> None:
    wanted = replace(ONE, accept_equivalent=True)
    for shelf in ([better, worse], [worse, better]):
        found = choose(wanted, shelf)
        assert found.barcodes == (better.barcode,)
        assert [(one.barcode, one.code) for one in found.others] == [(worse.barcode, code)]
        assert found.counted == {code: 1}


@pytest.mark.parametrize(
    ("changes", "wanted", "code", "says"),
    [
        ({"blockers": (DIRTY, HELD)}, {}, "on-hold", f"{DIRTY.detail} {HELD.detail}"),
        ({"blockers": (DIRTY,)}, {}, "not-clear", DIRTY.detail),
        ({"is_promised": True}, {}, "promised", "It is reserved for another client."),
        ({"examination_due_on": YESTERDAY}, {}, "examination-overdue", "was due by 1 March 2026."),
        ({"examination_due_on": None}, {}, "examination-overdue", "No record says when its examination is due."),
        ({}, {"client_weight_kg": 150.5}, "load-too-low", "It carries 150 kg, and the client weighs 150.5 kg."),
        ({"product_code": "LIFT"}, {}, "equivalent-not-accepted", "does not accept an equivalent."),
    ],
)
def test_what_cannot_be_taken_is_not_taken_even_alone(
    changes: dict[str, object], wanted: dict[str, object], code: str, says: str
) -> None:
    found = choose(replace(ONE, **wanted), [other("T5", **changes)])  # type: ignore[arg-type]
    assert found.chosen == ()
    (reason,) = found.others
    assert reason.code == code
    assert reason.detail.endswith(says)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"examination_due_on": TODAY}, {}),
        ({"is_examined": False, "examination_due_on": None}, {}),
        ({}, {"client_weight_kg": 150}),
        ({"safe_working_load_kg": None}, {"client_weight_kg": 300}),
        ({"product_code": "LIFT"}, {"accept_equivalent": True}),
    ],
)
def test_what_just_fits_is_taken(changes: dict[str, object], wanted: dict[str, object]) -> None:
    assert choose(replace(ONE, **wanted), [other("T5", **changes)]).barcodes == ("T5",)  # type: ignore[arg-type]


def test_new_is_chosen_over_recycled_only_where_the_line_prefers_it() -> None:
    shelf = [other("T1"), other("T2", is_recycled=False)]
    found = choose(replace(ONE, prefer_new=True), shelf)
    assert found.barcodes == ("T2",)
    assert [(one.barcode, one.code) for one in found.others] == [("T1", "recycled")]
    assert found.others[0].detail == "It is recycled, and a new one was asked for with a reason."


def test_the_explanation_is_whole_and_can_be_stored() -> None:
    shelf = [
        other("T1", is_recycled=False, store="COAST", is_examined=False),
        other("T2", blockers=(HELD,)),
        other("T3"),
        other("T4", store="COAST"),
    ]
    found = choose(replace(ONE, quantity=2), shelf, elsewhere={State.ON_LOAN: 12, State.IN_REPAIR: 1})
    assert found.as_json() == {
        "chosen": [
            {
                "barcode": "T3",
                "code": "recycled",
                "detail": "It is recycled, stands in MAIN (the store that delivers) and is next due for its thorough "
                "examination on 1 May 2026.",
            },
            {
                "barcode": "T4",
                "code": "recycled",
                "detail": "It is recycled, stands in COAST and is next due for its thorough examination on 1 May 2026.",
            },
        ],
        "others": [
            {"barcode": "T1", "code": "new", "detail": "It is new, and a recycled one is there."},
            {"barcode": "T2", "code": "on-hold", "detail": "Fault: the castor is loose."},
        ],
        "counted": {"new": 1, "on-hold": 1, "state-in-repair": 1, "state-on-loan": 12},
    }


def test_a_new_item_without_examinations_is_explained_shortly() -> None:
    (chosen,) = choose(ONE, [other("T1", is_recycled=False, is_examined=False)]).chosen
    assert (chosen.code, chosen.detail) == ("new", "It is new and stands in MAIN (the store that delivers).")


def test_of_a_full_shelf_the_nearest_are_explained_and_all_are_counted() -> None:
    found = choose(ONE, [other(f"T{n:03}") for n in range(100)])
    assert found.barcodes == ("T000",)
    assert [one.barcode for one in found.others] == [f"T{n:03}" for n in range(1, MOST_OTHERS + 1)]
    assert found.counted == {"after-in-order": 99}


@pytest.mark.parametrize(
    ("prefer_new", "recycled_is_there", "reason", "refused"),
    [
        (True, True, " ", True),
        (True, True, ".", True),
        (True, True, "The client has an open wound.", False),
        (True, False, "", False),
        (False, True, "", False),
    ],
)
def test_new_over_recycled_needs_a_reason(
    prefer_new: bool, recycled_is_there: bool, reason: str, refused: bool
) -> None:
    if not refused:
        check_prefer_new(prefer_new=prefer_new, recycled_is_there=recycled_is_there, reason=reason)
        return
    with pytest.raises(BadValue, match="Say why a new one is needed") as refusal:
        check_prefer_new(prefer_new=prefer_new, recycled_is_there=recycled_is_there, reason=reason)
    assert (refusal.value.code, refusal.value.field) == ("reason-for-new", "reason_for_new")


ASKED = ProductFacts("HOIST", "12 36 03", Tier.SPECIALIST, 150)


@pytest.mark.parametrize(
    ("code", "category", "tier", "load", "close"),
    [
        ("LIFT", "12 36 03", Tier.SPECIALIST, 150, True),
        ("LIFT", "123603", Tier.STANDARD, 227, True),
        ("LIFT", "12 36 03", Tier.SPECIALIST, 149, False),
        ("LIFT", "12 36 03", Tier.SPECIALIST, None, False),
        ("LIFT", "12 36 03", Tier.HIGHLY_SPECIALIST, 150, False),
        ("LIFT", "12 36 21", Tier.SPECIALIST, 150, False),
        ("LIFT", "12 36", Tier.SPECIALIST, 150, False),
        ("HOIST", "12 36 03", Tier.SPECIALIST, 150, False),
    ],
)
def test_a_close_equivalent_is_of_the_kind_carries_no_less_and_is_no_more_specialist(
    code: str, category: str, tier: Tier, load: float | None, close: bool
) -> None:
    assert is_close_equivalent(ASKED, ProductFacts(code, category, tier, load)) == close


def test_where_no_load_is_known_none_is_compared() -> None:
    asked = replace(ASKED, safe_working_load_kg=None)
    assert is_close_equivalent(asked, replace(ASKED, code="LIFT", safe_working_load_kg=None))


SEAT = ProductFacts("SEAT", "18 09 21", Tier.STANDARD, 150, 40_000, {"seat_width_mm": 460, "seat_depth_mm": 440})


@pytest.mark.parametrize(
    ("sizes", "theirs", "close"),
    [
        ({"seat_width_mm": 460}, {"seat_width_mm": 460, "seat_height_mm": 500}, True),
        ({"seat_width_mm": 460}, {"seat_width_mm": 485}, True),
        ({"seat_width_mm": 460}, {"seat_width_mm": 486}, False),
        ({"seat_width_mm": 460}, {"seat_width_mm": 434}, False),
        ({"seat_width_mm": 460, "seat_depth_mm": 440}, {"seat_width_mm": 460}, False),
        ({}, {"seat_width_mm": 460}, False),
        ({}, {}, False),
    ],
)
@pytest.mark.parametrize("category", ["18 09 21", "12 36 21"])
def test_what_is_fitted_to_a_body_has_the_same_size_and_an_unknown_size_is_not_the_same(
    category: str, sizes: dict[str, int], theirs: dict[str, int], close: bool
) -> None:
    asked = replace(SEAT, category=category, dimensions=sizes)
    other_one = replace(SEAT, code="OTHER", category=category, dimensions=theirs)
    assert is_close_equivalent(asked, other_one) == close


@pytest.mark.parametrize(
    ("category", "price", "stands_in"),
    [
        ("09 12 03", 40_000, True),
        ("09 12 03", 39_999, True),
        ("09 12 03", 40_001, False),
        ("18 09 21", 40_000, True),
        ("12 36 03", 40_000, False),
        ("12 36 21", 40_000, False),
        ("18 12 10", 40_000, False),
        ("18 12 27", 40_000, False),
        ("18 12 18", 40_000, False),
        ("04 33 06", 40_000, False),
    ],
)
def test_nothing_dearer_stands_in_and_nothing_that_must_match_what_it_is_used_with(
    category: str, price: int, stands_in: bool
) -> None:
    asked = replace(SEAT, category=category)
    other_one = replace(asked, code="OTHER", price_pence=price)
    assert is_close_equivalent(asked, other_one)
    assert may_stand_in(asked, other_one) == stands_in


def test_equivalents_on_the_shelf_are_offered_recycled_first_then_by_the_nearest_load() -> None:
    def product(code: str, load: float, recycled: int, new: int) -> ProductFacts:
        return ProductFacts(code, "12 36 03", Tier.SPECIALIST, load, recycled=recycled, new=new)

    others = [
        product("A", 300, 1, 0),
        product("B", 150, 0, 4),
        product("C", 200, 2, 9),
        product("D", 160, 0, 0),
        product("E", 100, 5, 5),
        product("F", 200, 1, 0),
    ]
    assert [one.code for one in find_equivalents(ASKED, others)] == ["C", "F", "A", "B"]


candidates = st.builds(
    Candidate,
    barcode=st.integers(0, 999).map(lambda number: f"T{number:03}"),
    product_code=st.sampled_from(["HOIST", "LIFT"]),
    store=st.sampled_from(["MAIN", "COAST"]),
    is_recycled=st.booleans(),
    is_examined=st.booleans(),
    examination_due_on=st.sampled_from([None, YESTERDAY, TODAY, MAY, AUGUST]),
    safe_working_load_kg=st.sampled_from([None, 100, 150]),
    blockers=st.sampled_from([(), (), (HELD,), (DIRTY,)]),
    is_promised=st.sampled_from([False, False, True]),
)
shelves = st.lists(candidates, max_size=12, unique_by=lambda one: one.barcode)
lines = st.builds(
    Wanted,
    product_code=st.just("HOIST"),
    quantity=st.integers(1, 4),
    store=st.just("MAIN"),
    on=st.just(TODAY),
    client_weight_kg=st.sampled_from([None, 120]),
    accept_equivalent=st.booleans(),
    prefer_new=st.booleans(),
)


@given(lines, shelves)
def test_every_item_is_either_chosen_or_counted_and_the_order_of_the_shelf_does_not_matter(
    wanted: Wanted, shelf: list[Candidate]
) -> None:
    found = choose(wanted, shelf)
    assert found == choose(wanted, shelf[::-1])
    assert len(found.chosen) <= wanted.quantity
    assert len(found.chosen) + sum(found.counted.values()) == len(shelf)
    assert {*found.barcodes, *(one.barcode for one in found.others)} == {one.barcode for one in shelf}


@given(lines, shelves)
def test_nothing_is_chosen_that_may_not_go_or_does_not_fit(wanted: Wanted, shelf: list[Candidate]) -> None:
    by_barcode = {one.barcode: one for one in shelf}
    for barcode in choose(wanted, shelf).barcodes:
        item = by_barcode[barcode]
        assert not item.blockers
        assert not item.is_promised
        assert not item.is_examined or (item.examination_due_on or YESTERDAY) >= TODAY
        assert (item.safe_working_load_kg or 999) >= (wanted.client_weight_kg or 0)
        assert wanted.accept_equivalent or item.product_code == wanted.product_code


@given(lines, shelves)
def test_recycled_goes_before_new_unless_new_is_preferred(wanted: Wanted, shelf: list[Candidate]) -> None:
    by_barcode = {one.barcode: one for one in shelf}
    chosen = [by_barcode[barcode] for barcode in choose(wanted, shelf).barcodes]
    for first, second in pairwise(chosen):
        if first.product_code == second.product_code and first.is_recycled != second.is_recycled:
            assert first.is_recycled is not wanted.prefer_new


@given(lines, shelves)
def test_who_wants_one_more_gets_the_same_and_one_more(wanted: Wanted, shelf: list[Candidate]) -> None:
    few = choose(wanted, shelf).barcodes
    more = choose(replace(wanted, quantity=wanted.quantity + 1), shelf).barcodes
    assert more[: len(few)] == few


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        ({}, ""),
        ({"new": 3, "state-returned": 2}, ""),
        (
            {"recycled-only": 2},
            "On a shelf, 2 are new, and the panel approved recycled equipment only.",
        ),
        ({"load-too-low": 1}, "On a shelf, 1 carries less than the client weighs."),
        (
            {"on-hold": 2, "promised": 1, "load-too-low": 3},
            "On a shelf, 3 carry less than the client weighs, 2 are on hold and 1 is reserved for another client.",
        ),
    ],
)
def test_what_stands_on_a_shelf_and_may_not_be_taken_is_counted(counted: dict[str, int], said: str) -> None:
    assert why_none_fits(counted) == said
