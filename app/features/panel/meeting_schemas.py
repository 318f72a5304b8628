"""Bodies of meetings."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.domain.panel import CaseState
from app.domain.panel_meeting import Side
from app.web.fields import Body, Code, Day

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


class SeatBody(BaseModel):
    """A member who is invited; when they came and left."""

    username: str
    name: str
    side: Side
    is_chair: bool
    arrived_at: datetime | None
    left_at: datetime | None


class AgendaCase(BaseModel):
    """A case on the agenda."""

    number: str
    position: int
    state: CaseState
    urgent: bool
    order_number: str
    decision: str | None


class MeetingBody(BaseModel):
    """A meeting. `is_quorate`: whether as many as the panel wants are there now, before interests are looked at.
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
    cases: list[AgendaCase]


class MeetingRow(BaseModel):
    """A meeting in a list."""

    id: int
    panel: str
    held_on: date
    cases: int
    open_cases: int
