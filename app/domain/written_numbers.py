"""What our records write around a serial number or lot: `S/N 778`, `777/778`, `LOT 1C0101.`, digits of another width.

Such a number may be the one that a notice names, so it never counts as another one. `app/number_sql.py` has the same.
"""

import re
import unicodedata
from typing import Final

LABELS: Final = "^(serial|sn|lot|batch|number|no|nr)+"
"""Words before a number that are no part of it. None begins with another, so there is one way to read them."""

LONG_ENOUGH: Final = 4
"""So many characters with a digit among them are a number by themselves."""

_TOKEN: Final = re.compile(r"[0-9A-Za-z]+")
_DIGIT: Final = re.compile(r"[0-9]")


def tokens_of(raw: str) -> list[str]:
    """The runs of letters A to Z and digits, in small letters; what only looks different (NFKC) is the same."""
    return [token.lower() for token in _TOKEN.findall(unicodedata.normalize("NFKC", raw))]


def bare_number(raw: str) -> str:
    """All of its letters and digits, without the words that stand before them: `S/N 7-78.` is `778`."""
    return _without_label("".join(tokens_of(raw)))


def loose_forms(raw: str) -> frozenset[str]:
    """What a number of a notice's list is looked for as: with and without the words that stand before it, and each of
    its tokens that is long enough to be a number by itself: somebody may have written several in one."""
    tokens = tokens_of(raw)
    joined = "".join(tokens)
    alone = {token for token in tokens if len(token) >= LONG_ENOUGH and _DIGIT.search(token)}
    return frozenset({joined, _without_label(joined), *alone} - {""})


def forms_of(raw: str) -> frozenset[str]:
    """Every number that a record may mean: each of its tokens, and those that follow one another joined."""
    tokens = tokens_of(raw)
    places = range(len(tokens))
    runs = {"".join(tokens[first : last + 1]) for first in places for last in places[first:]}
    return frozenset(runs | set(map(_without_label, runs)))


def has_digit(raw: str) -> bool:
    """Whether there is a number in it: `n/a`, `unknown` and `?` are none."""
    return _DIGIT.search(bare_number(raw)) is not None


def _without_label(joined: str) -> str:
    return re.sub(LABELS, "", joined) or joined
