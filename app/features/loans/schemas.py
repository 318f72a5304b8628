"""Bodies and forms of loans and trials."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field, model_validator

from app.domain.combinations import Severity
from app.domain.lifecycle import State
from app.domain.loans import LoanKind, TrialOutcome
from app.features.loans.trials import Tried
from app.web.answers import Answers
from app.web.asked import asked, needed
from app.web.fields import Body, Code, Day, Line, OptionalLine, OptionalParagraph, Reason, Wording
from app.web.old_equipment import OldItems
from app.web.results import BlockerBody
from app.web.shapes import Shape

Barcode = Annotated[str, Field(max_length=2000)]


class TrialsShown(StrEnum):
    """Which running trials the worklist shows."""

    ENDING = "ending"
    OVERDUE = "overdue"
    ALL = "all"


class NewLoan(Body):
    """An item handed over the counter; a trial needs its end, and says what it is to show.

    `supersedes`: what becomes of each item of the same kind that the client has.
    `answers`: to what is warned of, named by its code and subject.
    `due_soon_reason`: why it goes although its thorough examination falls due soon.
    `funder`: who pays, by code; without it, whoever pays for the team of who hands it out.
    """

    barcode: Barcode
    client_ref: Code
    kind: LoanKind = LoanKind.LOAN
    trial_ends_on: Day | None = None
    trial_goals: OptionalParagraph = ""
    supersedes: OldItems = []
    answers: Answers = []
    due_soon_reason: OptionalParagraph = ""
    funder: Code | None = None


class LoanAnswerBody(Shape):
    """A warning as it was when the item was handed over, kept or tried on, and what was answered to it. No `answer`: a
    short form left it out, and it waits for one."""

    code: str
    subject: str
    warning: str
    answer: str | None
    answered_by: str | None

    @property
    def detail(self) -> str:
        """What it said."""
        return self.warning

    @property
    def severity(self) -> Severity | None:
        """Not kept: what is a danger is never left without an answer."""
        return None

    @property
    def source(self) -> str | None:
        """Not kept."""
        return None


class AnswersBody(Body):
    """Answers to warnings that were left without one."""

    answers: Annotated[Answers, Field(min_length=1)]


class LoanBody(Shape):
    """A loan or trial; `ended_at` None: the client has it. `collection_number`: which collection is to fetch it.

    `answers`: what was warned of at the counter, and when a trial was kept or went on. What was warned of in an order
    is kept with the order. `must_not_be_used`: why its use was stopped. `weight_wanted`: it carries less than it did,
    and nobody knows what the client weighs; why, in a sentence.
    """

    id: int
    barcode: str
    product_name: str
    client_ref: str
    kind: LoanKind
    state: State
    started_at: datetime
    started_by: str
    trial_ends_on: date | None
    trial_goals: str | None
    ended_at: datetime | None
    collection_number: str | None
    must_not_be_used: str | None = None
    weight_wanted: str | None = None
    carries_kg: int | None = Field(default=None, exclude=True)
    answers: list[LoanAnswerBody] = []

    @property
    def not_answered(self) -> list[LoanAnswerBody]:
        """What waits for an answer."""
        return [one for one in self.answers if one.answer is None]


HOW_IT_WENT: Final = frozenset({"tried_what", "tried_where", "who_was_there", "result"})
NOT_SAID: Final = "Not said by the system that recorded it."


class _Trial(Shape):
    """How a trial went, as its page and the API ask alike."""

    tried_what: Annotated[Reason, asked("Say what was tried.")] = needed()
    tried_where: Annotated[Wording, asked("Say where it was tried.")] = needed()
    who_was_there: Annotated[Wording, asked("Say who was there.")] = needed()
    result: Annotated[Reason, asked("Say how it went.")] = needed()
    notes: OptionalParagraph = ""
    until: Day | None = None

    @property
    def tried(self) -> Tried:
        """How it went."""
        return Tried(self.tried_what, self.tried_where, self.who_was_there, self.result, self.notes)


class TrialOutcomeBody(_Trial, Body):
    """What was decided, and what was tried, where, with whom and how it went; `until` only for an extension.

    `notes`: anything else. In the short form (ADR 29) they alone say how it went. `answers`: to what is warned of.
    """

    outcome: TrialOutcome
    answers: Answers = []

    @model_validator(mode="before")
    @classmethod
    def short_form(cls, sent: Any) -> Any:
        """What was sent, with what the short form leaves out."""
        if isinstance(sent, dict) and sent.get("notes") and not HOW_IT_WENT & sent.keys():
            return sent | dict.fromkeys(HOW_IT_WENT, NOT_SAID)
        return sent


class TrialReviewLine(Shape):
    """One decision about a trial."""

    outcome: TrialOutcome
    until_on: date | None
    tried_what: str
    tried_where: str
    who_was_there: str
    result: str
    notes: str
    reviewed_at: datetime
    reviewed_by: str


class TrialRow(Shape):
    """A running trial on the worklist. `days_left` is negative when it is overdue. `has_died`: whose trial it is."""

    id: int
    barcode: str
    product_name: str
    client_ref: str
    trial_ends_on: date
    trial_goals: str | None
    days_left: int
    started_by: str
    has_died: bool


class FoundClient(Shape):
    """Enough of a client to tell them from others."""

    client_ref: str
    name: str
    date_of_birth: date | None
    postcode: str


class Issuable(Shape):
    """An item that somebody wants to hand over; `blockers` empty: it may go. `kept_for`: who has it reserved first."""

    barcode: str
    product_code: str
    product_name: str
    model: str
    carries_kg: int | None
    serial_number: str | None
    state: State
    store: str
    bay: str | None
    times_issued: int
    blockers: list[BlockerBody]
    kept_for: str | None
    kept_from: date | None
    kept_until: date | None


class IssueForm(Shape):
    """An item handed over the counter, on its page."""

    client_ref: Annotated[Line, asked("Enter the reference of the client.")] = needed()
    kind: Annotated[LoanKind, asked("Choose whether they have it on loan or on trial.")] = needed()
    trial_ends_on: Day | None = None
    trial_goals: OptionalParagraph = ""
    due_soon_reason: OptionalParagraph = ""
    funder: OptionalLine = ""


class TrialForm(_Trial):
    """What was decided about a trial, on its page."""

    outcome: Annotated[TrialOutcome, asked("Choose what was decided.")] = needed()
