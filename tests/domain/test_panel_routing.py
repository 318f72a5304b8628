"""To which panel an order goes: by each panel's own rules, the same one every time."""

from itertools import permutations

import pytest

from app.domain.authority import (
    Asked,
    Other,
    PanelRule,
    Reason,
    Route,
    Setting,
    Tier,
    check_authoriser,
    decide_submission,
    route,
)
from tests.domain.test_authority import HIGHLY, OLLY, SENIOR, SPECIALIST, STANDARD, TODAY

JSEP = PanelRule("JSEP", orders_above_pence=250_000, precedence=50, name="Joint Specialist Equipment Panel")
CHILD = PanelRule(
    "CEP", orders_above_pence=100_000, funders=frozenset({"CHILD"}), precedence=10, name="Children's Equipment Panel"
)
SPECIALS = PanelRule("NCS", tiers=frozenset({SPECIALIST}), decides_non_catalogue=True, precedence=60)
PANELS = (JSEP, CHILD, SPECIALS)


@pytest.mark.parametrize(
    ("tiers", "pence", "funder", "is_special", "code"),
    [
        ({STANDARD}, 100, "ASC", False, None),
        ({STANDARD}, 250_000, "ASC", False, None),
        ({STANDARD}, 250_001, "ASC", False, "JSEP"),
        ({HIGHLY}, 100, "ASC", False, "JSEP"),
        ({HIGHLY}, 100, "CHILD", False, "CEP"),
        ({STANDARD}, 100_001, "CHILD", False, "CEP"),
        ({STANDARD}, 100_001, "ASC", False, None),
        ({SPECIALIST}, 100, "CHILD", False, "NCS"),
        ({STANDARD}, 100, "ASC", True, "NCS"),
        ({HIGHLY}, 100, "ASC", True, "JSEP"),
        # A lower line of the order counts as well as the highest.
        ({SPECIALIST, HIGHLY}, 100, "ASC", False, "JSEP"),
        # Nobody knows yet who pays, as at the counter: whoever it is, a panel may decide it.
        ({STANDARD}, 100_001, None, False, "CEP"),
    ],
)
def test_an_order_goes_to_the_panel_whose_rules_fit_it(
    tiers: set[Tier], pence: int, funder: str | None, is_special: bool, code: str | None
) -> None:
    highest = max(tiers, key=list(Tier).index)
    asked = Asked("ot", 1, highest, pence, (), frozenset(tiers), funder, is_special)
    for panels in permutations(PANELS):
        found = route(asked, panels)
        assert (found.code if found else None) == code


def test_a_lower_line_is_enough_where_nobody_decides_the_highest() -> None:
    asked = Asked("ot", 1, HIGHLY, 100, tiers=frozenset({SPECIALIST, HIGHLY}))
    reason = Reason("panel-decides-this-tier", "NCS decides every specialist line.")
    assert route(asked, (SPECIALS,)) == Route("NCS", "NCS", (reason,))


def test_of_equal_ones_the_panel_of_certain_funders_decides_and_then_the_first_by_code() -> None:
    asked = Asked("ot", 1, HIGHLY, 0, funder="ICB")
    one, other, of_icb = PanelRule("A"), PanelRule("B"), PanelRule("C", funders=frozenset({"ICB", "CHC"}))
    found = route(asked, (other, one, of_icb))
    assert found
    assert found.code == "C"
    assert found.reasons[0].detail == "C decides every highly specialist line that CHC or ICB pays for."
    found = route(asked, (other, one))
    assert found
    assert found.code == "A"


def test_every_reason_is_said_and_what_comes_to_the_value_in_parts_too() -> None:
    asked = Asked("ot", 1, HIGHLY, 200_000, (Other("order O000001", 60_000),), is_non_catalogue=True)
    found = route(asked, (PanelRule("P", orders_above_pence=250_000, decides_non_catalogue=True),))
    assert found
    assert [(reason.code, reason.detail) for reason in found.reasons] == [
        ("panel-decides-this-tier", "P decides every highly specialist line."),
        ("panel-decides-non-catalogue", "P decides every line that is not in the catalogue."),
        (
            "panel-decides-this-value",
            "Together with order O000001, the order comes to £2,600, and P decides every order above £2,500.",
        ),
    ]


def test_the_ruling_names_the_panel_at_once_and_once_it_is_signed() -> None:
    setting = Setting(TODAY, (OLLY, SENIOR), panels=PANELS)
    special = Asked("ot", 1, HIGHLY, 100, funder="ASC")
    found = decide_submission(special, OLLY, setting)
    assert (found.decision, found.route and found.route.code) == ("awaiting_authorisation", "JSEP")
    signed = check_authoriser(special, SENIOR, setting)
    assert (signed.decision, signed.route and signed.route.name) == ("awaiting_panel", JSEP.name)
    found = decide_submission(Asked("senior.ot", 1, HIGHLY, 100, funder="ASC"), SENIOR, setting)
    assert (found.decision, found.route and found.route.code) == ("awaiting_panel", "JSEP")


def test_rules_that_changed_since_do_not_touch_what_is_submitted() -> None:
    kept = Route("OLD", "Old panel", ())
    sent, alone = Asked("ot", 1, STANDARD, 100, routed=(kept,)), Asked("ot", 1, HIGHLY, 10**9, routed=())
    assert route(sent, PANELS) is kept
    assert route(alone, PANELS) is None
