"""What to look for in the catalogue when a safety notice arrives: the makers and models it names, and the words of its
title. Looking is the notices' feature's; what was found is a help for a person, and decides nothing."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.domain.errors import BadValue, Conflict

MOST_TERMS = 20
SHORTEST_TERM, LONGEST_TERM = 3, 60
SHORTEST_MODEL = 5
MOST_WORDS = 5
_PARTS = re.compile(r"[,:;()\[\]/\N{EN DASH}\N{EM DASH}]|\s-\s|\band\b|\bor\b|\bwith\b", re.IGNORECASE)
_REFERENCE = re.compile(r"\w+/\d{4}/[\w/]+")
_NOT_A_PRODUCT = re.compile(
    r"^(?:risks?|potential|possible|update|updated|all|class \d|recall|medical device alert|field safety notices?"
    r"|national patient safety alert|device safety information|alert|action|new|reports?|various)\b",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """The words of a text in small letters, with one blank between them and at both ends."""
    return " ".join(["", *re.findall(r"[^\W_]+", text.lower()), ""])


def terms_of(title: str, text: str, *, makers: Iterable[str], models: Iterable[str]) -> list[str]:
    """What to look for: makers and models of the catalogue that the notice names, then the things in its title."""
    said = plain(f"{title} {text}")
    named = [maker for maker in makers if _is_named(maker, said, SHORTEST_TERM)]
    named += [model for model in models if _is_named(model, said, SHORTEST_MODEL)]
    return _distinct([*named, *things_in(title)])


def things_in(title: str) -> list[str]:
    """The things that a title lists: "Beds, bed rails and hoists: risk of falls" has three."""
    parts = [" ".join(part.split()) for part in _PARTS.split(_REFERENCE.sub(" ", title))]
    return [part for part in parts if _is_a_thing(part)]


def check_terms(terms: Sequence[str]) -> list[str]:
    """What a person looks for, each once. Raises BadValue `search-missing`, `bad-search` or `too-many-terms`."""
    wanted = _distinct(" ".join(term.split()) for term in terms)
    if not wanted:
        detail = (
            "Say what to look for in the catalogue: a maker, a model, a kind of product. It is kept with the reason."
        )
        raise BadValue("search-missing", detail, field="search")
    if any(not SHORTEST_TERM <= len(plain(term).strip()) <= LONGEST_TERM for term in wanted):
        detail = f"Write each thing to look for with {SHORTEST_TERM} to {LONGEST_TERM} letters and digits."
        raise BadValue("bad-search", detail, field="search")
    if len(wanted) > MOST_TERMS:
        raise BadValue("too-many-terms", f"Look for at most {MOST_TERMS} things at once.", field="search")
    return wanted


@dataclass(frozen=True, slots=True)
class Found:
    """What one term finds: products, items of them that are not scrapped, and whether all are by the maker it names."""

    term: str
    products: int
    items: int
    is_maker: bool

    @property
    def text(self) -> str:
        """What was found, in words: "4 products by Arjo, 12 items"."""
        how = "by" if self.is_maker else "like"
        return f"{_many(self.products, 'product')} {how} {self.term}, {_many(self.items, 'item')}"


def terms_with(terms: Sequence[str], *others: str) -> list[str]:
    """What a person looks for, and what the notice names beside it; so many as may be looked for at once."""
    more = [other for other in others if SHORTEST_TERM <= len(plain(other).strip()) <= LONGEST_TERM]
    return _distinct([*terms, *more])[:MOST_TERMS]


def check_explained(found: Sequence[Found], reason: str) -> None:
    """Whether “not held” is explained where the search finds items: its reason names something that was found. Raises
    Conflict `items-found`."""
    there = [one for one in found if one.items]
    said = plain(reason)
    if there and not any(plain(one.term) in said for one in there):
        named = "; ".join(one.text for one in there[:MOST_NAMED])
        detail = (
            f"The search finds {named}. If none of them is meant, name in the reason what was found, and say how you "
            "know. Else decide that the notice is relevant."
        )
        raise Conflict("items-found", detail, field="reason")


MOST_NAMED = 5


def likelihood(found: Iterable[Found]) -> int:
    """How likely it is that the notice concerns us, to sort a list by: a maker we have weighs more than a word."""
    return sum((3 if one.is_maker else 1) + (one.items > 0) for one in found if one.products)


def _is_named(name: str, said: str, shortest: int) -> bool:
    words = plain(name)
    return len(words.strip()) >= shortest and words in said


def _is_a_thing(part: str) -> bool:
    length = len(plain(part).strip())
    is_short = SHORTEST_TERM <= length <= LONGEST_TERM and len(part.split()) <= MOST_WORDS
    return is_short and not _NOT_A_PRODUCT.match(part) and not re.fullmatch(r"[\W\d]+", part)


def _distinct(terms: Iterable[str]) -> list[str]:
    first: dict[str, str] = {}
    for term in terms:
        first.setdefault(plain(term), term)
    return [term for term in first.values() if term]


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
