"""Orders: what people decided, where the pieces stand, and what can be done next.

The human part of an order is stored: its decision. Where its pieces stand is read from reservations, items and loans,
so that an order can never disagree with them. The view `equipment_order_state` says the same in SQL.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from app.domain.errors import WrongState
from app.domain.lifecycle import State


class OrderDecision(StrEnum):
    """What people decided about an order; stored on it."""

    DRAFT = "draft"
    AWAITING_AUTHORISATION = "awaiting_authorisation"
    AWAITING_PANEL = "awaiting_panel"
    APPROVED = "approved"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class OrderState(StrEnum):
    """Where an order stands: its decision, or once approved how far its pieces have come. Never stored."""

    DRAFT = "draft"
    AWAITING_AUTHORISATION = "awaiting_authorisation"
    AWAITING_PANEL = "awaiting_panel"
    APPROVED = "approved"
    ALLOCATED = "allocated"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    DECLINED = "declined"
    CANCELLED = "cancelled"

    @property
    def text(self) -> str:
        """The state as people read it."""
        return self.value.replace("_", " ").capitalize()


class UnitState(StrEnum):
    """Where one wanted piece stands. Never stored."""

    WANTED = "wanted"
    HELD = "held"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"

    @property
    def text(self) -> str:
        """The state as people read it."""
        return self.value.capitalize()


class Speed(StrEnum):
    """How soon an order is wanted. The date that follows from it is in `promises.py`."""

    EMERGENCY = "emergency"
    SAME_DAY = "same_day"
    NEXT_DAY = "next_day"
    THREE_DAY = "three_day"
    FIVE_DAY = "five_day"
    SEVEN_DAY = "seven_day"

    @property
    def text(self) -> str:
        """The speed as people read it."""
        return _SPEED_TEXT[self]


class OrderReason(StrEnum):
    """Why the equipment is needed; reported to the funders."""

    HOSPITAL_DISCHARGE = "hospital_discharge"
    ADMISSION_AVOIDANCE = "admission_avoidance"
    END_OF_LIFE = "end_of_life"
    PREVENTION = "prevention"
    LONG_TERM_NEED = "long_term_need"
    CHANGE_OF_NEED = "change_of_need"
    REPLACEMENT = "replacement"
    CARER_SUPPORT = "carer_support"
    OTHER = "other"

    @property
    def text(self) -> str:
        """The reason as people read it."""
        return _REASON_TEXT.get(self, self.value.replace("_", " ").capitalize())


class SupersedeAction(StrEnum):
    """What becomes of an old item of the same kind at the client's."""

    KEEP = "keep"
    STOP_USE = "stop_use"
    COLLECT = "collect"

    @property
    def text(self) -> str:
        """The action as people read it."""
        return _SUPERSEDE_TEXT[self]


class Act(StrEnum):
    """What can be done with an order."""

    SUBMIT = "submit"
    AUTHORISE = "authorise"
    DECLINE = "decline"
    CANCEL = "cancel"
    ALLOCATE = "allocate"
    DISPATCH = "dispatch"
    DELIVER = "deliver"


_SPEED_TEXT = {
    Speed.EMERGENCY: "Emergency, within hours",
    Speed.SAME_DAY: "Same day",
    Speed.NEXT_DAY: "Next working day",
    Speed.THREE_DAY: "3 working days",
    Speed.FIVE_DAY: "5 working days",
    Speed.SEVEN_DAY: "7 working days",
}
_REASON_TEXT = {
    OrderReason.END_OF_LIFE: "End of life",
    OrderReason.LONG_TERM_NEED: "Long-term need",
    OrderReason.CARER_SUPPORT: "Support for a carer",
}
_SUPERSEDE_TEXT = {
    SupersedeAction.KEEP: "Keep it in use",
    SupersedeAction.STOP_USE: "Stop using it now",
    SupersedeAction.COLLECT: "Collect it",
}


def unit_state(*, is_cancelled: bool, has_loan: bool, is_reserved: bool, item_state: State | None) -> UnitState:
    """Where one wanted piece stands. `is_reserved`: its reservation is live; `item_state`: of the reserved item.

    A piece whose reservation has ended, or whose item was scanned back or lost, is wanted again by itself.
    """
    if is_cancelled:
        return UnitState.CANCELLED
    if has_loan:
        return UnitState.DELIVERED
    if is_reserved and item_state is State.DISPATCHED:
        return UnitState.DISPATCHED
    if is_reserved and item_state is State.RESERVED:
        return UnitState.HELD
    return UnitState.WANTED


_LEAST_ADVANCED_FIRST = {
    UnitState.WANTED: OrderState.APPROVED,
    UnitState.HELD: OrderState.ALLOCATED,
    UnitState.DISPATCHED: OrderState.DISPATCHED,
    UnitState.DELIVERED: OrderState.DELIVERED,
}


