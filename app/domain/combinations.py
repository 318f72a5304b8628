"""What a prescriber is warned of: things that do not go together, loads, the client's weight, and duplicates.

Warnings advise and the clinician decides; `code` and `subject` name a warning for good, so that its answer can be kept.
Weights and loads are in kilograms. Kinds are read from ISO 9999 codes; a code that is missing is of no kind.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations

from app.domain.catalogue import find_pairs
from app.domain.dates import in_words
from app.domain.errors import Blocker, Incomplete
from app.domain.inspections import months_after

BEDS_ALERT = "NatPSA/2023/010/MHRA"
LOLER_STRENGTH = "LOLER 1998 (SI 1998/2307), regulations 4 and 7"
BED_STANDARD = "BS EN 60601-2-52"
DEVICES_GUIDANCE = "MHRA, Managing medical devices"
HOUSE_RULE = "Rule of the service"
WEIGHT_LASTS_MONTHS = 6
ADULT_FROM_KG = 40
"""Under this weight a person is no adult in the sense of the standard for beds: gaps are too wide for them."""


WEIGHT_UNKNOWN = "weight-unknown"
LOAD_UNKNOWN = "load-unknown"
NOT_KNOWN = frozenset({WEIGHT_UNKNOWN, LOAD_UNKNOWN})
"""Codes of the warnings that something is not known, which the short form of the API may leave out (ADR 29)."""


class Severity(StrEnum):
    """How grave a warning is. A note is shown; the others must be answered."""

    DANGER = "danger"
    CAUTION = "caution"
    NOTE = "note"


class Kind(StrEnum):
    """The kinds that the rules know."""

    HOIST = "hoist"
    SLING = "sling"
    BED = "bed"
    RAIL = "rail"
    MATTRESS = "mattress"
    SEAT = "seat"


_KINDS: tuple[tuple[str, Kind | None], ...] = (
    ("123621", Kind.SLING),
    ("1236", Kind.HOIST),
    ("181227", Kind.RAIL),
    ("181228", Kind.RAIL),
    ("181218", Kind.MATTRESS),
    ("181215", None),  # bedding
    ("1812", Kind.BED),
    ("043306", Kind.MATTRESS),
    ("1809", Kind.SEAT),
)
"""By the beginning of the ISO 9999 code; the first that fits counts. Parts of a bed count as a bed: they change its
gaps. 12 36 holds every hoist beside the body-support units of 12 36 21."""

MUST_MATCH = frozenset({Kind.HOIST, Kind.SLING, Kind.BED, Kind.RAIL, Kind.MATTRESS})
"""Kinds that are safe only with what they are used with: hoist with sling, bed with rail and mattress."""

_BED_SPACE = frozenset({Kind.BED, Kind.RAIL, Kind.MATTRESS})
_BEARING = frozenset(Kind) - {Kind.RAIL}
_BEARS_THINGS = ("1803", "1836", "2436")
"""By the beginning of the ISO 9999 code: tables, storage furniture, and what things are carried and moved with. Their
load is that of things."""
_MUST_BE_DECLARED = {frozenset(pair) for pair in combinations(sorted(_BED_SPACE), 2)} | {
    frozenset({Kind.HOIST, Kind.SLING})
}


def kind_of(category: str) -> Kind | None:
    """The kind that an ISO 9999 code belongs to, as far as the rules know one."""
    digits = "".join(find_pairs(category))
    return next((kind for start, kind in _KINDS if digits.startswith(start)), None)


def lifts(category: str) -> bool:
    """Whether it lifts a person, alone or with another: it must be strong enough, and nobody may decide otherwise
    (LOLER 1998, SI 1998/2307, regulation 4)."""
    return kind_of(category) in {Kind.HOIST, Kind.SLING}


def bears_a_person(category: str, safe_working_load_kg: float | None) -> bool:
    """Whether it must bear the client's weight. What has a safe working load does, unless its category says that it
    bears things; beds, mattresses, seats, hoists and slings do also where their load is not known."""
    if kind_of(category) in _BEARING:
        return True
    return safe_working_load_kg is not None and not "".join(find_pairs(category)).startswith(_BEARS_THINGS)


class Place(StrEnum):
    """Where a piece is: in this order, at the client's and not being collected, or in another open order."""

    ORDERED = "ordered"
    AT_HOME = "at_home"
    ON_ANOTHER_ORDER = "on_another_order"


@dataclass(frozen=True, slots=True)
class Piece:
    """A product in one place. `reference`: the barcode at home, or the number of the other order."""

    product_code: str
    name: str
    category: str
    safe_working_load_kg: float | None
    place: Place = Place.ORDERED
    reference: str = ""

    @property
    def kind(self) -> Kind | None:
        """Its kind, as far as the rules know one."""
        return kind_of(self.category)


