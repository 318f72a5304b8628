"""The ways of sending e-mail, each against a server on this machine: a real SMTP server (aiosmtpd), and a small HTTP
server that answers as GOV.UK Notify documents it. Notify itself is simulated: nobody has an account of it here."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pydantic import SecretStr

from app.cli.mailing import NoMailSet, mailer_of
from app.cli.worker import Tools, send_messages
from app.integrations.mail import Letter, MailError, NullMailer
from app.integrations.mail_notify import NotifyMailer
from app.integrations.mail_smtp import SmtpMailer
from app.settings import Settings
from tests.conftest import Clock, Query, Sessions
from tests.features.messages.outbox import post

LETTER = Letter(
    17, "care@example.org", "Häll, Care", "Stop using the sling\r\nBcc: x@example.org", "Dear Ada,\n.\nyes, at ½ past"
)
SERVICE, SECRET = "26785a09-ab16-4eb0-8407-a37497a57506", "3d844edf-8d35-48ac-975b-e847b4f122b0"
KEY = SecretStr(f"stores-{SERVICE}-{SECRET}")


@dataclass
class Mailbox:
    """What an SMTP server answers, and the letters it took."""

    port: int = 0
    to_recipient: str = "250 OK"
    to_letter: str = "250 OK"
    taken: list[EmailMessage] = field(default_factory=list)

    async def recipient(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]) -> str:
        """RCPT TO."""
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def letter(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        """DATA."""
        assert isinstance(envelope.content, bytes)
        if self.to_letter.startswith("250"):
            self.taken.append(BytesParser(EmailMessage, policy=default).parsebytes(envelope.content))
        return self.to_letter


@contextmanager
def serving(handler: object, **options: Any) -> Iterator[int]:
    """An SMTP server on a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    server = Controller(handler, hostname="127.0.0.1", port=port, **options)
    server.start()
    try:
        yield port
    finally:
        server.stop()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mailbox behind a real SMTP server."""
    box = Mailbox()
    with serving(SimpleNamespace(handle_RCPT=box.recipient, handle_DATA=box.letter)) as port:
        box.port = port
        yield box


def by_smtp(mailbox: Mailbox, **options: Any) -> SmtpMailer:
    """A mailer to that mailbox, in the clear unless it is said otherwise."""
    facts: dict[str, Any] = {"host": "127.0.0.1", "port": mailbox.port, "sender": "stores@example.org", "tls": "none"}
    return SmtpMailer(**(facts | options))


async def test_a_letter_arrives_with_its_words_and_with_no_headers_of_its_own(mailbox: Mailbox) -> None:
    how = await by_smtp(mailbox).send(LETTER)
    assert how == "smtp:<message-17@example.org>"
    [message] = mailbox.taken
    headers = {name: str(message[name]) for name in ("From", "To", "Subject", "Message-ID", "Bcc", "Auto-Submitted")}
    assert headers == {
        "From": "stores@example.org",
        "To": '"Häll, Care" <care@example.org>',
        "Subject": "Stop using the sling Bcc: x@example.org",
        "Message-ID": "<message-17@example.org>",
        "Bcc": "None",
        "Auto-Submitted": "auto-generated",
    }
    assert message.get_content().splitlines() == LETTER.body.splitlines()


@pytest.mark.parametrize(
    ("answers", "for_good"),
    [
        ({"to_recipient": "550 No such user"}, True),
        ({"to_recipient": "450 Greylisted, come back"}, False),
        ({"to_letter": "554 Not wanted"}, True),
        ({"to_letter": "451 Disk full"}, False),
    ],
)
async def test_what_the_server_will_never_take_is_told_from_what_it_may_take_later(
    mailbox: Mailbox, answers: dict[str, str], for_good: bool
) -> None:
    for name, answer in answers.items():
        setattr(mailbox, name, answer)
    with pytest.raises(MailError) as refused:
        await by_smtp(mailbox).send(LETTER)
    assert refused.value.for_good is for_good
    assert refused.value.detail.startswith("The mail server did not take it: ")
    assert mailbox.taken == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a b@example.org",
        "a@example.org\r\nRCPT TO:<x@example.org>",
        # What the library's own parser fails on, each in a way of its own.
        "duty@care..uk",
        "[duty@care.uk",
        "a@[1.2",
        "\\@[11",
        "=@[ ",
    ],
)
async def test_what_is_no_address_is_refused_for_good_before_it_is_sent(mailbox: Mailbox, address: str) -> None:
    with pytest.raises(MailError, match="not an e-mail address") as refused:
        await by_smtp(mailbox).send(replace(LETTER, to=address))
    assert refused.value.for_good
    assert mailbox.taken == []


async def test_a_server_that_is_away_or_cannot_encrypt_is_tried_again_and_sent_nothing_in_the_clear(
    mailbox: Mailbox,
) -> None:
    for options in ({"port": 1}, {"tls": "starttls"}, {"tls": "tls"}):
        with pytest.raises(MailError) as refused:
            await by_smtp(mailbox, **options).send(LETTER)
        assert not refused.value.for_good
    assert mailbox.taken == []


async def test_a_wrong_sender_is_not_blamed_on_the_receiver(mailbox: Mailbox) -> None:
    with pytest.raises(MailError, match=r"STORES_MAIL_FROM is not an e-mail address: stores@\[1\.2") as refused:
        await by_smtp(mailbox, sender="stores@[1.2").send(LETTER)
    assert not refused.value.for_good
    assert mailbox.taken == []


async def test_a_server_that_stalls_is_left_when_time_is_up() -> None:
    stalled, released = asyncio.Event(), threading.Event()

    async def stall(_: SMTP, __: Session, ___: Envelope) -> str:
        here.call_soon_threadsafe(stalled.set)
        await asyncio.get_running_loop().run_in_executor(None, released.wait)
        return "250 OK"

    here, box = asyncio.get_running_loop(), Mailbox()
    with serving(SimpleNamespace(handle_RCPT=box.recipient, handle_DATA=stall)) as box.port:
        sending = asyncio.create_task(by_smtp(box).send(LETTER))
        await stalled.wait()
        begun = here.time()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        released.set()
    assert here.time() - begun < 5, "it waited to say goodbye to a server that does not answer"


async def test_who_sends_signs_in_when_the_server_wants_it() -> None:
    def known(_: SMTP, __: Session, ___: Envelope, ____: str, said: LoginPassword) -> AuthResult:
        # Not handled: the server itself says no.
        return AuthResult(success=said == LoginPassword(b"stores", b"right"), handled=False)

    box = Mailbox()
    handler = SimpleNamespace(handle_RCPT=box.recipient, handle_DATA=box.letter)
    with serving(handler, authenticator=known, auth_require_tls=False) as box.port:
        with pytest.raises(MailError) as refused:
            await by_smtp(box, user="stores", password=SecretStr("wrong")).send(LETTER)
        assert not refused.value.for_good
        await by_smtp(box, user="stores", password=SecretStr("right")).send(LETTER)
    assert len(box.taken) == 1


async def test_a_broken_address_among_others_keeps_no_letter_from_leaving_once(
    mailbox: Mailbox, sessions: Sessions, clock: Clock, query: Query
) -> None:
    before, after = ["a@example.org", "b@example.org"], ["c@example.org", "d@example.org"]
    broken = ["duty@care..uk", "[duty@care.uk", "a@[1.2"]
    for address in (*before, *broken, *after):
        await post(sessions, clock, to_email=address)
    tools = Tools(sessions, by_smtp(mailbox), mail_leaves=True, now=lambda: clock.now)
    assert await send_messages(tools) == 7
    clock.move(days=1)
    assert await send_messages(tools) == 0
    assert [message["To"].addresses[0].addr_spec for message in mailbox.taken] == before + after
    given_up = "SELECT to_email, tries, last_error FROM message WHERE given_up_at IS NOT NULL ORDER BY id"
    assert await query(given_up) == [
        {"to_email": address, "tries": 1, "last_error": f"This is not an e-mail address: {address}"}
        for address in broken
    ]


@dataclass
class Notify:
    """What the simulated GOV.UK Notify answers, and what it was asked."""

    status: int = 201
    says: dict[str, Any] = field(default_factory=lambda: {"id": "740e5834-3a29-46b4-9a6f-16142fde533a"})
    url: str = ""
    asked: list[tuple[str, dict[str, Any], dict[str, Any]]] = field(default_factory=list)

    def refuse(self, status: int, error: str, message: str) -> None:
        """Answer with an error, as Notify shapes them."""
        self.status, self.says = status, {"status_code": status, "errors": [{"error": error, "message": message}]}


@pytest.fixture
def notify() -> Iterator[Notify]:
    """An HTTP server of this machine in Notify's place: it checks the token as Notify says that it does."""
    simulated = Notify()

    def post(handler: BaseHTTPRequestHandler) -> None:
        token = handler.headers["Authorization"].removeprefix("Bearer ")
        claims = jwt.decode(token, SECRET, algorithms=["HS256"], issuer=SERVICE, options={"require": ["iat"]})
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        simulated.asked.append((handler.path, claims, body))
        answer = json.dumps(simulated.says).encode()
        handler.send_response(simulated.status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(answer)))
        handler.end_headers()
        handler.wfile.write(answer)

    silent = {"do_POST": post, "log_message": lambda *_: None}
    with HTTPServer(("127.0.0.1", 0), type("Handler", (BaseHTTPRequestHandler,), silent)) as server:
        simulated.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield simulated
        server.shutdown()
        thread.join()


