"""What providing something would cost from its issue to its return, by the rules and rates by which it is charged."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from app.domain.costs import WHOLE, ChargeKind, Facts, Issued, Posting, Tariff, charges_of
from app.domain.inspections import InspectionKind
from app.domain.lifecycle import Move, State

A_VISIT: Final = "would-be"
"""Somebody drives: the key that real visits are charged once a day by is of no matter here."""


@dataclass(frozen=True, slots=True)
class Loan:
    """A loan that is thought of: from one day to another, at these speeds."""

    starts_on: date
    ends_on: date
    speed: str
    collection_speed: str


def would_cost(facts: Facts, loan: Loan, then: Sequence[Tariff], later: Sequence[Tariff]) -> tuple[Posting, ...]:
    """Every charge of issuing, fetching, cleaning and checking it. `then`, `later`: the rates of its two days."""
    going = replace(facts, visit=A_VISIT, speed=loan.speed)
    issue = charges_of(Move.DELIVER, State.DISPATCHED, going, then, on=loan.starts_on)
    charged = sum(one.price.pence for one in issue if one.due.is_issue)
    is_hire = any(one.due.kind is ChargeKind.HIRE for one in issue)
    coming = replace(
        facts,
        issued=Issued(loan.starts_on, WHOLE, charged, is_hire=is_hire),
        visit=A_VISIT,
        speed=loan.collection_speed,
        examined=InspectionKind.FUNCTIONAL.value,
    )
    back = [
        charge
        for move, state in (
            (Move.RETURN, State.AWAITING_COLLECTION),
            (Move.PASS_DECONTAMINATION, State.DECONTAMINATING),
            (Move.PASS_INSPECTION, State.AWAITING_INSPECTION),
        )
        for charge in charges_of(move, state, coming, later, on=loan.ends_on)
    ]
    return (*issue, *back)
