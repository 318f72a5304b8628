"""Bodies and forms of what is done about the items of a notice."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from app.domain.notice_closing import Reconciliation
from app.domain.notice_standing import ActionState, Channel, Place
from app.domain.notice_work import MatchAction, MatchOutcome, ReviewOutcome
from app.domain.notices import Result
from app.features.notices.acting import MOST_AT_ONCE
from app.features.notices.packs import Notes
from app.features.notices.reconciling import Late
from app.features.notices.sign_offs import Closing
from app.web.asked import asked, needed
from app.web.fields import Body, Line, Paragraph, without_controls
from app.web.shapes import Shape

Question = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(without_controls)]
LineNumber = Annotated[int, Field(ge=0, le=10**15)]
Answers = Annotated[dict[Question, bool], Field(max_length=100)]


Serial = Annotated[Line, Field(max_length=100)]


class Verdict(StrEnum):
    """What whoever looked at an item says of it on a page."""

    SOUND = "sound"
    NOT_SOUND = "not_sound"
    UNKNOWN = "unknown"

    @property
    def text(self) -> str:
        """As people read it."""
        return {"sound": "It is sound", "not_sound": "It is not sound", "unknown": "I cannot tell"}[self.value]

    @property
    def is_sound(self) -> bool | None:
        """The same for the record; None where nobody can tell."""
        return None if self is Verdict.UNKNOWN else self is Verdict.SOUND


class MatchActionBody(Body):
    """What was done about an item. `channel`: how somebody was contacted. `answers`: what was seen, by the question.
    `serial_read`: its serial number as it stands on the label of the item that was looked at; of one item alone.
    `client_gone`: with `untraceable`, that the client who had it has died, moved or gone away. `sound`: with
    `inspected`, whether it was found sound; false holds it at once, whatever was recorded before; left out or null,
    nobody can tell."""

    action: MatchAction
    notes: Paragraph
    channel: Channel | None = None
    answers: Answers | None = None
    serial_read: Serial | None = None
    client_gone: bool = False
    sound: bool | None = None


class MatchActionsBody(MatchActionBody):
    """The same of many items."""

    barcodes: Annotated[list[Line], Field(min_length=1, max_length=MOST_AT_ONCE)]


class MatchActionForm(Shape):
    """The same on its page; each answer is `answer_<number>`: yes, no, or left out. A look has a verdict there."""

    done: Annotated[MatchAction, asked("Choose what was done.")] = needed()
    channel: Channel | None = None
    serial_read: Serial | None = None
    client_gone: bool = False
    sound: Verdict | None = None
    notes: Annotated[Paragraph, asked("Say what came of it, and where the evidence is.")] = needed()


class ManyForm(MatchActionForm):
    """The same of many items: those that are ticked, and those whose tags are scanned or typed."""

    tick: list[Line] = Field(default=[], max_length=MOST_AT_ONCE)
    tags: Paragraph | None = None


class RecordedBody(Shape):
    """What came of it. `is_escalated`: the manager was told now that nobody opens there."""

    barcode: str
    result: Result
    outcome: MatchOutcome | None
    is_held: bool
    is_escalated: bool


class RecordedManyBody(Shape):
    """What came of it for each, by barcode."""

    results: list[RecordedBody]


class ActBody(Shape):
    """One line of what was done about an item. `serial_read`: off its label; until then our record said
    `serial_before`. `to_confirm`: it counts when another person has said the same. `sound`: how they found it."""

    action: MatchAction
    channel: str
    notes: str
    answers: dict[str, bool]
    serial_read: str | None
    serial_before: str | None
    to_confirm: bool
    sound: bool | None
    recorded_at: datetime
    recorded_by: str


class MatchBody(Shape):
    """One item that a notice covers, with why, and all that was done about it.

    `questions`: what a look must answer. `hold_ends`: what must happen before its hold ends, where it is held.
    """

    barcode: str
    product_name: str
    manufacturer: str
    model: str
    serial_number: str | None
    lot_number: str | None
    result: Result
    because: list[str]
    where: Place
    action_state: ActionState
    found_at: datetime
    first_blocked_at: datetime | None
    is_held: bool
    hold_ends: str | None
    is_after_closing: bool
    questions: list[str]
    actions: list[ActBody]


class HomeBody(Shape):
    """An item at somebody's home, and who goes there."""

    barcode: str
    product_name: str
    serial_number: str | None
    result: Result
    action_state: ActionState
    client_ref: str
    name: str
    address: str
    postcode: str
    phone: str
    collection_number: str | None
    collection_on: date | None
    order_number: str | None
    visit_on: date | None
    visitor: str | None
    prescriber: str | None
    tries: int


