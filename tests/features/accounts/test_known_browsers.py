"""Strangers' wrong passwords do not lock people out of the browser that they usually sign in with."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.seed import PASSWORD
from app.features.accounts.pages import BROWSER_COOKIE
from app.web.auth import SESSION_COOKIE
from tests.browser import Browser, Page
from tests.conftest import Clock, Query, client_of

HELP = "If you cannot wait, ask an administrator to give you a new password."
ADDRESS = "127.0.0.1"
TOO_MANY = f"Too many wrong passwords. Try again at 2:20pm. {HELP}"


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[Browser]:
    """Another browser at the same address."""
    async with client_of(app) as client:
        yield Browser(client)


async def try_as(browser: Browser, username: str, password: str = PASSWORD) -> Page:
    return await browser.post_form("/sign-in", username=username, password=password)


async def fail_as(browser: Browser, username: str, *, times: int = 5) -> None:
    for _ in range(times):
        assert (await try_as(browser, username, "wrong")).status == 401


async def leave(browser: Browser) -> None:
    """Out of the service, but still the same browser."""
    assert (await browser.post_form("/sign-out", on="/")).goes_to == "/sign-in"


def carry(browser: Browser, secret: str) -> None:
    """Put a copy of somebody's cookie into this browser."""
    browser.client.cookies.set(BROWSER_COOKIE, secret, domain="stores.test")


async def test_signing_in_leaves_a_cookie_that_lasts_a_year_and_signs_nobody_in(visitor: Browser, query: Query) -> None:
    answer = await try_as(visitor, "ot")
    [cookie] = [line for line in answer.response.headers.get_list("set-cookie") if line.startswith(BROWSER_COOKIE)]
    for part in ("HttpOnly", "SameSite=lax", "Secure", f"Max-Age={365 * 24 * 3600}"):
        assert part in cookie
    secret = visitor.client.cookies[BROWSER_COOKIE]
    [row] = await query("SELECT known_browser.*::text AS line FROM known_browser")
    assert secret not in row["line"]
    visitor.client.cookies.delete(SESSION_COOKIE)
    assert (await visitor.get("/items")).goes_to == "/sign-in?next=/items"


async def test_a_token_leaves_no_cookie(anonymous: AsyncClient, query: Query) -> None:
    answer = await anonymous.post("/api/v1/token", data={"username": "ot", "password": PASSWORD})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert await query("SELECT 1 FROM known_browser") == []


async def test_strangers_failures_close_the_door_to_strangers_alone(visitor: Browser, stranger: Browser) -> None:
    await try_as(visitor, "ot")
    await leave(visitor)
    await fail_as(stranger, "ot")
    refused = await try_as(stranger, "ot")
    assert (refused.status, refused.errors) == (429, {"main-content": TOO_MANY})
    assert refused.response.headers["retry-after"] == "900"
    assert (await try_as(visitor, "ot")).status == 303
    # Whoever has signed in where they usually do says nothing for those who guess elsewhere.
    assert (await try_as(stranger, "ot")).status == 429


async def test_strangers_failures_for_the_whole_office_do_not_close_it_either(
    visitor: Browser, stranger: Browser, session: AsyncSession, clock: Clock
) -> None:
    await try_as(visitor, "ot")
    await leave(visitor)
    # Sixty failures close the address. All but the last are written, because each real one costs a hashed password.
    await session.execute(
        text(
            "INSERT INTO sign_in_failure (username, address, failed_at) SELECT 'made.up', :address, :at "
            "FROM generate_series(1, 59)"
        ),
        {"address": ADDRESS, "at": clock.now},
    )
    await session.commit()
    await fail_as(stranger, "made.up.too", times=1)
    assert (await try_as(stranger, "technician")).status == 429
    assert (await try_as(visitor, "ot")).status == 303


async def test_a_known_browser_has_five_tries_of_its_own(visitor: Browser, stranger: Browser, clock: Clock) -> None:
    await try_as(visitor, "ot")
    await leave(visitor)
    await fail_as(visitor, "ot")
    assert (await try_as(visitor, "ot")).status == 429
    assert (await try_as(stranger, "ot")).status == 303
    clock.move(minutes=14, seconds=59)
    assert (await try_as(visitor, "ot")).status == 429
    clock.move(seconds=1)
    assert (await try_as(visitor, "ot")).status == 303


