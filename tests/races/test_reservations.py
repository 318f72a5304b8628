"""Many prescribers reserve the same item at once: one has it, the others are told at once."""

import asyncio

import pytest

from app.domain.lifecycle import State
from tests.conftest import Scratch
from tests.races.chains import check_chains

pytestmark = pytest.mark.race

AT_ONCE = 64
WITHIN_SECONDS = 60
URL = "/api/v1/reservations"


@pytest.mark.parametrize("first", ["2026-03-02", "2026-04-01"], ids=["from today", "from a later day"])
@pytest.mark.parametrize("by", ["product_code", "barcode"])
async def test_when_64_prescribers_reserve_the_last_one_exactly_one_has_it(
    scratch: Scratch, by: str, first: str
) -> None:
    product = await scratch.given.product()
    barcode = await scratch.given.recycled(product=product)
    names = {"product_code": product, "barcode": barcode}
    clients = [await scratch.given.client() for _ in range(AT_ONCE)]
    people = [await scratch.sign_in(("ot", "senior.ot")[n % 2]) for n in range(8)]
    # No two ask for the same days, but any two have days in common.
    bodies = [
        {by: names[by], "client_ref": client, "from": first, "until": f"2026-04-{n % 28 + 2:02}"}
        for n, client in enumerate(clients)
    ]
    asked = [people[n % len(people)].post(URL, json=body) for n, body in enumerate(bodies)]
    answers = await asyncio.wait_for(asyncio.gather(*asked), WITHIN_SECONDS)
    won = [n for n, answer in enumerate(answers) if answer.status_code == 201]
    assert len(won) == 1, [answer.text for answer in answers if answer.status_code != 409]
    lost = {(answer.status_code, answer.json()["code"]) for n, answer in enumerate(answers) if n not in won}
    assert lost == {(409, "no-stock" if by == "product_code" else "already-reserved")}
    rows = await scratch.query(
        "SELECT reservation.id, client_ref, ended_at FROM reservation JOIN client ON client.id = client_id"
    )
    assert rows == [{"id": answers[won[0]].json()["id"], "client_ref": clients[won[0]], "ended_at": None}]
    state = State.RESERVED if first == "2026-03-02" else State.IN_STOCK
    assert (await scratch.given.record(barcode)).state is state
    await check_chains(scratch)


async def test_of_those_who_extend_into_days_that_others_reserve_one_side_wins(scratch: Scratch) -> None:
    ot = await scratch.sign_in("ot")
    for _ in range(4):
        kept, other = await scratch.given.reservation(days=2), await scratch.given.client()
        match = {"If-Match": (await ot.get(f"{URL}/{kept.id}")).headers["etag"]}
        body = {"barcode": kept.barcode, "client_ref": other, "from": "2026-03-08", "until": "2026-03-09"}
        answers = await asyncio.gather(
            *(ot.patch(f"{URL}/{kept.id}", json={"until": "2026-03-08"}, headers=match) for _ in range(4)),
            *(ot.post(URL, json=body) for _ in range(4)),
        )
        statuses = [answer.status_code for answer in answers]
        assert sorted(status for status in statuses if status < 300) in ([200], [201]), statuses
        assert set(statuses) <= {200, 201, 409, 412}
    await check_chains(scratch)


async def test_what_is_reserved_while_a_death_is_recorded_ends_with_it_or_is_refused(scratch: Scratch) -> None:
    ot = await scratch.sign_in("ot")
    items = await scratch.given.items(4)
    client = await scratch.given.client("C-9")
    match = {"If-Match": (await ot.get("/api/v1/clients/C-9")).headers["etag"]}
    reserve = [
        ot.post(URL, json={"barcode": barcode, "client_ref": client, "until": "2026-03-08"}) for barcode in items
    ]
    died = ot.patch("/api/v1/clients/C-9", json={"died_on": "2026-03-01"}, headers=match)
    answers = await asyncio.wait_for(asyncio.gather(*reserve[:2], died, *reserve[2:]), WITHIN_SECONDS)
    assert {answer.status_code for answer in answers} <= {200, 201, 409}, [answer.text for answer in answers]
    assert await scratch.query("SELECT id FROM reservation WHERE ended_at IS NULL") == []
    assert {(await scratch.given.record(barcode)).state for barcode in items} == {State.IN_STOCK}
    await check_chains(scratch)
