"""What records write around a number never makes it another one: it is possible, and held, until somebody looks."""

from typing import Any

import pytest

from app.domain.maker_names import MakerNames
from app.domain.notice_evidence import explain
from app.domain.notice_parsing import read_scope
from app.domain.notice_products import ProductFacts
from app.domain.notices import ItemFacts, match
from app.domain.written_numbers import bare_number, forms_of, has_digit, loose_forms
from tests.domain.notice_forms import TODAY, line, thing

LOTS = {"lots": ["1C0101", "K0061014"]}
SERIALS = {"serials": ["777", "778", "779"]}
RANGE = {"serial_range": {"from": "A1000", "to": "A1999"}}
PATTERN = {"serial_pattern": "A/1[0-4]##"}


@pytest.mark.parametrize(
    ("where", "written", "result"),
    [
        (LOTS, "1c-0101", "affected"),
        (LOTS, "LOT 1C0101", "possible"),
        (LOTS, "Lot1C0101", "possible"),
        (LOTS, "1C0101.", "possible"),
        (LOTS, "1C0101 and K0061014", "possible"),
        (LOTS, "1C 01/01", "possible"),
        (LOTS, "1C0102.", "not_affected"),
        (LOTS, "21C0101", "not_affected"),
        (LOTS, "unknown", "possible"),
        (SERIALS, "S/N 778", "possible"),
        (SERIALS, "SN778", "possible"),
        (SERIALS, "#779", "possible"),
        (SERIALS, "777/A", "possible"),
        (SERIALS, "SN: 777", "possible"),
        (SERIALS, "777, 778", "possible"),
        (SERIALS, "776/777", "possible"),
        (SERIALS, "\uff17\uff17\uff18", "possible"),
        (SERIALS, "776/775", "not_affected"),
        (SERIALS, "7780", "not_affected"),
        (SERIALS, "N/A", "possible"),
        ({"serials": ["S/N 778"]}, "778", "possible"),
        (RANGE, "a 1500", "affected"),
        (RANGE, "#1500", "possible"),
        (RANGE, "#2500", "possible"),
        (RANGE, "\uff211500", "possible"),
        (RANGE, "A2500", "not_affected"),
        ({"serial_range": {"from": "A/1000", "to": "A/1999"}}, "A.1500", "possible"),
        ({"serial_range": {"from": "A/1000", "to": "A/1999"}}, "A.2500", "not_affected"),
        ({"serial_range": {"from": "A/1000"}}, "A.1500", "possible"),
        ({"serial_range": {"to": "A/1000"}}, "A:1500", "not_affected"),
        (PATTERN, "A/1499", "affected"),
        (PATTERN, "A1499", "possible"),
        (PATTERN, "A 1499, A 1700", "possible"),
        (PATTERN, "A/1500", "not_affected"),
        (PATTERN, "none", "possible"),
        ({"unmarked": "serial"}, "", "affected"),
        ({"unmarked": "serial"}, "not readable", "possible"),
        ({"unmarked": "serial"}, "778", "not_affected"),
    ],
)
def test_what_is_written_around_a_number_clears_nothing(where: dict[str, Any], written: str, result: str) -> None:
    item = thing(model="A", serial_number=written, lot_number=written)
    scope = read_scope([line(models=["A"], where=where)])
    found = match(scope, item, names=MakerNames(), today=TODAY)
    assert found.result.value == result
    left_out = read_scope([line(models=["A"]), line("exclude", models=["A"], where=where)])
    cleared = match(left_out, item, names=MakerNames(), today=TODAY).result.value == "not_affected"
    assert cleared is (result == "affected" and "unmarked" not in where)


def test_it_is_said_in_words() -> None:
    scope = read_scope([line(models=["A"], where={"serials": ["778"]})])
    found = match(scope, thing(model="A", serial_number="S/N 778"), names=MakerNames(), today=TODAY)
    assert explain(scope, found.findings) == (
        "Its model is covered: model A.",
        "Its serial number has more written around it, or in another way, and may be covered: serial number 778.",
    )


def test_a_record_means_each_of_its_tokens_and_those_that_follow_one_another() -> None:
    assert forms_of("Lot 1C/0101") == {"lot", "1c", "0101", "lot1c", "1c0101", "lot1c0101"}
    assert forms_of("#.") == frozenset()
    assert (bare_number("S/N 7-78."), bare_number("SN"), bare_number("?")) == ("778", "sn", "")
    assert loose_forms("No. 778") == {"no778", "778"}
    assert [has_digit(raw) for raw in ("?", "n/a", "A1", "\uff11")] == [False, False, True, True]


def test_what_was_kept_as_one_number_may_be_several() -> None:
    scope = read_scope([line(models=["A"], where={"serials": ["1942500017 1942500025", "AB 12"]})])
    assert [
        match(scope, ItemFacts(ProductFacts(model="A"), TODAY, serial), names=MakerNames(), today=TODAY).result
        for serial in ("1942500025", "1942500030", "12", "AB12")
    ] == ["possible", "not_affected", "not_affected", "affected"]
