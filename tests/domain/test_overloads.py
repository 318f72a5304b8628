"""What at a client's carries less than they weigh, and what loads names speak of."""

from datetime import date

import pytest

from app.domain.errors import Conflict
from app.domain.overloads import (
    LESS,
    Borne,
    asks_for_load,
    belied_load,
    check_load_stays,
    find_overloads,
    is_heavier,
    loads_in,
    weight_wanted,
)

HOIST, SLING, CHAIR, TABLE = "12 36 03", "12 36 21", "18 09 03", "18 03 15"


def borne(barcode: str, category: str, carries: float | None) -> Borne:
    return Borne(barcode, f"Thing {barcode}", category, carries)


@pytest.mark.parametrize(
    ("there", "over"),
    [
        ([], []),
        ([("A", CHAIR, 150)], []),
        ([("A", CHAIR, 149)], [("A", "A")]),
        # What nobody knows, and what bears things, is not stopped.
        ([("A", CHAIR, None)], []),
        ([("A", TABLE, 20)], []),
        # A hoist and a sling carry what the weaker of them does.
        ([("H", HOIST, 200), ("S", SLING, 130)], [("H", "S"), ("S", "S")]),
        ([("H", HOIST, 130), ("S", SLING, 200)], [("H", "H"), ("S", "H")]),
        ([("H", HOIST, 130), ("S", SLING, 120)], [("H", "H"), ("S", "S")]),
        ([("H", HOIST, 200), ("S", SLING, 130), ("T", SLING, 140)], [("H", "T"), ("S", "S"), ("T", "T")]),
        # With one that bears them it may be used; with one of which nobody knows, the record cannot say.
        ([("H", HOIST, 200), ("S", SLING, 130), ("T", SLING, 227)], [("S", "S")]),
        ([("H", HOIST, 200), ("S", SLING, None)], []),
        ([("H", HOIST, 200), ("A", CHAIR, 100)], [("A", "A")]),
    ],
)
def test_what_must_not_bear_a_person_of_150_kg_and_which_is_too_weak(
    there: list[tuple[str, str, float | None]], over: list[tuple[str, str]]
) -> None:
    found = find_overloads([borne(*one) for one in there], 150)
    assert [(one.barcode, one.weakest) for one in found] == over


def test_why_is_said_without_anybodys_weight() -> None:
    hoist, sling = find_overloads([borne("ES000000101", HOIST, 200), borne("ES000000202", SLING, 130)], 150)
    assert hoist.why == (
        "It is used with Thing ES000000202 (ES-0000002-02), and together they carry only 130 kg, the load of the "
        "weaker. That is less than the person weighs."
    )
    assert sling.why == "It carries only 130 kg. That is less than the person weighs."


@pytest.mark.parametrize(
    ("weight", "was", "heavier"),
    [(None, None, False), (None, 80, False), (80, None, True), (80, 80, False), (81, 80, True), (79, 80, False)],
)
def test_only_a_weight_above_what_was_known_is_looked_at_again(
    weight: float | None, was: float | None, heavier: bool
) -> None:
    assert is_heavier(weight, was) is heavier


def test_a_weight_is_asked_for_where_a_load_was_lowered() -> None:
    assert weight_wanted(160, date(2026, 3, 2)) == (
        "Its load was lowered to 160 kg on 2 March 2026, and nobody knows what this person weighs. Weigh them "
        "before it is used again, and write the weight in their record."
    )
    assert weight_wanted(160, None) is None
    assert weight_wanted(None, date(2026, 3, 2)) is None


@pytest.mark.parametrize(
    ("name", "loads"),
    [
        ("Mobile hoist 150 kg", [150]),
        ("Hoist (150kg)", [150]),
        ("Bariatric bed, 318-KG", [318]),
        ("Sling 100–227 kgs", [227]),  # noqa: RUF001 - as catalogues write it
        ("Hoist 150/200 kg", [200]),
        ("Rated 1,000 kilograms or 500 kilo", [1000, 500]),
        ("Bed 200 kg with rail 15 kg", [200, 15]),
        ("Hoist 150", []),
        ("Model 12.5 kg", []),
        ("Hoist kg", []),
        ("150 kgf gauge", []),
        ("", []),
    ],
)
def test_the_loads_that_a_name_speaks_of(name: str, loads: list[int]) -> None:
    assert loads_in(name) == loads


@pytest.mark.parametrize(
    ("names", "carries", "belied"),
    [
        (["Hoist 150 kg"], 120, 150),
        (["Hoist 150 kg"], 150, None),
        (["Hoist 150 kg"], 200, None),
        (["Hoist 150 kg"], None, None),
        (["Hoist", None, "H 180kg"], 120, 180),
        (["Hoist 150 kg", "H 180kg"], 120, 180),
        (["Hoist"], 120, None),
    ],
)
def test_a_name_that_speaks_of_more_than_the_item_carries_is_belied(
    names: list[str | None], carries: float | None, belied: int | None
) -> None:
    assert belied_load(names, carries) == belied


def test_a_load_that_is_known_is_changed_and_not_taken_out() -> None:
    for load, was in ((None, None), (120, None), (100, 120), (150, 120)):
        check_load_stays(load, was)
    with pytest.raises(Conflict) as refused:
        check_load_stays(None, 120)
    assert (refused.value.code, refused.value.field) == ("load-is-known", "safe_working_load_kg")


def test_a_reason_says_whether_its_use_was_stopped_for_its_load() -> None:
    assert asks_for_load(f"It carries only 120 kg. {LESS}")
    assert not asks_for_load("The castor is loose.")
