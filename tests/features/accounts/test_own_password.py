"""Changing one's own password."""

import pytest
from httpx import AsyncClient

from app.cli.seed import PASSWORD
from app.web.auth import SESSION_COOKIE
from tests.browser import Browser, Page
from tests.conftest import Clock, Query, SignIn
from tests.problems import check_problem

FORM = "/account/password"
NEW = "three random words"
SHORT = "A password has at least 12 characters. Three random words are a good one."


async def change(browser: Browser, current: str = PASSWORD, new: str = NEW) -> Page:
    return await browser.post_form(FORM, current_password=current, new_password=new)


async def ask_token(client: AsyncClient, password: str) -> int:
    answer = await client.post("/api/v1/token", data={"username": "technician", "password": password})
    return answer.status_code


async def test_the_account_leads_to_the_form(technician: Browser) -> None:
    page = await technician.get("/account")
    assert page.soup.select_one(f'a[href="{FORM}"]')
    form = (await technician.get(FORM)).form(FORM)
    assert [field["autocomplete"] for field in form.select("input[type=password]")] == [
        "current-password",
        "new-password",
    ]
    # A key of the form is kept with a fingerprint of what was typed.
    assert form.select_one("[name=once]") is None


async def test_a_new_password_ends_every_other_sign_in_and_says_so(
    technician: Browser, sign_in: SignIn, anonymous: AsyncClient, query: Query
) -> None:
    others = [await sign_in("technician") for _ in range(2)]
    answer = await change(technician)
    assert answer.goes_to == "/account"
    assert (await technician.follow(answer)).banner == (
        "Your password has been changed. Your 2 other sign-ins have ended: sign in there with the new password."
    )
    for other in others:
        check_problem(await other.get("/api/v1/me"), 401, "not-signed-in")
    assert (await ask_token(anonymous, PASSWORD), await ask_token(anonymous, NEW)) == (401, 200)
    [event] = await query("SELECT chain, subject, detail FROM audit_event WHERE action = 'password_changed'")
    assert dict(event) == {
        "chain": "technician",
        "subject": "account:technician",
        "detail": {"sign_ins_ended": 2},
    }


async def test_who_is_signed_in_nowhere_else_is_told_so(technician: Browser) -> None:
    page = await technician.follow(await change(technician))
    assert page.banner == "Your password has been changed. You were signed in nowhere else."


@pytest.mark.parametrize(
    ("current", "new", "errors"),
    [
        ("", "", {"current_password": "Enter your current password.", "new_password": "Enter a new password."}),
        ("not the password", NEW, {"current_password": "This is not your current password."}),
        (PASSWORD, "elevenchars", {"new_password": SHORT}),
        (PASSWORD, PASSWORD, {"new_password": "This is your password already. Choose another one."}),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_shown(
    technician: Browser, anonymous: AsyncClient, current: str, new: str, errors: dict[str, str]
) -> None:
    page = await change(technician, current, new)
    assert (page.status, page.errors) == (422, errors)
    assert page.title.startswith("Error: ")
    assert all(not field.get("value") for field in page.soup.select("input[type=password]"))
    assert await ask_token(anonymous, PASSWORD) == 200


async def test_the_username_is_no_password(admin: Browser, visitor: Browser) -> None:
    page = await admin.post_form("/users/new", name="Jo", username="a.long.username", roles=["technician"])
    given = page.soup.select_one("#new-password")
    assert given
    await visitor.post_form("/sign-in", username="a.long.username", password=given.get_text())
    refused = await change(visitor, given.get_text(), "A.Long.Username")
    assert refused.errors == {
        "new_password": "The password must not be the username. Three random words are a good one."
    }


async def test_the_current_password_cannot_be_guessed_in_an_open_session(
    technician: Browser, clock: Clock, query: Query
) -> None:
    for _ in range(5):
        await change(technician, "not the password")
    refused = await change(technician)
    assert refused.status == 429
    assert "Try again at 2:20pm" in refused.errors["main-content"]
    assert await query("SELECT 1 FROM audit_event WHERE action = 'password_changed'") == []
    clock.move(minutes=15)
    assert (await change(technician)).status == 303


async def test_nobody_changes_a_password_without_the_token_of_the_form(technician: Browser) -> None:
    page = await technician.post(FORM, current_password=PASSWORD, new_password=NEW)
    assert page.status == 403
    assert SESSION_COOKIE in technician.client.cookies
