"""People who are not signed in: what stands for their visit, so that a form can carry a token; where they ask from."""

import secrets
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request, Response

from app.settings import Settings
from app.web.auth import VISIT_COOKIE, csrf_token
from app.web.flash import set_cookie

VISIT_SECONDS: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who is not signed in: a random cookie stands for them, so that the form can carry a token."""

    cookie: str
    token: str


async def get_visit(request: Request) -> Visit:
    """The visit of this browser, begun now unless it brings one."""
    settings: Settings = request.app.state.settings
    cookie = request.cookies.get(VISIT_COOKIE) or secrets.token_urlsafe(32)
    return Visit(cookie, csrf_token(settings, f"visit:{cookie}"))


Visitor = Annotated[Visit, Depends(get_visit)]


def keep_visit(request: Request, answer: Response, visit: Visit) -> None:
    """Give the browser the cookie of its visit."""
    set_cookie(request, answer, VISIT_COOKIE, visit.cookie, max_age=VISIT_SECONDS)


def address_of(request: Request) -> str:
    """The network address that asks; behind a trusted proxy the one that the proxy names."""
    return request.client.host if request.client else ""
