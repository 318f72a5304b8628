"""Sending what waits: once, again after a failure, and never by two workers at the same time."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from app.cli.worker import Tools, send_messages
from app.domain.messages import PAUSES
from app.features.messages import service
from app.features.messages.service import CLAIM_LASTS, NEVER_SETTLED, claim_next, settle
from app.integrations.mail import Letter, MailError
from tests.conftest import Clock, Query, Scratch, Sessions
from tests.features.messages.outbox import Postbox, post, send_due

STATE = """
    SELECT tries, sent_at IS NOT NULL AS sent, sent_as, given_up_at IS NOT NULL AS given_up, last_error
    FROM message ORDER BY id
"""


async def test_a_message_with_an_address_is_sent_once_and_one_without_is_only_shown(
    sessions: Sessions, clock: Clock, query: Query
) -> None:
    postbox = Postbox()
    await post(sessions, clock)
    number = await post(sessions, clock, to_email="care@example.org", to_name="Hill Care")
    await send_due(sessions, clock, postbox)
    assert await send_due(sessions, clock, postbox) == []
    assert [(letter.number, letter.to, letter.to_name) for letter in postbox.taken] == [
        (number, "care@example.org", "Hill Care")
    ]
    assert await query(STATE) == [
        {"tries": 1, "sent": True, "sent_as": "shown", "given_up": False, "last_error": None},
        {"tries": 1, "sent": True, "sent_as": f"smtp:<message-{number}@test>", "given_up": False, "last_error": None},
    ]


async def test_a_failed_message_is_tried_again_after_growing_pauses_and_then_given_up(
    sessions: Sessions, clock: Clock, query: Query
) -> None:
    postbox = Postbox(fails_with=MailError("The mail server is asleep."))
    await post(sessions, clock, to_email="care@example.org")
    for tries, pause in enumerate(PAUSES, start=1):
        await send_due(sessions, clock, postbox)
        [state] = await query(STATE)
        assert (state["tries"], state["given_up"], state["last_error"]) == (tries, False, "The mail server is asleep.")
        clock.move(seconds=pause.total_seconds() - 1)
        assert await send_due(sessions, clock, postbox) == []
        clock.move(seconds=1)
    await send_due(sessions, clock, postbox)
    [state] = await query(STATE)
    assert (state["tries"], state["given_up"], state["sent"]) == (6, True, False)
    clock.move(days=30)
    assert await send_due(sessions, clock, postbox) == []


async def test_a_wrong_address_is_given_up_at_once(sessions: Sessions, clock: Clock, query: Query) -> None:
    await post(sessions, clock, to_email="nobody@example.org")
    await send_due(sessions, clock, Postbox(fails_with=MailError("Nobody is called that there.", for_good=True)))
    [state] = await query(STATE)
    assert (state["tries"], state["given_up"], state["last_error"]) == (1, True, "Nobody is called that there.")


async def test_a_worker_that_was_killed_leaves_a_claim_that_runs_out(
    sessions: Sessions, clock: Clock, query: Query
) -> None:
    await post(sessions, clock, to_email="care@example.org")
    async with sessions.begin() as session:
        killed = await claim_next(session, at=clock.now)
    assert killed is not None
    clock.move(minutes=9)
    assert await send_due(sessions, clock, Postbox()) == []
    clock.move(minutes=1)
    [fate] = await send_due(sessions, clock, Postbox())
    assert (fate.message.id, fate.message.tries) == (killed.id, 2)
    async with sessions.begin() as session:  # The killed one was only slow: what it says comes too late.
        await settle(session, type(fate)(killed, None, MailError("Too slow.")), at=clock.now)
    assert [(state["sent"], state["last_error"]) for state in await query(STATE)] == [(True, None)]


async def test_what_one_letter_does_to_the_mailer_is_its_own_affair(
    sessions: Sessions, clock: Clock, query: Query
) -> None:
    class Choking(Postbox):
        """It fails on one letter in a way of its own."""

        async def send(self, letter: Letter, /) -> str:
            """Keep it, or choke on it."""
            if letter.to == "poison@example.org":
                raise LookupError("an end that is not there")
            return await super().send(letter)

    choking = Choking()
    to = ("one@example.org", "poison@example.org", "two@example.org")
    one, _, two = [await post(sessions, clock, to_email=address) for address in to]
    tools = Tools(sessions, choking, mail_leaves=True, now=lambda: clock.now)
    assert await send_messages(tools) == 3
    for pause in PAUSES:
        clock.move(seconds=pause.total_seconds())
        assert await send_messages(tools) == 1
    clock.move(days=30)
    assert await send_messages(tools) == 0
    assert [letter.number for letter in choking.taken] == [one, two]
    assert [(state["tries"], state["sent"], state["given_up"]) for state in await query(STATE)] == [
        (1, True, False),
        (6, False, True),
        (1, True, False),
    ]
    said = "Sending it failed in a way that nobody foresaw: LookupError: an end that is not there"
    assert [state["last_error"] for state in await query(STATE)] == [None, said, None]


async def test_what_is_never_settled_is_given_up_too_and_holds_up_no_other(
    sessions: Sessions, clock: Clock, query: Query
) -> None:
    class Killed(BaseException):
        """The worker's process ends."""

    class Deadly(Postbox):
        """Whoever sends the first letter is killed."""

        async def send(self, letter: Letter, /) -> str:
            """Keep it, or end."""
            if letter.number == deadly:
                raise Killed
            return await super().send(letter)

    postbox = Deadly()
    deadly, other = [await post(sessions, clock, to_email=f"{name}@example.org") for name in ("a", "b")]
    tools = Tools(sessions, postbox, mail_leaves=True, now=lambda: clock.now)
    for _ in range(6):
        with pytest.raises(Killed):
            await send_messages(tools)
        await send_messages(tools)
        assert [letter.number for letter in postbox.taken] == [other]
        clock.move(seconds=CLAIM_LASTS.total_seconds())
    assert await send_messages(tools) == 0
    [state, _] = await query(STATE)
    assert (state["tries"], state["given_up"], state["last_error"]) == (6, True, NEVER_SETTLED)


