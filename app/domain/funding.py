"""How the cost of an order is split, disputed and settled: the clock, and the journal that posts another split.

Pure: `app/funding.py` reads the lines and writes the journal (ADR 51).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from app.domain.costs import OWN_ACCOUNT, Line, share_out
from app.domain.dates import in_words
from app.domain.errors import BadValue
from app.domain.panel_funding import WHOLE, Share

USUAL_DAYS: Final = 28
MOST_DAYS: Final = 366


def settle_by(asked: date | None, *, today: date) -> date:
    """The last day by which a dispute is to be settled. Raises BadValue `settle-by-out-of-range`."""
    day = asked or today + timedelta(days=USUAL_DAYS)
    last = today + timedelta(days=MOST_DAYS)
    if not today <= day <= last:
        detail = f"Name a day from today to {in_words(last)}; left out, it is {USUAL_DAYS} days from today."
        raise BadValue("settle-by-out-of-range", detail, field="settle_by")
    return day


def check_lead(lead: str, shares: Sequence[Share]) -> None:
    """Whether the lead funder of an order pays a part of it. Raises BadValue `lead-funder-pays-nothing`."""
    if shares and lead.upper() not in {share.funder.upper() for share in shares}:
        detail = f"{lead} leads, and has no share. Give it one, choose another lead, or leave the shares out."
        raise BadValue("lead-funder-pays-nothing", detail, field="funding")


def kept(lead: str, shares: Sequence[Share]) -> tuple[Share, ...]:
    """The shares as they are kept: none where the lead funder pays for everything."""
    is_lead_alone = [(share.funder.upper(), share.percent) for share in shares] == [(lead.upper(), WHOLE)]
    return () if is_lead_alone else tuple(shares)


@dataclass(frozen=True, slots=True)
class Posted:
    """A line that stands: nothing took it back. `funder`: its code, or OWN_ACCOUNT.

    `beside`: the posting of the issue that a top-up relieves; both together are split as one sum. `is_others`: of a
    drive that is shared with another order, what is that one's.
    """

    id: int
    posting_id: UUID
    funder: str
    percent: Decimal
    pence: int
    vat_pence: int
    is_provisional: bool = False
    beside: UUID | None = None
    is_others: bool = False


@dataclass(frozen=True, slots=True)
class Replacing:
    """What comes instead of one charge: a line for each funder. `corrects`: the line of before that each names."""

    corrects: tuple[int, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What a funder paid for the order, and pays then; net, and the tax on it."""

    funder: str
    before_pence: int
    after_pence: int
    before_vat_pence: int = 0
    after_vat_pence: int = 0

    @property
    def pence(self) -> int:
        """What it pays more; below zero: what it gets back."""
        return self.after_pence - self.before_pence

    @property
    def vat_pence(self) -> int:
        """The same of the tax."""
        return self.after_vat_pence - self.before_vat_pence


@dataclass(frozen=True, slots=True)
class Journal:
    """What is posted so that a split holds for everything: the lines that are taken back, what comes instead, and what
    that means for each funder. The sums are what they were, to the penny."""

    reversed: tuple[int, ...]
    replaced: tuple[Replacing, ...]
    changes: tuple[Change, ...]

    @property
    def posted(self) -> int:
        """How many lines come instead."""
        return sum(len(one.lines) for one in self.replaced)


@dataclass(slots=True)
class _Sums:
    before: dict[str, tuple[int, int]] = field(default_factory=dict)
    after: dict[str, tuple[int, int]] = field(default_factory=dict)


def make_journal(
    lines: Sequence[Posted], shares: Sequence[Share], *, persons: Collection[str] = (), is_provisional: bool = False
) -> Journal:
    """The journal by which these shares pay for everything that stands of an order.

    What the service itself bears, and what a person agreed to add, is nobody's to split. A charge that is split so
    already stays as it is, unless it was provisional and is not any more, or the other way round. Of a drive that is
    shared with another order the part of this one is split anew; what is the other's comes again as it was.
    """
    apart = {OWN_ACCOUNT, *persons}
    charges: dict[UUID, list[Posted]] = {}
    for line in lines:
        charges.setdefault(line.posting_id, []).append(line)
    undone: list[int] = []
    replaced: list[Replacing] = []
    sums = _Sums()
    for charge in charges.values():
        ours = [line for line in charge if not line.is_others]
        if {line.funder for line in ours} <= apart:
            continue
        new = _split_anew(ours, charges.get(charge[0].beside or charge[0].posting_id, []), shares)
        is_so = [(one.funder, one.percent) for one in ours] == [(one.funder, one.percent) for one in new]
        if not is_so or any(one.is_provisional is not is_provisional for one in ours):
            undone += [one.id for one in charge]
            replaced.append(_replacing(charge, ours, new))
        _add(sums.before, ours)
        _add(sums.after, new)
    return Journal(tuple(undone), tuple(replaced), _changes(sums))


