"""The pages of handing out and calling back."""

from datetime import timedelta

from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.given import Given


def boxes(name: str, clock: Clock, days: int) -> dict[str, str]:
    """The three boxes of a date so many days from today."""
    day = clock.today + timedelta(days=days)
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


async def test_an_item_is_issued_over_the_counter(ot: Browser, given: Given) -> None:
    barcode, client = await given.item(), await given.client("C-7", name="Ivy Marsh")
    form = f"/items/{barcode}/issue"
    found = await ot.get(form, q="ivy")
    assert found.table()[0][:2] == ["C-7", "Ivy Marsh"]
    chosen = await ot.get(form, client_ref=client)
    assert "Ivy Marsh" in chosen.text
    sent = await ot.send(chosen, form, kind="loan")
    assert sent.goes_to == f"/items/{barcode}"
    assert (await given.record(barcode)).state is State.ON_LOAN


async def test_a_trial_asks_for_its_last_day(ot: Browser, given: Given, clock: Clock, query: Query) -> None:
    barcode, client = await given.item(), await given.client()
    form = f"/items/{barcode}/issue"
    without = await ot.post_form(form, client_ref=client, kind="trial")
    assert set(without.errors) == {"trial_ends_on"}
    past = await ot.send(without, form, **boxes("trial_ends_on", clock, 0))
    assert set(past.errors) == {"trial_ends_on"}
    assert (await given.record(barcode)).state is State.IN_STOCK
    sent = await ot.send(past, form, **boxes("trial_ends_on", clock, 14))
    assert sent.status == 303
    [row] = await query("SELECT kind, trial_ends_on FROM loan")
    assert (row["kind"], row["trial_ends_on"]) == ("trial", clock.today + timedelta(days=14))


async def test_an_issue_without_a_choice_or_to_nobody_is_refused_at_its_field(ot: Browser, given: Given) -> None:
    form = f"/items/{await given.item()}/issue"
    assert set((await ot.post_form(form)).errors) == {"client_ref", "kind"}
    unknown = await ot.post_form(form, client_ref="NOBODY", kind="loan")
    assert (unknown.status, set(unknown.errors)) == (404, {"client_ref"})


async def test_an_item_that_is_not_clear_shows_what_blocks_it_instead_of_the_form(ot: Browser, given: Given) -> None:
    held = await given.item()
    free = await ot.get(f"/items/{held}/issue")
    await given.hold(held, reason="Brake cable frayed.")
    page = await ot.get(f"/items/{held}/issue")
    assert "Brake cable frayed." in page.text
    assert page.soup.select_one('main form[method="post"]') is None
    late = await ot.send(free, f"/items/{held}/issue", client_ref=await given.client(), kind="loan")
    assert late.status == 409
    assert "Brake cable frayed." in late.text
    dirty = await ot.get(f"/items/{await given.item(State.RETURNED)}/issue")
    assert "The item is “returned”." in dirty.text


async def test_an_item_that_is_reserved_says_for_whom_and_goes_to_nobody_else(ot: Browser, given: Given) -> None:
    kept = await given.reservation(client=await given.client("C-7"))
    page = await ot.get(f"/items/{kept.barcode}/issue")
    assert "reserved for C-7" in page.text
    form = f"/items/{kept.barcode}/issue"
    other = await ot.send(page, form, client_ref=await given.client("C-8"), kind="loan")
    assert other.status == 409
    assert (await ot.send(other, form, client_ref="C-7")).status == 303


async def test_looking_for_a_client_at_the_counter_is_logged(ot: Browser, given: Given, query: Query) -> None:
    form = f"/items/{await given.item()}/issue"
    await given.client("C-7")
    await ot.get(form, q="c-7")
    await ot.get(form, client_ref="C-7")
    rows = await query("SELECT action, subject FROM audit_event WHERE chain = 'ot' ORDER BY seq DESC LIMIT 2")
    assert [(row["action"], row["subject"]) for row in rows] == [
        ("client_read", "client:C-7"), ("clients_listed", "clients")
    ]  # fmt: skip


async def test_a_form_that_is_sent_twice_issues_once(ot: Browser, given: Given, query: Query) -> None:
    barcode, client = await given.item(), await given.client()
    form = f"/items/{barcode}/issue"
    page = await ot.get(form)
    first = await ot.send(page, form, client_ref=client, kind="loan")
    second = await ot.send(page, form, client_ref=client, kind="loan")
    assert (first.goes_to, second.goes_to) == (f"/items/{barcode}", f"/items/{barcode}")
    assert len(await query("SELECT id FROM loan")) == 1


