"""Administrators keep accounts by page."""

from typing import Any

from httpx import AsyncClient
from sqlalchemy import text

from app.cli.seed import PASSWORD
from app.models import SignInKind
from tests.browser import Browser, Page
from tests.conftest import Query, Sessions, SignIn

MANY = text("""
    INSERT INTO account (username, name, password_hash, is_active, is_demonstration, created_at, version)
    SELECT 'many' || to_char(number, 'FM000'), 'One of many', '', true, false, now(), 1
    FROM generate_series(1, 101) AS number
""")
NEW: dict[str, Any] = {"name": "Jo Bloggs", "username": "jo.bloggs", "roles": ["technician"], "stores": ["MAIN"]}


def shown_password(page: Page) -> str:
    found = page.soup.select_one("#new-password")
    assert found is not None, page.text
    return found.get_text()


async def test_somebody_new_is_added_and_signs_in_with_the_password_shown(
    admin: Browser, visitor: Browser, query: Query
) -> None:
    assert (await admin.get("/users")).soup.select_one('a[href="/users/new"]')
    page = await admin.post_form("/users/new", **NEW)
    assert (page.status, page.heading) == (200, "New password for Jo Bloggs")
    password = shown_password(page)
    answer = await visitor.post_form("/sign-in", username="jo.bloggs", password=password)
    assert answer.status == 303
    [kept] = await query("SELECT convert_from(body, 'UTF8') AS body FROM idempotency_key")
    assert "shown once" in kept["body"]
    assert password not in kept["body"]


async def test_the_same_form_sent_twice_adds_once_and_shows_the_password_once(admin: Browser) -> None:
    form = await admin.get("/users/new")
    shown_password(await admin.send(form, **NEW))
    again = await admin.send(form, **NEW)
    assert again.status == 200
    assert again.soup.select_one("#new-password") is None
    assert "shown once, and is not kept" in again.text


async def test_what_is_wrong_with_somebody_new_is_said_at_its_field(admin: Browser) -> None:
    page = await admin.post_form("/users/new")
    assert (page.status, page.errors) == (
        422,
        {
            "username": "Enter a username.",
            "name": "Enter the name of the person.",
            "roles": "Choose at least one role.",
        },
    )
    taken = await admin.send(page, **NEW | {"username": "ot"})
    assert (taken.status, taken.errors) == (409, {"username": "Somebody has this username already."})
    odd = await admin.send(taken, username="Jo Bloggs")
    assert (odd.status, set(odd.errors)) == (422, {"username"})


async def test_an_account_is_changed_on_its_page(admin: Browser, sign_in: SignIn) -> None:
    page = await admin.get("/users/technician")
    assert page.heading == "Terry Nash"
    answer = await admin.send(page, "/users/technician", roles=["manager", "technician"], stores=None, name="T. Nash")
    assert answer.goes_to == "/users/technician"
    shown = await admin.follow(answer)
    assert (shown.banner, shown.heading) == ("The account has been changed.", "T. Nash")
    ticked = {str(box["value"]) for box in shown.soup.select("input[type=checkbox][checked]")}
    assert ticked == {"manager", "technician"}
    me = await (await sign_in("technician")).get("/api/v1/me")
    assert (me.json()["roles"], me.json()["stores"]) == (["manager", "technician"], [])


async def test_an_address_is_set_changed_and_emptied_by_page(admin: Browser, query: Query) -> None:
    async def kept() -> str | None:
        [row] = await query("SELECT email FROM account WHERE username = 'jo.bloggs'")
        email: str | None = row["email"]
        return email

    wrong = await admin.post_form("/users/new", **NEW, email="jo@example")
    assert (wrong.status, wrong.errors) == (422, {"email": "Write an e-mail address like office@example.org."})
    await admin.send(wrong, **NEW, email="jo@example.org")
    assert await kept() == "jo@example.org"
    page = await admin.get("/users/jo.bloggs")
    field = page.soup.select_one("#email")
    assert field is not None
    assert field["value"] == "jo@example.org"
    wrong = await admin.send(page, "/users/jo.bloggs", email="a@[1.2")
    assert (wrong.status, set(wrong.errors)) == (422, {"email"})
    await admin.send(wrong, "/users/jo.bloggs", email="bloggs@example.org")
    assert await kept() == "bloggs@example.org"
    await admin.post_form("/users/jo.bloggs", on="/users/jo.bloggs", email="")
    assert await kept() is None


async def test_an_account_without_a_role_is_refused_with_what_was_typed(admin: Browser) -> None:
    page = await admin.post_form("/users/technician", on="/users/technician", roles=None, name="Typed")
    assert (page.status, page.errors) == (422, {"roles": "Choose at least one role."})
    name = page.soup.select_one("#name")
    assert name is not None
    assert name["value"] == "Typed"
    ticked = {str(box["value"]) for box in page.soup.select("input[type=checkbox][checked]")}
    assert ticked == {"COAST", "MAIN"}


async def test_who_changes_what_somebody_else_changed_meanwhile_sees_their_change(admin: Browser) -> None:
    old = await admin.get("/users/technician")
    await admin.post_form("/users/technician", on="/users/technician", name="First")
    page = await admin.send(old, "/users/technician", name="Second")
    assert (page.status, page.heading) == (412, "First")
    assert "Somebody changed this" in page.errors["main-content"]
    assert page.soup.select_one("#name[value='Second']")
    assert [now.get_text() for now in page.soup.select(".app-now")] == ["Now: First"]
    assert (await admin.send(page, "/users/technician")).status == 303


