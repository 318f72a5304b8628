"""What a movement costs, and whom: the kinds of charges, the rates that price them, and their split, in whole pence.

Pure: `ledger.py` reads the facts with the item and writes the lines with the movement (ADR 46).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

from app.domain.authority import in_pounds
from app.domain.hire import InForce, nights_by_rate
from app.domain.lifecycle import OUT, Move, State, is_issue, is_return
from app.domain.panel_funding import Share, allot


class ChargeKind(StrEnum):
    """What a line of the charges is for."""

    NEW_PURCHASE = "new_purchase"
    RECYCLED_ISSUE = "recycled_issue"
    HIRE = "hire"
    DELIVERY = "delivery"
    COLLECTION = "collection"
    FAILED_VISIT = "failed_visit"
    DECONTAMINATION = "decontamination"
    INSPECTION = "inspection"
    REPAIR = "repair"
    PARTS = "parts"
    CREDIT = "credit"
    WRITE_OFF = "write_off"
    SCRAP = "scrap"
    TOP_UP = "top_up"

    @property
    def text(self) -> str:
        """The kind as people read it."""
        return _KIND_TEXT.get(self, self.value.replace("_", " ").capitalize())


_KIND_TEXT: Final[dict["ChargeKind", str]] = {
    ChargeKind.CREDIT: "Credit on collection",
    ChargeKind.WRITE_OFF: "Write-off",
    ChargeKind.TOP_UP: "A person's top-up",
}
ISSUES: Final = frozenset({ChargeKind.NEW_PURCHASE, ChargeKind.RECYCLED_ISSUE, ChargeKind.HIRE})
"""The kinds that an issue is charged as: exactly one of them for each issue."""
OF_THE_PRICE: Final = frozenset({ChargeKind.NEW_PURCHASE, ChargeKind.RECYCLED_ISSUE, ChargeKind.CREDIT})
"""The kinds that pay for an item, or give that back. Hire is paid for its use, and what is done to it for that."""
OWN_PRICE: Final = frozenset({ChargeKind.NEW_PURCHASE, ChargeKind.PARTS, ChargeKind.WRITE_OFF})
"""The kinds that have a price of their own where no rate says another: what was paid for it, or what it is worth."""
ON_THE_SHELF: Final = frozenset({State.IN_STOCK, State.RESERVED})
WITH_A_CLIENT: Final = OUT - {State.DISPATCHED}
_OWN_BASIS: Final = {
    ChargeKind.PARTS: "What the parts cost",
    ChargeKind.REPAIR: "What the labour cost",
    ChargeKind.WRITE_OFF: "What it is worth in the books, since it went out before charges began",
}
RECKONED: Final = "Bought for"
"""How the arithmetic of a write-off begins that is what nobody has paid of the price."""
OWN_ACCOUNT: Final = ""
"""In place of a funder's code: nobody is charged, the service itself bears it."""
OWN_ACCOUNT_TEXT: Final = "Service's own"
"""What no funder pays for is called so."""
_GONE: Final = {State.SCRAPPED: "It is scrapped.", State.MISSING: "Nobody knows where it is."}
WHOLE: Final = (Share(OWN_ACCOUNT, Decimal(100)),)


