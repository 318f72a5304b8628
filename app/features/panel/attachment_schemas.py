"""Bodies of attachments."""

from datetime import datetime

from app.uploads import MediaType
from app.web.fields import OptionalLine
from app.web.shapes import Shape


class AttachmentBody(Shape):
    """A file of a case. `name`: what it was called where it came from; `taken_out_at`: it is not put before the panel
    any more, and stays because it was once."""

    number: int
    title: str
    name: str
    media_type: MediaType
    size_bytes: int
    pages: int
    sha256: str
    added_at: datetime
    added_by: str
    taken_out_at: datetime | None
    taken_out_by: str | None


class AttachmentForm(Shape):
    """What the file is, in words; the file is read apart. Without a title, its name is one."""

    title: OptionalLine = ""
