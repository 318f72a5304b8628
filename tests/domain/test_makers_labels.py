"""What a maker's label says about an item, and what on it must not be believed."""

from dataclasses import replace
from datetime import date

import pytest

from app.domain.errors import BadValue
from app.domain.gs1_text import Framing, LabelText, as_scanned, begins_late, read_outside, shown, split_printed
from app.domain.makers_labels import (
    Element,
    LabelFacts,
    LabelKind,
    LabelReading,
    facts_of,
    judge,
    judge_number,
    read_date,
)

TODAY = date(2026, 3, 2)
GTIN = Element("01", "07032069804988")
PRINTED = LabelText(Framing.PRINTED, "(01)…", is_marked=True)
SCANNED = LabelText(Framing.MESSAGE, "01…", is_marked=False)
SEPARATED = LabelText(Framing.MESSAGE, "01…", is_marked=True, has_separator=True)


def lot(value: str) -> Element:
    return Element("10", value, is_open=True)


def serial(value: str) -> Element:
    return Element("21", value, is_open=True)


@pytest.mark.parametrize(
    ("value", "day", "precision"),
    [
        ("260302", date(2026, 3, 2), "day"),
        ("150700", date(2015, 7, 1), "month"),
        ("760101", date(2076, 1, 1), "day"),
        ("770101", date(1977, 1, 1), "day"),
        ("990229", None, None),
    ],
)
def test_a_date_is_known_to_the_day_or_to_the_month(value: str, day: date | None, precision: str | None) -> None:
    if day is None:
        with pytest.raises(ValueError, match="day"):
            read_date(value, today=TODAY)
        return
    assert read_date(value, today=TODAY) == (day, precision)


def test_late_in_a_century_a_low_year_is_one_to_come() -> None:
    assert read_date("100500", today=date(2090, 1, 1)) == (date(2110, 5, 1), "month")


@pytest.mark.parametrize(
    ("elements", "seen", "doubtful"),
    [
        ([GTIN, lot("0329")], SCANNED, set()),
        ([GTIN, lot("032915210526")], SCANNED, {"10"}),
        ([GTIN, lot("15210526")], PRINTED, set()),  # A lot has a character of its own at the least.
        ([GTIN, lot("032915219926")], PRINTED, set()),  # No month 99.
        ([GTIN, lot("A0107032069804988")], PRINTED, {"10"}),
        ([GTIN, lot("A0107032069804989")], PRINTED, set()),
        ([GTIN, lot("A21B")], SCANNED, {"10"}),
        ([GTIN, lot("A21")], SCANNED, set()),  # Nothing is left to be the serial number.
        ([GTIN, lot("A21B")], PRINTED, set()),
        ([GTIN, lot("A21B")], SEPARATED, set()),
        ([GTIN, lot("A21B"), Element("11", "230811")], SCANNED, set()),
        ([serial("1"), lot("A21B")], SEPARATED, set()),
        ([GTIN, serial("7710X")], SCANNED, {"21"}),
        ([GTIN, Element("240", "R10X", is_open=True)], SCANNED, set()),
        ([lot("5"), Element("11", "230811")], SCANNED, {"10", "11"}),
    ],
)
def test_what_may_have_swallowed_its_neighbour_is_doubted(
    elements: list[Element], seen: LabelText, doubtful: set[str]
) -> None:
    assert judge(elements, seen).doubtful == doubtful


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ([Element("01", "07032069804989")], "last digit"),
        ([GTIN, lot("1"), lot("2")], "two labels"),
        ([GTIN, Element("02", "12345678901231")], "never both"),
        ([GTIN, Element("250", "X", is_open=True)], "read half"),
    ],
)
def test_what_cannot_stand_on_one_label_is_refused(elements: list[Element], words: str) -> None:
    with pytest.raises(BadValue, match=words) as refused:
        judge(elements, SEPARATED)
    assert refused.value.code == "not-a-barcode"


def test_a_label_that_cannot_be_read_to_its_end_says_what_is_sure() -> None:
    reading = judge([GTIN, lot("A" * 20)], SCANNED, rest="BC")
    assert (dict(reading.elements), reading.suspect) == ({"01": GTIN.value}, True)
    for elements in ([GTIN], [lot("A" * 20)], [lot("1"), GTIN], []):
        with pytest.raises(BadValue):
            judge(elements, SCANNED, rest="BC")


