"""The pages on which an order is drawn up, checked, submitted, signed and cancelled."""

import pytest
from httpx import AsyncClient

from app.domain.reasons import IN_WORDS
from tests.browser import Browser, Page, names_in
from tests.conftest import Query, SignIn, as_user, at_browser
from tests.features.ordering.conftest import Orders
from tests.given import Given
from tests.problems import check_problem

START = {"reason": "hospital_discharge", "funder": "ASC", "speed": "five_day"}
as_student, student = as_user("student.ot"), at_browser("student.ot")


async def draft_by_page(ot: Browser, product: str, client: str, **fields: str) -> str:
    """A draft that was drawn up by page; gives its address."""
    on = f"/orders/new?client_ref={client}&product={product}"
    typed = START | {"clinical_reasoning": "Cannot rise alone."} | fields
    sent = await ot.post_form("/orders/new", on=on, **typed)
    assert sent.goes_to, sent.errors
    return sent.goes_to


async def test_the_start_asks_whose_it_is_and_keeps_the_product(ot: Browser, given: Given, query: Query) -> None:
    client = await given.client("C-7", name="Ivy Marsh")
    product = await given.product("HOIST")
    page = await ot.post_form("/orders/new", on=f"/orders/new?product={product}", q="ivy")
    assert page.table()[0][:2] == [client, "Ivy Marsh"]
    link = page.soup.select_one("main table a")
    assert link is not None
    assert link["href"] == "/orders/new?client_ref=C-7&product=HOIST"
    assert "Nobody is found" in (await ot.post_form("/orders/new", q="nobody")).text
    assert "There is no client with the reference C-8" in (await ot.get("/orders/new", client_ref="C-8")).text
    logged = await query("SELECT action FROM audit_event WHERE chain = 'ot' AND action LIKE 'clients_%'")
    assert [row["action"] for row in logged] == ["clients_listed", "clients_listed"]


async def test_what_is_missing_at_the_start_is_said_and_what_was_typed_stays(ot: Browser, given: Given) -> None:
    client, product = await given.client(), await given.product()
    on = f"/orders/new?client_ref={client}&product={product}"
    page = await ot.post_form("/orders/new", on=on, kind="trial", prefer_new="true", clinical_reasoning="Unsafe.")
    assert set(page.errors) == {"reason", "speed", "funder"}
    gaps = await ot.send(page, "/orders/new", **START)
    assert set(gaps.errors) == {"trial_days", "trial_goals", "reason_for_new"}
    assert "Unsafe." in gaps.text
    done = await ot.send(gaps, "/orders/new", trial_days=14, trial_goals="Transfers.", reason_for_new="Size.")
    draft = await ot.follow(done)
    assert draft.banner.startswith("Order O")
    assert draft.table()[0][2] == "On trial, 14 days"


async def test_lines_are_found_added_changed_and_removed(ot: Browser, given: Given) -> None:
    first = await given.product("BED", name="Profiling bed")
    await given.product("RAIL", name="Grab rail")
    await given.item(product="RAIL")
    here = await draft_by_page(ot, first, await given.client())
    found = await ot.get(f"{here}/lines/new", q="grap rail")
    assert found.table()[0][:2] == ["Grab rail", "RAIL"]
    assert found.table()[0][4:6] == ["0", "1"]
    by_finder = await ot.get("/orders/new", product="RAIL", order=here.rpartition("/")[2])
    assert by_finder.goes_to == f"{here}/lines/new?product=RAIL"
    unknown = await ot.post_form(f"{here}/lines", on=f"{here}/lines/new?product=RAIL", product_code="NOTHING")
    assert "There is no product NOTHING" in unknown.text
    page = await ot.follow(await ot.send(unknown, f"{here}/lines", product_code="RAIL", quantity=2))
    assert page.banner == "Grab rail is on the order."
    assert [row[:2] for row in page.table()] == [["Profiling bed", "1"], ["Grab rail", "2"]]
    changed = await ot.follow(await ot.post_form(f"{here}/lines/2", quantity=3))
    assert changed.table()[1][1] == "3"
    stale = await ot.send(page, f"{here}/lines/1/remove")
    assert stale.status == 412
    left = await ot.follow(await ot.post_form(f"{here}/lines/1/remove", on=here))
    assert [row[:2] for row in left.table()] == [["Grab rail", "3"]]
    assert (await ot.get(f"{here}/lines/2")).status == 404


