"""Reservations, loans, trials and collections by the API."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.labels import make_tag
from app.domain.lifecycle import IN_STORE, State
from tests.conftest import Clock, Query
from tests.given import TRIED, Given
from tests.problems import check_problem

LOANS, RESERVATIONS, COLLECTIONS = "/api/v1/loans", "/api/v1/reservations", "/api/v1/collections"
UNKNOWN = make_tag("ES", 9_999_999)


async def state_of(client: AsyncClient, barcode: str) -> str:
    return str((await client.get(f"/api/v1/items/{barcode}")).json()["state"])


async def test_an_item_is_handed_over_the_counter(as_ot: AsyncClient, given: Given, query: Query) -> None:
    barcode, client = await given.item(), await given.client()
    made = await as_ot.post(LOANS, json={"barcode": barcode, "client_ref": client})
    assert made.status_code == 201, made.text
    loan = made.json()
    assert (loan["kind"], loan["state"], loan["started_by"], loan["ended_at"]) == ("loan", "on_loan", "ot", None)
    item = (await as_ot.get(f"/api/v1/items/{barcode}")).json()
    assert (item["loan"]["client_ref"], item["times_issued"], item["bay"]) == (client, 1, None)
    [line] = await query("SELECT reference FROM movement WHERE move = 'issue'")
    assert line["reference"] == f"loan {loan['id']}"


async def test_a_trial_has_an_end(as_ot: AsyncClient, given: Given, clock: Clock) -> None:
    barcode, client = await given.item(), await given.client()
    body = {"barcode": barcode, "client_ref": client, "kind": "trial", "trial_ends_on": clock.day(1)}
    made = await as_ot.post(LOANS, json=body)
    assert (made.json()["state"], made.json()["trial_ends_on"]) == ("on_trial", clock.day(1))


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"barcode": UNKNOWN}, 404, "unknown-barcode", "barcode"),
        ({"barcode": "ES000123473"}, 422, "mistyped-barcode", "barcode"),
        ({"barcode": make_tag("XY", 1)}, 404, "other-service", "barcode"),
        ({"barcode": "x" * 1000}, 422, "not-a-barcode", "barcode"),
        ({"barcode": "\x00"}, 422, "not-a-barcode", "barcode"),
        ({"barcode": ""}, 422, "not-a-barcode", "barcode"),
        ({"barcode": 7}, 422, "malformed", "barcode"),
        ({"client_ref": "NOBODY"}, 404, "unknown-client", "client_ref"),
        ({"client_ref": "\x00"}, 422, "malformed", "client_ref"),
        ({"kind": "gift"}, 422, "malformed", "kind"),
        ({"kind": "trial"}, 422, "trial-without-end", "trial_ends_on"),
        ({"kind": "trial", "trial_ends_on": "2026-03-02"}, 422, "trial-ends-before-it-starts", "trial_ends_on"),
        ({"kind": "trial", "trial_ends_on": "2026-03-01"}, 422, "trial-ends-before-it-starts", "trial_ends_on"),
        ({"kind": "trial", "trial_ends_on": "2027-03-04"}, 422, "trial-too-long", "trial_ends_on"),
        ({"kind": "trial", "trial_ends_on": "9999-12-31"}, 422, "trial-too-long", "trial_ends_on"),
        ({"kind": "trial", "trial_ends_on": "2026-02-29"}, 422, "malformed", "trial_ends_on"),
        ({"trial_ends_on": "2026-03-09"}, 422, "loan-with-trial-end", "trial_ends_on"),
        ({"until": "2026-03-09"}, 422, "malformed", "until"),
    ],
)
async def test_a_loan_that_cannot_be_is_refused_and_nothing_is_written(
    as_ot: AsyncClient,
    given: Given,
    query: Query,
    change: dict[str, Any],
    status: int,
    code: str,
    field: str,
) -> None:
    body = {"barcode": await given.item(), "client_ref": await given.client()}
    check_problem(await as_ot.post(LOANS, json=body | change), status, code, field=field)
    assert await state_of(as_ot, body["barcode"]) == "in_stock"
    assert await query("SELECT id FROM loan") == []


@pytest.mark.parametrize("kind", ["loan", "trial"])
@pytest.mark.parametrize("state", list(State))
async def test_only_what_is_on_the_shelf_is_handed_over(
    as_ot: AsyncClient, given: Given, clock: Clock, query: Query, state: State, kind: str
) -> None:
    client = await given.client()
    barcode = await given.item(state, client=client)
    movements = await query("SELECT count(*) AS n FROM movement")
    ends = {"trial_ends_on": clock.day(7)} if kind == "trial" else {}
    answer = await as_ot.post(LOANS, json={"barcode": barcode, "client_ref": client, "kind": kind} | ends)
    if state in {State.IN_STOCK, State.RESERVED}:
        assert answer.status_code == 201, answer.text
        assert await query("SELECT id FROM reservation WHERE ended_at IS NULL") == []
        return
    # What stands dirty in a store is refused with all that blocks it, which says more than its state.
    check_problem(answer, 409, "not-clear" if state in IN_STORE else "wrong-state")
    assert await state_of(as_ot, barcode) == state
    assert await query("SELECT count(*) AS n FROM movement") == movements


async def test_what_is_reserved_goes_to_the_client_it_is_kept_for(as_ot: AsyncClient, given: Given) -> None:
    kept, other = await given.reservation(), await given.client()
    body = {"barcode": kept.barcode, "client_ref": other}
    check_problem(await as_ot.post(LOANS, json=body), 409, "already-reserved", field="barcode")
    assert await state_of(as_ot, kept.barcode) == "reserved"
    assert (await as_ot.post(LOANS, json=body | {"client_ref": kept.client_ref})).status_code == 201


async def test_an_item_on_hold_cannot_be_issued_or_reserved(as_ot: AsyncClient, given: Given, clock: Clock) -> None:
    barcode, client = await given.item(), await given.client()
    await given.hold(barcode, reason="The castor is loose.")
    refusal = check_problem(await as_ot.post(LOANS, json={"barcode": barcode, "client_ref": client}), 409, "on-hold")
    assert refusal["blockers"] == [{"code": "on-hold", "detail": "Fault: The castor is loose."}]
    body = {"barcode": barcode, "client_ref": client, "until": clock.day(3)}
    check_problem(await as_ot.post(RESERVATIONS, json=body), 409, "on-hold")
    check_problem(await as_ot.post(LOANS, json={"barcode": barcode, "client_ref": client}), 409, "on-hold")


async def test_an_item_whose_inspection_has_lapsed_cannot_be_issued_or_reserved(
    as_ot: AsyncClient, given: Given, clock: Clock
) -> None:
    product = await given.product(inspections=[{"kind": "loler", "every_months": 6}])
    [barcode], client = await given.items(1, product=product), await given.client()
    clock.move(days=184)
    until = {"until": clock.day(1), "client_ref": client}
    assert (await as_ot.post(RESERVATIONS, json={"barcode": barcode} | until)).status_code == 201
    kept = await as_ot.get("/api/v1/items", params={"state": "reserved"})
    assert len(kept.json()["items"]) == 1
    clock.move(days=1)
    refusal = check_problem(await as_ot.post(LOANS, json={"barcode": barcode, "client_ref": client}), 409, "not-clear")
    assert [blocker["code"] for blocker in refusal["blockers"]] == ["inspection-overdue"]
    [fresh] = await given.items(1, product=product)
    by_product = await as_ot.post(
        RESERVATIONS, json={"product_code": product, "client_ref": client, "until": clock.day(1)}
    )
    assert by_product.json()["barcode"] == fresh


async def test_the_services_clock_says_which_inspections_have_lapsed(
    as_ot: AsyncClient, given: Given, clock: Clock
) -> None:
    clock.move(days=-3650)
    product = await given.product(inspections=[{"kind": "loler", "every_months": 6}])
    [barcode] = await given.items(1, product=product)
    body = {"product_code": product, "client_ref": await given.client(), "until": clock.day(1)}
    made = await as_ot.post(RESERVATIONS, json=body)
    assert made.status_code == 201, made.text
    assert made.json()["barcode"] == barcode


async def test_a_single_patient_item_goes_out_once(as_ot: AsyncClient, given: Given, clock: Clock) -> None:
    product = await given.product(single_patient_use=True)
    await given.item(State.RETURNED, product=product)
    body = {"product_code": product, "client_ref": await given.client(), "until": clock.day(1)}
    check_problem(await as_ot.post(RESERVATIONS, json=body), 409, "no-stock", field="product_code")


@pytest.mark.parametrize("number", ["9223372036854775808", "0", "-1", "x", "1e3"])
async def test_numbers_that_no_record_can_have_are_malformed(as_ot: AsyncClient, number: str) -> None:
    check_problem(await as_ot.delete(f"{RESERVATIONS}/{number}"), 422, "malformed")
    answer = await as_ot.post(f"{LOANS}/{number}/trial-outcome", json={"outcome": "keep"})
    check_problem(answer, 422, "malformed")


# Trials.


async def test_a_trial_that_is_kept_becomes_a_loan(as_ot: AsyncClient, given: Given, query: Query) -> None:
    trial = await given.trial()
    answer = await as_ot.post(
        f"{LOANS}/{trial.id}/trial-outcome", json={"outcome": "keep", "notes": "It fits.", **TRIED}
    )
    assert (answer.json()["kind"], answer.json()["state"], answer.json()["ended_at"]) == ("loan", "on_loan", None)
    [review] = await query("SELECT outcome, notes, reviewed_by FROM trial_review")
    assert tuple(review.values()) == ("keep", "It fits.", "ot")


async def test_the_short_form_of_an_outcome_is_taken_and_says_what_it_does_not_say(
    as_ot: AsyncClient, given: Given, query: Query
) -> None:
    trial = await given.trial()
    url = f"{LOANS}/{trial.id}/trial-outcome"
    check_problem(await as_ot.post(url, json={"outcome": "keep"}), 422, "malformed")
    check_problem(
        await as_ot.post(url, json={"outcome": "keep", "notes": "Fine.", "result": "Safe."}), 422, "malformed"
    )
    answer = await as_ot.post(url, json={"outcome": "keep", "notes": "It fits."})
    assert (answer.status_code, answer.json()["state"]) == (200, "on_loan")
    [review] = await query("SELECT notes, tried_what, result FROM trial_review")
    assert tuple(review.values()) == ("It fits.", *["Not said by the system that recorded it."] * 2)


async def test_a_trial_that_goes_on_has_a_later_end(as_ot: AsyncClient, given: Given, clock: Clock) -> None:
    trial = await given.trial(days=7)
    url = f"{LOANS}/{trial.id}/trial-outcome"
    for day, code in ((6, "extension-too-short"), (7, "extension-too-short"), (367, "trial-too-long")):
        check_problem(
            await as_ot.post(url, json={"outcome": "extend", "until": clock.day(day), **TRIED}),
            422,
            code,
            field="until",
        )
    answer = await as_ot.post(url, json={"outcome": "extend", "until": clock.day(8), **TRIED})
    assert (answer.json()["trial_ends_on"], answer.json()["state"]) == (clock.day(8), "on_trial")


async def test_a_lapsed_trial_is_extended_to_a_day_that_is_still_to_come(
    as_ot: AsyncClient, given: Given, clock: Clock
) -> None:
    trial = await given.trial(days=7)
    clock.move(days=10)
    body = {"outcome": "extend", "until": clock.day(-1), **TRIED}
    check_problem(await as_ot.post(f"{LOANS}/{trial.id}/trial-outcome", json=body), 422, field="until")
    body = {"outcome": "extend", "until": clock.day(1), **TRIED}
    assert (await as_ot.post(f"{LOANS}/{trial.id}/trial-outcome", json=body)).status_code == 200


async def test_a_trial_that_is_not_kept_is_collected(as_ot: AsyncClient, given: Given, query: Query) -> None:
    trial = await given.trial()
    answer = await as_ot.post(f"{LOANS}/{trial.id}/trial-outcome", json={"outcome": "collect", **TRIED})
    assert answer.json()["state"] == "awaiting_collection"
    [collection] = await query("SELECT number, reason FROM collection")
    assert collection["reason"] == TRIED["result"]
    assert (await as_ot.get(f"{COLLECTIONS}/{collection['number']}")).json()["state"] == "open"


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"outcome": "extend"}, "extension-without-end", "until"),
        ({"outcome": "keep", "until": "2026-04-01"}, "extension-without-end", "until"),
        ({"outcome": "burn"}, "malformed", "outcome"),
        ({}, "malformed", "outcome"),
        ({"outcome": "keep", "notes": "\x00"}, "malformed", "notes"),
        ({"outcome": "keep", "notes": "x" * 4001}, "malformed", "notes"),
        ({"outcome": "extend", "until": "never"}, "malformed", "until"),
    ],
)
async def test_an_outcome_that_cannot_be_is_refused(
    as_ot: AsyncClient, given: Given, body: dict[str, Any], code: str, field: str
) -> None:
    trial = await given.trial()
    answer = await as_ot.post(f"{LOANS}/{trial.id}/trial-outcome", json=TRIED | body)
    check_problem(answer, 422, code, field=field)
    assert await state_of(as_ot, trial.barcode) == "on_trial"


async def test_only_a_running_trial_has_an_outcome(as_ot: AsyncClient, given: Given) -> None:
    loan, over, fetched, lost = [(await given.loan()), *[await given.trial() for _ in range(3)]]
    await given.scan(over.barcode)
    await given.collection(fetched.barcode, client=fetched.client_ref)
    await given.missing(lost.barcode)
    for one in (loan, over, fetched, lost):
        answer = await as_ot.post(f"{LOANS}/{one.id}/trial-outcome", json={"outcome": "keep", **TRIED})
        check_problem(answer, 409, "not-on-trial")
    answer = await as_ot.post(f"{LOANS}/999999/trial-outcome", json={"outcome": "keep", **TRIED})
    check_problem(answer, 404, "unknown-loan")


async def test_notes_alone_do_not_say_how_a_trial_went(as_ot: AsyncClient, given: Given) -> None:
    trial = await given.trial()
    url = f"{LOANS}/{trial.id}/trial-outcome"
    body = {"outcome": "keep", "notes": "It fits.", "result": "  "}
    told = check_problem(await as_ot.post(url, json=body), 422, "malformed")
    assert {error["loc"][-1]: error["message"] for error in told["errors"]} == {
        "tried_what": "Say what was tried.",
        "tried_where": "Say where it was tried.",
        "who_was_there": "Say who was there.",
        "result": "“result” must not be empty.",
    }


async def test_loans_are_listed_by_client_kind_end_and_whether_they_are_open(
    as_ot: AsyncClient, given: Given, clock: Clock, query: Query
) -> None:
    ada, bea = await given.client("ADA"), await given.client("BEA")
    one, two = await given.loan(client=ada), await given.trial(client=ada, days=5)
    three = await given.trial(client=bea, days=30)
    await given.scan(one.barcode)

    async def ids(**params: Any) -> list[int]:
        answer = await as_ot.get(LOANS, params=params)
        assert answer.status_code == 200, answer.text
        return [loan["id"] for loan in answer.json()["items"]]

    assert await ids() == [one.id, two.id, three.id]
    assert await ids(client_ref="ADA") == [one.id, two.id]
    assert await ids(kind="trial") == [two.id, three.id]
    assert await ids(open=False) == [one.id]
    assert await ids(open=True, client_ref="ADA") == [two.id]
    assert await ids(due_before=clock.day(6)) == [two.id]
    assert await ids(due_before=clock.day(5)) == []
    assert await ids(limit=1, after=one.id) == [two.id]
    assert len(await query("SELECT id FROM audit_event WHERE action = 'loans_listed'")) == 8


@pytest.mark.parametrize(
    "params",
    [{"after": "x"}, {"kind": "gift"}, {"due_before": "soon"}, {"open": "x"}, {"limit": 0}, {"client_ref": "\x00"}],
)
async def test_a_question_about_loans_that_cannot_be_is_malformed(as_ot: AsyncClient, params: dict[str, Any]) -> None:
    check_problem(await as_ot.get(LOANS, params=params), 422)