async def test_the_browser_is_known_for_whom_it_signed_in_and_for_nobody_else(
    visitor: Browser, stranger: Browser
) -> None:
    await try_as(visitor, "technician")
    await leave(visitor)
    await fail_as(stranger, "ot")
    assert (await try_as(visitor, "ot")).status == 429


async def test_people_who_share_a_browser_are_all_known_in_it(visitor: Browser, stranger: Browser) -> None:
    for username in ("technician", "technician2"):
        await try_as(visitor, username)
        await leave(visitor)
    for username in ("technician", "technician2"):
        await fail_as(stranger, username)
        assert (await try_as(visitor, username)).status == 303
        await leave(visitor)


async def test_one_who_shares_a_browser_cannot_wipe_out_the_tries_at_anothers_password(
    visitor: Browser, stranger: Browser
) -> None:
    for username in ("technician", "technician2"):
        await try_as(visitor, username)
        await leave(visitor)
    await fail_as(visitor, "technician", times=4)
    await try_as(visitor, "technician2")
    await leave(visitor)
    await fail_as(visitor, "technician", times=1)
    assert (await try_as(visitor, "technician")).status == 429


async def test_a_stolen_cookie_is_worth_nothing_once_its_owner_has_signed_in_again(
    visitor: Browser, stranger: Browser
) -> None:
    await try_as(visitor, "ot")
    stolen = visitor.client.cookies[BROWSER_COOKIE]
    await leave(visitor)
    carry(stranger, stolen)
    await fail_as(stranger, "ot")
    assert (await try_as(stranger, "ot")).status == 429
    # The owner pays for it this once, and gets in by another browser or by an administrator.
    assert (await try_as(visitor, "ot")).status == 429
    visitor.client.cookies.delete(BROWSER_COOKIE)
    carry(visitor, "made up")
    assert (await try_as(visitor, "ot")).status == 303
    assert visitor.client.cookies[BROWSER_COOKIE] not in {"made up", stolen}


async def test_the_cookie_is_another_one_after_each_sign_in(visitor: Browser, stranger: Browser, query: Query) -> None:
    await try_as(visitor, "ot")
    first = visitor.client.cookies[BROWSER_COOKIE]
    await leave(visitor)
    await try_as(visitor, "ot")
    assert visitor.client.cookies[BROWSER_COOKIE] != first
    assert len(await query("SELECT 1 FROM known_browser")) == 1
    await fail_as(stranger, "ot")
    carry(stranger, first)
    assert (await try_as(stranger, "ot")).status == 429


async def test_a_browser_is_forgotten_after_a_year(visitor: Browser, stranger: Browser, clock: Clock) -> None:
    await try_as(visitor, "ot")
    await leave(visitor)
    secret = visitor.client.cookies[BROWSER_COOKIE]
    clock.move(days=365)
    carry(visitor, secret)
    await fail_as(stranger, "ot")
    assert (await try_as(visitor, "ot")).status == 429


async def test_the_time_to_come_back_is_a_full_minute_and_not_too_early(stranger: Browser, clock: Clock) -> None:
    clock.move(seconds=1)
    await fail_as(stranger, "nobody")
    page = await try_as(stranger, "nobody")
    assert "Try again at 2:21pm." in page.errors["main-content"]
    clock.move(minutes=15)
    assert (await try_as(stranger, "nobody")).status == 401


async def test_an_administrator_helps_with_a_new_password(
    visitor: Browser, stranger: Browser, admin: Browser, query: Query
) -> None:
    await try_as(visitor, "ot")
    await fail_as(stranger, "ot")
    page = await admin.post_form("/users/ot/password", on="/users/ot")
    password = page.soup.select_one("#new-password")
    assert password is not None
    assert await query("SELECT 1 FROM known_browser") == []
    assert (await try_as(stranger, "ot")).status == 401
    assert (await try_as(stranger, "ot", password.get_text())).status == 303
