"""What a case must say before a panel can decide it, and what is still missing, by the pages on which it is said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain.errors import BadValue, Incomplete
from app.domain.reasons import is_reason


class Section(StrEnum):
    """A page of a case."""

    NEED = "need"
    REASONING = "reasoning"
    RISKS = "risks"
    MOVING = "moving"
    CONSENT = "consent"
    TRIALS = "trials"
    RECYCLED = "recycled"
    OPTIONS = "options"
    QUOTES = "quotes"
    SETTING = "setting"
    LIFETIME = "lifetime"
    FUNDING = "funding"

    @property
    def text(self) -> str:
        """The section as people read it."""
        return _SECTIONS[self]


_SECTIONS = {
    Section.NEED: "Need and outcomes",
    Section.REASONING: "Clinical reasoning",
    Section.RISKS: "Risks",
    Section.MOVING: "Moving and handling",
    Section.CONSENT: "Consent and capacity",
    Section.TRIALS: "Trials",
    Section.RECYCLED: "Recycled equipment",
    Section.OPTIONS: "Options that were considered",
    Section.QUOTES: "Quotes",
    Section.SETTING: "Size, load and surroundings",
    Section.LIFETIME: "Lifetime and servicing",
    Section.FUNDING: "Who is to pay",
}


class OptionKind(StrEnum):
    """A way to meet the need that is weighed against the others."""

    STANDARD_STOCK = "standard_stock"
    RECYCLED_SPECIAL = "recycled_special"
    ADAPT_EXISTING = "adapt_existing"
    NO_EQUIPMENT = "no_equipment"
    CARE_PACKAGE = "care_package"
    NEW_SPECIAL = "new_special"
    OTHER = "other"

    @property
    def text(self) -> str:
        """The option as people read it."""
        return _OPTIONS[self]


_OPTIONS = {
    OptionKind.STANDARD_STOCK: "Standard stock",
    OptionKind.RECYCLED_SPECIAL: "A recycled special",
    OptionKind.ADAPT_EXISTING: "Adapt what is there",
    OptionKind.NO_EQUIPMENT: "No equipment",
    OptionKind.CARE_PACKAGE: "A care package",
    OptionKind.NEW_SPECIAL: "A new special",
    OptionKind.OTHER: "Something else",
}
TO_BE_WEIGHED = (
    OptionKind.STANDARD_STOCK,
    OptionKind.RECYCLED_SPECIAL,
    OptionKind.ADAPT_EXISTING,
    OptionKind.NO_EQUIPMENT,
    OptionKind.CARE_PACKAGE,
)
"""What a panel wants to see weighed, whatever is asked for."""

WORDS: Mapping[str, Section] = {
    "need": Section.NEED,
    "outcomes": Section.NEED,
    "clinical_reasoning": Section.REASONING,
    "risk_assessment": Section.RISKS,
    "risk_of_not_providing": Section.RISKS,
    "moving_and_handling": Section.MOVING,
    "consent_and_capacity": Section.CONSENT,
    "why_not_equivalents": Section.RECYCLED,
    "size_load_and_surroundings": Section.SETTING,
    "lifetime_and_servicing": Section.LIFETIME,
}
"""What is said in words, and on which page."""

MUST_SAY: Mapping[str, str] = {
    "need": "what the person needs",
    "clinical_reasoning": "the clinical reasoning",
    "risk_assessment": "the risk assessment",
    "risk_of_not_providing": "what happens if it is not provided",
}
"""Without these no case is submitted, whoever submits it."""

SHOULD_SAY: Mapping[str, str] = {
    "outcomes": "Which outcomes it is to reach is not said.",
    "moving_and_handling": "Moving and handling is not said.",
    "consent_and_capacity": "Consent and capacity are not said.",
    "size_load_and_surroundings": "Size, load and surroundings are not said.",
    "lifetime_and_servicing": "Lifetime and the cost of servicing are not said.",
}
"""What whoever screens the case is told is missing; the prescriber is told before submitting."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to meet the need: what it costs, and why it will not do. The one that is asked for has no why-not."""

    kind: OptionKind
    detail: str
    cost_pence: int
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that a case does not say: on which page it is said, and a sentence."""

    section: Section
    detail: str


@dataclass(frozen=True, slots=True)
class Content:
    """A case as far as completeness is asked of it. `equivalents`: how many close technical equivalents the search of
    the shelves found."""

    words: Mapping[str, str]
    options: Sequence[Option] = ()
    trials: int = 0
    quotes: int = 0
    equivalents: int = 0
    is_split: bool = False


def read_option(words: str) -> tuple[OptionKind, str]:
    """The kind that these words name, and the words themselves where they say more than its name."""
    plain = " ".join(words.casefold().replace("_", " ").replace("-", " ").split()).removeprefix("a ")
    for kind in OptionKind:
        if plain in {kind.value.replace("_", " "), kind.text.casefold().removeprefix("a ")}:
            return kind, ""
    return OptionKind.OTHER, words


def check_options(options: Sequence[Option]) -> None:
    """Only what is asked for may be without a reason against it. Raises BadValue `why-not-wanted`."""
    without = [one for one in options if not one.why_not]
    if len(without) > 1:
        names = " and ".join(f"“{one.detail or one.kind.text}”" for one in without[:2])
        detail = f"{names} have no reason against them. Only the option that is asked for has none."
        raise BadValue("why-not-wanted", detail, field="options")


def check_ready(content: Content) -> None:
    """Whether the case can be submitted. Raises Incomplete `case-not-ready`, which names everything that is missing."""
    missing = [
        (name, f"Say {what} in a few words that the panel understands.")
        for name, what in MUST_SAY.items()
        if not is_reason(content.words.get(name, ""))
    ]
    if not content.options:
        missing.append(("options", "Name the options that were considered."))
    if not content.is_split:
        missing.append(("proposed_funding", "Say who is to pay, 100 % in all."))
    if missing:
        wanted = {"missing": [{"field": field, "detail": detail} for field, detail in missing]}
        detail = " ".join(["The case cannot be submitted yet.", *(detail for _, detail in missing)])
        raise Incomplete("case-not-ready", detail, field=missing[0][0], wanted=wanted)


def find_gaps(content: Content) -> list[Gap]:
    """What a panel would ask for and the case does not say, in the order of its pages."""
    found = [
        Gap(WORDS[name], f"Say {what}.")
        for name, what in MUST_SAY.items()
        if not is_reason(content.words.get(name, ""))
    ]
    found += [Gap(WORDS[name], said) for name, said in SHOULD_SAY.items() if not content.words.get(name, "").strip()]
    weighed = {one.kind for one in content.options}
    found += [Gap(Section.OPTIONS, f"“{kind.text}” is not weighed.") for kind in TO_BE_WEIGHED if kind not in weighed]
    if not content.trials:
        found.append(Gap(Section.TRIALS, "No trial is named."))
    if not content.quotes:
        found.append(Gap(Section.QUOTES, "No quote is named."))
    if content.equivalents and not content.words.get("why_not_equivalents", "").strip():
        found.append(
            Gap(Section.RECYCLED, "Close equivalents are on a shelf, and it is not said why they will not do.")
        )
    if not content.is_split:
        found.append(Gap(Section.FUNDING, "Who is to pay is not said."))
    order = list(Section)
    return sorted(found, key=lambda gap: order.index(gap.section))


def may_read(*, brings: bool, sits: bool, was_submitted: bool) -> bool:
    """Whether somebody may read a case: who brings it always, who sits on its panel once it was submitted, and nobody
    else."""
    return brings or (sits and was_submitted)
