"""Looking for a client by words. It goes by POST: every log on the way keeps addresses, and the words name people."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.web.fields import without_controls
from app.web.shapes import Shape

LONGEST_SEARCH = 100

SearchWords = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=LONGEST_SEARCH), AfterValidator(without_controls)
]
"""A reference, an NHS number, a postcode, a date of birth or a name."""

Behind = Annotated[str, Field(max_length=LONGEST_SEARCH)]
"""The cursor that the last page of a list ended with, where it is sent in a body."""


class ClientSearchForm(Shape):
    """The form of `components/find_client.html`. `find` tells it from the other form of a page's address."""

    find: str = ""
    q: SearchWords = ""
    after: Behind | None = None