def order_state(decision: OrderDecision, units: Collection[UnitState], *, is_allocated: bool) -> OrderState:
    """Where the order stands: its decision, or once approved its least advanced piece that was not cancelled.

    `is_allocated`: the store has committed itself. Pieces are held from submission on, so that nobody else gets them,
    but that alone does not make the order an allocated one. An approved order of which every piece was cancelled is a
    cancelled one.
    """
    if decision is not OrderDecision.APPROVED:
        return OrderState(decision.value)
    found = next((state for unit, state in _LEAST_ADVANCED_FIRST.items() if unit in units), OrderState.CANCELLED)
    return OrderState.APPROVED if found is OrderState.ALLOCATED and not is_allocated else found


@dataclass(frozen=True, slots=True)
class When:
    """When an act is possible: after which decisions, and, of an order that has pieces, with a piece in which state."""

    decisions: frozenset[OrderDecision]
    pieces: frozenset[UnitState] = frozenset(UnitState)


_APPROVED = frozenset({OrderDecision.APPROVED})
_UNDECIDED = frozenset({OrderDecision.DRAFT, OrderDecision.AWAITING_AUTHORISATION, OrderDecision.AWAITING_PANEL})
STILL_HERE = frozenset({UnitState.WANTED, UnitState.HELD})
"""Pieces that have not left the store, which cancelling gives up."""

ACTS: dict[Act, When] = {
    Act.SUBMIT: When(frozenset({OrderDecision.DRAFT})),
    Act.AUTHORISE: When(frozenset({OrderDecision.AWAITING_AUTHORISATION})),
    Act.DECLINE: When(frozenset({OrderDecision.AWAITING_AUTHORISATION})),
    Act.CANCEL: When(_UNDECIDED | _APPROVED, STILL_HERE),
    Act.ALLOCATE: When(_APPROVED, STILL_HERE),
    Act.DISPATCH: When(_APPROVED, frozenset({UnitState.HELD})),
    Act.DELIVER: When(_APPROVED, frozenset({UnitState.DISPATCHED})),
}
"""What can be done when. Some pieces may go ahead of others: an order is sent, and cancelled, as far as it has come.

Once the store has allocated an order, only a piece that is wanted (again) makes it possible to allocate once more.
"""

_DONE = {
    Act.SUBMIT: "submitted",
    Act.AUTHORISE: "authorised",
    Act.DECLINE: "declined",
    Act.CANCEL: "cancelled",
    Act.ALLOCATE: "allocated",
    Act.DISPATCH: "sent out",
    Act.DELIVER: "recorded as delivered",
}

NEXT: dict[OrderState, str] = {
    OrderState.DRAFT: "It has not been sent in yet: submit it, or cancel it.",
    OrderState.AWAITING_AUTHORISATION: "Somebody who may authorise it must sign or decline it first, or cancel it.",
    OrderState.AWAITING_PANEL: (
        "The panel decides it: bring a case before it, and the order goes on by itself when it is approved. If it "
        "cannot wait, say in the case that it is urgent, or order something that is within your own authority."
    ),
    OrderState.APPROVED: "It waits for equipment: allocate what is on the shelf, and send out what is kept for it.",
    OrderState.ALLOCATED: "All of it is kept for the client: pick it and send it out, or cancel the order.",
    OrderState.DISPATCHED: "It is with the driver: record its delivery, or scan what came back at the returns desk.",
    OrderState.DELIVERED: "The client has it: request its collection, or make a new order for what else is needed.",
    OrderState.DECLINED: "Read why it was declined, and make a new order that answers the reasons.",
    OrderState.CANCELLED: "Make a new order if the equipment is still needed.",
}
"""What comes next for an order, said to somebody who tried something else."""


def can(act: Act, decision: OrderDecision, units: Collection[UnitState], *, is_allocated: bool) -> bool:
    """Whether the table has this act for an order of this decision with pieces in these states."""
    when = ACTS[act]
    pieces = when.pieces & {UnitState.WANTED} if act is Act.ALLOCATE and is_allocated else when.pieces
    has_a_piece = decision is not OrderDecision.APPROVED or not pieces.isdisjoint(units)
    return decision in when.decisions and has_a_piece


def acts_from(decision: OrderDecision, units: Collection[UnitState], *, is_allocated: bool) -> list[Act]:
    """The acts that are possible now, in the order of `Act`."""
    return [act for act in Act if can(act, decision, units, is_allocated=is_allocated)]


def check_act(act: Act, decision: OrderDecision, units: Collection[UnitState], *, is_allocated: bool) -> None:
    """Raises WrongState (code `wrong-state`) that says where the order stands and what to do instead."""
    if not can(act, decision, units, is_allocated=is_allocated):
        state = order_state(decision, units, is_allocated=is_allocated)
        stands = f"The order is “{state.text.lower()}”, so it cannot be {_DONE[act]}."
        raise WrongState("wrong-state", f"{stands} {NEXT[state]}")


def decision_after_cancel(units: Collection[UnitState]) -> OrderDecision:
    """The decision once the pieces `STILL_HERE` were cancelled: what has left the store keeps the order approved."""
    has_left = {UnitState.DISPATCHED, UnitState.DELIVERED}.intersection(units)
    return OrderDecision.APPROVED if has_left else OrderDecision.CANCELLED
