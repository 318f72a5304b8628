"""Files in requests and answers: one that a form sends, what is wrong with it, and one that is handed out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from app.domain.errors import BadValue
from app.uploads import MOST_BYTES, File
from app.web.forms import Form, ShowAgain

LONGEST_NAME: Final = 200
SHOWS_NOTHING_ELSE: Final = "default-src 'none'; sandbox"
"""The policy of a file that somebody sent in: it loads nothing and runs nothing, should a browser show it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it was sent. `name` is words about it, and never a path."""

    name: str
    content: bytes


async def read_file(request: Request) -> Sent | None:
    """The part `file` of the form; None where no file was chosen. No more of it is read than may be kept."""
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return None
    content = await file.read(MOST_BYTES + 1)
    await file.close()
    last = file.filename.replace("\\", "/").rsplit("/", 1)[-1]
    return Sent("".join(letter for letter in last if letter.isprintable()).strip()[:LONGEST_NAME], content)


@contextmanager
def at_the_file(template: str, form: Form, context: dict[str, Any]) -> Iterator[None]:
    """What is wrong with the file is told at it, though a form does not send it again."""
    try:
        yield
    except BadValue as error:
        if error.field != "file":
            raise
        form.refuse(error.detail, "file")
        raise ShowAgain(template, {**context, "form": form}, error) from error


def download(file: File, name: str) -> Response:
    """The file, to be kept on the reader's disk under a name that is ours."""
    ending = file.media_type.text.lower()
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{ending}"',
        "Content-Security-Policy": SHOWS_NOTHING_ELSE,
    }
    return Response(file.content, media_type=file.media_type.value, headers=headers)


def pdf_answer(content: bytes, name: str) -> Response:
    """A PDF of ours, for a browser to show."""
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)
