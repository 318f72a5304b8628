"""HTML forms: read one into a pydantic model, or say field by field what is wrong and show it again."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, get_origin

from fastapi import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.datastructures import FormData

from app.domain.errors import RuleError, Stale
from app.web.wording import capital, in_words, name_of

STALE = "Somebody changed this while you had it open. Yours is not saved yet."

Words = str | Callable[[str | None], str]
"""What is wrong with a field: a whole sentence, or one that is made when the page has said what it calls the field."""


class Form:
    """What was typed, and what is wrong with it. Templates ask `value`, `values`, `error`, `errors`, `general`."""

    def __init__(self, typed: Mapping[str, list[str]] | None = None) -> None:
        self._typed = dict(typed or {})
        self._errors: dict[str, Words] = {}
        self._labels: dict[str, str] = {}
        self._stored: Mapping[str, list[str]] = {}
        self.is_stale = False
        self.general: list[str] = []

    @property
    def typed(self) -> dict[str, list[str]]:
        """All that was typed, by field."""
        return dict(self._typed)

    def value(self, name: str) -> str:
        """The first text typed into the field, or nothing."""
        return self.values(name)[0] if self.values(name) else ""

    def values(self, name: str) -> list[str]:
        """All texts of the field (checkboxes)."""
        return self._typed.get(name, [])

    def error(self, name: str) -> str | None:
        """What is wrong with the field, which is called as the page labels it."""
        said = self._errors.get(name)
        return said(self._labels.get(name)) if callable(said) else said

    def learn(self, name: str, label: str) -> None:
        """The page calls this field so. Fields are learnt in the order in which they stand on the page."""
        self._labels.setdefault(name, label)

    @property
    def has_learnt(self) -> bool:
        """Whether what is wrong can be said better than before its page was made."""
        return any(name in self._labels for name in self._errors)

    def against(self, stored: Mapping[str, list[str]]) -> "Form":
        """The form, which knows what is stored by now, as somebody would have typed it."""
        self._stored = stored
        return self

    def refuse_stale(self, error: Stale) -> None:
        """Somebody else was quicker. What stands there now is shown beside what was typed, and counts as read."""
        self.is_stale = bool(self._stored)
        if "version" in self._stored:
            self._typed["version"] = list(self._stored["version"])
        self.refuse(STALE if self.is_stale else error.detail)

    def there(self, name: str) -> list[str] | None:
        """What stands in the field by now, if somebody else was quicker and it is not what was typed."""
        if not self.is_stale or name not in self._stored:
            return None
        stored, typed = self._stored[name], self.values(name)
        if any(f"{name}{part}" in self._typed for part in DATE_SUFFIXES):
            boxes = [self.value(f"{name}-{part}").strip() for part in DATE_PARTS]
            typed = ["-".join(box.zfill(2) for box in boxes)] if any(boxes) else []
        return None if _plain(stored) == _plain(typed) else stored

    @property
    def names(self) -> set[str]:
        """The names of all fields that were sent."""
        return set(self._typed)

    def with_values(self, values: Mapping[str, str]) -> "Form":
        """The form as typed with these values in its fields, and nothing said to be wrong with it."""
        return Form(self._typed | {name: [value] for name, value in values.items()})

    @property
    def errors(self) -> list[dict[str, str]]:
        """For the error summary: each error with the field it is about."""
        places = {name: place for place, name in enumerate(self._labels)}
        names = sorted(self._errors, key=lambda name: places.get(name, len(places)))
        about = [{"text": self.error(name) or "", "href": f"#{name}"} for name in names]
        return [{"text": message, "href": "#main-content"} for message in self.general] + about

    def refuse(self, message: Words, field: str | None = None) -> None:
        """Add an error: about a field of this form, or about all of it."""
        if field is None:
            self.general.append(message(None) if callable(message) else message)
        else:
            self._errors.setdefault(field, message)


class ShowAgain(Exception):
    """The form is shown again; raising it undoes the transaction, so that the form can still be sent once.

    As a rule something is wrong with it; with `is_wrong=False` somebody asked for help with filling it in.
    """

    def __init__(
        self, template: str, context: dict[str, Any], error: RuleError | None = None, *, is_wrong: bool = True
    ) -> None:
        super().__init__(template)
        self.template, self.context, self.error, self.is_wrong = template, context, error, is_wrong


Model = TypeVar("Model", bound=BaseModel)


async def read_form(request: Request, schema: type[Model]) -> tuple[Form, Model | None]:
    """The form as typed, and the model when every field is right (None: the form carries the errors).

    An empty field counts as left out. Three boxes `x-day`, `x-month`, `x-year` make one date `x`.
    """
    typed = _typed(await request.form())
    form = Form(typed)
    given: dict[str, Any] = {}
    for name, field in schema.model_fields.items():
        values = [value for value in typed.get(name, []) if value.strip()]
        if values:
            given[name] = values if _is_list(field.annotation) else values[0]
        elif any(form.value(f"{name}-{part}") for part in DATE_PARTS):
            given[name] = _one_date(form, name)
    try:
        body = schema.model_validate(given)
    except ValidationError as invalid:
        for error in invalid.errors():
            field_name = str(error["loc"][0]) if error["loc"] else None
            form.refuse(_in_words_of_the_page(error), field_name)
        return form, None
    return form, None if form.errors else body


@contextmanager
def or_again(template: str, form: Form, **context: Any) -> Iterator[None]:
    """What the rules refuse inside is shown on the form again, at its field, and nothing of it is kept.

    Where somebody else was quicker, a form that knows what is stored (`against`) shows it, and can be sent once more.
    """
    try:
        yield
    except RuleError as error:
        if isinstance(error, Stale):
            form.refuse_stale(error)
        else:
            form.refuse(error.detail, error.field if error.field in form_fields(form) else None)
        raise ShowAgain(template, {**context, "form": form}, error) from error


@contextmanager
def filled_or_again(template: str, form: Form, body: Model | None, **context: Any) -> Iterator[Model]:
    """The body of a form in which every field is right; otherwise, and for what the rules refuse inside, its page again
    (`or_again`)."""
    if body is None:
        raise ShowAgain(template, {**context, "form": form})
    with or_again(template, form, **context):
        yield body


def form_fields(form: Form) -> set[str]:
    """The names that the form was sent with; the boxes of a date count as the date."""
    return {name.rsplit("-", 1)[0] if name.endswith(DATE_SUFFIXES) else name for name in form.names}


DATE_PARTS = ("year", "month", "day")
DATE_SUFFIXES = ("-year", "-month", "-day")


def _one_date(form: Form, name: str) -> str:
    """The boxes of a date as one text; a box that was left empty is named."""
    typed = {part: form.value(f"{name}-{part}").strip() for part in DATE_PARTS}
    empty = [part for part in reversed(DATE_PARTS) if not typed[part]]
    if empty:
        form.refuse(_incomplete(name.replace("_", " "), empty), name)
    return "-".join(text.zfill(2) for text in typed.values())


def _incomplete(name: str, empty: list[str]) -> Words:
    return lambda label: f"{capital(name_of(label) if label else name)} must include a {' and a '.join(empty)}."


def _in_words_of_the_page(error: ErrorDetails) -> Words:
    return lambda label: in_words(error, on_page=True, label=label)


def _plain(values: list[str]) -> list[str]:
    """As typed, but for what nobody sees: blanks at the ends, line ends, empty fields, the order of boxes."""
    return sorted(filter(None, (value.replace("\r\n", "\n").strip() for value in values)))


def _typed(sent: FormData) -> dict[str, list[str]]:
    typed: dict[str, list[str]] = {}
    for name, value in sent.multi_items():
        if isinstance(value, str):
            typed.setdefault(name, []).append(value)
    return typed


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is list
