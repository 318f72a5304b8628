"""What a notice means for an item, and why: results of several lines, evidence in sentences, near misses."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.domain.maker_names import Alias, MakerNames
from app.domain.notice_conditions import Marking
from app.domain.notice_days import years_before
from app.domain.notice_evidence import MOST_NEAR, NO_LINE, NearMiss, explain, find_near_misses
from app.domain.notice_parsing import read_scope
from app.domain.notice_products import (
    Finding,
    ProductFacts,
    ProductFinding,
    find_products,
    is_asked_otherwise,
    may_concern,
)
from app.domain.notices import ItemFacts, Match, Result, match
from tests.domain.notice_forms import TODAY, line, thing

NAMES = MakerNames([Alias("Huntleigh", "Arjo", date(2007, 6, 1))])


def ask(lines: list[dict[str, Any]], item: ItemFacts) -> tuple[str, Match, tuple[str, ...]]:
    """The result, the match and the reasons."""
    scope = read_scope(lines)
    found = match(scope, item, names=NAMES, today=TODAY)
    return found.result.value, found, explain(scope, found.findings)


@pytest.mark.parametrize(
    ("lines", "item", "result", "because"),
    [
        (
            [line(models=["A"], where={"serial_range": {"from": "AB10", "to": "AB19"}})],
            thing(model="A", serial_number="AB20"),
            "not_affected",
            ("Its serial number is not covered: serial numbers AB10 to AB19, both included.",),
        ),
        ([line(models=["A"])], thing(model="B"), "not_affected", (NO_LINE,)),
        (
            [line(models=["A"]), line("exclude", models=["A"], where={"lots": ["L1"]})],
            thing(model="A", lot_number="L1"),
            "not_affected",
            ("Left out. Its model is covered: model A.", "Left out. Its lot is covered: lot L1."),
        ),
        ([line(models=["A"]), line("exclude", models=["B"])], thing(model="B"), "not_affected", (NO_LINE,)),
        (
            [line(models=["A"], where={"lots": ["L1"]}), line(models=["A", "B"])],
            thing(model="A"),
            "affected",
            ("Its model is covered: models A or B.",),
        ),
        (
            [line(manufacturers=["Arjo"], where={"any": [{"lots": ["L1"]}, {"serials": ["S1"]}]})],
            thing(manufacturer="Huntleigh", made="2008-01-01", lot_number="L1", serial_number="S2"),
            "affected",
            ("Its maker is covered under another name: made by Arjo.", "Its lot is covered: lot L1."),
        ),
        (
            [line(manufacturers=["Arjo"], where={"all": [{"lots": ["L1"]}, {"unmarked": "serial"}]})],
            thing(manufacturer="Huntleigh"),
            "possible",
            (
                "Its maker had other names over time, and when this was made is not known exactly enough: "
                "made by Arjo.",
                "Its lot is not recorded, so it may be covered: lot L1.",
                "Its serial number is not recorded, as of what has none: without a serial number.",
            ),
        ),
        (
            [line(models=["A"], where={"older_than_years": 1})],
            thing(model="A", came=date(2020, 1, 1)),
            "affected",
            (
                "Its model is covered: model A.",
                "Its date of manufacture is not recorded, but its other dates show that it is covered: "
                "made more than 1 year ago.",
            ),
        ),
        (
            [line(where={"date": {"kind": "received", "from": "2026"}}), line(where={"feature": "Red?"})],
            thing(),
            "affected",
            ("The date on which it was received is covered: received by us from 2026, that included.",),
        ),
        ([line(where={"feature": "Red?"})], thing(), "possible", ("Only a look can tell: Red?",)),
        (
            [line(where={"feature": "Red?"})],
            thing(answers={"Red?": False}),
            "not_affected",
            ("Looked at, and it is not so: Red?",),
        ),
    ],
)
def test_the_reasons_are_said_in_sentences(
    lines: list[dict[str, Any]], item: ItemFacts, result: str, because: tuple[str, ...]
) -> None:
    found, _, reasons = ask(lines, item)
    assert (found, reasons) == (result, because)


def test_dates_that_contradict_one_another_clear_nothing() -> None:
    made_after_it_came = thing(made="2026-02-01", precision="month", came=date(2026, 1, 5))
    for where in ({"date": {"kind": "dispatched", "from": "2030"}}, {"date": {"kind": "dispatched", "to": "1990"}}):
        assert ask([line(where=where)], made_after_it_came)[0] == "possible"


def test_a_line_that_may_leave_out_does_not() -> None:
    lines = [line(models=["A"]), line("exclude", models=["A"], where={"lots": ["L1"]})]
    assert ask(lines, thing(model="A"))[0] == "affected"


def test_a_notice_may_concern_a_product_that_no_line_rules_out() -> None:
    scope = read_scope([line(models=["A"]), line("exclude", models=["B"])])
    products = {model: may_concern(scope, ProductFacts(model=model), NAMES) for model in ("A", "B", "")}
    assert products == {"A": True, "B": False, "": True}


def test_another_name_of_a_maker_concerns_those_notices_that_find_other_makers_by_it() -> None:
    before, now = MakerNames([]), MakerNames([Alias("Mechanaids", "Arjo")])
    makers = ["mechanaids", "shore"]

    def is_concerned(*lines: dict[str, Any], makers: list[str] = makers) -> bool:
        return is_asked_otherwise(read_scope(list(lines)), makers, before=before, now=now)

    together = line(models=["A"], where={"together_with": {"manufacturers": ["Arjo"]}})
    assert is_concerned(line(manufacturers=["Arjo"]))
    assert is_concerned(together)
    assert not is_concerned(line(manufacturers=["Shore"]))
    assert not is_concerned(line(models=["A"]))
    assert not is_concerned(line(manufacturers=["Mechanaids"]))  # Nothing of Arjo's is in the catalogue.
    assert is_concerned(line(manufacturers=["Mechanaids"]), makers=["arjo"])
    assert read_scope([together]).asks_together
    assert not read_scope([line(models=["A"])]).asks_together


def test_many_products_are_asked_at_once_and_what_a_line_rules_out_is_none() -> None:
    [asked] = read_scope([line(manufacturers=["Arjo"], models=["A"], where={"udi_di": ["05012345678900"]})]).lines
    products = [ProductFacts(manufacturer="Arjo", model=model) for model in ("A", "a", "B")]
    found = find_products(asked, products, NAMES)
    each = tuple(map(ProductFinding, (Finding.IN, Finding.IN, Finding.MISSING)))
    assert found == [each, each, None]


def test_what_was_made_on_the_last_day_of_february_is_a_year_old_on_the_28th() -> None:
    assert years_before(date(2024, 2, 29), 1) == date(2023, 2, 28)


def test_near_misses_are_those_that_look_alike_and_then_those_a_digit_off() -> None:
    recorded = ["AB0004", "AB0001", "ABO001", "AB9999", "AB0004"]
    assert find_near_misses(Marking.SERIAL, ["AB0001", "AB0003"], recorded) == [
        NearMiss(Marking.SERIAL, "ABO001", "AB0001"),
        NearMiss(Marking.SERIAL, "AB0004", "AB0001"),
        NearMiss(Marking.SERIAL, "AB0004", "AB0003"),
    ]
    assert find_near_misses(Marking.LOT, ["L1"], ["LI", "L-1"]) == [NearMiss(Marking.LOT, "LI", "L1")]


def test_of_running_numbers_only_so_many_near_misses_are_listed() -> None:
    listed, recorded = [[str(number) for number in range(first, 10_000, 2)] for first in (1000, 1001)]
    assert len(find_near_misses(Marking.SERIAL, listed, recorded)) == MOST_NEAR


def test_what_came_nearby_since_somebody_looked_may_be_at_the_same_home() -> None:
    scope = read_scope([line(models=["Bed"], where={"together_with": {"models": ["Rail"]}})])
    [question] = scope.questions
    looked, rail = datetime(2026, 3, 2, 12, tzinfo=UTC), ProductFacts(model="Rail")

    def result(*, came: datetime, model: str = "Rail", seen: datetime | None = looked, is_so: bool = False) -> Result:
        item = ItemFacts(
            ProductFacts(model="Bed"),
            TODAY,
            nearby=((replace(rail, model=model), came),),
            answers={question: is_so},
            seen_at={question: seen} if seen else {},
        )
        return match(scope, item, names=MakerNames(), today=TODAY).result

    later = looked + timedelta(days=1)
    assert result(came=later) is Result.POSSIBLE
    assert result(came=looked, seen=None) is Result.POSSIBLE
    assert result(came=looked) is Result.NOT_AFFECTED
    assert result(came=later, model="Other") is Result.NOT_AFFECTED
    assert result(came=later, is_so=True) is Result.AFFECTED


def test_what_only_a_home_or_the_makers_list_can_tell_is_known_by_its_question() -> None:
    beside = {"together_with": {"models": ["Rail"]}}
    scope = read_scope([line(models=["Bed"], where={"any": [beside, {"unpublished_list": True}]})])
    assert [scope.home_questions, scope.list_questions] == [frozenset({one}) for one in scope.questions]
