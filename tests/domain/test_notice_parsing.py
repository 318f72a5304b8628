"""Scopes as they are sent: what cannot be meant is refused with its reason, and the rest is said in plain English."""

from typing import Any

import pytest

from app.domain.errors import Incomplete
from app.domain.notice_conditions import named
from app.domain.notice_parsing import MOST_DEEP, read_scope
from app.domain.notice_scope import Words, line_in_words
from tests.domain.notice_forms import line

MODEL: dict[str, Any] = {"models": ["M"]}


def codes_of(lines: Any) -> list[tuple[str, str]]:
    """The place and the code of everything that is wrong."""
    with pytest.raises(Incomplete) as refused:
        read_scope(lines)
    assert refused.value.field == "lines"
    return [(fault.name, fault.code) for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("lines", "faults"),
    [
        (None, [("0", "no-lines")]),
        ([], [("0", "no-lines")]),
        ([1], [("0", "not-an-object")]),
        ([{}], [("0.effect", "unknown-effect"), ("0", "empty-line")]),
        ([line("include")], [("0", "empty-line")]),
        ([line("exclude", **MODEL)], [("0", "nothing-included")]),
        ([{"effect": "include", "model": ["M"]}], [("0", "unknown-condition")]),
        ([line(**MODEL), line(**MODEL)], [("1", "duplicate-line")]),
        ([line(**MODEL), line("exclude", **MODEL)], [("1", "excluded-again")]),
        ([line(models="M")], [("0.models", "no-list"), ("0", "empty-line")]),
        ([line(models=["M", 3, " - ", "a\tb"])], [(f"0.models.{place}", "no-text") for place in (1, 2, 3)]),
        ([line(models=["M" * 101])], [("0.models.0", "too-long"), ("0", "empty-line")]),
        ([line(categories=["hoist"])], [("0.categories.0", "bad-category"), ("0", "empty-line")]),
    ],
)
def test_lines_that_cannot_be_meant(lines: Any, faults: list[tuple[str, str]]) -> None:
    assert codes_of(lines) == faults


@pytest.mark.parametrize(
    ("where", "faults"),
    [
        ([], [("", "not-an-object")]),
        ({}, [("", "one-condition")]),
        ({"colour": "red"}, [("", "unknown-condition")]),
        ({"all": []}, [(".all", "no-conditions")]),
        ({"any": {}}, [(".any", "no-conditions")]),
        ({"serial_range": "A"}, [(".serial_range", "not-an-object")]),
        ({"serial_range": {}}, [(".serial_range", "range-without-ends")]),
        ({"serial_range": {"from": 1}}, [(".serial_range.from", "no-text")]),
        (
            {"serial_range": {"from": "1", "from_inclusive": "no"}},
            [(".serial_range.from_inclusive", "not-true-or-false")],
        ),
        ({"serial_range": {"from": "AB2", "to": "AB1"}}, [(".serial_range.to", "range-inverted")]),
        ({"lot_range": {"from": "03E969254", "to": "03E433379"}}, [(".lot_range.to", "range-inverted")]),
        ({"serial_range": {"from": "6163300001", "to": "616330001"}}, [(".serial_range.to", "range-shape-differs")]),
        ({"serial_range": {"from": "A1", "to": "1A"}}, [(".serial_range.to", "range-shape-differs")]),
        ({"serial_range": {"from": "A1", "to": "A1", "to_inclusive": False}}, [(".serial_range", "range-empty")]),
        ({"serials": []}, [(".serials", "no-list")]),
        ({"serials": ["1", "2", " 1"]}, [(".serials", "duplicate-serial")]),
        ({"lots": [str(n % 20) for n in range(40)]}, [(".lots", "duplicate-lot")]),
        ({"serial_pattern": "A[2-1]"}, [(".serial_pattern", "bad-pattern")]),
        ({"lot_pattern": 3}, [(".lot_pattern", "no-text")]),
        ({"date": 3}, [(".date", "not-an-object")]),
        ({"date": {"kind": "sold", "from": "2008"}}, [(".date.kind", "unknown-date-kind")]),
        ({"date": {"kind": "received"}}, [(".date", "range-without-ends")]),
        ({"date": {"kind": "received", "from": "12/5/08"}}, [(".date.from", "bad-date")]),
        (
            {"date": {"kind": "received", "from": "2008-02-30", "to": 3}},
            [(".date.from", "bad-date"), (".date.to", "bad-date")],
        ),
        (
            {"date": {"kind": "received", "from": "1808", "to": "2500"}},
            [(".date.from", "bad-date"), (".date.to", "bad-date")],
        ),
        ({"date": {"kind": "received", "from": "2008-06", "to": "2008-05"}}, [(".date.to", "range-inverted")]),
        (
            {"date": {"kind": "received", "from": "2008", "to": "2008", "from_inclusive": False}},
            [(".date", "range-empty")],
        ),
        ({"udi_di": ["123"]}, [(".udi_di.0", "bad-gtin")]),
        ({"older_than_years": 0}, [(".older_than_years", "bad-years")]),
        ({"older_than_years": True}, [(".older_than_years", "bad-years")]),
        ({"older_than_years": "9"}, [(".older_than_years", "bad-years")]),
        ({"unmarked": "colour"}, [(".unmarked", "unknown-marking")]),
        ({"feature": ""}, [(".feature", "no-text")]),
        ({"part": []}, [(".part", "not-an-object")]),
        ({"part": {}}, [(".part.part_number", "no-text")]),
        (
            {"part": {"part_number": "P", "fitted_from": "2009", "fitted_to": "2008"}},
            [(".part.fitted_to", "range-inverted")],
        ),
        ({"together_with": []}, [(".together_with", "not-an-object")]),
        ({"together_with": {}}, [(".together_with", "empty-line")]),
        ({"unpublished_list": False}, [(".unpublished_list", "not-true")]),
    ],
)
def test_conditions_that_cannot_be_meant(where: Any, faults: list[tuple[str, str]]) -> None:
    lines = [{"effect": "include", **MODEL, "where": where}]
    assert codes_of(lines) == [(f"0.where{place}", code) for place, code in faults]


