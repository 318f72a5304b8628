"""What may be handed over the counter, and what is kept after a trial: tables, and who can instead."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.domain.authority import Asked, Authority, Delegation, Other, PanelRule, Setting, Tier
from app.domain.combinations import OrderWarning, Severity
from app.domain.counter import (
    CameBy,
    check_dangers,
    check_extend,
    check_keep,
    refuse_to_hand_out,
    why_not_hand_out,
    why_not_reserve,
)
from app.domain.errors import NotAllowed

TODAY = date(2026, 3, 2)
YESTERDAY = TODAY - timedelta(days=1)
STANDARD, SPECIALIST, HIGHLY = Tier
JSEP = PanelRule("JSEP", orders_above_pence=250_000)

OLLY = Authority("ot", "Olly Tate", 1, STANDARD, 100_000, "OT12345", TODAY)
SENIOR = Authority("senior.ot", "Sena Ortiz", 1, HIGHLY, 500_000, "OT54321", TODAY, may_authorise=True)
STUDENT = Authority("student.ot", "Stu Dent", 1, STANDARD, 50_000, is_supervised=True)
LAPSED = replace(SENIOR, registration_expires_on=YESTERDAY)
SETTING = Setting(TODAY, (OLLY, SENIOR, STUDENT), panels=(JSEP,))
EARLIER = (Other("order O000001", 60_000),)


@pytest.mark.parametrize(
    ("person", "tier", "pence", "on_trial", "refusal"),
    [
        (OLLY, STANDARD, 100_000, False, None),
        (OLLY, STANDARD, 100_001, False, "over-your-limit"),
        (OLLY, SPECIALIST, 100_000, False, "above-your-tier"),
        (OLLY, SPECIALIST, 100_000, True, None),
        (OLLY, SPECIALIST, 100_001, True, "over-your-limit"),
        (OLLY, HIGHLY, 40_000, True, "above-your-tier"),
        (OLLY, HIGHLY, 40_000, False, "needs-an-order"),
        (SENIOR, HIGHLY, 40_000, True, None),
        (SENIOR, HIGHLY, 40_000, False, "needs-an-order"),
        (SENIOR, STANDARD, 250_000, False, None),
        (SENIOR, STANDARD, 250_001, False, "needs-an-order"),
        (SENIOR, STANDARD, 250_001, True, None),
        (STUDENT, STANDARD, 40_000, False, "is-supervised"),
        (LAPSED, STANDARD, 40_000, False, "registration-expired"),
        (None, SPECIALIST, 250_000, False, None),
        (None, SPECIALIST, 250_001, True, "needs-an-order"),
        (None, HIGHLY, 40_000, True, "needs-an-order"),
    ],
)
def test_the_counter_asks_for_the_same_authority_as_an_order(
    person: Authority | None, tier: Tier, pence: int, on_trial: bool, refusal: str | None
) -> None:
    asked = Asked(person.username if person else "technician", 1, tier, pence)
    found = why_not_hand_out(asked, person, on_trial=on_trial, on=TODAY, panels=(JSEP,), is_staff=person is None)
    assert (found.code if found else None) == refusal


def test_where_no_panel_decides_by_value_only_limits_are_asked() -> None:
    dear = Asked("senior.ot", 1, STANDARD, 500_000)
    assert why_not_hand_out(dear, SENIOR, on_trial=False, on=TODAY) is None
    assert why_not_hand_out(dear, SENIOR, on_trial=False, on=TODAY, panels=(PanelRule("Chairs"),)) is None


@pytest.mark.parametrize(
    ("person", "asked", "says"),
    [
        (
            OLLY,
            Asked("ot", 1, SPECIALIST, 40_000),
            "It is specialist, and your tier is standard. Sena Ortiz can hand it out. Or order it, and it goes to who "
            "may authorise it.",
        ),
        (
            OLLY,
            Asked("ot", 1, STANDARD, 50_000, EARLIER),
            "Together with order O000001, it comes to £1,100, and your limit is £1,000. Sena Ortiz can hand it out. Or "
            "order it, and it goes to who may authorise it.",
        ),
        (
            OLLY,
            Asked("ot", 1, STANDARD, 300_000),
            "JSEP decides every order above £2,500. Order it instead of handing it out.",
        ),
        (
            None,
            Asked("technician", None, HIGHLY, 40_000),
            "It is highly specialist, and the panel decides about it. Order it instead of handing it out. Olly Tate or "
            "Sena Ortiz can order it.",
        ),
        (
            None,
            Asked("new.ot", None, STANDARD, 40_000),
            "You are not set up as a prescriber, so you cannot hand equipment out. Olly Tate or Sena Ortiz can hand it "
            "out.",
        ),
        (
            LAPSED,
            Asked("senior.ot", 1, STANDARD, 40_000),
            "Your registration with the HCPC ended on 1 March 2026. Olly Tate can hand it out.",
        ),
        (
            STUDENT,
            Asked("student.ot", 1, SPECIALIST, 400_000),
            "JSEP decides every order above £2,500. Order it instead of handing it out.",
        ),
        (
            STUDENT,
            Asked("student.ot", 1, SPECIALIST, 40_000),
            "You work under supervision, so you cannot hand equipment out. Order it, and a colleague countersigns. "
            "Sena Ortiz can hand it out.",
        ),
    ],
)
def test_a_refusal_at_the_counter_says_who_can(person: Authority | None, asked: Asked, says: str) -> None:
    reason = why_not_hand_out(asked, person, on_trial=False, on=TODAY, panels=(JSEP,))
    assert reason
    assert refuse_to_hand_out(reason, asked, person, SETTING, on_trial=False).detail == says
    alone = refuse_to_hand_out(reason, asked, person, Setting(TODAY), on_trial=False).detail
    assert ("At present nobody can. Ask the manager to name somebody." in alone) == (" can " in says)


COVER = replace(SENIOR, username="cover", name="Cora Vern", may_authorise=False, tier=STANDARD, spend_limit_pence=0)
LENT = (Delegation("senior.ot", "cover", TODAY, TODAY),)
DEARLY = Asked("ot", 1, SPECIALIST, 90_000)


def keep(trial: Asked, person: Authority | None, came_by: CameBy = CameBy.COUNTER) -> str | None:
    """The code of the refusal, or on whose behalf it was decided, or None."""
    setting = replace(SETTING, people=(*SETTING.people, COVER), delegations=LENT)
    try:
        return check_keep(trial, person, setting, came_by=came_by)
    except NotAllowed as refusal:
        return refusal.code


PLAIN = replace(DEARLY, tier=STANDARD)
OTHER = replace(OLLY, username="other.ot", name="Una Reed")


@pytest.mark.parametrize(
    ("trial", "person", "outcome"),
    [
        # The authority of whoever decides counts, and not that of who has it tried.
        (PLAIN, OLLY, None),
        (PLAIN, OTHER, None),
        (PLAIN, None, "no-authority"),
        (PLAIN, STUDENT, "is-supervised"),
        (PLAIN, LAPSED, "registration-expired"),
        (replace(PLAIN, value_pence=100_001), OLLY, "over-your-limit"),
        (replace(PLAIN, made_by="technician", team_id=None), OLLY, None),
        # One tier beyond it is signed: by who has the tier, or signs for somebody who has.
        (DEARLY, OLLY, "above-your-tier"),
        (DEARLY, SENIOR, None),
        (DEARLY, COVER, "senior.ot"),
        (replace(DEARLY, made_by="senior.ot"), OLLY, "above-your-tier"),
        # What the panel decides is signed by nobody.
        (replace(DEARLY, tier=HIGHLY), SENIOR, "needs-an-order"),
        (replace(DEARLY, value_pence=250_001), SENIOR, "needs-an-order"),
    ],
)
def test_what_is_kept_after_a_trial_asks_for_the_authority_of_an_order(
    trial: Asked, person: Authority | None, outcome: str | None
) -> None:
    assert keep(trial, person) == outcome


@pytest.mark.parametrize(
    ("came_by", "trial", "person", "outcome"),
    [
        # What an order settled is not asked again of who made it; of others it is, but not by the panel.
        (CameBy.ORDER, replace(DEARLY, value_pence=250_001), OLLY, None),
        (CameBy.ORDER, DEARLY, STUDENT, "is-supervised"),
        (CameBy.ORDER, DEARLY, replace(OLLY, registration_expires_on=YESTERDAY), "registration-expired"),
        (CameBy.ORDER, DEARLY, None, "no-authority"),
        (CameBy.ORDER, DEARLY, OTHER, "above-your-tier"),
        (CameBy.ORDER, replace(DEARLY, value_pence=250_001), SENIOR, None),
        (CameBy.ORDER, DEARLY, COVER, "senior.ot"),
        # A panel that approved a trial has not approved that they keep it.
        (CameBy.PANEL_TRIAL, PLAIN, SENIOR, "needs-an-order"),
        (CameBy.PANEL_TRIAL, PLAIN, OLLY, "needs-an-order"),
        # One that approved it for good, tried first, has: whether it suits is for somebody of its tier.
        (CameBy.TRIED_FIRST, replace(DEARLY, tier=HIGHLY, value_pence=900_000), SENIOR, None),
        (CameBy.TRIED_FIRST, DEARLY, OLLY, "above-your-tier"),
        (CameBy.TRIED_FIRST, DEARLY, LAPSED, "registration-expired"),
    ],
)
def test_how_it_came_to_the_client_says_what_is_settled(
    came_by: CameBy, trial: Asked, person: Authority | None, outcome: str | None
) -> None:
    assert keep(trial, person, came_by) == outcome


def test_what_the_panel_approved_as_a_trial_is_ordered_for_good() -> None:
    with pytest.raises(NotAllowed) as refused:
        check_keep(PLAIN, OLLY, SETTING, came_by=CameBy.PANEL_TRIAL)
    assert refused.value.detail == (
        "The panel approved it as a trial, so the panel decides about keeping it. Let the trial go on, and order the "
        "equipment for good: the order goes there."
    )


@pytest.mark.parametrize(
    ("trial", "person", "came_by", "refusal"),
    [
        (DEARLY, OLLY, CameBy.COUNTER, None),
        (replace(DEARLY, value_pence=900_000), OLLY, CameBy.COUNTER, None),
        (replace(DEARLY, tier=HIGHLY), OLLY, CameBy.COUNTER, "above-your-tier"),
        (replace(DEARLY, tier=HIGHLY), OLLY, CameBy.PANEL_TRIAL, None),
        (replace(DEARLY, tier=HIGHLY), OTHER, CameBy.PANEL_TRIAL, "above-your-tier"),
        (PLAIN, STUDENT, CameBy.ORDER, "is-supervised"),
        (PLAIN, LAPSED, CameBy.COUNTER, "registration-expired"),
        (PLAIN, None, CameBy.COUNTER, "no-authority"),
    ],
)
def test_a_trial_goes_on_by_who_could_have_it_tried(
    trial: Asked, person: Authority | None, came_by: CameBy, refusal: str | None
) -> None:
    if refusal is None:
        check_extend(trial, person, SETTING, came_by=came_by)
        return
    with pytest.raises(NotAllowed) as refused:
        check_extend(trial, person, SETTING, came_by=came_by)
    assert refused.value.code == refusal
    assert refused.value.detail.endswith("can decide that it goes on.")


def test_a_danger_is_decided_by_a_prescriber() -> None:
    danger, caution = (
        OrderWarning(one, "entrapment", "A+B", "Gaps.", "") for one in (Severity.DANGER, Severity.CAUTION)
    )
    check_dangers([danger], SETTING, prescribes=True)
    check_dangers([caution], SETTING, prescribes=False)
    with pytest.raises(NotAllowed) as refused:
        check_dangers([caution, danger], SETTING, prescribes=False)
    assert (refused.value.code, refused.value.detail) == (
        "clinical-danger",
        "A prescriber must decide about this: Gaps. Olly Tate or Sena Ortiz can hand it out, or order it.",
    )


@pytest.mark.parametrize(
    ("person", "is_staff", "refusal"),
    [
        (OLLY, False, None),
        (STUDENT, False, None),
        (LAPSED, False, "registration-expired"),
        (None, False, "no-authority"),
        (None, True, None),
        (LAPSED, True, None),
    ],
)
def test_who_could_order_it_reserves_it(person: Authority | None, is_staff: bool, refusal: str | None) -> None:
    reason = why_not_reserve(person, TODAY, is_staff=is_staff)
    assert (reason.code if reason else None) == refusal


@pytest.mark.parametrize(
    ("trial", "person", "says"),
    [
        (DEARLY, OLLY, "It is specialist, and your tier is standard. Sena Ortiz can decide that they keep it."),
        (
            DEARLY,
            None,
            "You are not set up as a prescriber, so you cannot decide this. Sena Ortiz can decide that they keep it.",
        ),
        (
            replace(DEARLY, tier=STANDARD),
            STUDENT,
            "You work under supervision, so you cannot decide this alone. Olly Tate or Sena Ortiz can "
            "decide that they keep it.",
        ),
        (
            replace(DEARLY, tier=HIGHLY),
            SENIOR,
            "JSEP decides every highly specialist line. Let the trial go on, and order the equipment for good: the "
            "order goes there.",
        ),
    ],
)
def test_a_refusal_to_keep_says_who_can(trial: Asked, person: Authority | None, says: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        check_keep(trial, person, SETTING)
    assert refused.value.detail == says