async def test_notify_is_handed_the_letter_by_template_with_our_number_as_its_reference(notify: Notify) -> None:
    assert await NotifyMailer(KEY, "a-template", notify.url).send(LETTER) == f"notify:{notify.says['id']}"
    [(path, claims, body)] = notify.asked
    assert (path, set(claims)) == ("/v2/notifications/email", {"iss", "iat"})
    assert body == {
        "email_address": "care@example.org",
        "template_id": "a-template",
        "personalisation": {"subject": LETTER.subject, "body": LETTER.body},
        "reference": "message-17",
    }


@pytest.mark.parametrize(
    ("status", "error", "message", "for_good"),
    [
        (400, "ValidationError", "email_address Not a valid email address", True),
        (400, "BadRequestError", "Template not found", False),
        (403, "AuthError", "Invalid token: API key not found", False),
        (429, "RateLimitError", "Exceeded rate limit for key type live", False),
        (500, "Exception", "Internal server error", False),
    ],
)
async def test_notifys_refusals_are_kept_in_its_words(
    notify: Notify, status: int, error: str, message: str, for_good: bool
) -> None:
    notify.refuse(status, error, message)
    with pytest.raises(MailError) as refused:
        await NotifyMailer(KEY, "a-template", notify.url).send(LETTER)
    assert refused.value.detail == f"GOV.UK Notify answered {status}. {error}: {message}"
    assert refused.value.for_good is for_good


