"""The e-mail addresses of people: which are taken, and telling somebody that theirs is another one now."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app import outbox
from app.domain.email_addresses import check_email
from app.domain.errors import BadValue


def checked_email(address: str | None) -> str | None:
    """The address, if letters can be sent to it; None is none. Raises BadValue `bad-email`."""
    if address is None:
        return None
    try:
        return check_email(address)
    except ValueError as error:
        raise BadValue("bad-email", str(error), field="email") from error


async def tell_old_address(
    session: AsyncSession, username: str, *, old: str | None, new: str | None, actor: str, at: datetime
) -> None:
    """Write to the address that somebody's messages went to, so that nobody turns them aside unnoticed."""
    if old is None:
        return
    whoever = "Somebody who knows your password" if actor == username else "An administrator"
    where = f"They now go to {new}." if new else "They are now only shown on your page of messages."
    await outbox.post(
        session,
        purpose="email_changed",
        subject="Your messages no longer go to this e-mail address",
        body=f"{whoever} changed where the messages to {username} go. {where}\n\n"
        "If you do not know of this, tell your administrator at once.",
        to=username,
        to_email=old,
        about=f"account:{username}",
        actor=actor,
        at=at,
    )
