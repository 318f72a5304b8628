"""Reviews of people: whom a notice of advice asks for, also after its activation, and who cannot be reached."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.domain.lifecycle import State
from app.domain.notice_work import Handling
from app.features.notices.new_loans import Watch, ask_about_new_loans
from app.models import SignInKind
from tests.browser import Browser
from tests.conftest import Clock, Query, SignIn, Statements, as_user
from tests.features.notices.activated import HERE, activate, line, relevant
from tests.features.notices.test_closing import close, counts
from tests.given import Given
from tests.problems import check_problem

Sessions = async_sessionmaker[AsyncSession]

as_student = as_user("student.ot")


@pytest.fixture
async def bed(given: Given) -> str:
    return await given.product("BED", name="Profiling bed", manufacturer="Harbour Beds", model="Community 3")


async def review(client: AsyncClient, outcome: str, status: int = 200) -> dict[str, Any]:
    answer = await client.post(f"{HERE}/reviews/C-77", json={"outcome": outcome, "note": "As it was before."})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def asked(client: AsyncClient) -> list[tuple[str, list[str], bool]]:
    rows = (await client.get(f"{HERE}/reviews")).json()["items"]
    return [(row["client_ref"], row["because"], row["done_at"] is not None) for row in rows]


async def test_whoever_gets_such_an_item_later_is_reviewed_too(
    given: Given, bed: str, as_safety: AsyncClient, as_ot: AsyncClient, session: AsyncSession, sessions: Sessions,
    clock: Clock, statements: Statements, as_student: AsyncClient,
) -> None:  # fmt: skip
    watch, una, other = Watch(), await given.client("C-77"), await given.client("C-78")
    [first, second, third] = await given.items(3, product=bed)
    await activate(session, await relevant(as_safety), [line()], at=clock.now, handling=Handling.ADVICE)

    async def look() -> int:
        clock.move(minutes=1)
        return await ask_about_new_loans(sessions, watch, actor="worker", at=clock.now)

    await look()
    assert await asked(as_ot) == []
    await given.loan(first, client=una)
    await look()
    assert await asked(as_ot) == [("C-77", [first], False)]
    # What else comes to them while that is open belongs to the same review.
    await given.loan(second, client=una)
    await look()
    assert await asked(as_ot) == [("C-77", [first, second], False)]
    await review(as_ot, "no_change")
    await look()
    assert await asked(as_ot) == [("C-77", [first, second], True)]
    # And what comes afterwards is reviewed anew, with that alone.
    await given.loan(third, client=una)
    await look()
    assert await asked(as_ot) == [("C-77", [first, second], True), ("C-77", [third], False)]
    assert (await review(as_student, "changed", 403))["code"] == "is-supervised"
    assert (await review(as_ot, "changed"))["because"] == [third]
    # What a second person finds stands beside it.
    check_problem(
        await as_ot.post(f"{HERE}/reviews/C-77", json={"outcome": "changed", "note": "."}), 422, "not-a-reason"
    )
    await review(as_ot, "not_reached", 409)
    assert (await review(as_safety, "no_change"))["done_by"] == "safety"
    assert await asked(as_ot) == [("C-77", [first, second], True), ("C-77", [third], True), ("C-77", [third], True)]
    # What is about something else is not asked for, and looking costs four statements.
    await given.item(State.ON_LOAN, product=await given.product("OTHER", model="X"), client=other)
    statements.clear()
    await look()
    assert len(statements) == 4
    assert len(await asked(as_ot)) == 3


async def test_what_comes_to_light_of_an_item_at_home_is_reviewed_at_once(
    given: Given, as_safety: AsyncClient, as_manager: AsyncClient, as_ot: AsyncClient, session: AsyncSession,
    clock: Clock,
) -> None:  # fmt: skip
    plain = await given.product("PLAIN", manufacturer="Harbour Beds", model="Unknown")
    item = await given.item(State.ON_LOAN, product=plain, client=await given.client("C-77"))
    await activate(session, await relevant(as_safety), [line()], at=clock.now, handling=Handling.ADVICE)
    assert await asked(as_ot) == []
    etag = (await as_manager.get(f"/api/v1/products/{plain}")).headers["etag"]
    edit = await as_manager.patch(
        f"/api/v1/products/{plain}", json={"model": "Community 3"}, headers={"If-Match": etag}
    )
    assert edit.status_code == 200, edit.text
    assert await asked(as_ot) == [("C-77", [item], False)]


async def test_who_is_not_reached_comes_to_those_who_handle_notices_and_is_named_at_the_closing(
    given: Given, bed: str, as_safety: AsyncClient, as_ot: AsyncClient, safety: Browser, ot: Browser,
    session: AsyncSession, clock: Clock, query: Query, sign_in: SignIn,
) -> None:  # fmt: skip
    await given.item(State.ON_LOAN, product=bed, client=await given.client("C-77", name="Una Quick"))
    notice_id = await relevant(as_safety)
    await activate(session, notice_id, [line()], at=clock.now, handling=Handling.ADVICE)
    here = f"/safety-notices/{notice_id}/reviews"
    assert (await review(as_safety, "unreachable", 409))["code"] == "not-tried-enough"
    for hours, tries in ((0, 1), (1, 1), (24, 2)):
        clock.move(hours=hours)
        assert (await review(as_ot, "not_reached"))["tries"] == tries
    letters = "SELECT to_name, subject, body FROM message WHERE purpose = 'notice_not_reached'"
    assert await query(letters) == []
    clock.move(hours=24)
    page = await ot.follow(await ot.post_form(f"{here}/C-77", outcome="not_reached", note="No answer at noon."))
    assert page.banner.endswith("Those who handle safety notices are told that nobody reaches them.")
    assert "Tried on 3 days in vain" in page.text
    [one, *_] = await query(letters)
    assert one["subject"] == "FSN 2026-07: somebody could not be reached"
    assert "client C-77. On 3 days" in one["body"]
    assert "Quick" not in one["body"]
    number = len(await query(letters))
    clock.move(hours=24)
    await review(as_ot, "not_reached")
    assert len(await query(letters)) == number

    home = await safety.get("/")
    assert "1 person could not be reached for a safety notice" in home.text
    assert "1 person not reached" in home.text
    assert "1 person has not been reached after many tries" in (await safety.get(here)).text
    assert len((await as_safety.get(f"{HERE}/reviews?unreached=true")).json()["items"]) == 1
    assert (await counts(as_safety))["missing"] == [
        "1 of 1 reviews of people are not done. 1 of them is of people whom nobody has reached: those who handle "
        "notices decide."
    ]
    assert (await ot.get(f"{here}/C-77")).soup.select_one("input[value=unreachable]") is None
    assert (await review(as_ot, "unreachable", 403))["code"] == "not-yours-to-end"
    ended = await safety.follow(
        await safety.post_form(f"{here}/C-77", outcome="unreachable", note="Three letters; the house is empty.")
    )
    assert ended.banner == "The review of C-77 is recorded."
    now = await counts(as_safety)
    assert (now["missing"], now["reviews_open"], now["unreachable"]) == ([], 0, 1)
    second = Browser(await sign_in("safety2", kind=SignInKind.PAGE))
    assert (
        "1 person could not be reached at all, and was not reviewed."
        in (await second.get(f"/safety-notices/{notice_id}/reconciliation")).text
    )
    await close(as_safety)
    assert (await close(await sign_in("safety2")))["is_closed"] is True
