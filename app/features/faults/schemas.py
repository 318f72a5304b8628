"""Bodies and forms of reported faults."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, StringConstraints

from app.domain.lifecycle import State
from app.web.asked import asked, needed
from app.web.fields import Body, Paragraph, on_one_line, without_controls
from app.web.shapes import Shape

LONGEST_REPORT = 2000


class Danger(StrEnum):
    """Whether somebody is, or could be, hurt."""

    YES = "yes"
    NO = "no"


Report = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_REPORT),
    AfterValidator(without_controls),
]
Phone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=40),
    AfterValidator(without_controls),
    AfterValidator(on_one_line),
]


class FaultForm(Shape):
    """A fault as anybody may report it. `website` stays empty: people do not see it, and programs fill it in."""

    danger: Annotated[Danger, asked("Say whether somebody is in danger, or could be hurt.")] = needed()
    description: Annotated[Report, asked("Write what is wrong with it.")] = needed()
    phone: Phone = ""
    form_id: UUID
    website: str = ""


class DoneBody(Body):
    """What was done about a fault. `stop_use`: whether the client who has the item must not use it any more; asked of
    what was reported as dangerous."""

    done: Paragraph
    stop_use: bool | None = None


class DoneForm(Shape):
    """The same from its page."""

    done: Annotated[Paragraph, asked("Write what was done about it.")] = needed()
    stop_use: bool | None = None


class FaultBody(Shape):
    """A reported fault. `on_hold`: the hold that a dangerous one placed is still there.
    `is_with_client`: somebody has it on loan or trial; `use_is_stopped`: and must not use it.

    `phone` is empty when nobody left one, and is forgotten 30 days after the report is closed.
    """

    id: int
    barcode: str
    product_name: str
    state: State
    store: str
    description: str
    phone: str | None
    is_dangerous: bool
    on_hold: bool
    is_with_client: bool
    use_is_stopped: bool
    reported_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    done: str | None
