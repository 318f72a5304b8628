"""The few kinds of refusal the rules know. HTTP statuses do not live here: `web/problems.py` translates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason why an item may not go out: a stable kebab-case code and a sentence for people."""

    code: str
    detail: str


class RuleError(Exception):
    """A refusal in the domain's words.

    `code` is stable and kebab-case, `detail` is a sentence that says what is wrong and what would be right,
    `field` names the input it is about (None: it is about the whole request), `index` its place where that is a list.
    `told`: what else helps whoever is refused, by the names under which a refusal shows it.
    """

    def __init__(self, code: str, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.field = field
        self.index: int | None = None
        self.told: Mapping[str, object] = {}


class NotFound(RuleError):
    """What was named does not exist here."""


class Conflict(RuleError):
    """The rules, or another user, say no in the present state."""


class NotAllowed(RuleError):
    """The person may not do this."""


class BadValue(RuleError):
    """A value can never be right, whatever the state."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong inside a field: `name` is its path there (`defects.0.part`)."""

    name: str
    code: str
    detail: str


class Incomplete(BadValue):
    """Something is still to be said; `wanted` lists each thing under the name by which a refusal shows them.

    `faults`: what is wrong inside `field`, where that has fields of its own.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        field: str,
        wanted: Mapping[str, Sequence[Mapping[str, str]]] = MappingProxyType({}),
        faults: Sequence[Fault] = (),
    ) -> None:
        super().__init__(code, detail, field=field)
        self.wanted = wanted
        self.faults = tuple(faults)


class Stale(RuleError):
    """Somebody else changed it since it was read."""


class TooMany(RuleError):
    """Too many tries; wait."""


class WrongState(Conflict):
    """The item is in a state from which this move does not go."""


class NotClear(Conflict):
    """The item may not leave the store; `blockers` says why, all of it."""

    def __init__(self, code: str, detail: str, blockers: Sequence[Blocker]) -> None:
        super().__init__(code, detail)
        self.blockers = tuple(blockers)