async def test_a_trial_is_kept_collected_or_goes_on(ot: Browser, given: Given, clock: Clock, query: Query) -> None:
    kept, fetched, longer = await given.trial(), await given.trial(), await given.trial(days=14)
    await ot.post_form(f"/loans/{kept.id}/trial-outcome", outcome="keep", notes="It suits her.")
    assert (await given.record(kept.barcode)).state is State.ON_LOAN
    await ot.post_form(f"/loans/{fetched.id}/trial-outcome", outcome="collect")
    assert (await given.record(fetched.barcode)).state is State.AWAITING_COLLECTION
    form = f"/loans/{longer.id}/trial-outcome"
    too_soon = await ot.post_form(form, outcome="extend", **boxes("until", clock, 14))
    assert set(too_soon.errors) == {"until"}
    sent = await ot.send(too_soon, form, **boxes("until", clock, 21))
    assert (await ot.follow(sent)).banner.endswith("The trial goes on until 23 March 2026.")
    [row] = await query("SELECT trial_ends_on FROM loan WHERE id = :id", id=longer.id)
    assert row["trial_ends_on"] == clock.today + timedelta(days=21)


async def test_a_trial_outcome_must_be_chosen_and_a_loan_has_none(ot: Browser, given: Given) -> None:
    trial, loan = await given.trial(), await given.loan()
    assert set((await ot.post_form(f"/loans/{trial.id}/trial-outcome")).errors) == {"outcome"}
    page = await ot.get(f"/loans/{loan.id}/trial-outcome")
    assert "nothing to decide" in page.text
    assert (await ot.get("/loans/999999/trial-outcome")).status == 404


async def test_a_collection_is_requested_for_what_is_ticked(ot: Browser, given: Given) -> None:
    client = await given.client("C-7")
    wanted, other = await given.loan(client=client), await given.loan(client=client)
    nothing = await ot.post_form("/clients/C-7/collect")
    assert set(nothing.errors) == {"barcodes", "reason"}
    page = await ot.get("/clients/C-7/collect", barcode=wanted.barcode)
    sent = await ot.send(page, "/clients/C-7/collect", reason="No longer needed.", speed="urgent")
    collection = await ot.follow(sent)
    assert collection.banner.startswith("Collection C")
    assert "Within one working day" in collection.text
    assert (await given.record(wanted.barcode)).state is State.AWAITING_COLLECTION
    assert (await given.record(other.barcode)).state is State.ON_LOAN


async def test_an_item_that_went_to_somebody_else_meanwhile_is_not_collected(ot: Browser, given: Given) -> None:
    client = await given.client("C-7")
    loan = await given.loan(client=client)
    page = await ot.get("/clients/C-7/collect")
    await given.scan(loan.barcode)
    late = await ot.send(page, "/clients/C-7/collect", barcodes=[loan.barcode], reason="No longer needed.")
    assert late.status == 409
    assert "nothing that could be fetched" in late.text


async def test_a_collection_is_called_off_with_a_reason(ot: Browser, given: Given) -> None:
    fetched = await given.collection()
    here = f"/collections/{fetched.number}"
    without = await ot.post_form(f"{here}/cancel", on=here)
    assert set(without.errors) == {"reason"}
    sent = await ot.send(without, f"{here}/cancel", reason="They keep it after all.")
    page = await ot.follow(sent)
    assert "Called off" in page.text
    assert page.soup.select_one("main form") is None
    assert (await given.record(fetched.barcode)).state is State.ON_LOAN
    assert (await ot.get("/collections/C999999")).status == 404


async def test_reading_a_collection_is_logged(ot: Browser, given: Given, query: Query) -> None:
    fetched = await given.collection()
    await ot.get(f"/collections/{fetched.number}")
    [row] = await query("SELECT action, subject FROM audit_event WHERE chain = 'ot' ORDER BY seq DESC LIMIT 1")
    assert (row["action"], row["subject"]) == ("collection_read", f"collection:{fetched.number}")


async def test_a_form_whose_time_has_passed_is_answered_with_how_things_stand_now(ot: Browser, given: Given) -> None:
    trial, fetched = await given.trial(), await given.collection()
    outcome, cancel = f"/loans/{trial.id}/trial-outcome", f"/collections/{fetched.number}/cancel"
    old_outcome = await ot.get(outcome)
    old_cancel = await ot.get(f"/collections/{fetched.number}")
    await given.scan(trial.barcode, fetched.barcode)
    late = await ot.send(old_outcome, outcome)
    assert (late.status, "nothing to decide" in late.text) == (409, True)
    too_late = await ot.send(old_cancel, cancel)
    assert (too_late.status, "Collected" in too_late.text) == (409, True)
