"""Every verb that moves an item, sent by many at once: it happens once, and everybody else is told."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from httpx import AsyncClient, Response

from app.domain.lifecycle import State
from app.models import SignInKind
from tests.conftest import Scratch
from tests.given import TRIED, Given
from tests.races.chains import check_chains

pytestmark = pytest.mark.race

AT_ONCE = 8
Ask = Callable[[AsyncClient], Awaitable[Response]]


@dataclass(frozen=True)
class Verb:
    """How a verb is made possible, and how it is sent. `ready` gives the sender, for which it knows the numbers."""

    ready: Callable[[Given], Awaitable[Ask]]
    actor: str = "manager"


def on_item(verb: str, state: State, **body: Any) -> Verb:
    """A verb at /items/{barcode}/…"""

    async def ready(given: Given) -> Ask:
        barcode = await given.item(state)
        return lambda client: client.post(f"/api/v1/items/{barcode}/{verb}", json=body)

    return Verb(ready)


async def release(given: Given) -> Ask:
    barcode = await given.item(State.AWAITING_INSPECTION)
    await given.inspected(barcode)
    return lambda client: client.post(f"/api/v1/items/{barcode}/release", json={})


async def issue(given: Given) -> Ask:
    body = {"barcode": await given.item(), "client_ref": await given.client()}
    return lambda client: client.post("/api/v1/loans", json=body)


async def issue_reserved(given: Given) -> Ask:
    kept = await given.reservation()
    return lambda client: client.post("/api/v1/loans", json={"barcode": kept.barcode, "client_ref": kept.client_ref})


async def start_trial(given: Given) -> Ask:
    body = {"barcode": await given.item(), "client_ref": await given.client(), "kind": "trial"}
    return lambda client: client.post("/api/v1/loans", json=body | {"trial_ends_on": "2026-03-09"})


def decide_trial(outcome: str) -> Callable[[Given], Awaitable[Ask]]:
    async def ready(given: Given) -> Ask:
        trial = await given.trial()
        return lambda client: client.post(f"/api/v1/loans/{trial.id}/trial-outcome", json={"outcome": outcome, **TRIED})

    return ready


async def reserve(given: Given) -> Ask:
    body = {"barcode": await given.item(), "client_ref": await given.client(), "until": "2026-03-09"}
    return lambda client: client.post("/api/v1/reservations", json=body)


async def reserve_the_last(given: Given) -> Ask:
    product = await given.product()
    await given.items(1, product=product)
    body = {"product_code": product, "client_ref": await given.client(), "until": "2026-03-09"}
    return lambda client: client.post("/api/v1/reservations", json=body)


async def give_up(given: Given) -> Ask:
    kept = await given.reservation()
    return lambda client: client.delete(f"/api/v1/reservations/{kept.id}")


async def request_collection(given: Given) -> Ask:
    lent = await given.loan()
    body = {"client_ref": lent.client_ref, "barcodes": [lent.barcode], "reason": "Moved."}
    return lambda client: client.post("/api/v1/collections", json=body)


async def cancel_collection(given: Given) -> Ask:
    fetched = await given.collection()
    return lambda client: client.post(f"/api/v1/collections/{fetched.number}/cancel", json={"reason": "Stays."})


async def fail_inspection(given: Given) -> Ask:
    body = {"barcode": await given.item(State.AWAITING_INSPECTION), "outcome": "failed"}
    return lambda client: client.post("/api/v1/inspections", json=body)


async def lift_hold(given: Given) -> Ask:
    barcode = await given.item()
    hold_id = await given.hold(barcode)
    return lambda client: client.delete(f"/api/v1/items/{barcode}/holds/{hold_id}", params={"reason": "It was mended."})


async def agree_to_scrap(given: Given) -> Ask:
    dear = await given.item(product=await given.product(purchase_price_pence=90_000))
    request = await given.asked_to_scrap(dear)
    return lambda client: client.post(f"/api/v1/scrap-requests/{request}/agree")


REASON = {"reason": "The frame is bent."}
WASTE = {"waste_stream": "metal", "reference": "WTN-1"}
VERBS = {
    "issue": Verb(issue),
    "issue what is reserved": Verb(issue_reserved),
    "start a trial": Verb(start_trial),
    "keep after a trial": Verb(decide_trial("keep"), "senior.ot"),
    "collect after a trial": Verb(decide_trial("collect")),
    "reserve": Verb(reserve),
    "reserve the last of a product": Verb(reserve_the_last),
    "give up a reservation": Verb(give_up),
    "request a collection": Verb(request_collection),
    "cancel a collection": Verb(cancel_collection),
    "fail an inspection": Verb(fail_inspection),
    "release": Verb(release),
    "complete a repair": on_item("repair", State.IN_REPAIR, outcome="repaired"),
    "give up a repair": on_item(
        "repair", State.IN_REPAIR, outcome="beyond_repair", notes="The frame is bent.", **WASTE
    ),
    "scrap": on_item("scrap", State.IN_STOCK, **REASON, **WASTE),
    "scrap what is missing": on_item("scrap", State.MISSING, **REASON, waste_stream="nowhere"),
    "agree to a scrap": Verb(agree_to_scrap, actor="finance"),
    "mark as missing": on_item("missing", State.ON_LOAN, **REASON),
    "find": on_item("find", State.MISSING, store="MAIN", **REASON),
    "lift a hold": Verb(lift_hold),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=list(VERBS))
async def test_a_verb_that_many_send_at_once_happens_once(scratch: Scratch, verb: Verb) -> None:
    clients = [await scratch.sign_in(verb.actor) for _ in range(AT_ONCE)]
    ask = await verb.ready(scratch.given)
    before = len(await scratch.query("SELECT id FROM movement"))
    answers = await asyncio.gather(*(ask(client) for client in clients))
    won = [answer for answer in answers if answer.status_code < 300]
    assert len(won) == 1, [answer.text for answer in answers]
    assert {answer.status_code for answer in answers if answer not in won} == {409}, [a.text for a in answers]
    moved = len(await scratch.query("SELECT id FROM movement")) - before
    assert moved == (0 if "holds" in won[0].request.url.path else 1)
    await check_chains(scratch)


@pytest.mark.parametrize(
    "verb",
    [
        on_item("transfer", State.IN_STOCK, store="COAST", **REASON),
        on_item("holds", State.IN_STOCK, kind="fault", **REASON),
    ],
    ids=["transfer", "place a hold"],
)
async def test_what_may_happen_often_happens_each_time_one_after_another(scratch: Scratch, verb: Verb) -> None:
    client = await scratch.sign_in(verb.actor)
    ask = await verb.ready(scratch.given)
    answers = await asyncio.gather(*(ask(client) for _ in range(AT_ONCE)))
    assert all(answer.status_code < 300 for answer in answers)
    await check_chains(scratch)


async def test_different_verbs_on_one_item_come_one_after_another(scratch: Scratch) -> None:
    client = await scratch.sign_in("manager")
    for _ in range(5):
        barcode, who = await scratch.given.item(), await scratch.given.client()
        url = f"/api/v1/items/{barcode}"
        answers = await asyncio.gather(
            client.post("/api/v1/loans", json={"barcode": barcode, "client_ref": who}),
            client.post(f"{url}/scrap", json=REASON | WASTE),
            client.post(f"{url}/missing", json=REASON),
            client.post("/api/v1/reservations", json={"barcode": barcode, "client_ref": who, "until": "2026-03-09"}),
            client.post("/api/v1/inspections", json={"barcode": barcode, "outcome": "failed"}),
            client.post(f"{url}/transfer", json=REASON | {"store": "COAST"}),
        )
        assert {answer.status_code for answer in answers} <= {200, 201, 409}, [answer.text for answer in answers]
    await check_chains(scratch)


async def test_of_two_who_fit_the_same_part_of_the_bin_one_is_told(scratch: Scratch) -> None:
    client, given = await scratch.sign_in("technician"), scratch.given
    donor = await given.item()
    await given.scrapped(donor)
    handset = {"parts": [{"description": "Handset", "condition": "good"}]}
    taken = await client.post(f"/api/v1/items/{donor}/harvested-parts", json=handset)
    body = {"parts": [{"harvested_part_id": taken.json()["ids"][0], "fitted_on": "2026-03-02"}]}
    mended = [await given.item(State.IN_REPAIR) for _ in range(4)]
    answers = await asyncio.gather(
        *(client.post(f"/api/v1/items/{barcode}/parts-fitted", json=body) for barcode in mended)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_two_halves_that_are_handed_out_at_once_pass_no_limit(scratch: Scratch) -> None:
    ot, given = await scratch.sign_in("ot"), scratch.given
    for _ in range(3):
        who = await given.client()
        dear = [await given.product(purchase_price_pence=90_000, category=one) for one in ("09 33 07", "09 12 03")]
        halves = [await given.item(product=product) for product in dear]
        answers = await asyncio.gather(
            *(ot.post("/api/v1/loans", json={"barcode": barcode, "client_ref": who}) for barcode in halves)
        )
        assert sorted(answer.status_code for answer in answers) == [201, 403], [answer.text for answer in answers]


@pytest.mark.parametrize("what", ["products", "clients"])
async def test_of_two_people_who_change_the_same_record_one_is_told(scratch: Scratch, what: str) -> None:
    client = await scratch.sign_in("manager")
    url = f"/api/v1/{what}/" + (await (scratch.given.product() if what == "products" else scratch.given.client()))
    headers = {"If-Match": (await client.get(url)).headers["etag"]}
    changes = [client.patch(url, json={"name": f"Name {n}"}, headers=headers) for n in range(AT_ONCE)]
    answers = await asyncio.gather(*changes)
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * (AT_ONCE - 1)
    [won] = [answer.json()["name"] for answer in answers if answer.status_code == 200]
    assert (await client.get(url)).json()["name"] == won


@pytest.mark.parametrize("what", ["product code", "client reference", "nhs number", "serial number"])
async def test_what_may_be_there_once_is_made_once(scratch: Scratch, what: str) -> None:
    client = await scratch.sign_in("manager")
    product = await scratch.given.product()
    someone = {"name": "Ada", "address": "3 Dene View", "postcode": "SR7 7AA"}
    serial = {"product_code": product, "store": "MAIN", "serial_numbers": ["SN-1"], "received_on": "2026-03-02"}
    bodies: dict[str, tuple[str, Callable[[int], dict[str, Any]]]] = {
        "product code": (
            "/api/v1/products",
            lambda _: {"code": "X", "name": "X", "category": "09 12", "purchase_price_pence": 1},
        ),
        "client reference": ("/api/v1/clients", lambda _: someone | {"client_ref": "ADA"}),
        "nhs number": ("/api/v1/clients", lambda n: someone | {"client_ref": f"A{n}", "nhs_number": "9990000018"}),
        "serial number": ("/api/v1/items", lambda _: serial),
    }
    url, body = bodies[what]
    answers = await asyncio.gather(*(client.post(url, json=body(n)) for n in range(AT_ONCE)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (AT_ONCE - 1)
    assert {a.json()["code"].split("-")[0] for a in answers if a.status_code == 409} == {"duplicate"}


async def test_a_key_that_is_sent_many_times_at_once_is_answered_alike(scratch: Scratch) -> None:
    client = await scratch.sign_in("manager")
    body = {"client_ref": "ADA", "name": "Ada", "address": "3 Dene View", "postcode": "SR7 7AA"}
    headers = {"Idempotency-Key": "one-key"}
    answers = await asyncio.gather(
        *(client.post("/api/v1/clients", json=body, headers=headers) for _ in range(AT_ONCE))
    )
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert [answer.headers.get("idempotency-replayed") for answer in answers].count(None) == 1


async def test_guessing_a_password_in_parallel_gains_nothing(scratch: Scratch) -> None:
    client = await scratch.sign_in("ot", kind=SignInKind.API)
    form = {"username": "technician", "password": "not the password"}
    answers = await asyncio.gather(*(client.post("/api/v1/token", data=form) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 7
