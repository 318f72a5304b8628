"""A sign-in that ends in mid-form: whoever signs in again comes back to the form, told that nothing was saved."""

import pytest

from app.models import SignInKind
from app.web.auth import SESSION_COOKIE
from tests.browser import Browser
from tests.conftest import Clock, SignIn
from tests.given import Given

PASSWORD = "equipment-demo"
SAID = "You are signed in again. What you sent before that was not saved. Do it again here."


@pytest.fixture
async def briefly(sign_in: SignIn) -> Browser:
    """A manager whose sign-in ends after an hour."""
    return Browser(await sign_in("manager", kind=SignInKind.PAGE, hours=1))


@pytest.mark.parametrize("cookie_is_gone", [False, True])
async def test_they_come_back_to_the_form_and_are_told(
    briefly: Browser, given: Given, clock: Clock, *, cookie_is_gone: bool
) -> None:
    form = f"/items/{await given.item()}/missing"
    page = await briefly.get(form)
    clock.move(hours=1)
    if cookie_is_gone:
        # As a browser does by itself once the cookie's time is over.
        briefly.client.cookies.delete(SESSION_COOKIE)
    lost = await briefly.send(page, form, reason="Not at its bay.")
    assert lost.goes_to == f"/sign-in?next={form}&ended=lost"
    asked = await briefly.follow(lost)
    assert "What you sent last was not saved." in asked.text
    wrong = await briefly.send(asked, "/sign-in", username="manager", password="wrong")
    assert "What you sent last was not saved." in wrong.text
    again = await briefly.send(wrong, "/sign-in", username="manager", password=PASSWORD)
    assert again.goes_to == form
    back = await briefly.follow(again)
    assert (back.status, back.banner) == (200, SAID)
    assert "Not at its bay." not in back.text


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
