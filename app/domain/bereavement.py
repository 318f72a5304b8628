"""What is written when a client has died, and when that was recorded by mistake. What the client has is fetched later,
in one visit that is agreed with one person; this is about what had been arranged and had not come yet."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.stop_use import Letter

REASON = "The client died."
"""Why an order that had not been delivered is cancelled."""

BRING_BACK = (
    "The client has died. Do not hand anything over: bring it back, and scan it in at the returns desk. If it was "
    "handed over already, say so in the record."
)


@dataclass(frozen=True, slots=True)
class Arranged:
    """What one person had arranged for a client who died: orders of which something was cancelled, orders of which
    something is with the driver, both by number, and reserved items, in words."""

    client_ref: str
    orders: Sequence[str] = ()
    with_the_driver: Sequence[str] = ()
    reserved: Sequence[str] = ()

    def called_off(self) -> Letter:
        """To whoever arranged it: what has ended, and that there is nothing to do about it."""
        said = (
            [f"What you had arranged for them and had not come yet is called off: {self._what}."] if self._what else []
        )
        if self.with_the_driver:
            said.append(f"What is with the driver comes back to the store ({_list('order', self.with_the_driver)}).")
        said.append("You need not cancel anything.")
        said.append("What they already have is fetched once that is agreed with the family.")
        return Letter(
            f"Client {self.client_ref}: what was not delivered is called off",
            f"Client {self.client_ref} has died. We are sorry to bring you this news.\n\n{' '.join(said)}",
        )

    def withdrawn(self) -> Letter:
        """To the same: it was recorded by mistake, and what they must do if it is still needed."""
        said = [f"What was called off does not come back by itself: {self._what}."] if self._what else []
        if self.with_the_driver:
            number = _list("order", self.with_the_driver)
            said.append(f"What was with the driver ({number}) is delivered after all, unless it has come back: look.")
        said.append("Order or reserve again what is still needed.")
        return Letter(
            f"Client {self.client_ref}: what was called off must be arranged again",
            f"The death of client {self.client_ref} was recorded by mistake, and that has been put right. We are sorry "
            f"for the distress.\n\n{' '.join(said)}",
        )

    @property
    def _what(self) -> str:
        things = [_list("order", self.orders), *(f"the reservation of {thing}" for thing in self.reserved)]
        return "; ".join(thing for thing in things if thing)


def _list(what: str, numbers: Sequence[str]) -> str:
    return f"{what}{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}" if numbers else ""
