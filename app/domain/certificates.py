"""The certificate of a decontamination: what it declares, and whether it still holds. How it looks is not here.

A declaration of contamination status goes with equipment that somebody else is to handle; equipment without one counts
as contaminated (MHRA, Managing Medical Devices, section 9). It speaks of the item as it stood: the next use ends it.
"""

from dataclasses import dataclass

from app.domain.clearance import Evidence
from app.domain.hygiene import Outcome
from app.domain.lifecycle import State

IN_USE = frozenset({State.ON_LOAN, State.ON_TRIAL, State.AWAITING_COLLECTION})
"""States in which a client has the item. On the van it is not used yet."""

ENDED: dict[State, str] = {
    **dict.fromkeys(IN_USE, "the item has been handed over and is in use"),
    State.MISSING: "the item is missing, and nobody knows what became of it",
    State.SCRAPPED: "the item is scrapped",
}

HOLDS = "It holds until the item is next used."


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a decontamination's certificate holds now, and a sentence that says why or why not."""

    holds: bool
    text: str


def number_of(decontamination: int) -> str:
    """How people name a decontamination and its certificate."""
    return f"DC-{decontamination:06}"


def initials_of(name: str) -> str:
    """The initials of a name, for a label: at most three capitals."""
    return "".join(word[0] for word in name.replace(".", " ").replace("-", " ").split()).upper()[:3]


def find_standing(evidence: Evidence, outcome: Outcome, seq: int, *, corrected: str) -> Standing:
    """Whether the certificate of a decontamination that ended so, by the movement `seq` of its item, holds now.

    `corrected`: which record took the pass back, and when; empty where none did.
    """
    if outcome is not Outcome.PASSED:
        cannot = outcome is Outcome.CANNOT
        return Standing(
            False, "It cannot be decontaminated." if cannot else "The cleaning failed: the item is not clean."
        )
    if corrected:
        return _over(f"the cleaning was no pass, as {corrected} says. Treat the item as contaminated")
    if evidence.returned_seq is not None and evidence.returned_seq > seq:
        return _over("the item has been out since. It counts as contaminated until it is cleaned again")
    if evidence.decontamination_seq != seq:
        return _over("the item was cleaned again later")
    if evidence.state in ENDED:
        return _over(ENDED[evidence.state])
    return Standing(True, HOLDS)


def is_certified(evidence: Evidence) -> bool:
    """Whether its latest decontamination has a certificate that holds."""
    outcome, seq = evidence.decontamination_outcome, evidence.decontamination_seq
    return outcome is not None and seq is not None and find_standing(evidence, outcome, seq, corrected="").holds


def _over(why: str) -> Standing:
    return Standing(False, f"It no longer holds: {why}.")
