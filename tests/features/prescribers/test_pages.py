"""The manager keeps prescribers and teams by page."""

from typing import Any

from httpx import AsyncClient

from tests.browser import Browser
from tests.conftest import Clock
from tests.features.prescribers.test_api import OT, add_user, put

ENDS = {
    "registration_expires_on-day": "31",
    "registration_expires_on-month": "10",
    "registration_expires_on-year": "2027",
}


async def test_prescribers_are_shown_by_team_with_a_warning_where_a_registration_ends(
    manager: Browser, as_manager: AsyncClient
) -> None:
    await put(as_manager, "ot", OT | {"registration_expires_on": "2026-05-01"})
    home = await manager.get("/")
    assert home.soup.select_one('main a[href="/prescribers"]')
    page = await manager.get("/prescribers")
    assert page.table() == [
        ["Olu Thompson", "Standard", "£1,000.00", "OT00001", "1 May 2026 Ends soon", ""],
        ["Sarah Okafor", "Highly specialist", "£5,000.00", "OT00002", "5 February 2027", "Authorises for the team"],
        ["Sam Whitfield", "Standard", "£500.00", "", "None yet", "Supervised"],
    ]
    await put(as_manager, "ot", OT | {"registration_expires_on": "2026-03-01"}, '"2"')
    assert (await manager.get("/prescribers?team=WEST")).table()[0][4] == "1 March 2026 Ended"
    nobody = OT | {"registration_number": None, "registration_expires_on": None}
    await put(as_manager, "ot", nobody, '"3"')
    assert (await manager.get("/prescribers")).table()[0][4] == "Not on record"
    assert "Nobody of this team" in (await manager.get("/prescribers?team=EAST")).text


async def test_a_prescribers_page_shows_and_changes_the_authority(manager: Browser, as_manager: AsyncClient) -> None:
    page = await manager.get("/prescribers/ot")
    assert page.heading == "Olu Thompson"
    answer = await manager.send(page, "/prescribers/ot", tier="specialist", limit="£1,500.50", **ENDS)
    shown = await manager.follow(answer)
    assert shown.banner == "The changes are kept."
    read = (await as_manager.get("/api/v1/prescribers/ot")).json()
    kept = {"tier": "specialist", "spend_limit_pence": 150_050, "registration_expires_on": "2027-10-31"}
    assert {name: read[name] for name in kept} == kept
    assert read["registration_number"] == "OT00001"
    again = await manager.follow(await manager.send(shown, "/prescribers/ot", is_supervised="true"))
    assert again.soup.select_one("#is_supervised[checked]")


async def test_what_is_wrong_with_a_change_is_said_at_its_field_with_what_was_typed(manager: Browser) -> None:
    page = await manager.post_form(
        "/prescribers/ot", on="/prescribers/ot", team=None, limit="much", registration_number="12345"
    )
    assert page.status == 422
    assert page.errors == {
        "team": "Choose the team.",
        "limit": "Write the spend limit in pounds and pence, such as 149.99.",
        "registration_number": "A registration number has 4 to 12 letters and digits, both of them, such as OT12345.",
    }
    limit = page.soup.select_one("#limit")
    assert limit is not None
    assert limit["value"] == "much"
    half = await manager.post_form("/prescribers/ot", on="/prescribers/ot", registration_number=None)
    assert (half.status, set(half.errors)) == (422, {"registration_number"})
    taken = await manager.post_form("/prescribers/ot", on="/prescribers/ot", registration_number="ot00002")
    assert taken.errors == {
        "registration_number": "Sarah Okafor has this registration number. Check it on the register."
    }


async def test_who_changes_what_somebody_else_changed_meanwhile_sees_their_change(manager: Browser) -> None:
    old = await manager.get("/prescribers/ot")
    await manager.post_form("/prescribers/ot", on="/prescribers/ot", limit="10")
    page = await manager.send(old, "/prescribers/ot", limit="20")
    assert page.status == 412
    assert "Somebody changed this" in page.errors["main-content"]
    assert page.soup.select_one("#limit[value='20']")
    assert [now.get_text() for now in page.soup.select(".app-now")] == ["Now: 10.00"]
    assert (await manager.send(page, "/prescribers/ot")).status == 303


