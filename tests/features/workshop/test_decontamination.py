"""What a decontamination must say before it passes, and the correction of a pass that was none."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.hygiene import InfectionRisk, Outcome, Route, StrikeThrough
from app.domain.inspections import InspectionOutcome
from app.domain.lifecycle import OUT, State
from tests.conftest import Clock, Query, Statements
from tests.given import Given
from tests.problems import check_problem

START, FINISH = "/api/v1/decontaminations", "/api/v1/decontaminations/results"
LOW: dict[str, Any] = {"infection_risk": "low"}
UNRECORDED: dict[str, Any] = {"infection_risk": None}


async def finish(client: AsyncClient, barcode: str, outcome: str = "passed", **details: Any) -> dict[str, Any]:
    answer = await client.post(FINISH, json={"results": [{"barcode": barcode, "outcome": outcome, **LOW, **details}]})
    assert answer.status_code == 200, answer.text
    [result] = answer.json()["results"]
    return dict(result)


async def history(client: AsyncClient, barcode: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await client.get(f"/api/v1/items/{barcode}/decontaminations")).json()["items"]
    return items


async def correct(client: AsyncClient, number: int, **body: Any) -> Any:
    return await client.post(f"/api/v1/decontaminations/{number}/correction", json={"reason": "Soiled.", **body})


async def test_a_cover_is_tested_before_a_pass_and_a_leaking_one_never_passes(
    as_technician: AsyncClient, given: Given
) -> None:
    barcode = await given.item(State.DECONTAMINATING, product=await given.product(strike_through_test=True))
    assert (await finish(as_technician, barcode))["code"] == "strike-through-wanted"
    assert (await finish(as_technician, barcode, strike_through="failed"))["code"] == "strike-through-failed"
    failed = await finish(as_technician, barcode, "failed", strike_through="failed")
    assert (failed["outcome"], failed["state"]) == ("accepted", "returned")
    await given.cleaning(barcode)
    assert (await finish(as_technician, barcode, strike_through="passed"))["state"] == "awaiting_inspection"
    assert [one["strike_through"] for one in await history(as_technician, barcode)] == ["passed", "failed"]


async def test_quarantine_lasts_until_its_day(as_technician: AsyncClient, given: Given, clock: Clock) -> None:
    product = await given.product(decontamination_route="quarantine_then_clean")
    by_default, by_name = [await given.item(State.RETURNED, product=product) for _ in range(2)]
    await as_technician.post(START, json={"barcodes": [by_default]})
    named = {"barcodes": [by_name], "quarantine_until": clock.day(1)}
    assert (await as_technician.post(START, json=named)).json()["results"][0]["outcome"] == "accepted"
    early = await finish(as_technician, by_name)
    assert (early["code"], early["state"]) == ("in-quarantine", "decontaminating")
    assert (await finish(as_technician, by_name, "failed"))["state"] == "returned"
    clock.move(days=2)
    assert (await finish(as_technician, by_default))["code"] == "in-quarantine"
    clock.move(days=1)
    assert (await finish(as_technician, by_default))["state"] == "awaiting_inspection"


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"route": "thermal", "contractor": "Fenland Laundry"}, "no-contractor", "contractor"),
        ({"route": "thermal", "quarantine_until": "2026-03-09"}, "no-quarantine", "quarantine_until"),
        ({"quarantine_until": "2020-01-01"}, "quarantine-in-the-past", "quarantine_until"),
        ({"quarantine_until": "2036-01-01"}, "quarantine-too-long", "quarantine_until"),
        ({"infection_risk": "awful"}, "malformed", "infection_risk"),
    ],
)
async def test_terms_that_do_not_go_together_are_refused(
    as_technician: AsyncClient, given: Given, body: dict[str, Any], code: str, field: str
) -> None:
    barcode = await given.item(State.RETURNED)
    check_problem(await as_technician.post(START, json={"barcodes": [barcode], **body}), 422, code, field=field)
    assert (await given.record(barcode)).state is State.RETURNED


@pytest.mark.parametrize(("begun_with", "said"), [("", {"contractor": "Fenland Laundry"}), ("Fenland Laundry", {})])
async def test_what_was_at_a_contractor_passes_only_with_their_name(
    as_technician: AsyncClient, given: Given, begun_with: str, said: dict[str, Any]
) -> None:
    barcode = await given.item(State.RETURNED)
    await given.cleaning(barcode, route=Route.CONTRACTOR, contractor=begun_with)
    if not begun_with:
        assert (await finish(as_technician, barcode, contractor_reference="FL-881"))["code"] == "contractor-wanted"
    done = await finish(as_technician, barcode, contractor_reference="FL-881", **said)
    assert done["state"] == "awaiting_inspection"
    [one] = await history(as_technician, barcode)
    assert (one["contractor"], one["contractor_reference"], one["route"]) == ("Fenland Laundry", "FL-881", "contractor")


async def test_nothing_passes_before_its_infection_risk_is_recorded_and_failing_needs_none(
    as_technician: AsyncClient, given: Given
) -> None:
    barcode, other = [await given.item(State.DECONTAMINATING) for _ in range(2)]
    # Neither a method nor a product stands for it.
    wanted = await finish(as_technician, barcode, **UNRECORDED, method="By hand", product_used="Detergent")
    assert (wanted["outcome"], wanted["code"]) == ("refused", "infection-risk-wanted")
    assert "page of its cleaning" in wanted["detail"]
    assert (await finish(as_technician, other, "failed", **UNRECORDED))["state"] == "returned"
    await given.cleaning(other, infection_risk=InfectionRisk.MEDIUM)
    assert (await finish(as_technician, other, **UNRECORDED))["state"] == "awaiting_inspection"


async def test_the_short_form_of_the_api_passes_without_a_band_and_the_certificate_says_that_it_is_not_recorded(
    as_technician: AsyncClient, given: Given
) -> None:
    barcode = await given.item(State.DECONTAMINATING)
    short = {"results": [{"barcode": barcode, "outcome": "passed"}]}
    [result] = (await as_technician.post(FINISH, json=short)).json()["results"]
    assert (result["outcome"], result["state"]) == ("accepted", "awaiting_inspection")
    [one] = await history(as_technician, barcode)
    assert one["infection_risk"] is None
    await given.inspected(barcode)
    assert (await as_technician.post(f"/api/v1/items/{barcode}/release")).status_code == 200


async def test_a_high_risk_is_never_lowered_and_wants_method_product_and_a_second_person(
    as_technician: AsyncClient, given: Given
) -> None:
    barcode = await given.item(State.RETURNED)
    await given.cleaning(barcode, infection_risk=InfectionRisk.HIGH)
    assert (await finish(as_technician, barcode, infection_risk="low"))["code"] == "method-wanted"
    assert (await finish(as_technician, barcode, method="By hand"))["code"] == "product-used-wanted"
    used = {"method": "By hand", "product_used": "Chlorine 10,000 ppm"}
    done = await finish(as_technician, barcode, infection_risk="low", **used)
    assert done["state"] == "awaiting_inspection"
    await given.inspected(barcode)
    refused = check_problem(await as_technician.post(f"/api/v1/items/{barcode}/release"), 409, "not-clear")
    assert [blocker["code"] for blocker in refused["blockers"]] == ["same-person"]
    [one] = await history(as_technician, barcode)
    assert (one["infection_risk"], one["method"], one["product_used"], one["holds"]) == (
        "high",
        "By hand",
        "Chlorine 10,000 ppm",
        True,
    )


async def test_one_that_may_not_pass_does_not_keep_the_others(as_technician: AsyncClient, given: Given) -> None:
    covered = await given.item(State.DECONTAMINATING, product=await given.product(strike_through_test=True))
    plain = await given.item(State.DECONTAMINATING)
    results = [{"barcode": one, "outcome": "passed", **LOW} for one in (covered, plain)]
    found = (await as_technician.post(FINISH, json={"results": results})).json()["results"]
    assert [(one["outcome"], one["code"]) for one in found] == [
        ("refused", "strike-through-wanted"),
        ("accepted", None),
    ]


async def test_any_number_of_results_costs_the_same_statements(
    as_technician: AsyncClient, given: Given, statements: Statements
) -> None:
    barcodes = [await given.item(State.DECONTAMINATING) for _ in range(4)]
    counts = []
    for some in (barcodes[:1], barcodes[1:]):
        statements.clear()
        await as_technician.post(
            FINISH, json={"results": [{"barcode": one, "outcome": "passed", **LOW} for one in some]}
        )
        counts.append(len(statements))
    assert counts[0] == counts[1]


IN_A_STORE = {State.AWAITING_INSPECTION, State.IN_REPAIR, State.IN_STOCK, State.RESERVED}


@pytest.mark.parametrize("state", sorted(IN_A_STORE | OUT))
async def test_a_pass_that_was_none_is_taken_back_by_a_line_of_its_own(
    as_technician: AsyncClient, given: Given, query: Query, state: State
) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    await go_on(given, barcode, state)
    [job] = await history(as_technician, barcode)
    answer = await correct(as_technician, job["id"])
    assert answer.status_code == 201, answer.text
    there = state in OUT
    assert answer.json()["state"] == (state if there else "returned")
    newest, old = await history(as_technician, barcode)
    assert (newest["outcome"], newest["corrects"], newest["notes"]) == ("failed", job["number"], "Soiled.")
    assert (old["outcome"], old["holds"]) == ("passed", False)
    assert f"as {newest['number']} of " in old["standing"]
    holds = await query("SELECT kind FROM hold WHERE lifted_at IS NULL")
    assert [hold["kind"] for hold in holds] == (["investigation"] if there else [])
    stopped = await query("SELECT reason FROM stop_use_notice")
    assert len(stopped) == (there and state is not State.DISPATCHED)
    item = (await as_technician.get(f"/api/v1/items/{barcode}")).json()
    assert "decontamination-failed" in [blocker["code"] for blocker in item["blockers"]]
    if state is State.RESERVED:
        ended = await query("SELECT ended_because FROM reservation")
        assert [one["ended_because"] for one in ended] == ["item_unfit"]
    if not there:
        await given.cleaning(barcode)
        await given.cleaned(barcode)
        assert (await given.record(barcode)).evidence.decontamination_outcome is Outcome.PASSED
    check_problem(await correct(as_technician, job["id"]), 409, "not-the-newest")


async def go_on(given: Given, barcode: str, state: State) -> None:
    """From the inspection bench to that state."""
    if state is State.AWAITING_INSPECTION:
        return
    if state is State.IN_REPAIR:
        await given.inspected(barcode, InspectionOutcome.FAILED)
        return
    await given.inspected(barcode)
    await given.released(barcode)
    await given.on(barcode, state)


async def test_what_cannot_be_cleaned_after_all_is_to_be_scrapped(as_technician: AsyncClient, given: Given) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    [job] = await history(as_technician, barcode)
    answer = await correct(as_technician, job["id"], outcome="cannot")
    assert answer.json()["next_step"]["route"] == "scrap"


async def test_only_a_finished_pass_is_taken_back_and_with_a_reason(as_technician: AsyncClient, given: Given) -> None:
    failed = await given.item(State.DECONTAMINATING)
    [open_job] = await history(as_technician, failed)
    check_problem(await correct(as_technician, open_job["id"]), 404, "unknown-decontamination")
    await given.cleaned(failed, Outcome.FAILED)
    check_problem(await correct(as_technician, open_job["id"]), 409, "not-a-pass")
    check_problem(await correct(as_technician, open_job["id"], reason=" "), 422, "malformed", field="reason")
    check_problem(await correct(as_technician, open_job["id"], outcome="passed"), 422, "malformed", field="outcome")
    gone = await given.item(State.AWAITING_INSPECTION)
    [job] = await history(as_technician, gone)
    await given.missing(gone)
    check_problem(await correct(as_technician, job["id"]), 409, "wrong-state")


async def test_a_finished_decontamination_is_never_edited(given: Given, query: Query) -> None:
    barcode = await given.item(State.DECONTAMINATING)
    await given.cleaned(barcode, strike_through=StrikeThrough.PASSED)
    with pytest.raises(Exception, match="append-only"):
        await query("UPDATE decontamination SET outcome = 'failed' RETURNING id")
