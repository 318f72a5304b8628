"""Ways round the rules that people tried: each is closed, and says what to do instead."""

from typing import Any

from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Query, SignIn
from tests.given import TRIED, Given
from tests.problems import check_problem

MISSED = {"reason": "The family says that it was thrown away."}
WRITTEN_OFF = MISSED | {"waste_stream": "nowhere"}
ORDER = {
    "funder": "ASC",
    "speed": "five_day",
    "reason": "hospital_discharge",
    "clinical_reasoning": "Cannot rise from the bed alone.",
}


async def test_what_must_not_be_used_is_written_off_by_nobodys_word(
    given: Given, as_ot: AsyncClient, as_manager: AsyncClient
) -> None:
    lent = await given.loan()
    stop = {"reason": "The loops are worn."}
    notice = (await as_ot.post(f"/api/v1/loans/{lent.id}/stop-use", json=stop)).json()["id"]
    assert (await as_manager.post(f"/api/v1/items/{lent.barcode}/missing", json=MISSED)).status_code == 200
    check_problem(await as_manager.post(f"/api/v1/items/{lent.barcode}/scrap", json=WRITTEN_OFF), 409, "use-is-stopped")
    assert (await as_ot.get(f"/api/v1/stop-use-notices/{notice}")).json()["is_open"]
    await given.scan(lent.barcode)
    assert not (await as_ot.get(f"/api/v1/stop-use-notices/{notice}")).json()["is_open"]


async def test_an_order_does_not_keep_what_must_not_be_used(given: Given, as_ot: AsyncClient) -> None:
    product, client = await given.product(), await given.client("C-9")
    lent = await given.loan(await given.item(product=product), client=client)
    await as_ot.post(f"/api/v1/loans/{lent.id}/stop-use", json={"reason": "The loops are worn."})
    keep = [{"barcode": lent.barcode, "action": "keep", "reason": "A spare one."}]
    body = ORDER | {"client_ref": client, "lines": [{"product_code": product}], "supersedes": keep}
    draft = (await as_ot.post("/api/v1/orders", json=body)).json()
    answers = [
        {"code": one["code"], "subject": one["subject"], "answer": "Seen with her at home."}
        for one in draft["warnings"]
    ]
    refused = await as_ot.post(f"/api/v1/orders/{draft['number']}/submit", json={"answers": answers})
    check_problem(refused, 409, "use-was-stopped", field="supersedes")


async def test_a_supervised_student_hands_out_and_keeps_nothing_alone(given: Given, sign_in: SignIn) -> None:
    student = await sign_in("student.ot")
    body = {"barcode": await given.item(), "client_ref": await given.client()}
    check_problem(await student.post("/api/v1/loans", json=body), 403, "is-supervised")
    trial = await given.trial()
    kept = await student.post(f"/api/v1/loans/{trial.id}/trial-outcome", json={"outcome": "keep", **TRIED})
    check_problem(kept, 403, "is-supervised")


async def test_nothing_is_kept_for_or_handed_to_somebody_who_has_died(given: Given, as_ot: AsyncClient) -> None:
    body = {"barcode": await given.item(), "client_ref": await given.client(died_on=given.today)}
    check_problem(await as_ot.post("/api/v1/loans", json=body), 409, "client-has-died", field="client_ref")
    days = body | {"until": given.today.isoformat()}
    check_problem(await as_ot.post("/api/v1/reservations", json=days), 409, "client-has-died", field="client_ref")


