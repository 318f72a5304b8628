"""Bodies and forms of safety notices."""

from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, computed_field

from app.domain.catalogue_terms import Found
from app.domain.safety_notices import DeadlineKind, Deadlines, Decision, NoticeState, kind_text
from app.features.notices.receiving import Outcome
from app.models import NoticeSource
from app.web.asked import asked, needed
from app.web.fields import Body, Day, Line, Reason, Wording, on_one_line, without_controls
from app.web.shapes import Shape

LONGEST_TITLE, LONGEST_TEXT = 500, 100_000


def as_address(text: str) -> str:
    """The text, if it is an address on the web."""
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in text
    except ValueError:
        is_address = False
    if text and not is_address:
        raise ValueError("Write an address on the web, such as https://www.gov.uk/drug-device-alerts.")
    return text


Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TITLE),
    AfterValidator(without_controls),
    AfterValidator(on_one_line),
]
LongText = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=LONGEST_TEXT), AfterValidator(without_controls)
]
Address = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=500),
    AfterValidator(without_controls),
    AfterValidator(on_one_line),
    AfterValidator(as_address),
]
Kind = Annotated[Line, Field(max_length=100)]


class _Days(Shape):
    underway_by: Day | None = None
    complete_by: Day | None = None
    own_target_on: Day | None = None

    @property
    def deadlines(self) -> Deadlines:
        """The three days together."""
        return Deadlines(self.underway_by, self.complete_by, self.own_target_on)


class NewNoticeBody(_Days, Body):
    """A notice that came by e-mail or letter. `kind`: as GOV.UK writes it, or any other word.

    `body` is its text, without HTML. `same_publication_as`: the reference of another notice of its GOV.UK document.
    """

    reference: Line
    kind: Kind
    title: Title
    issuer: Line
    issued_on: Day
    source_url: Address = ""
    body: LongText = ""
    same_publication_as: Line | None = None


class NewNoticeForm(_Days):
    """The same on its page."""

    reference: Annotated[Line, asked("Enter the reference that the notice has.")] = needed()
    kind: Annotated[Kind, asked("Choose what kind of notice it is.")] = needed()
    title: Annotated[Title, asked("Enter its title.")] = needed()
    issuer: Annotated[Wording, asked("Say who issued it.")] = needed()
    issued_on: Annotated[Day, asked("Enter the day on which it was issued.")] = needed()
    source_url: Address = ""
    body: Annotated[LongText, asked("Paste or type what the notice says.")] = needed()
    same_publication_as: Line | None = None


class VersionBody(_Days, Body):
    """A new version by hand. What is left out stays as it was; a day that the notice sets is moved,
    not taken away; our own target is taken away by null."""

    body: LongText | None = None
    change_note: Reason

    @property
    def changed_days(self) -> dict[str, date | None]:
        """The days that were sent."""
        return {kind.value: getattr(self, kind.value) for kind in DeadlineKind if kind.value in self.model_fields_set}


class VersionForm(_Days):
    """The same on its page."""

    body: LongText | None = None
    change_note: Annotated[Reason, asked("Say what was changed, and how you know.")] = needed()


Terms = Annotated[list[Annotated[str, Field(max_length=200), AfterValidator(without_controls)]], Field(max_length=100)]


class TriageBody(Body):
    """The decision, why, and what to look for in the catalogue; left out: what the notice itself names.

    `version`: the one that was read; another one that arrived since is refused (412).
    """

    decision: Decision
    reason: Reason
    search: Terms | None = None
    version: int | None = Field(default=None, ge=1, le=1_000_000)


class TriageForm(Shape):
    """The same on its page; what to look for stands line by line."""

    decision: Annotated[Decision, asked("Choose whether the notice is relevant.")] = needed()
    reason: Annotated[Reason, asked("Say why.")] = needed()
    search: Annotated[LongText, asked("Say what to look for in the catalogue.")] = needed()
    version: int = Field(default=1, ge=1, le=1_000_000)


