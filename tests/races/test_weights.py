"""A weight that is written down while a lower load is certified: whoever comes second sees the other."""

import asyncio

import pytest

from tests.conftest import Scratch
from tests.features.ordering.conftest import Orders, barcodes
from tests.features.workshop.reports import report_body
from tests.features.workshop.test_examinations import LOLER, body

pytestmark = pytest.mark.race

ROUNDS = 8


async def test_a_weight_and_a_lower_load_at_once_never_miss_each_other(scratch: Scratch) -> None:
    given = scratch.given
    prescriber, technician = await scratch.sign_in("ot"), await scratch.sign_in("technician")
    product = await given.product(safe_working_load_kg=200, inspections=LOLER)
    weight = {"weight_kg": 180, "weighed_on": "2026-03-01"}
    for done in range(1, ROUNDS + 1):
        loan = await given.loan(await given.item(product=product))
        report = body(loan.barcode, report_body(on=given.today, safe_working_load_kg=160))
        written, examined = await asyncio.gather(
            prescriber.patch(f"/api/v1/clients/{loan.client_ref}", json=weight, headers={"If-Match": '"1"'}),
            technician.post("/api/v1/inspections", json=report),
        )
        assert (written.status_code, examined.status_code) == (200, 201), (written.text, examined.text)
        assert len(await scratch.query("SELECT id FROM stop_use_notice")) == done


async def test_a_lower_load_and_a_loan_at_the_counter_never_miss_each_other(scratch: Scratch) -> None:
    given = scratch.given
    prescriber, technician = await scratch.sign_in("ot"), await scratch.sign_in("technician")
    product = await given.product(safe_working_load_kg=200, inspections=LOLER)
    for _ in range(ROUNDS):
        client = await given.client(weight_kg=100, weighed_on="2026-03-01")
        barcode = await given.item(product=product)
        report = body(barcode, report_body(on=given.today, safe_working_load_kg=80))
        lent = {"barcode": barcode, "client_ref": client, "kind": "loan"}
        issued, examined = await asyncio.gather(
            prescriber.post("/api/v1/loans", json=lent), technician.post("/api/v1/inspections", json=report)
        )
        assert examined.status_code == 201, examined.text
        stopped = await scratch.query(
            "SELECT notice.id FROM stop_use_notice AS notice JOIN loan ON loan.id = notice.loan_id "
            "JOIN item ON item.id = loan.item_id WHERE item.barcode = :barcode",
            barcode=barcode,
        )
        assert issued.status_code == 409 or stopped, issued.text


@pytest.mark.parametrize("act", ["dispatch", "deliver"])
async def test_a_weight_and_a_dispatch_or_delivery_never_miss_each_other(scratch: Scratch, act: str) -> None:
    given, orders = scratch.given, Orders(scratch.given, scratch.sign_in)
    prescriber, technician = await scratch.sign_in("ot"), await scratch.sign_in("technician")
    product = await given.product(safe_working_load_kg=150)
    told = {"deliver": {"received_by": "Mo"}}.get(act)
    for _ in range(ROUNDS):
        client = await given.client(weight_kg=100, weighed_on="2026-03-01")
        await given.item(product=product)
        made = orders.submitted if act == "dispatch" else orders.dispatched
        order = await made(product, client=client)
        [barcode] = barcodes(order)
        written, done = await asyncio.gather(
            prescriber.patch(
                f"/api/v1/clients/{client}",
                json={"weight_kg": 180, "weighed_on": "2026-03-02"},
                headers={"If-Match": '"1"'},
            ),
            technician.post(f"/api/v1/orders/{order['number']}/{act}", json=told),
        )
        assert (written.status_code, done.status_code in {200, 409}) == (200, True), (written.text, done.text)
        seen = await scratch.query(
            "SELECT item.id FROM item WHERE barcode = :barcode AND (EXISTS (SELECT FROM hold WHERE item_id = item.id) "
            "OR EXISTS (SELECT FROM stop_use_notice AS notice JOIN loan ON loan.id = notice.loan_id "
            "WHERE loan.item_id = item.id))",
            barcode=barcode,
        )
        assert done.status_code == 409 or seen, done.text
