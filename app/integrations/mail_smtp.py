"""Sending e-mail by SMTP."""

from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Literal

import aiosmtplib
from pydantic import SecretStr

from app.integrations.mail import Letter, MailError

TIMEOUT_SECONDS = 20
"""For each command; whoever sends says how long all of a letter may take."""

GOODBYE_SECONDS = 2
REFUSED_FOR_GOOD = range(500, 600)


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """A server that takes our mail; `tls` from the first byte, `starttls` after the greeting."""

    host: str
    port: int
    sender: str
    user: str | None = None
    password: SecretStr | None = None
    tls: Literal["starttls", "tls", "none"] = "starttls"

    async def send(self, letter: Letter) -> str:
        """Send it in a connection of its own. Sent twice it has the same Message-ID, by which mailboxes fold it."""
        message = self._message(letter)
        try:
            await self._hand_over(message)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailError(f"The mail server did not take it: {error}", for_good=_is_for_good(error)) from error
        return f"smtp:{message['Message-ID']}"

    async def _hand_over(self, message: EmailMessage) -> None:
        """Not by `aiosmtplib.send`, which says goodbye after a failure too, and waits for an answer to that."""
        server = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user,
            password=self.password.get_secret_value() if self.password else None,
            use_tls=self.tls == "tls",
            start_tls=self.tls == "starttls",
            timeout=TIMEOUT_SECONDS,
        )
        try:
            await server.connect()
            await server.send_message(message)
            with suppress(aiosmtplib.SMTPException):  # It has the letter; how it says goodbye changes nothing.
                await server.quit(timeout=GOODBYE_SECONDS)
        finally:
            server.close()

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["From"] = _address(
            "", self.sender, MailError(f"STORES_MAIL_FROM is not an e-mail address: {self.sender}")
        )
        message["To"] = _address(
            letter.to_name, letter.to, MailError(f"This is not an e-mail address: {letter.to}", for_good=True)
        )
        message["Subject"] = " ".join(letter.subject.split())
        message["Message-ID"] = f"<message-{letter.number}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.body)
        return message


def _address(name: str, address: str, otherwise: MailError) -> Address:
    """The address as the library writes it; raises `otherwise`.

    Broken ones make its parser raise what it happens to run into: HeaderParseError, ValueError, IndexError,
    AttributeError, UnboundLocalError. It reads a text and does nothing else, so whatever it raises is about the text.
    """
    try:
        return Address(" ".join(name.split()), addr_spec=address)
    except Exception as error:
        raise otherwise from error


def _is_for_good(error: Exception) -> bool:
    """Whether it is this address or this letter that the server will never take; the rest may be put right."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(refused.code in REFUSED_FOR_GOOD for refused in error.recipients)
    return isinstance(error, aiosmtplib.SMTPDataError) and error.code in REFUSED_FOR_GOOD