async def test_an_order_for_somebody_who_has_died_stays_in_the_store(
    given: Given, as_ot: AsyncClient, as_technician: AsyncClient
) -> None:
    product, client = await given.product(), await given.client("C-9", weight_kg=70, weighed_on=given.today)
    await given.item(product=product)
    body = ORDER | {"client_ref": client, "lines": [{"product_code": product}]}
    draft = (await as_ot.post("/api/v1/orders", json=body)).json()
    url = f"/api/v1/orders/{draft['number']}"
    answers = [
        {"code": one["code"], "subject": one["subject"], "answer": "Seen with her at home."}
        for one in draft["warnings"]
    ]
    assert (await as_ot.post(f"{url}/submit", json={"answers": answers})).status_code == 200
    died = {"died_on": given.today.isoformat()}
    changed = await as_ot.patch(f"/api/v1/clients/{client}", json=died, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    check_problem(await as_technician.post(f"{url}/dispatch", json={}), 409, "client-has-died")


async def test_a_student_does_not_call_off_a_colleagues_order_nor_anybody_elses_draft(
    given: Given, as_ot: AsyncClient, as_senior_ot: AsyncClient, sign_in: SignIn
) -> None:
    body = ORDER | {"client_ref": await given.client(), "lines": [{"product_code": await given.product()}]}
    draft = (await as_ot.post("/api/v1/orders", json=body)).json()
    url, reason = f"/api/v1/orders/{draft['number']}", {"reason": "Not wanted."}
    check_problem(await as_senior_ot.post(f"{url}/cancel", json=reason), 403, "not-your-order")
    answers = [
        {"code": one["code"], "subject": one["subject"], "answer": "Seen with her at home."}
        for one in draft["warnings"]
    ]
    assert (await as_ot.post(f"{url}/submit", json={"answers": answers})).status_code == 200
    student = await sign_in("student.ot")
    check_problem(await student.post(f"{url}/cancel", json=reason), 403, "not-your-order")
    assert (await as_senior_ot.post(f"{url}/cancel", json=reason)).status_code == 200


async def test_what_is_found_at_a_clients_goes_to_nobody_until_somebody_has_found_out(
    given: Given, as_technician: AsyncClient, as_ot: AsyncClient
) -> None:
    fetched, stray = await given.collection(), await given.item()
    found = {"label": stray, "description": "Under the stairs."}
    assert (await as_technician.post(f"/api/v1/collections/{fetched.number}/found", json=found)).status_code == 201
    assert (await given.record(stray)).state is State.IN_STOCK
    body = {"barcode": stray, "client_ref": await given.client(), "until": given.today.isoformat()}
    check_problem(await as_ot.post("/api/v1/reservations", json=body), 409, "on-hold")


async def test_whose_reservation_is_given_up_by_somebody_else_is_told(
    given: Given, as_technician: AsyncClient, query: Query
) -> None:
    kept = await given.reservation()
    assert (await as_technician.delete(f"/api/v1/reservations/{kept.id}")).status_code == 204
    [told] = await query("SELECT to_name, purpose FROM message")
    assert told == {"to_name": "Olu Thompson", "purpose": "reservation_given_up"}


async def test_a_trial_that_must_not_be_used_is_neither_kept_nor_extended(given: Given, as_ot: AsyncClient) -> None:
    trial = await given.trial()
    await as_ot.post(f"/api/v1/loans/{trial.id}/stop-use", json={"reason": "It is too large.", "item_fault": "no"})
    url = f"/api/v1/loans/{trial.id}/trial-outcome"
    extend = {"outcome": "extend", "until": "2026-03-30", **TRIED}
    for body in ({"outcome": "keep", **TRIED}, extend):
        check_problem(await as_ot.post(url, json=body), 409, "use-was-stopped", field="outcome")
    assert (await as_ot.post(url, json={"outcome": "collect", **TRIED})).status_code == 200


async def test_a_trial_of_what_is_on_hold_is_neither_kept_nor_extended(
    given: Given, as_ot: AsyncClient, ot: Browser
) -> None:
    trial = await given.trial()
    await given.hold(trial.barcode, reason="Hydraulics leak, do not use.")
    url = f"/api/v1/loans/{trial.id}/trial-outcome"
    extend = {"outcome": "extend", "until": "2026-03-30", **TRIED}
    for body in ({"outcome": "keep", **TRIED}, {"outcome": "keep", "notes": "It goes well."}, extend):
        refused = check_problem(await as_ot.post(url, json=body), 409, "on-hold")
        assert refused["blockers"] == [{"code": "on-hold", "detail": "Fault: Hydraulics leak, do not use."}]
    form = f"/loans/{trial.id}/trial-outcome"
    page = await ot.get(form)
    box = page.soup.select_one("[data-testid=on-hold].app-blockers")
    assert box
    assert "Fault: Hydraulics leak, do not use. Have it collected" in " ".join(box.get_text(" ").split())
    sent = await ot.send(page, form, outcome="keep", **TRIED)
    assert sent.status == 409
    assert "It is on hold, so it is neither kept nor tried on." in sent.text
    assert (await as_ot.post(url, json={"outcome": "collect", **TRIED})).status_code == 200


async def test_the_counter_is_no_way_round_a_tier_a_limit_the_panel_or_a_load(
    given: Given, as_ot: AsyncClient, as_technician: AsyncClient
) -> None:
    client = await given.client("C-9", weight_kg=120, weighed_on=given.today)
    until = {"kind": "trial", "trial_ends_on": "2026-03-09"}

    async def of(**details: Any) -> dict[str, str]:
        return {"barcode": await given.item(product=await given.product(**details)), "client_ref": client}

    panel = await of(tier="highly_specialist")
    check_problem(await as_ot.post("/api/v1/loans", json=panel), 403, "needs-an-order")
    check_problem(await as_technician.post("/api/v1/loans", json=panel), 403, "needs-an-order")
    specialist = await of(tier="specialist")
    check_problem(await as_ot.post("/api/v1/loans", json=specialist), 403, "above-your-tier")
    assert (await as_ot.post("/api/v1/loans", json=specialist | until)).status_code == 201
    dear = await of(purchase_price_pence=100_001, category="18 12 10")
    check_problem(await as_ot.post("/api/v1/loans", json=dear), 403, "over-your-limit")
    assert (await as_technician.post("/api/v1/loans", json=dear)).status_code == 201
    weak = await of(safe_working_load_kg=119, category="12 36 21")
    check_problem(await as_technician.post("/api/v1/loans", json=weak), 409, "load-too-low", field="barcode")


async def test_whoever_has_no_registration_in_date_hands_nothing_out(
    given: Given, as_ot: AsyncClient, session: AsyncSession
) -> None:
    await session.execute(
        text("UPDATE prescriber SET registration_expires_on = '2026-03-01' WHERE registration_number IS NOT NULL")
    )
    await session.commit()
    body = {"barcode": await given.item(), "client_ref": await given.client()}
    refused = check_problem(await as_ot.post("/api/v1/loans", json=body), 403, "registration-expired")
    assert refused["detail"].endswith("ended on 1 March 2026. At present nobody can. Ask the manager to name somebody.")
