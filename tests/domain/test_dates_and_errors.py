"""UK days, and what a refusal carries."""

from datetime import UTC, date, datetime

import pytest

from app.domain.dates import uk_date
from app.domain.errors import BadValue, Blocker, Conflict, Incomplete, NotClear, WrongState


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 7, 1, 22, 59, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 7, 1, 23, 0, tzinfo=UTC), date(2026, 7, 2)),
        (datetime(2026, 1, 1, 23, 59, tzinfo=UTC), date(2026, 1, 1)),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), date(2026, 3, 29)),
    ],
)
def test_a_day_is_a_day_in_the_uk(at: datetime, day: date) -> None:
    assert uk_date(at) == day


def test_a_refusal_carries_its_code_its_words_and_its_field() -> None:
    error = Conflict("no-stock", "Nothing is free.", field="product_code")
    assert (error.code, error.detail, error.field, str(error)) == (
        "no-stock",
        "Nothing is free.",
        "product_code",
        "Nothing is free.",
    )


def test_a_refusal_of_clearance_carries_every_blocker() -> None:
    blockers = [Blocker("on-hold", "Fault."), Blocker("not-inspected", "No check.")]
    error = NotClear("not-clear", "Fault. No check.", blockers)
    assert error.blockers == tuple(blockers)
    assert isinstance(error, Conflict)
    assert issubclass(WrongState, Conflict)


def test_what_is_still_to_be_said_goes_with_the_refusal() -> None:
    wanted = {"warnings": [{"code": "loads-unknown"}]}
    error = Incomplete("answer-the-warnings", "Answer the warnings.", field="answers", wanted=wanted)
    assert isinstance(error, BadValue)
    assert (error.code, error.field, error.wanted) == ("answer-the-warnings", "answers", wanted)
