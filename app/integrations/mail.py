"""Sending e-mail: what every way of doing it has in common, and the way that sends nothing."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail. `number` is the message's own: the same message sent twice carries the same one."""

    number: int
    to: str
    to_name: str
    subject: str
    body: str


class MailError(Exception):
    """It was not sent, in words for people. `for_good`: another try cannot help, because the address is wrong."""

    def __init__(self, detail: str, *, for_good: bool = False) -> None:
        super().__init__(detail)
        self.detail, self.for_good = _printable(detail), for_good


def _printable(detail: str) -> str:
    """The words as a database can keep them: others' answers may carry zeros and halves of characters."""
    return detail.encode(errors="backslashreplace").decode().replace("\0", "\\x00")


class Mailer(Protocol):
    """A way to send letters."""

    async def send(self, letter: Letter, /) -> str:
        """Send it; returns how, and the other side's number of it: `notify:9a…`. Raises MailError."""
        ...


class NullMailer:
    """Sends nothing: what it is given is shown on the pages for messages alone."""

    async def send(self, _: Letter, /) -> str:
        """Nothing leaves this machine."""
        return "shown"
