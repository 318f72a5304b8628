"""The pages on which a case is drawn up: what each asks, and how what was typed becomes a change of the case."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import Field

from app.domain.panel import Screening
from app.domain.panel_case import TO_BE_WEIGHED, WORDS, OptionKind, Section
from app.features.panel.schemas import CaseBody, CaseChange
from app.web.fields import OptionalParagraph, Reason
from app.web.forms import Form
from app.web.funding import read_shares
from app.web.shapes import Shape
from app.web.typed import pence_from

QUOTES: Final = 4
OPTIONS: Final = (*TO_BE_WEIGHED, OptionKind.NEW_SPECIAL, OptionKind.OTHER)
LABELS: Final[Mapping[str, tuple[str, str]]] = {
    "need": ("What does the person need?", "In their own words where you can, and what stands in the way now"),
    "outcomes": ("What is it to change?", "Outcomes that can be looked at again later, such as: sits through a meal"),
    "clinical_reasoning": ("Clinical reasoning", "Why this equipment meets the need, and nothing simpler does"),
    "risk_assessment": ("Risk assessment", "The risks now, and those of the equipment, and what is done about each"),
    "risk_of_not_providing": ("What happens if it is not provided?", ""),
    "moving_and_handling": ("Moving and handling", "Who moves the person, how, with what, and who was shown"),
    "consent_and_capacity": ("Consent and capacity", "Whether they agree; if they cannot decide this, who did and how"),
    "why_not_equivalents": ("Why will the close equivalents not do?", "Of each that is listed above"),
    "size_load_and_surroundings": ("Size, load and surroundings", "Measures, weight, doors, floors, where it is used"),
    "lifetime_and_servicing": ("Lifetime and servicing", "How long it lasts, who services it, what it wants"),
}


class SectionForm(Shape):
    """What a page of a case asks in words and numbers; lists are read by `read_part`."""

    version: int = Field(default=0, ge=0, le=1_000_000_000)
    need: OptionalParagraph = ""
    outcomes: OptionalParagraph = ""
    clinical_reasoning: OptionalParagraph = ""
    risk_assessment: OptionalParagraph = ""
    risk_of_not_providing: OptionalParagraph = ""
    moving_and_handling: OptionalParagraph = ""
    consent_and_capacity: OptionalParagraph = ""
    why_not_equivalents: OptionalParagraph = ""
    size_load_and_surroundings: OptionalParagraph = ""
    lifetime_and_servicing: OptionalParagraph = ""
    lifetime_months: int | None = Field(default=None, ge=1, le=600)


class ScreenForm(Shape):
    """What came of screening a case."""

    outcome: Screening
    gaps: OptionalParagraph = ""
    note: OptionalParagraph = ""


class WithdrawForm(Shape):
    """Why."""

    reason: Reason


def names_of(section: Section) -> list[str]:
    """What this page asks in words."""
    return [name for name, page in WORDS.items() if page is section]


def typed_case(case: CaseBody, section: Section) -> Form:
    """The page as somebody would have typed what stands there."""
    typed = {name: str(getattr(case, name)) for name in names_of(section)} | {"version": str(case.version)}
    special = {
        Section.OPTIONS: _typed_options,
        Section.QUOTES: _typed_quotes,
        Section.FUNDING: _typed_funding,
        Section.LIFETIME: _typed_lifetime,
    }
    if section in special:
        typed |= special[section](case)
    form = {name: [value] for name, value in typed.items()}
    if section is Section.TRIALS:
        form["trials"] = [str(trial.loan_id) for trial in case.trials]
    if section is Section.NEED and case.urgent:
        form["urgent"] = ["true"]
    return Form(form)


def _typed_options(case: CaseBody) -> dict[str, str]:
    typed: dict[str, str] = {}
    for one in case.options:
        typed |= {f"{one.kind.value}-cost": _pounds(one.cost_pence), f"{one.kind.value}-why_not": one.why_not}
        if one.kind is OptionKind.OTHER:
            typed["other-words"] = one.option
    return typed


def _typed_quotes(case: CaseBody) -> dict[str, str]:
    typed: dict[str, str] = {}
    for place, quote in enumerate(case.quotes[:QUOTES], start=1):
        typed |= {f"supplier-{place}": quote.supplier, f"reference-{place}": quote.reference}
        typed[f"price-{place}"] = _pounds(quote.price_pence)
    return typed


def _typed_funding(case: CaseBody) -> dict[str, str]:
    return {f"percent-{share.funder}": f"{share.percent:g}" for share in case.proposed_funding}


def _typed_lifetime(case: CaseBody) -> dict[str, str]:
    cost = case.servicing_pence_per_year
    return {"lifetime_months": str(case.lifetime_months or ""), "servicing": "" if cost is None else _pounds(cost)}


def read_part(section: Section, form: Form, body: SectionForm, funders: Sequence[str]) -> CaseChange | None:
    """The change that this page asks for; None where something was typed that cannot be, which the form says then."""
    said: dict[str, Any] = {name: getattr(body, name) for name in names_of(section)}
    if section is Section.NEED:
        said["urgent"] = form.value("urgent") == "true"
    if section is Section.OPTIONS:
        said["options"] = _options(form)
    if section is Section.QUOTES:
        said["quotes"] = _quotes(form)
    if section is Section.TRIALS:
        said["trials"] = [
            int(one) for one in form.values("trials") if one.isascii() and one.isdigit() and len(one) < 19
        ]
    if section is Section.LIFETIME:
        said["lifetime_months"] = body.lifetime_months
        said["servicing_pence_per_year"] = read_pounds(form, "servicing")
    if section is Section.FUNDING:
        said["proposed_funding"] = read_shares(form, funders)
    return None if form.errors else CaseChange.model_validate(said)


def read_pounds(form: Form, name: str) -> int | None:
    """The pence of an amount that was typed, if there is one."""
    typed = form.value(name).strip()
    if not typed:
        return None
    try:
        return pence_from(typed)
    except ValueError as error:
        form.refuse(str(error), name)
        return None


def _options(form: Form) -> list[dict[str, Any]]:
    """The options of which anything was said."""
    found = []
    for kind in OPTIONS:
        cost, why_not = form.value(f"{kind.value}-cost").strip(), form.value(f"{kind.value}-why_not").strip()
        words = form.value("other-words").strip() if kind is OptionKind.OTHER else ""
        if not (cost or why_not or words):
            continue
        if kind is OptionKind.OTHER and not words:
            form.refuse("Say what the other option is.", "other-words")
        if not cost:
            form.refuse("Enter what it costs. 0 is a cost too.", f"{kind.value}-cost")
        _check_length(form, f"{kind.value}-why_not", why_not, 4000)
        _check_length(form, "other-words", words, 200)
        pence = read_pounds(form, f"{kind.value}-cost")
        found.append({"option": words or kind.value, "cost_pence": pence or 0, "why_not": why_not})
    return found


def _quotes(form: Form) -> list[dict[str, Any]]:
    found = []
    for place in range(1, QUOTES + 1):
        supplier, reference = (form.value(f"{name}-{place}").strip() for name in ("supplier", "reference"))
        if not (supplier or reference or form.value(f"price-{place}").strip()):
            continue
        if not supplier:
            form.refuse("Enter who quoted.", f"supplier-{place}")
        _check_length(form, f"supplier-{place}", supplier, 200)
        _check_length(form, f"reference-{place}", reference, 200)
        pence = read_pounds(form, f"price-{place}")
        if pence is None:
            form.refuse("Enter the price.", f"price-{place}")
        found.append({"supplier": supplier, "reference": reference, "price_pence": pence or 0})
    return found


def _check_length(form: Form, name: str, text: str, most: int) -> None:
    if len(text) > most:
        form.refuse(f"Write {most:,} characters or fewer.", name)


def _pounds(pence: int) -> str:
    return f"{pence // 100}.{pence % 100:02}"
