"""Modules that are imported when something of theirs is first wanted: not every start needs them."""

from importlib import import_module
from typing import Any


class Later:
    """Stands for a module until something of it is asked for; then that is imported, and has it.

    The import itself stands at the top of the file all the same, under TYPE_CHECKING: mypy and import-linter read it.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, wanted: str) -> Any:
        """What the module has by this name. Kept, so that it is looked for once."""
        found = getattr(import_module(self._name), wanted)
        setattr(self, wanted, found)
        return found
