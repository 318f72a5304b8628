"""Form fields that must be filled in, each with its own sentence for when it was not. Rules are in `domain`."""

from typing import Any

from pydantic import BeforeValidator, Field


def asked(sentence: str) -> BeforeValidator:
    """Refuses an empty field with this sentence: `note: Annotated[Line, asked("Say what was done.")] = needed()`."""

    def check(value: Any) -> Any:
        if value in ("", None, []):
            raise ValueError(sentence)
        return value

    return BeforeValidator(check)


def needed() -> Any:
    """The default of such a field: nothing, which is then refused in the field's own words."""
    return Field(default="", validate_default=True)
