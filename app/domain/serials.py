"""Serial and lot numbers as safety notices write them: ranges, patterns, pasted lists, and what is nearly the same.

A number is text. Two are compared by their keys (`goods.serial_key`, `lot_key`): without case, blanks and dashes, but
with leading zeros. Nothing here knows what a notice is.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from app.domain.goods import serial_key
from app.domain.labels import normalise
from app.domain.written_numbers import LONG_ENOUGH, bare_number, tokens_of

LONGEST: Final = 100
"""So many characters are more than any maker prints."""

_RUNS: Final = re.compile(r"[0-9]+|[^0-9]+")
_PIECES: Final = re.compile(r"\[([^\[\]]*)\]|([#*])|([^\[\]#*])")
_BETWEEN: Final = re.compile(r"\s*([0-9]{1,20})\s*[-\u2013]\s*([0-9]{1,20})\s*")
_CHUNKS: Final = re.compile(r"[0-9A-Za-z\-\u2010-\u2015]+")
_DASHES: Final = re.compile(r"[\-\u2010-\u2015]+")
_LIST_ENDS: Final = re.compile(r"[,;\t\r\n]+|[ \u00a0]+(?:and|&)[ \u00a0]+")
_HEADING: Final = re.compile(r"(?:and |& |[A-Za-z. ]{3,40}: *)")
_YEAR: Final = re.compile(r"[0-9]+(?=(?:19|20)[0-9]{2}$)")
_LOOKS_LIKE: Final = str.maketrans({"o": "0", "O": "0", "i": "1", "I": "1", "l": "1", "L": "1"})


def lot_key(lot_number: str) -> str:
    """The lot without case, blanks and dashes. PostgreSQL has the same as `number_sql.sql_lot_key`."""
    return normalise(lot_number)


def shape_of(key: str) -> tuple[tuple[bool, int], ...]:
    """Its runs of digits and of other characters, as (are they digits, how many): `ab100` is (no, 2), (yes, 3)."""
    return tuple((_is_digit(run[0]), len(run)) for run in _RUNS.findall(key))


@dataclass(frozen=True, slots=True)
class KeyRange:
    """The keys between two ends of one shape, each included or not; an end that is None is open.

    Keys of one shape have their digits in the same places, so that the order of their characters is that of their
    segments. Keys of another shape cannot be compared.
    """

    low: str | None
    high: str | None
    low_included: bool = True
    high_included: bool = True

    @property
    def shape(self) -> tuple[tuple[bool, int], ...]:
        """That of the ends."""
        return shape_of(self.low or self.high or "")

    @property
    def year(self) -> str | None:
        """The year in which both ends end, as DMW1 2013 and DMW8 2013 do: perhaps only what stands before it counts."""
        if self.low is None or self.high is None or self.low == self.high or self.low[-4:] != self.high[-4:]:
            return None
        last = _RUNS.findall(self.low)[-1]
        return self.low[-4:] if _YEAR.match(last) else None

    @property
    def loose(self) -> "KeyRange":
        """The same for `written_numbers.forms_of` a number: its ends without what is no letter or digit."""
        low, high = (None if end is None else bare_number(end) for end in (self.low, self.high))
        return KeyRange(low, high, self.low_included, self.high_included)

    def holds(self, key: str) -> bool:
        """Whether a key of this shape lies between the ends."""
        above = self.low is None or key > self.low or (self.low_included and key == self.low)
        below = self.high is None or key < self.high or (self.high_included and key == self.high)
        return above and below


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a pattern: `text` as it is, or a number of so many digits between two, or (both None) any digit."""

    text: str | None = None
    low: str = "0"
    high: str = "9"

    @property
    def width(self) -> int:
        """How many characters it takes."""
        return len(self.low if self.text is None else self.text)


@dataclass(frozen=True, slots=True)
class KeyPattern:
    """Keys that are made of these pieces, one after the other; `open_ended`: and of whatever comes behind them."""

    pieces: tuple[Piece, ...]
    open_ended: bool

    @property
    def numbers(self) -> Iterator[tuple[int, Piece]]:
        """The pieces that are numbers, each with the place where it begins, from 0."""
        place = 0
        for piece in self.pieces:
            if piece.text is None:
                yield place, piece
            place += piece.width

    @property
    def regex(self) -> str:
        """What such a key looks like, as Python and PostgreSQL both read it; how large its numbers are is not in it."""
        looks = [f"[0-9]{{{piece.width}}}" if piece.text is None else re.escape(piece.text) for piece in self.pieces]
        return "".join(looks)

    @property
    def loose(self) -> "KeyPattern":
        """The same for `written_numbers.forms_of` a number: without what is no letter or digit."""
        texts = ["" if piece.text is None else "".join(tokens_of(piece.text)) for piece in self.pieces]
        kept = [(piece, text) for piece, text in zip(self.pieces, texts, strict=True) if text or piece.text is None]
        pieces = tuple(piece if piece.text is None else Piece(text) for piece, text in kept)
        return KeyPattern(pieces, self.open_ended)

    def holds(self, key: str) -> bool:
        """Whether the key is made like this."""
        looks_like_it = re.match(self.regex, key) if self.open_ended else re.fullmatch(self.regex, key)
        return looks_like_it is not None and all(
            piece.low <= key[place : place + piece.width] <= piece.high for place, piece in self.numbers
        )


