"""When the monthly pack is due."""

from datetime import date

import pytest

from app.domain.finance_pack import pack_due

NEW_YEAR = frozenset({date(2026, 1, 1)})


@pytest.mark.parametrize(
    ("today", "nth", "due"),
    [
        (date(2026, 1, 1), 1, None),
        (date(2026, 1, 2), 1, date(2025, 12, 1)),
        (date(2026, 3, 5), 5, None),
        (date(2026, 3, 6), 5, date(2026, 2, 1)),
        (date(2026, 3, 31), 5, date(2026, 2, 1)),
    ],
)
def test_last_month_s_pack_is_due_from_the_nth_working_day_on(today: date, nth: int, due: date | None) -> None:
    assert pack_due(today, nth, NEW_YEAR) == due
