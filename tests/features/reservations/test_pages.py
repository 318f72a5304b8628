"""The pages of reservations."""

from datetime import timedelta

import pytest

from app.domain.lifecycle import State
from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.given import Given


def boxes(name: str, clock: Clock, days: int) -> dict[str, str]:
    """The three boxes of a date so many days from today."""
    day = clock.today + timedelta(days=days)
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


async def test_an_item_is_reserved_for_later_extended_and_given_up(
    ot: Browser, given: Given, clock: Clock, query: Query
) -> None:
    barcode, client = await given.item(), await given.client("C-7")
    page = await ot.get("/reservations/new", barcode=barcode)
    assert "It is free on every day." in page.text
    days = boxes("first_day", clock, 3) | boxes("last_day", clock, 9)
    sent = await ot.send(page, "/reservations/new", client_ref=client, **days)
    item = await ot.follow(sent)
    assert "reserved for C-7 from 5 March 2026 until 11 March 2026" in item.banner
    assert (await given.record(barcode)).state is State.IN_STOCK
    [row] = (await ot.get("/reservations")).table()
    assert row[2:5] == ["C-7", "5 March 2026", "11 March 2026"]
    assert "Begins on 5 March 2026" in row[5]
    extend = item.soup.select_one('a[href$="/extend"]')
    assert extend
    url = str(extend["href"])
    assert set((await ot.post_form(url)).errors) == {"last_day"}
    past = await ot.post_form(url, **boxes("last_day", clock, -1))
    assert set(past.errors) == {"last_day"}
    longer = await ot.follow(await ot.send(past, url, **boxes("last_day", clock, 12)))
    assert "until 14 March 2026" in longer.banner
    url = url.replace("/extend", "/give-up")
    assert "is given up" in (await ot.follow(await ot.post_form(url))).banner
    assert "has ended already" in (await ot.get(url)).text
    assert (await ot.post(url, **await tokens(ot))).status == 409
    assert "You have reserved nothing." in (await ot.get("/reservations")).text


async def tokens(browser: Browser) -> dict[str, str]:
    """The token that a form would bring."""
    field = (await browser.get("/reservations/new")).soup.select_one('[name="csrf_token"]')
    return {"csrf_token": str(field["value"])} if field else {}


async def test_by_product_the_best_item_is_reserved(ot: Browser, given: Given, clock: Clock) -> None:
    product, client = await given.product(), await given.client()
    barcode = await given.item(product=product)
    page = await ot.get("/reservations/new", product=product)
    sent = await ot.send(page, "/reservations/new", client_ref=client, **boxes("last_day", clock, 9))
    assert sent.goes_to == f"/items/{barcode}"
    none = await ot.post_form(
        "/reservations/new", client_ref=client, product_code=product, **boxes("last_day", clock, 9)
    )
    assert (none.status, set(none.errors)) == (409, {"main-content"})


async def test_a_reservation_that_cannot_be_is_said_at_its_field(ot: Browser, given: Given, clock: Clock) -> None:
    barcode, client = await given.item(), await given.client()
    form = "/reservations/new"
    assert set((await ot.post_form(form)).errors) == {"client_ref", "last_day"}
    days = boxes("last_day", clock, 9)
    assert set((await ot.post_form(form, client_ref=client, **days)).errors) == {"barcode"}
    assert set((await ot.post_form(form, client_ref=client, barcode="ES000123473", **days)).errors) == {"barcode"}
    assert set((await ot.post_form(form, client_ref=client, product_code="NONE", **days)).errors) == {"product_code"}
    page = await ot.get(form, barcode=barcode)
    past = await ot.send(page, form, client_ref=client, **boxes("first_day", clock, -1), **days)
    assert set(past.errors) == {"first_day"}
    assert set((await ot.send(page, form, client_ref="NOBODY", **days)).errors) == {"client_ref"}
    await given.hold(barcode)
    held = await ot.send(page, form, client_ref=client, **days)
    assert (held.status, held.errors) == (409, {"main-content": "Fault: The castor is loose."})


async def test_the_calendar_shows_who_has_it_when(ot: Browser, finance: Browser, given: Given, clock: Clock) -> None:
    barcode, client = await given.item(), await given.client("C-7")
    days = boxes("first_day", clock, 28) | boxes("last_day", clock, 30)
    await ot.send(await ot.get("/reservations/new", barcode=barcode), "/reservations/new", client_ref=client, **days)
    await given.trial(barcode, client=client, days=2)
    page = await ot.get(f"/items/{barcode}/calendar")
    words = [cell for week in page.table() for cell in week if cell]
    assert len(words) == 31
    assert words[:5] == ["1", "2 Today On trial for C-7", "3 On trial for C-7", "4 On trial for C-7", "5 Free"]
    assert words[28:] == ["29 Free", "30 Reserved for C-7", "31 Reserved for C-7"]
    caption = page.soup.select_one("caption")
    assert caption
    assert caption.get_text(strip=True) == "March 2026"
    later = page.soup.select_one('a[rel="next"]')
    assert later
    after = await ot.get(str(later["href"]))
    assert [cell for week in after.table() for cell in week if cell][:2] == ["1 Reserved for C-7", "2 Free"]
    unnamed = await finance.get(f"/items/{barcode}/calendar", month="2026-03")
    assert "Reserved" in unnamed.text
    assert "C-7" not in unnamed.text
    assert (await ot.get(f"/items/{barcode}/calendar", month="2026-13")).status == 422
    assert (await ot.get(f"/items/{barcode}/calendar", month="2000-01")).soup.select_one('a[rel="prev"]') is None
    assert (await ot.get(f"/items/{barcode}/calendar", month="2099-12")).soup.select_one('a[rel="next"]') is None


async def test_reading_for_whom_an_item_is_kept_is_logged(
    ot: Browser, finance: Browser, given: Given, query: Query
) -> None:
    kept = await given.reservation(client=await given.client("C-7"))
    for path in ("", "/calendar"):
        assert "C-7" in (await ot.get(f"/items/{kept.barcode}{path}")).text
        assert "C-7" not in (await finance.get(f"/items/{kept.barcode}{path}")).text
    await ot.get(f"/reservations/{kept.id}/extend")
    rows = await query("SELECT chain, subject FROM audit_event WHERE action = 'reservation_read'")
    assert [(row["chain"], row["subject"]) for row in rows] == [("ot", "client:C-7")] * 3


@pytest.mark.parametrize("whose", ["", "everybody"])
async def test_the_list_is_ones_own_or_everybodys(senior_ot: Browser, given: Given, query: Query, whose: str) -> None:
    await given.reservation()
    page = await senior_ot.get("/reservations", whose=whose)
    assert len(page.table()) == (1 if whose else 0)
    [row] = await query("SELECT detail->>'found' AS found FROM audit_event WHERE action = 'reservations_listed'")
    assert row["found"] == str(len(page.table()))
