"""Who may give up a reservation: who made it, who stands in for them, who supervises them, and the store."""

from httpx import AsyncClient

from tests.browser import Browser
from tests.conftest import Clock, SignIn
from tests.features.reservations.test_api import RESERVATIONS, reserve
from tests.given import Given
from tests.problems import check_problem


async def test_another_prescriber_gives_up_nobodys_reservation(
    as_ot: AsyncClient,
    as_senior_ot: AsyncClient,
    as_technician: AsyncClient,
    sign_in: SignIn,
    given: Given,
    clock: Clock,
) -> None:
    student = await sign_in("student.ot")
    mine, theirs, spare, lent = [
        await reserve(person, await given.item(), await given.client(), clock.day(0), clock.day(7))
        for person in (as_ot, student, as_ot, as_senior_ot)
    ]
    refused = check_problem(await as_senior_ot.delete(f"{RESERVATIONS}/{mine}"), 403, "not-your-reservation")
    assert "Olu Thompson or the store can give it up" in refused["detail"]
    refused = check_problem(await as_ot.delete(f"{RESERVATIONS}/{theirs}"), 403, "not-your-reservation")
    assert "Sam Whitfield, Sarah Okafor or the store can give it up" in refused["detail"], refused["detail"]
    # Who countersigns for a student, and the store for everybody.
    assert (await as_senior_ot.delete(f"{RESERVATIONS}/{theirs}")).status_code == 204
    assert (await as_technician.delete(f"{RESERVATIONS}/{spare}")).status_code == 204
    assert (await as_ot.delete(f"{RESERVATIONS}/{mine}")).status_code == 204
    check_problem(await as_ot.delete(f"{RESERVATIONS}/{lent}"), 403, "not-your-reservation")
    days = {"from_on": clock.day(0), "until_on": clock.day(3), "reason": "Annual leave."}
    lend = {"from_username": "senior.ot", "to_username": "ot", **days}
    made = await as_senior_ot.post("/api/v1/delegations", json=lend)
    assert made.status_code == 201, made.text
    assert (await as_ot.delete(f"{RESERVATIONS}/{lent}")).status_code == 204


async def test_the_page_says_who_can_give_a_reservation_up(senior_ot: Browser, given: Given) -> None:
    kept = await given.reservation()
    page = await senior_ot.get(f"/reservations/{kept.id}/give-up")
    assert "Olu Thompson or the store can give it up" in page.text
    assert page.soup.select_one("main form") is None
