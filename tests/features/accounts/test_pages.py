"""Signing in and out by page, one's own account, everybody's, and the audit trail."""

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from pydantic import SecretStr

from app.cli.seed import PASSWORD
from app.main import create_app
from app.models import SignInKind
from app.settings import Settings
from app.web.auth import SESSION_COOKIE, VISIT_COOKIE
from tests.browser import Browser, Page
from tests.conftest import Clock, Query, Sessions, SignIn, client_of
from tests.given import Given

WRONG = "Username and password do not go together."


async def sign_in_as(browser: Browser, username: str, password: str = PASSWORD, *, on: str = "/sign-in") -> Page:
    return await browser.post_form("/sign-in", on=on, username=username, password=password)


async def test_signing_in_sets_a_cookie_and_leads_to_the_page_that_was_asked_for(visitor: Browser) -> None:
    turned_away = await visitor.get("/items")
    assert turned_away.goes_to == "/sign-in?next=/items"
    answer = await sign_in_as(visitor, "Technician ", on=turned_away.goes_to)
    assert (answer.status, answer.goes_to) == (303, "/items")
    [cookie] = [line for line in answer.response.headers.get_list("set-cookie") if line.startswith(SESSION_COOKIE)]
    for part in ("HttpOnly", "SameSite=lax", "Secure", f"Max-Age={12 * 3600}"):
        assert part in cookie
    assert (await visitor.follow(answer)).heading == "Items"
    assert VISIT_COOKIE not in visitor.client.cookies


async def test_every_sign_in_has_a_secret_of_its_own(visitor: Browser, query: Query) -> None:
    for _ in range(2):
        await sign_in_as(visitor, "technician")
    rows = await query("SELECT secret_hash, kind FROM sign_in WHERE ended_at IS NULL")
    assert len({row["secret_hash"] for row in rows}) == 2
    assert {row["kind"] for row in rows} == {SignInKind.PAGE}


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example", "/\\evil.example", "/sign-in"])
async def test_nobody_is_led_to_another_site_by_signing_in(visitor: Browser, there: str) -> None:
    answer = await visitor.post_form("/sign-in", username="technician", password=PASSWORD, next=there)
    assert answer.goes_to == "/"


async def test_a_wrong_password_is_said_at_the_form_kept_and_never_shown_again(visitor: Browser, query: Query) -> None:
    for username in ("technician", "nobody"):
        page = await sign_in_as(visitor, username, "hunter2 hunter2")
        assert (page.status, page.errors) == (401, {"username": WRONG})
        assert "hunter2" not in page.response.text
    assert len(await query("SELECT 1 FROM sign_in_failure")) == 2


async def test_after_five_wrong_passwords_the_form_says_to_wait(visitor: Browser, clock: Clock) -> None:
    for _ in range(5):
        await sign_in_as(visitor, "technician", "wrong")
    page = await sign_in_as(visitor, "technician")
    assert page.status == 429
    assert page.errors["main-content"] == (
        "Too many wrong passwords. Try again at 2:20pm. "
        "If you cannot wait, ask an administrator to give you a new password."
    )
    clock.move(minutes=16)
    assert (await sign_in_as(visitor, "technician")).status == 303


async def test_empty_fields_are_named(visitor: Browser) -> None:
    page = await sign_in_as(visitor, "", "")
    assert (page.status, page.errors) == (422, {"username": "Enter username.", "password": "Enter password."})
    odd = await sign_in_as(visitor, "tech\x00nician")
    assert (odd.status, set(odd.errors)) == (422, {"username"})


async def test_a_form_that_did_not_come_from_this_browser_signs_nobody_in(visitor: Browser, query: Query) -> None:
    bare = await visitor.post("/sign-in", username="technician", password=PASSWORD)
    assert bare.status == 403
    assert "Load the page again" in bare.errors["main-content"]
    page = await visitor.get("/sign-in")
    visitor.client.cookies.set(VISIT_COOKIE, "somebody else's", domain="stores.test")
    assert (await visitor.send(page, username="technician", password=PASSWORD)).status == 403
    assert not await query("SELECT 1 FROM sign_in")


async def test_the_users_of_a_real_service_are_not_shown_to_passers_by(visitor: Browser) -> None:
    page = await visitor.get("/sign-in")
    assert "technician" not in page.text
    assert PASSWORD not in page.text