def test_a_number_alone_is_a_gtin_or_nothing_or_two_things() -> None:
    date_and_lot = [Element("11", "230811"), lot("9")]
    assert judge_number("5012345678901") is None
    assert judge_number("5012345678900") == LabelReading(LabelKind.GS1, elements={"01": "05012345678900"})
    as_a_date = judge_number("11030201", also=[Element("11", "030201")])
    assert as_a_date
    assert (dict(as_a_date.elements), as_a_date.suspect) == ({"11": "030201"}, False)
    as_a_number = judge_number("5012345678900", also=date_and_lot)
    assert as_a_number
    assert (dict(as_a_number.elements), as_a_number.suspect) == ({"01": "05012345678900"}, True)


def test_facts_are_what_is_not_doubted() -> None:
    reading = judge([GTIN, Element("11", "150700"), lot("L-7"), serial("032915210526")], SEPARATED)
    assert facts_of(reading, today=TODAY) == LabelFacts(
        udi_di=GTIN.value, lot_number="L-7", manufactured_on=date(2015, 7, 1), precision="month"
    )
    assert facts_of(LabelReading(LabelKind.UNKNOWN), today=TODAY) == LabelFacts()


def test_the_printed_form_is_split_at_its_brackets_and_never_inside_a_value() -> None:
    assert split_printed("(01)0703 2069804988 (10)A\\(11\\)B") == [("01", "07032069804988"), ("10", "A(11)B")]
    assert split_printed("{10}A(B)") == [("10", "A(B)")]
    for text in ("(10)A(B", "(10)A()(11)230811", "(10)", "(1)A", "(10)A\\x"):
        with pytest.raises(BadValue):
            split_printed(text)


@pytest.mark.parametrize("raw", ["", "x" * 301, "A\x00BCD", "=A9999XYZ", "ABC", "]C1", "\x1d" * 5, "^^^^"])
def test_what_no_label_carries_is_refused(raw: str) -> None:
    with pytest.raises(BadValue) as refused:
        read_outside(raw)
    assert refused.value.code == "not-a-barcode"


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("]E05012345678900", LabelText(Framing.NUMBER, "5012345678900", is_marked=True)),
        ("]Q1HTTPS://a/01/1", LabelText(Framing.LINK, "HTTPS://a/01/1", is_marked=False)),
        ("{10}A", LabelText(Framing.PRINTED, "{10}A", is_marked=True, is_repaired=True)),
        ("]C1\x1d10AB", LabelText(Framing.MESSAGE, "10AB", is_marked=True)),
        ("]C010AB", LabelText(Framing.MESSAGE, "10AB", is_marked=False)),
        ("^10A^21B", LabelText(Framing.MESSAGE, "10A\x1d21B", is_marked=True, has_separator=True)),
        ("10A|21B", LabelText(Framing.MESSAGE, "10A\x1d21B", is_marked=True, has_separator=True, is_repaired=True)),
    ],
)
def test_how_a_label_is_framed(raw: str, seen: LabelText) -> None:
    assert read_outside(raw) == seen


def test_a_scan_is_shown_and_taken_back_without_loss() -> None:
    raw = "]C1010703206980498810L\x1d21S"
    assert "\x1d" not in shown(raw)
    assert as_scanned(f" {shown(raw)}\r\n") == raw
    assert read_outside(shown(raw)) == read_outside(raw)


@pytest.mark.parametrize(
    ("seen", "codes"),
    [
        (PRINTED, []),
        (replace(PRINTED, is_repaired=True), ["braces-for-brackets"]),
        (replace(SEPARATED, is_repaired=True), ["separator-replaced"]),
    ],
)
def test_what_was_mended_to_read_a_label_is_said(seen: LabelText, codes: list[str]) -> None:
    assert [remark.code for remark in judge([GTIN], seen).remarks] == codes


@pytest.mark.parametrize(("text", "does"), [("aaa(17)221231", True), ("aaa17", False), ("(x)", False)])
def test_elements_that_come_after_something_else_are_noticed(text: str, does: bool) -> None:
    assert begins_late(text) is does