async def test_a_form_without_its_version_changes_nothing(manager: Browser) -> None:
    page = await manager.post_form("/prescribers/ot", on="/prescribers/ot", version="", limit="1")
    assert page.status == 422
    assert "did not arrive whole" in page.errors["main-content"]


async def test_somebody_is_set_up_in_a_team_that_is_new(manager: Browser, as_admin: AsyncClient) -> None:
    added = await manager.follow(await manager.post_form("/teams/new", name="East Team", code="EAST"))
    assert added.banner == "East Team is added. Next: choose who belongs to it."
    taken = await manager.post_form("/teams/new", name="East Team", code="EAST")
    assert (taken.status, set(taken.errors)) == (409, {"code"})
    empty = await manager.post_form("/teams/new")
    assert empty.errors == {"code": "Enter a code for the team.", "name": "Enter the name of the team."}
    assert "Everybody with a prescribing role is set up already" in (await manager.get("/prescribers/new")).text
    await add_user(as_admin, "new.ot")
    nothing = await manager.post_form("/prescribers/new")
    assert nothing.errors == {
        "username": "Choose the person.",
        "team": "Choose the team.",
        "limit": "Enter a spend limit.",
    }
    fields: dict[str, Any] = {"username": "new.ot", "team": "EAST", "limit": "250", "registration_number": "ot 12345"}
    half = await manager.send(nothing, **fields)
    assert (half.status, set(half.errors)) == (422, {"registration_expires_on"})
    done = await manager.follow(await manager.send(half, **ENDS))
    assert (done.heading, done.banner) == ("Name of new.ot", "They are set up as a prescriber.")
    page = await manager.get("/prescribers?team=EAST")
    assert page.table() == [["Name of new.ot", "Standard", "£250.00", "OT12345", "31 October 2027", ""]]


async def test_the_manager_lends_and_ends_on_somebodys_behalf(manager: Browser, clock: Clock) -> None:
    form = await manager.get("/prescribers/senior.ot/lend")
    assert form.heading == "Lend the authority of Sarah Okafor"
    chosen = [str(option["value"]) for option in form.soup.select("#to_username option")]
    assert chosen == ["", "ot"]
    wrong = await manager.send(form, reason="")
    assert wrong.errors == {
        "to_username": "Choose who is to have it.",
        "from_on": "Enter the first day.",
        "until_on": "Enter the last day.",
        "reason": "Say why it is lent.",
    }
    first = {"from_on-day": "2", "from_on-month": "3", "from_on-year": "2026"}
    last = {"until_on-day": "1", "until_on-month": "3", "until_on-year": "2026"}
    early = await manager.send(wrong, to_username="ot", reason="Annual leave", **first, **last)
    assert (early.status, set(early.errors)) == (422, {"until_on"})
    shown = await manager.follow(await manager.send(early, **{"until_on-day": "9"}))
    assert shown.banner == "The authority is lent, and both people have been told."
    [row] = shown.table()[-1:]
    assert row[:6] == ["Sarah Okafor", "Olu Thompson", "2 March 2026", "9 March 2026", "Annual leave", "In force"]
    [end] = [str(one["action"]) for one in shown.soup.select("form") if str(one["action"]).endswith("/end")]
    ended = await manager.follow(await manager.send(shown, end))
    assert ended.banner == "Olu Thompson no longer has the authority of Sarah Okafor."
    assert ended.table()[-1][5:] == ["Ended early", ""]
    assert "Lend their authority" not in (await manager.get("/prescribers/ot")).text


async def test_a_closed_account_is_marked(manager: Browser, admin: Browser) -> None:
    await admin.post_form("/users/ot/close", on="/users/ot")
    assert (await manager.get("/prescribers")).table()[0][0] == "Olu Thompson Closed"
    assert "The account is closed" in (await manager.get("/prescribers/ot")).text
    assert (await manager.get("/prescribers/nobody")).status == 404
