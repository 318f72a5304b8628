"""How to get into a client's home: who may know it, and when.

Key-safe codes open doors. Who goes there needs them, and only while there is something to go there for: the table says
for each reason what must be open. A manager may look all the same, and writes down why.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain.errors import BadValue, NotAllowed
from app.domain.reasons import check_reason


class AccessReason(StrEnum):
    """Why somebody needs to know how to get in."""

    DELIVERY = "delivery"
    COLLECTION = "collection"
    VISIT = "visit"
    SAFETY = "safety"

    @property
    def text(self) -> str:
        """The reason as people read it."""
        return _TEXT[self]


_TEXT = {
    AccessReason.DELIVERY: "To deliver equipment",
    AccessReason.COLLECTION: "To collect equipment",
    AccessReason.VISIT: "To fit, examine or repair equipment there",
    AccessReason.SAFETY: "An urgent safety visit",
}

OPEN: dict[AccessReason, str] = {
    AccessReason.DELIVERY: "no delivery to this client is picked or with the driver from a store in which you work",
    AccessReason.COLLECTION: "no collection from this client is open",
    AccessReason.VISIT: "no visit to this client is planned for you, and nothing that they have is on hold",
    AccessReason.SAFETY: "nothing that this client has is on hold or must not be used",
}
"""What must be open for each reason, as it is said when it is not."""


@dataclass(frozen=True, slots=True)
class Visits:
    """What is open at a client's: the codes of the stores that deliver, the usernames of those for whom a visit is
    planned, and whether the others are."""

    delivering: Collection[str] = ()
    visitors: Collection[str] = ()
    collection: bool = False
    on_hold: bool = False
    must_not_be_used: bool = False

    def reasons_for(self, username: str, stores: Collection[str]) -> list[AccessReason]:
        """For which reasons somebody of these stores may know how to get in, in the order of `AccessReason`."""
        is_open = {
            AccessReason.DELIVERY: not set(self.delivering).isdisjoint(stores),
            AccessReason.COLLECTION: self.collection,
            AccessReason.VISIT: username in self.visitors or self.on_hold,
            AccessReason.SAFETY: self.on_hold or self.must_not_be_used,
        }
        return [reason for reason in AccessReason if is_open[reason]]


def check_may_see(
    reason: AccessReason,
    visits: Visits,
    *,
    username: str,
    stores: Collection[str],
    may_overrule: bool,
    because: str,
    managers: Sequence[str],
) -> bool:
    """Whether somebody who delivers may know now how to get in; True: only because they wrote down why.

    `username`, `stores`: who they are and where they work; `managers`: who may look all the same. Raises NotAllowed
    `no-open-visit`, BadValue `say-why-all-the-same` and `not-a-reason` (field `because`).
    """
    possible = visits.reasons_for(username, stores)
    if reason in possible:
        return False
    instead = "".join(f" Open now: {_low(one)}." for one in possible)
    if not may_overrule:
        names = f" ({', '.join(managers)})" if managers else ""
        who = f"Whoever has an open visit to them may see it, and a manager{names} with a written reason."
        raise NotAllowed("no-open-visit", f"You cannot see how to get in, because {OPEN[reason]}. {who}{instead}")
    if not because.strip():
        detail = f"At present {OPEN[reason]}. Write down why you need to know all the same; it is logged.{instead}"
        raise BadValue("say-why-all-the-same", detail, field="because")
    check_reason(because, field="because")
    return True


def _low(reason: AccessReason) -> str:
    return reason.text[0].lower() + reason.text[1:]
