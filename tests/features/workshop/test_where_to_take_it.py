"""The next step says what this very person can do: nobody is told to release what they would be refused."""

from httpx import AsyncClient

from app.domain.inspections import InspectionKind
from app.domain.lifecycle import State
from tests.browser import Browser, Page, page_from, shown_in
from tests.given import Given
from tests.problems import check_problem

HAND_OVER = "It passed. You cleaned it and this product is high-risk, so somebody else releases it. Hand it over."
RELEASE = "It passed. Release it to the shelf."


async def scan(person: Browser, **typed: str) -> Page:
    """One scan from the scan page without its script; what it does is chosen outside the form."""
    page = await person.get("/scan")
    sent = {**shown_in(page.form("/scan")), "store": "MAIN", **typed}
    return page_from(await person.client.post("/scan", data=sent))


async def high_risk(given: Given) -> str:
    """A high-risk item that `technician` cleaned, and that waits to be checked."""
    product = await given.product(high_risk=True)
    return await given.item(State.AWAITING_INSPECTION, product=product)


async def test_who_cleaned_it_hands_it_over_and_another_releases_it(
    as_technician: AsyncClient, as_technician2: AsyncClient, given: Given
) -> None:
    barcode = await high_risk(given)
    checked = await as_technician.post("/api/v1/inspections", json={"barcode": barcode, "outcome": "passed"})
    assert checked.json()["next_step"] == {"route": "second_person", "text": HAND_OVER}
    item = f"/api/v1/items/{barcode}"
    assert (await as_technician.get(item)).json()["next_step"]["text"] == HAND_OVER
    assert (await as_technician2.get(item)).json()["next_step"] == {"route": "release", "text": RELEASE}
    refusal = check_problem(await as_technician.post(f"{item}/release"), 409, "not-clear")
    assert refusal["next_step"] == {"route": "second_person", "text": HAND_OVER}
    again = await as_technician.post("/api/v1/decontaminations", json={"barcodes": [barcode]})
    assert again.json()["results"][0]["next_step"]["text"] == HAND_OVER
    assert (await as_technician2.post(f"{item}/release")).status_code == 200


async def test_the_pages_say_the_same(technician: Browser, technician2: Browser, given: Given) -> None:
    barcode = await high_risk(given)
    done = await technician.post_form(f"/workshop/{barcode}/inspection", kind="functional", outcome="passed")
    assert HAND_OVER in (await technician.follow(done)).banner
    for person, said, unsaid in ((technician, HAND_OVER, RELEASE), (technician2, RELEASE, HAND_OVER)):
        scanned = await scan(person, mode="look_up", barcode=barcode)
        bench = await person.get("/workshop", bench="awaiting_inspection")
        for page in (await person.get(f"/items/{barcode}"), bench, scanned):
            assert said in page.text, page.path
            assert unsaid not in page.text, page.path
    refused = await scan(technician, mode="return", barcode=barcode)
    assert HAND_OVER in refused.text


async def test_a_check_that_is_not_the_last_one_leads_back_to_the_bench(
    as_technician: AsyncClient, given: Given
) -> None:
    product = await given.product(inspections=[{"kind": "pat", "every_months": 12}])
    received_on = given.today.replace(year=given.today.year - 2)
    barcode = await given.item(product=product, received_on=received_on)
    for outcome, step in (("failed", "repair"), ("passed", "inspection")):
        if outcome == "passed":
            await given.repaired(barcode)
        checked = await as_technician.post("/api/v1/inspections", json={"barcode": barcode, "outcome": outcome})
        assert checked.json()["next_step"]["route"] == step
    last = {"barcode": barcode, "kind": InspectionKind.PAT.value, "outcome": "passed"}
    assert (await as_technician.post("/api/v1/inspections", json=last)).json()["next_step"]["route"] == "release"


async def test_what_is_refused_release_is_named_and_sent_where_it_belongs(
    as_technician: AsyncClient, given: Given
) -> None:
    for state, route, text in (
        (State.AWAITING_INSPECTION, "inspection", "Take it to the inspection bench."),
        (State.RETURNED, "wash_down", "Take it to decontamination: wash down."),
        (State.IN_REPAIR, "repair", "Take it to the repair bench."),
    ):
        barcode = await given.item(state)
        refusal = check_problem(await as_technician.post(f"/api/v1/items/{barcode}/release"), 409, "not-clear")
        assert refusal["next_step"] == {"route": route, "text": text}
        assert refusal["product_name"].startswith("Commode")
    shelf = await given.item()
    refusal = check_problem(await as_technician.post(f"/api/v1/items/{shelf}/release"), 409, "wrong-state")
    assert (refusal["next_step"]["route"], refusal["product_name"][:7]) == ("shelf", "Commode")