@dataclass(frozen=True, slots=True)
class Step:
    """From so many months after it was received on, this part is credited, in percent."""

    from_months: int
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Tariff:
    """One dated rate. `variant`: the speed, route or kind of inspection that it is for; empty for every one.

    For a product, for what begins with a category (ISO 9999), or for everything. Exactly one of `pence` (fixed),
    `percent` (of the price that the kind goes by) and `taper`. `floor_pence`: no credit for what cost less.
    """

    id: int
    kind: ChargeKind
    variant: str = ""
    product_id: int | None = None
    category: str | None = None
    pence: int | None = None
    percent: Decimal | None = None
    taper: tuple[Step, ...] = ()
    floor_pence: int = 0
    vat_percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Issued:
    """The newest issue of the item as it was charged: when, who paid which part, and the sum, as it stands now, less
    what a person adds to it: the funders never paid that. `is_unpriced`: no rate was in force, nobody knows the sum."""

    on: date
    shares: tuple[Share, ...]
    pence: int
    is_hire: bool = False
    is_unpriced: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an item when it moves. `shares`: who pays for what goes out now.

    `visit`: by whose order or collection somebody drives, as a key that is charged once a day; `speed`: its speed;
    `visit_shares`: who pays for a drive that fetches things of several, where that is known.
    `route`: how it was cleaned; `examined`: which kind of inspection; `parts_pence`, `labour_pence`: what was fitted in
    the repair that goes on, and what its work cost, where somebody said so.
    `is_credited`: since its newest issue; `was_credited`: also where that was taken back by hand, and nothing came
    instead. `written_off_pence`: what of it stands written off. `paid_pence`: what stands paid of its price, by its
    issues less their credits; none where it went out before charges began, so that nobody knows.
    `hire_rates`: all that there ever were for what is hired out.
    """

    product_id: int
    category: str
    price_pence: int
    received_on: date
    times_issued: int = 0
    is_reusable: bool = True
    shares: tuple[Share, ...] = WHOLE
    issued: Issued | None = None
    is_credited: bool = False
    was_credited: bool = False
    written_off_pence: int = 0
    paid_pence: int | None = None
    hire_rates: tuple[InForce[Tariff], ...] = ()
    visit: str = ""
    visit_shares: tuple[Share, ...] = ()
    speed: str = ""
    route: str = ""
    examined: str = ""
    parts_pence: int = 0
    labour_pence: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """Something to be charged: what a percentage of it is of, how often, and who pays. `rates`: by which it is priced,
    where not by those of the day."""

    kind: ChargeKind
    shares: tuple[Share, ...]
    variant: str = ""
    of_pence: int = 0
    times: int = 1
    visit: str = ""
    months: int = 0
    is_issue: bool = False
    is_taken_back: bool = False
    rates: tuple[Tariff, ...] | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What it comes to, by which rate, in words, and whether nobody has said a rate."""

    pence: int
    tariff_id: int | None
    basis: str
    vat_percent: Decimal = Decimal(0)
    is_unpriced: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """What one funder pays. `funder`: its code, or OWN_ACCOUNT."""

    funder: str
    percent: Decimal
    pence: int
    vat_pence: int


@dataclass(frozen=True, slots=True)
class Posting:
    """One charge with all its lines: they come to `price.pence`, and their shares to 100 %."""

    due: Due
    price: Price
    lines: tuple[Line, ...]


def charges_of(move: Move, state: State, facts: Facts, tariffs: Sequence[Tariff], *, on: date) -> tuple[Posting, ...]:
    """Everything that this movement from this state costs, priced by the rates that are in force on that day."""
    return tuple(post(due, facts, tariffs) for due in _dues(move, state, facts, tariffs, on=on))


def post(due: Due, facts: Facts, tariffs: Sequence[Tariff]) -> Posting:
    """One charge, priced and split to the penny."""
    price = price_of(due, facts, tariffs)
    return Posting(due, price, split(price.pence, due.shares, vat_percent=price.vat_percent))


def split(pence: int, shares: Sequence[Share], *, vat_percent: Decimal = Decimal(0)) -> tuple[Line, ...]:
    """Who pays what of so many pence, below zero for a credit; no penny is lost, of the tax neither."""
    return share_out(pence, _rounded(Decimal(pence) * vat_percent / 100), shares)


def share_out(pence: int, vat_pence: int, shares: Sequence[Share]) -> tuple[Line, ...]:
    """Who pays what of a sum whose tax is known."""
    return tuple(
        Line(share.funder, share.percent, part, part_of_tax)
        for share, part, part_of_tax in zip(shares, _allot(pence, shares), _allot(vat_pence, shares), strict=True)
    )


def loss_of(state: State, facts: Facts, tariffs: Sequence[Tariff], *, on: date) -> Posting:
    """What the service bears of an item that was lost or scrapped in this state, by all that is known of it now."""
    return post(Due(ChargeKind.WRITE_OFF, WHOLE, of_pence=_worth_to_us(state, facts, tariffs, on=on)), facts, tariffs)


