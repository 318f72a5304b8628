"""Redirects that carry one sentence to the next page, in a signed cookie; and cookies' common settings."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from app.settings import Settings
from app.web.auth import sign

FLASH_COOKIE = "stores_flash"


def redirect(request: Request, url: str, flash: str | None = None) -> RedirectResponse:
    """See other; the sentence is shown as a success banner there."""
    answer = RedirectResponse(url, 303)
    if flash:
        settings: Settings = request.app.state.settings
        text = urlsafe_b64encode(flash.encode()).decode()
        set_cookie(request, answer, FLASH_COOKIE, f"{text}.{sign(settings, f'flash:{text}')}", max_age=60)
    return answer


def set_cookie(request: Request, answer: Response, name: str, value: str, *, max_age: int) -> None:
    """A cookie that scripts cannot read and other sites cannot send along; over HTTPS only outside demonstration."""
    settings: Settings = request.app.state.settings
    answer.set_cookie(name, value, max_age=max_age, httponly=True, samesite="lax", secure=not settings.demonstration)


def read_flash(settings: Settings, cookie: str | None) -> str | None:
    """The sentence, if the cookie is ours."""
    text, _, signature = (cookie or "").partition(".")
    if not text or not compare_digest(signature.encode(), sign(settings, f"flash:{text}").encode()):
        return None
    return urlsafe_b64decode(text).decode()
