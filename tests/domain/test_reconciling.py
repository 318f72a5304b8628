"""An item's history is gone through again: every charge that should be there is, once, at its price, as it was then."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.domain.charged_history import Dated, Happened, History, Posted
from app.domain.costs import ChargeKind, Step, Tariff
from app.domain.lifecycle import Move, State
from app.domain.panel_funding import Share
from app.domain.reconciling import Books, Check

MARCH = date(2026, 3, 1)
NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
EARLY = datetime(2026, 1, 1, tzinfo=UTC)
RATES = (
    Dated(Tariff(1, ChargeKind.CREDIT, taper=(Step(0, Decimal(80)),)), MARCH, None, EARLY),
    Dated(Tariff(2, ChargeKind.DECONTAMINATION, pence=1250, vat_percent=Decimal(20)), MARCH, None, EARLY),
    Dated(Tariff(3, ChargeKind.RECYCLED_ISSUE, pence=1999), MARCH, None, EARLY),
    Dated(Tariff(4, ChargeKind.DELIVERY, pence=2500), MARCH, None, EARLY),
    Dated(Tariff(5, ChargeKind.COLLECTION, pence=2000), MARCH, None, EARLY),
)
WHOLE = Decimal(100)


def lines(seq: int, *values: dict[str, Any]) -> tuple[Posted, ...]:
    """Lines of a movement: `id`, `kind` and `pence` as given, and the rest as usual."""
    usual: dict[str, Any] = {
        "variant": "",
        "vat_pence": 0,
        "tariff_id": None,
        "is_unpriced": False,
        "is_issue": False,
        "on": date(2026, 3, 2),
        "period": MARCH,
        "seq": seq,
    }
    made = []
    for one in values:
        funder, percent = one.pop("to", "ASC"), one.pop("percent", WHOLE)
        facts = usual | {"posting": f"p{one['id']}", "funder": funder, "share": Share(funder, percent)} | one
        made.append(Posted(**facts))
    return tuple(made)


BOUGHT: dict[str, Any] = {"id": 1, "kind": ChargeKind.NEW_PURCHASE, "pence": 10_001, "is_issue": True}
DRIVEN: dict[str, Any] = {"id": 2, "kind": ChargeKind.DELIVERY, "pence": 2500, "tariff_id": 4, "variant": "five_day"}
FETCHED: dict[str, Any] = {"id": 3, "kind": ChargeKind.COLLECTION, "pence": 2000, "tariff_id": 5, "variant": "routine"}
CREDITED: dict[str, Any] = {"id": 4, "kind": ChargeKind.CREDIT, "pence": -8001, "tariff_id": 1}
CLEANED: dict[str, Any] = {
    "id": 5,
    "kind": ChargeKind.DECONTAMINATION,
    "pence": 1250,
    "vat_pence": 250,
    "tariff_id": 2,
    "variant": "wash",
}
AGAIN: dict[str, Any] = {"id": 6, "kind": ChargeKind.RECYCLED_ISSUE, "pence": 1999, "is_issue": True, "tariff_id": 3}
LOST: dict[str, Any] = {"id": 9, "kind": ChargeKind.WRITE_OFF, "pence": 8001, "to": ""}


def happened(seq: int, move: Move, state: State, *values: dict[str, Any], **facts: Any) -> Happened:
    """A movement on 2 March."""
    made = lines(seq, *(dict(one) for one in values))
    return Happened(seq, move, state, NOW, date(2026, 3, 2), made, **facts)


def issue(*values: dict[str, Any], **facts: Any) -> Happened:
    """It is delivered for an order."""
    facts = {"visit": "Order O1", "visits": 1} | facts
    return happened(4, Move.DELIVER, State.DISPATCHED, *(values or (BOUGHT, DRIVEN)), **facts)


def back(*values: dict[str, Any], **facts: Any) -> Happened:
    """It comes back on a collection."""
    facts = {"visit": "Collection C1", "visits": 1} | facts
    return happened(6, Move.RETURN, State.AWAITING_COLLECTION, *(values or (FETCHED, CREDITED)), **facts)


CLEAN = happened(8, Move.PASS_DECONTAMINATION, State.DECONTAMINATING, CLEANED)
LENT = happened(11, Move.ISSUE, State.IN_STOCK, AGAIN)
LOOP = (issue(), back(), CLEAN, LENT)


def told(*events: Happened, period: date | None = None, rates: tuple[Dated, ...] = RATES, **facts: Any) -> list[str]:
    """What is found in the history of these movements: the codes, with their sides."""
    issues = sum(one.move in {Move.DELIVER, Move.ISSUE, Move.START_TRIAL} for one in events)
    usual: dict[str, Any] = {"times_issued": issues, "is_reusable": True}
    history = History("ES1", 7, "04 33 06", 10_001, MARCH, happened=events, **usual | facts)
    books = Books(rates, period)
    books.go_through(history)
    return [f"{one.code} {one.expected} {one.found}" for one in books.differences]


def test_an_honest_loop_adds_up_and_is_counted() -> None:
    books = Books(RATES)
    books.go_through(History("ES1", 7, "04 33 06", 10_001, MARCH, 2, True, LOOP))
    assert books.differences == []
    sums = {check: (one.counted, one.expected, one.found) for check, one in books.sums.items()}
    net = 10_001 + 2500 + 2000 - 8001 + 1250 + 1999
    assert sums[Check.MOVEMENTS] == sums[Check.PRICES] == (6, net, net)
    assert (sums[Check.SPLITS][0], sums[Check.VISITS][0]) == (6, 2)
    assert sums[Check.CREDITS] == (1, -10_001, -8001)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((issue(DRIVEN),), ["not-charged 10001 0"]),
        ((issue(), back(FETCHED)), ["not-charged -8001 0"]),
        ((issue(), back(CREDITED, visits=0)), ["visit-not-charged None None"]),
        ((issue(), back(visits=2)), ["visit-charged-twice None None"]),
        ((issue(BOUGHT, visits=0),), ["visit-not-charged None None"]),
        ((issue(BOUGHT, DRIVEN, visit="", visits=0),), ["charged-without-cause 0 2500"]),
        ((issue(), back(), CLEAN, replace(LENT, lines=lines(11, AGAIN | {}, AGAIN | {"id": 7}))),
         ["issue-charged-twice 0 1999"]),
        ((issue(), back(FETCHED, CREDITED, CREDITED | {"id": 7})),
         ["charged-without-cause 0 -8001", "credited-too-much -10001 -16002", "credited-twice None None"]),
        ((issue(BOUGHT | {"pence": 10_000}, DRIVEN),), ["wrong-price 10001 10000"]),
        ((issue(BOUGHT | {"is_unpriced": True}, DRIVEN),), ["wrong-price 10001 10001"]),
        ((issue(), back(), replace(CLEAN, lines=lines(8, CLEANED | {"vat_pence": 249}))), ["wrong-vat 250 249"]),
        ((issue(), back(), replace(CLEAN, lines=lines(8, CLEANED | {"percent": Decimal("99.99")}))),
         ["not-whole None None"]),
        ((happened(1, Move.TRANSFER, State.IN_STOCK, CLEANED),), ["charged-without-cause 0 1250"]),
        ((issue(), back(FETCHED, CREDITED | {"to": "ICB"})), ["wrong-split None None"]),
    ],
)  # fmt: skip
def test_what_is_not_as_it_should_be_shows(events: tuple[Happened, ...], expected: list[str]) -> None:
    assert told(*events) == expected


def test_a_credit_follows_the_issue_as_it_stood_when_the_thing_came_back() -> None:
    wrong = BOUGHT | {"undone_by": 20}
    undone = BOUGHT | {"id": 20, "pence": -10_001, "reversal_of": 1}
    instead = BOUGHT | {"id": 21, "pence": 5000, "corrects_id": 1}
    # Corrected after the return: the credit was right then, and is too much now.
    assert told(issue(wrong, DRIVEN, undone, instead), back()) == ["credited-too-much -5000 -8001"]
    # Corrected before: the credit goes by the correction.
    before = [one | {"id": one["id"] + 30} for one in (FETCHED, CREDITED | {"pence": -4000})]
    assert told(issue(wrong, DRIVEN, undone, instead), back(*before)) == []
    # Taken back and nothing instead: nothing is credited, and nobody is charged for the drive.
    gone = replace(back(), lines=(), visit="", visits=0)
    cleaned = replace(CLEAN, lines=lines(8, CLEANED | {"id": 40, "to": ""}))
    assert told(issue(wrong, DRIVEN, undone), gone, cleaned) == []


def test_what_two_pay_is_credited_to_two_in_their_parts() -> None:
    parts = ({"to": "ASC", "percent": Decimal("66.67")}, {"to": "ICB", "percent": Decimal("33.33")})

    def split(line: dict[str, Any], *pence: int) -> list[dict[str, Any]]:
        return [
            line | part | {"pence": one, "id": line["id"] * 100 + place, "posting": str(line["id"])}
            for place, (part, one) in enumerate(zip(parts, pence, strict=True))
        ]

    out = issue(*split(BOUGHT, 6668, 3333), *split(DRIVEN, 1667, 833))
    honest = back(*split(FETCHED, 1333, 667), *split(CREDITED, -5334, -2667))
    assert told(out, honest) == []
    assert told(out, back(*split(FETCHED, 1334, 666), *split(CREDITED, -5334, -2667))) == ["wrong-split None None"]


def test_a_visit_is_looked_for_once_for_all_that_came_on_it() -> None:
    books = Books(RATES)
    for _ in range(2):
        out = issue(BOUGHT, visits=0)
        books.go_through(History("ES1", 7, "04 33 06", 10_001, MARCH, 1, True, (out,)))
    assert [one.code for one in books.differences] == ["visit-not-charged"]


def test_hire_is_charged_by_the_night_and_not_credited() -> None:
    hire = Dated(Tariff(8, ChargeKind.HIRE, pence=300), MARCH, None, EARLY)
    begun = {"id": 1, "kind": ChargeKind.HIRE, "pence": 0, "is_issue": True, "tariff_id": 8}
    nights = {"id": 4, "kind": ChargeKind.HIRE, "pence": 300, "tariff_id": 8}
    lent = happened(2, Move.ISSUE, State.IN_STOCK, begun)
    home = happened(3, Move.RETURN, State.ON_LOAN, nights)
    assert told(lent, home, rates=(*RATES, hire)) == []
    assert told(lent, replace(home, lines=()), rates=(*RATES, hire)) == ["not-charged 300 0"]


def test_what_is_lost_is_written_off_and_taken_back_when_it_turns_up() -> None:
    lost = happened(12, Move.MARK_MISSING, State.AWAITING_INSPECTION, LOST)
    found = happened(13, Move.FIND, State.MISSING, LOST | {"id": 10, "pence": -8001})
    assert told(issue(), back(), CLEAN, lost, found) == []
    assert told(issue(), back(), CLEAN, lost, replace(found, lines=())) == ["not-charged -8001 0"]


def test_parts_are_as_the_repair_says_and_belong_to_a_repair() -> None:
    repair = {"id": 3, "kind": ChargeKind.REPAIR, "pence": 0, "is_unpriced": True, "to": ""}
    parts = {"id": 4, "kind": ChargeKind.PARTS, "pence": 4900, "to": ""}
    mended = happened(5, Move.COMPLETE_REPAIR, State.IN_REPAIR, repair, parts, parts_pence=4900)
    assert told(mended) == []
    assert told(replace(mended, lines=mended.lines[:1])) == ["not-charged 4900 0"]
    assert told(replace(mended, parts_pence=5000)) == ["wrong-price 5000 4900"]
    assert told(replace(mended, lines=mended.lines[:1], parts_pence=0)) == []
    # Written down later; put right by hand; taken back by hand.
    was, undone = parts | {"undone_by": 20}, parts | {"id": 20, "pence": -4900, "reversal_of": 4}
    new = parts | {"id": 21, "pence": 5000, "corrects_id": 4}
    later = happened(5, Move.COMPLETE_REPAIR, State.IN_REPAIR, repair, was, undone, new, parts_pence=5000)
    assert told(later) == []
    assert told(replace(later, parts_pence=5001)) == ["wrong-price 5001 5000"]
    by_hand = happened(5, Move.COMPLETE_REPAIR, State.IN_REPAIR, repair, was, undone, new | {"is_by_hand": True})
    assert told(replace(by_hand, parts_pence=4900)) == []
    assert told(replace(later, lines=later.lines[:-1])) == []
    # With a rate, and what the work cost.
    priced = (*RATES, Dated(Tariff(9, ChargeKind.PARTS, percent=Decimal(110)), MARCH, None, EARLY))
    worked = repair | {"pence": 3000, "is_unpriced": False}
    given_up = happened(
        5, Move.MARK_MISSING, State.IN_REPAIR, worked, parts | {"pence": 5390, "tariff_id": 9}, LOST | {"pence": 10_001}
    )
    assert told(replace(given_up, labour_pence=3000, parts_pence=4900), rates=priced) == []
    checked = {"id": 5, "kind": ChargeKind.INSPECTION, "pence": 0, "is_unpriced": True, "to": "", "variant": "loler"}
    looked = happened(6, Move.PASS_INSPECTION, State.AWAITING_INSPECTION, checked, parts | {"id": 6})
    assert told(looked) == ["charged-without-cause 0 4900"]


def test_an_inspection_that_moves_nothing_is_charged_with_the_movement_before_it() -> None:
    rates = (*RATES, Dated(Tariff(9, ChargeKind.INSPECTION, pence=3500), MARCH, None, EARLY))
    looked = {"id": 7, "kind": ChargeKind.INSPECTION, "pence": 3500, "variant": "loler", "tariff_id": 9}
    home = issue(BOUGHT, DRIVEN, looked)
    assert told(home, rates=rates) == ["charged-without-cause 0 3500"]
    assert told(replace(home, inspections=1), rates=rates) == []
    assert told(replace(issue(), inspections=1), rates=rates) == ["not-charged None None"]
    wrong = issue(BOUGHT, DRIVEN, looked | {"pence": 3499})
    assert told(replace(wrong, inspections=1), rates=rates) == ["wrong-price 3500 3499"]


def test_a_visit_in_vain_comes_to_its_rate_and_is_whole() -> None:
    books = Books((*RATES, Dated(Tariff(9, ChargeKind.FAILED_VISIT, pence=900), MARCH, None, EARLY)))
    tried = {"id": 7, "kind": ChargeKind.FAILED_VISIT, "pence": 900, "variant": "collection", "tariff_id": 9}
    for one in (tried, tried | {"pence": 901}, tried | {"percent": Decimal("99.99")}):
        books.look_apart(lines(0, dict(one)))
    assert [(one.code, one.where, one.barcode) for one in books.differences] == [
        ("wrong-price", "Line 7", ""),
        ("not-whole", "Line 7", ""),
    ]
    assert books.sums[Check.PRICES].counted == 3


def test_what_a_person_adds_the_funders_pay_less() -> None:
    more = {"id": 8, "kind": ChargeKind.TOP_UP, "pence": 4000, "to": "SELF"}
    less = more | {"id": 9, "pence": -4000, "to": "ASC"}
    assert told(issue(BOUGHT, DRIVEN, more, less)) == []
    assert told(issue(BOUGHT, DRIVEN, more, less | {"pence": -3999})) == ["top-up-not-even 0 1"]


def test_a_charge_is_priced_by_the_category_of_then() -> None:
    closer = Dated(Tariff(8, ChargeKind.DELIVERY, category="04 33", pence=100), MARCH, None, EARLY)
    as_it_is = (BOUGHT, DRIVEN | {"pence": 100, "tariff_id": 8})
    assert told(issue(*as_it_is), rates=(*RATES, closer)) == []
    as_it_was = (BOUGHT | {"category": "12 22 03"}, DRIVEN)
    assert told(issue(*as_it_was), rates=(*RATES, closer)) == []
    assert told(issue(), rates=(*RATES, closer)) == ["wrong-price 100 2500"]


def test_what_was_issued_without_a_rate_is_credited_once_it_has_one() -> None:
    unpriced = AGAIN | {"id": 1, "pence": 0, "is_unpriced": True, "tariff_id": None}
    rates = tuple(one for one in RATES if one.tariff.kind is not ChargeKind.RECYCLED_ISSUE)
    waits = CREDITED | {"pence": 0, "is_unpriced": True, "tariff_id": None}
    assert told(issue(unpriced, DRIVEN), back(FETCHED, waits), rates=rates, times_issued=2) == []


def test_a_rate_counts_as_it_was_known_then() -> None:
    later, day = NOW + timedelta(hours=1), date(2026, 3, 2)
    rate = Dated(Tariff(9, ChargeKind.REPAIR, pence=1), MARCH, None, EARLY)

    def held(one: Dated) -> bool:
        return one.held(day, at=NOW, named={8})

    assert held(rate)
    assert not held(replace(rate, starts_on=date(2026, 3, 3)))
    assert held(replace(rate, ends_on=day))
    assert not held(replace(rate, ends_on=MARCH, ended_at=EARLY))
    assert not held(replace(rate, ends_on=MARCH))
    assert held(replace(rate, ends_on=MARCH, ended_at=later))
    assert not held(replace(rate, made_at=later))
    assert held(replace(rate, made_at=later, tariff=replace(rate.tariff, id=8)))


def test_whether_it_could_come_back_is_not_held_against_what_was_posted_before_its_product_changed() -> None:
    kept: dict[str, Any] = {"is_reusable": False, "changed_at": NOW + timedelta(days=1)}
    assert told(issue(), back(), **kept) == []
    assert told(issue(), back(FETCHED), **kept) == []
    assert told(issue(), back(FETCHED), is_reusable=False, changed_at=EARLY) == []
    lost = happened(12, Move.MARK_MISSING, State.AWAITING_INSPECTION, LOST)
    assert told(issue(), back(), CLEAN, lost, **kept) == []


def test_only_what_is_in_the_month_is_looked_at() -> None:
    april = date(2026, 4, 1)
    late = issue(BOUGHT | {"period": april, "pence": 1}, DRIVEN | {"period": april})
    assert told(late, period=MARCH) == []
    assert told(late, period=april) == ["wrong-price 10001 1"]
    assert told(replace(late, lines=()), period=april) == []
    assert told(replace(late, lines=(), visit=""), period=MARCH) == ["not-charged 10001 0"]
    assert told(issue(), back(FETCHED, CREDITED | {"pence": -20_000}), period=april) == []


def test_what_happened_before_charges_began_was_never_charged() -> None:
    assert told(replace(issue(), lines=(), is_charged=False), happened(6, Move.RETURN, State.ON_LOAN)) == []


def test_an_item_that_somebody_had_before_is_recycled() -> None:
    assert told(replace(LENT, seq=2), times_issued=2) == []
    assert told(happened(2, Move.START_TRIAL, State.IN_STOCK, BOUGHT)) == []


def test_what_came_from_the_van_was_never_issued() -> None:
    assert told(happened(6, Move.RETURN, State.DISPATCHED, visit="Collection C1")) == []
