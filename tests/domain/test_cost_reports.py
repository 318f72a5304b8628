"""What reports of money may be asked: periods, dimensions and categories."""

from datetime import date

import pytest

from app.domain.cost_reports import (
    By,
    Dimension,
    Quick,
    Span,
    check_whole_months,
    not_kept_before,
    read_as_at,
    read_category,
    read_day,
    read_grouping,
    read_span,
    year_span,
)
from app.domain.errors import BadValue

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "March 2026, by the month of the books"),
        ({"period": "2025-12"}, "December 2025, by the month of the books"),
        ({"period": "last_month"}, "February 2026, by the month of the books"),
        ({"period": "this_year"}, "April 2025 to March 2026, by the month of the books"),
        ({"period": "last_year"}, "April 2024 to March 2025, by the month of the books"),
        ({"since": "2026-01-01", "until": "2026-02-28"}, "January 2026 to February 2026, by the month of the books"),
        ({"since": "2026-01-15"}, "15 January 2026 to 2 March 2026, by the day it happened"),
        ({"since": "2026-03-02", "until": "2026-03-02"}, "2 March 2026, by the day it happened"),
        ({"period": "2026-03", "by": "happened"}, "1 March 2026 to 31 March 2026, by the day it happened"),
        ({"since": "2021-01-01", "until": "2026-01-31"}, "January 2021 to January 2026, by the month of the books"),
        ({"since": "2021-01-15", "until": "2026-02-14"}, "15 January 2021 to 14 February 2026, by the day it happened"),
    ],
)
def test_a_period_is_read(asked: dict[str, str], words: str) -> None:
    assert read_span(today=TODAY, **asked).words == words


def test_of_few_people_only_whole_months_are_told() -> None:
    check_whole_months(Span(date(2026, 2, 1), date(2026, 2, 28)))
    with pytest.raises(BadValue) as refusal:
        check_whole_months(Span(date(2026, 2, 1), date(2026, 2, 28), By.HAPPENED))
    assert (refusal.value.code, refusal.value.field) == ("by-the-books-only", "by")
    check_whole_months(Span(date(2025, 11, 1), date(2026, 3, 31)))
    for since, until in ((date(2026, 2, 1), date(2026, 2, 26)), (date(2026, 2, 2), date(2026, 2, 28))):
        with pytest.raises(BadValue) as refusal:
            check_whole_months(Span(since, until, By.HAPPENED))
        assert (refusal.value.code, refusal.value.field) == ("whole-months-only", "from")


def test_the_month_before_january_is_december() -> None:
    assert read_span(today=date(2026, 1, 31), period="last_month") == Span(date(2025, 12, 1), date(2025, 12, 31))


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"period": "2026-03", "since": "2026-03-01"}, "period-or-days", "period"),
        ({"period": "2026-13"}, "not-a-period", "period"),
        ({"period": "0999-01"}, "not-a-period", "period"),
        ({"period": "March"}, "not-a-period", "period"),
        ({"since": "yesterday"}, "bad-day", "from"),
        ({"since": "2026-03-01", "until": "9999-12-31"}, "bad-day", "to"),
        ({"until": "2026-03-01"}, "first-day-wanted", "from"),
        ({"since": "2026-03-03"}, "ends-before-it-starts", "to"),
        ({"since": "2021-01-01", "until": "2026-02-01"}, "period-too-long", "to"),
        ({"since": "2016-01-01", "until": "2026-01-01"}, "period-too-long", "to"),
        ({"since": "2021-01-15", "until": "2026-02-15"}, "period-too-long", "to"),
        ({"by": "posting"}, "bad-by", "by"),
        ({"since": "2026-03-01", "until": "2026-03-15", "by": "period"}, "not-whole-months", "from"),
        ({"since": "2026-03-02", "until": "2026-03-31", "by": "period"}, "not-whole-months", "from"),
    ],
)
def test_a_period_that_cannot_be_is_refused(asked: dict[str, str], code: str, field: str) -> None:
    with pytest.raises(BadValue) as refused:
        read_span(today=TODAY, **asked)
    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.parametrize(
    ("asked", "year"), [("", 2025), ("2024", 2024), ("2024/25", 2024), ("2024-25", 2024), ("2099/00", 2099)]
)
def test_a_financial_year_is_read(asked: str, year: int) -> None:
    assert year_span(asked, today=TODAY) == (year, Span(date(year, 4, 1), date(year + 1, 3, 31), By.PERIOD))


@pytest.mark.parametrize("asked", ["24", "2024/26", "20x4", "1999", "2999", "2024/25/26", "²⁰²⁴"])
def test_what_is_no_financial_year_is_refused(asked: str) -> None:
    with pytest.raises(BadValue, match="such as 2025 or 2025/26"):
        year_span(asked, today=TODAY)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("funder", [Dimension.FUNDER]),
        ("product, speed", [Dimension.PRODUCT, Dimension.SPEED]),
        ("kind,", [Dimension.KIND]),
    ],
)
def test_one_or_two_dimensions_are_read(asked: str, found: list[Dimension]) -> None:
    assert list(read_grouping(asked)) == found


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("colour", "unknown-dimension"),
        ("funder,colour", "unknown-dimension"),
        ("", "one-or-two-dimensions"),
        ("funder,team,kind", "one-or-two-dimensions"),
        ("funder,funder", "one-or-two-dimensions"),
    ],
)
def test_other_dimensions_are_refused_with_those_that_are_known(asked: str, code: str) -> None:
    with pytest.raises(BadValue, match="funder, cost_centre, team") as refused:
        read_grouping(asked)
    assert refused.value.code == code


def test_each_dimension_and_quick_period_has_its_words() -> None:
    assert [Dimension.TEAM.text, Dimension.PERIOD.text, Quick.LAST_YEAR.text] == [
        "Team",
        "Month",
        "Last financial year",
    ]
    assert [Dimension.FUNDER.nothing, Dimension.KIND.nothing] == ["Service's own", "Not recorded"]


@pytest.mark.parametrize(("typed", "code"), [("12", "12"), ("1236", "12 36"), ("12.36.03", "12 36 03")])
def test_a_category_is_read_by_its_beginning(typed: str, code: str) -> None:
    assert read_category(typed) == code


def test_what_is_no_category_or_day_is_refused() -> None:
    with pytest.raises(BadValue, match="such as 12, 12 36 or 12 36 03"):
        read_category("beds")
    assert read_day("2026-03-02", field="as_at") == TODAY


def test_a_report_of_the_time_before_charges_says_so() -> None:
    assert not_kept_before(TODAY, None) == "No charge has been recorded yet."
    assert not_kept_before(TODAY, date(2026, 3, 1)) == ""
    assert not_kept_before(date(2026, 2, 28), date(2026, 3, 1)).startswith("Charges are kept from March 2026 on.")


def test_how_things_stood_is_asked_of_no_day_to_come() -> None:
    assert read_as_at("", today=TODAY) == read_as_at("2026-03-02", today=TODAY) == TODAY
    with pytest.raises(BadValue, match="Choose today or a day before"):
        read_as_at("2026-03-03", today=TODAY)