async def test_a_letter_that_takes_too_long_is_left_long_before_another_worker_claims_it(
    sessions: Sessions, clock: Clock, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Postbox):
        """It never comes to an end, though no step of it is long."""

        async def send(self, _: Letter, /) -> str:
            """Wait for what does not happen."""
            await asyncio.Event().wait()
            return "never"

    assert CLAIM_LASTS >= 10 * service.LONGEST_SENDING
    monkeypatch.setattr(service, "LONGEST_SENDING", timedelta(milliseconds=20))
    await post(sessions, clock, to_email="care@example.org")
    await send_messages(Tools(sessions, Slow(), mail_leaves=True, now=lambda: clock.now))
    [state] = await query(STATE)
    assert (state["tries"], state["given_up"], state["last_error"]) == (
        1,
        False,
        "Sending it took longer than 0 seconds.",
    )


async def test_where_no_mail_leaves_messages_to_strangers_wait(sessions: Sessions, clock: Clock, query: Query) -> None:
    await post(sessions, clock)
    await post(sessions, clock, to_email="care@example.org")
    await send_due(sessions, clock, Postbox(), mail_leaves=False)
    assert [(state["sent"], state["tries"]) for state in await query(STATE)] == [(True, 1), (False, 0)]


async def test_eight_workers_at_once_send_each_message_once(scratch: Scratch) -> None:
    sessions, clock, postbox = scratch.database.sessions, scratch.clock, Postbox()
    wanted = [await post(sessions, clock, to_email=f"care{number}@example.org") for number in range(30)]

    async def drain() -> None:
        while await send_due(sessions, clock, postbox):
            pass

    await asyncio.gather(*(drain() for _ in range(8)))
    assert Counter(letter.number for letter in postbox.taken) == Counter(wanted)
