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
    found = await ot.post_form(form, q="ivy")
    assert found.table()[0][:2] == ["C-7", "Ivy Marsh"]
    chosen = await ot.get(form, client_ref=client)
    assert "Ivy Marsh" in chosen.text
    sent = await ot.send(chosen, form, kind="loan")
    assert sent.goes_to == f"/items/{barcode}"
    assert (await given.record(barcode)).state is State.ON_LOAN


async def test_a_trial_asks_for_its_goals_and_its_last_day(
    ot: Browser, given: Given, clock: Clock, query: Query
) -> None:
    barcode, client = await given.item(), await given.client()
    form = f"/items/{barcode}/issue"
    aimless = await ot.post_form(form, client_ref=client, kind="trial", **boxes("trial_ends_on", clock, 14))
    assert set(aimless.errors) == {"trial_goals"}
    without = await ot.post_form(form, client_ref=client, kind="trial", trial_goals="Two carers can use it.")
    assert set(without.errors) == {"trial_ends_on"}
    past = await ot.send(without, form, **boxes("trial_ends_on", clock, 0))
    assert set(past.errors) == {"trial_ends_on"}
    assert (await given.record(barcode)).state is State.IN_STOCK
    sent = await ot.send(past, form, **boxes("trial_ends_on", clock, 14))
    assert sent.status == 303
    [row] = await query("SELECT kind, trial_ends_on, trial_goals FROM loan")
    assert row == {
        "kind": "trial",
        "trial_ends_on": clock.today + timedelta(days=14),
        "trial_goals": "Two carers can use it.",
    }


async def test_an_issue_without_a_choice_or_to_nobody_is_refused_at_its_field(ot: Browser, given: Given) -> None:
    form = f"/items/{await given.item()}/issue"
    assert set((await ot.post_form(form, client_ref=None)).errors) == {"client_ref", "kind"}
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
    assert "The item is “returned”: it waits for decontamination." in dirty.text


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
    await ot.post_form(form, q="c-7")
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
