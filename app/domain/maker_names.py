"""When two makers' names stand for one maker: a table that people keep says which name is another name of which."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, lru_cache

from app.domain.errors import BadValue
from app.domain.labels import normalise

FIRST, LAST = date.min, date.max
ALWAYS = ((FIRST, LAST),)


@lru_cache(maxsize=20_000)
def name_key(name: str) -> str:
    """A maker, model or code without case, blanks and dashes: two with the same key are the same."""
    return normalise(name).casefold()


@dataclass(frozen=True, slots=True)
class Alias:
    """`name` is another name of `resolves_to`, for what was made from a day until a day, both included; None: open."""

    name: str
    resolves_to: str
    from_on: date | None = None
    until_on: date | None = None

    @property
    def period(self) -> tuple[date, date]:
        """Its first and its last day."""
        return self.from_on or FIRST, self.until_on or LAST


Periods = tuple[tuple[date, date], ...]
"""Days from and until, both included, in order and apart."""


@dataclass(frozen=True)
class MakerNames:
    """The table, ready to be asked. Two names are of one maker while both resolve to the same name."""

    aliases: Collection[Alias] = field(default=())

    def same(self, one: str, other: str) -> Periods:
        """When two names stand for one maker; nothing when they never do."""
        return self.ever_same(name_key(one), [name_key(other)])

    def ever_same(self, key: str, others: Iterable[str]) -> Periods:
        """When a name stands for the maker of any of the others, by their keys."""
        ours = self.resolved(key)
        return _merged(period for other in others for period in _overlaps(ours, self.resolved(other)))

    def resolved(self, key: str) -> Mapping[str, Periods]:
        """The names to which a name resolves, itself among them, and when."""
        found: dict[str, Periods] = {key: ALWAYS}
        todo = [key]
        while todo:
            name = todo.pop()
            for other, period in self._by_name.get(name, ()):
                when = _merged([*found.get(other, ()), *_within(found[name], period)])
                if when != found.get(other, ()):
                    found[other] = when
                    todo.append(other)
        return found

    @cached_property
    def _by_name(self) -> Mapping[str, list[tuple[str, tuple[date, date]]]]:
        by_name: dict[str, list[tuple[str, tuple[date, date]]]] = {}
        for alias in self.aliases:
            by_name.setdefault(name_key(alias.name), []).append((name_key(alias.resolves_to), alias.period))
        return by_name


def check_alias(alias: Alias, others: Iterable[Alias]) -> None:
    """Raises BadValue `alias-of-itself`, `alias-ends-before-it-begins` or `alias-in-a-circle`."""
    if name_key(alias.name) == name_key(alias.resolves_to):
        raise BadValue("alias-of-itself", "Give another name of the maker, not the same.", field="resolves_to")
    first, last = alias.period
    if first > last:
        detail = "The last day lies before the first. Correct one of them, or leave one out."
        raise BadValue("alias-ends-before-it-begins", detail, field="until_on")
    upwards = MakerNames(
        [other if other.period == ALWAYS[0] else Alias(other.name, other.resolves_to) for other in others]
    )
    if name_key(alias.name) in upwards.resolved(name_key(alias.resolves_to)):
        detail = f"{alias.resolves_to} is already recorded as another name of {alias.name}. Remove that first."
        raise BadValue("alias-in-a-circle", detail, field="resolves_to")


def _within(periods: Periods, period: tuple[date, date]) -> Iterator[tuple[date, date]]:
    for first, last in periods:
        both = max(first, period[0]), min(last, period[1])
        if both[0] <= both[1]:
            yield both


def _overlaps(ours: Mapping[str, Periods], theirs: Mapping[str, Periods]) -> Iterator[tuple[date, date]]:
    for name in ours.keys() & theirs.keys():
        for period in ours[name]:
            yield from _within(theirs[name], period)


def _merged(periods: Iterable[tuple[date, date]]) -> Periods:
    """In order, with those joined that overlap or touch."""
    joined: list[tuple[date, date]] = []
    for first, last in sorted(periods):
        if joined and first <= _day_after(joined[-1][1]):
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return tuple(joined)


def _day_after(day: date) -> date:
    return day if day == LAST else day + timedelta(days=1)