def price_of(due: Due, facts: Facts, tariffs: Sequence[Tariff]) -> Price:
    """What a charge comes to. Without a rate: its own price where it has one, otherwise nothing, and it says so."""
    tariff = rate_for(due.kind, due.variant, facts, tariffs if due.rates is None else due.rates)
    if due.is_taken_back:
        return Price(-due.of_pence, None, "The write-off is taken back")
    if due.kind is ChargeKind.CREDIT and facts.issued and facts.issued.is_unpriced:
        return Price(0, None, "What it was issued at has no rate yet", is_unpriced=True)
    if tariff is None:
        if due.kind in OWN_PRICE or (due.kind is ChargeKind.REPAIR and due.of_pence):
            return Price(due.of_pence, None, _own_basis(due.kind, facts))
        return Price(0, None, "No rate is in force", is_unpriced=True)
    if due.is_issue and due.kind is ChargeKind.HIRE:
        # It begins without a sum: the nights are counted when they are over.
        return Price(0, tariff.id, "Charged by the night when it comes back", tariff.vat_percent)
    pence, basis = _by_rate(tariff, due, facts)
    sign = -1 if due.kind is ChargeKind.CREDIT else 1
    # Nothing is sold when something is written off.
    vat_percent = Decimal(0) if due.kind is ChargeKind.WRITE_OFF else tariff.vat_percent
    return Price(sign * pence * due.times, tariff.id, _times(basis, due.times), vat_percent)


def rate_for(kind: ChargeKind, variant: str, facts: Facts, tariffs: Iterable[Tariff]) -> Tariff | None:
    """The rate that is said most closely: for the product, then for the longest category, then for everything; of two
    for the same, the one that names the variant."""
    fit = [
        one
        for one in tariffs
        if one.kind is kind
        and one.variant in {"", variant}
        and one.product_id in {None, facts.product_id}
        and (one.category is None or facts.category.startswith(one.category))
    ]
    return max(fit, key=_closeness, default=None)


def book_value(facts: Facts, tariffs: Sequence[Tariff], *, on: date) -> int:
    """What the item is worth in the books while it stands in a store: what a credit for it would be, of its price."""
    if not facts.times_issued:
        return facts.price_pence
    months = whole_months(facts.received_on, on)
    due = Due(ChargeKind.CREDIT, WHOLE, of_pence=facts.price_pence, months=months)
    return -price_of(due, replace(facts, issued=None), tariffs).pence if facts.is_reusable else 0


def worth_today(state: State, facts: Facts, tariffs: Sequence[Tariff], *, on: date) -> tuple[int, str]:
    """What an item counts for in the service's books today, and why, in a sentence."""
    if state in _GONE:
        return 0, _GONE[state]
    worth = _worth_to_us(state, facts, tariffs, on=on)
    if facts.paid_pence is not None and facts.times_issued and (worth or _is_ours(facts)):
        return worth, f"{_what_is_left(facts)}."
    if not _is_ours(facts):
        if worth:
            return worth, "What it is worth, less what whoever paid for its last issue would be credited today."
        return 0, "Whoever paid for its last issue bears it until they are credited."
    if not facts.times_issued:
        return worth, "It was never issued, so it stands in the books for what it was bought for."
    return worth, "What would be credited for it today, of what it was bought for."


def whole_months(since: date, until: date) -> int:
    """How many months have gone by, counting whole ones; none where the days come the other way round."""
    months = (until.year - since.year) * 12 + until.month - since.month - (until.day < since.day)
    return max(months, 0)


def month_of(day: date) -> date:
    """The first day of its month: the period that it belongs to."""
    return day.replace(day=1)


