"""What counts as a reason: what somebody else can read later and understand. A full stop, a row of the same letter or
one word say nothing."""

import re
from itertools import pairwise

from app.domain.errors import BadValue

SHORTEST = 9
FEWEST_LETTERS = 4
"""Different ones: “aaaa bbbb” has two."""

FEWEST_WORDS = 6
IN_WORDS = "Write it in a few words that somebody else understands later: two or more, with nine characters or more."
NO_WORDS = "Write it in words. A dot or a single letter does not say enough."


def is_reason(text: str) -> bool:
    """Whether it is nine characters or more, in two different words or more, of four different letters or more. The
    reference of a notice, such as NatPSA/2023/010, is one."""
    words = set(re.findall(r"\w{2,}", text.casefold()))
    letters = {letter for word in words for letter in word if letter.isalpha()}
    return len(" ".join(text.split())) >= SHORTEST and len(words) > 1 and len(letters) >= FEWEST_LETTERS


def is_sentence(text: str) -> bool:
    """Whether it is a reason of six words or more: as much as somebody who is told no is owed."""
    return is_reason(text) and len(text.split()) >= FEWEST_WORDS


def has_words(text: str) -> bool:
    """Whether it holds a word of two letters or more, as the name of a place or of a person does; a dot does not."""
    return any(character.isalpha() and following.isalpha() for character, following in pairwise(text))


def check_reason(text: str, *, field: str) -> None:
    """Raises BadValue `not-a-reason`."""
    if not is_reason(text):
        raise BadValue("not-a-reason", IN_WORDS, field=field)
