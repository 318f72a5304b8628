"""Messages as the API and the pages show them."""

from datetime import datetime

from app.domain.messages import MessageState
from app.web.shapes import Shape


class MessageLine(Shape):
    """One message in a list. `to` is the username of somebody with an account; `about` is written as in the audit."""

    id: int
    purpose: str
    about: str
    to: str | None
    to_name: str
    to_email: str | None
    subject: str
    state: MessageState
    made_at: datetime
    tries: int
    next_try_at: datetime | None
    sent_at: datetime | None
    sent_as: str | None
    last_error: str | None
    seen_at: datetime | None


class MessageBody(MessageLine):
    """A message with its text."""

    body: str
