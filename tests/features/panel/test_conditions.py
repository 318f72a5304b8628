"""What an approval depends on binds the order: recycled equipment only, a trial first."""

from datetime import timedelta

from tests.conftest import Clock
from tests.features.panel.conftest import SPLIT, Panel, done
from tests.given import TRIED, Given
from tests.problems import check_problem

WITH = "approve_with_conditions"
KEEP = {"outcome": "keep", **TRIED}


async def test_recycled_only_binds_what_the_store_allocates(jsep: Panel, given: Given) -> None:
    product = await given.product(tier="highly_specialist", purchase_price_pence=310_000)
    [new] = await given.items(1, product=product)
    order = await jsep.order(product)
    assert (await given.record(new)).state.value == "reserved"
    number = await jsep.listed(order)
    done(await jsep.decide(number, WITH, conditions=["recycled_only"], funding=SPLIT))
    # The new one is free for others, and is not taken again while nothing recycled is there.
    assert (await given.record(new)).state.value == "in_stock"
    store = await jsep.sign_in("technician")
    check_problem(await store.post(f"/api/v1/orders/{order}/allocate"), 409, "no-stock")
    [missing] = (await jsep.get(f"/orders/{order}", by="technician"))["missing"]
    assert "1 is new, and the panel approved recycled equipment only" in missing["detail"]
    recycled = await jsep.recycled(product)
    allocated = await jsep.post("technician", f"/orders/{order}/allocate")
    [line] = allocated["lines"]
    assert [unit["barcode"] for unit in line["units"]] == [recycled]
    refused = [one for one in line["explanation"]["others"] if one["barcode"] == new]
    assert [one["code"] for one in refused] == ["recycled-only"]


async def test_a_trial_first_makes_the_loan_a_trial(jsep: Panel, given: Given, clock: Clock) -> None:
    product = await given.product(tier="highly_specialist", purchase_price_pence=310_000)
    await jsep.recycled(product)
    order = await jsep.order(product)
    number = await jsep.listed(order)
    condition = {"kind": "trial_first", "detail": "Sits through two meals."}
    done(await jsep.decide(number, WITH, conditions=[condition], funding=SPLIT))
    [line] = (await jsep.get(f"/orders/{order}"))["lines"]
    assert (line["kind"], line["trial_days"], line["trial_goals"]) == ("trial", 28, "Sits through two meals.")
    for step in ("allocate", "dispatch"):
        await jsep.post("technician", f"/orders/{order}/{step}")
    await jsep.post("technician", f"/orders/{order}/deliver", received_by="Her son")
    [unit] = (await jsep.get(f"/orders/{order}"))["lines"][0]["units"]
    assert (await given.record(unit["barcode"])).state.value == "on_trial"
    # Whether it suits them is for somebody of its tier to say.
    [loan] = (await jsep.get("/loans"))["items"][-1:]
    outcome = f"/loans/{loan['id']}/trial-outcome"
    refused = check_problem(await (await jsep.sign_in("ot")).post(f"/api/v1{outcome}", json=KEEP), 403)
    assert (refused["code"], "Sarah Okafor can decide" in refused["detail"]) == ("above-your-tier", True)
    done(await (await jsep.sign_in("senior.ot")).post(f"/api/v1{outcome}", json=KEEP))
    assert (await given.record(unit["barcode"])).state.value == "on_loan"


async def test_a_panel_that_approved_a_trial_decides_about_keeping_it(jsep: Panel, given: Given) -> None:
    product = await given.product(tier="highly_specialist", purchase_price_pence=310_000)
    [barcode] = await given.items(1, product=product)
    line = {"product_code": product, "kind": "trial", "trial_days": 14}
    order = await jsep.order(product, lines=[line])
    done(await jsep.decide(await jsep.listed(order), funding=SPLIT))
    for step in ("allocate", "dispatch"):
        await jsep.post("technician", f"/orders/{order}/{step}")
    await jsep.post("technician", f"/orders/{order}/deliver", received_by="Her son")
    [loan] = (await jsep.get("/loans"))["items"]
    outcome = f"/loans/{loan['id']}/trial-outcome"
    for who in ("ot", "senior.ot"):
        refused = await (await jsep.sign_in(who)).post(f"/api/v1{outcome}", json=KEEP)
        assert "order the equipment for good" in check_problem(refused, 403, "needs-an-order")["detail"]
    until = (given.today + timedelta(days=28)).isoformat()
    longer = {"outcome": "extend", "until": until, **TRIED}
    done(await (await jsep.sign_in("senior.ot")).post(f"/api/v1{outcome}", json=longer))
    assert (await given.record(barcode)).state.value == "on_trial"


async def test_what_an_approval_does_not_name_changes_nothing(jsep: Panel, given: Given) -> None:
    product = await given.product(tier="highly_specialist", purchase_price_pence=310_000)
    [new] = await given.items(1, product=product)
    order = await jsep.order(product)
    number = await jsep.listed(order)
    done(await jsep.decide(number, WITH, conditions=["ring_fenced_return", "Shown to the carers"], funding=SPLIT))
    assert (await given.record(new)).state.value == "reserved"
    [line] = (await jsep.get(f"/orders/{order}"))["lines"]
    assert line["kind"] == "loan"
