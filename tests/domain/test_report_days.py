"""Which days a report may be about, as at when it stands, and which months they touch."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from app.domain.errors import BadValue
from app.domain.report_days import check_report_days, midnight, months_between, standing_at

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
SINCE = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("since", "until", "code"),
    [
        (date(2026, 3, 2), date(2026, 3, 2), None),
        (date(2021, 4, 1), date(2026, 4, 30), None),
        (date(2021, 4, 1), date(2026, 5, 1), "period-too-long"),
        (date(2021, 4, 15), date(2026, 5, 14), None),
        (date(2016, 4, 1), date(2026, 3, 31), "period-too-long"),
        (date(2026, 3, 2), date(2026, 3, 1), "ends-before-it-starts"),
        (date(1999, 12, 31), date(2000, 1, 1), "no-such-years"),
        (date(2999, 12, 31), date(3000, 1, 1), "no-such-years"),
        (date(2000, 4, 1), date.min, "no-such-years"),
    ],
)
def test_the_days_of_a_report(since: date, until: date, code: str | None) -> None:
    if code is None:
        check_report_days(since, until)
        return
    with pytest.raises(BadValue) as refused:
        check_report_days(since, until)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("asked", "at"),
    [
        (None, NOW),
        (date(2026, 3, 2), NOW),
        (date(2026, 3, 1), datetime(2026, 3, 1, 23, 59, 59, 999999, tzinfo=UTC)),
        (datetime(2026, 3, 1, 9, tzinfo=UTC), datetime(2026, 3, 1, 9, tzinfo=UTC)),
        (date(2026, 3, 3), "as-at-in-the-future"),
        (datetime(2026, 3, 2, 14, 6, tzinfo=UTC), "as-at-in-the-future"),
        (date(2025, 12, 31), "as-at-before-it-starts"),
        (date.max, "no-such-years"),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=12))), "no-such-years"),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))), "no-such-years"),
    ],
)
def test_as_at_a_day_counts_it_whole_and_an_instant_is_itself(
    asked: date | datetime | None, at: datetime | str
) -> None:
    if isinstance(at, datetime):
        assert standing_at(asked, since=SINCE, now=NOW) == at
        return
    with pytest.raises(BadValue) as refused:
        standing_at(asked, since=SINCE, now=NOW)
    assert refused.value.code == at


def test_a_day_begins_in_the_uk() -> None:
    assert midnight(date(2026, 7, 1)) == datetime(2026, 6, 30, 23, tzinfo=UTC)


def test_every_month_that_is_touched() -> None:
    assert list(months_between(date(2025, 11, 30), date(2026, 2, 1))) == ["2025-11", "2025-12", "2026-01", "2026-02"]
