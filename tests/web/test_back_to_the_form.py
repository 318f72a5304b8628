"""A sign-in that ends in mid-form: whoever signs in again sends it as it was typed, or is told that it is lost."""

import pytest

from app.domain.lifecycle import State
from app.models import SignInKind
from app.web.auth import SESSION_COOKIE
from tests.browser import Browser, page_from
from tests.conftest import Clock, SignIn
from tests.given import Given

PASSWORD = "equipment-demo"
SAID = "You are signed in again. What you sent before that was not saved. Do it again here."


@pytest.fixture
async def briefly(sign_in: SignIn) -> Browser:
    """A manager whose sign-in ends after an hour."""
    return Browser(await sign_in("manager", kind=SignInKind.PAGE, hours=1))


@pytest.mark.parametrize("cookie_is_gone", [False, True])
async def test_what_was_typed_is_carried_through_the_sign_in_and_sent_again(
    briefly: Browser, given: Given, clock: Clock, *, cookie_is_gone: bool
) -> None:
    item = await given.item()
    form = f"/items/{item}/missing"
    page = await briefly.get(form)
    clock.move(hours=1)
    if cookie_is_gone:
        # As a browser does by itself once the cookie's time is over.
        briefly.client.cookies.delete(SESSION_COOKIE)
    asked = await briefly.send(page, form, reason="Not at its bay.\r\nNor <anywhere> else.")
    assert (asked.status, asked.heading) == (401, "Sign in")
    assert "What you sent last is not saved yet." in asked.text
    assert "Not at its bay." not in asked.response.text
    wrong = await briefly.send(asked, "/sign-in", username="manager", password="wrong")
    assert "What you sent last is not saved yet." in wrong.text
    again = await briefly.send(wrong, "/sign-in", username="manager", password=PASSWORD)
    assert (again.status, again.heading) == (200, "You are signed in again")
    assert (await given.record(item)).state is State.IN_STOCK
    sent = await briefly.send(again, form)
    assert sent.goes_to == f"/items/{item}"
    page = await briefly.follow(sent)
    assert (await given.record(item)).state is State.MISSING
    assert "Nor <anywhere> else." in page.text


async def test_nobody_is_given_what_somebody_else_had_typed(
    briefly: Browser, visitor: Browser, given: Given, clock: Clock
) -> None:
    form = f"/items/{await given.item()}/missing"
    page = await briefly.get(form)
    clock.move(hours=1)
    asked = await briefly.send(page, form, reason="Not at its bay.")
    other = await briefly.send(asked, "/sign-in", username="technician", password=PASSWORD)
    assert other.goes_to == form
    # Nor is a form that another site made up taken for anybody's.
    forged = await visitor.client.post(form, data={"csrf_token": "made up", "reason": "Not at its bay."})
    assert "made up" not in forged.text
    signed_in = await visitor.send(page_from(forged), "/sign-in", username="manager", password=PASSWORD)
    back = await visitor.follow(signed_in)
    assert (signed_in.goes_to, back.banner) == (form, SAID)
    assert "Not at its bay." not in back.text
    banner = back.soup.select_one(".govuk-notification-banner")
    assert banner
    assert (banner.h2 and banner.h2.get_text(strip=True), "success" in str(banner["class"])) == ("Important", False)


async def test_no_password_and_no_book_is_carried(briefly: Browser, clock: Clock) -> None:
    page = await briefly.get("/account/password")
    clock.move(hours=1)
    lost = await briefly.send(page, "/account/password", current_password=PASSWORD, new_password="another long one")
    assert lost.goes_to == "/sign-in?next=/account/password&ended=lost"
    for fields in ({"reason": "x" * 60_001, "csrf_token": "t"}, {"csrf_token": "t", "kept": "no box of ours"}):
        answer = await briefly.client.post("/sign-in" if "kept" in fields else "/orders/new", data=fields)
        assert answer.status_code in {303, 403}


@pytest.mark.parametrize(
    ("referer", "there"),
    [
        ("https://stores.test/workshop?bench=returned", "/workshop?bench=returned"),
        ("https://stores.test/collections/C000001/cancel", ""),
        ("https://evil.example/workshop", ""),
        ("https://stores.test//evil.example/workshop", ""),
        ("https://[", ""),
        ("", ""),
    ],
)
async def test_a_form_without_a_page_of_its_own_leads_back_to_the_page_it_stood_on(
    visitor: Browser, referer: str, there: str
) -> None:
    address = "/workshop/ES000000143/release"
    answer = await visitor.client.post(address, data={"bay": "A1"}, headers={"Referer": referer})
    asked = await visitor.get(answer.headers["location"])
    shown = asked.form("/sign-in").select_one("[name=next]")
    assert shown
    assert (shown["value"], "ended=lost" in asked.path) == (there or "/", True)


async def test_nothing_is_lost_by_signing_out_late_or_by_looking(briefly: Browser, clock: Clock) -> None:
    page = await briefly.get("/account")
    clock.move(hours=1)
    assert (await briefly.send(page, "/sign-out")).goes_to == "/sign-in?ended=yes"
    looked = await briefly.get("/items")
    assert looked.goes_to == "/sign-in?next=/items"
    signed_in = await briefly.send(await briefly.follow(looked), "/sign-in", username="manager", password=PASSWORD)
    assert (await briefly.follow(signed_in)).banner == ""
