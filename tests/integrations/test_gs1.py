"""Makers' labels: what public test suites know, what scanners do to them, and that no text is too odd."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import BadValue
from app.domain.labels import make_tag
from app.domain.makers_labels import LabelKind, LabelReading
from app.integrations.gs1 import read_label

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent.parent / "vectors" / "gs1.json").read_text())
GTIN = "0107032069804988"
GS = "\x1d"
GTIN_IN_ARABIC = "(01)" + "".join(chr(0x660 + int(digit)) for digit in GTIN[2:])


def read(raw: str) -> LabelReading:
    return read_label(raw, prefix="ES")


def codes(reading: LabelReading) -> list[str]:
    return [remark.code for remark in reading.remarks]


@pytest.mark.parametrize("vector", VECTORS["valid"], ids=lambda vector: ascii(vector["input"]))
def test_every_valid_label_reads_as_expected_and_nothing_on_it_is_doubted(vector: dict[str, Any]) -> None:
    reading = read(vector["input"])
    assert (reading.kind, dict(reading.elements), reading.suspect) == (LabelKind.GS1, vector["expected"], False)


@pytest.mark.parametrize("vector", VECTORS["invalid"], ids=lambda vector: ascii(vector["input"]))
def test_every_invalid_label_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(BadValue) as refused:
        read(vector["input"])
    assert refused.value.code == "not-a-barcode"


@pytest.mark.parametrize("vector", VECTORS["awkward"], ids=lambda vector: ascii(vector["input"]))
def test_an_awkward_label_is_read_with_a_warning_or_refused(vector: dict[str, Any]) -> None:
    if vector["expected"] is None:
        with pytest.raises(BadValue):
            read(vector["input"])
        return
    reading = read(vector["input"])
    assert (dict(reading.elements), codes(reading)) == (vector["expected"], ["separator-replaced"])


@pytest.mark.parametrize(
    ("raw", "elements", "warnings"),
    [
        # The separator did not come through, and the lot has what follows it.
        (GTIN + "10" + "0329" + "15210526", {"01": GTIN[2:], "10": "032915210526"}, ["swallowed-field"]),
        (GTIN + "10" + "AB1" + "21" + "SER9", {"01": GTIN[2:], "10": "AB121SER9"}, ["swallowed-field"]),
        (GTIN + "21" + "SER9" + "10" + "AB1", {"01": GTIN[2:], "21": "SER910AB1"}, ["swallowed-field"]),
        (GTIN + "240" + "REF" + GTIN, {"01": GTIN[2:], "240": "REF" + GTIN}, ["swallowed-field"]),
        # So much that it cannot be read to its end: what stands before is sure, the lot is not.
        (GTIN + "10ABCDEFGH" + "17261231" + "21SERIAL12345", {"01": GTIN[2:]}, ["separator-missing"]),
        # A plain serial number that begins like an element.
        ("21A11F4855", {"21": "A11F4855"}, ["perhaps-not-gs1"]),
    ],
)
def test_what_may_have_swallowed_its_neighbour_is_suspect(
    raw: str, elements: dict[str, str], warnings: list[str]
) -> None:
    reading = read(raw)
    assert (dict(reading.elements), codes(reading), reading.suspect) == (elements, warnings, True)


@pytest.mark.parametrize(
    ("raw", "elements"),
    [
        (f"]C1{GTIN}10AB1{GS}21SER9", {"01": GTIN[2:], "10": "AB1", "21": "SER9"}),
        (f"{GTIN}10AB1\N{SYMBOL FOR GROUP SEPARATOR}21SER9", {"01": GTIN[2:], "10": "AB1", "21": "SER9"}),
        (f"  {GS}{GTIN}10AB121X{GS}\r\n", {"01": GTIN[2:], "10": "AB121X"}),
        (f"{GTIN}11230811" + "2112345", {"01": GTIN[2:], "11": "230811", "21": "12345"}),
        ("(01)07300016350759(11)230811(10)110822(21)5643", None),
        ("5012345678900", {"01": "05012345678900"}),
        ("]E05012345678900", {"01": "05012345678900"}),
        ("96385074", {"01": "00000096385074"}),
        ("(01)07032069804988(01)07032069804988", {"01": GTIN[2:]}),
    ],
)
def test_a_sound_label_is_not_suspected(raw: str, elements: dict[str, str] | None) -> None:
    reading = read(raw)
    assert (reading.suspect, reading.remarks) == (False, ()) or codes(reading) == ["swallowed-field"]
    assert elements is None or dict(reading.elements) == elements


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (make_tag("XY", 1), "other-service"),
        ("SN-12345", "not-gs1"),
        ("+H123ABC01234567890", "not-gs1"),
        ("https://example.com/manual", "web-address"),
        ("https://[", "web-address"),
    ],
)
def test_other_labels_are_told_for_what_they_are(raw: str, code: str) -> None:
    reading = read(raw)
    assert (reading.kind, codes(reading), dict(reading.elements)) == (LabelKind.UNKNOWN, [code], {})


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " \r\n",
        GS * 5,
        "x" * 301,
        "SN\x0012345",
        "SN\u202e12345",
        "https://a/01/",
        "https://a/01/07032069804989",
        "https://a/00/376130321109103421",
        "(00)376130321109103421",
        GTIN_IN_ARABIC,
        "]C101" + GTIN_IN_ARABIC[4:],
        "]E05012345678901",
        f"(10)AB(01){GTIN[2:]}(01)12345678901231",
        "(10)12(3",
        GTIN + "1726",
        make_tag("ES", 1) + "x" * 300,
    ],
)
def test_what_no_label_carries_is_refused(raw: str) -> None:
    with pytest.raises(BadValue) as refused:
        read(raw)
    assert refused.value.code == "not-a-barcode"


def test_our_own_tag_is_read_strictly() -> None:
    own = make_tag("ES", 1)
    assert read(own) == LabelReading(LabelKind.OURS, tag=own)
    with pytest.raises(BadValue) as refused:
        read(own[:-1] + str((int(own[-1]) + 1) % 10))
    assert refused.value.code == "mistyped-barcode"


PIECES = st.sampled_from(
    [
        *(GTIN, "01", "10", "21", "11230811", "17261200", "8003", "99", "]C1", "]d2", "]Q1", "^", GS, "|", "+", "="),
        *("(01)", "(10)", "(", ")", "{01}", "}", "\\(", "https://a/", "/01/", "?10=", "%1d", "%", "ES", "\ud800"),
        *("\N{ARABIC-INDIC DIGIT THREE}", "\N{SUPERSCRIPT TWO}", "\N{SYMBOL FOR GROUP SEPARATOR}"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=40) | st.lists(PIECES | st.text(max_size=5), max_size=9).map("".join))
def test_any_text_is_read_or_refused_and_what_is_read_is_of_one_kind(raw: str) -> None:
    try:
        reading = read(raw)
    except BadValue:
        return
    assert (reading.tag is not None) == (reading.kind is LabelKind.OURS)
    assert bool(reading.elements) == (reading.kind is LabelKind.GS1)
    assert reading.doubtful <= reading.elements.keys()


@settings(max_examples=200, deadline=None)
@given(
    lot=st.text("ABCXYZ0123456789", min_size=1, max_size=12),
    made=st.dates().map(lambda day: day.strftime("%y%m%d")),
)
def test_a_lot_that_swallowed_a_date_is_always_suspect(lot: str, made: str) -> None:
    assert read(f"{GTIN}10{lot}11{made}").suspect
