"""When a message is tried again, and how its sending stands."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

PAUSES: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
"""How long to wait after the first failed try, the second, …; after one more the message is given up."""

MOST_TRIES: Final = len(PAUSES) + 1


class MessageState(StrEnum):
    """How the sending of a message stands."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"

    @property
    def text(self) -> str:
        """The state as people read it."""
        return self.value.replace("_", " ").capitalize()


def pause_after(tries: int) -> timedelta | None:
    """How long to wait after so many failed tries; None: it is given up."""
    return PAUSES[tries - 1] if tries < MOST_TRIES else None


def state_of(*, sent_at: datetime | None, given_up_at: datetime | None) -> MessageState:
    """The state that these two instants mean."""
    if sent_at is not None:
        return MessageState.SENT
    return MessageState.WAITING if given_up_at is None else MessageState.GIVEN_UP