@dataclass(frozen=True, slots=True)
class Weight:
    """What the client weighed, and when."""

    kg: float
    weighed_on: date


@dataclass(frozen=True, slots=True, order=True)
class OrderWarning:
    """One warning. `subject` is made of product codes; `source` is the law, the notice or the guidance."""

    severity: Severity
    code: str
    subject: str
    detail: str
    source: str


OVERLOADS = frozenset({"over-safe-working-load", "over-weakest-load"})
"""Codes of the warnings that something carries less than the client weighs."""

Fits = Mapping[frozenset[str], bool]
"""Whether two products, by their codes, may be used together; a pair that is missing: nobody has said."""

Pair = tuple[Piece, Piece]


def same_kind(category_a: str, code_a: str, category_b: str, code_b: str) -> bool:
    """Whether one product may stand in the other's place: the same product, or the same six digits of ISO 9999."""
    pairs = find_pairs(category_a)
    return code_a == code_b or (len(pairs) == 3 and pairs == find_pairs(category_b))


def find_warnings(
    ordered: Sequence[Piece], around: Sequence[Piece], *, fits: Fits, weight: Weight | None, today: date
) -> list[OrderWarning]:
    """Every warning about an order, the gravest first. `around`: what is at the client's or in other open orders.

    Each is named once, however many pieces it is about; what the order does not touch is not warned of, but for a
    load at home that the client's weight is above.
    """
    pairs = _pairs(ordered, around)
    found = {
        *_entrapment(ordered, around),
        *_small_stature(ordered, weight),
        *_declared(pairs, fits),
        *_weakest_loads(pairs, weight),
        *_loads([*ordered, *around], pairs, weight),
        *_unknown_loads(ordered, pairs),
        *_weighing(ordered, weight, today),
        *_duplicates(ordered, around),
    }
    once = {(warning.code, warning.subject): warning for warning in sorted(found, reverse=True)}
    return sorted(once.values(), key=lambda warning: (_GRAVEST_FIRST.index(warning.severity), warning))


_GRAVEST_FIRST = tuple(Severity)


def place_load_blockers(safe_working_load_kg: float | None, weight_kg: float | None) -> list[Blocker]:
    """Why a piece may not go to this client for its load. What nobody knows is warned of, not barred."""
    if safe_working_load_kg is None or weight_kg is None or weight_kg <= safe_working_load_kg:
        return []
    detail = f"It carries {safe_working_load_kg:g} kg, and the client weighs {weight_kg:g} kg."
    return [Blocker("load-too-low", detail)]


def item_load(product_kg: float | None, certified_kg: float | None) -> float | None:
    """What an item carries: what its product does, or what was certified for this one, if that is less. No examination
    makes it stronger than its maker says (ADR 28)."""
    return min((load for load in (product_kg, certified_kg) if load is not None), default=None)


def carries_less(carried_kg: float | None, product_kg: float | None) -> bool:
    """Whether an item carries less than its product says: whoever goes by the product would trust it with too much."""
    return carried_kg is not None and product_kg is not None and carried_kg < product_kg


def order_load_blockers(
    carried_kg: float | None, ordered_kg: float | None, weight_kg: float | None, *, is_decided: bool = False
) -> list[Blocker]:
    """Why an item may not go out for an order for its load. `ordered_kg`: what the product carries that was ordered.

    `is_decided`: the prescriber sends that product in spite of its load. Then, and where nobody knows the weight, the
    item must carry what they decided about: one that carries less than its product is not what they ordered.
    """
    loads = [load for load in (ordered_kg, weight_kg) if load is not None]
    if carried_kg is None or not loads:
        return []
    if weight_kg is not None and not is_decided:
        return place_load_blockers(carried_kg, weight_kg)
    if carried_kg >= min(loads):
        return []
    weight = f"{weight_kg:g} kg" if weight_kg is not None else "a weight that nobody knows"
    detail = (
        f"It carries {carried_kg:g} kg, less than the {min(loads):g} kg that were ordered for a client of {weight}."
    )
    return [Blocker("load-too-low", detail)]


def carries(category: str, safe_working_load_kg: float | None, weight_kg: float | None) -> bool | None:
    """Whether it carries a person of that weight; None where nobody knows. What bears no person carries everybody, if
    its load is not below the weight."""
    if place_load_blockers(safe_working_load_kg, weight_kg):
        return False
    is_known = safe_working_load_kg is not None and weight_kg is not None
    return True if is_known or not bears_a_person(category, safe_working_load_kg) else None


def unanswered(warnings: Iterable[OrderWarning], answers: Collection[tuple[str, str]]) -> list[OrderWarning]:
    """The warnings that still want an answer. `answers`: the code and subject of each that has one."""
    return [
        warning
        for warning in warnings
        if warning.severity is not Severity.NOTE and (warning.code, warning.subject) not in answers
    ]


