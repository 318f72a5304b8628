"""What a validation error says to people, for forms and for the API alike."""

from collections.abc import Callable
from typing import Any

from pydantic_core import ErrorDetails

WORDS: dict[str, Callable[[str, dict[str, Any]], str]] = {
    "missing": lambda name, _: f"“{name.replace(' ', '_')}” is missing.",
    "string_too_short": lambda name, _: f"“{name.replace(' ', '_')}” must not be empty.",
    "string_too_long": lambda name, ctx: f"{capital(name)} must be {ctx['max_length']} characters or fewer.",
    "string_type": lambda name, _: f"{capital(name)} must be text.",
    "int_parsing": lambda name, _: f"{capital(name)} must be a whole number.",
    "int_type": lambda name, _: f"{capital(name)} must be a whole number.",
    "int_from_float": lambda name, _: f"{capital(name)} must be a whole number.",
    "bool_parsing": lambda name, _: f"{capital(name)} must be true or false.",
    "greater_than_equal": lambda name, ctx: f"{capital(name)} must be {ctx['ge']} or more.",
    "less_than_equal": lambda name, ctx: f"{capital(name)} must be {ctx['le']} or less.",
    "enum": lambda name, ctx: f"Choose {name}: {ctx['expected']}.",
    "literal_error": lambda name, ctx: f"Choose {name}: {ctx['expected']}.",
    "date_parsing": lambda name, _: f"{capital(name)} must be a real date, such as 2026-03-27.",
    "date_from_datetime_parsing": lambda name, _: f"{capital(name)} must be a real date, such as 2026-03-27.",
    "date_from_datetime_inexact": lambda name, _: f"{capital(name)} must be a date without a time.",
    "datetime_parsing": lambda name, _: f"{capital(name)} must be an instant, such as 2026-03-27T14:05:00Z.",
    "datetime_from_date_parsing": lambda name, _: f"{capital(name)} must be an instant, such as 2026-03-27T14:05:00Z.",
    "date_type": lambda name, _: f"{capital(name)} must be a date, such as 2026-03-27.",
    "datetime_type": lambda name, _: f"{capital(name)} must be an instant, such as 2026-03-27T14:05:00Z.",
    "timezone_aware": lambda name, _: f"{capital(name)} must say its zone, such as 2026-03-27T14:05:00Z.",
    "dict_type": lambda name, _: f"{capital(name)} must be an object.",
    "model_attributes_type": lambda name, _: f"{capital(name)} must be a JSON object.",
    "string_unicode": lambda name, _: f"{capital(name)} has characters that cannot be stored.",
    "uuid_parsing": lambda name, _: f"{capital(name)} must be a UUID.",
    "list_type": lambda name, _: f"{capital(name)} must be a list.",
    "too_long": lambda name, ctx: f"{capital(name)} must have {ctx['max_length']} entries or fewer.",
    "too_short": lambda name, ctx: f"{capital(name)} must have at least {ctx['min_length']}.",
    "extra_forbidden": lambda name, _: f"There is no {name} here. Leave it out.",
    "string_pattern_mismatch": lambda name, ctx: f"{capital(name)} must look like {ctx['pattern']}.",
    "json_invalid": lambda _, __: "The body is not valid JSON. Check its quotes, commas and brackets.",
}

NO_DATE = "{} must be a real date, for example 27 3 2026."

WORDS_ON_PAGES: dict[str, str] = {
    "date_parsing": NO_DATE,
    "date_type": NO_DATE,
    "date_from_datetime_parsing": NO_DATE,
    "date_from_datetime_inexact": NO_DATE,
    "enum": "Choose {} from the list.",
    "literal_error": "Choose {} from the list.",
    "bool_parsing": "Choose {} from the list.",
    "missing": "Enter {}.",
    "string_too_short": "Enter {}.",
}
"""What is said otherwise where people answer, not programs: dates as they are typed into boxes, no names of choices."""

TO_A_QUESTION = {"Choose {} from the list.": "Choose an answer to {}.", "Enter {}.": "Answer {}."}
"""The same where the field is labelled by a question."""


def in_words(error: ErrorDetails, *, on_page: bool = False, label: str | None = None) -> str:
    """A sentence for people: what is wrong with which field, and what would be right. `label`: what the page calls the
    field."""
    name = name_of(label) if label else _field_name(error["loc"])
    if on_page and error["type"] in WORDS_ON_PAGES:
        sentence = WORDS_ON_PAGES[error["type"]]
        sentence = TO_A_QUESTION.get(sentence, sentence) if name.endswith("?”") else sentence
        return sentence.format(capital(name) if sentence.startswith("{") else name)
    context: dict[str, Any] = error.get("ctx") or {}
    if error["type"] in WORDS:
        return WORDS[error["type"]](name, context)
    # Our own validators raise ValueError with a whole sentence; pydantic puts a prefix before it.
    return error["msg"].removeprefix("Value error, ")


def code_of(error: ErrorDetails) -> str:
    """The stable kebab-case code of a validation error."""
    return error["type"].replace("_", "-")


def name_of(label: str) -> str:
    """A label as it stands in the middle of a sentence: “how many”, “NHS number”, ““How soon?””."""
    bare = label.removesuffix(" (optional)").strip()
    if bare.endswith("?"):
        return f"“{bare}”"
    return bare if bare[1:2].isupper() or not bare[1:2].isalpha() else bare[:1].lower() + bare[1:]


def _field_name(loc: tuple[int | str, ...]) -> str:
    names = [part for part in loc if isinstance(part, str) and part not in {"body", "query", "path"}]
    if names:
        return names[-1].replace("_", " ")
    return "the body" if loc == ("body",) else "a value"


def capital(name: str) -> str:
    """With a capital letter first."""
    return name[:1].upper() + name[1:]