class ReviewOut(Shape):
    """The review of one person; open until it is done. `tries`: on how many days nobody reached them; `escalated_at`:
    when those who handle notices were told of that."""

    client_ref: str
    because: list[str]
    asked_at: datetime
    done_at: datetime | None
    done_by: str | None
    outcome: ReviewOutcome | None
    note: str
    tries: int
    escalated_at: datetime | None


class ReviewBody(Body):
    """How a review ended."""

    outcome: ReviewOutcome
    note: Paragraph


class ReviewForm(Shape):
    """The same on its page."""

    outcome: Annotated[ReviewOutcome, asked("Choose how it ended.")] = needed()
    note: Annotated[Paragraph, asked("Say what was looked at, and what was changed.")] = needed()


class TallyBody(Shape):
    """How many items of a model are in one place, and how far the work on them has come."""

    product_code: str
    manufacturer: str
    model: str
    where: Place
    action_state: ActionState
    items: int


class ClosingBody(Shape):
    """That somebody asked for it to be closed, and who closed it."""

    asked_at: datetime
    asked_by: str
    closed_at: datetime | None
    closed_by: str | None


class NoteBody(Shape):
    """What staff wrote about this item, or the same about so many."""

    notes: str
    barcode: str
    times: int


class ReconciliationBody(Shape):
    """The counts. `held` must be the sum of `where`; `missing` says what keeps the notice from being closed.

    `seen`: send it with `close`, so that nobody closes on other counts than they saw. `late`: how many items were
    caught after a closing, and how many of those are open. `notes`: what staff wrote, for those who may see the
    evidence; it goes into the evidence pack at the closing. Whoever closes says by `notes_seen` that they have read it.
    """

    held: int
    found: int
    where: dict[Place, int]
    action_states: dict[ActionState, int]
    models: list[TallyBody]
    reviews: int
    reviews_open: int
    reviews_unreached: int
    unreachable: int
    organisation_actions: int
    organisation_actions_open: int
    unlisted: int
    is_reconciled: bool
    missing: list[str]
    late: int
    late_open: int
    still_held: int
    seen: str
    notes: list[NoteBody]
    notes_seen: int
    closings: list[ClosingBody]


class CloseBody(Body):
    """`seen` and `notes_seen`: those of the reconciliation that was looked at; 412 where something was recorded since.
    `again`: ask anew, with what stands now."""

    seen: Line | None = None
    notes_seen: LineNumber | None = None
    again: bool = False


class CloseForm(Shape):
    """The same on its page."""

    seen: Line | None = None
    notes_seen: LineNumber | None = None
    again: bool = False


class CloseAnswer(Shape):
    """Whether it is closed now, or waits for a second person."""

    is_closed: bool
    detail: str


def reconciliation_body(
    counts: Reconciliation, late: Late, closings: list[Closing], notes: Notes | None
) -> ReconciliationBody:
    """The counts as the API gives them."""
    return ReconciliationBody(
        held=counts.held,
        found=counts.found,
        where={place: counts.in_place(place) for place in Place},
        action_states={state: counts.in_state(state) for state in ActionState},
        models=[
            TallyBody(
                product_code=tally.product_code,
                manufacturer=tally.manufacturer,
                model=tally.model,
                where=tally.place,
                action_state=tally.action_state,
                items=tally.items,
            )
            for tally in counts.tallies
        ],
        reviews=counts.reviews,
        reviews_open=counts.reviews_open,
        reviews_unreached=counts.reviews_unreached,
        unreachable=counts.unreachable,
        organisation_actions=counts.actions,
        organisation_actions_open=counts.actions_open,
        unlisted=counts.unlisted,
        is_reconciled=not counts.missing,
        missing=counts.missing,
        late=late.items,
        late_open=late.open_items,
        still_held=late.still_held,
        seen=counts.fingerprint,
        notes=[NoteBody.model_validate(one, from_attributes=True) for one in notes.notes] if notes else [],
        notes_seen=notes.seen if notes else 0,
        closings=[ClosingBody.model_validate(one, from_attributes=True) for one in closings],
    )


def facts_of(row: Any, model: type[BaseModel]) -> dict[str, Any]:
    """Those attributes of a row that the body has."""
    return {name: getattr(row, name) for name in model.model_fields}
