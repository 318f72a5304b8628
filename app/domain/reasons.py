"""What counts as a reason: what somebody else can read later and understand. A full stop, a row of the same letter or
one word say nothing."""

from app.domain.errors import BadValue

SHORTEST = 10
FEWEST_LETTERS = 4
"""Different ones: “aaaa bbbb” has two."""

IN_A_SENTENCE = "Write it in a few words that somebody else can understand, such as “{}”."


def is_reason(text: str) -> bool:
    """Whether it is ten characters or more, in two different words or more, of four different letters or more."""
    words = {word for word in text.casefold().split() if sum(letter.isalpha() for letter in word) > 1}
    letters = {letter for word in words for letter in word if letter.isalpha()}
    return len(" ".join(text.split())) >= SHORTEST and len(words) > 1 and len(letters) >= FEWEST_LETTERS


def check_reason(text: str, *, field: str, such_as: str = "The castor is cracked") -> None:
    """Raises BadValue `not-a-reason`, with an example."""
    if not is_reason(text):
        raise BadValue("not-a-reason", IN_A_SENTENCE.format(such_as), field=field)
