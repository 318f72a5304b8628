"""The load that a report certifies is the item's from then on, everywhere, where it is less than its product's."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.domain.inspections import InspectionKind
from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query, Statements
from tests.features.ordering.conftest import done
from tests.features.workshop.reports import report_body
from tests.features.workshop.test_examination_pages import TYPED
from tests.features.workshop.test_examinations import LOLER, body, recorded
from tests.given import Given
from tests.problems import check_problem

TOLD = "SELECT purpose, to_name, body FROM message WHERE purpose <> 'load_lowered' ORDER BY id"


def weighs(kg: int) -> dict[str, Any]:
    return {"weight_kg": kg, "weighed_on": "2026-02-20"}


@pytest.fixture
async def product(given: Given) -> str:
    """A stand aid that carries 200 kg."""
    return await given.product("AID-200", safe_working_load_kg=200, inspections=LOLER)


async def certify(given: Given, barcode: str, kg: int, **changes: Any) -> None:
    await given.inspected(barcode, kind=InspectionKind.LOLER, safe_working_load_kg=kg, **changes)


async def test_the_item_its_label_and_its_public_page_say_the_lower_load(
    as_technician: AsyncClient, technician: Browser, visitor: Browser, given: Given, product: str
) -> None:
    barcode, other = await given.items(2, product=product)
    await certify(given, barcode, 160)
    item = (await as_technician.get(f"/api/v1/items/{barcode}")).json()
    assert {name: item[name] for name in ("safe_working_load_kg", "product_load_kg", "certified_load_kg")} == {
        "safe_working_load_kg": 160,
        "product_load_kg": 200,
        "certified_load_kg": 160,
    }
    assert item["certified_on"] == given.today.isoformat()
    said = (await technician.get(f"/items/{barcode}")).text
    assert "160 kg, as certified on 2 March 2026; the product’s is 200 kg" in said  # noqa: RUF001 - as the page has it
    assert "200 kg" in (await technician.get(f"/items/{other}")).text
    label = await as_technician.get(f"/api/v1/items/{barcode}/label", params={"format": "zpl"})
    assert "160 kg" in label.text
    assert "160 kg" in (await visitor.get(f"/l/{barcode}")).text
    assert "200 kg" in (await visitor.get(f"/l/{other}")).text
    # The next report begins with what the item carries, not with what its product does.
    form = await technician.get(f"/workshop/{barcode}/examination")
    assert form.soup.select_one("#safe_working_load_kg")["value"] == "160"  # type: ignore[index]


async def test_a_higher_load_is_refused_unless_explained_and_never_counts(
    as_technician: AsyncClient, technician: Browser, given: Given, product: str
) -> None:
    barcode = await given.item(product=product)
    report = report_body(on=given.today, safe_working_load_kg=250)
    sent = body(barcode, report)
    refusal = check_problem(await as_technician.post("/api/v1/inspections", json=sent), 422, "report-incomplete")
    [error] = refusal["errors"]
    assert (error["loc"], error["code"]) == (["body", "report", "load_reason"], "load-raised")
    assert error["message"].startswith("Its product carries 200 kg, which stays what counts.")
    sent["report"]["load_reason"] = "The maker has rated this batch anew."
    made = await recorded(as_technician, sent)
    item = (await as_technician.get(f"/api/v1/items/{barcode}")).json()
    assert (item["safe_working_load_kg"], item["certified_load_kg"]) == (200, 250)
    assert "which is" not in (await technician.get(f"/items/{barcode}")).text
    assert "The maker has rated this batch anew." in (await technician.get(f"/inspections/{made['id']}")).text


async def test_a_report_put_right_by_another_counts_as_that_one_says(
    as_technician: AsyncClient, as_technician2: AsyncClient, given: Given, query: Query, product: str
) -> None:
    mine, other = await given.items(2, product=product)
    sent = body(mine, report_body(on=given.today, safe_working_load_kg=16))
    first = await recorded(as_technician, sent)
    assert "carries 16 kg from now on" not in first["next_step"]["text"]
    # It was 160, and of the other one: neither report wants an explanation, because the first was wrong.
    again = body(other, report_body(on=given.today, safe_working_load_kg=160))
    await recorded(as_technician, again | {"supersedes": first["id"], "supersede_reason": "The wrong label."})
    found = await query("SELECT certified_load_kg, certified_on IS NULL AS never FROM item ORDER BY barcode")
    assert found == [{"certified_load_kg": None, "never": True}, {"certified_load_kg": 160, "never": False}]
    # A later examination that says more is explained; one that is found later, of an earlier day, changes nothing.
    later = body(other, report_body(on=given.today, safe_working_load_kg=200))
    check_problem(await as_technician.post("/api/v1/inspections", json=later), 422, "report-incomplete")
    later["report"]["load_reason"] = "A new boom was fitted."
    await recorded(as_technician2, later)
    old = report_body(on=given.today, safe_working_load_kg=100, examined_on="2026-02-01")
    await recorded(as_technician, body(other, old))
    [row] = await query("SELECT certified_load_kg FROM item WHERE barcode = :barcode", barcode=other)
    assert row == {"certified_load_kg": 200}


async def test_the_counter_and_a_reservation_ask_what_this_item_carries(
    as_ot: AsyncClient, ot: Browser, given: Given, clock: Clock, product: str
) -> None:
    weak, strong = await given.items(2, product=product)
    await certify(given, weak, 160)
    client = await given.client("C-7", **weighs(180))
    refusal = check_problem(
        await as_ot.post("/api/v1/loans", json={"barcode": weak, "client_ref": client}), 409, "load-too-low"
    )
    assert refusal["detail"].startswith("It carries 160 kg, and the client weighs 180 kg.")
    kept = {"client_ref": client, "until": clock.day(3)}
    check_problem(await as_ot.post("/api/v1/reservations", json=kept | {"barcode": weak}), 409, "load-too-low")
    made = await as_ot.post("/api/v1/reservations", json=kept | {"product_code": product})
    assert (made.status_code, made.json()["barcode"]) == (201, strong)
    await given.labelled(weak)
    light = await given.loan(weak, client=await given.client("C-8", **weighs(150)))
    # At home it is warned of by its own load.
    page = await ot.get(f"/clients/{light.client_ref}")
    assert page.status == 200


async def test_a_reservation_for_a_heavier_client_ends_and_its_owner_is_told(
    technician: Browser, given: Given, query: Query, product: str
) -> None:
    kept = await given.reservation(await given.item(product=product), client=await given.client(**weighs(180)))
    await certify(given, kept.barcode, 160)
    [row] = await query("SELECT ended_because FROM reservation")
    assert row == {"ended_because": "item_unfit"}
    assert (await given.record(kept.barcode)).state is State.IN_STOCK
    [told] = await query(TOLD)
    assert (told["purpose"], told["to_name"]) == ("reservation_too_weak", "Olu Thompson")
    assert "180" not in told["body"]


async def test_where_a_heavier_client_has_it_its_use_is_stopped(
    as_technician: AsyncClient, as_safety: AsyncClient, given: Given, query: Query, product: str
) -> None:
    loan = await given.loan(await given.item(product=product), client=await given.client(**weighs(180)))
    await certify(given, loan.barcode, 160)
    [notice] = (await as_safety.get("/api/v1/stop-use-notices")).json()["items"]
    assert notice["barcode"] == loan.barcode
    assert "carries only 160 kg" in notice["reason"]
    owners = await query("SELECT body FROM message WHERE purpose = 'load_lowered'")
    assert "its use there is stopped" in owners[0]["body"]
    # Nothing is wrong with it: whoever is light enough may have it.
    assert (await given.record(loan.barcode)).evidence.holds == ()


async def test_where_the_clients_weight_is_not_known_its_owners_are_told(
    given: Given, query: Query, product: str
) -> None:
    loan = await given.loan(await given.item(product=product))
    await certify(given, loan.barcode, 160)
    owners = await query("SELECT body FROM message WHERE purpose = 'load_lowered'")
    assert "Nobody knows what the client who has it weighs" in owners[0]["body"]
    assert await query("SELECT id FROM stop_use_notice") == []


async def test_the_page_says_what_the_item_carries_from_now_on(
    technician: Browser, given: Given, product: str, statements: Statements
) -> None:
    barcode = await given.item(product=product)
    typed = TYPED | {"safe_working_load_kg": "160"}
    page = await technician.post_form(f"/workshop/{barcode}/examination", **typed)
    said = (await technician.follow(page)).banner
    assert "Print a new label for it: it carries 160 kg, and the old one may say more." in said
    assert "It carries 160 kg from now on, and others of its kind 200 kg." in said
    typed |= {"safe_working_load_kg": "170", "load_reason": ""}
    page = await technician.post_form(f"/workshop/{barcode}/examination", **typed)
    assert set(page.errors) == {"load_reason"}
    assert page.soup.select_one("#safe_working_load_kg")["value"] == "170"  # type: ignore[index]


async def test_the_catalogue_finds_what_can_go_out_with_that_load(
    as_ot: AsyncClient, given: Given, product: str
) -> None:
    await certify(given, await given.item(product=product), 160)
    asked = {"min_load_kg": 180, "available": True}
    found = done(await as_ot.get("/api/v1/products", params=asked))
    assert found["items"] == []
    found = done(await as_ot.get("/api/v1/products", params=asked | {"min_load_kg": 160}))
    assert [one["code"] for one in found["items"]] == [product]


async def test_a_new_label_is_asked_for_until_one_is_printed(
    as_technician: AsyncClient, technician: Browser, given: Given, query: Query, product: str
) -> None:
    barcode = await given.item(product=product)
    await certify(given, barcode, 200)
    asks = "Print a new label for it: it carries 160 kg, and the old one may say more."
    assert "Print a new label" not in (await technician.get(f"/items/{barcode}")).text
    made = await recorded(as_technician, body(barcode, report_body(on=given.today, safe_working_load_kg=160)))
    assert made["next_step"]["text"].endswith(asks)
    assert asks in (await technician.get(f"/items/{barcode}")).text
    # To look at it is not to print it.
    await as_technician.get(f"/api/v1/items/{barcode}/label", params={"format": "png"})
    assert (await as_technician.get(f"/api/v1/items/{barcode}")).json()["label_wanted"] is True
    sheet = {"barcodes": [barcode], "format": "pdf"}
    assert (await as_technician.post("/api/v1/labels", json=sheet)).status_code == 200
    item = (await as_technician.get(f"/api/v1/items/{barcode}")).json()
    assert (item["label_wanted"], "Print a new label" in item["next_step"]["text"]) == (False, False)
    await as_technician.post("/api/v1/labels", json=sheet)
    printed = await query("SELECT chain, subject FROM audit_event WHERE action = 'label_printed'")
    assert printed == [{"chain": "technician", "subject": f"item:{barcode}"}]


@pytest.mark.parametrize("way", ["page", "item", "job"])
async def test_each_way_to_print_a_label_counts(
    as_technician: AsyncClient, technician: Browser, given: Given, product: str, way: str
) -> None:
    barcode = await given.item(product=product)
    await certify(given, barcode, 160)
    if way == "page":
        await technician.post_form("/labels", on="/labels", barcodes=barcode)
    elif way == "item":
        await technician.get(f"/api/v1/items/{barcode}/label", format="zpl")
        await as_technician.get(f"/api/v1/items/{barcode}/label", params={"format": "zpl"})
    else:
        await as_technician.post("/api/v1/label-jobs", json={"barcodes": [barcode]})
    assert (await as_technician.get(f"/api/v1/items/{barcode}")).json()["label_wanted"] is False


async def test_a_name_that_speaks_of_a_higher_load_is_belied_beside_it(
    technician: Browser, ot: Browser, visitor: Browser, given: Given
) -> None:
    named = await given.product(name="Hoist 200 kg", safe_working_load_kg=200, inspections=LOLER)
    barcode, other = await given.items(2, product=named)
    await certify(given, barcode, 160)
    said = "Carries 160 kg, not 200 kg"
    for browser, page in ((technician, f"/items/{barcode}"), (ot, f"/items/{barcode}/issue")):
        assert said in (await browser.get(page)).text
        assert said not in (await browser.get(page.replace(barcode, other))).text
    label = (await visitor.get(f"/l/{barcode}")).text
    assert "Its name says 200 kg: do not go by that." in label
    assert "Its name says" not in (await visitor.get(f"/l/{other}")).text
    await given.labelled(barcode)
    loan = await given.loan(barcode, client=await given.client(**weighs(80)))
    assert said in (await ot.get(f"/clients/{loan.client_ref}")).text


async def test_what_came_back_is_asked_for_its_label_too(given: Given, product: str) -> None:
    loan = await given.loan(await given.item(product=product), client=await given.client(**weighs(80)))
    await certify(given, loan.barcode, 160)
    [back] = await given.scan(loan.barcode)
    assert back.next_step.text.endswith("Print a new label for it: it carries 160 kg, and the old one may say more.")


async def test_nothing_goes_over_the_counter_with_a_label_that_says_too_much(
    as_ot: AsyncClient, ot: Browser, given: Given, product: str
) -> None:
    barcode, client = await given.item(product=product), await given.client(**weighs(80))
    await certify(given, barcode, 160)
    sent = {"barcode": barcode, "client_ref": client}
    refusal = check_problem(await as_ot.post("/api/v1/loans", json=sent), 409, "not-clear")
    assert [one["code"] for one in refusal["blockers"]] == ["label-says-too-much"]
    assert refusal["detail"] == (
        "It carries 160 kg, and its label may say more. Print a new label and stick it over the old one first."
    )
    page = await ot.get(f"/items/{barcode}/issue")
    assert "its label may say more" in page.text
    assert page.soup.select("form[action$='/issue'] input[name='kind']") == []
    # It can be kept for somebody meanwhile, and goes once the label is printed.
    await given.reservation(barcode, client=client)
    await given.labelled(barcode)
    assert (await as_ot.post("/api/v1/loans", json=sent)).status_code == 201


async def test_the_short_form_is_asked_whom_a_weaker_item_is_to_bear(
    as_ot: AsyncClient, given: Given, product: str
) -> None:
    whole, weak = await given.items(2, product=await given.product(category="18 09 21", safe_working_load_kg=200,
                                                                   inspections=LOLER))  # fmt: skip
    for barcode, kg in ((whole, 200), (weak, 160)):
        await certify(given, barcode, kg)
    await given.labelled(weak)
    client = await given.client()
    refused = await as_ot.post("/api/v1/loans", json={"barcode": weak, "client_ref": client})
    refusal = check_problem(refused, 422, "answer-the-warnings", field="answers")
    assert [one["code"] for one in refusal["warnings"]] == ["weight-unknown"]
    assert (await as_ot.post("/api/v1/loans", json={"barcode": whole, "client_ref": client})).status_code == 201


async def test_a_load_that_is_raised_again_wants_a_label_and_no_weight(
    as_technician: AsyncClient, as_ot: AsyncClient, given: Given, product: str
) -> None:
    loan = await given.loan(await given.item(product=product))
    await certify(given, loan.barcode, 160)
    report = report_body(on=given.today, safe_working_load_kg=200, load_reason="A new boom was fitted.")
    await recorded(as_technician, body(loan.barcode, report))
    [lent] = (await as_ot.get("/api/v1/loans")).json()["items"]
    assert lent["weight_wanted"] is None
    assert (await as_technician.get(f"/api/v1/items/{loan.barcode}")).json()["label_wanted"] is True


async def test_a_lowered_load_is_raised_by_another_person_and_never_above_the_product(
    as_technician: AsyncClient, as_technician2: AsyncClient, given: Given, product: str
) -> None:
    barcode = await given.item(product=product)
    first = await recorded(as_technician, body(barcode, report_body(on=given.today, safe_working_load_kg=150)))
    await given.labelled(barcode)
    mistake: dict[str, Any] = {"load_reason": "A typing mistake of mine."}
    higher = report_body(on=given.today, safe_working_load_kg=180, **mistake)
    put_right = {"supersedes": first["id"], "supersede_reason": "A typing mistake of mine."}
    for sent in (body(barcode, higher), body(barcode, higher) | put_right):
        refused = check_problem(await as_technician.post("/api/v1/inspections", json=sent), 403, "same-person")
        assert "You recorded that it carries only 150 kg. Somebody else must record" in refused["detail"]
    above = body(barcode, report_body(on=given.today, safe_working_load_kg=400, **mistake))
    check_problem(await as_technician2.post("/api/v1/inspections", json=above), 422, "above-the-product")
    made = await recorded(as_technician2, body(barcode, higher))
    # Its label says 150 kg: that is less, and nobody is led astray by it.
    assert "old one may say more" not in made["next_step"]["text"]
    item = (await as_technician.get(f"/api/v1/items/{barcode}")).json()
    assert (item["safe_working_load_kg"], item["label_wanted"]) == (180, False)
    loan = {"barcode": barcode, "client_ref": await given.client(**weighs(80))}
    assert (await as_technician.post("/api/v1/loans", json=loan)).status_code == 201


async def test_a_label_that_is_wanted_still_says_the_new_load(
    as_technician: AsyncClient, as_technician2: AsyncClient, given: Given, product: str
) -> None:
    barcode = await given.item(product=product)
    await recorded(as_technician, body(barcode, report_body(on=given.today, safe_working_load_kg=150)))
    report = report_body(on=given.today, safe_working_load_kg=180, load_reason="A new boom was fitted.")
    made = await recorded(as_technician2, body(barcode, report))
    assert made["next_step"]["text"].endswith("it carries 180 kg, and the old one may say more.")


async def test_what_waits_for_its_label_is_not_clear_and_says_so(
    as_technician: AsyncClient, technician: Browser, given: Given, product: str
) -> None:
    barcode = await given.item(product=product)
    await certify(given, barcode, 160)
    item = (await as_technician.get(f"/api/v1/items/{barcode}")).json()
    assert (item["is_clear"], [one["code"] for one in item["blockers"]]) == (False, ["label-says-too-much"])
    assert item["next_step"]["text"] == (
        "Put it on the shelf. It must not go out yet. Print a new label for it: it carries 160 kg, and the old one may "
        "say more."
    )
    assert "ready to issue" not in (await technician.get(f"/items/{barcode}")).text
    await given.labelled(barcode)
    item = (await as_technician.get(f"/api/v1/items/{barcode}")).json()
    assert (item["is_clear"], item["blockers"]) == (True, [])
    # What is released with the old label is not clear either.
    used = await given.item(State.AWAITING_INSPECTION, product=product)
    await certify(given, used, 160)
    await given.inspected(used)
    released = (await as_technician.post(f"/api/v1/items/{used}/release")).json()
    assert (released["state"], released["is_clear"]) == ("in_stock", False)
