"""What somebody looks for in the catalogue, and the SQL that the indexes of `product` answer it with."""

import re
from dataclasses import dataclass
from typing import Any, Final

from app.db import literally
from app.domain.errors import BadValue
from app.features.catalogue.availability import FREE
from app.models import Tier
from app.web.fields import BIGGEST_ID
from app.web.paging import CODE, text_cursor

ALIKE: Final = 0.45
"""How alike a mistyped word and a word of the catalogue must be (pg_trgm): "matress" is 0.6 like "mattress"."""

ROUGHLY_ALIKE: Final = 0.3
"""The same, where nothing is found and the nearest will do."""

WORTH_A_LOOK, WORTH_A_LOOK_IF_LONG = 0.25, 0.35
"""What the index brings for a closer look. One wrong letter leaves few trigrams of a word of up to five: "hoyst"."""

MOST_WORDS: Final = 8
SHORTEST_MISTYPED, LONGEST_MISTYPED = 4, 20
BIGGEST_MM: Final = 20_000


@dataclass(frozen=True, slots=True)
class Size:
    """A dimension by its name in the record, with the least and the most that will do, in millimetres."""

    name: str
    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for; what is empty does not matter. `category`: the beginning of an ISO 9999 code, in pairs.

    `roughly`: any of the words will do, and they need to be less alike.
    """

    q: str = ""
    category: str = ""
    specialist: bool | None = None
    tier: Tier | None = None
    available: bool | None = None
    min_load_kg: int | None = None
    sizes: tuple[Size, ...] = ()
    compatible_with: str = ""
    store: str = ""
    roughly: bool = False

    @property
    def words(self) -> list[str]:
        """The words, in small letters; a text of signs alone is one word."""
        text = self.q.strip().lower()
        parts = [part for part in re.split(r"[\s,/-]+", text) if part]
        return list(dict.fromkeys(parts or [text] if text else []))[:MOST_WORDS]

    @property
    def worth_a_look(self) -> float:
        """How alike the words must be for the index to bring what has them."""
        is_long = all(len(word) > 5 for word in self.words if _is_forgiven(word))
        return WORTH_A_LOOK_IF_LONG if is_long and not self.roughly else WORTH_A_LOOK


def as_size(text: str) -> Size:
    """`seat_width_mm:450-520`, or with one end left out. Raises ValueError with a sentence for people."""
    found = re.fullmatch(r"([a-z][a-z_]{0,30}_mm):([0-9]{0,5})-([0-9]{0,5})", text.strip())
    if not found or not (found[2] or found[3]):
        raise ValueError("Write a size as its name, the least and the most in mm, such as seat_width_mm:450-520.")
    size = Size(found[1], int(found[2] or 0), int(found[3] or BIGGEST_MM))
    if size.least > size.most:
        raise ValueError("The least size must not be more than the most.")
    return size


def cursor_of(rank: int, code: str, wanted: Wanted) -> str:
    """Where a page of the list ends: a code, and with words its rank before it."""
    return f"{rank}~{code}" if wanted.words else code


def read_cursor(after: str | None, wanted: Wanted) -> tuple[int, str]:
    """The rank and the code after which a page begins. Raises BadValue `bad-cursor`."""
    if not wanted.words:
        return 0, text_cursor(after, CODE)
    if not after:
        return -1, ""
    rank, mark, code = after.partition("~")
    if not (mark and rank.isascii() and rank.isdigit() and int(rank) <= BIGGEST_ID):
        raise BadValue("bad-cursor", "`after` must be the `next` of the page before.", field="after")
    return int(rank), code


@dataclass(frozen=True, slots=True)
class Search:
    """One search as SQL: the statement's parts and their values."""

    where: str
    rank: str
    values: dict[str, Any]


def search_for(wanted: Wanted) -> Search:
    """The conditions on `product` and the rank of what meets them, the lower the better."""
    conditions, values = _filters(wanted)
    if not wanted.words:
        return Search(" AND ".join(conditions) or "true", "0", values)
    as_typed, mistyped, alike = [], [], []
    for number, word in enumerate(wanted.words):
        has, similar, more = _word(number, word)
        as_typed.append(has)
        mistyped.append(f"({has} OR {similar})" if similar else has)
        alike.append(f"word_similarity(:word_{number}, product.search_text)")
        values |= more
    conditions.append(f"({(' OR ' if wanted.roughly else ' AND ').join(mistyped)})")
    text = wanted.q.strip().lower()
    values |= {"whole": text, "begins": f"{literally(text)}%"}
    if any(f"one_off_{number}" in values for number in range(MOST_WORDS)):
        values["alike"] = ROUGHLY_ALIKE if wanted.roughly else ALIKE
    # Exact code, then code or name that begins so, then every word as it was typed, then what is only alike.
    rank = f"""
        100000 * CASE WHEN lower(product.code) = :whole THEN 0
                      WHEN lower(product.code) LIKE :begins THEN 1
                      WHEN lower(product.name) LIKE :begins THEN 2
                      WHEN {" AND ".join(as_typed)} THEN 3 ELSE 4 END
        + CAST(round(10000 * (1 - ({" + ".join(alike)}) / {len(alike)})) AS int)
    """
    return Search(" AND ".join(conditions), rank, values)


