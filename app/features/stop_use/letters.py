"""What is written to whom about a stop-use notice."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app import outbox
from app.domain.dates import in_words
from app.domain.labels import display


@dataclass(frozen=True, slots=True)
class Subject:
    """What a letter needs: the item, whose it is, and who cares for them. `email` None: they must be phoned."""

    notice_id: int
    barcode: str
    product_name: str
    client_ref: str
    client_name: str
    provider: str
    email: str | None
    phone: str
    reason: str
    given_by: str
    given_on: date

    @property
    def about(self) -> str:
        """What the message is about, as in the audit trail."""
        return f"stop_use_notice:{self.notice_id}"

    @property
    def thing(self) -> str:
        """The item in words."""
        return f"{self.product_name} ({display(self.barcode)})"

    @property
    def whom_to_phone(self) -> str:
        """The care provider, or what to do without one."""
        if not self.provider:
            return "No care provider is recorded for this client. Phone whoever cares for them."
        return f"Phone {self.provider}{f' on {self.phone}' if self.phone else ''}."


async def tell_provider(session: AsyncSession, subject: Subject, *, again: bool, actor: str, at: datetime) -> None:
    """Tell the care provider by e-mail; `again`: they have not answered yet."""
    first = "We have not heard from you about this yet.\n\n" if again else ""
    await outbox.post(
        session,
        purpose="stop_use_chased" if again else "stop_use",
        subject=f"{'Reminder: s' if again else 'S'}top using {display(subject.barcode)}",
        body=f"{first}Stop using this equipment now, and keep it apart so that nobody uses it by mistake:\n\n"
        f"{subject.thing}\nIt is with {subject.client_name} (our reference {subject.client_ref}).\n"
        f"Stopped on {in_words(subject.given_on)}, because: {subject.reason}\n\n"
        "Tell every carer who may use it. Then answer, with your name, that it is not used any more.",
        to_email=subject.email,
        to_name=subject.provider,
        about=subject.about,
        actor=actor,
        at=at,
    )


async def ask_to_phone(session: AsyncSession, subject: Subject, *, actor: str, at: datetime) -> None:
    """Ask who gave the notice to phone the care provider, which has no e-mail address here."""
    await outbox.post(
        session,
        purpose="stop_use_phone",
        subject=f"Phone about {display(subject.barcode)}: its use is stopped",
        body=f"{subject.whom_to_phone} {subject.thing} at client {subject.client_ref} must not be used any more, and "
        "nobody could be told by e-mail.\n\nWhen they have acknowledged it, record who did and how. You find it under "
        "Stop use.",
        to=subject.given_by,
        about=subject.about,
        actor=actor,
        at=at,
    )


async def tell_giver(session: AsyncSession, subject: Subject, *, actor: str, at: datetime) -> None:
    """Tell who gave the notice that nobody has acknowledged it."""
    written = "They were written to again today." if subject.email else subject.whom_to_phone
    await outbox.post(
        session,
        purpose="stop_use_unacknowledged",
        subject=f"Nobody has acknowledged: stop using {display(subject.barcode)}",
        body=f"{subject.thing} at client {subject.client_ref} must not be used since {in_words(subject.given_on)}, and "
        f"{subject.provider or 'whoever cares for them'} has not acknowledged it. {written}\n\n"
        "Make sure that it is not used. You find it under Stop use.",
        to=subject.given_by,
        about=subject.about,
        actor=actor,
        at=at,
    )