def check_answered(
    warnings: Iterable[OrderWarning], answers: Collection[tuple[str, str]], *, is_short: bool = False
) -> list[OrderWarning]:
    """Raises Incomplete `answer-the-warnings` with each warning that still wants an answer. `answers`: the code and
    subject of each that has one. `is_short`: the short form of the API, which nobody asked for answers (ADR 29): it may
    leave out what is not known (`NOT_KNOWN`); those warnings are returned.
    """
    wanting = unanswered(warnings, answers)
    left = [one for one in wanting if not (is_short and one.code in NOT_KNOWN)]
    if left:
        count = "is 1 warning" if len(left) == 1 else f"are {len(left)} warnings"
        detail = f"There {count} without an answer. They advise and you decide: say to each what you decided and why."
        wanted = {"warnings": [_wanted(one) for one in left]}
        raise Incomplete("answer-the-warnings", detail, field="answers", wanted=wanted)
    return wanting


def _wanted(one: OrderWarning) -> dict[str, str]:
    about = {"code": one.code, "subject": one.subject, "severity": one.severity.value}
    return about | {"detail": one.detail, "source": one.source}


def _pairs(ordered: Sequence[Piece], around: Sequence[Piece]) -> list[Pair]:
    """Every two different products of which the order brings at least one, in the order of their codes."""
    pairs = [*combinations(ordered, 2), *((mine, other) for mine in ordered for other in around)]
    return [_sorted(a, b) for a, b in pairs if a.product_code != b.product_code]


def _sorted(a: Piece, b: Piece) -> Pair:
    return (a, b) if a.product_code < b.product_code else (b, a)


def _subject(pieces: Iterable[Piece]) -> str:
    return "+".join(sorted({piece.product_code for piece in pieces}))


def _entrapment(ordered: Sequence[Piece], around: Sequence[Piece]) -> Iterable[OrderWarning]:
    """A rail or lever alone goes on the client's own bed and is warned of too."""
    if not any(piece.kind in _BED_SPACE for piece in ordered):
        return
    pieces = [piece for piece in (*ordered, *around) if piece.kind in _BED_SPACE]
    kinds = {piece.kind for piece in pieces}
    if len(kinds) < 2 and Kind.RAIL not in kinds:
        return
    names = " + ".join(sorted({piece.name for piece in pieces}))
    severity = Severity.DANGER if Kind.RAIL in kinds else Severity.CAUTION
    detail = (
        f"{names}: people have died trapped in the gaps of a bed. Check the gaps and the height of the rails in every "
        "position with this mattress, and assess the risk again for this client and this change."
    )
    yield OrderWarning(severity, "entrapment", _subject(pieces), detail, BEDS_ALERT)


def _small_stature(ordered: Sequence[Piece], weight: Weight | None) -> Iterable[OrderWarning]:
    beds = [piece for piece in ordered if piece.kind in {Kind.BED, Kind.RAIL}]
    if beds and weight and weight.kg < ADULT_FROM_KG:
        detail = (
            f"The client weighs {weight.kg:g} kg. Beds and rails for adults are made for people of {ADULT_FROM_KG} kg "
            "and 146 cm or more; a smaller person can slip through the gaps."
        )
        yield OrderWarning(Severity.DANGER, "small-stature", _subject(beds), detail, f"{BED_STANDARD}; {BEDS_ALERT}")


def _declared(pairs: Iterable[Pair], fits: Fits) -> Iterable[OrderWarning]:
    for a, b in pairs:
        said = fits.get(frozenset({a.product_code, b.product_code}))
        names, subject = f"{a.name} and {b.name}", _subject((a, b))
        if said is False:
            detail = f"{names} must not be used together: the catalogue says so."
            yield OrderWarning(Severity.DANGER, "incompatible", subject, detail, DEVICES_GUIDANCE)
        elif said is None and frozenset({a.kind, b.kind}) in _MUST_BE_DECLARED:
            detail = f"Nobody has said that {names} go together. Ask the manufacturers, and check it on the spot."
            yield OrderWarning(Severity.CAUTION, "not-declared-compatible", subject, detail, DEVICES_GUIDANCE)


def _is_hoisting(pair: Pair) -> bool:
    return {piece.kind for piece in pair} == {Kind.HOIST, Kind.SLING}


def _is_over(piece: Piece, weight: Weight) -> bool:
    return piece.safe_working_load_kg is not None and weight.kg > piece.safe_working_load_kg


