"""Redirects that carry one sentence to the next page, in a signed cookie; and cookies' common settings."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hmac import compare_digest

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from app.settings import Settings
from app.web.auth import sign

FLASH_COOKIE = "stores_flash"
IMPORTANT = "!"
"""With this begins, in the cookie, what is no success."""


@dataclass(frozen=True, slots=True)
class Flash:
    """A sentence for the next page. `is_important`: not that something went well, but that something is to be known."""

    text: str
    is_important: bool = False


def redirect(request: Request, url: str, flash: str | None = None, *, is_important: bool = False) -> RedirectResponse:
    """See other; the sentence is shown there as a success banner, or as an important one."""
    answer = RedirectResponse(url, 303)
    if flash:
        settings: Settings = request.app.state.settings
        text = urlsafe_b64encode(f"{IMPORTANT if is_important else ''}{flash}".encode()).decode()
        set_cookie(request, answer, FLASH_COOKIE, f"{text}.{sign(settings, f'flash:{text}')}", max_age=60)
    return answer


def set_cookie(request: Request, answer: Response, name: str, value: str, *, max_age: int) -> None:
    """A cookie that scripts cannot read and other sites cannot send along; over HTTPS only outside demonstration."""
    settings: Settings = request.app.state.settings
    answer.set_cookie(name, value, max_age=max_age, httponly=True, samesite="lax", secure=not settings.demonstration)


def read_flash(settings: Settings, cookie: str | None) -> Flash | None:
    """The sentence, if the cookie is ours."""
    text, _, signature = (cookie or "").partition(".")
    if not text or not compare_digest(signature.encode(), sign(settings, f"flash:{text}").encode()):
        return None
    said = urlsafe_b64decode(text).decode()
    return Flash(said.removeprefix(IMPORTANT), said.startswith(IMPORTANT))