async def test_the_demonstration_says_whom_one_can_sign_in_as(settings: Settings, sessions: Sessions) -> None:
    async with client_of(demonstration(settings, sessions)) as client:
        page = await Browser(client).get("/sign-in")
    assert ["ot", "Prescriber"] in page.table()
    assert PASSWORD in page.text


def demonstration(settings: Settings, sessions: Sessions) -> FastAPI:
    app = create_app(settings.model_copy(update={"demonstration": True, "secret_key": SecretStr("d" * 40)}))
    app.state.database.sessions = sessions
    return app


async def test_signing_out_ends_the_sign_in_also_for_whoever_kept_the_cookie(technician: Browser, query: Query) -> None:
    secret = technician.client.cookies[SESSION_COOKIE]
    answer = await technician.post_form("/sign-out", on="/")
    assert answer.goes_to == "/sign-in"
    assert SESSION_COOKIE not in technician.client.cookies
    technician.client.cookies.set(SESSION_COOKIE, secret, domain="stores.test")
    assert (await technician.get("/items")).goes_to == "/sign-in?next=/items&ended=yes"


async def test_one_ends_ones_own_sign_ins_and_nobody_elses(
    technician: Browser, ot: Browser, sign_in: SignIn, query: Query
) -> None:
    lost = await sign_in("technician")
    page = await technician.get("/account")
    assert "Terry Nash" in page.text
    assert len(page.table()) == 2
    assert sum("this one" in row[1] for row in page.table()) == 1
    [other] = await query("SELECT max(id) AS id FROM sign_in WHERE kind = 'api'")
    ended = await technician.post_form(f"/account/sign-ins/{other['id']}/end", on="/account")
    assert (await technician.follow(ended)).banner == "The sign-in has ended."
    assert (await lost.get("/api/v1/me")).status_code == 401
    [mine] = await query("SELECT id FROM sign_in WHERE ended_at IS NULL AND kind = 'page' ORDER BY id LIMIT 1")
    token = (await ot.get("/account")).form("/sign-out").select_one("[name=csrf_token]")
    assert token
    foreign = await ot.post(f"/account/sign-ins/{mine['id']}/end", csrf_token=str(token["value"]))
    assert (foreign.status, foreign.heading) == (404, "Not found")
    assert (await technician.get("/account")).status == 200


async def test_an_administrator_ends_all_sign_ins_of_somebody(admin: Browser, technician: Browser) -> None:
    page = await admin.get("/users")
    [row] = [row for row in page.table() if row[0] == "technician"]
    assert row[1:5] == ["Terry Nash", "Technician", "COAST, MAIN", "1"]
    ended = await admin.post_form("/users/technician/end-sign-ins", on="/users")
    assert (await admin.follow(ended)).banner == "1 sign-in has ended: technician."
    assert (await technician.get("/")).goes_to == "/sign-in?ended=yes"


async def test_the_audit_trail_is_newest_first_and_narrowed_by_who_and_what(
    auditor: Browser, given: Given, clock: Clock
) -> None:
    barcode = await given.item()
    await given.hold(barcode)
    clock.move(minutes=1)
    await given.client("C-77")
    rows = (await auditor.get("/audit")).table()
    assert [row[2] for row in rows[:2]] == ["Client added", "Hold placed"]
    by_item = (await auditor.get("/audit", subject=barcode)).table()
    assert [(row[1], row[2]) for row in by_item] == [("safety", "Hold placed")]
    assert "Kind: fault" in by_item[0][4]
    assert [row[3] for row in (await auditor.get("/audit", who="ot")).table()] == ["client:C-77"]
    assert "Nothing fits" in (await auditor.get("/audit", who="nobody")).text


async def test_the_audit_trail_goes_on_on_the_next_page(auditor: Browser, given: Given, clock: Clock) -> None:
    barcode = await given.item()
    for number in range(51):
        await given.hold(barcode, reason=f"Reason {number}.")
    first = await auditor.get("/audit", subject=barcode)
    [onward] = [str(link["href"]) for link in first.soup.select(".govuk-pagination a")]
    second = await auditor.get(onward)
    assert len(first.table()) == 50
    [last] = second.table()
    assert "Reason 0." in last[4]


async def test_a_session_ends_by_itself(sign_in: SignIn, clock: Clock) -> None:
    client: AsyncClient = await sign_in("technician", kind=SignInKind.PAGE, hours=12)
    assert (await client.get("/")).status_code == 200
    clock.move(hours=12)
    assert (await client.get("/")).status_code == 303
