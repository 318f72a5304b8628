"""A prescriber sees their own authority and lends it."""

from httpx import AsyncClient

from app.models import SignInKind
from tests.browser import Browser, Page
from tests.conftest import SignIn
from tests.features.prescribers.test_api import OT, add_user, put

DAYS = {
    "from_on-day": "2",
    "from_on-month": "3",
    "from_on-year": "2026",
    "until_on-day": "9",
    "until_on-month": "3",
    "until_on-year": "2026",
}


async def test_ones_own_authority_says_who_authorises_the_rest(ot: Browser) -> None:
    page = await ot.get("/my-authority")
    assert page.heading == "My authority"
    assert page.table() == [
        ["An order over your limit of £1,000", "Sarah Okafor", ""],
        ["A specialist product", "Sarah Okafor", ""],
        ["A highly specialist product", "Sarah Okafor", "JSEP decides it afterwards"],
    ]
    assert "JSEP decides every order above £2,500." in page.text
    assert "Lend my authority" not in page.text


async def test_a_student_is_told_who_countersigns(sign_in: SignIn) -> None:
    student = Browser(await sign_in("student.ot", kind=SignInKind.PAGE))
    page = await student.get("/my-authority")
    assert page.table()[0] == ["Every order, because you work under supervision", "Sarah Okafor", ""]
    assert "None yet" in page.text


async def test_who_goes_away_lends_their_authority_and_takes_it_back(senior_ot: Browser, ot: Browser) -> None:
    assert (await senior_ot.get("/")).soup.select_one('main a[href="/my-authority"]')
    page = await senior_ot.get("/my-authority")
    nobody = "Nobody at present. Ask the manager to name somebody."
    assert page.table() == [["An order over your limit of £5,000", nobody, "JSEP decides it afterwards"]]
    assert page.soup.select_one('a[href="/my-authority/lend"]')
    empty = await senior_ot.post_form("/my-authority/lend", reason="")
    assert set(empty.errors) == {"to_username", "from_on", "until_on", "reason"}
    lent = await senior_ot.follow(await senior_ot.send(empty, to_username="ot", reason="Annual leave", **DAYS))
    assert lent.banner == "Your authority is lent. The person who has it has been told."
    twice = await senior_ot.post_form("/my-authority/lend", to_username="ot", reason="Again", **DAYS)
    assert (twice.status, set(twice.errors)) == (409, {"from_on"})
    theirs = await ot.get("/my-authority")
    days = ["2 March 2026", "9 March 2026", "Annual leave", "In force", ""]
    assert theirs.table()[-1] == ["Sarah Okafor", "Olu Thompson", *days]
    [end] = [str(one["action"]) for one in lent.soup.select("form") if str(one["action"]).endswith("/end")]
    ended = await senior_ot.follow(await senior_ot.send(lent, end))
    assert ended.banner == "Olu Thompson no longer has your authority, and has been told."
    assert "Nothing is lent by you or to you." in ended.text


async def test_who_is_no_longer_registered_is_told_that_they_cannot_order(ot: Browser, as_manager: AsyncClient) -> None:
    await put(as_manager, "ot", OT | {"registration_expires_on": "2026-03-01"})
    assert (
        "Your registration has ended, so you can neither order nor authorise." in (await ot.get("/my-authority")).text
    )
    nothing = OT | {"registration_expires_on": None, "registration_number": None}
    await put(as_manager, "ot", nothing, '"2"')
    assert "Your registration is not on record" in (await ot.get("/my-authority")).text


async def test_who_is_not_set_up_is_told_whom_to_ask(as_admin: AsyncClient, sign_in: SignIn) -> None:
    await add_user(as_admin, "new.ot", "senior_prescriber")
    new = Browser(await sign_in("new.ot", kind=SignInKind.PAGE))
    page = await new.get("/my-authority")
    assert "You are not set up as a prescriber" in page.text
    assert (await new.get("/my-authority/lend")).status == 404


async def test_somebody_of_another_team_is_searched_for(
    senior_ot: Browser, as_admin: AsyncClient, as_manager: AsyncClient
) -> None:
    await add_user(as_admin, "locum.ot", "prescriber")
    assert (await as_manager.post("/api/v1/teams", json={"code": "EAST", "name": "East Team"})).status_code == 201
    new = {"If-None-Match": "*"}
    other = OT | {"team": "EAST", "registration_number": "OT00077"}
    locum = await as_manager.put("/api/v1/prescribers/locum.ot", json=other, headers=new)
    assert locum.status_code == 201, locum.text
    page = await senior_ot.get("/my-authority/lend")
    assert receivers(page) == ["ot"]
    found = await senior_ot.get("/my-authority/lend?q=LOCUM")
    assert receivers(found) == ["locum.ot"]
    wrong = await senior_ot.send(found, to_username="locum.ot")
    assert (set(wrong.errors), receivers(wrong)) == ({"from_on", "until_on", "reason"}, ["locum.ot"])
    lent = await senior_ot.follow(await senior_ot.send(wrong, reason="Annual leave", **DAYS))
    assert lent.banner == "Your authority is lent. The person who has it has been told."
    for nobody in ("_", "%", "senior", "nobody"):
        assert receivers(await senior_ot.get(f"/my-authority/lend?q={nobody}")) == []


def receivers(page: Page) -> list[str]:
    """Whom the page offers."""
    return [str(option["value"]) for option in page.soup.select("#to_username option")][1:]