async def test_the_details_are_changed(ot: Browser, given: Given) -> None:
    here = await draft_by_page(ot, await given.product(), await given.client())
    assert set((await ot.post_form(f"{here}/details", clinical_reasoning=None)).errors) == {"clinical_reasoning"}
    page = await ot.follow(await ot.post_form(f"{here}/details", speed="next_day", store="COAST"))
    assert "Next working day" in page.text
    assert "Coast satellite store" in page.text


async def test_a_draft_is_its_makers_alone(ot: Browser, senior_ot: Browser, technician: Browser, given: Given) -> None:
    here = await draft_by_page(ot, await given.product(), await given.client())
    assert (await senior_ot.get(f"{here}/check")).status == 403
    assert "What you can do now" in (await senior_ot.get(here)).text
    assert (await technician.get(here)).status == 200


async def hard_case(ot: Browser, given: Given) -> tuple[str, str]:
    """A draft of a hoist that would come to a client who has an old one, with a warning: its address, and the tag."""
    client = await given.client("C-7")
    hoist = {"category": "12 36 03", "safe_working_load_kg": 150}
    old = await given.loan(
        await given.item(product=await given.product("OLD", name="Old hoist", **hoist | {"safe_working_load_kg": 200})),
        client="C-7",
    )
    weighed = {"weighed_on-day": "1", "weighed_on-month": "2", "weighed_on-year": "2026"}
    await ot.post_form("/clients/C-7/edit", weight_kg="160", **weighed)
    new = await given.product("NEW", name="New hoist", **hoist)
    await given.recycled(product=new)
    await given.item(product=new)
    return await draft_by_page(ot, new, client), old.barcode


async def test_the_check_shows_all_that_must_be_known(ot: Browser, given: Given) -> None:
    here, old = await hard_case(ot, given)
    page = await ot.get(f"{here}/check")
    for words in (
        "No date yet: a day is promised when all of it is there.",
        "Danger",
        "What the client has of this kind",
        "It carries 150 kg",
    ):
        assert words in page.text, words
    assert page.table()[0][0] == "Value at catalogue prices"
    assert page.soup.select_one(f'input[name="old-{old}"]')
    assert page.soup.select("svg.app-bar")


async def test_submitting_names_every_missing_answer_at_its_field(ot: Browser, given: Given) -> None:
    here, old = await hard_case(ot, given)
    page = await ot.post_form(f"{here}/check")
    assert page.status == 422
    assert {f"old-{old}", f"why-{old}"} < set(page.errors)
    boxes = {name: "Assessed at home." for name in page.errors if name.startswith("answer-")}
    assert boxes
    dots = await ot.send(page, f"{here}/check", **dict.fromkeys(boxes, "."))
    assert {dots.errors[name][:24] for name in boxes} == {"Write it in a few words "}
    half = await ot.send(page, f"{here}/check", **boxes)
    assert set(half.errors) == {f"old-{old}", f"why-{old}"}
    # What was answered is kept with the draft although it could not go yet.
    assert (await ot.get(f"{here}/check")).text.count("Assessed at home.") == len(boxes)
    odd = await ot.send(half, f"{here}/check", **{f"why-{old}": "Worn through."})
    assert set(odd.errors) == {f"old-{old}"}


async def test_answers_are_saved_for_later_and_a_complete_order_goes(ot: Browser, given: Given, query: Query) -> None:
    here, old = await hard_case(ot, given)
    page = await ot.get(f"{here}/check")
    old_one = {f"old-{old}": "stop_use", f"why-{old}": "Too weak for them."}
    asked = await ot.send(page, f"{here}/check", then="save", **old_one)
    assert set(asked.errors) == {f"fault-{old}"}
    old_one[f"fault-{old}"] = "not_known"
    saved = await ot.follow(await ot.send(page, f"{here}/check", then="save", **old_one))
    assert saved.banner == "Your answers are kept with the draft."
    assert "needed" in saved.text
    page = await ot.get(f"{here}/check")
    assert await query("SELECT id FROM stop_use_notice") == []
    names = [str(box["name"]) for box in page.soup.select('textarea[name^="answer-"]')]
    sent = await ot.send(page, f"{here}/check", then="submit", **dict.fromkeys(names, "Weighed again."))
    order = await ot.follow(sent)
    assert order.banner.endswith("It is approved. Nothing that fits is free on a shelf yet.")
    assert "Weighed again." in order.text
    assert "Stop using it now" in order.text
    assert "Not known what is wrong" in order.text
    assert await query("SELECT item_fault FROM stop_use_notice") == [{"item_fault": "not_known"}]
    assert await query("SELECT kind FROM hold") == [{"kind": "investigation"}]
    assert (await ot.get(f"{here}/check")).status == 409


