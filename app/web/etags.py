"""Versions of editable resources as ETag and If-Match."""

from typing import Annotated

from fastapi import Depends, Header

from app.domain.errors import Stale


def etag(version: int) -> str:
    """The header's value for a version."""
    return f'"{version}"'


async def wanted_version(if_match: Annotated[str | None, Header()] = None) -> int:
    """The version that If-Match names. Raises Stale `if-match-required` or `stale`."""
    if if_match is None:
        raise Stale("if-match-required", "Send If-Match with the ETag that you read, so that nobody's change is lost.")
    number = if_match.strip().removeprefix("W/").strip('"')
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise Stale("stale", "If-Match must be the ETag that you read. Read the resource again.")
    return int(number)


Version = Annotated[int, Depends(wanted_version)]
