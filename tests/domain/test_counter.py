"""What may be handed over the counter, and what is kept after a trial: tables, and who can instead."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.domain.authority import Asked, Authority, Delegation, Other, PanelRule, Setting, Tier
from app.domain.counter import check_keep, refuse_to_hand_out, why_not_hand_out
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


def keep(trial: Asked, maker: Authority | None, person: Authority | None, **more: object) -> str | None:
    """The code of the refusal, or on whose behalf it was decided, or None."""
    was_ordered = bool(more.pop("was_ordered", False))
    changes = {"people": (*SETTING.people, COVER), "delegations": LENT, **more}
    try:
        return check_keep(trial, maker, person, replace(SETTING, **changes), was_ordered=was_ordered)  # type: ignore[arg-type]
    except NotAllowed as refusal:
        return refusal.code


@pytest.mark.parametrize(
    ("trial", "maker", "person", "outcome"),
    [
        # Within the maker's authority it needs nobody else; a manager records it.
        (replace(DEARLY, tier=STANDARD), OLLY, OLLY, None),
        (replace(DEARLY, tier=STANDARD), OLLY, None, None),
        (replace(DEARLY, tier=STANDARD), OLLY, STUDENT, "is-supervised"),
        # One tier beyond it is signed: by who has the tier, or signs for somebody who has.
        (DEARLY, OLLY, OLLY, "above-your-tier"),
        (DEARLY, OLLY, None, "no-authority"),
        (DEARLY, OLLY, SENIOR, None),
        (DEARLY, OLLY, COVER, "senior.ot"),
        (DEARLY, OLLY, LAPSED, "registration-expired"),
        (DEARLY, SENIOR, OLLY, None),
        (DEARLY, LAPSED, OLLY, "above-your-tier"),
        (replace(DEARLY, tier=STANDARD, value_pence=100_001), OLLY, OLLY, "over-your-limit"),
        # Handed out by the store, or by somebody who has left.
        (replace(DEARLY, tier=STANDARD, team_id=None), None, None, "no-authority"),
        (replace(DEARLY, tier=STANDARD, team_id=None), None, OLLY, None),
        # What the panel decides is signed by nobody.
        (replace(DEARLY, tier=HIGHLY), SENIOR, SENIOR, "needs-an-order"),
        (replace(DEARLY, value_pence=250_001), SENIOR, SENIOR, "needs-an-order"),
    ],
)
def test_what_is_kept_after_a_trial_asks_for_the_authority_of_an_order(
    trial: Asked, maker: Authority | None, person: Authority | None, outcome: str | None
) -> None:
    assert keep(trial, maker, person) == outcome


def test_what_an_order_settled_is_not_asked_again_but_no_student_decides() -> None:
    trial = replace(DEARLY, tier=HIGHLY)
    assert keep(trial, OLLY, OLLY, was_ordered=True) is None
    assert keep(trial, OLLY, STUDENT, was_ordered=True) == "is-supervised"


@pytest.mark.parametrize(
    ("trial", "person", "says"),
    [
        (DEARLY, OLLY, "It is specialist, and your tier is standard. Sena Ortiz can decide that they keep it."),
        (
            DEARLY,
            None,
            "Keeping it is beyond who has it tried, and you are not set up as a prescriber. Sena Ortiz can decide that "
            "they keep it.",
        ),
        (
            replace(DEARLY, tier=STANDARD),
            STUDENT,
            "You work under supervision, so you cannot decide alone that they keep it. Olly Tate or Sena Ortiz can "
            "decide that they keep it.",
        ),
        (
            replace(DEARLY, tier=HIGHLY),
            SENIOR,
            "JSEP decides every highly specialist line. Let the trial go on, and order the equipment: the order goes "
            "there.",
        ),
    ],
)
def test_a_refusal_to_keep_says_who_can(trial: Asked, person: Authority | None, says: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        check_keep(trial, OLLY, person, SETTING, was_ordered=False)
    assert refused.value.detail == says
