"""The proof that charges are what movements call for: an item's history is gone through again, line by line.

Pure: `features/finance/reconciling` reads the histories. What is due and what it comes to is `costs.charges_of` again,
on the facts of then: lines that were posted later, or taken back later, count as they stood when the movement was made.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from itertools import pairwise
from typing import Final
from uuid import UUID

from app.domain.charged_history import NEVER, Dated, Happened, History, Posted
from app.domain.costs import (
    ISSUES,
    OF_THE_PRICE,
    OWN_ACCOUNT,
    WHOLE,
    ChargeKind,
    Due,
    Facts,
    Issued,
    Posting,
    Tariff,
    charges_of,
    month_of,
    post,
    price_of,
)
from app.domain.hire import InForce
from app.domain.lifecycle import Move, State, is_issue, is_return

VISITS: Final = frozenset({ChargeKind.DELIVERY, ChargeKind.COLLECTION})
NO_TIME: Final = datetime.min.replace(tzinfo=UTC)
NOTHING: Final = History("", 0, "", 0, date.min, 0, is_reusable=False, happened=())
"""In place of an item's: a visit is for no one product."""


class Check(StrEnum):
    """One way in which the books must add up."""

    MOVEMENTS = "movements"
    PRICES = "prices"
    SPLITS = "splits"
    VISITS = "visits"
    CREDITS = "credits"
    PERSONS = "persons"
    REVERSALS = "reversals"
    REPORTS = "reports"
    CLOSED_MONTHS = "closed-months"
    GONE = "gone"
    KEPT = "kept"
    ACCOUNTS = "accounts"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that does not add up: where, what should be there, and what is, in pence where it is money.

    `barcode` and `movement`: the item and the number of its movement; `where`: anything else by its name in words.
    """

    check: Check
    code: str
    detail: str
    expected: int | None = None
    found: int | None = None
    barcode: str = ""
    movement: int | None = None
    where: str = ""


@dataclass(slots=True)
class Sum:
    """How many things a check looked at, and the two sides that must agree, in pence. `apart`: how many it could not
    look at, or tells of though they are no difference, and says so."""

    counted: int = 0
    expected: int = 0
    found: int = 0
    apart: int = 0

    def add(self, expected: int, found: int) -> None:
        """Count one more."""
        self.counted += 1
        self.expected += expected
        self.found += found


@dataclass(slots=True)
class Books:
    """What was found so far, over any number of items. `period`: only what is in this month (None: in all)."""

    rates: Sequence[Dated]
    period: date | None = None
    sums: dict[Check, Sum] = field(default_factory=lambda: {check: Sum() for check in Check})
    differences: list[Difference] = field(default_factory=list)
    _visits: set[tuple[str, date]] = field(default_factory=set)
    _of_a_day: dict[tuple[date, date], list[Dated]] = field(default_factory=dict)
    _of_hire: list[Dated] = field(init=False)

    def __post_init__(self) -> None:
        self._of_hire = [one for one in self.rates if one.tariff.kind is ChargeKind.HIRE]

    def go_through(self, history: History) -> None:
        """Look at everything that happened to an item."""
        earlier: list[Posted] = []
        issues = sum(is_issue(one.state, one.move) for one in history.happened)
        times_issued = history.times_issued - issues
        starts = _starts(history.happened)
        for event, start in zip(history.happened, starts, strict=True):
            if event.is_charged and self._is_asked(event):
                known = _Known(history, event, earlier, start, times_issued)
                self._look(known)
            earlier += event.lines
            times_issued += is_issue(event.state, event.move)
        self._look_at_credits(history.barcode, earlier)

    def _is_asked(self, event: Happened) -> bool:
        if self.period is None:
            return True
        periods = {line.period for line in event.lines if line.is_original}
        return self.period in (periods or {month_of(event.on)})

    def _look(self, known: "_Known") -> None:
        event = known.event
        facts = known.facts(self._hire_rates(known))
        rates = self._held(event, known.rates)
        left = [one for one in known.postings if not _are_parts(one, event)]
        for posting in charges_of(event.move, event.state, facts, rates, on=event.on):
            found = next((one for one in left if _is_for(one, posting)), None)
            if found is None:
                self._miss(known, posting)
            else:
                left.remove(found)
                self._compare(known, posting, found)
        for posting_left in self._look_at_inspections(known, left):
            self._exceed(known, posting_left)
        if event.state is State.IN_REPAIR:
            self._look_at_parts(known, facts)
        for lines in known.postings:
            self._is_whole(known, lines)
        self._look_at_top_up(known)
        self._look_at_visit(known, facts)

    def look_apart(self, lines: Sequence[Posted]) -> None:
        """Look at a charge that came with no movement: a visit in vain."""
        known = _Known(NOTHING, Happened(0, Move.RETURN, State.ON_LOAN, NO_TIME, lines[0].on, tuple(lines)), (), 0, 0)
        self._look_by_its_rate(known, lines)
        self._is_whole(known, lines)

    def _held(self, event: Happened, named: Collection[int | None]) -> list[Tariff]:
        return [one.tariff for one in self._may_have_held(event) if one.held(event.on, at=event.at, named=named)]

    def _may_have_held(self, event: Happened) -> list[Dated]:
        """Those of all rates that can have been in force on its day, as was known on the day on which it was said: so
        many movements are of one day that the others are not asked for each."""
        day = event.on, event.at.date()
        if day not in self._of_a_day:
            begins = datetime.combine(day[1], time.min, event.at.tzinfo)
            self._of_a_day[day] = [
                one
                for one in self.rates
                if one.starts_on <= event.on
                and (one.ends_on is None or one.ends_on >= event.on or (one.ended_at and one.ended_at >= begins))
            ]
        return self._of_a_day[day]

    def _hire_rates(self, known: "_Known") -> tuple[InForce[Tariff], ...]:
        """Those of hire that were known then, with their days of then."""
        at = known.event.at
        return tuple(
            InForce(one.tariff, one.starts_on, None if one.ended_at and one.ended_at > at else one.ends_on)
            for one in self._of_hire
            if one.made_at <= at or one.tariff.id in known.rates
        )

    def _miss(self, known: "_Known", posting: Posting) -> None:
        self.sums[Check.MOVEMENTS].add(posting.price.pence, 0)
        text = posting.due.kind.text
        detail = f"The movement calls for a charge that is not there: {text}."
        self._differ(known, Check.MOVEMENTS, "not-charged", detail, posting.price.pence, 0)

    def _exceed(self, known: "_Known", lines: Sequence[Posted]) -> None:
        found, kind = _net(lines), lines[0].kind
        self.sums[Check.MOVEMENTS].add(0, found)
        issues = [one for one in known.postings if one[0].is_issue and one[0].kind in ISSUES]
        if lines[0].is_issue and len(issues) > 1:
            detail = f"The issue is charged {len(issues)} times. Take back all lines but those of one charge."
            self._differ(known, Check.MOVEMENTS, "issue-charged-twice", detail, 0, found)
        else:
            detail = f"{kind.text} is charged, and the movement does not call for it."
            self._differ(known, Check.MOVEMENTS, "charged-without-cause", detail, 0, found)

    def _compare(self, known: "_Known", posting: Posting, lines: Sequence[Posted]) -> None:
        expected, found = posting.price.pence, _net(lines)
        self.sums[Check.MOVEMENTS].add(expected, found)
        self.sums[Check.PRICES].add(expected, found)
        if sum(line.share.percent for line in lines) != 100:
            return
        kind, vat, vat_found = posting.due.kind, sum(one.vat_pence for one in posting.lines), _vat(lines)
        if found != expected or lines[0].is_unpriced != posting.price.is_unpriced:
            detail = f"{kind.text} does not come to what its rate gives ({posting.price.basis.lower() or 'no sum'})."
            self._differ(known, Check.PRICES, "wrong-price", detail, expected, found)
        elif vat_found != vat:
            detail = f"The VAT of {kind.text.lower()} is not what its rate gives."
            self._differ(known, Check.PRICES, "wrong-vat", detail, vat, vat_found)
        elif [_part(one) for one in lines] != [
            (one.funder, one.percent, one.pence, one.vat_pence) for one in posting.lines
        ]:
            detail = f"{kind.text} is not split among those who pay as they should."
            self._differ(known, Check.SPLITS, "wrong-split", detail)

    def _look_by_its_rate(self, known: "_Known", lines: Sequence[Posted]) -> None:
        """A charge that no movement calls for comes to what the rate gives that it names."""
        one = lines[0]
        due = Due(one.kind, tuple(line.share for line in lines), one.variant)
        named = [rate.tariff for rate in self.rates if rate.tariff.id == one.tariff_id]
        self._compare(known, post(due, known.facts(), named), lines)

    def _look_at_inspections(self, known: "_Known", left: list[list[Posted]]) -> list[list[Posted]]:
        """What was inspected and moved nothing is charged with the movement before it; returns what is left then."""
        found = [one for one in left if one[0].kind is ChargeKind.INSPECTION]
        moved_nothing = found[: known.event.inspections]
        for lines in moved_nothing:
            self._look_by_its_rate(known, lines)
        for _ in range(known.event.inspections - len(found)):
            detail = "An inspection was recorded that is not charged: Inspection."
            self._differ(known, Check.MOVEMENTS, "not-charged", detail)
        return [one for one in left if one not in moved_nothing]

    def _look_at_parts(self, known: "_Known", facts: Facts) -> None:
        """What stands of the parts of a repair is what is written down of them, unless somebody put it right by
        hand: they may be written down, or withdrawn, when it is over."""
        lines = [one for one in known.event.lines if one.kind is ChargeKind.PARTS]
        standing = [one for one in lines if one.lives(NEVER)]
        found, written = _net(standing), known.event.parts_pence
        # Priced anew each time, by the rates of the day that are known then.
        rates = self._held(known.event, {one.tariff_id for one in lines})
        expected = price_of(Due(ChargeKind.PARTS, WHOLE, of_pence=written), facts, rates).pence if written else 0
        if lines and (not standing or any(one.is_by_hand for one in standing)):
            expected = found
        if not (expected or found):
            return
        self.sums[Check.MOVEMENTS].add(expected, found)
        self.sums[Check.PRICES].add(expected, found)
        if not lines:
            detail = "Parts were fitted that are not charged: Parts."
            self._differ(known, Check.MOVEMENTS, "not-charged", detail, expected, found)
        elif expected != found:
            detail = "What is charged for parts is not what the parts of the repair come to."
            self._differ(known, Check.PRICES, "wrong-price", detail, expected, found)

    def _look_at_top_up(self, known: "_Known") -> None:
        """What a person adds, the funders pay less."""
        left = _net(one for one in known.event.lines if one.is_top_up and one.lives(NEVER))
        if left:
            detail = "What the funders pay less is not what a person adds."
            self._differ(known, Check.PERSONS, "top-up-not-even", detail, 0, left)

    def _is_whole(self, known: "_Known", lines: Sequence[Posted]) -> None:
        self.sums[Check.SPLITS].counted += 1
        percent = sum(line.share.percent for line in lines)
        if percent != 100 or len({line.kind for line in lines}) > 1:
            detail = f"The lines of a charge come to {percent:f} %, not to 100 %, or are for different things."
            self._differ(known, Check.SPLITS, "not-whole", detail)

    def _look_at_visit(self, known: "_Known", facts: Facts) -> None:
        event = known.event
        if is_issue(event.state, event.move):
            is_due = event.move is not Move.ISSUE
        else:
            is_back = is_return(event.move) and event.state is not State.DISPATCHED
            is_due = is_back and facts.issued is not None and not facts.is_credited
        if not (is_due and event.visit) or (event.visit, event.on) in self._visits:
            return
        self._visits.add((event.visit, event.on))
        self.sums[Check.VISITS].add(0, 0)
        if event.visits != 1:
            code = "visit-charged-twice" if event.visits else "visit-not-charged"
            detail = f"{event.visit}: the visit of that day is charged {event.visits} times, and should be once."
            self._differ(known, Check.VISITS, code, detail)

    def _look_at_credits(self, barcode: str, lines: Sequence[Posted]) -> None:
        """Nobody is credited with more than they paid, nor twice for one issue, as all of it stands now."""
        issues = sorted({line.seq for line in lines if line.is_issue})
        for seq, following in pairwise([*issues, NEVER]):
            back = [one for one in lines if seq < one.seq < following and one.kind is ChargeKind.CREDIT]
            if not back or not (self.period is None or any(one.period == self.period for one in back)):
                continue
            live = [one for one in back if one.lives(NEVER)]
            standing = [one for one in lines if one.seq == seq and one.lives(NEVER)]
            paid = _net(one for one in standing if one.is_issue) + _relief(standing)
            self.sums[Check.CREDITS].add(-paid, _net(live))
            if -_net(live) > paid:
                detail = "More is credited than was charged for the issue."
                self._add(Check.CREDITS, "credited-too-much", detail, -paid, _net(live), at=(barcode, back[0].seq))
            if len({one.posting for one in live}) > 1:
                detail = "The issue is credited twice."
                self._add(Check.CREDITS, "credited-twice", detail, at=(barcode, back[0].seq))

    def _differ(self, known: "_Known", check: Check, code: str, detail: str, *sides: int) -> None:
        if known.history is NOTHING:
            expected, found = sides or (None, None)
            where = f"Line {known.event.lines[0].id}"
            self.differences.append(Difference(check, code, detail, expected, found, where=where))
        else:
            self._add(check, code, detail, *sides, at=(known.history.barcode, known.event.seq))

    def _add(
        self,
        check: Check,
        code: str,
        detail: str,
        expected: int | None = None,
        found: int | None = None,
        *,
        at: tuple[str, int],
    ) -> None:
        self.differences.append(Difference(check, code, detail, expected, found, *at))


@dataclass(slots=True)
class _Known:
    """What was known of an item when this happened. `start`: lines of lower numbers were there before."""

    history: History
    event: Happened
    earlier: Sequence[Posted]
    start: int
    times_issued: int
    postings: list[list[Posted]] = field(init=False)
    rates: set[int] = field(init=False)

    def __post_init__(self) -> None:
        self.postings = _by_posting(line for line in self.event.lines if line.is_original and not line.is_top_up)
        self.rates = {line.tariff_id for line in self.event.lines if line.tariff_id is not None and line.is_original}

    def facts(self, hire_rates: tuple[InForce[Tariff], ...] = ()) -> Facts:
        """The facts that its charges follow from. Who pays for what goes out is as the charge says, and who pays for a
        drive that fetched it with others, too: what was planned then is not known any more."""
        first = {lines[0].kind: lines for lines in reversed(self.postings)}
        issues = [lines for lines in self.postings if lines[0].is_issue]
        shares = next(iter([*issues, *self.postings]), None)
        visit = next((lines[0] for kind, lines in first.items() if kind in VISITS and self.event.visit), None)
        issued = self._issued()
        return Facts(
            product_id=self.history.product_id,
            category=self._category(),
            price_pence=self.history.price_pence,
            received_on=self.history.received_on,
            times_issued=self.times_issued,
            is_reusable=self._was_reusable(first.keys()),
            shares=tuple(line.share for line in shares) if shares else WHOLE,
            issued=issued[1] if issued else None,
            is_credited=bool(issued) and self._is_credited(issued[0] if issued else 0),
            written_off_pence=sum(
                one.pence for one in self.earlier if one.kind is ChargeKind.WRITE_OFF and one.id < self.start
            ),
            was_credited=bool(issued) and self._is_credited(issued[0] if issued else 0, at_all=True),
            paid_pence=self._paid(),
            hire_rates=hire_rates,
            visit=self.event.visit if visit else "",
            visit_shares=tuple(line.share for line in first.get(ChargeKind.COLLECTION, ())),
            speed=visit.variant if visit else "",
            route=_variant(first, ChargeKind.DECONTAMINATION),
            examined=_variant(first, ChargeKind.INSPECTION),
            labour_pence=self.event.labour_pence,
        )

    def _paid(self) -> int | None:
        charged = {one.seq for one in self.earlier if one.is_issue and one.is_original}
        if len(charged) < self.times_issued:
            return None
        return _net(one for one in self.earlier if one.kind in OF_THE_PRICE and one.lives(self.start))

    def _category(self) -> str:
        """That of then, where a charge says it: a product may have been put into another one since."""
        said = (line.category for lines in self.postings for line in lines if line.category)
        return next(said, self.history.category)

    def _issued(self) -> tuple[int, Issued] | None:
        issues = [one for one in self.earlier if one.is_issue and one.reversal_of is None and one.id < self.start]
        seq = max((one.seq for one in issues), default=0)
        live = sorted((one for one in issues if one.seq == seq and one.lives(self.start)), key=lambda one: one.id)
        if not live:
            return None
        is_hire = any(one.kind is ChargeKind.HIRE for one in live)
        shares = tuple(one.share for one in live)
        paid = _net(live) + _relief(one for one in self.earlier if one.seq == seq and one.lives(self.start))
        is_unpriced = any(one.is_unpriced for one in live)
        return seq, Issued(min(one.on for one in live), shares, paid, is_hire=is_hire, is_unpriced=is_unpriced)

    def _is_credited(self, since: int, *, at_all: bool = False) -> bool:
        """`at_all`: whether it was, even if that was taken back."""
        kinds = {ChargeKind.CREDIT, ChargeKind.HIRE}
        back = [one for one in self.earlier if one.seq > since and one.kind in kinds and not one.is_issue]
        return any(one.lives(self.start) or (at_all and one.id < self.start) for one in back)

    def _was_reusable(self, charged: Iterable[ChargeKind]) -> bool:
        changed_at = self.history.changed_at
        if changed_at is None or changed_at < self.event.at:
            return self.history.is_reusable
        return (ChargeKind.CREDIT if is_return(self.event.move) else ChargeKind.WRITE_OFF) in charged


def _starts(happened: Sequence[Happened]) -> Iterator[int]:
    """For each movement the number of its first line. For one that has none: that of the first line, of whatever it is,
    that was posted after it, as far as that is known, or of the next movement that has any."""
    lines = [line for event in happened for line in event.lines]
    start, starts = NEVER, []
    for event in reversed(happened):
        own = [line.id for line in event.lines if line.is_original]
        later = [] if own else [line.id for line in lines if line.at is not None and line.at > event.at]
        start = min(own) if own else min([start, *later])
        starts.append(start)
    return reversed(starts)


def _relief(lines: Iterable[Posted]) -> int:
    """What the funders pay less, below zero, since a person adds it."""
    return sum(min(one.pence, 0) for one in lines if one.is_top_up)


def _by_posting(lines: Iterable[Posted]) -> list[list[Posted]]:
    """The charges that these are the lines of, in the order in which they came."""
    found: dict[UUID | str, list[Posted]] = {}
    for line in sorted(lines, key=lambda line: line.id):
        found.setdefault(line.posting, []).append(line)
    return list(found.values())


def _is_for(lines: Sequence[Posted], posting: Posting) -> bool:
    return (lines[0].kind, lines[0].is_issue) == (posting.due.kind, posting.due.is_issue)


def _are_parts(lines: Sequence[Posted], event: Happened) -> bool:
    return lines[0].kind is ChargeKind.PARTS and event.state is State.IN_REPAIR


def _variant(first: dict[ChargeKind, list[Posted]], kind: ChargeKind) -> str:
    return first[kind][0].variant if kind in first else ""


def _net(lines: Iterable[Posted]) -> int:
    return sum(line.pence for line in lines)


def _vat(lines: Iterable[Posted]) -> int:
    return sum(line.vat_pence for line in lines)


def _part(line: Posted) -> tuple[str, object, int, int]:
    return line.funder or OWN_ACCOUNT, line.share.percent, line.pence, line.vat_pence
