"""Renders pages: the Jinja environment, its filters, and what every template is given. No page's own data."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader
from markupsafe import Markup

from app.domain.access import Permission
from app.domain.costs import OWN_ACCOUNT_TEXT
from app.domain.dates import UK, in_words
from app.domain.labels import display
from app.domain.lifecycle import State
from app.domain.overloads import belied_load
from app.settings import Settings
from app.web.navigation import menu_for
from app.web.security import DECODING

CAMERA = " data-camera="
APP = Path(__file__).resolve().parent.parent

STATE_COLOURS: dict[State, str] = {
    State.IN_STOCK: "green",
    State.RESERVED: "teal",
    State.DISPATCHED: "blue",
    State.ON_LOAN: "blue",
    State.ON_TRIAL: "purple",
    State.AWAITING_COLLECTION: "yellow",
    State.RETURNED: "orange",
    State.DECONTAMINATING: "orange",
    State.AWAITING_INSPECTION: "orange",
    State.IN_REPAIR: "magenta",
    State.SCRAPPED: "grey",
    State.MISSING: "red",
}


class BoundForm(Protocol):
    """What a form field needs of the form that was sent; `web.forms` makes them."""

    @property
    def errors(self) -> Sequence[object]: ...

    def value(self, name: str) -> str: ...

    def error(self, name: str) -> str | None: ...

    def learn(self, name: str, label: str) -> None: ...

    @property
    def has_learnt(self) -> bool: ...

    def there(self, name: str) -> Sequence[str] | None: ...


class OnceKeys:
    """Prints another key each time: every form on a page has its own, so sending one says nothing of the others."""

    def __str__(self) -> str:
        return uuid4().hex


def render(
    request: Request, template: str, context: Mapping[str, Any] | None = None, status_code: int = 200
) -> HTMLResponse:
    """The page from `app/templates/<template>`, given the context and what every page shares."""
    shared = _shared(request)
    if status_code >= 400:
        # What went well before is no news on a page that says what went wrong; it waits for the next good page.
        shared["flash"] = None
    made = environment().get_template(template)
    page = made.render({**shared, **(context or {})})
    forms: Sequence[BoundForm | None] = [(context or {}).get(name) for name in ("form", "search")]
    if any(form is not None and form.has_learnt for form in forms):
        # What is wrong stands above the fields: only now are their labels known, and their order.
        page = made.render({**shared, **(context or {})})
    headers = {"Content-Security-Policy": DECODING} if CAMERA in page else None
    return HTMLResponse(page, status_code=status_code, headers=headers)


@cache
def environment() -> Environment:
    """The Jinja environment, made once: our templates, and GOV.UK's macros under `govuk_frontend_jinja/`."""
    made = Environment(
        loader=ChoiceLoader(
            [
                FileSystemLoader(APP / "templates"),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        # Otherwise each page asks the disk for the age of every template that it is made of, 150 times.
        auto_reload=False,
        extensions=["jinja2.ext.do"],
    )
    made.filters.update(
        date=day, datetime=moment, pence=pounds, state_tag=state_tag, tag=display, words=words, so_far=so_far
    )
    made.globals.update(
        OWN_ACCOUNT_TEXT=OWN_ACCOUNT_TEXT,
        belied_load=belied_load,
        asset=asset,
        given=given,
        error_of=error_of,
        hint_of=hint_of,
        Permission=Permission,
    )
    return made


def day(value: date | datetime | None) -> str:
    """2 March 2026. An instant becomes the day it falls on in London; None becomes nothing."""
    if value is None:
        return ""
    local = _in_london(value) if isinstance(value, datetime) else value
    return in_words(local)


def moment(value: datetime | None) -> str:
    """2 March 2026 at 2:05pm, in London, as GOV.UK's style writes it. None becomes nothing."""
    if value is None:
        return ""
    local = _in_london(value)
    return f"{day(local)} at {local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"


def so_far(number: int, most: int) -> str:
    """A number that was counted so far only: beyond it there are more."""
    return f"more than {most:,}" if number > most else str(number)


def pounds(pence: int | None) -> str:
    """123456 pence is £1,234.56. None becomes nothing."""
    if pence is None:
        return ""
    sign = "-" if pence < 0 else ""
    return f"{sign}£{abs(pence) // 100:,}.{abs(pence) % 100:02}"


def state_tag(state: State | str) -> tuple[str, str]:
    """The words and the tag class of an item's state: ("In stock", "govuk-tag--green")."""
    known = State(state)
    return known.text, f"govuk-tag--{STATE_COLOURS[known]}"


def words(name: str) -> str:
    """A name of the program as people read it: `hold_placed` is "Hold placed"."""
    return name.replace("_", " ").capitalize()


def given(form: BoundForm | None, name: str, fallback: object = "") -> object:
    """What to show in a field: what was typed, else the page's own value unless somebody emptied the field."""
    if not form:
        return fallback
    typed = form.value(name)
    return typed if typed or form.errors else fallback


def error_of(form: BoundForm | None, name: str, label: str | None = None) -> dict[str, str] | None:
    """The field's error as GOV.UK's macros take it, if it has one. `label`: what the page calls the field."""
    if form and label:
        form.learn(name, label)
    message = form.error(name) if form else None
    return {"text": message} if message else None


def hint_of(
    form: BoundForm | None, name: str, hint: str | None = None, options: Sequence[Sequence[object]] = ()
) -> dict[str, str] | None:
    """The field's hint as GOV.UK's macros take it; with what stands in the field by now, if that is not what was typed.
    `options`: what it is chosen from, as (value, text)."""
    there = form.there(name) if form else None
    if there is None:
        return {"text": hint} if hint else None
    texts = {str(value): str(text) for value, text, *_ in options}
    stands = ", ".join(texts.get(value, _day_or_text(value)) for value in there) or "nothing"
    now = Markup('<strong class="app-now">Now: {}</strong>').format(stands)
    return {"html": Markup("{}<br>{}").format(hint, now) if hint else now}


def _day_or_text(value: str) -> str:
    try:
        return in_words(date.fromisoformat(value))
    except ValueError:
        return value


def asset(name: str) -> str:
    """The address of a built asset, with the build's version, so that a browser may keep it for ever."""
    return f"/static/dist/{name}?v={_asset_version()}"


@cache
def _asset_version() -> str:
    stamp = APP / "static/dist/stamp"
    return stamp.read_text()[:12] if stamp.is_file() else "unbuilt"


def _in_london(value: datetime) -> datetime:
    # The database hands out aware instants; a naive one can only be UTC.
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UK)


def _shared(request: Request) -> dict[str, Any]:
    settings: Settings = request.app.state.settings
    actor = getattr(request.state, "actor", None)
    return {
        "request": request,
        "settings": settings,
        "service_name": settings.service_name,
        "demonstration": settings.demonstration,
        "actor": actor,
        "menu": menu_for(actor, request.url.path),
        "csrf_token": getattr(request.state, "csrf_token", None) or "",
        "flash": getattr(request.state, "flash", None),
        "reading": getattr(request.state, "reading", None),
        "once": OnceKeys(),
    }
