"""Which item of the shelf meets a line of an order, recycled first, and why each other one was not chosen.

The same facts give the same answer always. Loads and weights are in kilograms, sizes in millimetres. An item whose
thorough examination is overdue or of unknown date is never chosen (LOLER, SI 1998/2307, regulation 9).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from app.domain.authority import Tier
from app.domain.clearance import DueFact
from app.domain.combinations import MUST_MATCH, Kind, kind_of, order_load_blockers, same_kind
from app.domain.dates import in_words
from app.domain.errors import BadValue, Blocker
from app.domain.inspections import InspectionKind
from app.domain.lifecycle import State
from app.domain.look_ahead import examination_due_soon
from app.domain.reasons import is_reason
from app.domain.ring_fencing import RingFence

FITTED_TO_A_BODY = frozenset({Kind.SLING, Kind.SEAT})
"""Kinds whose size is a person's: of another size they are another piece of equipment."""
SAME_SIZE_MM = 25
"""Sizes of seats and slings go by steps of two inches; half of one is the same size."""
DUE_SOON = (
    "That is soon: it goes out once it is examined, or when a manager or senior prescriber says why it goes as it is."
)
RECYCLED_ONLY = "The panel approved recycled equipment only, and this was never issued before."
MOST_OTHERS = 20
"""So many of those not chosen are explained one by one; all are counted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a line asks for. `store`: the code of the delivering store. `ordered_load_kg`: what its product carries;
    `is_load_decided`: that is less than the client weighs, and the prescriber sends it all the same. `soon_days`: what
    falls due for its thorough examination within so many days goes only when somebody decides it; 0: nobody asks.
    `recycled_only`: a panel approved nothing that was never issued before. `team_id`: whose order it is."""

    product_code: str
    quantity: int
    store: str
    on: date
    client_weight_kg: float | None = None
    ordered_load_kg: float | None = None
    is_load_decided: bool = False
    accept_equivalent: bool = False
    prefer_new: bool = False
    soon_days: int = 0
    recycled_only: bool = False
    team_id: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item on the shelf. `blockers`: why it is not clear. `is_promised`: to another client, on a day of ours.

    `examination_due_on` counts only where `is_examined`: the product asks for thorough examinations.
    `safe_working_load_kg`: of this item, which may be less than its product's. `ring_fence`: a panel keeps it for a
    team.
    """

    barcode: str
    product_code: str
    store: str
    is_recycled: bool
    is_examined: bool = False
    examination_due_on: date | None = None
    safe_working_load_kg: float | None = None
    blockers: tuple[Blocker, ...] = ()
    is_promised: bool = False
    ring_fence: RingFence | None = None


@dataclass(frozen=True, slots=True)
class Because:
    """What was decided about one item: a stable code and a sentence."""

    barcode: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The items chosen, the nearest others with the reason against each, and how many there were for each reason."""

    chosen: tuple[Because, ...]
    others: tuple[Because, ...]
    counted: Mapping[str, int]

    @property
    def barcodes(self) -> tuple[str, ...]:
        """The items chosen, the best first."""
        return tuple(one.barcode for one in self.chosen)

    def as_json(self) -> dict[str, object]:
        """In the form in which it is stored with the line."""
        return {
            "chosen": [_as_json(one) for one in self.chosen],
            "others": [_as_json(one) for one in self.others],
            "counted": dict(sorted(self.counted.items())),
        }


def choose(
    wanted: Wanted, candidates: Iterable[Candidate], *, elsewhere: Mapping[State, int] | None = None
) -> Explanation:
    """The best items for a line, as many as it wants or as there are, and why not the others.

    `elsewhere`: how many items of the product stand in other states than on the shelf; they are only counted.
    """
    fitting, refused = [], []
    for candidate in candidates:
        refusal = _refusal(wanted, candidate)
        if refusal:
            refused.append(refusal)
        else:
            fitting.append(candidate)
    fitting.sort(key=lambda one: _rank(wanted, one))
    chosen, rest = fitting[: wanted.quantity], fitting[wanted.quantity :]
    others = [*(_behind(wanted, one, chosen[-1]) for one in rest if chosen), *sorted(refused, key=_code_and_barcode)]
    counted = Counter(one.code for one in others)
    counted.update({f"state-{state.value.replace('_', '-')}": count for state, count in (elsewhere or {}).items()})
    return Explanation(tuple(_for(wanted, one) for one in chosen), tuple(others[:MOST_OTHERS]), counted)


