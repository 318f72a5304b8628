"""The lifecycle of one item: states, moves and the one table that says which move leads where.

The diagram in `docs/lifecycle.md`, the tests and the buttons on the pages are read from `MOVES`.
"""

from enum import StrEnum

from app.domain.errors import WrongState


class State(StrEnum):
    """Where an item stands. A hold is not a state: it lies across any of them."""

    IN_STOCK = "in_stock"
    RESERVED = "reserved"
    DISPATCHED = "dispatched"
    ON_LOAN = "on_loan"
    ON_TRIAL = "on_trial"
    AWAITING_COLLECTION = "awaiting_collection"
    RETURNED = "returned"
    DECONTAMINATING = "decontaminating"
    AWAITING_INSPECTION = "awaiting_inspection"
    IN_REPAIR = "in_repair"
    SCRAPPED = "scrapped"
    MISSING = "missing"

    @property
    def text(self) -> str:
        """The state as people read it: `on_loan` is "On loan"."""
        return self.value.replace("_", " ").capitalize()


class Move(StrEnum):
    """What can happen to an item."""

    RECEIVE = "receive"
    RESERVE = "reserve"
    RELEASE = "release"
    DISPATCH = "dispatch"
    DELIVER = "deliver"
    ISSUE = "issue"
    START_TRIAL = "start_trial"
    KEEP_AFTER_TRIAL = "keep_after_trial"
    REQUEST_COLLECTION = "request_collection"
    CANCEL_COLLECTION = "cancel_collection"
    RETURN = "return"
    START_DECONTAMINATION = "start_decontamination"
    PASS_DECONTAMINATION = "pass_decontamination"
    FAIL_DECONTAMINATION = "fail_decontamination"
    PASS_INSPECTION = "pass_inspection"
    FAIL_INSPECTION = "fail_inspection"
    TAKE_BACK_FAILURE = "take_back_failure"
    COMPLETE_REPAIR = "complete_repair"
    SCRAP = "scrap"
    MARK_MISSING = "mark_missing"
    FIND = "find"
    TRANSFER = "transfer"

    @property
    def text(self) -> str:
        """The move as people read it in a history: `return` is "Returned"."""
        return MOVE_TEXT[self]


MOVE_TEXT: dict[Move, str] = {
    Move.RECEIVE: "Received",
    Move.RESERVE: "Reserved",
    Move.RELEASE: "Released to the shelf",
    Move.DISPATCH: "Dispatched",
    Move.DELIVER: "Delivered",
    Move.ISSUE: "Issued on loan",
    Move.START_TRIAL: "Trial started",
    Move.KEEP_AFTER_TRIAL: "Kept after trial",
    Move.REQUEST_COLLECTION: "Collection requested",
    Move.CANCEL_COLLECTION: "Collection cancelled",
    Move.RETURN: "Returned",
    Move.START_DECONTAMINATION: "Decontamination started",
    Move.PASS_DECONTAMINATION: "Decontamination passed",
    Move.FAIL_DECONTAMINATION: "Decontamination failed",
    Move.PASS_INSPECTION: "Inspection passed",
    Move.FAIL_INSPECTION: "Inspection failed",
    Move.TAKE_BACK_FAILURE: "Failed inspection taken back",
    Move.COMPLETE_REPAIR: "Repair completed",
    Move.SCRAP: "Scrapped",
    Move.MARK_MISSING: "Marked as missing",
    Move.FIND: "Found",
    Move.TRANSFER: "Moved to another place",
}

NEXT: dict[State, str] = {
    State.IN_STOCK: "It is on the shelf, to be reserved, issued or sent out.",
    State.RESERVED: "It is kept for a client: issue it, send it out, or give up the reservation.",
    State.DISPATCHED: "It is with the driver: record its delivery, or scan it in at the returns desk if it came back.",
    State.ON_LOAN: "A client has it: request its collection, or scan it in at the returns desk if it is here.",
    State.ON_TRIAL: "A client has it on trial: record how that ended, or scan it in at the returns desk if it is here.",
    State.AWAITING_COLLECTION: "It is at the client's until it is fetched: scan it in at the returns desk then.",
    State.RETURNED: "It has come back and is dirty: start its decontamination.",
    State.DECONTAMINATING: "It is being cleaned: record how its decontamination ended.",
    State.AWAITING_INSPECTION: "It is at the inspection bench: check it, then release it to the shelf.",
    State.IN_REPAIR: "It is being mended: complete the repair, then check it.",
    State.SCRAPPED: "Nothing can be done with it any more.",
    State.MISSING: "Nobody knows where it is: if it turns up, scan it in at the returns desk.",
}
"""What comes next for an item, said to somebody who tried something else."""

OUT = frozenset({State.DISPATCHED, State.ON_LOAN, State.ON_TRIAL, State.AWAITING_COLLECTION})
"""States in which the item is not in a store: with the van or with a client."""

IN_STORE = frozenset(
    {
        State.IN_STOCK,
        State.RESERVED,
        State.RETURNED,
        State.DECONTAMINATING,
        State.AWAITING_INSPECTION,
        State.IN_REPAIR,
    }
)
"""States in which the item stands in a store and can be moved to another bay or store."""