async def test_no_authority_is_said_before_and_when_submitting(ot: Browser, given: Given, query: Query) -> None:
    here = await draft_by_page(ot, await given.product(purchase_price_pence=90_000), await given.client(), quantity="2")
    page = await ot.get(f"{here}/check")
    assert "Sarah Okafor" in page.text
    order = await ot.follow(await ot.send(page, f"{here}/check", then="submit"))
    assert "It waits to be authorised." in order.banner


async def submitted(orders: Orders, given: Given, *, by: str = "student.ot") -> str:
    """An order that waits for a signature; gives its address."""
    product = await given.product()
    await given.item(product=product)
    return f"/orders/{(await orders.submitted(product, by=by))['number']}"


async def test_a_students_order_is_countersigned(ot: Browser, senior_ot: Browser, orders: Orders, given: Given) -> None:
    here = await submitted(orders, given)
    seen = await ot.get(here)
    assert "Authorise:" in seen.text
    assert seen.soup.select_one(f'a[href="{here}/authorise"]') is None
    waiting = await senior_ot.get("/orders", show="sign")
    assert [row[0] for row in waiting.table()] == [here.rpartition("/")[2]]
    page = await senior_ot.get(here)
    assert page.soup.select_one(f'a[href="{here}/authorise"]')
    signed = await senior_ot.follow(await senior_ot.post_form(f"{here}/authorise", note="We saw her together."))
    assert signed.banner == "You have authorised the order. It is approved."
    assert "Signed by senior.ot. “We saw her together.”" in signed.text
    assert "Order authorised" in signed.text


async def test_nobody_signs_their_own_and_the_refusal_says_why(ot: Browser, orders: Orders, given: Given) -> None:
    product = await given.product(purchase_price_pence=150_000)
    order = await orders.submitted(product)
    page = await ot.get(f"/orders/{order['number']}/authorise")
    assert "nobody authorises their own" in page.text
    assert page.soup.select_one("main form") is None


async def test_an_order_is_declined_and_another_cancelled_with_a_reason(
    ot: Browser, senior_ot: Browser, orders: Orders, given: Given
) -> None:
    here = await submitted(orders, given)
    assert set((await senior_ot.post_form(f"{here}/decline")).errors) == {"reason"}
    declined = await senior_ot.follow(await senior_ot.post_form(f"{here}/decline", reason="Try a lower bed first."))
    assert "Declined by senior.ot. “Try a lower bed first.”" in declined.text
    other = await submitted(orders, given, by="ot")
    assert set((await ot.post_form(f"{other}/cancel")).errors) == {"reason"}
    assert (await ot.post_form(f"{other}/cancel", reason="No more.")).errors == {"reason": IN_WORDS}
    cancelled = await ot.follow(await ot.post_form(f"{other}/cancel", reason="Went into hospital."))
    assert "Cancelled" in cancelled.text
    too_late = await ot.get(f"{other}/cancel")
    assert "Make a new order" in too_late.text


def numbers(page: Page) -> list[str]:
    """The orders of a list."""
    return [row[0] for row in page.table()]


async def test_lists_show_ones_own_open_first_and_all_by_state(
    ot: Browser, technician: Browser, orders: Orders, given: Given, query: Query
) -> None:
    older = (await submitted(orders, given, by="ot")).rpartition("/")[2]
    gone = await submitted(orders, given, by="ot")
    await ot.post_form(f"{gone}/cancel", reason="Not needed.")
    others = (await submitted(orders, given)).rpartition("/")[2]
    gone = gone.rpartition("/")[2]
    assert numbers(await ot.get("/orders")) == [older, gone]
    assert numbers(await technician.get("/orders")) == [others, older, gone]
    assert numbers(await technician.get("/orders", show="cancelled")) == [gone]
    assert "There is none." in (await technician.get("/orders", show="late")).text
    assert await query("SELECT 1 FROM audit_event WHERE action = 'orders_listed' AND chain = 'ot'")


