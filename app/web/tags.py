"""Asset tags at the edge: the one in the address, and several in a body."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends, Request

from app.domain.errors import RuleError
from app.domain.scanning import check_tag
from app.settings import Settings


def tag_prefix(request: Request) -> str:
    """The letters that begin this service's tags."""
    settings: Settings = request.app.state.settings
    return settings.tag_prefix


def own_tag(request: Request, barcode: str) -> str:
    """The asset tag in the address, in normal form; refused as `check_tag` refuses."""
    return check_tag(barcode, prefix=tag_prefix(request))


Prefix = Annotated[str, Depends(tag_prefix)]
Tag = Annotated[str, Depends(own_tag)]


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
