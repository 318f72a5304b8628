"""What a prescriber is warned of: each warning alone, what it is about, and when it stays away."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.combinations import (
    BEDS_ALERT,
    Fits,
    OrderWarning,
    Piece,
    Place,
    Severity,
    Weight,
    bears_a_person,
    carries,
    carries_less,
    check_answered,
    find_warnings,
    item_load,
    lifts,
    order_load_blockers,
    place_load_blockers,
    unanswered,
)
from app.domain.errors import Incomplete

TODAY = date(2026, 3, 2)
BED = Piece("BED", "Profiling bed", "18 12 10", 180)
RAIL = Piece("RAIL", "Bed lever", "18 12 27", None)
MATTRESS = Piece("MATT", "Air mattress", "04 33 06", 200)
HOIST = Piece("HOIST", "Mobile hoist", "12 36 03", 150)
SLING = Piece("SLING", "Loop sling", "12 36 21", 227)
CHAIR = Piece("CHAIR", "Tilt chair", "18 09 21", 160)
COMMODE = Piece("COMM", "Commode", "09 12 03", 190)
PIECES = [BED, RAIL, MATTRESS, HOIST, SLING, CHAIR, COMMODE]
LIGHT = Weight(82.5, TODAY)


def home(piece: Piece, barcode: str = "T1") -> Piece:
    return replace(piece, place=Place.AT_HOME, reference=barcode)


def on_order(piece: Piece, number: str = "O7") -> Piece:
    return replace(piece, place=Place.ON_ANOTHER_ORDER, reference=number)


def go_together(*pieces: Piece, said: bool = True) -> Fits:
    codes = [piece.product_code for piece in pieces]
    return {frozenset({a, b}): said for a in codes for b in codes if a < b}


ALL_FIT = go_together(*PIECES)


def warned(
    ordered: list[Piece],
    around: tuple[Piece, ...] = (),
    *,
    fits: Fits = ALL_FIT,
    weight: Weight | None = LIGHT,
) -> list[str]:
    """Each warning as `severity code subject`."""
    found = find_warnings(ordered, around, fits=fits, weight=weight, today=TODAY)
    assert all(warning.detail.endswith(".") and warning.source for warning in found)
    return [f"{warning.severity} {warning.code} {warning.subject}" for warning in found]


def only(ordered: list[Piece], *around: Piece, fits: Fits = ALL_FIT, weight: Weight | None = LIGHT) -> OrderWarning:
    (found,) = find_warnings(ordered, around, fits=fits, weight=weight, today=TODAY)
    return found


@pytest.mark.parametrize(
    ("ordered", "around", "warnings"),
    [
        ([BED], (), []),
        ([MATTRESS], (), []),
        ([COMMODE], (home(CHAIR), home(BED)), []),
        ([RAIL], (), ["danger entrapment RAIL"]),
        ([BED, MATTRESS], (), ["caution entrapment BED+MATT"]),
        ([BED, RAIL, MATTRESS], (), ["danger entrapment BED+MATT+RAIL"]),
        ([MATTRESS], (home(BED),), ["caution entrapment BED+MATT"]),
        ([MATTRESS], (home(BED), home(RAIL)), ["danger entrapment BED+MATT+RAIL"]),
        ([MATTRESS], (on_order(BED),), ["caution entrapment BED+MATT"]),
        ([COMMODE], (home(BED), home(RAIL)), []),
        ([HOIST, SLING], (), ["note weakest-load HOIST+SLING"]),
        ([SLING], (home(HOIST),), ["note weakest-load HOIST+SLING"]),
        ([COMMODE], (home(HOIST), home(SLING)), []),
    ],
)
def test_what_belongs_together_is_looked_at_together(
    ordered: list[Piece], around: tuple[Piece, ...], warnings: list[str]
) -> None:
    assert warned(ordered, around) == warnings


def test_the_entrapment_warning_names_the_things_and_the_alert() -> None:
    warning = only([RAIL, MATTRESS], home(BED))
    assert warning.source == BEDS_ALERT == "NatPSA/2023/010/MHRA"
    assert warning.detail.startswith("Air mattress + Bed lever + Profiling bed: people have died")


@pytest.mark.parametrize(
    ("ordered", "kg", "warnings"),
    [
        ([BED], 39.9, ["danger small-stature BED"]),
        ([BED], 40, []),
        ([RAIL], 30, ["danger entrapment RAIL", "danger small-stature RAIL"]),
        ([MATTRESS], 30, []),
    ],
)
def test_a_bed_for_adults_is_not_for_the_small(ordered: list[Piece], kg: float, warnings: list[str]) -> None:
    assert warned(ordered, weight=Weight(kg, TODAY)) == warnings


@pytest.mark.parametrize(("a", "b"), [(BED, RAIL), (BED, MATTRESS), (RAIL, MATTRESS), (HOIST, SLING)])
def test_where_nobody_has_said_that_they_go_together_that_is_said(a: Piece, b: Piece) -> None:
    subject = "+".join(sorted((a.product_code, b.product_code)))
    for ordered, around in (([a, b], ()), ([a], (home(b),)), ([b], (on_order(a),))):
        assert f"caution not-declared-compatible {subject}" in warned(ordered, around, fits={})
        assert f"danger incompatible {subject}" in warned(ordered, around, fits=go_together(a, b, said=False))


def test_of_other_pairs_only_what_is_declared_is_said() -> None:
    assert warned([CHAIR, COMMODE], fits={}) == []
    assert warned([CHAIR], (home(COMMODE),), fits=go_together(CHAIR, COMMODE, said=False)) == [
        "danger incompatible CHAIR+COMM"
    ]
    assert warned([COMMODE], (home(BED), home(HOIST)), fits={}) == []


@pytest.mark.parametrize(
    ("hoist", "sling", "weight", "warnings"),
    [
        (150, 227, 150, ["note weakest-load HOIST+SLING"]),
        (150, 227, 150.5, ["danger over-weakest-load HOIST+SLING"]),
        (227, 150, 160, ["danger over-weakest-load HOIST+SLING"]),
        (None, 150, 160, ["danger over-weakest-load HOIST+SLING"]),
        (None, 150, 140, ["caution weakest-load-unknown HOIST+SLING"]),
        (150, None, 140, ["caution weakest-load-unknown HOIST+SLING"]),
        (None, None, 140, ["caution weakest-load-unknown HOIST+SLING"]),
        (150, 227, None, ["caution weight-unknown client", "note weakest-load HOIST+SLING"]),
        (
            None,
            None,
            None,
            ["caution weakest-load-unknown HOIST+SLING", "caution weight-unknown client"],
        ),
    ],
)
def test_a_hoist_and_its_sling_carry_what_the_weaker_carries(
    hoist: float | None, sling: float | None, weight: float | None, warnings: list[str]
) -> None:
    pieces = [replace(HOIST, safe_working_load_kg=hoist), replace(SLING, safe_working_load_kg=sling)]
    known = Weight(weight, TODAY) if weight else None
    assert warned(pieces, weight=known) == warnings
    assert warned(pieces[1:], (home(pieces[0]),), weight=known) == warnings


def test_the_weakest_load_is_named_with_the_weight() -> None:
    warning = only([HOIST], home(SLING), weight=Weight(160, TODAY))
    assert warning.detail.startswith("Mobile hoist and Loop sling carry 150 kg together, and the client weighs 160 kg.")


@pytest.mark.parametrize(
    ("ordered", "around", "kg", "warnings"),
    [
        ([COMMODE], (), 190, []),
        ([COMMODE], (), 190.5, ["danger over-safe-working-load COMM"]),
        ([RAIL], (), 300, ["danger entrapment RAIL"]),  # no load is known of it
        ([COMMODE], (home(CHAIR),), 170, ["danger over-safe-working-load CHAIR"]),
        ([COMMODE], (on_order(CHAIR),), 170, ["danger over-safe-working-load CHAIR"]),
        ([HOIST], (), 160, ["danger over-safe-working-load HOIST"]),
        (
            [CHAIR],
            (home(CHAIR),),
            170,
            ["danger over-safe-working-load CHAIR", "note already-at-home CHAIR"],
        ),
    ],
)
def test_what_carries_less_than_the_client_weighs_is_a_danger(
    ordered: list[Piece], around: tuple[Piece, ...], kg: float, warnings: list[str]
) -> None:
    assert warned(ordered, around, weight=Weight(kg, TODAY)) == warnings


@pytest.mark.parametrize(
    ("place", "where"), [(home, "Tilt chair, at the client's, "), (on_order, ", on another order")]
)
def test_a_load_elsewhere_says_where(place: object, where: str) -> None:
    assert callable(place)
    assert where in only([COMMODE], place(CHAIR), weight=Weight(170, TODAY)).detail


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize(
    ("weight", "code"),
    [
        (None, "weight-unknown"),
        (Weight(80, date(2025, 9, 1)), "weight-old"),
        (Weight(80, date(2025, 9, 2)), None),
        (Weight(80, TODAY), None),
    ],
)
def test_what_bears_a_client_wants_a_weight_that_still_holds(
    piece: Piece, weight: Weight | None, code: str | None
) -> None:
    said = [one for one in warned([piece], weight=weight) if "weight-" in one]
    bears = piece != RAIL
    assert said == ([f"caution {code} client"] if code and bears else [])


@pytest.mark.parametrize(
    ("what", "category", "load", "bears"),
    [
        ("shower chair", "09 33 07", 160, True),
        ("commode", "09 12 03", 190, True),
        ("bath board", "09 33 04", 170, True),
        ("raised toilet seat", "09 12 15", 190, True),
        ("stand aid", "12 31 09", 170, True),
        ("transfer board", "12 31 03", 130, True),
        ("rollator", "12 06 06", 150, True),
        ("walking frame", "12 06 03", 160, True),
        ("stick", "12 03 03", 125, True),
        ("grab rail", "18 18 06", 125, True),
        ("ramp", "18 30 15", 300, True),
        ("bed lever with a load", "18 12 27", 120, True),
        ("bed lever without one", "18 12 27", None, False),
        ("stick without a load", "12 03 03", None, False),
        ("bed without a load", "18 12 10", None, True),
        ("mattress without a load", "04 33 06", None, True),
        ("perching stool without a load", "18 09 04", None, True),
        ("sling without a load", "12 36 21", None, True),
        ("a load and no category", "", 100, True),
        ("a load and a word for a category", "Misc", 100, True),
        ("overbed table", "18 03 15", 20, False),
        ("shelf", "18 36 03", 40, False),
        ("trolley", "24 36 06", 30, False),
        ("none of it", "", None, False),
    ],
)
def test_what_bears_a_person_is_everything_with_a_load_but_what_bears_things(
    what: str, category: str, load: float | None, bears: bool
) -> None:
    assert bears_a_person(category, load) is bears, what


@pytest.mark.parametrize(
    ("category", "load", "weight", "carried"),
    [
        ("09 12 03", 150, 150, True),
        ("09 12 03", 150, 150.5, False),
        ("09 12 03", 150, None, None),
        ("18 12 10", None, 80, None),
        ("09 12 03", None, 80, True),  # nobody has said that it bears anybody
        ("18 03 15", 20, None, True),
        ("", None, None, True),
    ],
)
def test_whether_it_carries_somebody_is_known_or_not(
    category: str, load: float | None, weight: float | None, carried: bool | None
) -> None:
    assert carries(category, load, weight) is carried


def test_duplicates_are_named_once_with_where_they_are() -> None:
    other_sling = replace(SLING, product_code="SLING-L", name="Large sling")
    around = (home(SLING, "T1"), home(other_sling, "T2"), on_order(other_sling, "O9"), home(CHAIR, "T3"))
    found = find_warnings([SLING, SLING], around, fits=ALL_FIT, weight=LIGHT, today=TODAY)
    assert [(one.severity, one.code, one.subject, one.detail) for one in found] == [
        (
            Severity.CAUTION,
            "already-on-order",
            "SLING",
            "Loop sling: it is on order for the client already, or another of its kind: Large sling (O9).",
        ),
        (
            Severity.NOTE,
            "already-at-home",
            "SLING",
            "Loop sling: the client has it already, or another of its kind: Large sling (T2), Loop sling (T1).",
        ),
    ]


def test_a_note_needs_no_answer_and_an_answer_is_for_one_warning() -> None:
    found = find_warnings([BED, MATTRESS], [home(BED)], fits={}, weight=None, today=TODAY)
    assert [(one.code, one.subject) for one in found] == [
        ("entrapment", "BED+MATT"),
        ("not-declared-compatible", "BED+MATT"),
        ("weight-unknown", "client"),
        ("already-at-home", "BED"),
    ]
    answers = {("entrapment", "BED+MATT"), ("weight-unknown", "somebody")}
    left = unanswered(found, answers)
    assert [one.code for one in left] == ["not-declared-compatible", "weight-unknown"]


some_pieces = st.lists(st.sampled_from(PIECES), max_size=4)
some_around = st.lists(st.sampled_from([*map(home, PIECES), *map(on_order, PIECES)]), max_size=4)
some_fits = st.dictionaries(
    st.sets(st.sampled_from([piece.product_code for piece in PIECES]), min_size=2, max_size=2).map(frozenset),
    st.booleans(),
)
some_weights = st.none() | st.builds(
    Weight, st.sampled_from([30.0, 82.5, 155.0, 210.0]), st.sampled_from([TODAY, date(2025, 1, 1)])
)


@given(some_pieces, some_around, some_fits, some_weights)
def test_the_order_of_the_pieces_changes_nothing_and_every_warning_is_named_once(
    ordered: list[Piece], around: list[Piece], fits: Fits, weight: Weight | None
) -> None:
    found = find_warnings(ordered, around, fits=fits, weight=weight, today=TODAY)
    assert found == find_warnings(ordered[::-1], around[::-1], fits=fits, weight=weight, today=TODAY)
    names = [(one.code, one.subject) for one in found]
    assert len(names) == len(set(names))
    assert [one.severity for one in found] == sorted((one.severity for one in found), key=list(Severity).index)
    assert unanswered(found, names) == []


@given(some_pieces, some_around, some_weights)
def test_nobody_heavier_than_the_weakest_part_goes_unwarned(
    ordered: list[Piece], around: list[Piece], weight: Weight | None
) -> None:
    found = find_warnings(ordered, around, fits=ALL_FIT, weight=weight, today=TODAY)
    dangers = {code for one in found if one.severity is Severity.DANGER for code in one.subject.split("+")}
    for piece in (*ordered, *around):
        if weight and piece.safe_working_load_kg and weight.kg > piece.safe_working_load_kg:
            assert piece.product_code in dangers


@pytest.mark.parametrize(
    ("category", "does"), [("12 36 03", True), ("12 36 21", True), ("18 12 10", False), ("", False)]
)
def test_hoists_and_slings_lift(category: str, does: bool) -> None:
    assert lifts(category) is does


@pytest.mark.parametrize(("load", "weight"), [(None, 120), (100, None), (100, 100), (100, 99.5)])
def test_a_load_that_is_unknown_or_enough_bars_nothing(load: float | None, weight: float | None) -> None:
    assert place_load_blockers(load, weight) == []


def test_a_load_that_is_too_low_says_both_figures() -> None:
    [blocker] = place_load_blockers(100, 100.5)
    assert (blocker.code, blocker.detail) == ("load-too-low", "It carries 100 kg, and the client weighs 100.5 kg.")


@pytest.mark.parametrize(
    ("product", "certified", "carries"),
    [(200, 160, 160), (200, 240, 200), (200, None, 200), (None, 160, 160), (None, None, None)],
)
def test_an_item_carries_the_lower_of_what_its_product_does_and_of_what_was_certified(
    product: int | None, certified: int | None, carries: int | None
) -> None:
    assert item_load(product, certified) == carries


@pytest.mark.parametrize(
    ("carried", "ordered", "weight", "is_decided", "said"),
    [
        (160, 200, 150, False, None),
        (160, 200, 180, False, "It carries 160 kg, and the client weighs 180 kg."),
        (200, 200, None, False, None),
        (160, None, None, False, None),
        (None, 200, 180, False, None),
        # What was decided about is the product's load, not one below it.
        (200, 200, 220, True, None),
        (160, 200, 220, True, "It carries 160 kg, less than the 200 kg that were ordered for a client of 220 kg."),
        (
            160,
            200,
            None,
            False,
            "It carries 160 kg, less than the 200 kg that were ordered for a client of a weight that nobody knows.",
        ),
    ],
)
def test_an_order_gets_what_carries_the_client_or_what_was_decided_about(
    carried: int | None, ordered: int | None, weight: int | None, is_decided: bool, said: str | None
) -> None:
    found = order_load_blockers(carried, ordered, weight, is_decided=is_decided)
    assert [(one.code, one.detail) for one in found] == ([("load-too-low", said)] if said else [])


@pytest.mark.parametrize(
    ("ordered", "around", "warnings"),
    [
        ([replace(CHAIR, safe_working_load_kg=None)], (), ["caution load-unknown CHAIR"]),
        ([replace(HOIST, safe_working_load_kg=None)], (), ["caution load-unknown HOIST"]),
        # Of a hoist with its sling that is said of both, and of what stays at home nothing is asked anew.
        ([replace(HOIST, safe_working_load_kg=None)], (home(SLING),), ["caution weakest-load-unknown HOIST+SLING"]),
        ([COMMODE], (home(replace(CHAIR, safe_working_load_kg=None)),), []),
        # A rail bears nobody, and a commode of which no load is known is none of the kinds.
        ([replace(COMMODE, safe_working_load_kg=None)], (), []),
    ],
)
def test_a_load_that_nobody_knows_is_asked_about_where_it_must_bear_somebody(
    ordered: list[Piece], around: tuple[Piece, ...], warnings: list[str]
) -> None:
    assert warned(ordered, around, weight=LIGHT) == warnings


def test_what_is_not_known_may_be_left_out_by_a_short_form_alone() -> None:
    warnings = find_warnings([replace(CHAIR, safe_working_load_kg=None)], (), fits={}, weight=None, today=TODAY)
    assert [one.code for one in warnings] == ["load-unknown", "weight-unknown"]
    assert check_answered(warnings, set(), is_short=True) == warnings
    with pytest.raises(Incomplete, match="2 warnings"):
        check_answered(warnings, set())


@pytest.mark.parametrize(
    ("carried", "product", "less"), [(160, 200, True), (200, 200, False), (160, None, False), (None, None, False)]
)
def test_an_item_that_carries_less_than_its_product_is_told_from_others(
    carried: float | None, product: float | None, less: bool
) -> None:
    assert carries_less(carried, product) is less


@pytest.mark.parametrize(("said", "count"), [(0, "are 2 warnings"), (1, "is 1 warning")])
def test_what_is_not_answered_is_refused_with_all_that_there_is_to_answer(said: int, count: str) -> None:
    warnings = find_warnings([HOIST], (home(SLING),), fits={}, weight=None, today=TODAY)
    asked = [warning for warning in warnings if warning.severity is not Severity.NOTE]
    assert len(asked) == 2
    answers = {(one.code, one.subject) for one in asked}
    check_answered(warnings, answers)
    with pytest.raises(Incomplete, match=f"There {count} without an answer") as refusal:
        check_answered(warnings, {(one.code, one.subject) for one in asked[:said]})
    assert refusal.value.wanted == {
        "warnings": [
            {
                "code": one.code,
                "subject": one.subject,
                "severity": "caution",
                "detail": one.detail,
                "source": one.source,
            }
            for one in asked[said:]
        ]
    }
