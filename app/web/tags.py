"""Asset tags at the edge: the one in the address, and several in a body."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends, Request

from app.domain.errors import RuleError
from app.domain.scanning import check_tag
from app.settings import Settings


async def tag_prefix(request: Request) -> str:
    """The letters that begin this service's tags."""
    settings: Settings = request.app.state.settings
    return settings.tag_prefix


Prefix = Annotated[str, Depends(tag_prefix)]


async def own_tag(barcode: str, prefix: Prefix) -> str:
    """The asset tag in the address, in normal form; refused as `check_tag` refuses."""
    return check_tag(barcode, prefix=prefix)


Tag = Annotated[str, Depends(own_tag)]


def check_tags(raws: Iterable[str], *, prefix: str, field: str) -> list[str]:
    """The texts as tags of ours, each once. Refuses the first that is none as `check_tag` does, at its place."""
    tags: dict[str, None] = {}
    for index, raw in enumerate(raws):
        try:
            tags[check_tag(raw, prefix=prefix)] = None
        except RuleError as error:
            error.field, error.index = field, index
            raise
    return list(tags)


def sort_tags(raws: Iterable[str], *, prefix: str) -> tuple[dict[str, str], dict[str, RuleError]]:
    """Each text as a tag of ours, or why it is not one: ({raw: tag}, {raw: error})."""
    tags: dict[str, str] = {}
    errors: dict[str, RuleError] = {}
    for raw in raws:
        try:
            tags[raw] = check_tag(raw, prefix=prefix)
        except RuleError as error:
            errors[raw] = error
    return tags, errors