def share_visit(things: Iterable[tuple[int | None, Sequence[Share]]]) -> tuple[tuple[int | None, Share], ...]:
    """Who pays for a drive: each thing counts the same, and whoever pays for a thing pays its part. With each thing the
    order that it is of: its part of the drive is split by itself, so that it can be split anew by itself. In hundredths
    of a percent by the largest remainder, as splits are written; of equal ones whoever is met first. None for no thing.
    """
    weights: dict[int | None, dict[str, Decimal]] = {}
    for order, shares in things:
        of_it = weights.setdefault(order, {})
        for share in shares:
            of_it[share.funder] = of_it.get(share.funder, Decimal(0)) + share.percent
    parts = _in_hundredths(WHOLE, [sum(of_it.values(), Decimal(0)) for of_it in weights.values()])
    by_order = zip(weights.items(), parts, strict=True)
    return tuple((order, share) for (order, of_it), part in by_order for share in _shares(part, of_it))


def shares_within(part: Decimal, shares: Sequence[Share]) -> tuple[Share, ...]:
    """A part of the whole, in percent, by these shares of it."""
    return _shares(part, {share.funder: share.percent for share in shares})


def share_part(pence: int, vat_pence: int, part: Decimal, shares: Sequence[Share]) -> tuple[Line, ...]:
    """Who pays what of a sum that is so much of a charge, in percent, by these shares of it; to the penny."""
    if part == WHOLE:
        return share_out(pence, vat_pence, shares)
    within = shares_within(part, shares)
    lines = share_out(pence, vat_pence, [Share(one.funder, one.percent * WHOLE / part) for one in within])
    return tuple(replace(line, percent=one.percent) for line, one in zip(lines, within, strict=True))


def relieve(pence: int, shares: Sequence[Share], issue: int) -> tuple[Line, ...]:
    """Who pays how much less of an issue of so many pence by what a person adds (`pence`, below zero): so that each
    pays exactly its part of what is left, and is never credited with more."""
    before, after = share_out(issue, 0, shares), share_out(issue + pence, 0, shares)
    return tuple(replace(then, pence=then.pence - now.pence) for now, then in zip(before, after, strict=True))


def _split_anew(charge: Sequence[Posted], beside: Sequence[Posted], shares: Sequence[Share]) -> tuple[Line, ...]:
    pence = sum(one.pence for one in charge)
    if charge[0].beside:
        return relieve(pence, shares, sum(one.pence for one in beside))
    part = sum((one.percent for one in charge), Decimal(0))
    return share_part(pence, sum(one.vat_pence for one in charge), part, shares)


def _replacing(charge: Sequence[Posted], ours: Sequence[Posted], new: Sequence[Line]) -> Replacing:
    same = {one.funder: one.id for one in ours}
    found: list[tuple[int, Line]] = []
    for one in charge:
        if one.is_others:
            found.append((one.id, Line(one.funder, one.percent, one.pence, one.vat_pence)))
        elif one is ours[0]:
            found += [(same.get(line.funder, one.id), line) for line in new]
    return Replacing(tuple(number for number, _ in found), tuple(line for _, line in found))


def _shares(part: Decimal, weights: Mapping[str, Decimal]) -> tuple[Share, ...]:
    found = zip(weights, _in_hundredths(part, list(weights.values())), strict=True)
    return tuple(Share(funder, percent) for funder, percent in found if percent)


def _in_hundredths(part: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    # Of three things each share is a third: as parts of their sum, which is no percentage.
    total = sum(weights, Decimal(0))
    exact = [weight * part * 100 / total for weight in weights]
    whole = [int(one) for one in exact]
    left = int(part * 100) - sum(whole)
    for place in sorted(range(len(whole)), key=lambda one: whole[one] - exact[one])[: left if whole else 0]:
        whole[place] += 1
    return [Decimal(one) / 100 for one in whole]


def _add(sums: dict[str, tuple[int, int]], lines: Sequence[Posted] | Sequence[Line]) -> None:
    for line in lines:
        net, vat = sums.get(line.funder, (0, 0))
        sums[line.funder] = net + line.pence, vat + line.vat_pence


def _changes(sums: _Sums) -> tuple[Change, ...]:
    found = []
    for funder in sorted({*sums.before, *sums.after}):
        (before, before_vat), (after, after_vat) = sums.before.get(funder, (0, 0)), sums.after.get(funder, (0, 0))
        found.append(Change(funder, before, after, before_vat, after_vat))
    return tuple(found)
