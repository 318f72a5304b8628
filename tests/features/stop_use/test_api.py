"""Stop-use notices by the API, and their daily chasing.

Coroner's report 2023-0336 (Friend): a sling judged unsuitable was neither removed nor was its use stopped.
"""

from typing import Any

from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.features.stop_use.chasing import chase_stop_use_notices
from tests.browser import Browser
from tests.conftest import Clock, Query
from tests.given import Given, Lent
from tests.problems import check_problem

NOTICES = "/api/v1/stop-use-notices"
REASON = {"reason": "The sling is too large."}


async def cared_for(given: Given, **provider: Any) -> Lent:
    """Something on loan to a client of a care provider."""
    facts: dict[str, Any] = {"email": "duty@harbour.example", "phone": "01632 960002"} | provider
    return await given.loan(client=await given.client(care_provider_id=await given.care_provider(**facts)))


async def stop(as_ot: AsyncClient, lent: Lent, **more: Any) -> dict[str, Any]:
    """A notice about it."""
    made = await as_ot.post(f"/api/v1/loans/{lent.id}/stop-use", json=REASON | more)
    assert made.status_code == 201, made.text
    notice: dict[str, Any] = made.json()
    return notice


async def chase(session: AsyncSession, clock: Clock) -> int:
    """What the worker does once a day."""
    chased = await chase_stop_use_notices(session, today=clock.today, actor="worker", at=clock.now)
    await session.commit()
    return chased


async def sent(query: Query) -> list[tuple[str, str | None]]:
    """The messages so far: what for, and to whom."""
    rows = await query("""
        SELECT purpose, COALESCE(account.username, to_email) AS whom
        FROM message LEFT JOIN account ON account.id = to_account_id ORDER BY message.id
    """)
    return [(row["purpose"], row["whom"]) for row in rows]


async def test_the_care_provider_is_told_and_the_notice_is_open_until_the_item_is_scanned_back(
    as_ot: AsyncClient, given: Given, query: Query
) -> None:
    lent = await cared_for(given)
    notice = await stop(as_ot, lent)
    assert (notice["barcode"], notice["told"], notice["to_phone"]) == (lent.barcode, "Harbour Care", False)
    assert (notice["is_open"], notice["given_by"], notice["order_number"]) == (True, "ot", None)
    assert await sent(query) == [("stop_use", "duty@harbour.example")]
    [message] = await query("SELECT subject, body, about FROM message")
    assert lent.client_ref not in message["subject"]
    assert "The sling is too large." in message["body"]
    assert message["about"] == f"stop_use_notice:{notice['id']}"
    said = {"by": "Jo Marsh, manager", "how": "By phone"}
    acknowledged = (await as_ot.post(f"{NOTICES}/{notice['id']}/acknowledge", json=said)).json()
    assert (acknowledged["is_open"], acknowledged["acknowledged_by"]) == (True, "Jo Marsh, manager")
    again = await as_ot.post(f"{NOTICES}/{notice['id']}/acknowledge", json=said)
    check_problem(again, 409, "acknowledged-already")
    await given.scan(lent.barcode)
    closed = (await as_ot.get(f"{NOTICES}/{notice['id']}")).json()
    assert (closed["is_open"], closed["closed_at"]) == (False, "2026-03-02T14:05:00Z")


async def test_without_an_address_the_prescriber_is_asked_to_phone(
    as_ot: AsyncClient, given: Given, query: Query
) -> None:
    unreachable = await stop(as_ot, await cared_for(given, email=None))
    unknown = await stop(as_ot, await given.loan())
    assert (unreachable["to_phone"], unreachable["care_provider_phone"], unreachable["told"]) == (
        True,
        "01632 960002",
        None,
    )
    assert (unknown["to_phone"], unknown["care_provider"]) == (True, None)
    assert await sent(query) == [("stop_use_phone", "ot"), ("stop_use_phone", "ot")]
    check_problem(await as_ot.post(f"{NOTICES}/{unknown['id']}/chase"), 409, "no-address-to-chase")


async def test_it_may_be_fetched_at_once(as_safety: AsyncClient, as_ot: AsyncClient, given: Given) -> None:
    lent, fetched = await given.loan(), await given.collection()
    notice = await stop(as_safety, lent, collect=True)
    collection = (await as_ot.get(f"/api/v1/collections/{notice['collection_number']}")).json()
    assert (collection["speed"], [line["barcode"] for line in collection["lines"]]) == ("urgent", [lent.barcode])
    [loan] = (await as_ot.get("/api/v1/loans", params={"client_ref": fetched.client_ref})).json()["items"]
    body = REASON | {"collect": True}
    already = (await as_safety.post(f"/api/v1/loans/{loan['id']}/stop-use", json=body)).json()
    assert already["collection_number"] == fetched.number


