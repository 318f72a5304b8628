"""A part is fitted while the item that it came from is being held: either comes first, and the part is found."""

import asyncio

import pytest

from app.domain.clearance import HoldKind
from app.domain.dates import uk_date
from app.domain.lifecycle import State
from app.features.stock import service as stock
from app.features.workshop.repairs import service as repairs
from tests.conftest import Scratch
from tests.problems import check_problem
from tests.races.chains import check_chains

pytestmark = pytest.mark.race

HOLD = {"kind": "fault", "reason": "Its cables overheat."}
HANDSETS = {"parts": [{"description": "Handset", "condition": "good", "quantity": 2}]}


async def _donor(scratch: Scratch) -> tuple[str, list[int]]:
    """A scrapped item and two parts of it in the bin."""
    client, donor = await scratch.sign_in("technician"), await scratch.given.item()
    await scratch.given.scrapped(donor)
    taken = await client.post(f"/api/v1/items/{donor}/harvested-parts", json=HANDSETS)
    return donor, taken.json()["ids"]


async def test_whoever_fits_a_part_while_its_donor_is_being_held_waits_and_sees_the_hold(scratch: Scratch) -> None:
    mended, (donor, parts) = await scratch.given.item(State.IN_REPAIR), await _donor(scratch)
    technician = await scratch.sign_in("technician2")
    part = {"harvested_part_id": parts[0], "fitted_on": "2026-03-02"}
    asked = {
        "repair": {"outcome": "repaired", "parts": [part]},
        "parts-fitted": {"parts": [part]},
    }
    async with scratch.database.sessions.begin() as session:
        about = {"kind": HoldKind.FAULT, "reason": "Its cables overheat.", "actor": "safety", "at": scratch.clock.now}
        await stock.place_hold(session, donor, **about)  # type: ignore[arg-type]
        fitting = [
            asyncio.create_task(technician.post(f"/api/v1/items/{mended}/{verb}", json=body))
            for verb, body in asked.items()
        ]
        await asyncio.sleep(0.2)
        assert not any(one.done() for one in fitting)
    for one in fitting:
        check_problem(await one, 409, "donor-on-hold")
    assert await scratch.query("SELECT id FROM fitted_part") == []


async def test_whoever_holds_a_donor_while_its_part_is_being_fitted_waits_and_holds_what_carries_it(
    scratch: Scratch,
) -> None:
    mended, (donor, parts) = await scratch.given.item(State.IN_REPAIR), await _donor(scratch)
    technician = await scratch.sign_in("technician")
    async with scratch.database.sessions.begin() as session:
        part = repairs.NewPart(uk_date(scratch.clock.now), harvested_part_id=parts[0])
        about = {"notes": "New handset.", "parts": [part], "actor": "technician2", "at": scratch.clock.now}
        await repairs.complete_repair(session, mended, **about)  # type: ignore[arg-type]
        holding = asyncio.create_task(technician.post(f"/api/v1/items/{donor}/holds", json=HOLD))
        await asyncio.sleep(0.2)
        assert not holding.done()
    assert (await holding).status_code == 201
    assert [hold.kind for hold in (await scratch.given.record(mended)).evidence.holds] == [HoldKind.INVESTIGATION]


async def test_no_part_of_a_held_donor_goes_out_however_the_two_meet(scratch: Scratch) -> None:
    fitter, holder = await scratch.sign_in("technician2"), await scratch.sign_in("technician")
    for turn in range(6):
        # One of the two gets a second part of the donor: what it carries already is no way to block each other.
        mended, (donor, (first, second)) = await scratch.given.item(State.IN_REPAIR), await _donor(scratch)
        if turn % 2:
            early = {"parts": [{"harvested_part_id": first, "fitted_on": "2026-03-02"}]}
            assert (await fitter.post(f"/api/v1/items/{mended}/parts-fitted", json=early)).status_code == 201
        body = {"outcome": "repaired", "parts": [{"harvested_part_id": second, "fitted_on": "2026-03-02"}]}
        fitted, held = await asyncio.gather(
            fitter.post(f"/api/v1/items/{mended}/repair", json=body),
            holder.post(f"/api/v1/items/{donor}/holds", json=HOLD),
        )
        assert held.status_code == 201, held.text
        if fitted.status_code != 200:
            check_problem(fitted, 409, "donor-on-hold")
        carries = fitted.status_code == 200 or bool(turn % 2)
        assert bool((await scratch.given.record(mended)).evidence.holds) is carries
    await check_chains(scratch)


async def test_a_part_is_withdrawn_once_however_many_say_so(scratch: Scratch) -> None:
    barcode, technician = await scratch.given.item(State.IN_REPAIR), await scratch.sign_in("technician")
    part = {"description": "Castor", "cost_pence": 500, "fitted_on": "2026-03-02"}
    fitted = await technician.post(f"/api/v1/items/{barcode}/parts-fitted", json={"parts": [part]})
    await technician.post(f"/api/v1/items/{barcode}/repair", json={"outcome": "repaired"})
    url = f"/api/v1/parts-fitted/{fitted.json()['parts'][0]['id']}/withdraw"
    said = [technician.post(url, json={"reason": "It was another item's."}) for _ in range(3)]
    answers = sorted(await asyncio.gather(*said), key=lambda one: one.status_code)
    assert [one.status_code for one in answers] == [204, 409, 409], [one.text for one in answers]
    for late in answers[1:]:
        check_problem(late, 409, "withdrawn-already")
    sums = await scratch.query("SELECT sum(amount_pence)::bigint AS pence FROM charge WHERE kind = 'parts'")
    assert sums == [{"pence": 0}]
