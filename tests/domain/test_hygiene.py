"""What to do next with an item in one's hands, for every state, route and circumstance."""

from datetime import date
from itertools import product

import pytest

from app.domain.errors import BadValue, RuleError
from app.domain.hygiene import (
    BENCH,
    QUARANTINE,
    ROUTE_TEXT,
    TO_SCRAP,
    Cleaned,
    InfectionRisk,
    Job,
    Outcome,
    Route,
    StrikeThrough,
    band_in_words,
    check_passed,
    higher_risk,
    needs_details,
    next_step,
    quarantine_until,
)
from app.domain.lifecycle import State

BENCHES = {
    State.IN_STOCK: "shelf",
    State.RESERVED: "shelf",
    State.DISPATCHED: "van",
    State.ON_LOAN: "client",
    State.ON_TRIAL: "client",
    State.AWAITING_COLLECTION: "client",
    State.DECONTAMINATING: "decontamination",
    State.AWAITING_INSPECTION: "inspection",
    State.IN_REPAIR: "repair",
    State.SCRAPPED: "scrap",
    State.MISSING: "returns",
}
AT_A_CLIENTS = {State.ON_LOAN, State.ON_TRIAL, State.AWAITING_COLLECTION}
UNDER_WORK = {State.RETURNED, State.DECONTAMINATING, State.AWAITING_INSPECTION, State.IN_REPAIR}


def wanted(state: State, route: Route, on_hold: bool, single_patient_use: bool, inspected: bool) -> str:
    """The bench, by hand."""
    if on_hold and state is not State.SCRAPPED:
        return "collection" if state in AT_A_CLIENTS else "quarantine"
    if single_patient_use and state in UNDER_WORK:
        return "scrap"
    if state is State.RETURNED:
        return "scrap" if route is Route.CANNOT else route.value
    if state is State.AWAITING_INSPECTION and inspected:
        return "release"
    return BENCHES[state]


@pytest.mark.parametrize("state", State)
def test_the_next_step_in_every_circumstance(state: State) -> None:
    for route, on_hold, single, inspected in product(Route, (False, True), (False, True), (False, True)):
        step = next_step(state, route, on_hold=on_hold, single_patient_use=single, inspected=inspected)
        assert step.route == wanted(state, route, on_hold, single, inspected), (route, on_hold, single, inspected)
        assert step.text.endswith(".")


def test_a_returned_item_goes_where_its_product_says() -> None:
    assert next_step(State.RETURNED, Route.LAUNDRY).text == "Take it to decontamination: laundry."
    assert next_step(State.RETURNED, Route.CANNOT) is TO_SCRAP
    assert next_step(State.RETURNED, Route.LAUNDRY, single_patient_use=True) is TO_SCRAP


def test_a_hold_goes_before_all_else() -> None:
    assert next_step(State.RETURNED, Route.CANNOT, on_hold=True, single_patient_use=True) is QUARANTINE
    assert next_step(State.AWAITING_INSPECTION, Route.LAUNDRY, on_hold=True, inspected=True) is QUARANTINE


def test_every_state_and_route_is_covered() -> None:
    assert set(BENCH) == set(State) - {State.RETURNED}
    assert set(ROUTE_TEXT) == set(Route)
    assert Route.QUARANTINE_THEN_CLEAN.text == "Quarantine, then clean"


TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("route", "asked", "until"),
    [
        (Route.WASH_DOWN, TODAY, None),
        (Route.QUARANTINE_THEN_CLEAN, None, date(2026, 3, 5)),
        (Route.QUARANTINE_THEN_CLEAN, TODAY, TODAY),
        (Route.QUARANTINE_THEN_CLEAN, date(2026, 5, 31), date(2026, 5, 31)),
    ],
)
def test_quarantine_has_its_day_and_no_other_route_has_one(
    route: Route, asked: date | None, until: date | None
) -> None:
    assert quarantine_until(route, asked, on=TODAY) == until


@pytest.mark.parametrize(
    ("asked", "code"), [(date(2026, 3, 1), "quarantine-in-the-past"), (date(2026, 6, 1), "quarantine-too-long")]
)
def test_a_quarantine_that_cannot_be_is_refused(asked: date, code: str) -> None:
    with pytest.raises(BadValue) as refused:
        quarantine_until(Route.QUARANTINE_THEN_CLEAN, asked, on=TODAY)
    assert (refused.value.code, refused.value.field) == (code, "quarantine_until")


