"""Forms of the pages of orders."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from app.domain.dates import UK
from app.domain.loans import LoanKind
from app.domain.ordering import OrderReason, Speed
from app.features.ordering.schemas import LineBody, NewLine
from app.web.asked import asked, needed
from app.web.fields import Code, Day, Line, OptionalParagraph, Paragraph, Reason
from app.web.forms import Form
from app.web.shapes import Shape
from app.web.typed import TimeOfDay


class AllocateForm(Shape):
    """Why items go to this order although their thorough examination falls due soon."""

    due_soon_reason: OptionalParagraph = ""


class LineForm(Shape):
    """One line of an order on its page."""

    product_code: Annotated[Code, asked("Enter the code of the product, or search for it.")] = needed()
    quantity: Annotated[int, Field(ge=1, le=50)] = 1
    kind: LoanKind = LoanKind.LOAN
    trial_days: Annotated[int, Field(ge=1, le=366)] | None = None
    trial_goals: OptionalParagraph = ""
    accept_equivalent: bool = False
    prefer_new: bool = False
    reason_for_new: OptionalParagraph = ""
    version: int = 0

    def refuse_gaps(self, form: Form) -> None:
        """Say on the form what the choices made still ask for."""
        if self.kind is LoanKind.TRIAL and self.trial_days is None:
            form.refuse("Say for how many days it is to be tried.", "trial_days")
        if self.kind is LoanKind.TRIAL and not self.trial_goals:
            form.refuse("Say what the trial is to show.", "trial_goals")
        if self.prefer_new and not self.reason_for_new:
            form.refuse("Say why a new one is needed.", "reason_for_new")

    def as_line(self) -> NewLine:
        """The line; what belongs to a trial is left out of a loan."""
        is_trial = self.kind is LoanKind.TRIAL
        return NewLine(
            product_code=self.product_code,
            quantity=self.quantity,
            kind=self.kind,
            trial_days=self.trial_days if is_trial else None,
            trial_goals=self.trial_goals if is_trial else "",
            accept_equivalent=self.accept_equivalent,
            prefer_new=self.prefer_new,
            reason_for_new=self.reason_for_new if self.prefer_new else "",
        )


class DetailsForm(Shape):
    """Why, how soon and for whose money."""

    reason: Annotated[OrderReason, asked("Choose why the equipment is needed.")] = needed()
    speed: Annotated[Speed, asked("Choose how soon it is needed.")] = needed()
    funder: Annotated[Code, asked("Choose who pays.")] = needed()
    funding_not_agreed: OptionalParagraph = ""
    store: Code | None = None
    clinical_reasoning: Annotated[Paragraph, asked("Enter your clinical reasoning.")] = needed()
    version: int = 0


class StartForm(LineForm, DetailsForm):
    """An order with its first line."""

    client_ref: Annotated[Code, asked("Enter the reference of the client.")] = needed()


class NoteForm(Shape):
    """A note beside a signature."""

    note: OptionalParagraph = ""


class ReasonForm(Shape):
    """Why an order is cancelled or declined."""

    reason: Annotated[Reason, asked("Say why.")] = needed()


class VisitForm(Shape):
    """When a visit was: without a day and a time, now."""

    on: Day | None = None
    at: TimeOfDay | None = None
    note: OptionalParagraph = ""

    def when(self, form: Form, today: date) -> datetime | None:
        """The instant; a day without a time is refused on the form. A time alone is of today."""
        if self.at is None:
            if self.on is not None and self.on != today:
                form.refuse("Enter the time of the visit, such as 14:05.", "at")
            return None
        return datetime.combine(self.on or today, self.at, tzinfo=UK)


class DeliverForm(VisitForm):
    """Proof of delivery."""

    received_by: Annotated[Line, asked("Enter the name of who took it in.")] = needed()
    barcodes: Annotated[list[str], asked("Tick what was handed over.")] = needed()
    handed_over_already: bool = False


class FailedVisitForm(VisitForm):
    """A visit that could not deliver."""

    reason: Annotated[Reason, asked("Say why it could not be delivered.")] = needed()


def line_of(body: LineBody) -> NewLine:
    """A line as it stands, to be written again."""
    names = ("product_code", "quantity", "kind", "trial_days", "trial_goals", "accept_equivalent", "prefer_new")
    return NewLine(**{name: getattr(body, name) for name in names}, reason_for_new=body.reason_for_new)


def typed_line(body: LineBody) -> Form:
    """The form of a line as it stands."""
    typed = {
        "product_code": body.product_code,
        "quantity": str(body.quantity),
        "kind": body.kind.value,
        "trial_days": str(body.trial_days or ""),
        "trial_goals": body.trial_goals,
        "accept_equivalent": "true" if body.accept_equivalent else "",
        "prefer_new": "true" if body.prefer_new else "",
        "reason_for_new": body.reason_for_new,
    }
    return Form({name: [value] if value else [] for name, value in typed.items()})