def read_pattern(raw: str, key_of: Callable[[str], str]) -> KeyPattern | None:
    """A pattern as people write it: `DMW[1-8]2013` is DMW, a number from 1 to 8, 2013; `#` is any digit; `*` at the end
    is anything or nothing. None when it cannot be read: brackets that do not close, no number in them, ends of other
    lengths, the smaller one last, or no letter or digit at all. Text in it is kept as `key_of` has it.
    """
    pieces: list[Piece] = []
    place, open_ended = 0, False
    while place < len(raw):
        found = _PIECES.match(raw, place)
        if found is None or open_ended:
            return None
        place = found.end()
        between, sign, text = found.groups()
        if between is not None:
            ends = _BETWEEN.fullmatch(between)
            if ends is None or len(ends[1]) != len(ends[2]) or ends[1] > ends[2]:
                return None
            pieces.append(Piece(None, ends[1], ends[2]))
        elif sign:
            open_ended = sign == "*"
            pieces += [] if open_ended else [Piece()]
        elif key := key_of(text):
            pieces.append(Piece(key))
    is_said = any(piece.text is None or bare_number(piece.text) for piece in pieces)
    return KeyPattern(tuple(pieces), open_ended) if is_said else None


def numbers_in(entry: str) -> tuple[str, ...]:
    """The numbers in one entry of a list, where there seem to be several: `1C0101 and 2C0202`, `100100-100199`.

    Nothing where it may well be one, as `DMW 5 2013`, `S/N 778` and `AB-1500` are.
    """
    chunks = [chunk for chunk in _CHUNKS.findall(unicodedata.normalize("NFKC", entry)) if any(map(_is_digit, chunk))]
    if len(chunks) == 1:
        ends = [end for end in _DASHES.split(chunks[0]) if end]
        is_range = len(ends) == 2 and len(ends[0]) >= LONG_ENOUGH + 1 and shape_of(ends[0]) == shape_of(ends[1])
        return tuple(ends) if is_range else ()
    are_long = sum(len(chunk) >= LONG_ENOUGH for chunk in chunks) > 1
    return tuple(chunks) if are_long or len(set(map(shape_of, chunks))) == 1 else ()


def split_pasted(raw: str) -> list[str]:
    """The numbers of a pasted list. Commas, semicolons, tabs, line ends or "and" stand between them; so do blanks,
    where what they part are numbers. A full stop at the end of the list is not part of the last, nor "Serial
    numbers:" of the first."""
    parts = [part.strip() for part in _LIST_ENDS.split(raw.strip().removesuffix("."))]
    numbers: list[str] = []
    for part in (_HEADING.sub("", part, count=1) if _HEADING.match(part) else part for part in parts):
        wide = re.split(r"[ \u00a0]{2,}", part)
        for piece in wide if all(any(map(_is_digit, one)) for one in wide) else [part]:
            several = piece.split()
            are_numbers = numbers_in(piece) and all(any(map(_is_digit, one)) for one in several)
            numbers += several if are_numbers else [piece]
    return [number for number in numbers if number]


def find_repeated(numbers: Iterable[str]) -> tuple[str, ...]:
    """Those that stand there more than once, as they are first repeated."""
    seen: set[str] = set()
    repeated: dict[str, str] = {}
    for number in numbers:
        key = serial_key(number)
        if key in seen:
            repeated.setdefault(key, number)
        seen.add(key)
    return tuple(repeated.values())


def find_odd_ones(numbers: Iterable[str]) -> tuple[str, ...]:
    """Those that are not written like the most: where a digit may be missing. None where no shape has four in five."""
    by_shape: dict[tuple[tuple[bool, int], ...], list[str]] = {}
    for number in numbers:
        by_shape.setdefault(shape_of(serial_key(number)), []).append(number)
    usual = max(by_shape.values(), key=len, default=[])
    rest = tuple(number for alike in by_shape.values() if alike is not usual for number in alike)
    return rest if len(usual) >= 4 * len(rest) else ()


def looks_like(key: str) -> str:
    """The key with O read as 0, and I and L as 1: keys for which this is the same are easily taken for each other."""
    return key.translate(_LOOKS_LIKE)


def is_near(one: str, other: str) -> bool:
    """Whether two different keys are easily taken for each other: by O and 0 or I and 1, or by one digit that is
    another one, missing, or one too many."""
    if one == other:
        return False
    if looks_like(one) == looks_like(other):
        return True
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) == len(longer):
        [*differing] = ((a, b) for a, b in zip(one, other, strict=True) if a != b)
        return len(differing) == 1 and all(_is_digit(sign) for sign in differing[0])
    return len(shorter) + 1 == len(longer) and any(
        _is_digit(longer[place]) and longer[:place] + longer[place + 1 :] == shorter for place in range(len(longer))
    )


def neighbours(key: str) -> Iterator[str]:
    """Marks of a key, of which two keys that are a digit off always share one: for finding pairs in large lists.

    The key itself, with each digit masked, and with each digit left out.
    """
    yield key
    for place, sign in enumerate(key):
        if _is_digit(sign):
            yield f"{key[:place]}\0{key[place + 1 :]}"
            yield key[:place] + key[place + 1 :]


def _is_digit(sign: str) -> bool:
    return "0" <= sign <= "9"
