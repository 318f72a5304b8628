"""Asset tags at the edge: the one in the address, and several in a body."""

from collections.abc import Iterable
from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Request

from app.domain.carriers import OwnPrefix
from app.domain.errors import RuleError
from app.domain.scanning import check_tag
from app.settings import Settings


def own_prefix(settings: Settings) -> OwnPrefix:
    """The letters that begin this service's tags, with its GS1 company prefix and web addresses."""
    return OwnPrefix(
        settings.tag_prefix, company_prefix=settings.gs1_company_prefix, addresses=settings.public_addresses
    )


async def tag_prefix(request: Request) -> OwnPrefix:
    """The same for the service that was asked."""
    return own_prefix(request.app.state.settings)


Prefix = Annotated[OwnPrefix, Depends(tag_prefix)]


async def own_tag(barcode: str, prefix: Prefix) -> str:
    """The asset tag in the address, in normal form; refused as `check_tag` refuses.

    What a QR code holds has slashes, which a part of an address cannot: the scan page writes them as `%2F` once more.
    """
    return check_tag(unquote(barcode), prefix=prefix)


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
