"""When a registration is about to end, and when authority may be lent: tables."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app.domain.authority import Authority, Delegation, PanelRule, Setting, Tier
from app.domain.errors import RuleError
from app.features.prescribers.rules import (
    Beyond,
    LendingState,
    Registration,
    check_lending,
    check_registration,
    lending_state,
    registration_on,
    warning_due,
    what_is_beyond,
    what_panels_decide,
)

TODAY = date(2026, 3, 2)
SENIOR = Authority(
    "senior.ot",
    "Sarah Okafor",
    1,
    Tier.HIGHLY_SPECIALIST,
    500_000,
    registration_number="OT00002",
    registration_expires_on=date(2027, 2, 5),
    may_authorise=True,
)
OT = replace(SENIOR, username="ot", name="Olu Thompson", tier=Tier.STANDARD, spend_limit_pence=100_000)
OT = replace(OT, may_authorise=False)
STUDENT = replace(OT, username="student.ot", name="Sam Whitfield", is_supervised=True, registration_number=None)
JSEP = PanelRule("JSEP", orders_above_pence=250_000)


def day(days: int) -> date:
    return TODAY + timedelta(days=days)


def lending(first: int = 0, last: int = 6, to: str = "ot") -> Delegation:
    return Delegation("senior.ot", to, day(first), day(last))


@pytest.mark.parametrize(
    ("left", "stands", "warning"),
    [
        (61, Registration.IN_DATE, None),
        (60, Registration.ENDS_SOON, 60),
        (31, Registration.ENDS_SOON, 60),
        (30, Registration.ENDS_SOON, 30),
        (8, Registration.ENDS_SOON, 30),
        (7, Registration.ENDS_SOON, 7),
        (0, Registration.ENDS_SOON, 7),
        (-1, Registration.ENDED, None),
    ],
)
def test_a_registration_is_in_date_through_its_last_day_and_warned_of_before(
    left: int, stands: Registration, warning: int | None
) -> None:
    assert (registration_on(day(left), TODAY), warning_due(day(left), TODAY)) == (stands, warning)


def test_a_registration_that_nobody_recorded_is_missing() -> None:
    assert registration_on(None, TODAY) is Registration.MISSING


@pytest.mark.parametrize(
    ("number", "ends", "field"), [("OT12345", None, "registration_expires_on"), (None, TODAY, "registration_number")]
)
def test_half_a_registration_is_refused_at_the_other_half(number: str | None, ends: date | None, field: str) -> None:
    with pytest.raises(RuleError) as refused:
        check_registration(number, ends)
    assert (refused.value.code, refused.value.field) == ("half-a-registration", field)
    check_registration(None, None)
    check_registration("OT12345", TODAY)


@pytest.mark.parametrize(
    ("first", "last", "is_ended", "state"),
    [
        (1, 2, False, LendingState.PLANNED),
        (0, 0, False, LendingState.IN_FORCE),
        (-9, -1, False, LendingState.OVER),
        (-9, 9, True, LendingState.ENDED),
    ],
)
def test_a_delegation_is_in_force_from_its_first_to_its_last_day_unless_ended(
    first: int, last: int, is_ended: bool, state: LendingState
) -> None:
    assert lending_state(day(first), day(last), is_ended=is_ended, today=TODAY) is state


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"receiver": SENIOR}, "lent-to-oneself", "to_username"),
        ({"lending": lending(-1, 3)}, "in-the-past", "from_on"),
        ({"lending": lending(3, 2)}, "ends-before-it-starts", "until_on"),
        ({"lending": lending(0, 92)}, "lent-too-long", "until_on"),
        ({"lender": replace(SENIOR, is_supervised=True)}, "is-supervised", "from_username"),
        ({"receiver": STUDENT}, "is-supervised", "to_username"),
        ({"lender": replace(SENIOR, registration_expires_on=day(-1))}, "registration-expired", "from_username"),
        ({"lender": replace(SENIOR, registration_number=None)}, "registration-expired", "from_username"),
        ({"receiver": replace(OT, registration_expires_on=day(-1))}, "registration-expired", "to_username"),
        ({"lender": replace(SENIOR, may_authorise=False)}, "not-an-authoriser", "from_username"),
        ({"others": [lending(6, 9)]}, "already-lent", "from_on"),
        ({"others": [lending(-5, 0)]}, "already-lent", "from_on"),
    ],
)
def test_authority_is_lent_only_by_who_has_it_to_who_may_sign_for_days_that_are_free(
    change: dict[str, Any], code: str, field: str
) -> None:
    wanted: dict[str, Any] = {"lender": SENIOR, "receiver": OT, "lending": lending(), "others": []} | change
    with pytest.raises(RuleError) as refused:
        check_lending(**wanted, today=TODAY)
    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.parametrize("others", [[], [lending(7, 9)], [lending(-3, -1)], [lending(0, 6, to="another")]])
def test_authority_may_be_lent_beside_other_days_and_other_people(others: list[Delegation]) -> None:
    check_lending(SENIOR, OT, lending(), others=others, today=TODAY)
    check_lending(SENIOR, OT, lending(0, 91), others=[], today=TODAY)


def test_what_is_beyond_an_authority_names_who_can_authorise_it() -> None:
    setting = Setting(on=TODAY, people=[OT, SENIOR, STUDENT], panels=[JSEP])
    sarah = ("Sarah Okafor",)
    above = [
        Beyond("A specialist product", sarah, then_the_panel=""),
        Beyond("A highly specialist product", sarah, then_the_panel="JSEP"),
    ]
    over = Beyond("An order over your limit of £1,000", sarah, then_the_panel="")
    assert what_is_beyond(OT, setting) == [over, *above]
    every = Beyond("Every order, because you work under supervision", sarah, then_the_panel="")
    assert what_is_beyond(STUDENT, setting) == [every, over, *above]
    assert what_is_beyond(SENIOR, setting) == [Beyond("An order over your limit of £5,000", (), then_the_panel="JSEP")]


def test_who_was_lent_authority_is_named_too() -> None:
    deputy = replace(OT, username="deputy", name="Dele Deputy", team_id=2)
    setting = Setting(on=TODAY, people=[OT, SENIOR, deputy], delegations=[lending(to="deputy")])
    assert {case.who for case in what_is_beyond(OT, setting)} == {("Dele Deputy", "Sarah Okafor")}


def test_the_panels_rules_are_said() -> None:
    assert what_panels_decide([]) == []
    first = PanelRule("CEP", funders=frozenset({"CHILD"}), decides_non_catalogue=True, precedence=1)
    assert what_panels_decide([JSEP, first]) == [
        "CEP decides every highly specialist line that CHILD pays for.",
        "CEP decides every line that is not in the catalogue that CHILD pays for.",
        "JSEP decides every highly specialist line.",
        "JSEP decides every order above £2,500.",
    ]