_WHY_NOT = {
    "recycled-only": (
        "is new, and the panel approved recycled equipment only",
        "are new, and the panel approved recycled equipment only",
    ),
    "load-too-low": ("carries less than the client weighs", "carry less than the client weighs"),
    "on-hold": ("is on hold", "are on hold"),
    "not-clear": ("is not clear to go out", "are not clear to go out"),
    "promised": ("is reserved for another client", "are reserved for other clients"),
    "ring-fenced": ("is ring-fenced for another team", "are ring-fenced for other teams"),
    "examination-overdue": ("is overdue for its examination", "are overdue for their examination"),
}


def why_none_fits(counted: Mapping[str, int]) -> str:
    """A sentence that counts what stands on a shelf and may not be taken, by an explanation's codes; or nothing."""
    found = [(counted[code], words) for code, words in _WHY_NOT.items() if counted.get(code)]
    parts = [f"{count} {one if count == 1 else many}" for count, (one, many) in found]
    *first, last = parts or [""]
    return f"On a shelf, {', '.join(first)}{' and ' if first else ''}{last}." if parts else ""


def check_prefer_new(*, prefer_new: bool, recycled_is_there: bool, reason: str) -> None:
    """Raises BadValue `reason-for-new` (field `reason_for_new`) when new is chosen over recycled without a reason."""
    if prefer_new and recycled_is_there and not is_reason(reason):
        detail = (
            "A recycled one is on the shelf. Say why a new one is needed, in a few words, or take the recycled one."
        )
        raise BadValue("reason-for-new", detail, field="reason_for_new")


def _refusal(wanted: Wanted, item: Candidate) -> Because | None:
    """Why this item cannot be taken at all. What is not known is never taken for safe."""
    too_weak = order_load_blockers(
        item.safe_working_load_kg, wanted.ordered_load_kg, wanted.client_weight_kg, is_decided=wanted.is_load_decided
    )
    fence = item.ring_fence
    is_kept = fence is not None and fence.keeps_from(wanted.team_id)
    checks = (
        (
            item.product_code != wanted.product_code and not wanted.accept_equivalent,
            "equivalent-not-accepted",
            "It is of another product, and the line does not accept an equivalent.",
        ),
        (wanted.recycled_only and not item.is_recycled, "recycled-only", RECYCLED_ONLY),
        (_is_on_hold(item), "on-hold", " ".join(blocker.detail for blocker in item.blockers)),
        (bool(item.blockers), "not-clear", " ".join(blocker.detail for blocker in item.blockers)),
        (item.is_promised, "promised", "It is reserved for another client."),
        (is_kept, "ring-fenced", f"{fence.detail} {fence.who_lifts}" if fence else ""),
        (_is_overdue(item, wanted.on), "examination-overdue", _overdue_in_words(item)),
        (bool(too_weak), "load-too-low", " ".join(blocker.detail for blocker in too_weak)),
    )
    return next((Because(item.barcode, code, detail) for applies, code, detail in checks if applies), None)


def _is_on_hold(item: Candidate) -> bool:
    return any(blocker.code == "on-hold" for blocker in item.blockers)


def _is_overdue(item: Candidate, on: date) -> bool:
    return item.is_examined and (item.examination_due_on is None or item.examination_due_on < on)


def _overdue_in_words(item: Candidate) -> str:
    due = item.examination_due_on
    return (
        f"Its thorough examination was due by {in_words(due)}."
        if due
        else "No record says when its examination is due."
    )


_CRITERIA: tuple[tuple[str, str], ...] = (
    ("another-product", "It is an equivalent, and the product itself is there."),
    ("new", "It is new, and a recycled one is there."),
    ("not-ring-fenced", "One is there that is ring-fenced for this team."),
    ("other-store", "It is in another store than the one that delivers."),
    ("examined-sooner", "Its next thorough examination is due sooner."),
    ("after-in-order", "It is as good; the older label goes first."),
)
"""What tells two fitting items apart, in this order; the places of `_rank`."""

_RECYCLED_BUT = ("recycled", "It is recycled, and a new one was asked for with a reason.")


def _rank(wanted: Wanted, item: Candidate) -> tuple[bool, bool, bool, bool, int, str]:
    """The lower the better, criterion by criterion."""
    due = item.examination_due_on if item.is_examined else None
    return (
        item.product_code != wanted.product_code,
        item.is_recycled is wanted.prefer_new,
        item.ring_fence is None,
        item.store != wanted.store,
        -(due or date.max).toordinal(),
        item.barcode,
    )


