"""Bodies and forms of teams, prescribers, delegations and funders."""

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from app.domain.authority import Tier
from app.features.prescribers.queries import PrescriberRow
from app.features.prescribers.rules import LendingState, Registration
from app.web.asked import asked, needed
from app.web.fields import Body, Code, Day, Line, Paragraph, Pence
from app.web.forms import DATE_PARTS
from app.web.shapes import Shape
from app.web.typed import pence_from

NUMBER_SHAPE = re.compile(r"(?=[A-Z0-9]*[A-Z])(?=[A-Z0-9]*[0-9])[A-Z0-9]{4,12}")


def as_registration_number(typed: str) -> str:
    """The number in capitals and without blanks, if it has the shape of one. Whether it is real, the register says."""
    number = "".join(typed.upper().split())
    if not NUMBER_SHAPE.fullmatch(number):
        raise ValueError("A registration number has 4 to 12 letters and digits, both of them, such as OT12345.")
    return number


def limit_from(pounds: object) -> int:
    """The pence of a spend limit as people write it."""
    try:
        return pence_from(pounds)
    except ValueError as wrong:
        raise ValueError(str(wrong).replace("price", "spend limit")) from wrong


RegistrationNumber = Annotated[str, StringConstraints(max_length=40), AfterValidator(as_registration_number)]


class NewTeam(Body):
    """A team to add."""

    code: Code
    name: Line


class TeamForm(Shape):
    """A team to add, on its page."""

    code: Annotated[Code, asked("Enter a code for the team.")] = needed()
    name: Annotated[Line, asked("Enter the name of the team.")] = needed()


class NamedBody(Shape):
    """A team or a funder."""

    code: str
    name: str


class PrescriberDetails(Body):
    """What a person may order alone; the whole of it, since PUT replaces.

    A registration is its number and its last day, or neither. Without one only a supervised person can order, and
    then with a countersignature.
    """

    team: Code
    tier: Tier
    spend_limit_pence: Pence
    registration_number: RegistrationNumber | None = None
    registration_expires_on: Day | None = None
    is_supervised: bool = False


class PrescriberBody(Shape):
    """A prescriber. `registration` is how the registration stands today; `may_authorise` follows from the roles."""

    username: str
    name: str
    is_active: bool
    team: str
    team_name: str
    tier: Tier
    spend_limit_pence: int
    registration_number: str | None
    registration_expires_on: date | None
    registration: Registration
    is_supervised: bool
    may_authorise: bool


class PrescriberForm(Shape):
    """A prescriber's authority as its page asks for it: pounds instead of pence."""

    team: Annotated[Code, asked("Choose the team.")] = needed()
    tier: Tier = Tier.STANDARD
    limit: Annotated[int, BeforeValidator(limit_from), asked("Enter a spend limit.")] = needed()
    registration_number: RegistrationNumber | None = None
    registration_expires_on: Day | None = None
    is_supervised: bool = False

    def as_details(self) -> PrescriberDetails:
        """What is kept."""
        return PrescriberDetails(
            team=self.team,
            tier=self.tier,
            spend_limit_pence=self.limit,
            registration_number=self.registration_number,
            registration_expires_on=self.registration_expires_on,
            is_supervised=self.is_supervised,
        )


class PrescriberChangeForm(PrescriberForm):
    """The same page for somebody who is set up already; `version` is the one that it showed."""

    version: Annotated[int, Field(ge=1, lt=2**31)]


class NewPrescriberForm(PrescriberForm):
    """The same page for somebody with an account who is to be set up."""

    username: Annotated[Line, asked("Choose the person.")] = needed()


def as_typed(row: PrescriberRow) -> dict[str, list[str]]:
    """The authority as somebody would have typed it into its page."""
    pounds, pence = divmod(row.spend_limit_pence, 100)
    ends = row.registration_expires_on
    return {
        "team": [row.team],
        "tier": [row.tier.value],
        "limit": [f"{pounds}.{pence:02}"],
        "registration_number": [row.registration_number or ""],
        **(_boxes("registration_expires_on", ends) if ends else {}),
        "is_supervised": ["true"] if row.is_supervised else [],
    }


def _boxes(name: str, day: date) -> dict[str, list[str]]:
    """A date in its three boxes: a form with errors shows nothing but what is in them."""
    return {f"{name}-{part}": [str(getattr(day, part))] for part in DATE_PARTS}


class NewDelegation(Body):
    """Authority to lend, both days included. `from_username` is oneself unless the manager names somebody."""

    from_username: Line | None = None
    to_username: Line
    from_on: Day
    until_on: Day
    reason: Paragraph


class DelegationForm(Shape):
    """Authority to lend, on its page."""

    to_username: Annotated[Line, asked("Choose who is to have it.")] = needed()
    from_on: Annotated[Day, asked("Enter the first day.")] = needed()
    until_on: Annotated[Day, asked("Enter the last day.")] = needed()
    reason: Annotated[Paragraph, asked("Say why it is lent.")] = needed()

    def as_delegation(self, from_username: str) -> NewDelegation:
        """What is kept."""
        return NewDelegation(from_username=from_username, **self.model_dump())


class DelegationBody(Shape):
    """Authority lent from one person to another; `state` is how it stands today."""

    id: int
    from_username: str
    from_name: str
    to_username: str
    to_name: str
    from_on: date
    until_on: date
    reason: str
    made_at: datetime
    made_by: str
    ended_at: datetime | None
    ended_by: str | None
    state: LendingState
