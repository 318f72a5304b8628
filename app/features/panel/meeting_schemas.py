"""Bodies of meetings."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from app.domain.panel import CaseState, DecisionKind
from app.domain.panel_agenda import AgendaChange
from app.domain.panel_meeting import Side
from app.features.panel.came_of_it import CameOfIt
from app.web.fields import Body, Code, Day, Paragraph
from app.web.shapes import Shape

Username = Annotated[str, Field(min_length=1, max_length=100)]
Usernames = Annotated[list[Username], Field(max_length=50)]


class NewMeeting(Body):
    """A meeting of a panel; without `members` every member is invited."""

    panel: Code
    held_on: Day
    members: Usernames = Field(default_factory=list)


class AttendanceBody(Body):
    """Who is there now. Who was there before and is not named has left."""

    present: Usernames


class ListingBody(Body):
    """The number of a screened case."""

    case: Annotated[str, Field(min_length=1, max_length=20)]


class InviteBody(Body):
    """Who is invited: a member of this panel or of another; `chairs`: they may chair this meeting."""

    username: Username
    chairs: bool = False


class AgendaBody(Body):
    """What is done to a case on the agenda."""

    change: AgendaChange


class NoteBody(Body):
    """Something to take down, about a case of the agenda or about none."""

    note: Paragraph
    case: Annotated[str, Field(min_length=1, max_length=20)] | None = None


class SeatBody(Shape):
    """A member who is invited; when they came and left."""

    username: str
    name: str
    side: Side
    is_chair: bool
    is_guest: bool
    arrived_at: datetime | None
    left_at: datetime | None


class AgendaCase(Shape):
    """A case on the agenda. `is_over`: this meeting does not hear it any more."""

    number: str
    position: int
    state: CaseState
    urgent: bool
    order_number: str
    is_over: bool
    appealed: bool
    decision: str | None


class ActionToRatify(Shape):
    """What a chair approved between meetings, and no meeting has heard yet."""

    number: str
    decision: DecisionKind
    decided_at: datetime
    acted_by: str


class MinuteBody(Shape):
    """Something that happened at a meeting. `what`: came, left, note, a decision, ratified or not_ratified."""

    at: datetime
    what: str
    who: str
    note: str
    case: str | None


class MeetingBody(Shape):
    """A meeting. `is_quorate`: whether as many as the panel wants are there now, before interests are looked at;
    `to_ratify`: chairs' actions that no meeting of the panel has heard yet; `minutes`: what was taken down, in
    order; `came_of_it`: of earlier cases, since the meeting before this one.
    `joint_needs_both`: money of both sides wants a member of each."""

    id: int
    panel: str
    panel_name: str
    held_on: date
    quorum: int
    joint_needs_both: bool
    is_quorate: bool
    members: list[SeatBody]
    present: list[str]
    has_begun: bool
    closed_at: datetime | None
    closed_by_name: str | None
    cases: list[AgendaCase]
    to_ratify: list[ActionToRatify]
    minutes: list[MinuteBody]
    came_of_it: list[CameOfIt]


class MeetingRow(Shape):
    """A meeting in a list."""

    id: int
    panel: str
    held_on: date
    closed_at: datetime | None
    cases: int
    open_cases: int
