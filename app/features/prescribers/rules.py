"""When a registration is about to end, who decides what goes beyond an authority, and when authority may be lent.

Pure: no database and no clock. What an authority reaches is `domain/authority.py`'s to say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from app.domain.authority import (
    Asked,
    Authority,
    Delegation,
    PanelRule,
    Setting,
    Tier,
    route,
    who_can_authorise,
)
from app.domain.dates import in_words
from app.domain.errors import BadValue, Conflict

WARN_BEFORE: Final = (60, 30, 7)
"""So many days before a registration ends its prescriber and their authorisers are told."""

LONGEST_LENDING: Final = timedelta(days=92)


class Registration(StrEnum):
    """How a registration stands on a day."""

    MISSING = "missing"
    IN_DATE = "in_date"
    ENDS_SOON = "ends_soon"
    ENDED = "ended"


class LendingState(StrEnum):
    """How a delegation stands on a day; `ended` is before its last day."""

    PLANNED = "planned"
    IN_FORCE = "in_force"
    OVER = "over"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Beyond:
    """Something that a prescriber may not order alone, who can authorise it, and the code of the panel that decides it
    then, if one does."""

    what: str
    who: tuple[str, ...]
    then_the_panel: str = ""


def registration_on(ends: date | None, today: date) -> Registration:
    """How a registration that ends on that day (its last one) stands today."""
    if ends is None:
        return Registration.MISSING
    if ends < today:
        return Registration.ENDED
    return Registration.ENDS_SOON if (ends - today).days <= max(WARN_BEFORE) else Registration.IN_DATE


def warning_due(ends: date, today: date) -> int | None:
    """Which of the warnings is due: the last whose day has come. None long before the end, and after it."""
    left = (ends - today).days
    return min((days for days in WARN_BEFORE if 0 <= left <= days), default=None)


def check_registration(number: str | None, ends: date | None) -> None:
    """A registration is its number and its last day. Raises BadValue `half-a-registration`."""
    if number and ends is None:
        detail = "Give the last day of the registration too, or leave its number empty."
        raise BadValue("half-a-registration", detail, field="registration_expires_on")
    if ends is not None and not number:
        detail = "Give the number of the registration too, or leave its last day empty."
        raise BadValue("half-a-registration", detail, field="registration_number")


def lending_state(from_on: date, until_on: date, *, is_ended: bool, today: date) -> LendingState:
    """How a delegation stands today."""
    if is_ended:
        return LendingState.ENDED
    if today < from_on:
        return LendingState.PLANNED
    return LendingState.IN_FORCE if today <= until_on else LendingState.OVER


def check_lending(
    lender: Authority, receiver: Authority, lending: Delegation, *, others: Sequence[Delegation], today: date
) -> None:
    """Whether the lender's authority may be in the receiver's hands on these days; `others` are not ended early.

    Raises BadValue `lent-to-oneself`, `in-the-past`, `ends-before-it-starts` or `lent-too-long`, and Conflict
    `not-an-authoriser`, `is-supervised`, `registration-expired` or `already-lent`.
    """
    if lender.username == receiver.username:
        detail = "Nobody can lend authority to themselves. Choose somebody else."
        raise BadValue("lent-to-oneself", detail, field="to_username")
    _check_days(lending, today)
    _check_person(lender, lending.from_on, "from_username")
    _check_person(receiver, lending.from_on, "to_username")
    if not lender.may_authorise:
        detail = f"{lender.name} does not authorise orders, so there is no authority to lend. A senior prescriber can."
        raise Conflict("not-an-authoriser", detail, field="from_username")
    _check_overlap(lender, receiver, lending, others)


def _check_days(lending: Delegation, today: date) -> None:
    if lending.from_on < today:
        detail = "The first day has passed. Authority can be lent from today on."
        raise BadValue("in-the-past", detail, field="from_on")
    if lending.until_on < lending.from_on:
        detail = "The last day is before the first. Give the first day or a later one."
        raise BadValue("ends-before-it-starts", detail, field="until_on")
    # Both days count, so that the length is one more than their distance.
    if lending.until_on - lending.from_on >= LONGEST_LENDING:
        last = in_words(lending.from_on + LONGEST_LENDING - timedelta(days=1))
        detail = f"Authority is lent for {LONGEST_LENDING.days} days at most. Choose a last day until {last}."
        raise BadValue("lent-too-long", detail, field="until_on")


def _check_person(person: Authority, on: date, field: str) -> None:
    if person.is_supervised:
        detail = (
            f"{person.name} works under supervision, and can neither lend nor borrow authority. Choose a colleague."
        )
        raise Conflict("is-supervised", detail, field=field)
    if not person.is_registered(on):
        ends = person.registration_expires_on
        known = f"ends on {in_words(ends)}" if ends and person.registration_number else "is not on record"
        detail = f"The registration of {person.name} {known}. Ask the manager to record the renewal first."
        raise Conflict("registration-expired", detail, field=field)


def _check_overlap(lender: Authority, receiver: Authority, lending: Delegation, others: Sequence[Delegation]) -> None:
    pair = (lender.username, receiver.username)
    for other in others:
        is_same_pair = (other.from_username, other.to_username) == pair
        if is_same_pair and other.from_on <= lending.until_on and lending.from_on <= other.until_on:
            days = f"{in_words(other.from_on)} to {in_words(other.until_on)}"
            detail = f"{lender.name} has lent {receiver.name} their authority from {days} already. End that first."
            raise Conflict("already-lent", detail, field="from_on")


def what_is_beyond(own: Authority, setting: Setting) -> list[Beyond]:
    """What this prescriber may not order alone, and who can authorise it today."""
    cases = [("Every order, because you work under supervision", Tier.STANDARD, 0)] if own.is_supervised else []
    limit = f"£{own.spend_limit_pence / 100:,.2f}".removesuffix(".00")
    cases.append((f"An order over your limit of {limit}", Tier.STANDARD, own.spend_limit_pence + 1))
    cases += [(f"A {tier.text.lower()} product", tier, 0) for tier in Tier if not own.tier.covers(tier)]
    found = []
    for what, tier, value in cases:
        asked = Asked(made_by=own.username, team_id=own.team_id, tier=tier, value_pence=value)
        who = tuple(person.name for person in who_can_authorise(asked, setting))
        panel = route(asked, setting.panels)
        found.append(Beyond(what, who, panel.code if panel else ""))
    return found


def what_panels_decide(panels: Sequence[PanelRule]) -> list[str]:
    """The rules of the panels as sentences, that first which is asked first."""
    return [one.detail for panel in sorted(panels, key=lambda each: each.precedence) for one in panel.sentences]
