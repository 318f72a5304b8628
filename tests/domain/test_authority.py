"""Who may order, who may sign, and what goes to the panel: tables, and the laws that no combination breaks."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.authority import (
    Asked,
    Authority,
    Delegation,
    Other,
    PanelRule,
    Setting,
    Tier,
    authorisers,
    can_sign,
    check_authoriser,
    decide_submission,
    panel_reasons,
    route,
    who_can_authorise,
)
from app.domain.errors import NotAllowed
from app.domain.ordering import OrderDecision
from app.domain.standing_in import check_may_give_up, who_stands_in_for

TODAY = date(2026, 3, 2)
YESTERDAY = TODAY - timedelta(days=1)
STANDARD, SPECIALIST, HIGHLY = Tier
JSEP = PanelRule("JSEP", orders_above_pence=250_000)

OLLY = Authority("ot", "Olly Tate", 1, STANDARD, 100_000, "OT12345", TODAY)
SENIOR = Authority("senior.ot", "Sena Ortiz", 1, HIGHLY, 500_000, "OT54321", TODAY, may_authorise=True)
STUDENT = Authority("student.ot", "Stu Dent", 1, STANDARD, 50_000, is_supervised=True)
STRANGER = replace(SENIOR, username="else.ot", name="Elsa Where", team_id=2)
SETTING = Setting(TODAY, (OLLY, SENIOR, STUDENT, STRANGER), panels=(JSEP,))
ORDER = Asked("ot", 1, STANDARD, 40_000)


def lend(from_username: str, to_username: str, from_on: date = TODAY, until_on: date = TODAY) -> Delegation:
    return Delegation(from_username, to_username, from_on, until_on)


def ruling(asked: Asked, maker: Authority | None, setting: Setting = SETTING) -> tuple[str, list[str]]:
    found = decide_submission(asked, maker, setting)
    assert all(reason.detail.endswith(".") for reason in found.reasons)
    return found.decision.value, [reason.code for reason in found.reasons]


TO_SIGN, TO_PANEL = "awaiting_authorisation", "awaiting_panel"


@pytest.mark.parametrize(
    ("maker", "tier", "pence", "decision", "codes"),
    [
        (OLLY, STANDARD, 100_000, "approved", ["within-your-authority"]),
        (OLLY, STANDARD, 100_001, TO_SIGN, ["over-your-limit"]),
        (OLLY, SPECIALIST, 40_000, TO_SIGN, ["above-your-tier"]),
        (OLLY, SPECIALIST, 100_001, TO_SIGN, ["above-your-tier", "over-your-limit"]),
        (OLLY, HIGHLY, 40_000, TO_SIGN, ["above-your-tier", "panel-decides-this-tier"]),
        (OLLY, STANDARD, 250_001, TO_SIGN, ["over-your-limit", "panel-decides-this-value"]),
        (SENIOR, SPECIALIST, 250_000, "approved", ["within-your-authority"]),
        (SENIOR, HIGHLY, 40_000, TO_PANEL, ["panel-decides-this-tier"]),
        (SENIOR, STANDARD, 250_001, TO_PANEL, ["panel-decides-this-value"]),
        (SENIOR, HIGHLY, 250_001, TO_PANEL, ["panel-decides-this-tier", "panel-decides-this-value"]),
        # Nobody else can sign what the authoriser made, and the panel decides it anyway.
        (SENIOR, STANDARD, 500_001, TO_PANEL, ["over-your-limit", "panel-decides-this-value"]),
        (STUDENT, STANDARD, 10, TO_SIGN, ["needs-countersignature"]),
        (STUDENT, SPECIALIST, 60_000, TO_SIGN, ["needs-countersignature", "above-your-tier", "over-your-limit"]),
    ],
)
def test_where_an_order_goes_at_submission(
    maker: Authority, tier: Tier, pence: int, decision: str, codes: list[str]
) -> None:
    asked = Asked(maker.username, 1, tier, pence)
    assert ruling(asked, maker) == (decision, codes)


def test_the_reasons_say_what_is_beyond_what() -> None:
    reasons = decide_submission(replace(ORDER, tier=HIGHLY, value_pence=300_050), OLLY, SETTING).reasons
    assert [reason.detail for reason in reasons] == [
        "The order has a highly specialist line, and your tier is standard.",
        "The order comes to £3,000.50, and your limit is £1,000.",
        "JSEP decides every highly specialist line.",
        "JSEP decides every order above £2,500.",
    ]


EARLIER = (Other("order O000001", 60_000), Other("item ES-0000017-38", 30_000))


@pytest.mark.parametrize(
    ("maker", "pence", "decision", "detail"),
    [
        (
            OLLY,
            10_000,
            "approved",
            "The order is within your tier. Together with order O000001 and item ES-0000017-38, the order comes to "
            "£1,000, within your limit of £1,000.",
        ),
        (
            OLLY,
            10_001,
            TO_SIGN,
            "Together with order O000001 and item ES-0000017-38, the order comes to £1,000.01, and your limit is "
            "£1,000.",
        ),
        (OLLY, 100_001, TO_SIGN, "The order comes to £1,000.01, and your limit is £1,000."),
        (
            SENIOR,
            160_001,
            TO_PANEL,
            "Together with order O000001 and item ES-0000017-38, the order comes to £2,500.01, and JSEP decides every "
            "order above £2,500.",
        ),
        (SENIOR, 250_001, TO_PANEL, "JSEP decides every order above £2,500."),
    ],
)
def test_an_order_in_parts_passes_no_limit_that_the_whole_would_not(
    maker: Authority, pence: int, decision: str, detail: str
) -> None:
    found = decide_submission(Asked(maker.username, 1, STANDARD, pence, EARLIER), maker, SETTING)
    assert (found.decision.value, [reason.detail for reason in found.reasons]) == (decision, [detail])


def test_who_signs_an_order_in_parts_has_authority_over_the_whole() -> None:
    middling = replace(SENIOR, spend_limit_pence=120_000)
    in_parts = replace(ORDER, others=EARLIER)
    assert sign(ORDER, middling) == ("approved", None)
    assert sign(in_parts, middling) == ("over-your-limit", None)
    assert sign(in_parts, SENIOR) == ("approved", None)


def test_without_a_panel_an_authority_that_suffices_is_enough() -> None:
    alone = replace(SETTING, panels=())
    assert ruling(Asked("senior.ot", 1, HIGHLY, 500_000), SENIOR, alone) == ("approved", ["within-your-authority"])
    assert panel_reasons(Asked("ot", 1, HIGHLY, 10**9), PanelRule("Chairs")) != ()
    assert panel_reasons(Asked("ot", 1, SPECIALIST, 10**9), PanelRule("Chairs")) == ()
    assert panel_reasons(Asked("ot", 1, SPECIALIST, 0), PanelRule("Chairs", tiers=frozenset({SPECIALIST}))) != ()


@pytest.mark.parametrize(
    ("maker", "code", "says"),
    [
        (None, "no-authority", "You are not set up as a prescriber, so you cannot order equipment. "),
        (
            replace(OLLY, registration_expires_on=YESTERDAY),
            "registration-expired",
            "Your registration with the HCPC ended on 1 March 2026. ",
        ),
        (replace(OLLY, registration_expires_on=None), "registration-expired", "is not on record. "),
        (replace(OLLY, registration_number=None), "registration-expired", "is not on record. "),
    ],
)
def test_who_may_not_order_at_all_is_told_why_and_who_may(maker: Authority | None, code: str, says: str) -> None:
    with pytest.raises(NotAllowed) as refusal:
        decide_submission(ORDER, maker, SETTING)
    assert refusal.value.code == code
    assert refusal.value.detail.endswith(f"{says}Sena Ortiz can order it.")


def test_when_nobody_may_order_the_manager_is_named() -> None:
    with pytest.raises(NotAllowed, match=r"Nobody else in the team can order\. Ask the manager"):
        decide_submission(replace(ORDER, team_id=None), None, SETTING)


def test_of_many_people_a_few_are_named_and_the_rest_counted() -> None:
    people = tuple(replace(SENIOR, username=f"s{n}", name=f"Sam {n}") for n in range(8))
    with pytest.raises(NotAllowed, match="Sam 0, Sam 1, Sam 2, Sam 3, Sam 4 or 3 more can order it"):
        decide_submission(ORDER, None, replace(SETTING, people=people))
    with pytest.raises(NotAllowed, match="Sam 0 or Sam 1 can order it"):
        decide_submission(ORDER, None, replace(SETTING, people=people[:2]))


COVER = replace(SENIOR, username="cover", name="Cora Vern", may_authorise=False, tier=STANDARD, spend_limit_pence=0)
LENT = (lend("senior.ot", "cover"),)


def sign(asked: Asked, signer: Authority | None, **changes: object) -> tuple[str, str | None]:
    """The code of the refusal or the decision, and on whose behalf it was signed."""
    changes = {"people": (*SETTING.people, COVER), **changes}
    try:
        found = check_authoriser(asked, signer, replace(SETTING, **changes))  # type: ignore[arg-type]
    except NotAllowed as refusal:
        return refusal.code, None
    return found.decision.value, found.on_behalf_of


@pytest.mark.parametrize(
    ("asked", "signer", "outcome"),
    [
        (ORDER, SENIOR, "approved"),
        (replace(ORDER, tier=SPECIALIST, value_pence=250_000), SENIOR, "approved"),
        (ORDER, None, "no-authority"),
        (ORDER, OLLY, "own-order"),
        (replace(ORDER, made_by="senior.ot"), SENIOR, "own-order"),
        (ORDER, STUDENT, "is-supervised"),
        (ORDER, replace(SENIOR, registration_expires_on=YESTERDAY), "registration-expired"),
        (ORDER, replace(SENIOR, registration_number=""), "registration-expired"),
        (ORDER, COVER, "not-an-authoriser"),
        (ORDER, STRANGER, "not-your-team"),
        (replace(ORDER, tier=SPECIALIST), replace(SENIOR, tier=STANDARD), "above-your-tier"),
        (ORDER, replace(SENIOR, spend_limit_pence=39_999), "over-your-limit"),
        # The panel decides these anyway, so tier and limit are not asked of who endorses them.
        (replace(ORDER, tier=HIGHLY), replace(SENIOR, tier=STANDARD), "awaiting_panel"),
        (replace(ORDER, value_pence=900_000), SENIOR, "awaiting_panel"),
        (replace(ORDER, tier=HIGHLY), STRANGER, "not-your-team"),
    ],
)
def test_who_may_sign(asked: Asked, signer: Authority | None, outcome: str) -> None:
    assert sign(asked, signer) == (outcome, None)


@pytest.mark.parametrize(
    ("asked", "delegations", "people", "outcome"),
    [
        (ORDER, LENT, (), ("approved", "senior.ot")),
        (replace(ORDER, tier=HIGHLY), LENT, (), ("awaiting_panel", "senior.ot")),
        (ORDER, (lend("senior.ot", "cover", YESTERDAY, YESTERDAY),), (), ("not-an-authoriser", None)),
        (ORDER, (lend("senior.ot", "cover", TODAY + timedelta(1), date.max),), (), ("not-an-authoriser", None)),
        (ORDER, (lend("senior.ot", "somebody"),), (), ("not-an-authoriser", None)),
        (ORDER, (lend("gone", "cover"),), (), ("not-an-authoriser", None)),
        (replace(ORDER, made_by="senior.ot"), LENT, (), ("own-order", None)),
        (replace(ORDER, made_by="cover"), LENT, (), ("own-order", None)),
        (replace(ORDER, team_id=9), LENT, (), ("not-your-team", None)),
        (ORDER, (lend("else.ot", "cover"),), (), ("not-your-team", None)),
        (ORDER, (lend("student.ot", "cover"),), (), ("is-supervised", None)),
        (ORDER, (lend("ot", "cover"),), (), ("own-order", None)),
        (ORDER, (lend("senior.ot", "cover"), lend("else.ot", "cover")), (), ("approved", "senior.ot")),
        (
            ORDER,
            LENT,
            (replace(SENIOR, registration_expires_on=YESTERDAY),),
            ("registration-expired", None),
        ),
        (ORDER, LENT, (replace(SENIOR, spend_limit_pence=0),), ("over-your-limit", None)),
    ],
)
def test_who_may_sign_for_somebody_else(
    asked: Asked,
    delegations: tuple[Delegation, ...],
    people: tuple[Authority, ...],
    outcome: tuple[str, str | None],
) -> None:
    assert sign(asked, COVER, delegations=delegations, people=people or SETTING.people) == outcome


def test_an_authoriser_whose_own_authority_falls_short_uses_a_lent_one_or_hears_of_their_own() -> None:
    junior = replace(COVER, may_authorise=True)
    assert sign(ORDER, junior, delegations=LENT) == ("approved", "senior.ot")
    assert sign(ORDER, junior, delegations=(lend("else.ot", "cover"),)) == ("over-your-limit", None)
    assert sign(replace(ORDER, value_pence=0), junior, delegations=LENT) == ("approved", None)


def test_a_refusal_names_who_can() -> None:
    with pytest.raises(NotAllowed) as refusal:
        check_authoriser(ORDER, OLLY, replace(SETTING, people=(*SETTING.people, COVER), delegations=LENT))
    assert refusal.value.detail == (
        "You made this order, and nobody authorises their own. Cora Vern or Sena Ortiz can."
    )
    with pytest.raises(NotAllowed, match=r"At present nobody can\. Ask the manager to name somebody"):
        check_authoriser(ORDER, OLLY, Setting(TODAY))


def test_who_authorises_at_all_is_named_whatever_is_asked() -> None:
    lapsed = replace(STRANGER, username="x", registration_expires_on=YESTERDAY)
    people = (*SETTING.people, COVER, lapsed, replace(STUDENT, may_authorise=True))
    assert [one.name for one in authorisers(replace(SETTING, people=people))] == ["Elsa Where", "Sena Ortiz"]
    lent = replace(SETTING, people=people, delegations=(*LENT, lend("ot", "student.ot"), lend("student.ot", "ot")))
    assert [one.name for one in authorisers(lent)][:2] == ["Cora Vern", "Elsa Where"]


def test_what_is_wrong_with_a_lent_authority_is_said_of_its_owner() -> None:
    lapsed = replace(SENIOR, registration_expires_on=YESTERDAY)
    with pytest.raises(NotAllowed, match="Sena Ortiz's registration with the HCPC ended on 1 March 2026"):
        check_authoriser(ORDER, COVER, Setting(TODAY, (lapsed,), LENT))
    with pytest.raises(NotAllowed, match="The order belongs to another team than Sena Ortiz's own"):
        check_authoriser(replace(ORDER, team_id=9), COVER, Setting(TODAY, (SENIOR,), LENT))
    with pytest.raises(NotAllowed, match="Olly Tate's role does not authorise orders"):
        check_authoriser(replace(ORDER, made_by="x"), COVER, Setting(TODAY, (OLLY,), (lend("ot", "cover"),)))


@pytest.mark.parametrize(("one", "other"), list(product(Tier, Tier)))
def test_a_tier_covers_itself_and_what_is_below(one: Tier, other: Tier) -> None:
    assert one.covers(other) == (list(Tier).index(one) >= list(Tier).index(other))


people = st.builds(
    Authority,
    username=st.sampled_from(["a", "b", "c"]),
    name=st.just("Somebody"),
    team_id=st.sampled_from([1, 2]),
    tier=st.sampled_from(Tier),
    spend_limit_pence=st.sampled_from([0, 100, 200]),
    registration_number=st.sampled_from([None, "OT1"]),
    registration_expires_on=st.sampled_from([None, YESTERDAY, TODAY]),
    is_supervised=st.booleans(),
    may_authorise=st.booleans(),
)
delegations = st.builds(
    lend, st.sampled_from("abc"), st.sampled_from("abc"), st.sampled_from([YESTERDAY, TODAY]), st.just(TODAY)
)
settings_of_orders = st.builds(
    Setting,
    on=st.just(TODAY),
    people=st.lists(people, max_size=3, unique_by=lambda person: person.username),
    delegations=st.lists(delegations, max_size=4),
    panels=st.just(()) | st.just((PanelRule("P", orders_above_pence=150),)),
)
orders = st.builds(
    Asked,
    st.sampled_from("abc"),
    st.sampled_from([1, 2]),
    st.sampled_from(Tier),
    st.sampled_from([0, 100, 151, 200]),
    st.sampled_from([(), (Other("order O000001", 50),), (Other("order O000001", 50), Other("order O000002", 100))]),
)


@given(orders, settings_of_orders)
def test_one_person_can_sign_exactly_when_they_are_among_all_who_can(asked: Asked, setting: Setting) -> None:
    able = {person.username for person in who_can_authorise(asked, setting)}
    assert {person.username for person in setting.people if can_sign(asked, person, setting)} == able
    assert not can_sign(asked, None, setting)


@given(orders, settings_of_orders)
def test_nobody_ever_signs_their_own_order_and_every_signature_rests_on_an_authority(
    asked: Asked, setting: Setting
) -> None:
    by_name = {person.username: person for person in setting.people}
    able = who_can_authorise(asked, setting)
    assert asked.made_by not in {person.username for person in able}
    for person in able:
        found = check_authoriser(asked, person, setting)
        holder = by_name[found.on_behalf_of or person.username]
        assert holder.username != asked.made_by
        assert not person.is_supervised
        assert not holder.is_supervised
        assert holder.may_authorise
        assert holder.team_id == asked.team_id
        assert person.is_registered(TODAY)
        assert holder.is_registered(TODAY)
        if found.decision is OrderDecision.APPROVED:
            assert holder.tier.covers(asked.tier)
            assert asked.counted_pence <= holder.spend_limit_pence
            assert route(asked, setting.panels) is None
        lent = {(one.from_username, one.to_username) for one in setting.delegations}
        assert found.on_behalf_of is None or (found.on_behalf_of, person.username) in lent


@given(orders, people, settings_of_orders)
def test_only_what_is_within_every_limit_is_approved_at_once(asked: Asked, maker: Authority, setting: Setting) -> None:
    if not (maker.is_supervised or maker.is_registered(TODAY)):
        with pytest.raises(NotAllowed) as refusal:
            decide_submission(asked, maker, setting)
        assert refusal.value.code == "registration-expired"
        return
    found = decide_submission(asked, maker, setting)
    within = (
        not maker.is_supervised and maker.tier.covers(asked.tier) and asked.counted_pence <= maker.spend_limit_pence
    )
    panel = route(asked, setting.panels)
    wanted = OrderDecision.AWAITING_PANEL if panel else OrderDecision.APPROVED
    if not within:
        is_nobodys = panel and maker.may_authorise and not maker.is_supervised and not who_can_authorise(asked, setting)
        wanted = OrderDecision.AWAITING_PANEL if is_nobodys else OrderDecision.AWAITING_AUTHORISATION
    assert found.decision is wanted
    assert found.reasons


@pytest.mark.parametrize(
    ("owner", "delegations", "who"),
    [
        ("ot", [], []),
        ("ot", [lend("ot", "else.ot")], ["else.ot"]),
        ("ot", [lend("ot", "else.ot", YESTERDAY, YESTERDAY)], []),
        ("ot", [lend("else.ot", "senior.ot")], []),  # somebody else's
        ("ot", [lend("ot", "gone")], []),  # who has no authority any more
        ("student.ot", [], ["senior.ot"]),  # who countersigns; not who is of another team
        ("student.ot", [lend("student.ot", "else.ot")], ["else.ot", "senior.ot"]),
        ("technician", [], []),
    ],
)
def test_who_answers_for_what_somebody_has_reserved(owner: str, delegations: list[Delegation], who: list[str]) -> None:
    setting = replace(SETTING, delegations=delegations)
    assert [person.username for person in who_stands_in_for(owner, setting)] == who
    for person in ("ot", "senior.ot", "student.ot", "else.ot", "technician"):
        if person == owner or person in who:
            check_may_give_up(owner, "Whoever", person, setting)
            continue
        with pytest.raises(NotAllowed, match="or the store can give it up") as refusal:
            check_may_give_up(owner, "Whoever", person, setting)
        assert refusal.value.code == "not-your-reservation"
        names = {one.username: one.name for one in SETTING.people}
        assert all(names[one] in refusal.value.detail for one in who)


def test_whose_registration_has_ended_supervises_nobody() -> None:
    lapsed = replace(SENIOR, registration_expires_on=YESTERDAY)
    assert who_stands_in_for("student.ot", replace(SETTING, people=(STUDENT, lapsed))) == ()


def test_what_an_authoriser_made_waits_for_another_one_where_there_is_one() -> None:
    asked = Asked("senior.ot", 1, STANDARD, 500_001)
    other = replace(SENIOR, username="lead.ot", name="Lea Dent")
    beside = replace(SETTING, people=(*SETTING.people, other))
    codes = ["over-your-limit", "panel-decides-this-value"]
    assert ruling(asked, SENIOR, beside) == (TO_SIGN, codes)
    # What no panel decides waits until the manager names somebody.
    assert ruling(asked, SENIOR, replace(SETTING, panels=())) == (TO_SIGN, codes[:1])
