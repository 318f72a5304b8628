"""Messages by the API: one's own, everybody's for those who may, and one that is sent again."""

from typing import Any

from httpx import AsyncClient

from app.integrations.mail import MailError
from tests.conftest import Clock, Query, Sessions
from tests.features.messages.outbox import FACTS, Postbox, post, send_due
from tests.problems import check_problem

MESSAGES = "/api/v1/messages"
NOBODY: dict[str, Any] = {"items": [], "next": None}


async def test_a_person_reads_their_own_messages_and_nobody_elses(
    as_ot: AsyncClient, as_technician: AsyncClient, sessions: Sessions, clock: Clock
) -> None:
    number = await post(sessions, clock, about="client:C-7")
    assert (await as_technician.get(MESSAGES)).json() == NOBODY
    [line] = (await as_ot.get(MESSAGES)).json()["items"]
    assert (line["id"], line["to"], line["state"], line["seen_at"]) == (number, "ot", "waiting", None)
    assert "body" not in line
    read = (await as_ot.get(f"{MESSAGES}/{number}")).json()
    assert (read["subject"], read["body"]) == (FACTS["subject"], FACTS["body"])
    [line] = (await as_ot.get(MESSAGES)).json()["items"]
    assert line["seen_at"] == "2026-03-02T14:05:00Z"
    check_problem(await as_technician.get(f"{MESSAGES}/{number}"), 404, "unknown-message")
    check_problem(await as_technician.get(MESSAGES, params={"mine": "false"}), 403, "not-your-messages")


async def test_reading_others_messages_is_logged_and_does_not_count_as_read(
    as_manager: AsyncClient, as_ot: AsyncClient, sessions: Sessions, clock: Clock, query: Query
) -> None:
    number = await post(sessions, clock, about="client:C-7")
    assert (await as_manager.get(MESSAGES)).json() == NOBODY
    [line] = (await as_manager.get(MESSAGES, params={"mine": "false"})).json()["items"]
    assert (line["id"], line["about"]) == (number, "client:C-7")
    assert (await as_manager.get(f"{MESSAGES}/{number}")).json()["seen_at"] is None
    await as_ot.get(f"{MESSAGES}/{number}")
    assert await query("SELECT chain, action, subject, detail FROM audit_event ORDER BY id") == [
        {"chain": "manager", "action": "messages_listed", "subject": "messages", "detail": {"found": 1}},
        {"chain": "manager", "action": "message_read", "subject": "client:C-7", "detail": {"message": number}},
    ]


async def test_lists_are_by_state_and_page_by_page(as_manager: AsyncClient, sessions: Sessions, clock: Clock) -> None:
    sent = [await post(sessions, clock) for _ in range(3)]
    await send_due(sessions, clock, Postbox())
    waiting = await post(sessions, clock)
    everybodys = {"mine": "false", "state": "sent", "limit": "2"}
    first = (await as_manager.get(MESSAGES, params=everybodys)).json()
    second = (await as_manager.get(MESSAGES, params={**everybodys, "after": first["next"]})).json()
    assert [line["id"] for line in first["items"] + second["items"]] == sent[::-1]
    assert second["next"] is None
    [line] = (await as_manager.get(MESSAGES, params={"mine": "false", "state": "waiting"})).json()["items"]
    assert line["id"] == waiting
    check_problem(await as_manager.get(MESSAGES, params={"state": "lost"}), 422, field="state")


async def test_a_message_that_was_given_up_is_sent_again_from_the_beginning(
    as_manager: AsyncClient, as_ot: AsyncClient, sessions: Sessions, clock: Clock
) -> None:
    number = await post(sessions, clock, to_email="care@example.org")
    again = f"{MESSAGES}/{number}/resend"
    check_problem(await as_manager.post(again), 409, "not-given-up")
    await send_due(sessions, clock, Postbox(fails_with=MailError("Nobody is there.", for_good=True)))
    check_problem(await as_ot.post(again), 403, "not-allowed")
    told = (await as_manager.post(again)).json()
    assert (told["state"], told["tries"], told["last_error"]) == ("waiting", 0, "Nobody is there.")
    postbox = Postbox()
    await send_due(sessions, clock, postbox)
    assert [letter.number for letter in postbox.taken] == [number]
    told = (await as_manager.get(f"{MESSAGES}/{number}")).json()
    assert (told["state"], told["last_error"]) == ("sent", None)
    check_problem(await as_manager.post(f"{MESSAGES}/999999/resend"), 404, "unknown-message")
