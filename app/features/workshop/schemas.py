"""Bodies of the workshop."""

from typing import Annotated

from pydantic import AfterValidator, Field

from app.domain.lifecycle import Move, State, can_move
from app.web.fields import Body, OptionalLine, OptionalParagraph
from app.web.results import Step
from app.web.shapes import Shape
from app.web.typed import own_path

Barcode = Annotated[str, Field(max_length=2000)]


class ReleaseBody(Body):
    """Where on the shelf it goes; `due_soon_reason`: why, although its thorough examination falls due soon."""

    bay: OptionalLine = ""
    due_soon_reason: OptionalParagraph = ""


class Released(Shape):
    """The item, as it stands now."""

    barcode: str
    product_name: str
    state: State
    is_clear: bool
    next_step: Step


class BenchItem(Shape):
    """One item under repair, or to be cleaned by order."""

    barcode: str
    product_name: str
    state: State
    serial_number: str | None
    holds: list[str]
    is_spent: bool

    @property
    def may_be_cleaned_by_order(self) -> bool:
        """Whether a manager may name a way to clean it."""
        return self.can(Move.START_DECONTAMINATION) and not self.is_spent

    def can(self, move: Move) -> bool:
        """Whether the lifecycle has this move from where the item stands."""
        return can_move(self.state, move)


def to_the_workshop(path: str) -> str:
    """The path, if it is one of this service's; the workshop otherwise, so that no form leads people elsewhere."""
    return own_path(path, "/workshop")


class WayBack(Shape):
    """A form that knows where it was opened."""

    back: Annotated[str, AfterValidator(to_the_workshop)] = "/workshop"


class ReleaseForm(WayBack):
    """Where on the shelf it goes, and why although its thorough examination falls due soon."""

    bay: OptionalLine = ""
    due_soon_reason: OptionalParagraph = ""
