"""What may be handed over the counter without an order, and what may be kept after a trial.

Neither is a way round the authority that an order asks for (docs/adr/0013, docs/adr/0016). Every refusal says who can.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum

from app.domain.authority import (
    Asked,
    Authority,
    PanelRule,
    Reason,
    Setting,
    Tier,
    can_sign,
    check_authoriser,
    in_pounds,
    lapse,
    low,
    route,
    say_who,
)
from app.domain.combinations import OrderWarning, Severity
from app.domain.errors import NotAllowed

_ORDER_IT = "Or order it, and it goes to who may authorise it."
_TO_THE_PANEL = "Let the trial go on, and order the equipment for good: the order goes there."
_NO_PRESCRIBER = Reason("no-authority", "You are not set up as a prescriber, so you cannot decide this.")
_RANK = tuple(Tier)


def why_not_hand_out(
    asked: Asked,
    person: Authority | None,
    *,
    on_trial: bool,
    on: date,
    panels: Sequence[PanelRule] = (),
    is_staff: bool = False,
) -> Reason | None:
    """Why this may not be handed over the counter. `person`: None for who is no prescriber; `is_staff`: of the store.

    A prescriber hands out within their tier and limit, with what they ordered and handed out for the client shortly
    before; a trial may go one tier beyond, because trying specialist equipment is how a case for it is made (Kent's
    job description KR9, duty 3). What a panel decides is never lent without it: a prescriber may have it tried, and
    everybody else orders it.
    """
    decided = None if person and on_trial else _panels(asked, panels)
    if decided:
        return Reason("needs-an-order", f"{decided} Order it instead of handing it out.")
    if person is None:
        detail = "You are not set up as a prescriber, so you cannot hand equipment out."
        return None if is_staff else Reason("no-authority", detail)
    if person.is_supervised:
        detail = "You work under supervision, so you cannot hand equipment out. Order it, and a colleague countersigns."
        return Reason("is-supervised", detail)
    if not person.is_registered(on):
        return Reason("registration-expired", lapse(person, "Your"))
    return _beyond(asked, person, tiers_beyond=int(on_trial))


def refuse_to_hand_out(
    reason: Reason, asked: Asked, person: Authority | None, setting: Setting, *, on_trial: bool
) -> NotAllowed:
    """The refusal for that reason, with who can hand it out, or for the store's staff who can order it."""
    on, panels = setting.on, setting.panels
    if reason.code == "needs-an-order":
        who = "" if person else f" {_who(setting, lambda one: prescribes_on(one, on), 'can order it.')}"
        return NotAllowed(reason.code, f"{reason.detail}{who}")

    def can(one: Authority) -> bool:
        theirs = replace(asked, made_by=one.username, others=())
        is_another = one.username != asked.made_by
        return is_another and why_not_hand_out(theirs, one, on_trial=on_trial, on=on, panels=panels) is None

    order = f" {_ORDER_IT}" if reason.code in {"above-your-tier", "over-your-limit"} else ""
    return NotAllowed(reason.code, f"{reason.detail} {_who(setting, can, 'can hand it out.')}{order}")


class CameBy(StrEnum):
    """How a trial came to the client, which says what is settled about keeping it."""

    COUNTER = "counter"
    """Handed out over the counter: nothing is."""
    ORDER = "order"
    """An order, which is decided upon as if everything on it were kept."""
    PANEL_TRIAL = "panel_trial"
    """An order of a trial that a panel approved as that: keeping it is another question, and the panel's."""
    TRIED_FIRST = "tried_first"
    """An order for good, which a panel approved to be tried first: whether it did is a clinical question."""


def check_keep(
    trial: Asked, person: Authority | None, setting: Setting, *, came_by: CameBy = CameBy.COUNTER
) -> str | None:
    """Whether this person may decide that the trial is kept; returns whose authority was lent for it, if any.

    `trial`: as if whose trial it is ordered it. The authority of whoever decides counts: within their own tier and
    limit it needs nobody else; beyond that, they must be able to sign an order of it. Who ordered it decides about
    what that order settled. Raises NotAllowed `no-authority`, `is-supervised`, `registration-expired`,
    `needs-an-order`, `above-your-tier` or `over-your-limit`.
    """
    reason = _why_not_keep(trial, person, setting, came_by) if person else None
    if person and not reason:
        is_settled = came_by is CameBy.TRIED_FIRST or _is_theirs(trial, person, came_by)
        is_enough = is_settled or _beyond(trial, person) is None
        return None if is_enough else check_authoriser(trial, person, _without_panels(setting)).on_behalf_of
    reason = reason or _NO_PRESCRIBER
    if reason.code == "needs-an-order":
        raise NotAllowed(reason.code, reason.detail)

    def can(one: Authority) -> bool:
        return _why_not_keep(trial, one, setting, came_by) is None

    raise NotAllowed(reason.code, f"{reason.detail} {_who(setting, can, 'can decide that they keep it.')}")