async def test_a_refusal_in_characters_that_no_database_takes_can_be_kept(notify: Notify) -> None:
    notify.refuse(500, "Exception", "zero \0, half \ud800")
    with pytest.raises(MailError) as refused:
        await NotifyMailer(KEY, "a-template", notify.url).send(LETTER)
    assert refused.value.detail == r"GOV.UK Notify answered 500. Exception: zero \x00, half \ud800"


async def test_notify_that_is_away_is_tried_again() -> None:
    with pytest.raises(MailError, match="cannot be reached") as refused:
        await NotifyMailer(KEY, "a-template", "http://127.0.0.1:1").send(LETTER)
    assert not refused.value.for_good


def test_the_settings_choose_the_way_and_say_what_is_missing() -> None:
    assert isinstance(mailer_of(Settings()), NullMailer)
    assert isinstance(mailer_of(Settings(mail="smtp", mail_from="a@example.org")), SmtpMailer)
    assert isinstance(mailer_of(Settings(mail="notify", notify_api_key=KEY, notify_template_id="t")), NotifyMailer)
    assert isinstance(mailer_of(Settings(mail="smtp", mail_from="a@example.org", demonstration=True)), NullMailer)
    for incomplete, missing in (
        (Settings(mail="smtp"), "STORES_MAIL_FROM"),
        (Settings(mail="smtp", mail_from="stores@care..uk"), "STORES_MAIL_FROM"),
        (Settings(mail="notify", notify_api_key=KEY), "STORES_NOTIFY_TEMPLATE_ID"),
        (Settings(mail="notify", notify_api_key=SecretStr("x"), notify_template_id="t"), "STORES_NOTIFY_API_KEY"),
    ):
        with pytest.raises(NoMailSet, match=missing):
            mailer_of(incomplete)