def _weakest_loads(pairs: Iterable[Pair], weight: Weight | None) -> Iterable[OrderWarning]:
    """A hoist and its sling carry together what the weaker of them carries."""
    for a, b in filter(_is_hoisting, pairs):
        names, subject = f"{a.name} and {b.name}", _subject((a, b))
        loads = [load for load in (a.safe_working_load_kg, b.safe_working_load_kg) if load is not None]
        weighs = f"the client weighs {weight.kg:g} kg" if weight else "the client's weight is not known"
        if weight and loads and weight.kg > min(loads):
            detail = f"{names} carry {min(loads):g} kg together, and {weighs}. Do not lift: choose stronger ones."
            yield OrderWarning(Severity.DANGER, "over-weakest-load", subject, detail, LOLER_STRENGTH)
        elif len(loads) < 2:
            detail = f"The safe working load of {names} together is not known. Find it on their labels before lifting."
            yield OrderWarning(Severity.CAUTION, "weakest-load-unknown", subject, detail, LOLER_STRENGTH)
        else:
            detail = f"{names} carry {min(loads):g} kg together, the load of the weaker; {weighs}."
            yield OrderWarning(Severity.NOTE, "weakest-load", subject, detail, LOLER_STRENGTH)


def _loads(pieces: Iterable[Piece], pairs: Iterable[Pair], weight: Weight | None) -> Iterable[OrderWarning]:
    """What alone carries less than the client weighs; a hoist or sling that is part of a pair is named with it."""
    if weight is None:
        return
    paired = {piece for pair in pairs if _is_hoisting(pair) for piece in pair}
    for piece in pieces:
        if _is_over(piece, weight) and piece not in paired:
            where = {Place.ORDERED: "", Place.AT_HOME: ", at the client's,"}.get(piece.place, ", on another order,")
            carries = f"{piece.name}{where} carries {piece.safe_working_load_kg:g} kg"
            detail = f"{carries}, and the client weighs {weight.kg:g} kg. Choose a stronger one."
            yield OrderWarning(Severity.DANGER, "over-safe-working-load", piece.product_code, detail, DEVICES_GUIDANCE)


def _unknown_loads(ordered: Iterable[Piece], pairs: Iterable[Pair]) -> Iterable[OrderWarning]:
    """What must bear the client and carries nobody knows what; of a hoist with its sling that is said of both."""
    paired = {piece for pair in pairs if _is_hoisting(pair) for piece in pair}
    for piece in ordered:
        unknown = piece.safe_working_load_kg is None
        if unknown and piece not in paired and bears_a_person(piece.category, piece.safe_working_load_kg):
            detail = (
                f"Nobody knows what {piece.name} carries, and it must bear the client. Find its safe working load on "
                "its label, or ask its maker, before it is used, and have it written in the catalogue."
            )
            source = LOLER_STRENGTH if lifts(piece.category) else DEVICES_GUIDANCE
            yield OrderWarning(Severity.CAUTION, LOAD_UNKNOWN, piece.product_code, detail, source)


def _weighing(ordered: Iterable[Piece], weight: Weight | None, today: date) -> Iterable[OrderWarning]:
    if not any(bears_a_person(piece.category, piece.safe_working_load_kg) for piece in ordered):
        return
    if weight is None:
        detail = "The client's weight is not known, and this equipment must bear it. Weigh the client, or ask."
        yield OrderWarning(Severity.CAUTION, WEIGHT_UNKNOWN, "client", detail, DEVICES_GUIDANCE)
    elif months_after(weight.weighed_on, WEIGHT_LASTS_MONTHS) < today:
        detail = (
            f"The client was last weighed on {in_words(weight.weighed_on)}, over {WEIGHT_LASTS_MONTHS} months ago. "
            "Weigh the client again, or say why that weight still holds."
        )
        yield OrderWarning(Severity.CAUTION, "weight-old", "client", detail, HOUSE_RULE)


def _duplicates(ordered: Iterable[Piece], around: Iterable[Piece]) -> Iterable[OrderWarning]:
    """What is at home already is a note: the order asks anyway whether it is kept, stopped or collected."""
    around = list(around)
    for mine in ordered:
        for place, severity, code, where in (
            (Place.AT_HOME, Severity.NOTE, "already-at-home", "The client has it already"),
            (Place.ON_ANOTHER_ORDER, Severity.CAUTION, "already-on-order", "It is on order for the client already"),
        ):
            same = [other for other in around if other.place is place and _is_same_kind(mine, other)]
            if same:
                there = ", ".join(sorted({f"{other.name} ({other.reference})" for other in same}))
                detail = f"{mine.name}: {where[0].lower()}{where[1:]}, or another of its kind: {there}."
                yield OrderWarning(severity, code, mine.product_code, detail, HOUSE_RULE)


def _is_same_kind(a: Piece, b: Piece) -> bool:
    return same_kind(a.category, a.product_code, b.category, b.product_code)
