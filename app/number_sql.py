"""The conditions of a notice that look at a serial number or lot, as SQL (`scope_sql.py` puts them together).

Each finds what the function of the same name in `domain/notices.py` does. No statement is sent from here.
"""

from collections.abc import Callable, Iterable
from typing import Final

from app.domain.notice_conditions import Marking, NumberList, NumberPattern, NumberRange, Unmarked
from app.domain.notice_products import IS_IN, Finding
from app.domain.serials import KeyPattern, KeyRange, lot_key
from app.domain.written_numbers import LABELS

Bind = Callable[[object, str], str]
"""Makes a place for a value of an SQL type."""

_BLANKS: Final = "".join(sign for sign in map(chr, range(0x2300)) if not lot_key(sign))
_RAW: Final = {Marking.SERIAL: "item.serial_number", Marking.LOT: "item.lot_number"}


def sql_lot_key(column: str) -> str:
    """The same as `serials.lot_key`, in SQL; NULL where there is none."""
    return f"""NULLIF(upper(translate({column}, '{_BLANKS}', '') COLLATE "C"), '')"""


def number_columns(markings: Iterable[Marking]) -> str:
    """What the conditions below ask of an item beside its key. It is reckoned once for each item."""
    return "".join(map(_columns, sorted(markings)))


def number_range(leaf: NumberRange, bind: Bind) -> str:
    """As `notices._number_range`."""
    key, year = _key(leaf.marking), leaf.keys.year
    loose = leaf.keys.loose
    loose_shape = bind(_shape_text(loose), "text")
    loose_ends = _ends(loose, bind)
    other_year = f"WHEN right({key}, 4) <> {bind(year, 'text')} THEN {Finding.OTHER_YEAR}" if year else ""

    def is_inside(form: str) -> str:
        return f"({_shape(form)} = {loose_shape} AND {loose_ends.format(key=form)})"

    return f"""CASE WHEN {key} IS NULL THEN {Finding.MISSING}
        WHEN {key}_shape <> {bind(_shape_text(leaf.keys), "text")} THEN {Finding.OTHER_SHAPE}
        WHEN {_ends(leaf.keys, bind).format(key=key)} THEN CASE {other_year or "WHEN false THEN 0"} ELSE {IS_IN} END
        WHEN {_among(leaf.marking, is_inside)} THEN {Finding.AMONG}
        WHEN {_shape(f"{key}_bare")} = {loose_shape} THEN 0 ELSE {Finding.OTHER_SHAPE} END"""


def number_list(leaf: NumberList, bind: Bind) -> str:
    """As `notices._number_list`."""
    key, listed, loose = _key(leaf.marking), bind(sorted(leaf.keys), "text[]"), bind(sorted(leaf.loose), "text[]")
    return f"""CASE WHEN {key} IS NULL THEN {Finding.MISSING}
        WHEN {key} IN (SELECT unnest({listed})) THEN {IS_IN}
        {_not_found(leaf.marking, lambda form: f"{form} IN (SELECT unnest({loose}))")} END"""


def number_pattern(leaf: NumberPattern, bind: Bind) -> str:
    """As `notices._number_pattern`."""
    key, like, loose = _key(leaf.marking), _like(leaf.keys, bind), _like(leaf.keys.loose, bind)
    return f"""CASE WHEN {key} IS NULL THEN {Finding.MISSING} WHEN {like(key)} THEN {IS_IN}
        {_not_found(leaf.marking, loose)} END"""


def unmarked(leaf: Unmarked, absent: Finding) -> str:
    """As `notices._unmarked`; `absent`: what it means that nothing is recorded."""
    key = _key(leaf.marking)
    return f"CASE WHEN {key} IS NULL THEN {absent} WHEN {_has_digit(leaf.marking)} THEN 0 ELSE {Finding.OPEN} END"


def _not_found(marking: Marking, is_it: Callable[[str], str]) -> str:
    return f"""WHEN {_among(marking, is_it)} THEN {Finding.AMONG}
        WHEN {_has_digit(marking)} THEN 0 ELSE {Finding.OTHER_SHAPE}"""


