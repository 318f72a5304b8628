"""By which days orders and collections are judged, and what the outcomes are called."""

from datetime import date

from app.domain.loans import CollectionSpeed
from app.domain.performance import Grouping, Outcome, collection_days, seventh_days

BOXING_DAY, CHRISTMAS = date(2025, 12, 26), date(2025, 12, 25)


def test_the_seventh_working_day_counts_neither_weekends_nor_bank_holidays() -> None:
    found = dict(seventh_days(date(2025, 12, 19), date(2025, 12, 20), {BOXING_DAY, CHRISTMAS}))
    # 22, 23, 24, 29, 30, 31 December and 1 January, which is none here.
    assert found == {date(2025, 12, 19): date(2026, 1, 1), date(2025, 12, 20): date(2026, 1, 1)}


def test_a_collection_is_due_by_its_speed() -> None:
    assert list(collection_days(date(2026, 3, 6), date(2026, 3, 6), frozenset())) == [
        (date(2026, 3, 6), CollectionSpeed.STANDARD, date(2026, 3, 13)),
        (date(2026, 3, 6), CollectionSpeed.URGENT, date(2026, 3, 9)),
    ]


def test_outcomes_and_groupings_have_words() -> None:
    assert [one.text for one in Outcome] == ["On time", "Late", "Not due yet"]
    assert [one.text for one in Grouping] == ["Speed", "Store", "Team", "Month"]
