"""HTML forms: read one into a pydantic model, or say field by field what is wrong and show it again."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, get_origin

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData

from app.domain.errors import RuleError
from app.web.wording import in_words


class Form:
    """What was typed, and what is wrong with it. Templates ask `value`, `values`, `error`, `errors`, `general`."""

    def __init__(self, typed: Mapping[str, list[str]] | None = None) -> None:
        self._typed = dict(typed or {})
        self._errors: dict[str, str] = {}
        self.general: list[str] = []

    def value(self, name: str) -> str:
        """The first text typed into the field, or nothing."""
        return self.values(name)[0] if self.values(name) else ""

    def values(self, name: str) -> list[str]:
        """All texts of the field (checkboxes)."""
        return self._typed.get(name, [])

    def error(self, name: str) -> str | None:
        """What is wrong with the field."""
        return self._errors.get(name)

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
        about = [{"text": message, "href": f"#{name}"} for name, message in self._errors.items()]
        return [{"text": message, "href": "#main-content"} for message in self.general] + about

    def refuse(self, message: str, field: str | None = None) -> None:
        """Add an error: about a field of this form, or about all of it."""
        if field is None:
            self.general.append(message)
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
            form.refuse(in_words(error, on_page=True), field_name)
        return form, None
    return form, None if form.errors else body


@contextmanager
def or_again(template: str, form: Form, **context: Any) -> Iterator[None]:
    """What the rules refuse inside is shown on the form again, at its field, and nothing of it is kept."""
    try:
        yield
    except RuleError as error:
        field = error.field if error.field in form_fields(form) else None
        form.refuse(error.detail, field)
        raise ShowAgain(template, {**context, "form": form}, error) from error


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
        form.refuse(f"{name.replace('_', ' ').capitalize()} must include a {' and a '.join(empty)}.", name)
    return "-".join(text.zfill(2) for text in typed.values())


def _typed(sent: FormData) -> dict[str, list[str]]:
    typed: dict[str, list[str]] = {}
    for name, value in sent.multi_items():
        if isinstance(value, str):
            typed.setdefault(name, []).append(value)
    return typed


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is list