async def test_a_form_without_its_version_changes_nothing(admin: Browser) -> None:
    page = await admin.post_form("/users/technician", on="/users/technician", version="", name="Other")
    assert page.status == 422
    assert "did not arrive whole" in page.errors["main-content"]
    assert (await admin.get("/users/technician")).heading == "Terry Nash"


async def test_an_account_is_closed_and_opened_again(admin: Browser, ot: Browser, anonymous: AsyncClient) -> None:
    closed = await admin.follow(await admin.post_form("/users/ot/close", on="/users/ot"))
    assert closed.banner == "The account is closed, and its sign-ins have ended."
    assert (await ot.get("/")).goes_to == "/sign-in?ended=yes"
    [row] = [row for row in (await admin.get("/users")).table() if row[0] == "ot"]
    assert row[1] == "Olu Thompson Closed"
    opened = await admin.follow(await admin.post_form("/users/ot/reopen", on="/users/ot"))
    assert opened.banner == "The account is open again, with the password that it had."
    answer = await anonymous.post("/api/v1/token", data={"username": "ot", "password": PASSWORD})
    assert answer.status_code == 200


async def test_a_new_password_is_shown_once(admin: Browser, ot: Browser, visitor: Browser) -> None:
    page = await admin.post_form("/users/ot/password", on="/users/ot")
    assert page.heading == "New password for Olu Thompson"
    assert (await ot.get("/")).goes_to == "/sign-in?ended=yes"
    answer = await visitor.post_form("/sign-in", username="ot", password=shown_password(page))
    assert answer.status == 303


async def test_ones_own_account_offers_nothing_that_shuts_oneself_out(admin: Browser) -> None:
    page = await admin.get("/users/admin")
    actions = {str(form["action"]) for form in page.soup.select("main form")}
    assert actions == {"/users/admin"}
    refused = await admin.send(page, "/users/admin", roles=["auditor"])
    assert refused.status == 409
    assert "Ask another administrator" in refused.errors["main-content"]


async def test_what_the_page_does_not_offer_is_refused_all_the_same(admin: Browser) -> None:
    page = await admin.get("/users/admin")
    token = page.form("/users/admin").select_one("[name=csrf_token]")
    assert token is not None
    fields = {"csrf_token": str(token["value"]), "version": "1"}
    for act in ("close", "password"):
        refused = await admin.post(f"/users/admin/{act}", **fields)
        assert (refused.status, refused.heading) == (409, "Ada Kerr")
        assert set(refused.errors) == {"main-content"}
        name = refused.soup.select_one("#name")
        assert name is not None
        assert name["value"] == "Ada Kerr"


async def test_an_account_that_nobody_has_is_not_found(admin: Browser) -> None:
    page = await admin.get("/users/nobody")
    assert (page.status, page.heading) == (404, "Not found")


async def test_only_administrators_see_the_pages(manager: Browser, sign_in: SignIn) -> None:
    for url in ("/users", "/users/new", "/users/ot"):
        assert (await manager.get(url)).status == 403
    auditor = Browser(await sign_in("auditor", kind=SignInKind.PAGE))
    assert (await auditor.get("/users/ot")).status == 403


async def test_people_are_found_by_part_of_a_name_or_a_username_by_role_and_by_whether_they_are_open(
    admin: Browser,
) -> None:
    await admin.post_form("/users/ot/close", on="/users/ot")

    async def found(**asked: str) -> list[str]:
        return [row[0] for row in (await admin.get("/users", **asked)).table()]

    assert await found(q="terry NA") == ["technician"]
    assert await found(q=" Technic ") == ["technician", "technician2"]
    assert await found(role="technician") == ["technician", "technician2"]
    assert await found(state="closed") == ["ot"]
    everybody = await found()
    assert "ot" in everybody
    assert await found(state="open") == [one for one in everybody if one != "ot"]
    assert await found(role="technician", state="closed") == []
    assert await found(role="king", state="ajar") == everybody
    for sign in ("%", "_"):
        assert await found(q=sign) == []
    page = await admin.get("/users", q="technic", role="technician", state="open")
    assert page.soup.select_one("#q[value='technic']")
    assert {str(chosen["value"]) for chosen in page.soup.select("option[selected]")} == {"technician", "open"}
    nobody = await admin.get("/users", q="nobody at all")
    assert "Nobody fits." in nobody.text
    assert nobody.soup.select_one('main a[href="/users"]')
    assert (await admin.get("/users", q="x" * 101)).status == 422


async def test_the_list_goes_on_on_the_next_page_with_the_same_search(admin: Browser, sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await session.execute(MANY)
    pages = [await admin.get("/users", q="One of", state="open")]
    while following := pages[-1].soup.select_one("a[rel=next]"):
        pages.append(await admin.get(str(following["href"])))
    assert [row[0] for page in pages for row in page.table()] == [f"many{number:03}" for number in range(1, 102)]
    assert [len(page.table()) for page in pages] == [50, 50, 1]
    assert (await admin.get("/users", after="Nobody Here")).status == 422
    beyond = await admin.get("/users", after="zzz")
    assert "nobody further down" in beyond.text


async def test_whoever_ends_sign_ins_is_back_in_the_list_that_they_asked_for(
    admin: Browser, technician: Browser
) -> None:
    here = "/users?q=Terry&role=technician"
    ended = await admin.post_form("/users/technician/end-sign-ins", on=here)
    assert ended.goes_to == here
    assert (await technician.get("/")).goes_to == "/sign-in?ended=yes"
    page = await admin.get("/users")
    token = page.soup.select_one("[name=csrf_token]")
    assert token is not None
    elsewhere = await admin.post(
        "/users/technician/end-sign-ins", csrf_token=str(token["value"]), back="//elsewhere.example"
    )
    assert elsewhere.goes_to == "/users"
