"""What to look for in the catalogue when a notice arrives."""

import pytest

from app.domain.catalogue_terms import (
    MOST_TERMS,
    Found,
    check_explained,
    check_terms,
    likelihood,
    plain,
    terms_of,
    terms_with,
    things_in,
)
from app.domain.errors import BadValue, Conflict


@pytest.mark.parametrize(
    ("title", "things"),
    [
        (
            "Medical beds, bed rails, bed grab handles and turning devices: risk of harm (NatPSA/2023/010/MHRA)",
            ["Medical beds", "bed rails", "bed grab handles", "turning devices"],
        ),
        ("Wheeled walking frames (all models) - potential for detachment", ["Wheeled walking frames"]),
        ("Field Safety Notices: 20 to 24 April 2026", ["20 to 24 April 2026"]),
        ("ab, 12-34, one two three four five six", []),
        ("", []),
    ],
)
def test_a_title_lists_things(title: str, things: list[str]) -> None:
    assert things_in(title) == things


def test_makers_and_models_of_the_catalogue_come_first_when_the_notice_names_them() -> None:
    terms = terms_of(
        "Mobile hoists: risk of falls",
        "Fenwick-Care has found that the Mover 150 may tip. Arjohuntleigh is not concerned.",
        makers=["Fenwick Care", "Arjo", "AB"],
        models=["Mover 150", "UL-M", "mobile hoists"],
    )
    assert terms == ["Fenwick Care", "Mover 150", "mobile hoists"]


def test_words_are_compared_without_their_marks() -> None:
    assert plain("  Mover-150, (Ärzte)_x ") == " mover 150 ärzte x "


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ([], "search-missing"),
        ([" ", ""], "search-missing"),
        (["ab"], "bad-search"),
        (["x" * 61], "bad-search"),
        ([f"term {number}" for number in range(21)], "too-many-terms"),
    ],
)
def test_what_nobody_can_look_for_is_refused(terms: list[str], code: str) -> None:
    with pytest.raises(BadValue) as refused:
        check_terms(terms)
    assert (refused.value.code, refused.value.field) == (code, "search")


def test_each_thing_is_looked_for_once() -> None:
    assert check_terms([" Bed  rails", "bed-rails", "Arjo"]) == ["Bed rails", "Arjo"]


def test_a_maker_that_we_have_weighs_more_than_a_word_and_items_more_than_a_line_of_the_catalogue() -> None:
    maker, word = Found("Arjo", 4, 12, True), Found("bed rails", 1, 1, False)
    assert (maker.text, word.text) == ("4 products by Arjo, 12 items", "1 product like bed rails, 1 item")
    assert [likelihood(found) for found in ([], [word], [maker], [maker, word])] == [0, 2, 4, 6]
    assert likelihood([Found("Arjo", 4, 0, True), Found("x", 0, 0, False)]) == 3


def test_not_held_is_explained_where_something_is_found() -> None:
    found = [Found("Arjo", 4, 12, is_maker=True), Found("Ambulift", 1, 0, is_maker=False)]
    with pytest.raises(Conflict, match="The search finds 4 products by Arjo, 12 items"):
        check_explained(found, "We have nothing of it.")
    check_explained(found, "What we have of Arjo's are slings.")
    check_explained(found[1:], "We have nothing of it.")


def test_what_the_notice_names_is_looked_for_beside_what_a_person_says() -> None:
    assert terms_with(["Nobody Ltd"], "Arjo", "nobody  ltd", "x") == ["Nobody Ltd", "Arjo"]
    assert len(terms_with([f"Thing {number}" for number in range(MOST_TERMS)], "Arjo")) == MOST_TERMS
