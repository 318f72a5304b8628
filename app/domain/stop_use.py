"""Stopping the use of an item at a client's: what is written to whom, in one place, so that all say the same.

Coroner's report 2023-0336 (Friend): a sling judged unsuitable was neither removed nor was its use stopped.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.clearance import HoldKind
from app.domain.dates import in_words
from app.domain.errors import Conflict, NotAllowed
from app.domain.labels import display


class ItemFault(StrEnum):
    """Whether something is wrong with the item itself, and not only with how it suits this person."""

    YES = "yes"
    NO = "no"
    NOT_KNOWN = "not_known"

    @property
    def text(self) -> str:
        """What is wrong, as people read it."""
        return FAULT_TEXT[self]

    @property
    def hold_kind(self) -> HoldKind | None:
        """The hold that it asks for until somebody has looked at it. What is not known is not taken for safe."""
        return HOLD_KINDS[self]


FAULT_TEXT = {
    ItemFault.YES: "Something is wrong with it",
    ItemFault.NO: "It did not suit the person",
    ItemFault.NOT_KNOWN: "Not known what is wrong",
}
HOLD_KINDS = {
    ItemFault.YES: HoldKind.FAULT,
    ItemFault.NO: None,
    ItemFault.NOT_KNOWN: HoldKind.INVESTIGATION,
}


NO_DANGER = frozenset({HoldKind.IN_TRANSIT, HoldKind.SCRAP_REQUEST})
"""Holds that say nothing about whether an item is safe. What is not known to be so is not used."""


def stops_use(kind: HoldKind) -> bool:
    """Whether what is held so must not be used where a client has it."""
    return kind not in NO_DANGER


def fault_of(kind: HoldKind) -> ItemFault:
    """Whether something is wrong with an item, by the hold that is on it."""
    return ItemFault.YES if kind is HoldKind.FAULT else ItemFault.NOT_KNOWN


STOPPED_THERE: Final = (
    "Its use there is stopped until it is scanned back. Make sure that it is not used, order another, and have this "
    "one collected. You find it under Stop use."
)
"""What whose loan it is reads."""

CHASE_AGAIN_AFTER = timedelta(hours=1)


def check_chase(told: str | None, chased_at: datetime | None, provider: str, *, at: datetime) -> None:
    """Raises Conflict `chased-just-now` when the same care provider, `told` of it last, was chased within the hour."""
    if chased_at and told == provider and at < chased_at + CHASE_AGAIN_AFTER:
        detail = f"{provider} was written to again less than an hour ago. Phone them, or wait until an hour has passed."
        raise Conflict("chased-just-now", detail)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What asks for its use to stay stopped: a hold, an inspection that did not pass, the client's weight."""

    is_held: bool = False
    has_failed: bool = False
    is_too_weak: bool = False

    @property
    def text(self) -> str:
        """In sentences; empty where nothing does."""
        said = (
            (self.is_held, "It is on hold: have that lifted first, by who has looked at it."),
            (self.has_failed, "Its latest inspection did not pass: have it inspected first."),
            (self.is_too_weak, "It carries less than the client weighs, or nobody knows that it carries them."),
        )
        return " ".join(text for is_so, text in said if is_so)


def check_withdrawal(grounds: Grounds, *, given_by: str, by: str) -> None:
    """Whether a notice that was given by mistake may be withdrawn. Raises NotAllowed `same-person`, Conflict
    `still-not-to-be-used`."""
    if given_by == by:
        raise NotAllowed("same-person", "You gave this notice. Somebody else who may lift holds must withdraw it.")
    if grounds.text:
        raise Conflict("still-not-to-be-used", f"This is no mistake as things stand. {grounds.text}")


def hold_reason(reason: str) -> str:
    """What whoever has the item in their hands reads first."""
    return f"Its use at a client's was stopped: {reason}"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in words. No health data stands in a subject line."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class StopUse:
    """What a letter needs: the item, whose it is, and who cares for them. `email` None: they must be phoned."""

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
    def thing(self) -> str:
        """The item in words."""
        return f"{self.product_name} ({display(self.barcode)})"

    @property
    def whom_to_phone(self) -> str:
        """The care provider, or what to do without one."""
        if not self.provider:
            return "No care provider is recorded for this client. Phone whoever cares for them."
        return f"Phone {self.provider}{f' on {self.phone}' if self.phone else ''}."

    def to_provider(self, *, again: bool) -> Letter:
        """To the care provider; `again`: they have not answered yet. Carers know the client by name."""
        first = "We have not heard from you about this yet.\n\n" if again else ""
        return Letter(
            f"{'Reminder: s' if again else 'S'}top using {display(self.barcode)}",
            f"{first}Stop using this equipment now, and keep it apart so that nobody uses it by mistake:\n\n"
            f"{self.thing}\nIt is with {self.client_name} (our reference {self.client_ref}).\n"
            f"Stopped on {in_words(self.given_on)}, because: {self.reason}\n\n"
            "Tell every carer who may use it. Then answer, with your name, that it is not used any more. "
            "It stays forbidden until we have fetched it.",
        )

    def withdrawn(self) -> Letter:
        """To the care provider, or to who has to phone them: it was a mistake, and it may be used again."""
        return Letter(
            f"{display(self.barcode)} may be used again",
            ("" if self.email else f"{self.whom_to_phone} They could not be told this by e-mail:\n\n")
            + f"On {in_words(self.given_on)} we asked to stop using {self.thing}, which is with {self.client_name} "
            f"(our reference {self.client_ref}). That was a mistake, and it is withdrawn: it may be used again.\n\n"
            "Tell every carer whom you had told to stop.",
        )

    def mistaken(self, *, by: str, why: str) -> Letter:
        """To who gave the notice, and to whose loan it is."""
        return Letter(
            f"Stop-use notice withdrawn: {display(self.barcode)}",
            f"The use of {self.thing} at client {self.client_ref} was stopped on {in_words(self.given_on)}. {by} has "
            f"withdrawn that as a mistake: {why}\n\nIf it must not be used all the same, stop its use again.",
        )

    def to_phone(self) -> Letter:
        """To who gave the notice: the care provider has no e-mail address here."""
        return Letter(
            f"Phone about {display(self.barcode)}: its use is stopped",
            f"{self.whom_to_phone} {self.thing} at client {self.client_ref} must not be used any more, and nobody "
            "could be told by e-mail.\n\n"
            "When they have acknowledged it, record who did and how. You find it under Stop use.",
        )

    def unacknowledged(self) -> Letter:
        """To who gave the notice: nobody has acknowledged it."""
        written = "They were written to again today." if self.email else self.whom_to_phone
        return Letter(
            f"Nobody has acknowledged: stop using {display(self.barcode)}",
            f"{self.thing} at client {self.client_ref} must not be used since {in_words(self.given_on)}, and "
            f"{self.provider or 'whoever cares for them'} has not acknowledged it. {written}\n\n"
            "Make sure that it is not used. You find it under Stop use.",
        )
