"""Who has no authority of their own decides nothing clinical: neither the role alone, nor an ended registration, is."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Clock, SignIn
from tests.features.prescribers.test_api import OT, PRESCRIBERS, add_user
from tests.given import TRIED, Given
from tests.problems import check_problem

LOANS = "/api/v1/loans"


@pytest.fixture
async def nobody(as_admin: AsyncClient, sign_in: SignIn) -> AsyncClient:
    """Somebody with the role and nothing else."""
    await add_user(as_admin, "new.ot")
    return await sign_in("new.ot")


@pytest.fixture
async def lapsed(as_admin: AsyncClient, as_manager: AsyncClient, sign_in: SignIn) -> AsyncClient:
    """A prescriber whose registration ended yesterday."""
    await add_user(as_admin, "late.ot")
    body = OT | {"registration_number": "OT00009", "registration_expires_on": "2026-03-01"}
    made = await as_manager.put(f"{PRESCRIBERS}/late.ot", json=body, headers={"If-None-Match": "*"})
    assert made.status_code == 201, made.text
    return await sign_in("late.ot")


def bodies(clock: Clock) -> list[dict[str, Any]]:
    """They keep it, and it goes on."""
    until = (clock.today + timedelta(days=28)).isoformat()
    return [{"outcome": "keep", **TRIED}, {"outcome": "extend", "until": until, **TRIED}]


@pytest.mark.parametrize("tier", ["standard", "specialist"])
async def test_a_trial_is_kept_and_goes_on_by_the_authority_of_who_decides(
    nobody: AsyncClient, lapsed: AsyncClient, as_manager: AsyncClient, given: Given, clock: Clock, tier: str
) -> None:
    trial = await given.trial(await given.item(product=await given.product(tier=tier)))
    url = f"{LOANS}/{trial.id}/trial-outcome"
    for body in bodies(clock):
        for person, code in ((nobody, "no-authority"), (as_manager, "no-authority"), (lapsed, "registration-expired")):
            refused = check_problem(await person.post(url, json=body), 403, code)
            assert "Sarah Okafor can decide that" in refused["detail"]
    # To have it fetched needs nobody's authority.
    assert (await nobody.post(url, json={"outcome": "collect", **TRIED})).status_code == 200


async def test_a_refusal_names_who_of_the_trials_team_could_decide_and_others_where_nobody_of_it_can(
    nobody: AsyncClient, as_admin: AsyncClient, as_manager: AsyncClient, given: Given, clock: Clock
) -> None:
    await as_manager.post("/api/v1/teams", json={"code": "EAST", "name": "East Team"})
    await add_user(as_admin, "far.ot")
    far = OT | {"team": "EAST", "registration_number": "OT00009"}
    made = await as_manager.put(f"{PRESCRIBERS}/far.ot", json=far, headers={"If-None-Match": "*"})
    assert made.status_code == 201, made.text
    url = f"{LOANS}/{(await given.trial()).id}/trial-outcome"
    for body in bodies(clock):
        detail = check_problem(await nobody.post(url, json=body), 403, "no-authority")["detail"]
        assert ("Sarah Okafor" in detail, "Name of far.ot" in detail) == (True, False)
    for number, username in enumerate(("ot", "senior.ot", "student.ot"), 50):
        tag = {"If-Match": (await as_manager.get(f"{PRESCRIBERS}/{username}")).headers["ETag"]}
        over = OT | {"registration_number": f"OT000{number}", "registration_expires_on": "2026-03-01"}
        ended = await as_manager.put(f"{PRESCRIBERS}/{username}", json=over, headers=tag)
        assert ended.status_code == 200, ended.text
    for body in bodies(clock):
        detail = check_problem(await nobody.post(url, json=body), 403, "no-authority")["detail"]
        assert "Name of far.ot can decide that" in detail


async def test_a_specialist_trial_of_somebody_else_is_not_kept_by_a_lower_tier(
    as_ot: AsyncClient, as_senior_ot: AsyncClient, given: Given, clock: Clock
) -> None:
    trial = await given.trial(await given.item(product=await given.product(tier="specialist")))
    keep, extend = bodies(clock)
    check_problem(await as_ot.post(f"{LOANS}/{trial.id}/trial-outcome", json=keep), 403, "above-your-tier")
    assert (await as_ot.post(f"{LOANS}/{trial.id}/trial-outcome", json=extend)).status_code == 200
    assert (await as_senior_ot.post(f"{LOANS}/{trial.id}/trial-outcome", json=keep)).status_code == 200


async def test_nor_do_they_answer_for_a_loan_or_reserve(
    nobody: AsyncClient,
    lapsed: AsyncClient,
    as_technician: AsyncClient,
    as_ot: AsyncClient,
    sign_in: SignIn,
    given: Given,
    clock: Clock,
) -> None:
    product = await given.product(category="18 09 21")
    short = {"barcode": await given.item(product=product), "client_ref": await given.client()}
    loan = (await as_ot.post(LOANS, json=short)).json()
    said = {"answers": [{"code": "weight-unknown", "subject": "client", "answer": "Weighed at home: 70 kg."}]}
    wanted = {"barcode": await given.item(), "client_ref": await given.client(), "until": clock.day(90)}
    for person, code in ((nobody, "no-authority"), (lapsed, "registration-expired")):
        check_problem(await person.post(f"{LOANS}/{loan['id']}/answers", json=said), 403, "not-your-loan")
        check_problem(await person.post("/api/v1/reservations", json=wanted), 403, code)
    kept = await as_technician.post("/api/v1/reservations", json=wanted)
    assert kept.status_code == 201, kept.text
    etag = (await as_technician.get(f"/api/v1/reservations/{kept.json()['id']}")).headers["etag"]
    url, longer = f"/api/v1/reservations/{kept.json()['id']}", {"until": clock.day(120)}
    refused = await lapsed.patch(url, json=longer, headers={"If-Match": etag})
    check_problem(refused, 403, "registration-expired")
    student = await sign_in("student.ot")
    assert (
        await student.post("/api/v1/reservations", json=wanted | {"barcode": await given.item()})
    ).status_code == 201
