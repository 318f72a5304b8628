"""The dates of loans and trials."""

from datetime import date, timedelta

import pytest

from app.domain.errors import BadValue
from app.domain.loans import LoanKind, check_trial_dates

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("kind", "days"), [(LoanKind.LOAN, None), (LoanKind.TRIAL, 1), (LoanKind.TRIAL, 14), (LoanKind.TRIAL, 366)]
)
def test_a_trial_ends_within_a_year_and_a_loan_does_not_end(kind: LoanKind, days: int | None) -> None:
    check_trial_dates(kind, None if days is None else TODAY + timedelta(days=days), today=TODAY)


@pytest.mark.parametrize(
    ("kind", "days", "code"),
    [
        (LoanKind.LOAN, 14, "loan-with-trial-end"),
        (LoanKind.TRIAL, None, "trial-without-end"),
        (LoanKind.TRIAL, 0, "trial-ends-before-it-starts"),
        (LoanKind.TRIAL, -1, "trial-ends-before-it-starts"),
        (LoanKind.TRIAL, 367, "trial-too-long"),
    ],
)
def test_other_dates_are_refused(kind: LoanKind, days: int | None, code: str) -> None:
    with pytest.raises(BadValue) as refusal:
        check_trial_dates(kind, None if days is None else TODAY + timedelta(days=days), today=TODAY)
    assert refusal.value.code == code
    assert refusal.value.field == "trial_ends_on"
