"""Forms and bodies of makers' other names."""

from datetime import date, datetime
from typing import Annotated

from app.domain.maker_names import Alias
from app.web.asked import asked, needed
from app.web.fields import Body, Day, Line
from app.web.shapes import Shape


class NewAlias(Body):
    """`name` is another name of `resolves_to`, for what was made from `from_on` until `until_on`, both included."""

    name: Line
    resolves_to: Line
    from_on: Day | None = None
    until_on: Day | None = None

    def alias(self) -> Alias:
        """As the rules have it."""
        return Alias(self.name, self.resolves_to, self.from_on, self.until_on)


class AliasForm(NewAlias):
    """The same, as its page asks for it."""

    name: Annotated[Line, asked("Enter the other name, as a label or a notice has it.")] = needed()
    resolves_to: Annotated[Line, asked("Enter the name by which you know the maker.")] = needed()


class AliasBody(Shape):
    """Another name of a maker, and who recorded it."""

    id: int
    name: str
    resolves_to: str
    from_on: date | None
    until_on: date | None
    recorded_at: datetime
    recorded_by: str


class AddedAlias(AliasBody):
    """The same, with how many items safety notices cover by it, or may, that they did not before."""

    newly_covered: int