@pytest.mark.parametrize(
    ("one", "other", "counts"),
    [
        (None, None, None),
        (None, InfectionRisk.LOW, InfectionRisk.LOW),
        (InfectionRisk.HIGH, InfectionRisk.LOW, InfectionRisk.HIGH),
        (InfectionRisk.LOW, InfectionRisk.MEDIUM, InfectionRisk.MEDIUM),
    ],
)
def test_the_higher_band_counts(
    one: InfectionRisk | None, other: InfectionRisk | None, counts: InfectionRisk | None
) -> None:
    assert higher_risk(one, other) is counts


LOW, HIGH = InfectionRisk.LOW, InfectionRisk.HIGH
QUARANTINED = Job(Route.QUARANTINE_THEN_CLEAN, quarantine_until=date(2026, 3, 3))
COVERED = Job(Route.WASH_DOWN, has_cover=True)


def passed(**details: object) -> Cleaned:
    return Cleaned("ES1", Outcome.PASSED, **{"infection_risk": LOW, **details})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("job", "said", "code"),
    [
        (QUARANTINED, passed(), "in-quarantine"),
        (COVERED, passed(), "strike-through-wanted"),
        (COVERED, passed(strike_through=StrikeThrough.FAILED), "strike-through-failed"),
        (Job(Route.WASH_DOWN), passed(strike_through=StrikeThrough.FAILED), "strike-through-failed"),
        (Job(Route.CONTRACTOR), passed(contractor_reference="R-77"), "contractor-wanted"),
        (Job(Route.WASH_DOWN), passed(infection_risk=None), "infection-risk-wanted"),
        (Job(Route.THERMAL), passed(infection_risk=None, method="71 °C"), "infection-risk-wanted"),
        (Job(Route.THERMAL, HIGH), passed(), "method-wanted"),
        (Job(Route.THERMAL), passed(infection_risk=HIGH), "method-wanted"),
        (Job(Route.WASH_DOWN, HIGH), passed(method="By hand."), "product-used-wanted"),
    ],
)
def test_a_pass_that_lacks_something_is_refused_with_what_it_lacks(job: Job, said: Cleaned, code: str) -> None:
    with pytest.raises(RuleError) as refused:
        check_passed(job, said, on=TODAY)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (Job(Route.WASH_DOWN), passed()),
        (Job(Route.QUARANTINE_THEN_CLEAN, quarantine_until=TODAY), passed()),
        (COVERED, passed(strike_through=StrikeThrough.PASSED)),
        (Job(Route.CONTRACTOR), passed(contractor="Fenland Laundry")),
        (Job(Route.CONTRACTOR, contractor="Fenland Laundry"), passed()),
        (Job(Route.WASH_DOWN, LOW), passed(infection_risk=None)),
        (Job(Route.THERMAL, HIGH), passed(method="71 °C, 3 minutes")),
        (Job(Route.ULTRASONIC, HIGH), passed(method="Bath", product_used="Detergent")),
    ],
)
def test_a_pass_with_all_that_it_needs_is_one(job: Job, said: Cleaned) -> None:
    check_passed(job, said, on=TODAY)


@pytest.mark.parametrize(
    ("job", "asked"),
    [
        (COVERED, True),
        (Job(Route.CONTRACTOR), True),
        (Job(Route.LAUNDRY, HIGH), True),
        (Job(Route.LAUNDRY), True),
        (Job(Route.LAUNDRY, LOW), False),
    ],
)
def test_what_nobody_can_guess_must_be_said(job: Job, asked: bool) -> None:
    assert needs_details(job) == asked


def test_whoever_is_not_asked_for_the_band_may_leave_it_out_and_papers_say_so() -> None:
    check_passed(Job(Route.WASH_DOWN), passed(infection_risk=None, is_risk_asked=False), on=TODAY)
    assert (band_in_words(None), band_in_words(HIGH)) == ("Not recorded: treat it as high", "High")


def test_every_band_says_when_an_item_is_in_it() -> None:
    assert [risk.text for risk in InfectionRisk] == ["Low", "Medium", "High"]
    assert all(risk.means.endswith(".") for risk in InfectionRisk)
