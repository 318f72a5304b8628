"""What forms and bodies say of the waste of what is scrapped: asked on several pages, so written once."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field, ValidationInfo

from app.domain.disposal import Batteries, Disposal, WasteStream
from app.domain.errors import BadValue
from app.web.asked import asked, needed
from app.web.fields import OptionalLine
from app.web.shapes import Shape

STREAMS: Final = [(one.value, one.text, one.means) for one in WasteStream if one is not WasteStream.NOWHERE]
OF_THE_MISSING: Final = [(WasteStream.NOWHERE.value, WasteStream.NOWHERE.text, WasteStream.NOWHERE.means)]
BATTERIES: Final = [(one.value, one.text) for one in Batteries]
CHOICES: Final = {"streams": STREAMS, "batteries_answers": BATTERIES}
"""What a page needs whose form asks for it (`stock/waste.html`)."""


class Waste(Shape):
    """Where the waste goes, and the reference of the note of its transfer; `reference_follows`: it is not there yet."""

    waste_stream: WasteStream | None = None
    batteries: Batteries | None = None
    reference: OptionalLine = ""
    reference_follows: bool = False

    def disposal(self, reason: str) -> Disposal:
        """What is said of the scrap. Raises BadValue `waste-stream-wanted`."""
        if self.waste_stream is None:
            raise BadValue("waste-stream-wanted", "Choose where the waste goes.", field="waste_stream")
        return Disposal(reason, self.waste_stream, self.batteries, self.reference, self.reference_follows)


def said_of_the_electrical(batteries: Batteries | None, info: ValidationInfo) -> Batteries | None:
    """The answer, which what is electrical needs. Browsers do not send a question that has none."""
    if batteries is None and info.data.get("waste_stream") is WasteStream.WEEE:
        raise ValueError("Say whether its batteries are taken out, or that it has none.")
    return batteries


class AskedWaste(Waste):
    """The same on a form, where it must be said, and what is wrong is said at its question."""

    waste_stream: Annotated[WasteStream, asked("Choose where the waste goes.")] = needed()
    batteries: Annotated[Batteries | None, Field(validate_default=True), AfterValidator(said_of_the_electrical)] = None
