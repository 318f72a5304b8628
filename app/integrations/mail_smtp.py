"""Sending e-mail by SMTP."""

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Literal

import aiosmtplib
from pydantic import SecretStr

from app.integrations.mail import Letter, MailError

TIMEOUT_SECONDS = 20
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
            await aiosmtplib.send(
                message,
                hostname=self.host,
                port=self.port,
                username=self.user,
                password=self.password.get_secret_value() if self.password else None,
                use_tls=self.tls == "tls",
                start_tls=self.tls == "starttls",
                timeout=TIMEOUT_SECONDS,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailError(f"The mail server did not take it: {error}", for_good=_is_for_good(error)) from error
        return f"smtp:{message['Message-ID']}"

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        try:
            message["From"] = Address(addr_spec=self.sender)
            message["To"] = Address(" ".join(letter.to_name.split()), addr_spec=letter.to)
        except (ValueError, IndexError) as error:  # The parser runs off the end of some broken addresses.
            raise MailError(f"This is not an e-mail address: {letter.to}", for_good=True) from error
        message["Subject"] = " ".join(letter.subject.split())
        message["Message-ID"] = f"<message-{letter.number}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.body)
        return message


def _is_for_good(error: Exception) -> bool:
    """Whether it is this address or this letter that the server will never take; the rest may be put right."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(refused.code in REFUSED_FOR_GOOD for refused in error.recipients)
    return isinstance(error, aiosmtplib.SMTPDataError) and error.code in REFUSED_FOR_GOOD
