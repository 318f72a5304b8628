"""What may be handed over the counter without an order, and what may be kept after a trial.

Neither is a way round the authority that an order asks for (docs/adr/0013, docs/adr/0016). Every refusal says who can.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

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
from app.domain.errors import NotAllowed

_ORDER_IT = "Or order it, and it goes to who may authorise it."
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
        who = "" if person else f" {_who(setting, lambda one: _prescribes(one, on), 'can order it.')}"
        return NotAllowed(reason.code, f"{reason.detail}{who}")

    def can(one: Authority) -> bool:
        theirs = replace(asked, made_by=one.username, others=())
        is_another = one.username != asked.made_by
        return is_another and why_not_hand_out(theirs, one, on_trial=on_trial, on=on, panels=panels) is None

    order = f" {_ORDER_IT}" if reason.code in {"above-your-tier", "over-your-limit"} else ""
    return NotAllowed(reason.code, f"{reason.detail} {_who(setting, can, 'can hand it out.')}{order}")


def check_keep(
    trial: Asked, maker: Authority | None, person: Authority | None, setting: Setting, *, was_ordered: bool
) -> str | None:
    """Whether this person may decide that the trial is kept; returns whose authority was lent for it, if any.

    `trial`: as if its maker ordered it. Within the maker's authority, or the person's own, it needs nobody else; beyond
    that, it is signed as an order of it would be. `was_ordered`: an order, which is decided upon as if everything on it
    were kept, has settled tier and value. Raises NotAllowed `is-supervised`, `needs-an-order`, `no-authority`,
    `registration-expired`, `above-your-tier` or `over-your-limit`.
    """
    if _can_keep(trial, maker, person, setting, was_ordered=was_ordered):
        is_enough = was_ordered or _suffices(trial, maker, setting) or _suffices(trial, person, setting)
        return None if is_enough else check_authoriser(trial, person, setting).on_behalf_of
    reason = _why_not_keep(trial, person, setting)
    if reason.code == "needs-an-order":
        raise NotAllowed(reason.code, reason.detail)

    def can(one: Authority) -> bool:
        return _prescribes(one, setting.on) and _can_keep(trial, maker, one, setting, was_ordered=was_ordered)

    raise NotAllowed(reason.code, f"{reason.detail} {_who(setting, can, 'can decide that they keep it.')}")


def _can_keep(
    trial: Asked, maker: Authority | None, person: Authority | None, setting: Setting, *, was_ordered: bool
) -> bool:
    if person and person.is_supervised:
        return False
    if was_ordered or _suffices(trial, maker, setting) or _suffices(trial, person, setting):
        return True
    return route(trial, setting.panels) is None and can_sign(trial, person, setting)


def _suffices(trial: Asked, person: Authority | None, setting: Setting) -> bool:
    """Whether an order of it by this person would be approved at once."""
    if person is None or not _prescribes(person, setting.on) or route(trial, setting.panels):
        return False
    return _beyond(trial, person) is None


def _why_not_keep(trial: Asked, person: Authority | None, setting: Setting) -> Reason:
    if person and person.is_supervised:
        return Reason("is-supervised", "You work under supervision, so you cannot decide alone that they keep it.")
    decided = route(trial, setting.panels)
    if decided:
        detail = f"{decided.reasons[0].detail} Let the trial go on, and order the equipment: the order goes there."
        return Reason("needs-an-order", detail)
    if person is None:
        detail = "Keeping it is beyond who has it tried, and you are not set up as a prescriber."
        return Reason("no-authority", detail)
    return _beyond(trial, person) or Reason("registration-expired", lapse(person, "Your"))


def _panels(asked: Asked, panels: Sequence[PanelRule]) -> str:
    """Why a panel decides about it; highly specialist is always a panel's."""
    if asked.tier is Tier.HIGHLY_SPECIALIST:
        return "It is highly specialist, and the panel decides about it."
    panel = route(asked, panels)
    return panel.reasons[0].detail if panel else ""


def _beyond(asked: Asked, person: Authority, *, tiers_beyond: int = 0) -> Reason | None:
    """What of it goes beyond this person's tier, or so many tiers more, or their limit."""
    reach = _RANK[min(_RANK.index(person.tier) + tiers_beyond, len(_RANK) - 1)]
    if not reach.covers(asked.tier):
        return Reason("above-your-tier", f"It is {low(asked.tier)}, and your tier is {low(person.tier)}.")
    limit = person.spend_limit_pence
    if asked.counted_pence > limit:
        detail = f"{asked.comes_to(limit, 'it comes to')}, and your limit is {in_pounds(limit)}."
        return Reason("over-your-limit", detail)
    return None


def _prescribes(person: Authority, on: date) -> bool:
    return not person.is_supervised and person.is_registered(on)


def _who(setting: Setting, can: Callable[[Authority], bool], words: str) -> str:
    return say_who(sorted(person.name for person in setting.people if can(person)), words)
