"""What the tests of messages share: messages in the outbox, and a way of sending that says what it was given."""

from dataclasses import dataclass, field
from typing import Any

from app import outbox
from app.features.messages.service import Fate, claim_next, deliver, settle
from app.integrations.mail import Letter, MailError
from tests.conftest import Clock, Sessions

FACTS: dict[str, Any] = {
    "purpose": "reservation_ends_soon",
    "subject": "Your reservation ends tomorrow",
    "body": "It ends tomorrow.\nExtend it if you need it.\n\nNothing else is to be done.",
    "actor": "worker",
}


@dataclass
class Postbox:
    """A way of sending that keeps what it is given, or fails as it was told to."""

    fails_with: MailError | None = None
    taken: list[Letter] = field(default_factory=list)

    async def send(self, letter: Letter, /) -> str:
        """Keep it."""
        if self.fails_with:
            raise self.fails_with
        self.taken.append(letter)
        return f"smtp:<message-{letter.number}@test>"


async def post(sessions: Sessions, clock: Clock, **facts: Any) -> int:
    """A message in the outbox, as a rule to `ot`, who has no address; returns its number."""
    to = {} if "to_email" in facts else {"to": "ot"}
    async with sessions.begin() as session:
        return await outbox.post(session, **(FACTS | to | facts), at=clock.now)


async def send_due(sessions: Sessions, clock: Clock, postbox: Postbox, *, mail_leaves: bool = True) -> list[Fate]:
    """What the worker does, with the fates that it counts."""
    fates: list[Fate] = []
    while True:
        async with sessions.begin() as session:
            claimed = await claim_next(session, mail_leaves=mail_leaves, at=clock.now)
        if claimed is None:
            return fates
        fates.append(await deliver(postbox, claimed))
        async with sessions.begin() as session:
            await settle(session, fates[-1], at=clock.now)