def test_conditions_stand_in_one_another_only_so_deep() -> None:
    where: dict[str, Any] = {"unpublished_list": True}
    for _ in range(MOST_DEEP - 1):
        where = {"all": [where]}
    assert read_scope([line(where=where)]).lines[0].where
    assert codes_of([line(where={"all": [where]})]) == [(f"0.where{'.all.0' * MOST_DEEP}", "too-deep")]


def test_there_are_only_so_many_conditions_in_all() -> None:
    years = {"any": [{"older_than_years": 1 + number % 100} for number in range(999)]}
    lines = [line(models=[model], where=years) for model in "ABC"]
    assert len(read_scope(lines[:2]).lines) == 2
    assert codes_of(lines) == [("0", "too-much")]


def test_a_line_that_leaves_out_wants_a_word_between_its_conditions() -> None:
    two = {"lots": ["1"], "serials": ["2"]}
    assert codes_of([line(**MODEL), line("exclude", where=two)]) == [("1.where", "one-condition")]


def test_of_many_repeated_numbers_the_first_are_named() -> None:
    with pytest.raises(Incomplete, match="1, 2, 3, 4, 5, 6, 7, 8, 9 and 10 more"):
        read_scope([line(where={"serials": [str(n % 20) for n in range(40)]})])


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"serial_range": {"from": "AB1000", "to": "AB1999"}}, "Serial numbers AB1000 to AB1999, both included"),
        ({"serial_range": {"to": "S"}}, "Serial numbers up to S, that one included"),
        ({"lot_range": {"from": "S", "from_inclusive": False}}, "Lots from S, without that one"),
        (
            {"lot_range": {"from": "1", "to": "3", "from_inclusive": False}},
            "Lots 1 to 3, 3 included, the other end not",
        ),
        ({"lot_range": {"from": "1", "to": "3", "to_inclusive": False}}, "Lots 1 to 3, 1 included, the other end not"),
        (
            {"lot_range": {"from": "1", "to": "3", "from_inclusive": False, "to_inclusive": False}},
            "Lots 1 to 3, neither end included",
        ),
        ({"serials": ["A"]}, "Serial number A"),
        ({"lots": ["A", "B"]}, "One of 2 lots: A or B"),
        ({"lot_pattern": "DMW[1-8]2013"}, "Lot like DMW[1-8]2013"),
        (
            {"date": {"kind": "manufactured", "from": "2006-09", "to": "2006-12-31"}},
            "Made from September 2006 until 31 December 2006, both included",
        ),
        ({"date": {"kind": "received", "from": "2012"}}, "Received by us from 2012, that included"),
        (
            {"date": {"kind": "dispatched", "to": "2009-W11", "to_inclusive": False}},
            "Sent out by the maker before the week of 9 March 2009",
        ),
        (
            {"date": {"kind": "dispatched", "from": "2008-09-01", "from_inclusive": False, "to": "2009"}},
            "Sent out by the maker after 1 September 2008 and until 2009",
        ),
        ({"udi_di": ["05012345678900"]}, "Device identifier (UDI-DI) 05012345678900, in any packing"),
        ({"older_than_years": 1}, "Made more than 1 year ago"),
        ({"older_than_years": 10}, "Made more than 10 years ago"),
        ({"unmarked": "serial"}, "Without a serial number"),
        ({"feature": "Is the hook open?"}, "Look: Is the hook open?"),
        ({"part": {"part_number": "PB-17"}}, "Has part PB-17"),
        ({"part": {"part_number": "PB-17", "fitted_from": "2010-10"}}, "Has part PB-17 fitted from 1 October 2010"),
        (
            {"together_with": {"manufacturers": ["Mygo"], "models": ["Sling", "Vest"], "product_codes": ["A", "B"]}},
            "Used together with: Made by Mygo; Models Sling or Vest; Products A or B of our catalogue",
        ),
        ({"unpublished_list": True}, "On a list that the maker gives on request"),
    ],
)
def test_each_condition_says_in_plain_english_what_it_asks(where: Any, words: str) -> None:
    [read] = read_scope([line(where=where)]).lines
    assert line_in_words(read).under == (Words(words),)


