"""What may be asked in an address. A misspelt parameter of the API is refused, not answered as if it were not there."""

from typing import Annotated

from fastapi import Query, Request, params
from fastapi.dependencies.utils import get_flat_params

from app.domain.errors import BadValue

LONGEST_SHOWN = 40

Back = Annotated[str, Query(max_length=200)]
"""The page that a form was opened from; who reads it makes sure that it is one of ours."""


async def refuse_unknown(request: Request) -> None:
    """Refuse a parameter that the route does not know. Raises BadValue `unknown-parameter`.

    Pages stay lenient: links from elsewhere bring parameters of their own.
    """
    if not request.query_params or not request.url.path.startswith("/api/"):
        return
    known = _known_to(request)
    unknown = next((name for name in request.query_params if name not in known), None)
    if unknown is None:
        return
    right = f"Those known are: {', '.join(known)}." if known else "None is known: leave it out."
    raise BadValue(
        "unknown-parameter", f"There is no parameter “{_shown(unknown)}” at this address. {right}", field=unknown
    )


def _known_to(request: Request) -> list[str]:
    """The parameters that this route takes in an address."""
    takes = get_flat_params(request.scope["route"].dependant)
    return [one.alias for one in takes if isinstance(one.field_info, params.Query)]


def _shown(name: str) -> str:
    short = name if len(name) <= LONGEST_SHOWN else f"{name[:LONGEST_SHOWN]}…"
    return "".join(character if character.isprintable() else "?" for character in short)