def _behind(wanted: Wanted, item: Candidate, last_chosen: Candidate) -> Because:
    """The first criterion by which a fitting item stands behind the last one that was chosen."""
    pairs = zip(_rank(wanted, item), _rank(wanted, last_chosen), _CRITERIA, strict=True)
    code, detail = next(criterion for mine, theirs, criterion in pairs if mine != theirs)
    if code == "new" and wanted.prefer_new:
        code, detail = _RECYCLED_BUT
    return Because(item.barcode, code, detail)


def _for(wanted: Wanted, item: Candidate) -> Because:
    """Why this one was chosen."""
    what = "It is recycled" if item.is_recycled else "It is new"
    where = (
        f"stands in {item.store} (the store that delivers)" if item.store == wanted.store else f"stands in {item.store}"
    )
    if item.product_code != wanted.product_code:
        what = f"It is an equivalent, {item.product_code}, and {what.removeprefix('It is ')}"
    fence = item.ring_fence
    kept = [f"is ring-fenced for this team by panel case {fence.case_number}"] if fence else []
    parts = [what, *kept, where]
    if item.is_examined and item.examination_due_on:
        parts.append(f"is next due for its thorough examination on {in_words(item.examination_due_on)}")
    code = "recycled" if item.is_recycled else "new"
    asks = f" {DUE_SOON}" if _wants_decision(wanted, item) else ""
    return Because(item.barcode, code, f"{', '.join(parts[:-1])} and {parts[-1]}.{asks}")


def _wants_decision(wanted: Wanted, item: Candidate) -> bool:
    due = item.examination_due_on if item.is_examined else None
    known = [DueFact(InspectionKind.LOLER, due)] if due else []
    return examination_due_soon(known, on=wanted.on, soon_days=wanted.soon_days) is not None


def _code_and_barcode(one: Because) -> tuple[str, str]:
    return one.code, one.barcode


def _as_json(one: Because) -> dict[str, str]:
    return {"barcode": one.barcode, "code": one.code, "detail": one.detail}


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """A product as far as an equivalent is judged by it; `recycled` and `new`: how many are free on the shelf."""

    code: str
    category: str
    tier: Tier
    safe_working_load_kg: float | None
    price_pence: int = 0
    dimensions: Mapping[str, int] = field(default_factory=dict)
    recycled: int = 0
    new: int = 0


def is_close_equivalent(asked: ProductFacts, other: ProductFacts) -> bool:
    """Another product of the same six digits of ISO 9999, that carries no less, is no more specialist, and has the same
    size where the size is a person's."""
    if asked.code == other.code or not same_kind(asked.category, asked.code, other.category, other.code):
        return False
    carries = asked.safe_working_load_kg is None or (other.safe_working_load_kg or 0) >= asked.safe_working_load_kg
    return carries and asked.tier.covers(other.tier) and _has_its_size(asked, other)


def may_stand_in(asked: ProductFacts, other: ProductFacts) -> bool:
    """Whether a close equivalent may be sent without anybody looking again, on a line that accepts one.

    It costs no more, so that no limit and no panel is gone round. What is safe only with what it is used with is not
    exchanged unseen: whoever prescribes it changes the line, and is shown the warnings for the other product.
    """
    is_unseen_risk = kind_of(asked.category) in MUST_MATCH
    return not is_unseen_risk and other.price_pence <= asked.price_pence and is_close_equivalent(asked, other)


def find_equivalents(asked: ProductFacts, others: Sequence[ProductFacts]) -> list[ProductFacts]:
    """The close technical equivalents that are on the shelf: with recycled ones first, then the nearest load."""
    there = [other for other in others if other.recycled + other.new > 0 and is_close_equivalent(asked, other)]
    return sorted(there, key=lambda other: (other.recycled == 0, other.safe_working_load_kg or 0, other.code))


def _has_its_size(asked: ProductFacts, other: ProductFacts) -> bool:
    """Every size of the one asked for is the other's too. A size that nobody wrote down is not taken for the same."""
    if kind_of(asked.category) not in FITTED_TO_A_BODY:
        return True
    sizes, theirs = asked.dimensions, other.dimensions
    return bool(sizes) and all(
        name in theirs and abs(theirs[name] - size) <= SAME_SIZE_MM for name, size in sizes.items()
    )