def _dues(move: Move, state: State, facts: Facts, tariffs: Sequence[Tariff], *, on: date) -> list[Due]:
    if is_issue(state, move):
        return _of_an_issue(move, facts, tariffs)
    if is_return(move):
        return _of_a_return(state, facts, on=on)
    last = facts.issued.shares if facts.issued else WHOLE
    dues: dict[Move, list[Due]] = {
        Move.PASS_DECONTAMINATION: [Due(ChargeKind.DECONTAMINATION, last, facts.route)],
        Move.SCRAP: [Due(ChargeKind.SCRAP, last), *_written_off(state, facts, tariffs, on=on)],
        Move.MARK_MISSING: [*_of_nights(state, facts, on=on), *_written_off(state, facts, tariffs, on=on)],
    }
    if move in {Move.PASS_INSPECTION, Move.FAIL_INSPECTION}:
        # What stands on the shelf is nobody's yet; what is being made fit is, for those who had it last.
        return [Due(ChargeKind.INSPECTION, WHOLE if state in ON_THE_SHELF else last, facts.examined)]
    return [*_of_the_bench(move, state, facts, last), *dues.get(move, [])]


def _of_the_bench(move: Move, state: State, facts: Facts, shares: tuple[Share, ...]) -> list[Due]:
    """What a repair took, when the item leaves the bench: mended, given up, or lost. A failure that is taken back began
    no repair."""
    if state is not State.IN_REPAIR or move in {Move.TRANSFER, Move.TAKE_BACK_FAILURE}:
        return []
    dues = []
    if move is Move.COMPLETE_REPAIR or facts.labour_pence:
        dues.append(Due(ChargeKind.REPAIR, shares, of_pence=facts.labour_pence))
    if facts.parts_pence:
        dues.append(Due(ChargeKind.PARTS, shares, of_pence=facts.parts_pence))
    return dues


def _of_nights(state: State, facts: Facts, *, on: date) -> list[Due]:
    """The nights of a hire that ends."""
    if facts.issued is None or not facts.issued.is_hire or facts.is_credited or state not in WITH_A_CLIENT:
        return []
    return nights_of_hire(facts, facts.issued.shares, since=facts.issued.on, until=on)


def nights_of_hire(facts: Facts, shares: tuple[Share, ...], *, since: date, until: date) -> list[Due]:
    """The nights of a hire, a charge for each rate that was in force meanwhile. Which of several it is, and for which
    nights there was none, its variant says: the day of the first."""
    found = nights_by_rate(since, until, facts.hire_rates, lambda rates: rate_for(ChargeKind.HIRE, "", facts, rates))
    return [
        Due(
            ChargeKind.HIRE,
            shares,
            one.since.isoformat() if len(found) > 1 or one.rate is None else "",
            times=one.nights,
            rates=(one.rate,) if one.rate else (),
        )
        for one in found
    ]


def _of_an_issue(move: Move, facts: Facts, tariffs: Sequence[Tariff]) -> list[Due]:
    kind = ChargeKind.RECYCLED_ISSUE if facts.times_issued else ChargeKind.NEW_PURCHASE
    if rate_for(ChargeKind.HIRE, "", facts, tariffs):
        kind = ChargeKind.HIRE
    dues = [Due(kind, facts.shares, of_pence=facts.price_pence, is_issue=True)]
    if facts.visit and move is not Move.ISSUE:
        dues.append(Due(ChargeKind.DELIVERY, facts.shares, facts.speed, visit=facts.visit))
    return dues


def _of_a_return(state: State, facts: Facts, *, on: date) -> list[Due]:
    """What comes back from the van was not issued; what comes back from a client is credited, once."""
    dues = []
    if facts.written_off_pence:
        dues.append(Due(ChargeKind.WRITE_OFF, WHOLE, of_pence=facts.written_off_pence, is_taken_back=True))
    if state is State.DISPATCHED:
        return dues
    if facts.visit:
        # Somebody drove, also for what was never charged here.
        shares = facts.visit_shares or (facts.issued.shares if facts.issued else WHOLE)
        dues.append(Due(ChargeKind.COLLECTION, shares, facts.speed, visit=facts.visit))
    if facts.issued is None or facts.is_credited or facts.was_credited:
        return dues
    if facts.issued.is_hire:
        return [*dues, *_of_nights(state, facts, on=on)]
    return [*dues, *_of_a_credit(facts, on=on)]