def _key(marking: Marking) -> str:
    return f"item.{marking.value}"


def _has_digit(marking: Marking) -> str:
    return f"item.{marking.value}_bare ~ '[0-9]'"


def _shape(key: str) -> str:
    """A key with a 0 for each digit and an `a` for each other character: keys of one shape have the same."""
    return f"""regexp_replace(translate({key} COLLATE "C", '123456789', '000000000'), '[^0]', 'a', 'g')"""


def _shape_text(keys: KeyRange) -> str:
    return "".join(("0" if digits else "a") * count for digits, count in keys.shape)


def _ends(keys: KeyRange, bind: Bind) -> str:
    """That a `{key}` of this shape lies between them."""
    ends = []
    if keys.low is not None:
        ends.append(f"{{key}} {'>=' if keys.low_included else '>'} {bind(keys.low, 'text')}")
    if keys.high is not None:
        ends.append(f"{{key}} {'<=' if keys.high_included else '<'} {bind(keys.high, 'text')}")
    return " AND ".join(ends)


def _like(keys: KeyPattern, bind: Bind) -> Callable[[str], str]:
    """That a key is made like this."""
    regex = bind(f"^{keys.regex}{'' if keys.open_ended else '$'}", "text")
    numbers = [(place, piece.width, bind(piece.low, "text"), bind(piece.high, "text")) for place, piece in keys.numbers]

    def is_like(key: str) -> str:
        parts = [f"substr({key}, {place + 1}, {width}) BETWEEN {low} AND {high}" for place, width, low, high in numbers]
        return f"({' AND '.join([f'{key} ~ {regex}', *parts])})"

    return is_like


def _columns(marking: Marking) -> str:
    """What is written: as it is, whether more than letters and digits stands there, in small letters, the shape of its
    key, and as `written_numbers.bare_number`."""
    raw, key = _RAW[marking], "item.serial_key" if marking is Marking.SERIAL else sql_lot_key("item.lot_number")
    odd = f"""{raw} COLLATE "C" ~ '[^0-9A-Za-z]'"""
    low = f"""lower({raw} COLLATE "C")"""
    joined = f"""CASE WHEN {odd} THEN regexp_replace({_small(raw)}, '[^0-9a-z]+', '', 'g') ELSE {low} END"""
    return f""", {raw} AS {marking}_raw, {odd} AS {marking}_odd, {low} AS {marking}_low,
        {_shape(key)} AS {marking}_shape,
        (SELECT {_without_label("joined")} FROM (SELECT {joined} AS joined) AS taken) AS {marking}_bare"""


def _small(raw: str) -> str:
    return f"""lower(normalize({raw}, NFKC) COLLATE "C")"""


def _without_label(joined: str) -> str:
    """As `written_numbers._without_label`."""
    return f"COALESCE(NULLIF(regexp_replace({joined}, '{LABELS}', ''), ''), {joined})"


def _among(marking: Marking, is_it: Callable[[str], str]) -> str:
    """Whether one of the numbers that a record may mean is it; what is not odd is one token."""
    low, bare = (is_it(f"item.{marking}_{name}") for name in ("low", "bare"))
    several = f"EXISTS (SELECT FROM ({_forms(marking)}) AS written WHERE {is_it('form')})"
    return f"CASE WHEN item.{marking}_odd THEN {several} ELSE {low} OR {bare} END"


def _forms(marking: Marking) -> str:
    """As `written_numbers.forms_of`: a SELECT of `form`."""
    tokens = f"string_to_array(trim(regexp_replace({_small(f'item.{marking}_raw')}, '[^0-9a-z]+', ' ', 'g')), ' ')"
    return f"""SELECT form COLLATE "C" AS form FROM (SELECT {tokens} AS token) AS taken
        CROSS JOIN generate_series(1, cardinality(token)) AS begins
        CROSS JOIN LATERAL generate_series(begins, cardinality(token)) AS ends
        CROSS JOIN LATERAL (SELECT array_to_string(token[begins:ends], '') AS run) AS runs
        CROSS JOIN LATERAL (VALUES (run), ({_without_label("run")})) AS written (form)"""
