"""Numbers as makers print them: shapes, ranges, patterns, pasted lists, near misses."""

import pytest

from app.domain.goods import serial_key
from app.domain.serials import (
    KeyRange,
    Piece,
    find_odd_ones,
    find_repeated,
    is_near,
    looks_like,
    lot_key,
    neighbours,
    numbers_in,
    read_pattern,
    shape_of,
    split_pasted,
)


def test_a_shape_is_runs_of_digits_and_of_others() -> None:
    assert shape_of("03D889942") == ((True, 2), (False, 1), (True, 6))
    assert shape_of("\N{SUPERSCRIPT TWO}1") == ((False, 1), (True, 1))
    assert shape_of("") == ()


def test_a_lot_keeps_its_zeros_and_loses_case_blanks_and_dashes() -> None:
    assert lot_key("dmw-0 1") == "DMW01"


@pytest.mark.parametrize(
    ("low", "high", "year"),
    [
        ("DMW12013", "DMW82013", "2013"),
        ("DMW12013", "DMW12013", None),
        ("DMW12013", "DMW82014", None),
        ("DMW2013", "XYZ2013", None),
        ("11000", "21000", None),
        ("1A2013", "1A2013B", None),
        ("A12013B", "A22013B", None),
        (None, "DMW82013", None),
        ("DMW82013", None, None),
    ],
)
def test_ends_that_share_a_year_are_seen(low: str | None, high: str | None, year: str | None) -> None:
    assert KeyRange(low, high).year == year


@pytest.mark.parametrize("raw", ["", "*", "- -", "AB[", "AB]", "AB[x]", "AB[1-10]", "AB[8-1]", "AB*1", "[1-2", "(("])
def test_a_pattern_that_cannot_be_read_is_none(raw: str) -> None:
    assert read_pattern(raw, lot_key) is None


def test_a_pattern_is_pieces_and_what_comes_behind_is_open_or_not() -> None:
    pattern = read_pattern("ab-[08 - 12]#*", serial_key)
    assert pattern is not None
    assert pattern.pieces == (Piece("a"), Piece("b"), Piece(None, "08", "12"), Piece())
    assert [pattern.holds(key) for key in ("ab081", "ab12", "ab1299", "ab131", "xab081")] == [
        True,
        False,
        True,
        False,
        False,
    ]
    closed = read_pattern("A.[1-8]", lot_key)
    assert closed is not None
    assert [closed.holds(key) for key in ("A.8", "A.8\n", "AX8", "A.9", "A.88")] == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("raw", "numbers"),
    [
        ("1942500017,  1942500025, 19425-00017.", ["1942500017", "1942500025", "19425-00017"]),
        ("1942500017, 1942500025  1942500030, 1942500053", ["1942500017", "1942500025", "1942500030", "1942500053"]),
        ("1942500017 1942500025", ["1942500017", "1942500025"]),
        ("1C0101 and 2C0202 & 3C0303, and 4C0404", ["1C0101", "2C0202", "3C0303", "4C0404"]),
        ("Serial numbers: 1942500017", ["1942500017"]),
        ("A 1\nA 2\r\n\nA 2;A\t2", ["A 1", "A 2", "A 2", "A", "2"]),
        ("A1 A2", ["A1", "A2"]),
        ("A1  A 2", ["A1", "A 2"]),
        ("AB  1", ["AB  1"]),
        ("DMW 5 2013", ["DMW 5 2013"]),
        ("1001 to 1999", ["1001 to 1999"]),
        ("1C0101.", ["1C0101"]),
        (" - ", ["-"]),
        ("", []),
    ],
)
def test_a_pasted_list_is_taken_apart(raw: str, numbers: list[str]) -> None:
    assert split_pasted(raw) == numbers


@pytest.mark.parametrize(
    ("entry", "numbers"),
    [
        ("1942500017 1942500025", ("1942500017", "1942500025")),
        ("1942500017/1942500025", ("1942500017", "1942500025")),
        ("1C0101 and 2C0202", ("1C0101", "2C0202")),
        ("778 779", ("778", "779")),
        ("10001 to 19999", ("10001", "19999")),
        ("10001 - 19999", ("10001", "19999")),
        ("10001-19999", ("10001", "19999")),
        ("10001\u201319999", ("10001", "19999")),
        ("2015-0012", ()),
        ("AB-1500", ()),
        ("DMW 5 2013", ()),
        ("S/N 778", ()),
        ("Serial numbers: 1942500017", ()),
        ("unknown", ()),
    ],
)
def test_an_entry_may_hold_several_numbers(entry: str, numbers: tuple[str, ...]) -> None:
    assert numbers_in(entry) == numbers


def test_what_is_repeated_is_named_once() -> None:
    assert find_repeated(["a1", "A-1", "A 1", "a2"]) == ("A-1",)


def test_a_number_that_is_a_digit_short_stands_out_where_most_are_alike() -> None:
    assert find_odd_ones(["1001", "1002", "1003", "1004", "100"]) == ("100",)
    assert find_odd_ones(["1001", "1002", "100"]) == ()
    assert find_odd_ones([]) == ()


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("ab0001", "abo001", True),
        ("AB1001", "ABI00L", True),
        ("1001", "1002", True),
        ("1001", "101", True),
        ("1001", "10011", True),
        ("1001", "1001", False),
        ("1001", "1022", False),
        ("a001", "b001", False),
        ("1001", "100a", False),
        ("1001", "100a1", False),
        ("1001", "100", True),
        ("1001", "10", False),
    ],
)
def test_what_is_easily_taken_for_another_number(one: str, other: str, near: bool) -> None:
    assert is_near(one, other) is near
    assert is_near(other, one) is near
    alike = looks_like(one) == looks_like(other)
    assert not near or alike or set(neighbours(one)) & set(neighbours(other))