def _of_a_credit(facts: Facts, *, on: date) -> list[Due]:
    if facts.issued is None or not facts.is_reusable:
        return []
    months = whole_months(facts.received_on, on)
    return [Due(ChargeKind.CREDIT, facts.issued.shares, of_pence=facts.issued.pence, months=months)]


def _written_off(state: State, facts: Facts, tariffs: Sequence[Tariff], *, on: date) -> list[Due]:
    """What the service loses."""
    worth = 0 if facts.written_off_pence else _worth_to_us(state, facts, tariffs, on=on)
    return [Due(ChargeKind.WRITE_OFF, WHOLE, of_pence=worth)] if worth else []


def _worth_to_us(state: State, facts: Facts, tariffs: Sequence[Tariff], *, on: date) -> int:
    """What of an item is the service's own: what nobody has paid of its price, wherever it is.

    Where it went out before charges began, nobody knows what was paid: then it is its worth in the books. What a client
    has was charged at less than that, if it was reissued: the rest would be ours again when it came back.
    """
    if facts.paid_pence is not None:
        return max(facts.price_pence - facts.paid_pence, 0)
    worth = book_value(facts, tariffs, on=on)
    if _is_ours(facts):
        return worth
    if state not in WITH_A_CLIENT or facts.times_issued <= 1:
        return 0
    return max(worth + sum(price_of(due, facts, tariffs).pence for due in _of_a_credit(facts, on=on)), 0)


def _own_basis(kind: ChargeKind, facts: Facts) -> str:
    if kind is ChargeKind.WRITE_OFF and facts.paid_pence is not None:
        return _what_is_left(facts)
    return _OWN_BASIS.get(kind, "What it cost")


def _what_is_left(facts: Facts) -> str:
    bought = f"{RECKONED} {in_pounds(facts.price_pence)}"
    if not facts.paid_pence:
        return f"{bought}, and nothing stands paid of that"
    paid = f"less the {in_pounds(facts.paid_pence)} that stands paid: what it was issued at, less what was credited"
    return f"{bought}, {paid}"


def _is_ours(facts: Facts) -> bool:
    return facts.issued is None or facts.is_credited or facts.issued.is_hire


def _by_rate(tariff: Tariff, due: Due, facts: Facts) -> tuple[int, str]:
    is_credit = due.kind is ChargeKind.CREDIT
    if is_credit and facts.price_pence < tariff.floor_pence:
        return 0, f"It cost less than {in_pounds(tariff.floor_pence)}, so nothing is credited"
    if tariff.pence is not None:
        pence, basis = tariff.pence, f"{in_pounds(tariff.pence)} each" if due.times > 1 else "Fixed rate"
    else:
        percent = tariff.percent if tariff.percent is not None else _tapered(tariff.taper, due.months)
        after = f" after {due.months} {'month' if due.months == 1 else 'months'}" if tariff.taper else ""
        basis = f"{percent.normalize():f} % of {in_pounds(due.of_pence)}{after}"
        pence = _rounded(Decimal(due.of_pence) * percent / 100)
    if due.kind is ChargeKind.WRITE_OFF and pence > due.of_pence:
        return due.of_pence, f"{basis}, but no more than it is worth: {in_pounds(due.of_pence)}"
    if is_credit and pence > due.of_pence:
        return due.of_pence, f"{basis}, but no more than was charged: {in_pounds(due.of_pence)}"
    return pence, basis


def _tapered(taper: Sequence[Step], months: int) -> Decimal:
    reached = [step for step in taper if step.from_months <= months]
    return max(reached, key=lambda step: step.from_months).percent if reached else Decimal(0)


def _closeness(tariff: Tariff) -> tuple[bool, int, bool]:
    return tariff.product_id is not None, len(tariff.category or ""), tariff.variant != ""


def _allot(pence: int, shares: Sequence[Share]) -> list[int]:
    sign = -1 if pence < 0 else 1
    return [sign * one.pence for one in allot(abs(pence), shares)]


def _rounded(pence: Decimal) -> int:
    return int(pence.quantize(Decimal(1), ROUND_HALF_UP))


def _times(basis: str, times: int) -> str:
    return f"{times} times {basis}" if times > 1 else basis