def _word(number: int, word: str) -> tuple[str, str, dict[str, Any]]:
    """How the text has a word, how it has one that is like it (nothing if no mistake is forgiven), and the values."""
    pattern, values = f"%{literally(word)}%", {f"word_{number}": word}
    if len(word) < 3 and word.isalnum():
        # Two letters make no trigram in the middle of a word, but at its beginning they do.
        values |= {f"has_{number}": f"% {literally(word)}%", f"first_{number}": f"{literally(word)}%"}
        return f"(product.search_text LIKE :has_{number} OR product.search_text LIKE :first_{number})", "", values
    values[f"has_{number}"] = pattern
    has = f"product.search_text LIKE :has_{number}"
    for sign, name in (("-", "dashed"), (" ", "spaced")):
        parted = sign.join(re.findall(r"[^\W\d_]+|\d+|[\W_]+", word))
        if parted != word:  # HOIST150 is HOIST-150, as many say it.
            values[f"{name}_{number}"] = f"%{literally(parted)}%"
            has += f" OR product.search_text LIKE :{name}_{number}"
    has = f"({has})" if " OR " in has else has
    if not _is_forgiven(word):
        return has, "", values
    values[f"swapped_{number}"] = "|".join(_with_two_letters_swapped(word))
    has = f"({has} OR product.search_text ~ :swapped_{number})"
    values[f"one_off_{number}"] = "|".join(_with_one_letter_wrong(word))
    similar = f"""(product.search_text %> :word_{number}
                   AND (word_similarity(:word_{number}, product.search_text) >= :alike
                        OR product.search_text ~ :one_off_{number}))"""
    return has, similar, values


def _is_forgiven(word: str) -> bool:
    """Whether mistakes in it are forgiven: very short words, and those with figures in them, mean what they say."""
    return word.isalpha() and SHORTEST_MISTYPED <= len(word) <= LONGEST_MISTYPED


def _with_two_letters_swapped(word: str) -> list[str]:
    """The commonest mistake of a quick hand, which shares too few trigrams with the right word: "hosit"."""
    pairs = range(len(word) - 1)
    swapped = [word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in pairs]
    return list(dict.fromkeys(swapped))


def _with_one_letter_wrong(word: str) -> list[str]:
    """Patterns of the words that have one letter other, more or less than this one."""
    places = range(len(word))
    other = [rf"\m{word[:at]}.{word[at + 1 :]}" for at in places]
    less = [rf"\m{word[:at]}{word[at + 1 :]}\M" for at in places]
    more = [rf"\m{word[:at]}.{word[at:]}" for at in places]
    return list(dict.fromkeys([*other, *less, *more]))


def _filters(wanted: Wanted) -> tuple[list[str], dict[str, Any]]:
    """The conditions that no word is about."""
    shelf = "item.store_id = (SELECT id FROM store WHERE code = :store)" if wanted.store else "true"
    # One that carries less than its product, by its examination, is not what is looked for.
    strong = " AND COALESCE(item.certified_load_kg >= :min_load_kg, true)" if wanted.min_load_kg else ""
    fits = "EXISTS (SELECT FROM product_fit AS fit WHERE {} AND {})"
    # As it is written, else in capitals, as most codes are.
    fitted = """(SELECT id FROM product WHERE code IN (:compatible_with, upper(:compatible_with))
                 ORDER BY code = :compatible_with DESC LIMIT 1)"""
    pair = f"""((fit.product_id = product.id AND fit.other_product_id = {fitted})
                OR (fit.product_id = {fitted} AND fit.other_product_id = product.id))"""
    clauses: dict[str, tuple[Any, str]] = {
        "category": (wanted.category and f"{literally(wanted.category)}%", "product.category LIKE :category"),
        "specialist": (wanted.specialist, "(product.tier <> 'standard') = :specialist"),
        "tier": (wanted.tier and wanted.tier.value, "product.tier = :tier"),
        "min_load_kg": (wanted.min_load_kg, "product.safe_working_load_kg >= :min_load_kg"),
        "compatible_with": (
            wanted.compatible_with,
            f"{fits.format('fit.compatible', pair)} AND NOT {fits.format('NOT fit.compatible', pair)}",
        ),
        "available": (
            wanted.available,
            f"""EXISTS (SELECT FROM item WHERE item.product_id = product.id AND item.state = 'in_stock'
                        AND {shelf} AND {FREE}{strong}) = :available""",
        ),
    }
    asked = {name: given for name, given in clauses.items() if given[0] not in (None, "")}
    conditions, values = [clause for _, clause in asked.values()], {name: value for name, (value, _) in asked.items()}
    for number, size in enumerate(wanted.sizes):
        dimension = f"CAST(product.dimensions ->> :size_{number} AS int)"
        conditions.append(f"{dimension} BETWEEN :least_{number} AND :most_{number}")
        values |= {f"size_{number}": size.name, f"least_{number}": size.least, f"most_{number}": size.most}
    return conditions, values
