"""The workshop by the API: from the returns cage back to the shelf, and what stands in the way."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.hygiene import Outcome
from app.domain.inspections import InspectionKind, InspectionOutcome
from app.domain.labels import make_tag
from app.domain.lifecycle import OUT, Move, State, can_move, next_state
from tests.conftest import Clock, Query, Statements
from tests.features.workshop.reports import report_body
from tests.given import Given
from tests.problems import check_problem

START, FINISH = "/api/v1/decontaminations", "/api/v1/decontaminations/results"
LOW = {"infection_risk": "low"}
INSPECTIONS, DUE = "/api/v1/inspections", "/api/v1/inspections/due"
UNKNOWN = make_tag("ES", 9_999_999)


async def state_of(client: AsyncClient, barcode: str) -> str:
    return str((await client.get(f"/api/v1/items/{barcode}")).json()["state"])


async def results_of(client: AsyncClient, url: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await client.post(url, json=body)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


async def release(client: AsyncClient, barcode: str, **body: Any) -> Any:
    return await client.post(f"/api/v1/items/{barcode}/release", json=body)


async def test_what_waits_for_its_release_is_not_clear_and_says_so(
    as_technician: AsyncClient, as_technician2: AsyncClient, given: Given
) -> None:
    risky = await given.item(State.AWAITING_INSPECTION, product=await given.product(high_risk=True))

    async def waits(client: AsyncClient = as_technician) -> tuple[bool, list[str]]:
        item = (await client.get(f"/api/v1/items/{risky}")).json()
        return item["is_clear"], [one["detail"] for one in item["blockers"]]

    not_checked = "It has not passed a functional check since it was cleaned or repaired."
    bench = "The item is “awaiting inspection”: it waits for"
    assert await waits() == (False, [f"{bench} inspection and release.", not_checked])
    await given.inspected(risky)
    assert await waits() == (False, [f"{bench} its release by somebody who did not clean it."])
    refused = await as_technician.post(f"/api/v1/items/{risky}/release")
    assert [one["code"] for one in check_problem(refused, 409, "not-clear")["blockers"]] == ["same-person"]
    assert (await as_technician2.post(f"/api/v1/items/{risky}/release")).status_code == 200
    assert await waits() == (True, [])


async def test_an_item_goes_all_the_way_round(
    as_technician: AsyncClient, as_technician2: AsyncClient, given: Given
) -> None:
    barcode = await given.item(State.RETURNED)
    [started] = await results_of(as_technician, START, {"barcodes": [barcode]})
    assert (started["outcome"], started["state"], started["next_step"]["route"]) == (
        "accepted",
        "decontaminating",
        "decontamination",
    )
    [cleaned] = await results_of(as_technician, FINISH, {"results": [{"barcode": barcode, "outcome": "passed", **LOW}]})
    assert (cleaned["state"], cleaned["next_step"]["route"]) == ("awaiting_inspection", "inspection")
    checked = await as_technician2.post(INSPECTIONS, json={"barcode": barcode, "outcome": "passed"})
    assert checked.status_code == 201, checked.text
    assert (checked.json()["kind"], checked.json()["next_step"]["route"]) == ("functional", "release")
    shelved = await release(as_technician2, barcode, bay="B2")
    assert shelved.status_code == 200, shelved.text
    assert (shelved.json()["state"], shelved.json()["is_clear"]) == ("in_stock", True)
    item = (await as_technician.get(f"/api/v1/items/{barcode}")).json()
    assert (item["bay"], item["is_clear"], item["times_issued"]) == ("B2", True, 1)


@pytest.mark.parametrize("state", list(State))
async def test_each_step_starts_only_where_the_lifecycle_says(
    as_technician: AsyncClient, given: Given, clock: Clock, state: State
) -> None:
    start, passed, failed = [await given.item(state) for _ in range(3)]
    # A trigger pulled twice would be the same scan.
    clock.move(minutes=2)
    [result] = await results_of(as_technician, START, {"barcodes": [start]})
    assert (result["outcome"] == "accepted") == can_move(state, Move.START_DECONTAMINATION)
    results = [{"barcode": passed, "outcome": "passed", **LOW}, {"barcode": failed, "outcome": "failed"}]
    for one, move in zip(
        await results_of(as_technician, FINISH, {"results": results}),
        (Move.PASS_DECONTAMINATION, Move.FAIL_DECONTAMINATION),
        strict=True,
    ):
        # From elsewhere a failed cleaning is a correction, which has a verb of its own.
        being_cleaned = state is State.DECONTAMINATING
        assert (one["outcome"] == "accepted") == being_cleaned
        assert one["state"] == (next_state(state, move) if being_cleaned else state)
        assert one["code"] == (None if being_cleaned else "wrong-state")


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.CANNOT])
async def test_what_is_not_clean_goes_back_and_says_why_it_is_not_clear(
    as_technician: AsyncClient, given: Given, outcome: Outcome
) -> None:
    barcode = await given.item(State.DECONTAMINATING)
    body = {"results": [{"barcode": barcode, "outcome": outcome, "notes": "Mould."}]}
    [result] = await results_of(as_technician, FINISH, body)
    assert result["state"] == "returned"
    item = (await as_technician.get(f"/api/v1/items/{barcode}")).json()
    code = {Outcome.FAILED: "decontamination-failed", Outcome.CANNOT: "cannot-be-decontaminated"}[outcome]
    assert code in [blocker["code"] for blocker in item["blockers"]]
    [again] = await results_of(as_technician, START, {"barcodes": [barcode]})
    assert again["code"] == (None if outcome is Outcome.FAILED else "cannot-be-decontaminated")


async def test_only_a_manager_orders_what_cannot_be_cleaned_to_be_cleaned_another_way(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given, query: Query
) -> None:
    barcode = await given.item(State.DECONTAMINATING)
    await given.cleaned(barcode, Outcome.CANNOT)
    by_thermal = {"barcodes": [barcode], "route": "thermal"}
    for client, body in (
        (as_technician, by_thermal),
        (as_manager, {"barcodes": [barcode]}),
        (as_manager, {"barcodes": [barcode], "route": "cannot"}),
    ):
        [refused] = await results_of(client, START, body)
        assert (refused["outcome"], refused["code"]) == ("refused", "cannot-be-decontaminated")
    [ordered] = await results_of(as_manager, START, by_thermal)
    assert (ordered["outcome"], ordered["state"]) == ("accepted", "decontaminating")
    await given.cleaned(barcode)
    assert (await given.record(barcode)).state is State.AWAITING_INSPECTION


async def test_cleanings_are_kept_with_their_route_and_their_people(
    as_technician: AsyncClient, as_technician2: AsyncClient, given: Given, query: Query
) -> None:
    one, two = [await given.item(State.RETURNED) for _ in range(2)]
    await results_of(as_technician, START, {"barcodes": [one]})
    await results_of(as_technician, START, {"barcodes": [two], "route": "thermal"})
    done = [{"barcode": one, "outcome": "passed", "notes": "Fine.", **LOW}, {"barcode": two, "outcome": "failed"}]
    await results_of(as_technician2, FINISH, {"results": done})
    jobs = await query("SELECT route, started_by, finished_by, outcome, notes FROM decontamination ORDER BY id")
    assert [tuple(job.values()) for job in jobs] == [
        ("wash_down", "technician", "technician2", "passed", "Fine."),
        ("thermal", "technician", "technician2", "failed", ""),
    ]


async def test_a_mixed_batch_is_answered_one_by_one_in_order(as_technician: AsyncClient, given: Given) -> None:
    good, shelf = await given.item(State.RETURNED), await given.item()
    sent = [UNKNOWN, good, "ES000123473", shelf, good.lower(), "\x00", "\x00", "x" * 1000]
    found = await results_of(as_technician, START, {"barcodes": sent})
    assert [(one["outcome"], one["code"]) for one in found] == [
        ("unknown", "unknown-barcode"),
        ("accepted", None),
        ("refused", "mistyped-barcode"),
        ("refused", "wrong-state"),
        ("duplicate", "repeated-barcode"),
        ("refused", "not-a-barcode"),
        ("refused", "not-a-barcode"),
        ("refused", "not-a-barcode"),
    ]
    results = [{"barcode": raw, "outcome": "failed" if raw == shelf else "passed", **LOW} for raw in sent]
    done = await results_of(as_technician, FINISH, {"results": results})
    assert [one["outcome"] for one in done] == [one["outcome"] for one in found]


async def test_an_item_that_comes_twice_in_a_batch_is_told_what_became_of_the_first(
    as_technician: AsyncClient, given: Given, query: Query
) -> None:
    barcode = await given.item(State.RETURNED)
    for url, body, state in (
        (START, {"barcodes": [barcode, f"*{barcode}*\r"]}, "decontaminating"),
        (FINISH, {"results": [{"barcode": barcode, "outcome": "passed", **LOW}] * 2}, "awaiting_inspection"),
    ):
        first, second = await results_of(as_technician, url, body)
        assert (first["outcome"], first["state"]) == ("accepted", state)
        assert (second["outcome"], second["code"], second["state"]) == ("duplicate", "repeated-barcode", state)
        assert second["next_step"] == first["next_step"]
        assert "done once" in second["detail"]
    assert len(await query("SELECT id FROM movement WHERE move LIKE '%decontamination'")) == 2


async def test_of_two_words_on_one_item_the_first_counts_whatever_came_before_it(
    as_technician: AsyncClient, given: Given
) -> None:
    other, barcode = await given.item(State.DECONTAMINATING), await given.item(State.DECONTAMINATING)
    said = [(other, "passed"), (barcode, "failed"), (barcode, "passed")]
    results = [{"barcode": one, "outcome": outcome, "notes": "", **LOW} for one, outcome in said]
    _, first, second = await results_of(as_technician, FINISH, {"results": results})
    assert (first["outcome"], first["state"]) == ("accepted", "returned")
    assert (second["outcome"], second["code"], second["state"]) == ("refused", "repeated-barcode", "returned")
    assert "two different outcomes" in second["detail"]
    record = await given.record(barcode)
    assert (record.state, record.evidence.decontamination_outcome) == (State.RETURNED, Outcome.FAILED)


async def test_of_two_results_for_one_item_in_a_batch_one_counts(as_technician: AsyncClient, given: Given) -> None:
    barcode = await given.item(State.DECONTAMINATING)
    results = [
        {"barcode": barcode, "outcome": "passed", **LOW},
        {"barcode": barcode, "outcome": "failed", "notes": "No."},
    ]
    first, second = await results_of(as_technician, FINISH, {"results": results})
    assert (first["outcome"], second["outcome"]) == ("accepted", "refused")
    record = await given.record(barcode)
    assert (record.state, record.evidence.decontamination_outcome) == (State.AWAITING_INSPECTION, Outcome.PASSED)


async def test_any_number_of_cleanings_costs_the_same_statements(
    as_technician: AsyncClient, given: Given, statements: Statements
) -> None:
    barcodes = [await given.item(State.RETURNED) for _ in range(10)]
    statements.clear()
    await results_of(as_technician, START, {"barcodes": barcodes[:1]})
    one = len(statements)
    statements.clear()
    await results_of(as_technician, START, {"barcodes": barcodes[1:]})
    assert len(statements) == one


@pytest.mark.parametrize(
    ("url", "body", "field"),
    [
        (START, {"barcodes": []}, "barcodes"),
        (START, {"barcodes": [UNKNOWN] * 501}, "barcodes"),
        (START, {"barcodes": [UNKNOWN], "route": "sand"}, "route"),
        (START, {"barcodes": ["x" * 2001]}, "barcodes"),
        (START, {"barcodes": [1]}, "barcodes"),
        (START, {}, "barcodes"),
        (FINISH, {"results": []}, "results"),
        (FINISH, {"results": [{"barcode": UNKNOWN}]}, "outcome"),
        (FINISH, {"results": [{"barcode": UNKNOWN, "outcome": "fine"}]}, "outcome"),
        (FINISH, {"results": [{"barcode": UNKNOWN, "outcome": "passed", "notes": "\x00"}]}, "notes"),
        (FINISH, {"results": [{"barcode": UNKNOWN, "outcome": "passed", "by": "me"}]}, "by"),
        (INSPECTIONS, {"barcode": UNKNOWN}, "outcome"),
        (INSPECTIONS, {"barcode": UNKNOWN, "outcome": "passed", "kind": "mot"}, "kind"),
        (INSPECTIONS, {"barcode": UNKNOWN, "outcome": "passed", "notes": "\x1b"}, "notes"),
        (INSPECTIONS, {"barcode": UNKNOWN, "outcome": "passed", "next_due_on": "x"}, "next_due_on"),
        (INSPECTIONS, {"barcode": "ES000123473", "outcome": "passed"}, "barcode"),
    ],
)
async def test_a_body_that_cannot_be_is_refused(
    as_technician: AsyncClient, url: str, body: dict[str, Any], field: str
) -> None:
    check_problem(await as_technician.post(url, json=body), 422, field=field)


# Inspections.


@pytest.mark.parametrize("outcome", list(InspectionOutcome))
@pytest.mark.parametrize("state", list(State))
async def test_an_inspection_moves_an_item_as_the_lifecycle_says(
    as_technician: AsyncClient, given: Given, query: Query, state: State, outcome: InspectionOutcome
) -> None:
    barcode = await given.item(state)
    move = Move.PASS_INSPECTION if outcome is InspectionOutcome.PASSED else Move.FAIL_INSPECTION
    sent = {"barcode": barcode, "kind": "pat", "outcome": outcome}
    if outcome is InspectionOutcome.DANGER:
        sent["notes"] = "A wire is bare."
    answer = await as_technician.post(INSPECTIONS, json=sent)
    if not can_move(state, move) and outcome is not InspectionOutcome.DANGER:
        check_problem(answer, 409, "wrong-state")
        assert await query("SELECT id FROM inspection WHERE kind = 'pat'") == []
        return
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == (next_state(state, move) if can_move(state, move) else state)
    holds = await query("SELECT kind FROM hold WHERE lifted_at IS NULL")
    is_danger = outcome is InspectionOutcome.DANGER and state is not State.SCRAPPED
    out_of_use = is_danger or (outcome is InspectionOutcome.FAILED and state in OUT)
    assert len(holds) == int(out_of_use)
    assert await query("SELECT id FROM reservation WHERE ended_at IS NULL") == [] or state is State.RESERVED
    if state is State.RESERVED and outcome is not InspectionOutcome.PASSED:
        assert await query("SELECT id FROM reservation WHERE ended_at IS NULL") == []


async def test_the_next_date_follows_from_the_product_and_may_be_earlier(
    as_technician: AsyncClient, given: Given, clock: Clock
) -> None:
    product = await given.product(inspections=[{"kind": "loler", "every_months": 6}])
    [barcode] = await given.items(1, product=product)
    clock.move(days=10)
    report = report_body(on=clock.today)
    body = {"barcode": barcode, "kind": "loler", "outcome": "passed", "report": report}
    assert (await as_technician.post(INSPECTIONS, json=body)).json()["next_due_on"] == "2026-09-12"
    early = await as_technician.post(INSPECTIONS, json=body | {"next_due_on": "2026-06-01"})
    assert early.json()["next_due_on"] == "2026-06-01"
    for day, code in (("2026-09-13", "next-due-too-late"), (clock.day(0), "next-due-too-early")):
        answer = await as_technician.post(INSPECTIONS, json=body | {"next_due_on": day})
        check_problem(answer, 422, code, field="next_due_on")
    item = (await as_technician.get(f"/api/v1/items/{barcode}")).json()
    [due] = item["next_inspections"]
    assert (due["kind"], due["due_on"], due["last_on"], due["state"]) == (
        "loler",
        "2026-06-01",
        clock.day(0),
        "in_date",
    )


async def test_a_failed_periodic_inspection_blocks_until_one_passes(as_technician: AsyncClient, given: Given) -> None:
    product = await given.product(inspections=[{"kind": "loler", "every_months": 6}])
    [barcode] = await given.items(1, product=product)
    await given.inspected(barcode, InspectionOutcome.FAILED, InspectionKind.LOLER)
    await given.repaired(barcode)
    await given.inspected(barcode)
    refusal = check_problem(await release(as_technician, barcode), 409, "not-clear")
    assert [blocker["code"] for blocker in refusal["blockers"]] == ["inspection-failed"]
    await given.inspected(barcode, InspectionOutcome.PASSED, InspectionKind.LOLER)
    assert (await release(as_technician, barcode)).status_code == 200


async def test_what_is_due_is_listed_by_day_and_store_in_pages(as_ot: AsyncClient, given: Given, clock: Clock) -> None:
    rules = [{"kind": "loler", "every_months": 6}, {"kind": "pat", "every_months": 12}]
    product = await given.product(inspections=rules)
    [one, two] = await given.items(2, product=product)
    [coast] = await given.items(1, product=product, store="COAST")
    [gone] = await given.items(1, product=product)
    await given.scrapped(gone)
    assert (await as_ot.get(DUE)).json() == {"items": [], "next": None}
    clock.move(days=185)
    lines = (await as_ot.get(DUE)).json()["items"]
    assert [(line["barcode"], line["kind"], line["is_overdue"]) for line in lines] == [
        (one, "loler", True),
        (two, "loler", True),
        (coast, "loler", True),
    ]
    at_coast = (await as_ot.get(DUE, params={"store": "COAST", "before": clock.day(365)})).json()["items"]
    assert [(line["kind"], line["is_overdue"]) for line in at_coast] == [("loler", True), ("pat", False)]
    page = (await as_ot.get(DUE, params={"limit": 2, "before": clock.day(365)})).json()
    rest = (await as_ot.get(DUE, params={"limit": 500, "before": clock.day(365), "after": page["next"]})).json()
    assert len(page["items"]) + len(rest["items"]) == 6
    for params in ({"before": "soon"}, {"limit": 0}, {"store": "\x00"}, {"after": "\x00"}):
        check_problem(await as_ot.get(DUE, params=params), 422)


# Release.


async def blockers_at_release(client: AsyncClient, barcode: str) -> list[str]:
    refusal = check_problem(await release(client, barcode), 409, "not-clear")
    assert [blocker["detail"] for blocker in refusal["blockers"]] != []
    return [blocker["code"] for blocker in refusal["blockers"]]


async def test_an_item_that_was_not_checked_is_not_released(as_technician: AsyncClient, given: Given) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    assert await blockers_at_release(as_technician, barcode) == ["not-inspected"]
    assert await state_of(as_technician, barcode) == "awaiting_inspection"


async def test_an_item_on_hold_is_not_released_and_every_blocker_is_named(
    as_technician: AsyncClient, given: Given
) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    await given.hold(barcode)
    await given.hold(barcode, reason="Also the handset.")
    assert await blockers_at_release(as_technician, barcode) == ["on-hold", "on-hold", "not-inspected"]


async def test_a_check_before_a_repair_does_not_count(as_technician: AsyncClient, given: Given) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    await given.inspected(barcode)
    await given.inspected(barcode, InspectionOutcome.FAILED, InspectionKind.PAT)
    await given.repaired(barcode)
    assert await blockers_at_release(as_technician, barcode) == ["not-inspected"]


async def test_a_failed_check_sends_to_repair_and_back_to_the_bench(as_technician: AsyncClient, given: Given) -> None:
    barcode = await given.item(State.IN_REPAIR)
    url = f"/api/v1/items/{barcode}/repair"
    mended = await as_technician.post(url, json={"outcome": "repaired", "notes": "New castor."})
    assert (mended.json()["state"], mended.json()["is_clear"]) == ("awaiting_inspection", False)
    check_problem(await as_technician.post(url, json={"outcome": "repaired"}), 409, "wrong-state")
    assert await blockers_at_release(as_technician, barcode) == ["not-inspected"]
    await given.inspected(barcode)
    assert (await release(as_technician, barcode)).status_code == 200


async def test_what_is_beyond_repair_is_scrapped_from_the_repair_bench_alone(
    as_technician: AsyncClient, given: Given, query: Query
) -> None:
    barcode, shelf = await given.item(State.IN_REPAIR), await given.item()
    body = {"outcome": "beyond_repair", "notes": "Frame bent.", "waste_stream": "metal", "reference": "WTN-1"}
    check_problem(await as_technician.post(f"/api/v1/items/{shelf}/repair", json=body), 409, "wrong-state")
    assert await state_of(as_technician, shelf) == "in_stock"
    done = await as_technician.post(f"/api/v1/items/{barcode}/repair", json=body)
    assert done.json()["state"] == "scrapped"
    [line] = await query("SELECT reason FROM movement WHERE move = 'scrap'")
    assert line["reason"] == "Beyond repair. Frame bent."


@pytest.mark.parametrize("body", [{}, {"outcome": "fixed"}, {"outcome": "repaired", "notes": "\x00"}, {"notes": "x"}])
async def test_a_repair_says_how_it_ended(as_technician: AsyncClient, given: Given, body: dict[str, Any]) -> None:
    barcode = await given.item(State.IN_REPAIR)
    check_problem(await as_technician.post(f"/api/v1/items/{barcode}/repair", json=body), 422, "malformed")


async def test_a_single_patient_item_is_never_released_after_a_return(as_technician: AsyncClient, given: Given) -> None:
    product = await given.product(single_patient_use=True)
    barcode = await given.item(State.RETURNED, product=product)
    [result] = await results_of(as_technician, START, {"barcodes": [barcode]})
    assert (result["outcome"], result["code"], result["next_step"]["route"]) == (
        "refused",
        "single-patient-use",
        "scrap",
    )
    assert "single-patient-use" in await blockers_at_release(as_technician, barcode)


async def test_an_item_that_became_single_patient_is_not_released_either(
    as_technician: AsyncClient, as_manager: AsyncClient, given: Given
) -> None:
    product = await given.product()
    barcode = await given.item(State.AWAITING_INSPECTION, product=product)
    await given.inspected(barcode)
    change = {"single_patient_use": True}
    await as_manager.patch(f"/api/v1/products/{product}", json=change, headers={"If-Match": '"1"'})
    assert await blockers_at_release(as_technician, barcode) == ["single-patient-use"]


async def test_one_person_does_not_both_clean_and_release_a_high_risk_item(
    as_technician: AsyncClient, as_technician2: AsyncClient, given: Given
) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION, product=await given.product(high_risk=True))
    await given.inspected(barcode)
    assert await blockers_at_release(as_technician, barcode) == ["same-person"]
    assert (await release(as_technician2, barcode)).status_code == 200


async def test_one_person_may_clean_and_release_what_is_not_high_risk(as_technician: AsyncClient, given: Given) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    await given.inspected(barcode, by="technician")
    assert (await release(as_technician, barcode)).status_code == 200


async def test_the_bench_does_not_end_a_reservation(as_technician: AsyncClient, given: Given) -> None:
    kept = await given.reservation()
    check_problem(await release(as_technician, kept.barcode), 409, "wrong-state")
    assert await state_of(as_technician, kept.barcode) == "reserved"


@pytest.mark.parametrize("state", sorted(set(State) - {State.AWAITING_INSPECTION}))
async def test_nothing_is_released_from_elsewhere_than_the_bench(
    as_technician: AsyncClient, given: Given, state: State
) -> None:
    barcode = await given.item(state)
    refusal = check_problem(await release(as_technician, barcode), 409)
    if state in {State.IN_STOCK, State.RESERVED}:
        assert refusal["code"] == "wrong-state"
    else:
        assert refusal["code"] == "not-clear"
        assert refusal["blockers"][0]["code"] == "not-on-the-shelf"
    assert await state_of(as_technician, barcode) == state


async def test_a_release_needs_no_body(as_technician: AsyncClient, given: Given) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    await given.inspected(barcode)
    answer = await as_technician.post(f"/api/v1/items/{barcode}/release")
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("bay", ["\x00", "x" * 201, 7])
async def test_a_bay_that_cannot_be_written_is_refused(as_technician: AsyncClient, given: Given, bay: object) -> None:
    barcode = await given.item(State.AWAITING_INSPECTION)
    check_problem(await release(as_technician, barcode, bay=bay), 422, "malformed", field="bay")