async def test_what_is_open_comes_first_over_all_pages_of_a_list(
    ot: Browser, orders: Orders, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.features.ordering.pages.ORDERS_ON_A_PAGE", 2)
    made = [(await submitted(orders, given, by="ot")).rpartition("/")[2] for _ in range(5)]
    for number in made[2:4]:
        await ot.post_form(f"/orders/{number}/cancel", reason="Not needed.")
    draft = (await orders.draft(await given.product()))["number"]
    seen, address = [], "/orders?show=mine"
    while address:
        page = await ot.get(address)
        seen.append(numbers(page))
        further = page.soup.select_one('a[href*="after="]')
        address = str(further["href"]) if further else ""
    assert seen == [[draft, made[4]], [made[1], made[0]], [made[3], made[2]]]
    assert numbers(await ot.get("/orders", show="cancelled")) == [made[3], made[2]]
    assert numbers(await ot.get("/orders", show="approved")) == [made[4], made[1]]


async def test_cancelling_is_offered_to_those_who_may_and_refused_to_others_in_the_same_words(
    student: Browser, senior_ot: Browser, orders: Orders, given: Given, sign_in: SignIn
) -> None:
    sent = await submitted(orders, given, by="ot")
    draft = f"/orders/{(await orders.draft(await given.product(), by='ot'))['number']}"
    for person, username, path in ((student, "student.ot", sent), (senior_ot, "senior.ot", draft)):
        says = "Martin Lowe, Tasha Bello or Terry Nash can cancel it."
        assert not (await person.get(path)).soup.select_one(f'a[href="{path}/cancel"]')
        assert says in (await person.get(f"{path}/cancel")).text
        refused = await (await sign_in(username)).post(f"/api/v1{path}/cancel", json={"reason": "Not needed."})
        problem = check_problem(refused, 403, "not-your-order")
        assert says in problem["detail"]
    assert (await senior_ot.get(sent)).soup.select_one(f'a[href="{sent}/cancel"]')


async def test_the_history_says_only_what_was_changed(ot: Browser, given: Given, as_ot: AsyncClient) -> None:
    client = await given.client(weight_kg=120, weighed_on="2026-02-01")
    here = await draft_by_page(ot, await given.product(safe_working_load_kg=100), client)
    # Nothing was typed: nothing was changed, and a refused submit is none.
    for then in ("save", "submit"):
        await ot.post_form(f"{here}/check", then=then)
    page = await ot.get(f"{here}/check")
    named = names_in(page.form(f"{here}/check"))
    boxes = {name: "She is weighed on Monday." for name in named if name.startswith("answer-")}
    assert boxes
    await ot.post_form(f"{here}/check", then="save", **boxes)
    await ot.post_form(f"{here}/details", speed="next_day")
    history = (await as_ot.get(f"/api/v1{here}")).json()["history"]
    changed = [event["detail"]["fields"] for event in history if event["action"] == "order_changed"]
    assert changed == ["answers", "speed"]


async def test_a_client_is_added_on_the_way_to_an_order(ot: Browser, given: Given) -> None:
    await given.product("BED", name="Profiling bed")
    await given.client("C-7", name="Ivy Marsh")
    page = await ot.get("/orders/new", product="BED")
    link = page.soup.find("a", string="Add a client who is not here yet")
    assert link
    form = await ot.get(str(link["href"]))
    assert form.soup.select_one('a.govuk-back-link[href="/orders/new?product=BED"]')
    typed = {"client_ref": "C-8", "name": "Ivy Marsh", "address": "1 High St", "postcode": "SR7 7AA"}
    alike = await ot.send(form, "/clients/new", **typed)
    assert alike.soup.select_one('a[href="/orders/new?client_ref=C-7&product=BED"]')
    added = await ot.send(alike, "/clients/new", different_from="C-7")
    assert added.goes_to == "/orders/new?client_ref=C-8&product=BED"
    order = await ot.follow(added)
    assert order.banner == "Client C-8 is added."
    assert "Profiling bed, BED" in order.text


async def test_an_order_of_the_panel_says_what_can_be_done(
    ot: Browser, orders: Orders, given: Given, panel: Browser
) -> None:
    order = await orders.submitted(await given.product(tier="highly_specialist"))
    await orders.step(order["number"], "authorise", by="senior.ot")
    page = await ot.get(f"/orders/{order['number']}")
    said = page.soup.select_one('[data-testid="panel"]')
    assert said
    assert "It needs a case, which nobody has drawn up yet." in said.get_text()
    assert "order something that is within your own authority" in said.get_text()
    assert "Cases to screen" in (await panel.get("/")).text
    assert "Cases to screen" not in (await ot.get("/")).text
