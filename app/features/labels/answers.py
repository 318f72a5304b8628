"""How labels are asked for in an address, and a file of them as an HTTP answer."""

from typing import Annotated

from fastapi import Query, Response
from pydantic import BeforeValidator

from app.features.labels.printing import Dpi
from app.features.labels.service import LabelFile


def _number(text: object) -> object:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else text


Resolution = Annotated[
    Dpi, BeforeValidator(_number), Query(description="Dots an inch of the label printer, for png and zpl: 203 or 300.")
]


def file_answer(file: LabelFile, *, inline: bool = False) -> Response:
    """The file; `inline` lets a browser show it instead of saving it."""
    disposition = f'{"inline" if inline else "attachment"}; filename="{file.name}"'
    return Response(file.content, media_type=file.media_type, headers={"Content-Disposition": disposition})