def check_extend(trial: Asked, person: Authority | None, setting: Setting, *, came_by: CameBy) -> None:
    """Whether this person may decide that the trial goes on: who could have it tried over the counter, and who ordered
    it. Raises NotAllowed `no-authority`, `is-supervised`, `registration-expired` or `above-your-tier`."""

    def why_not(one: Authority) -> Reason | None:
        if personal := why_decides_nothing(one, setting.on):
            return personal
        return None if _is_theirs(trial, one, came_by) else _above(trial, one, tiers_beyond=1)

    reason = why_not(person) if person else _NO_PRESCRIBER
    if reason:
        able = _who(setting, lambda one: why_not(one) is None, "can decide that it goes on.")
        raise NotAllowed(reason.code, f"{reason.detail} {able}")


def check_dangers(warnings: Iterable[OrderWarning], setting: Setting, *, prescribes: bool) -> None:
    """What is warned of as a danger is decided by a prescriber, who may hand out: `prescribes`. Raises NotAllowed
    `clinical-danger`, which says what it is and who can."""
    dangers = [one for one in warnings if one.severity is Severity.DANGER]
    if dangers and not prescribes:
        who = _who(setting, lambda one: prescribes_on(one, setting.on), "can hand it out, or order it.")
        detail = f"A prescriber must decide about this: {dangers[0].detail} {who}"
        raise NotAllowed("clinical-danger", detail)


def why_decides_nothing(person: Authority, on: date) -> Reason | None:
    """Why this person decides nothing clinical on that day."""
    if person.is_supervised:
        return Reason("is-supervised", "You work under supervision, so you cannot decide this alone.")
    if not person.is_registered(on):
        return Reason("registration-expired", lapse(person, "Your"))
    return None


def prescribes_on(person: Authority, on: date) -> bool:
    """Whether this person prescribes in their own right on that day."""
    return why_decides_nothing(person, on) is None


def why_not_reserve(person: Authority | None, on: date, *, is_staff: bool) -> Reason | None:
    """Why this person may not keep an item for a client: the store may, and who may order, under supervision too."""
    if is_staff:
        return None
    if person is None:
        return Reason("no-authority", "You are not set up as a prescriber, so you cannot reserve equipment.")
    if not person.is_supervised and not person.is_registered(on):
        return Reason("registration-expired", lapse(person, "Your"))
    return None


def _why_not_keep(trial: Asked, person: Authority, setting: Setting, came_by: CameBy) -> Reason | None:
    if personal := why_decides_nothing(person, setting.on):
        return personal
    if came_by is CameBy.TRIED_FIRST:
        return _above(trial, person)
    decided = route(trial, setting.panels)
    if came_by is CameBy.PANEL_TRIAL:
        said = "The panel approved it as a trial, so the panel decides about keeping it."
    else:
        said = decided.reasons[0].detail if decided and came_by is CameBy.COUNTER else ""
    if said:
        return Reason("needs-an-order", f"{said} {_TO_THE_PANEL}")
    if _is_theirs(trial, person, came_by) or can_sign(trial, person, _without_panels(setting)):
        return None
    return _beyond(trial, person)


def _is_theirs(trial: Asked, person: Authority, came_by: CameBy) -> bool:
    """Whether they ordered it, and what they asked was agreed to."""
    return came_by is not CameBy.COUNTER and person.username == trial.made_by


def _without_panels(setting: Setting) -> Setting:
    """What a panel has to say was asked already."""
    return replace(setting, panels=())


def _panels(asked: Asked, panels: Sequence[PanelRule]) -> str:
    """Why a panel decides about it; highly specialist is always a panel's."""
    if asked.tier is Tier.HIGHLY_SPECIALIST:
        return "It is highly specialist, and the panel decides about it."
    panel = route(asked, panels)
    return panel.reasons[0].detail if panel else ""


def _above(asked: Asked, person: Authority, *, tiers_beyond: int = 0) -> Reason | None:
    """That it is above this person's tier, or so many tiers more."""
    reach = _RANK[min(_RANK.index(person.tier) + tiers_beyond, len(_RANK) - 1)]
    if reach.covers(asked.tier):
        return None
    return Reason("above-your-tier", f"It is {low(asked.tier)}, and your tier is {low(person.tier)}.")


def _beyond(asked: Asked, person: Authority, *, tiers_beyond: int = 0) -> Reason | None:
    """What of it goes beyond this person's tier, or so many tiers more, or their limit."""
    if above := _above(asked, person, tiers_beyond=tiers_beyond):
        return above
    limit = person.spend_limit_pence
    if asked.counted_pence > limit:
        detail = f"{asked.comes_to(limit, 'it comes to')}, and your limit is {in_pounds(limit)}."
        return Reason("over-your-limit", detail)
    return None


def _who(setting: Setting, can: Callable[[Authority], bool], words: str) -> str:
    return say_who(sorted(person.name for person in setting.people if can(person)), words)