class ActionBody(Body):
    """What the organisation must do, who sees to it, and by when."""

    action: Reason
    owner: Wording
    due_on: Day


class ActionForm(Shape):
    """The same on its page."""

    what: Annotated[Reason, asked("Say what must be done.")] = needed()
    owner: Annotated[Wording, asked("Say who sees to it.")] = needed()
    due_on: Annotated[Day, asked("Enter the day by which it must be done.")] = needed()


class DoneBody(Body):
    """How an action was done, or where its evidence is."""

    note: Reason


class DoneForm(Shape):
    """The same on its page."""

    note: Annotated[Reason, asked("Say how it was done, or where the evidence is.")] = needed()


class ClockBody(Shape):
    """A deadline that runs: `underway_by`, `own_target_on` or `complete_by`."""

    deadline: str
    due_on: date
    days_left: int
    text: str


class FoundBody(Shape):
    """What one term finds in the catalogue."""

    term: str
    products: int
    items: int
    is_maker: bool

    @computed_field  # type: ignore[prop-decorator]
    @property
    def text(self) -> str:
        """In words."""
        return Found(self.term, self.products, self.items, self.is_maker).text


class NoticeRow(Shape):
    """A notice in a list. `changed_since_triage`: its newest version has not been decided on."""

    id: int
    reference: str
    kind: str
    title: str
    issuer: str
    issued_on: date | None
    source_url: str
    state: NoticeState
    version: int
    changed_since_triage: bool
    to_triage: bool
    is_withdrawn: bool
    underway_by: date | None
    complete_by: date | None
    own_target_on: date | None
    clocks: list[ClockBody]
    likelihood: int
    found: list[FoundBody]
    received_at: datetime
    received_by: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def kind_text(self) -> str:
        """The kind in words."""
        return kind_text(self.kind)

    @property
    def hits(self) -> list[FoundBody]:
        """What was found of it in the catalogue, the makers and what there is most of first."""
        found = [one for one in self.found if one.products]
        return sorted(found, key=lambda one: (not one.is_maker, -one.items))


class VersionOut(Shape):
    """One version: what changed in it, in words, and the hash of what was received."""

    number: int
    source: NoticeSource
    public_updated_at: datetime | None
    payload_sha256: str | None
    is_whole: bool
    title: str
    change_note: str
    changes: list[dict[str, str]]
    received_at: datetime
    received_by: str
    underway_by: date | None = None
    complete_by: date | None = None
    own_target_on: date | None = None


class TriageOut(Shape):
    """One decision, on one version, with the search that was made."""

    version: int
    decision: Decision
    reason: str
    search: dict[str, Any]
    decided_at: datetime
    decided_by: str


class ActionOut(Shape):
    """An action of the organisation; it is open until `done_at`."""

    id: int
    action: str
    owner: str
    due_on: date
    asked_at: datetime
    asked_by: str
    done_at: datetime | None
    done_by: str | None
    done_note: str | None
    is_overdue: bool


class NoticeBody(NoticeRow):
    """A notice with its text (`body_html` is sanitised), versions, decisions and actions, the newest version first."""

    summary: str
    body_html: str
    base_path: str | None
    same_publication: list[str]
    versions: list[VersionOut]
    triage: list[TriageOut]
    organisation_actions: list[ActionOut]

    @property
    def first_days(self) -> Deadlines:
        """The day that each deadline had first."""
        days = {kind.value: [getattr(one, kind.value) for one in self.versions] for kind in DeadlineKind}
        return Deadlines(**{name: next((day for day in reversed(of) if day), None) for name, of in days.items()})


class ReceivedBody(Shape):
    """One document of a file and what became of it; `older`: a newer version is known."""

    outcome: Outcome
    reference: str | None
    title: str
    detail: str


class ImportBody(Shape):
    """What became of a file, with how many documents ended how."""

    added: int
    amended: int
    unchanged: int
    older: int
    refused: int
    documents: list[ReceivedBody]
