"""Loans and trials: their kinds, dates and outcomes."""

from datetime import date, timedelta
from enum import StrEnum

from app.domain.dates import in_words
from app.domain.errors import BadValue

LONGEST_TRIAL = timedelta(days=366)


class LoanKind(StrEnum):
    """A loan has no fixed end; a trial ends on a date and with an outcome."""

    LOAN = "loan"
    TRIAL = "trial"


class TrialOutcome(StrEnum):
    """What was decided at the end of a trial."""

    KEEP = "keep"
    COLLECT = "collect"
    EXTEND = "extend"


class CollectionSpeed(StrEnum):
    """How soon a collection is wanted: five working days as a rule, one when it is urgent."""

    STANDARD = "standard"
    URGENT = "urgent"


def check_trial_dates(kind: LoanKind, trial_ends_on: date | None, *, today: date, field: str = "trial_ends_on") -> None:
    """A trial needs an end, after today and within a year; a loan has none. `field`: what the form calls that end.

    Raises BadValue `trial-without-end`, `trial-ends-before-it-starts`, `trial-too-long` or `loan-with-trial-end`.
    """
    if kind is LoanKind.LOAN:
        if trial_ends_on is not None:
            raise BadValue("loan-with-trial-end", "Only a trial has an end date. Leave it out for a loan.", field=field)
        return
    if trial_ends_on is None:
        raise BadValue("trial-without-end", "Say on which day the trial ends.", field=field)
    if trial_ends_on <= today:
        raise BadValue(
            "trial-ends-before-it-starts",
            f"The trial starts today, so it must end after {in_words(today)}.",
            field=field,
        )
    if trial_ends_on > today + LONGEST_TRIAL:
        raise BadValue("trial-too-long", "A trial lasts a year at most. For longer, make it a loan.", field=field)