async def test_a_notice_that_cannot_be_is_refused(as_ot: AsyncClient, given: Given) -> None:
    lent, ended = await given.loan(), await given.loan()
    await given.scan(ended.barcode)
    await stop(as_ot, lent)
    check_problem(await as_ot.post(f"/api/v1/loans/{lent.id}/stop-use", json=REASON), 409, "use-stopped-already")
    check_problem(await as_ot.post(f"/api/v1/loans/{ended.id}/stop-use", json=REASON), 409, "loan-ended")
    check_problem(await as_ot.post("/api/v1/loans/999999/stop-use", json=REASON), 404, "unknown-loan")
    check_problem(await as_ot.post(f"/api/v1/loans/{lent.id}/stop-use", json={"reason": ""}), 422, field="reason")
    for act, body in (("acknowledge", {"by": "Jo", "how": "By phone"}), ("chase", None)):
        check_problem(await as_ot.post(f"{NOTICES}/999999/{act}", json=body), 404, "unknown-notice")
    check_problem(await as_ot.get(f"{NOTICES}/999999"), 404, "unknown-notice")


async def test_no_route_closes_a_notice_by_hand(as_ot: AsyncClient, given: Given) -> None:
    notice = await stop(as_ot, await given.loan())
    check_problem(await as_ot.post(f"{NOTICES}/{notice['id']}/close", json={}), 404, "not-found")
    check_problem(await as_ot.delete(f"{NOTICES}/{notice['id']}"), 405, "method-not-allowed")


async def test_notices_are_listed_open_longest_first(as_ot: AsyncClient, given: Given, query: Query) -> None:
    first, second, third = await given.loan(), await given.loan(), await given.loan()
    ids = [(await stop(as_ot, lent))["id"] for lent in (first, second, third)]
    await as_ot.post(f"{NOTICES}/{ids[1]}/acknowledge", json={"by": "Jo", "how": "By phone"})
    await given.scan(third.barcode)

    async def listed(**params: str) -> list[int]:
        return [row["id"] for row in (await as_ot.get(NOTICES, params=params)).json()["items"]]

    assert await listed() == ids
    assert await listed(open="true") == ids[:2]
    assert await listed(open="true", unacknowledged="true") == ids[:1]
    assert await listed(unacknowledged="false") == [ids[1]]
    assert len(await query("SELECT seq FROM audit_event WHERE action = 'stop_use_listed'")) == 4


async def test_what_nobody_acknowledges_is_chased_daily_from_one_working_day_on(
    as_ot: AsyncClient, session: AsyncSession, given: Given, clock: Clock, query: Query
) -> None:
    clock.move(days=4)
    lent = await cared_for(given)
    notice = await stop(as_ot, lent)
    # It is given on a Friday: its first working day is Monday.
    clock.move(days=2)
    assert await chase(session, clock) == 0
    clock.move(days=1)
    assert [await chase(session, clock), await chase(session, clock)] == [1, 0]
    again = [("stop_use_chased", "duty@harbour.example"), ("stop_use_unacknowledged", "ot")]
    assert (await sent(query))[1:] == again
    clock.move(days=1)
    assert await chase(session, clock) == 1
    assert (await sent(query))[3:] == again
    clock.move(days=1)
    await as_ot.post(f"{NOTICES}/{notice['id']}/acknowledge", json={"by": "Jo", "how": "By phone"})
    assert await chase(session, clock) == 0


async def test_what_came_back_is_not_chased_and_without_an_address_only_the_giver_is(
    as_ot: AsyncClient, session: AsyncSession, given: Given, clock: Clock, query: Query
) -> None:
    back, away = await given.loan(), await given.loan()
    for lent in (back, away):
        await stop(as_ot, lent)
    await given.scan(back.barcode)
    clock.move(days=1)
    assert await chase(session, clock) == 1
    assert (await sent(query))[2:] == [("stop_use_unacknowledged", "ot")]


async def test_a_new_care_provider_is_the_one_that_is_chased(as_ot: AsyncClient, given: Given, query: Query) -> None:
    lent = await cared_for(given)
    notice = await stop(as_ot, lent)
    new = await given.care_provider("Cliff Care", email="duty@cliff.example")
    here = f"/api/v1/clients/{lent.client_ref}"
    match = {"If-Match": (await as_ot.get(here)).headers["etag"]}
    changed = await as_ot.patch(here, json={"care_provider_id": new}, headers=match)
    assert changed.status_code == 200, changed.text
    chased = (await as_ot.post(f"{NOTICES}/{notice['id']}/chase")).json()
    assert (chased["told"], chased["chased_at"]) == ("Cliff Care", "2026-03-02T14:05:00Z")
    assert (await sent(query))[-1] == ("stop_use_chased", "duty@cliff.example")
    await given.scan(lent.barcode)
    check_problem(await as_ot.post(f"{NOTICES}/{notice['id']}/chase"), 409, "nothing-to-chase")


async def test_a_second_chase_within_the_hour_is_refused_and_sends_nothing(
    as_ot: AsyncClient, ot: Browser, given: Given, query: Query, clock: Clock
) -> None:
    notice = await stop(as_ot, await cared_for(given))
    chase_it = f"{NOTICES}/{notice['id']}/chase"
    page = await ot.get("/stop-use")
    assert (await as_ot.post(chase_it)).status_code == 200
    clock.move(minutes=59)
    assert "Harbour Care" in check_problem(await as_ot.post(chase_it), 409, "chased-just-now")["detail"]
    shown = await ot.send(page, f"/stop-use/{notice['id']}/chase")
    assert (shown.status, "less than an hour ago" in shown.text) == (409, True)
    assert [purpose for purpose, _ in await sent(query)] == ["stop_use", "stop_use_chased"]
    clock.move(minutes=1)
    assert (await as_ot.post(chase_it)).status_code == 200
