"""Whose money a funder's is, and what a person may ever be asked to pay."""

from collections.abc import Collection
from datetime import date
from enum import StrEnum
from typing import Final

from app.domain.authority import in_pounds
from app.domain.dates import in_words
from app.domain.errors import BadValue, Conflict


class FunderKind(StrEnum):
    """What a funder is. A person never pays for an aid, or for a minor adaptation of £1,000 or less (SI 2014/2672)."""

    ADULT_SOCIAL_CARE = "adult_social_care"
    INTEGRATED_CARE_BOARD = "integrated_care_board"
    CONTINUING_HEALTHCARE = "continuing_healthcare"
    CHILDRENS_SERVICES = "childrens_services"
    SECTION_117 = "section_117"
    EDUCATION = "education"
    PERSON = "person"
    CHARITY = "charity"
    OTHER = "other"

    @property
    def text(self) -> str:
        """The kind as people read it."""
        return _TEXT.get(self, self.value.replace("_", " ").capitalize())


_TEXT = {
    FunderKind.CHILDRENS_SERVICES: "Children's services",
    FunderKind.SECTION_117: "Section 117 aftercare",
    FunderKind.PERSON: "A person's own top-up",
}


RESERVED: Final = frozenset({"none", "all", "any", "own", "others", "new", "null"})
"""Words that filters and charts use beside the codes of funders."""


def person_never_charged(funder: str, *, field: str | None = None) -> BadValue:
    """The one refusal of everything by which a person would be charged: `person-never-charged`."""
    detail = (
        f"{funder} is a person's own money. Nobody is charged for an aid, or for a minor adaptation of £1,000 or less: "
        "choose who pays for it. What a person adds of their own wish for something dearer is recorded as a top-up."
    )
    return BadValue("person-never-charged", detail, field=field)


def check_no_person(persons: Collection[str], *, field: str | None = None) -> None:
    """Whether none of those who are to pay is a person. `persons`: the codes of those that are."""
    for funder in sorted(persons):
        raise person_never_charged(funder, field=field)


def check_kind_stays(before: FunderKind, after: FunderKind) -> None:
    """A funder never becomes a person, nor stops being one: what it was charged was right by what it was then.

    Raises BadValue `kind-stays`.
    """
    if before is not after and FunderKind.PERSON in {before, after}:
        detail = "What is a person's own money stays so, and nothing else becomes it. Add another funder for it."
        raise BadValue("kind-stays", detail, field="kind")


def check_alternative(category: str, other: str) -> None:
    """Whether one thing can stand for another: both are of one class of ISO 9999, by its first two levels.

    Raises BadValue `another-class`.
    """
    mine, theirs = (" ".join(code.split()[:2]) for code in (category, other))
    if mine != theirs or " " not in mine:
        detail = (
            f"What they have is of the class {mine or 'none'}, and this is of {theirs or 'none'} (ISO 9999). "
            "Name a cheaper product of the same class that meets the need free of charge."
        )
        raise BadValue("another-class", detail, field="alternative_product_code")


def check_agreed(agreed_on: date, *, ordered_on: date, today: date) -> None:
    """Whether somebody can have agreed on that day. Raises BadValue `agreed-later`, `agreed-before-the-order`."""
    if agreed_on > today:
        raise BadValue("agreed-later", "Nobody has agreed on a day that is still to come.", field="agreed_on")
    if agreed_on < ordered_on:
        detail = f"It was ordered on {in_words(ordered_on)}. Name that day or a later one."
        raise BadValue("agreed-before-the-order", detail, field="agreed_on")


NOT_PAID_BACK: Final = "They know that nothing of it is paid back when the item comes back."
"""What everybody who adds something has to know before they agree; it is written beside what was agreed (ADR 51)."""


def agreed_in_words(agreement: str, *, is_told: bool) -> str:
    """What was agreed, as it is kept. `is_told`: they know that they get nothing back when the item comes back.

    Raises BadValue `not-told`.
    """
    if not is_told:
        detail = (
            "Tell them that nothing is paid back when the item comes back. Without knowing that, nobody has agreed."
        )
        raise BadValue("not-told", detail, field="told_not_paid_back")
    ended = agreement.rstrip()
    return f"{ended}{'' if ended.endswith(('.', '!', '?')) else '.'} {NOT_PAID_BACK}"


def check_funder_code(code: str) -> None:
    """Whether a funder can be called so: not by a word that questions about money use for something else.

    Raises BadValue `reserved-code`.
    """
    if code.lower() in RESERVED:
        detail = f"“{code}” stands for something else where charges are looked for. Choose another code."
        raise BadValue("reserved-code", detail, field="code")


def check_may_be_topped_up(*, is_trial: bool, is_own: bool) -> None:
    """Whether a person may add to an issue at all: what is not theirs yet, or what no funder pays for, has nothing to
    add to. `is_own`: the service itself bears it, or a part of it.

    Raises Conflict `on-trial`, `service-pays`.
    """
    if is_trial:
        detail = (
            "They have it on trial, and it may go back. Record on the loan that they keep it. "
            "Then record what they add."
        )
        raise Conflict("on-trial", detail, field="barcode")
    if is_own:
        detail = (
            "The service itself pays for this issue, and a person adds only to what a funder pays for. "
            "Correct who pays for the issue first. Then record what they add."
        )
        raise Conflict("service-pays", detail, field="barcode")


def check_top_up(pence: int, *, charged_pence: int, alternative_pence: int) -> None:
    """Whether a person may add so much: never more than what the thing they want costs above what meets the need free
    of charge. Raises BadValue `nothing-to-top-up`, `top-up-too-high`.
    """
    most = charged_pence - alternative_pence
    if most <= 0:
        detail = (
            f"It was charged at {in_pounds(charged_pence)}, and what meets the need free of charge costs "
            f"{in_pounds(alternative_pence)}: there is nothing dearer about it for a person to add to."
        )
        raise BadValue("nothing-to-top-up", detail, field="alternative_product_code")
    if not 0 < pence <= most:
        detail = (
            f"A person adds at most {in_pounds(most)}: {in_pounds(charged_pence)}, as it was charged, less "
            f"{in_pounds(alternative_pence)} for what meets the need free of charge."
        )
        raise BadValue("top-up-too-high", detail, field="pence")
