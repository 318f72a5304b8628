"""Who is asking: cookies want a token against forgery, bearers do not; what has ended lets nobody in."""

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.models import SignInKind
from app.web.auth import SESSION_COOKIE, csrf_token, secret_hash
from tests.browser import Browser
from tests.conftest import Clock, SignIn
from tests.given import Given
from tests.problems import check_problem

SCANS = "/api/v1/returns/scans"
BODY = {"store": "MAIN", "scans": [{"scan_id": "5b9a9e3c-0e5a-4f1e-9d2f-5b1f3c3b7a10", "barcode": "X"}]}


def token_of(app: FastAPI, client: AsyncClient) -> str:
    """The token that this sign-in's pages carry."""
    return csrf_token(app.state.settings, secret_hash(client.cookies[SESSION_COOKIE]))


@pytest.fixture
async def by_cookie(sign_in: SignIn) -> AsyncClient:
    """A technician whose script talks to the API with the session's cookie, as the scan page does."""
    return await sign_in("technician", kind=SignInKind.PAGE)


async def test_a_cookie_alone_may_read_and_not_write(by_cookie: AsyncClient) -> None:
    assert (await by_cookie.get("/api/v1/me")).status_code == 200
    check_problem(await by_cookie.post(SCANS, json=BODY), 403, "csrf-failed")


async def test_a_cookie_with_its_token_may_write(app: FastAPI, by_cookie: AsyncClient) -> None:
    answer = await by_cookie.post(SCANS, json=BODY, headers={"X-CSRF-Token": token_of(app, by_cookie)})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("token", ["", "0" * 64, "é", "x" * 5000])
async def test_a_cookie_with_a_wrong_token_may_not_write(by_cookie: AsyncClient, token: str) -> None:
    answer = await by_cookie.post(SCANS, json=BODY, headers={b"X-CSRF-Token": token.encode()})
    check_problem(answer, 403, "csrf-failed")


async def test_the_token_of_another_sign_in_does_not_do(app: FastAPI, by_cookie: AsyncClient, sign_in: SignIn) -> None:
    other = await sign_in("technician", kind=SignInKind.PAGE)
    answer = await by_cookie.post(SCANS, json=BODY, headers={"X-CSRF-Token": token_of(app, other)})
    check_problem(answer, 403, "csrf-failed")


@pytest.mark.parametrize(
    ("site", "status"), [("same-origin", 200), ("none", 200), ("cross-site", 403), ("same-site", 403)]
)
async def test_a_request_from_another_site_may_not_write_even_with_the_token(
    app: FastAPI, by_cookie: AsyncClient, site: str, status: int
) -> None:
    headers = {"X-CSRF-Token": token_of(app, by_cookie), "Sec-Fetch-Site": site}
    assert (await by_cookie.post(SCANS, json=BODY, headers=headers)).status_code == status


async def test_a_bearer_needs_no_token_because_no_browser_sends_it_by_itself(as_technician: AsyncClient) -> None:
    answer = await as_technician.post(SCANS, json=BODY, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200, answer.text


async def test_a_bearer_goes_before_a_cookie(by_cookie: AsyncClient) -> None:
    answer = await by_cookie.get("/api/v1/me", headers={"Authorization": "Bearer nonsense"})
    check_problem(answer, 401, "not-signed-in")


async def test_a_page_that_is_posted_without_its_token_is_refused(technician: Browser, given: Given) -> None:
    barcode = await given.item()
    page = await technician.post(f"/items/{barcode}/missing", reason="Gone from its bay.")
    assert page.status == 403
    assert "Load the page again" in page.text
    assert (await given.record(barcode)).state == "in_stock"


async def test_a_page_sends_whoever_is_not_signed_in_to_the_sign_in_and_back(visitor: Browser) -> None:
    page = await visitor.get("/items")
    assert (page.status, page.goes_to) == (303, "/sign-in?next=/items")


async def test_a_session_that_has_ended_forgets_its_cookie(sign_in: SignIn, clock: Clock) -> None:
    browser = Browser(await sign_in("technician", kind=SignInKind.PAGE, hours=1))
    clock.move(hours=1)
    page = await browser.get("/items")
    assert page.status == 303
    assert f'{SESSION_COOKIE}=""' in page.response.headers["set-cookie"]
    check_problem(await browser.client.get("/api/v1/me"), 401, "not-signed-in")


async def test_signing_out_ends_the_session_for_good(app: FastAPI, by_cookie: AsyncClient) -> None:
    answer = await by_cookie.post("/sign-out", data={"csrf_token": token_of(app, by_cookie)})
    assert answer.status_code == 303
    check_problem(await by_cookie.get("/api/v1/me"), 401, "not-signed-in")


async def test_a_cookie_is_kept_from_scripts_from_other_sites_and_from_plain_http(visitor: Browser) -> None:
    page = await visitor.post_form("/sign-in", username="technician", password="equipment-demo")
    assert page.status == 303, page.errors
    [cookie] = [line for line in page.response.headers.get_list("set-cookie") if line.startswith(f"{SESSION_COOKIE}=")]
    for word in ("HttpOnly", "SameSite=lax", "Secure", "Path=/"):
        assert word in cookie, cookie


async def test_who_may_not_is_told_who_may(as_ot: AsyncClient) -> None:
    refusal = check_problem(await as_ot.post(SCANS, json=BODY), 403, "not-allowed")
    assert refusal["detail"] == (
        "Your role (prescriber) does not allow this. Martin Lowe, Tasha Bello or Terry Nash can."
    )