MOVES: dict[tuple[State, Move], State] = {
    (State.IN_STOCK, Move.RESERVE): State.RESERVED,
    (State.RESERVED, Move.RELEASE): State.IN_STOCK,
    (State.IN_STOCK, Move.DISPATCH): State.DISPATCHED,
    (State.RESERVED, Move.DISPATCH): State.DISPATCHED,
    (State.DISPATCHED, Move.DELIVER): State.ON_LOAN,
    (State.DISPATCHED, Move.START_TRIAL): State.ON_TRIAL,
    (State.IN_STOCK, Move.ISSUE): State.ON_LOAN,
    (State.RESERVED, Move.ISSUE): State.ON_LOAN,
    (State.IN_STOCK, Move.START_TRIAL): State.ON_TRIAL,
    (State.RESERVED, Move.START_TRIAL): State.ON_TRIAL,
    (State.ON_TRIAL, Move.KEEP_AFTER_TRIAL): State.ON_LOAN,
    (State.ON_LOAN, Move.REQUEST_COLLECTION): State.AWAITING_COLLECTION,
    (State.ON_TRIAL, Move.REQUEST_COLLECTION): State.AWAITING_COLLECTION,
    (State.AWAITING_COLLECTION, Move.CANCEL_COLLECTION): State.ON_LOAN,
    # The collection of a trial was cancelled: the trial goes on to the same end date.
    (State.AWAITING_COLLECTION, Move.START_TRIAL): State.ON_TRIAL,
    # A missing item that turns up at the returns desk is as dirty as any other.
    (State.MISSING, Move.FIND): State.RETURNED,
    (State.RETURNED, Move.START_DECONTAMINATION): State.DECONTAMINATING,
    (State.DECONTAMINATING, Move.PASS_DECONTAMINATION): State.AWAITING_INSPECTION,
    # From elsewhere than the bench it is a correction: a cleaning that was recorded as passed was none.
    **{
        (state, Move.FAIL_DECONTAMINATION): State.RETURNED
        for state in (
            State.DECONTAMINATING,
            State.AWAITING_INSPECTION,
            State.IN_REPAIR,
            State.IN_STOCK,
            State.RESERVED,
        )
    },
    **{(state, Move.FAIL_DECONTAMINATION): state for state in sorted(OUT)},
    (State.AWAITING_INSPECTION, Move.FAIL_INSPECTION): State.IN_REPAIR,
    (State.IN_STOCK, Move.FAIL_INSPECTION): State.IN_REPAIR,
    (State.RESERVED, Move.FAIL_INSPECTION): State.IN_REPAIR,
    # The failure that sent it there was none, or another item's. What stood on the shelf is released to it again.
    (State.IN_REPAIR, Move.TAKE_BACK_FAILURE): State.AWAITING_INSPECTION,
    (State.IN_REPAIR, Move.COMPLETE_REPAIR): State.AWAITING_INSPECTION,
    # After a return this is the only way to the shelf.
    (State.AWAITING_INSPECTION, Move.RELEASE): State.IN_STOCK,
    **{(state, Move.RETURN): State.RETURNED for state in (*sorted(OUT), State.MISSING)},
    # A periodic inspection passes where the item stands, also in a client's home.
    **{
        (state, Move.PASS_INSPECTION): state
        for state in (
            State.AWAITING_INSPECTION,
            State.IN_STOCK,
            State.RESERVED,
            State.ON_LOAN,
            State.ON_TRIAL,
            State.AWAITING_COLLECTION,
        )
    },
    # What fails in a client's home stays there until it is fetched; the verb puts it on hold at the same time.
    **{(state, Move.FAIL_INSPECTION): state for state in (State.ON_LOAN, State.ON_TRIAL, State.AWAITING_COLLECTION)},
    **{
        (state, Move.SCRAP): State.SCRAPPED
        for state in (
            State.IN_STOCK,
            State.RETURNED,
            State.DECONTAMINATING,
            State.AWAITING_INSPECTION,
            State.IN_REPAIR,
            State.MISSING,
        )
    },
    **{(state, Move.MARK_MISSING): State.MISSING for state in sorted(IN_STORE | OUT)},
    **{(state, Move.TRANSFER): state for state in sorted(IN_STORE)},
}
"""The lifecycle. What is not here cannot happen. `receive` is the birth of an item and starts it `in_stock`."""

BIRTH = State.IN_STOCK
"""The state of a newly received item."""


def is_issue(state: State, move: Move) -> bool:
    """Whether this move hands the item to a client, which is what counts as issued."""
    return move in {Move.ISSUE, Move.DELIVER} or (move is Move.START_TRIAL and state is not State.AWAITING_COLLECTION)


def is_return(move: Move) -> bool:
    """Whether this move brings the item back into a store, which makes it dirty."""
    return move in {Move.RETURN, Move.FIND}


def moves_from(state: State) -> list[Move]:
    """The moves that may start in this state, in the order of `Move`."""
    return [move for move in Move if (state, move) in MOVES]


def can_move(state: State, move: Move) -> bool:
    """Whether the table has this move from this state."""
    return (state, move) in MOVES


def next_state(state: State, move: Move) -> State:
    """Where this move leads. Raises WrongState (code `wrong-state`) that says what to do with the item next."""
    if (state, move) in MOVES:
        return MOVES[state, move]
    raise refusal(state, move)


def refusal(state: State, move: Move) -> WrongState:
    """That this move cannot be recorded of an item in this state, and what to do with it next."""
    recorded = f"The item is “{state.text.lower()}”, so “{move.text.lower()}” cannot be recorded."
    return WrongState("wrong-state", f"{recorded} {NEXT[state]}")
