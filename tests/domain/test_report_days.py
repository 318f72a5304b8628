"""As at when a report stands, and when its days begin."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from app.domain.errors import BadValue
from app.domain.report_days import midnight, standing_at

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
SINCE = date(2026, 1, 1)


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
        (date.max, "bad-day"),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=12))), "bad-day"),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))), "bad-day"),
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
