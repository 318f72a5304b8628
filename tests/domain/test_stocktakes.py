"""What differs between a count and the record, and what is proposed about it."""

from itertools import product

import pytest

from app.domain.lifecycle import IN_STORE, MOVES, OUT, State, can_move
from app.domain.stocktakes import (
    AT_A_DESK,
    CORRECTIONS,
    MOVES_OF,
    Correction,
    Difference,
    Place,
    Standing,
    bays_like,
    find_difference,
    in_numbers,
    may_correct,
    step_after_count,
)

HERE, BAY = Place(1), Place(1, "A1")
D = Difference


def standing(
    state: State = State.IN_STOCK,
    store: int = 1,
    bay: str | None = "A1",
    *,
    expected: bool = True,
    counted: bool = True,
    handled: bool = False,
    in_transit: bool = False,
) -> Standing:
    return Standing(state, store, bay, expected, counted, handled, in_transit)


@pytest.mark.parametrize(
    ("item", "place", "difference"),
    [
        (standing(), HERE, None),
        (standing(), BAY, None),
        (standing(bay="a1"), BAY, None),
        (standing(expected=False), HERE, None),
        (standing(counted=False), HERE, D.MISSING),
        (standing(State.RESERVED, counted=False), BAY, D.MISSING),
        (standing(counted=False, expected=False), HERE, None),
        (standing(counted=False, handled=True), HERE, None),
        (standing(State.ON_LOAN, counted=False, handled=True), HERE, None),
        (standing(store=2, expected=False), HERE, D.OTHER_STORE),
        (standing(store=2, expected=False), BAY, D.OTHER_STORE),
        (standing(store=2, expected=False, handled=True), HERE, None),
        (standing(bay="B2", expected=False), BAY, D.OTHER_BAY),
        (standing(bay=None, expected=False), BAY, D.OTHER_BAY),
        (standing(bay="B2", expected=False), HERE, None),
        (standing(store=2, expected=False, in_transit=True), HERE, D.IN_TRANSIT),
        (standing(State.MISSING, expected=False), HERE, D.MISSING_EARLIER),
        (standing(State.SCRAPPED, store=2, expected=False), HERE, D.SCRAPPED),
        *((standing(state, expected=False), HERE, D.OUT) for state in sorted(OUT)),
    ],
)
def test_a_difference_is_found_where_there_is_one(item: Standing, place: Place, difference: Difference | None) -> None:
    assert find_difference(item, place) == difference


def test_every_difference_has_words_and_proposes_something() -> None:
    assert all(one.text and CORRECTIONS[one] for one in Difference)
    assert all(one.text for one in Correction)


def test_what_could_harm_somebody_is_never_proposed() -> None:
    assert [CORRECTIONS[one][0] for one in (D.OUT, D.SCRAPPED)] == [Correction.NONE, Correction.NONE]
    assert all(Correction.NONE in CORRECTIONS[one] for one in Difference)


@pytest.mark.parametrize(("difference", "correction"), list(product(Difference, Correction)))
def test_a_correction_is_allowed_exactly_where_the_table_has_it(difference: D, correction: Correction) -> None:
    assert may_correct(difference, correction) == (correction in CORRECTIONS[difference])


@pytest.mark.parametrize(
    ("difference", "states"),
    [
        (D.MISSING, IN_STORE),
        (D.OTHER_BAY, IN_STORE),
        (D.OTHER_STORE, IN_STORE),
        (D.OUT, OUT),
        (D.MISSING_EARLIER, {State.MISSING}),
    ],
)
def test_the_lifecycle_has_the_move_of_every_correction(difference: D, states: set[State]) -> None:
    for correction in set(CORRECTIONS[difference]) - {Correction.NONE}:
        assert [state for state in states if not can_move(state, MOVES_OF[correction])] == []


def test_moves_made_at_a_desk_are_moves_of_the_lifecycle() -> None:
    assert set(MOVES) >= AT_A_DESK


@pytest.mark.parametrize(
    ("difference", "route"),
    [
        (None, "leave"),
        (D.OTHER_BAY, "leave"),
        (D.OTHER_STORE, "leave"),
        (D.IN_TRANSIT, "receive"),
        (D.OUT, "query_shelf"),
        (D.SCRAPPED, "scrap_cage"),
    ],
)
def test_who_counts_is_told_what_to_do_with_it(difference: D | None, route: str) -> None:
    assert step_after_count(difference).route == route


@pytest.mark.parametrize("correction", Correction)
def test_what_will_happen_is_said_in_numbers(correction: Correction) -> None:
    one, many = (in_numbers(correction, items, here="Main store, bay A1") for items in (1, 12))
    assert "1 item " in one
    assert "12 items " in many
    assert ("Main store, bay A1" in one) == (correction is Correction.TRANSFER)


@pytest.mark.parametrize(
    ("bay", "like"),
    [("a01", ["A1", "A11"]), ("B-2", ["B2"]), ("Zz9", []), ("shelf", ["Shelf 4"])],
)
def test_bays_that_may_have_been_meant(bay: str, like: list[str]) -> None:
    assert bays_like(bay, ["A1", "A11", "B2", "Shelf 4"]) == like
