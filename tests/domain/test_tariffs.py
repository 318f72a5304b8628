"""What a rate must be."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.domain.costs import ChargeKind, Step
from app.domain.errors import BadValue, Conflict
from app.domain.tariffs import (
    MOST_COUNTED,
    InForce,
    Rate,
    check_day,
    check_end,
    check_overlap,
    check_rate,
    check_withdrawal,
    closed_in_words,
    day_to_replace,
    days_in_words,
    end_when_it_goes_on,
    first_open_day,
    gap_in_words,
    price_in_words,
    staying_in_words,
    variant_in_words,
)

K = ChargeKind
FROM = date(2026, 4, 1)


def rate(kind: ChargeKind = K.REPAIR, **details: Any) -> Rate:
    """A rate of £22 from April on, with changes."""
    if not {"pence", "percent", "taper"} & set(details):
        details["pence"] = 2_200
    return Rate(kind, details.pop("starts_on", FROM), **details)


def steps(*given: tuple[int, int]) -> tuple[Step, ...]:
    return tuple(Step(months, Decimal(percent)) for months, percent in given)


def test_what_a_person_adds_has_no_rate() -> None:
    with pytest.raises(BadValue) as refusal:
        check_rate(rate(K.TOP_UP), closed=None)
    assert (refusal.value.code, refusal.value.field) == ("no-rate-for-this", "kind")


@pytest.mark.parametrize(
    "good",
    [
        rate(),
        rate(pence=0),
        rate(K.DELIVERY, variant="next_day"),
        rate(K.DELIVERY),
        rate(K.COLLECTION, variant="urgent"),
        rate(K.FAILED_VISIT, variant="inspection"),
        rate(K.DECONTAMINATION, variant="thermal", category="12 36"),
        rate(K.INSPECTION, variant="loler", product="HOIST-150"),
        rate(K.RECYCLED_ISSUE, percent=Decimal(25)),
        rate(K.RECYCLED_ISSUE, percent=Decimal(110)),
        rate(K.CREDIT, percent=Decimal(100), floor_pence=3_000),
        rate(K.CREDIT, taper=steps((0, 90), (12, 75), (84, 0)), floor_pence=3_000),
        rate(K.CREDIT, taper=steps((6, 50))),
        rate(K.HIRE, product="BED"),
        rate(ends_on=FROM),
        rate(ends_on=date(2027, 3, 31)),
    ],
)
def test_a_rate_that_can_be(good: Rate) -> None:
    check_rate(good, closed=date(2026, 3, 1))


@pytest.mark.parametrize(
    ("bad", "code", "field"),
    [
        (rate(pence=None), "one-way-to-price", "pence"),
        (rate(K.CREDIT, pence=1, percent=Decimal(1)), "one-way-to-price", "pence"),
        (rate(K.CREDIT, percent=Decimal(1), taper=steps((0, 1))), "one-way-to-price", "pence"),
        (rate(pence=-1), "tariff-negative", "pence"),
        (rate(K.CREDIT, percent=Decimal(-1)), "tariff-negative", "percent"),
        (rate(K.CREDIT, percent=Decimal(1), floor_pence=-1), "tariff-negative", "floor_pence"),
        (rate(variant="loler"), "unknown-variant", "variant"),
        (rate(K.DELIVERY, variant="tomorrow"), "unknown-variant", "variant"),
        (rate(K.COLLECTION, variant="next_day"), "unknown-variant", "variant"),
        (rate(product="A", category="12"), "product-or-category", "category"),
        (rate(K.DELIVERY, product="A"), "visit-for-everything", "product_code"),
        (rate(K.FAILED_VISIT, category="12"), "visit-for-everything", "category"),
        (rate(K.HIRE), "hire-of-a-product", "product_code"),
        (rate(K.HIRE, product="A", percent=Decimal(1)), "hire-by-the-night", "pence"),
        (rate(percent=Decimal(10)), "nothing-to-take-a-percentage-of", "percent"),
        (rate(K.NEW_PURCHASE, taper=steps((0, 10))), "only-credit-tapers", "taper"),
        (rate(K.CREDIT, percent=Decimal("100.01")), "credit-above-the-charge", "percent"),
        (rate(K.CREDIT, pence=10, floor_pence=1), "floor-of-credit-only", "floor_pence"),
        (rate(floor_pence=1), "floor-of-credit-only", "floor_pence"),
        (rate(K.CREDIT, taper=()), "taper-not-in-order", "taper"),
        (rate(K.CREDIT, taper=steps((12, 90), (0, 75))), "taper-not-in-order", "taper"),
        (rate(K.CREDIT, taper=steps((0, 90), (0, 75))), "taper-not-in-order", "taper"),
        (rate(K.CREDIT, taper=steps((-1, 90))), "taper-not-in-order", "taper"),
        (rate(K.CREDIT, taper=steps((0, 101))), "bad-percentage", "taper"),
        (rate(K.CREDIT, taper=steps((0, 10), (5, -1))), "bad-percentage", "taper"),
        (rate(K.CREDIT, taper=steps((0, 90), (12, 90))), "taper-not-falling", "taper"),
        (rate(K.CREDIT, taper=steps((0, 50), (12, 60))), "taper-not-falling", "taper"),
        (rate(ends_on=date(2026, 3, 31)), "tariff-ends-before-it-starts", "ends_on"),
    ],
)
def test_a_rate_that_cannot_be(bad: Rate, code: str, field: str) -> None:
    with pytest.raises(BadValue) as refusal:
        check_rate(bad, closed=None)
    assert (refusal.value.code, refusal.value.field) == (code, field)


@pytest.mark.parametrize(
    ("closed", "first"),
    [(None, None), (date(2026, 3, 1), date(2026, 4, 1)), (date(2026, 12, 1), date(2027, 1, 1))],
)
def test_the_first_day_that_is_open(closed: date | None, first: date | None) -> None:
    assert first_open_day(closed) == first


def test_a_rate_does_not_begin_in_a_closed_month() -> None:
    with pytest.raises(Conflict, match=r"up to April 2026\. The rate can begin on 1 May 2026 or later") as refusal:
        check_rate(rate(starts_on=date(2026, 4, 30)), closed=date(2026, 4, 1))
    assert (refusal.value.code, refusal.value.field) == ("period-closed", "starts_on")
    check_rate(rate(starts_on=date(2026, 5, 1)), closed=date(2026, 4, 1))
    assert closed_in_words(None) == ""


@pytest.mark.parametrize(
    ("since", "until", "other", "is_free"),
    [
        (1, None, (1, None), False),
        (1, None, (10, 20), False),
        (1, 10, (10, None), False),
        (1, 9, (10, None), True),
        (21, None, (10, 20), True),
        (20, None, (10, 20), False),
        (12, 13, (10, 20), False),
    ],
)
def test_two_rates_for_the_same_thing_never_share_a_day(
    since: int, until: int | None, other: tuple[int, int | None], *, is_free: bool
) -> None:
    def day(number: int | None) -> date | None:
        return None if number is None else date(2026, 4, number)

    new = rate(starts_on=date(2026, 4, since), ends_on=day(until))
    there = [InForce(7, date(2026, 4, other[0]), day(other[1]))]
    if is_free:
        check_overlap(new, there)
        return
    with pytest.raises(Conflict, match=r"Rate 7 for the same thing is in force from \d+ April 2026") as refusal:
        check_overlap(new, there)
    assert refusal.value.code == "tariff-overlaps"


@pytest.mark.parametrize(
    ("ends_on", "now_ends", "closed", "code"),
    [
        (date(2026, 4, 1), None, None, None),
        (date(2026, 4, 30), date(2026, 5, 1), date(2026, 4, 1), None),
        (date(2026, 3, 31), None, None, "tariff-ends-before-it-starts"),
        (date(2026, 5, 1), date(2026, 5, 1), None, "tariff-ended"),
        (date(2026, 6, 1), date(2026, 5, 1), None, "tariff-ended"),
        (date(2026, 4, 29), None, date(2026, 4, 1), "period-closed"),
    ],
)
def test_an_end_comes_nearer_and_leaves_what_is_closed(
    ends_on: date, now_ends: date | None, closed: date | None, code: str | None
) -> None:
    there = InForce(7, FROM, now_ends)
    if code is None:
        check_end(there, ends_on, closed=closed)
        return
    with pytest.raises((BadValue, Conflict)) as refusal:
        check_end(there, ends_on, closed=closed)
    assert (refusal.value.code, refusal.value.field) == (code, "ends_on")


def test_what_is_replaced_ends_the_day_before() -> None:
    assert day_to_replace(InForce(7, FROM, None), date(2026, 5, 1)) == date(2026, 4, 30)
    with pytest.raises(Conflict, match="begin a day later"):
        day_to_replace(InForce(7, FROM, None), FROM)


@pytest.mark.parametrize(
    ("kind", "price", "said"),
    [
        (K.REPAIR, {"pence": 2_200}, "£22"),
        (K.HIRE, {"pence": 150}, "£1.50 a night, one night at least"),
        (K.RECYCLED_ISSUE, {"percent": Decimal("25.00")}, "25 % of what the item cost"),
        (K.SCRAP, {"percent": Decimal(1)}, "1 % of the price"),
        (
            K.CREDIT,
            {"percent": Decimal(80), "floor_pence": 3_000},
            "80 % of what was charged; nothing where the item cost less than £30",
        ),
        (K.CREDIT, {"taper": steps((0, 90), (12, 75))}, "90 % at first, 75 % from 12 months, of what was charged"),
        (K.CREDIT, {}, ", of what was charged"),
    ],
)
def test_a_price_in_words(kind: ChargeKind, price: dict[str, Any], said: str) -> None:
    assert price_in_words(kind, **{"pence": None, "percent": None, "taper": None, "floor_pence": 0, **price}) == said


@pytest.mark.parametrize(
    ("kind", "variant", "said"),
    [
        (K.DELIVERY, "", ""),
        (K.DELIVERY, "next_day", "Next working day"),
        (K.COLLECTION, "urgent", "Urgent"),
        (K.INSPECTION, "loler", "LOLER thorough examination"),
        (K.FAILED_VISIT, "inspection", "Inspection"),
        (K.DELIVERY, "by_night", "By night"),
        (K.REPAIR, "at_home", "At home"),
        (K.HIRE, "2026-03-02", "Nights from 2 March 2026"),
    ],
)
def test_a_variant_in_words(kind: ChargeKind, variant: str, said: str) -> None:
    assert variant_in_words(kind, variant) == said


@pytest.mark.parametrize(
    ("was_to_end", "following", "ends_on"),
    [
        (None, None, None),
        (date(2026, 12, 31), None, date(2026, 12, 31)),
        (None, date(2026, 7, 1), date(2026, 6, 30)),
        (date(2026, 5, 31), date(2026, 7, 1), date(2026, 5, 31)),
        (date(2026, 12, 31), date(2026, 7, 1), date(2026, 6, 30)),
    ],
)
def test_what_was_replaced_goes_on_as_far_as_it_would_have(
    was_to_end: date | None, following: date | None, ends_on: date | None
) -> None:
    assert end_when_it_goes_on(was_to_end, following) == ends_on


def test_a_gap_in_words() -> None:
    assert gap_in_words(date(2026, 3, 31), None) == "There is no rate from 1 April 2026 on."
    assert gap_in_words(date(2026, 3, 31), date(2026, 6, 1)) == "There is no rate from 1 April 2026 to 31 May 2026."


def test_days_in_words() -> None:
    assert days_in_words(FROM, None) == "from 1 April 2026 on"
    assert days_in_words(FROM, date(2027, 3, 31)) == "from 1 April 2026 to 31 March 2027"


@pytest.mark.parametrize(
    ("starts_on", "lines", "code"),
    [(date(2026, 3, 3), 0, ""), (date(2026, 3, 2), 0, "tariff-began"), (date(2026, 3, 3), 1, "tariff-has-priced")],
)
def test_a_rate_goes_only_before_it_prices_anything(starts_on: date, lines: int, code: str) -> None:
    found = ""
    try:
        check_withdrawal(InForce(1, starts_on, None), today=date(2026, 3, 2), lines=lines)
    except Conflict as refusal:
        found = refusal.code
    assert found == code


TODAY = date(2026, 11, 28)


@pytest.mark.parametrize("day", [None, date(2000, 1, 1), TODAY, date(2036, 11, 28)])
def test_a_rate_may_begin_or_end_in_the_years_that_the_service_knows(day: date | None) -> None:
    check_day(day, today=TODAY, field="starts_on")
    check_day(day, today=TODAY, field="ends_on")


@pytest.mark.parametrize(
    ("day", "field", "said"),
    [
        (date(1999, 12, 31), "starts_on", "31 December 1999 is too early for the first day of a rate."),
        (date(9999, 12, 31), "starts_on", "31 December 9999 is too late for the first day of a rate."),
        (date(2036, 11, 29), "ends_on", "to 28 November 2036, or none, if it holds for good."),
    ],
)
def test_a_rate_of_other_years_is_refused_with_the_days_that_would_be_right(day: date, field: str, said: str) -> None:
    with pytest.raises(BadValue) as refused:
        check_day(day, today=TODAY, field=field)
    assert (refused.value.code, refused.value.field) == ("tariff-day-out-of-range", field)
    assert said in refused.value.detail
    assert "from 1 January 2000 to 28 November 2036" in refused.value.detail


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (1, "1 line of 15 November 2026 or later was priced by rate 3 before it was given its end, and stays so."),
        (32, "32 lines of 15 November 2026 or later were priced by rate 3"),
        (MOST_COUNTED, "10,000 lines or more of 15 November 2026 or later were priced"),
    ],
)
def test_lines_that_stay_at_a_rate_that_ended_are_counted_in_words(lines: int, said: str) -> None:
    assert staying_in_words(3, lines, date(2026, 11, 14)).startswith(said)
