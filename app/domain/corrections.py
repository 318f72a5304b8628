"""Putting a charge right: all of its lines are taken back, and others may come instead. Nothing posted ever changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from app.domain.authority import in_pounds
from app.domain.costs import (
    ChargeKind,
    Due,
    Facts,
    Line,
    Posting,
    Price,
    Tariff,
    post,
    share_out,
    split,
    whole_months,
)
from app.domain.errors import BadValue, Conflict
from app.domain.funders import FunderKind, check_no_person
from app.domain.funding import shares_within
from app.domain.panel_funding import WHOLE, Share, check_split

BY_HAND: Final = "Corrected by hand"
"""The basis of a charge whose sum a person said."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A charge as it stands: its lines by funder (a code, or none: the service itself), and what became of it.

    `is_topped_up`: a person adds to what it is about, or it is what they add. `is_found`: it is a write-off, and what
    was lost is found, so that nothing of it stands. `parts`: of a drive that is shared by several orders, what is each
    one's, in percent.
    """

    id: int
    kind: ChargeKind
    lines: tuple[Line, ...]
    is_reversal: bool = False
    is_reversed: bool = False
    is_topped_up: bool = False
    is_found: bool = False
    parts: tuple[Decimal, ...] = (WHOLE,)

    @property
    def pence(self) -> int:
        """Its net sum."""
        return sum(line.pence for line in self.lines)

    @property
    def vat_pence(self) -> int:
        """Its tax."""
        return sum(line.vat_pence for line in self.lines)

    @property
    def shares(self) -> tuple[Share, ...]:
        """Who pays which part of it."""
        return tuple(Share(line.funder, line.percent) for line in self.lines)


@dataclass(frozen=True, slots=True)
class Instead:
    """What comes in place of a charge: another sum, other funders, or both. What is left out stays as it was."""

    pence: int | None = None
    shares: tuple[Share, ...] | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """What is known of a charge that had no rate: its day, and what a credit is of (the issue, as it was charged)."""

    on: date
    variant: str
    quantity: int
    is_issue: bool
    issued_pence: int


@dataclass(frozen=True, slots=True)
class Credited:
    """A credit that was counted by an issue. `rate`: by which it was; none where somebody said its sum by hand, or
    where there was no rate (`is_unpriced`). `months`: how old the item was."""

    charge: Posted
    facts: Facts
    months: int
    rate: Tariff | None = None
    is_unpriced: bool = False


def check_reversible(charge: Posted) -> None:
    """Raises Conflict `already-a-reversal`, `already-reversed`, `topped-up` and `found-again`."""
    if charge.is_reversal:
        detail = (
            f"Line {charge.id} takes a charge back, and is not taken back itself. "
            "Correct the charge by what came instead of it."
        )
        raise Conflict("already-a-reversal", detail)
    if charge.is_reversed:
        detail = f"Line {charge.id} is taken back already. Correct what came instead of it, if anything did."
        raise Conflict("already-reversed", detail)
    if charge.is_topped_up:
        detail = (
            "A person adds to this of their own wish, and what they add and what the funders pay less belong together. "
            "Withdraw the top-up under Who pays for the order: that takes back both. Correct the charge afterwards."
        )
        raise Conflict("topped-up", detail)
    if charge.is_found:
        detail = "What was written off was found, and its write-off is taken back already: nothing of it stands."
        raise Conflict("found-again", detail)


def lines_instead(
    charge: Posted,
    instead: Instead,
    *,
    kinds: dict[str, FunderKind],
    vat_percent: Decimal | None,
    issued_pence: int | None = None,
) -> tuple[Line, ...]:
    """The lines in place of a charge, to the penny. `kinds`: what each funder is; `vat_percent`: of its rate, if it has
    one; otherwise the tax stays in proportion. `issued_pence`: of a credit, what its issue is charged at.

    Raises BadValue `nothing-instead`, `wrong-sign`, `credited-too-much`, `unknown-funder`, `person-never-charged` and
    as `check_split`.
    """
    if instead.pence is None and instead.shares is None:
        detail = "Say what is charged instead: another sum, other funders, or both. Leave it out to charge nothing."
        raise BadValue("nothing-instead", detail, field="instead")
    pence = charge.pence if instead.pence is None else instead.pence
    _check_sum(charge, pence)
    if issued_pence is not None and -pence > issued_pence:
        detail = (
            f"Its issue is charged at {in_pounds(issued_pence)}, and no more than that is credited. "
            "Write a smaller credit, or correct the issue: its credit follows."
        )
        raise BadValue("credited-too-much", detail, field="pence")
    shares = charge.shares
    if instead.shares is not None and charge.kind is ChargeKind.CREDIT:
        detail = "A credit goes to those who paid. Correct who pays for the issue: its credit follows."
        raise BadValue("credit-follows-its-issue", detail, field="funding")
    if instead.shares is not None:
        _check_funders(instead.shares, kinds)
        shares = tuple(share for part in charge.parts for share in shares_within(part, instead.shares))
    net = split(pence, shares)
    tax = split(_tax_on(pence, charge, vat_percent), shares)
    return tuple(replace(line, vat_pence=part.pence) for line, part in zip(net, tax, strict=True))


def credit_again(credit: Credited, issue_pence: int, lines: Sequence[Line]) -> Posting:
    """A credit anew, when its issue is charged otherwise: the same part of the sum of then, to those who pay for it
    then. Where no rate says which part, it stays in proportion. `issue_pence`: what the credit was of."""
    pence = sum(line.pence for line in lines)
    shares = tuple(Share(line.funder, line.percent) for line in lines)
    due = Due(ChargeKind.CREDIT, shares, of_pence=pence, months=credit.months)
    if credit.rate or credit.is_unpriced:
        return post(due, credit.facts, [credit.rate] if credit.rate else [])
    net, vat = (_in_proportion(part, pence, issue_pence) for part in (credit.charge.pence, credit.charge.vat_pence))
    return Posting(due, Price(net, None, "In proportion to its issue"), share_out(net, vat, shares))


def due_again(charge: Posted, facts: Facts, again: Again) -> Due:
    """What is to be charged for a charge that had no rate, so that `costs.post` prices it by the rates of its day."""
    of_pence = {ChargeKind.RECYCLED_ISSUE: facts.price_pence, ChargeKind.CREDIT: again.issued_pence}
    return Due(
        charge.kind,
        charge.shares,
        again.variant,
        of_pence=of_pence.get(charge.kind, 0),
        times=again.quantity,
        months=whole_months(facts.received_on, again.on),
        is_issue=again.is_issue,
    )


def _check_sum(charge: Posted, pence: int) -> None:
    if charge.kind is ChargeKind.CREDIT and pence > 0:
        detail = f"A credit is below zero: write {-pence / 100:.2f} for a credit of {in_pounds(pence)}."
        raise BadValue("wrong-sign", detail, field="pence")
    if charge.kind is not ChargeKind.CREDIT and pence < 0:
        detail = "A charge is never below zero. Write what is charged instead, 0 or more."
        raise BadValue("wrong-sign", detail, field="pence")


def _check_funders(shares: Sequence[Share], kinds: dict[str, FunderKind]) -> None:
    check_split(shares, field="funding")
    for share in shares:
        if share.funder not in kinds:
            known = ", ".join(sorted(filter(None, kinds)))
            detail = f"There is no funder “{share.funder}”. Those known are: {known}."
            raise BadValue("unknown-funder", detail, field="funding")
    persons = [share.funder for share in shares if kinds[share.funder] is FunderKind.PERSON]
    check_no_person(persons, field="funding")


def _tax_on(pence: int, charge: Posted, vat_percent: Decimal | None) -> int:
    """As it was for the same sum; by its rate for another one; without a rate in proportion."""
    if pence == charge.pence:
        return charge.vat_pence
    if vat_percent is None:
        return _in_proportion(charge.vat_pence, pence, charge.pence)
    return int((pence * vat_percent / 100).to_integral_value(ROUND_HALF_UP))


def _in_proportion(part: int, pence: int, before: int) -> int:
    """The same part of another sum, in whole pence; nothing of nothing."""
    exact = Decimal(part * pence) / before if before else Decimal(0)
    return int(exact.to_integral_value(ROUND_HALF_UP))