def test_a_line_is_said_as_a_list_of_what_must_hold() -> None:
    where = {"any": [{"lots": ["1"]}, {"all": [{"serials": ["2"]}]}]}
    scope = read_scope([line(product_codes=["P"], categories=["1236"], where=where), line("exclude", models=["M"])])
    taken, left = map(line_in_words, scope.lines)
    inner = Words("All of these:", (Words("Serial number 2"),))
    under = (Words("Product P of our catalogue"), Words("In ISO 9999 group 12 36"))
    assert taken == Words(
        "Covers what is all of this:", (*under, Words("One or more of these:", (Words("Lot 1"), inner)))
    )
    assert left == Words("Leaves out what is all of this:", (Words("Model M"),))


def test_a_long_list_is_named_in_part() -> None:
    assert named([str(n) for n in range(12)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"


def test_a_scope_knows_whether_it_rolls_and_what_must_be_looked_at() -> None:
    rolling = read_scope([line(where={"any": [{"older_than_years": 9}, {"feature": "Red?"}, {"feature": "Red?"}]})])
    assert (rolling.is_rolling, rolling.questions) == (True, ("Red?",))
    assert read_scope([line(**MODEL)]).is_rolling is False


def test_a_scope_says_which_products_of_the_catalogue_its_lines_name() -> None:
    scope = read_scope([line(product_codes=["A", "B"]), line(where={"together_with": {"product_codes": ["C"]}})])
    assert scope.product_codes == [(0, "A"), (0, "B"), (1, "C")]


def test_several_numbers_in_one_entry_are_refused_when_they_are_entered() -> None:
    where = {"any": [{"serials": ["AB 1", "1942500017 1942500025"]}, {"lots": ["1C0101 and 2C0202", "Lot 3C0303"]}]}
    with pytest.raises(Incomplete, match="holds 2 numbers") as refused:
        read_scope([line(where=where)], is_new=True)
    assert [(fault.name, fault.code) for fault in refused.value.faults] == [
        ("0.where.any.0.serials.1", "several-numbers"),
        ("0.where.any.1.lots.0", "several-numbers"),
    ]
    assert read_scope([line(where=where)]).lines[0].where
