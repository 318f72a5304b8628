"""What a prescriber may order without anybody else, and who may sign what goes beyond it.

Authority is competence, not rank: a tier of products, a spend limit, and a registration with the Health and Care
Professions Council that is in date (Health Professions Order 2001, SI 2002/254). Money is in pence. Nobody
authorises their own order, in their own name or through a deputy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.dates import in_words
from app.domain.errors import NotAllowed
from app.domain.ordering import OrderDecision


class Tier(StrEnum):
    """How specialist a product is: who may prescribe it follows from this."""

    STANDARD = "standard"
    SPECIALIST = "specialist"
    HIGHLY_SPECIALIST = "highly_specialist"

    @property
    def text(self) -> str:
        """The tier as people read it."""
        return self.value.replace("_", " ").capitalize()

    def covers(self, other: "Tier") -> bool:
        """Whether a person of this tier may prescribe a product of the other."""
        return _RANK.index(self) >= _RANK.index(other)


_RANK = tuple(Tier)
MOST_NAMED = 5
"""So many people are named in one sentence, and the rest counted."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an order goes where it goes, or why somebody may not sign it: a stable code and a sentence for people."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Authority:
    """One prescriber's authority. `registration_expires_on` is its last day. `may_authorise`: an active account
    with the permission to authorise orders."""

    username: str
    name: str
    team_id: int
    tier: Tier
    spend_limit_pence: int
    registration_number: str | None = None
    registration_expires_on: date | None = None
    is_supervised: bool = False
    may_authorise: bool = False

    def is_registered(self, on: date) -> bool:
        """Whether the registration is on record and in date on that day. What is not known is not in date."""
        ends = self.registration_expires_on
        return bool(self.registration_number) and ends is not None and ends >= on


@dataclass(frozen=True, slots=True)
class Delegation:
    """From its first to its last day, `to_username` may sign with the authority of `from_username`."""

    from_username: str
    to_username: str
    from_on: date
    until_on: date

    def is_in_force(self, on: date) -> bool:
        """Whether that day is one of its days, both ends included."""
        return self.from_on <= on <= self.until_on


@dataclass(frozen=True, slots=True)
class PanelRule:
    """What a panel decides: every line of these tiers, every one outside the catalogue if it says so, and every order
    above this value in pence; of these funders alone, where any is named. Of several panels whose rules fit an order
    the lowest `precedence` decides, of equal ones the one that names funders, then the first by code."""

    code: str
    orders_above_pence: int | None = None
    tiers: frozenset[Tier] = frozenset({Tier.HIGHLY_SPECIALIST})
    decides_non_catalogue: bool = False
    funders: frozenset[str] = frozenset()
    precedence: int = 100
    name: str = ""

    @property
    def sentences(self) -> tuple[Reason, ...]:
        """Each of its rules as a reason."""
        whose = f" that {listed(sorted(self.funders), 'or')} pays for" if self.funders else ""
        tiers = [tier for tier in reversed(_RANK) if tier in self.tiers]
        found = [(f"panel-decides-this-tier/{tier}", f"every {low(tier)} line") for tier in tiers]
        if self.decides_non_catalogue:
            found.append(("panel-decides-non-catalogue", "every line that is not in the catalogue"))
        if self.orders_above_pence is not None:
            found.append(("panel-decides-this-value", f"every order above {in_pounds(self.orders_above_pence)}"))
        return tuple(Reason(code, f"{self.code} decides {what}{whose}.") for code, what in found)


@dataclass(frozen=True, slots=True)
class Route:
    """To which panel an order goes, by its code and its name, and why."""

    code: str
    name: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """What the same maker ordered or handed out for the same client shortly before; `what` names it."""

    what: str
    value_pence: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What an order asks of an authority: its maker's username, its team (None: the maker has none), the highest tier
    of its lines, and its value: catalogue prices times quantities, because recycled stock must not let an order slip
    under a limit. `others` count with it, because an order in two halves must not either.

    Of panels: `tiers` of all its lines, who pays (None: nobody knows yet), whether a line is outside the catalogue.
    `routed`: where it went when it was submitted, to one panel or none; rules that changed since do not touch it."""

    made_by: str
    team_id: int | None
    tier: Tier
    value_pence: int
    others: tuple[Other, ...] = ()
    tiers: frozenset[Tier] = frozenset()
    funder: str | None = None
    is_non_catalogue: bool = False
    routed: tuple[Route, ...] | None = None

    @property
    def counted_pence(self) -> int:
        """What is compared with limits: its value and that of the others."""
        return self.value_pence + sum(other.value_pence for other in self.others)

    def comes_to(self, limit_pence: int, words: str = "the order comes to") -> str:
        """How much it is, in words: alone, or where only the sum is above the limit, together with the others."""
        if self.value_pence > limit_pence:
            return f"{capital(words)} {in_pounds(self.value_pence)}"
        named = listed([other.what for other in self.others], "and")
        return f"Together with {named}, {words} {in_pounds(self.counted_pence)}"


@dataclass(frozen=True, slots=True)
class Ruling:
    """Where an order goes now, and every reason for it. `on_behalf_of`: whose authority was lent for it; `route`: to
    which panel it goes, at once or once it is signed."""

    decision: OrderDecision
    reasons: tuple[Reason, ...]
    on_behalf_of: str | None = None
    route: Route | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """What surrounds a decision: everybody with authority, the delegations, the panels at work, and the day."""

    on: date
    people: Sequence[Authority] = ()
    delegations: Sequence[Delegation] = ()
    panels: Sequence[PanelRule] = ()


def decide_submission(asked: Asked, maker: Authority | None, setting: Setting) -> Ruling:
    """Where an order goes when its maker submits it: approved, awaiting authorisation, or awaiting the panel.

    What goes beyond the maker's authority is signed first; the panel's own reasons are named beside it. What nobody can
    sign, because its maker is the authoriser, goes to the panel that decides it anyway.
    Raises NotAllowed `no-authority` and `registration-expired`; both name who may order.
    """
    if maker is None:
        detail = "You are not set up as a prescriber, so you cannot order equipment."
        raise NotAllowed("no-authority", f"{detail} {_able_to_order(asked, setting)}")
    if not maker.is_supervised and not maker.is_registered(setting.on):
        raise NotAllowed("registration-expired", f"{lapse(maker, 'Your')} {_able_to_order(asked, setting)}")
    beyond = _beyond(asked, maker, "your")
    if maker.is_supervised:
        who = "You order under supervision, so a colleague must countersign the order."
        beyond.insert(0, Reason("needs-countersignature", who))
    panel = route(asked, setting.panels)
    is_endorser = maker.may_authorise and not maker.is_supervised
    if beyond and panel and is_endorser and not who_can_authorise(asked, setting):
        # Whoever endorses others' orders to the panel, and has nobody above them, brings it there themselves.
        return Ruling(OrderDecision.AWAITING_PANEL, (*beyond, *panel.reasons), route=panel)
    if beyond:
        return Ruling(OrderDecision.AWAITING_AUTHORISATION, (*beyond, *(panel.reasons if panel else ())), route=panel)
    if panel:
        return Ruling(OrderDecision.AWAITING_PANEL, panel.reasons, route=panel)
    limit = f"your limit of {in_pounds(maker.spend_limit_pence)}"
    within = f"The order is within your tier and {limit}."
    if asked.others:
        within = f"The order is within your tier. {asked.comes_to(asked.value_pence)}, within {limit}."
    return Ruling(OrderDecision.APPROVED, (Reason("within-your-authority", within),))


def route(asked: Asked, panels: Sequence[PanelRule]) -> Route | None:
    """The panel that decides this order, and why; None when no panel's rules fit it."""
    if asked.routed is not None:
        return next(iter(asked.routed), None)
    for panel in sorted(panels, key=lambda one: (one.precedence, not one.funders, one.code)):
        reasons = panel_reasons(asked, panel)
        if reasons:
            return Route(panel.code, panel.name or panel.code, reasons)
    return None


def panel_reasons(asked: Asked, panel: PanelRule) -> tuple[Reason, ...]:
    """Why this panel's rules fit the order; empty when they do not. Where nobody knows who pays, any funder may."""
    if panel.funders and asked.funder is not None and asked.funder not in panel.funders:
        return ()
    fits = {f"panel-decides-this-tier/{tier}" for tier in (asked.tier, *asked.tiers)}
    above = panel.orders_above_pence
    if asked.is_non_catalogue:
        fits.add("panel-decides-non-catalogue")
    if above is not None and asked.counted_pence > above:
        fits.add("panel-decides-this-value")
    found = [Reason(said.code.partition("/")[0], said.detail) for said in panel.sentences if said.code in fits]
    if above is not None and asked.value_pence <= above < asked.counted_pence:
        found[-1] = Reason(found[-1].code, f"{asked.comes_to(above)}, and {found[-1].detail}")
    return tuple(found)


def check_authoriser(asked: Asked, signer: Authority | None, setting: Setting) -> Ruling:
    """Whether this person may sign the order, and what becomes of it: approved, or endorsed to the panel.

    They sign with their own authority if it suffices, else with one that was lent to them. Where the panel decides
    the order anyway, tier and limit are not asked of who endorses it.
    Raises NotAllowed `no-authority`, `own-order`, `is-supervised`, `registration-expired`, `not-an-authoriser`,
    `not-your-team`, `above-your-tier` or `over-your-limit`; each names who can.
    """
    found = _sign(asked, signer, setting)
    if isinstance(found, Reason):
        raise NotAllowed(found.code, f"{found.detail} {_able_to_sign(asked, setting)}")
    panel = route(asked, setting.panels)
    decision = OrderDecision.AWAITING_PANEL if panel else OrderDecision.APPROVED
    reasons = panel.reasons if panel else ()
    return Ruling(decision, reasons, None if found is signer else found.username, panel)


def can_sign(asked: Asked, signer: Authority | None, setting: Setting) -> bool:
    """Whether this person may sign the order on that day, by their own authority or a lent one."""
    return isinstance(_sign(asked, signer, setting), Authority)


def who_can_authorise(asked: Asked, setting: Setting) -> tuple[Authority, ...]:
    """Everybody who may sign this order on that day, by their own authority or a lent one, in the order of names."""
    able = [person for person in setting.people if can_sign(asked, person, setting)]
    return tuple(sorted(able, key=lambda person: (person.name, person.username)))


def authorisers(setting: Setting) -> tuple[Authority, ...]:
    """Everybody who may sign orders of some team on that day, whatever they ask for, in the order of names."""
    able = [
        person
        for person in setting.people
        if not person.is_supervised
        and person.is_registered(setting.on)
        and (person.may_authorise or any(lender.may_authorise for lender in _lenders(person, setting)))
    ]
    return tuple(sorted(able, key=lambda person: (person.name, person.username)))


def _sign(asked: Asked, signer: Authority | None, setting: Setting) -> Authority | Reason:
    """The authority the signature rests on, the signer's own or a lent one; or the reason why there is none."""
    if signer is None:
        return Reason("no-authority", "You are not set up as a prescriber, so you cannot authorise orders.")
    personal = why_signs_nothing(asked.made_by, signer, setting.on)
    if personal:
        return personal
    own = _office(asked, signer, setting, "your")
    if own is None:
        return signer
    refusals = []
    for lender in _lenders(signer, setting):
        refusal = _lent(asked, lender, setting)
        if refusal is None:
            return lender
        refusals.append(refusal)
    return refusals[0] if refusals and own.code == "not-an-authoriser" else own


def _lent(asked: Asked, lender: Authority, setting: Setting) -> Reason | None:
    """Why an order may not be signed on the lender's behalf."""
    whose = f"{lender.name}'s"
    if lender.username == asked.made_by:
        return Reason("own-order", f"{lender.name} made this order, so nobody may authorise it on their behalf.")
    if lender.is_supervised:
        return Reason("is-supervised", f"{lender.name} works under supervision and has no authority to lend.")
    if not lender.is_registered(setting.on):
        return Reason("registration-expired", lapse(lender, whose))
    return _office(asked, lender, setting, whose)


def why_signs_nothing(made_by: str, signer: Authority, on: date) -> Reason | None:
    """Why this person may sign nothing of this maker's, whoever's authority they use; of nobody's: nothing at all."""
    if signer.username == made_by:
        return Reason("own-order", "You made this order, and nobody authorises their own.")
    if signer.is_supervised:
        return Reason("is-supervised", "You work under supervision, so you cannot authorise orders.")
    if not signer.is_registered(on):
        return Reason("registration-expired", lapse(signer, "Your"))
    return None


def _office(asked: Asked, holder: Authority, setting: Setting, whose: str) -> Reason | None:
    """Why this authority does not reach the order."""
    if not holder.may_authorise:
        return Reason("not-an-authoriser", f"{capital(whose)} role does not authorise orders.")
    if holder.team_id != asked.team_id:
        return Reason("not-your-team", f"The order belongs to another team than {whose} own.")
    if route(asked, setting.panels):
        return None
    return next(iter(_beyond(asked, holder, whose)), None)


def _lenders(signer: Authority, setting: Setting) -> list[Authority]:
    """Whose authority this person may use on that day."""
    lent = {
        d.from_username for d in setting.delegations if d.to_username == signer.username and d.is_in_force(setting.on)
    }
    return [person for person in setting.people if person.username in lent]


def _beyond(asked: Asked, holder: Authority, whose: str) -> list[Reason]:
    """What of the order goes beyond this authority: its tier, its value."""
    reasons = []
    if not holder.tier.covers(asked.tier):
        detail = f"The order has a {low(asked.tier)} line, and {whose} tier is {low(holder.tier)}."
        reasons.append(Reason("above-your-tier", detail))
    limit = holder.spend_limit_pence
    if asked.counted_pence > limit:
        detail = f"{asked.comes_to(limit)}, and {whose} limit is {in_pounds(limit)}."
        reasons.append(Reason("over-your-limit", detail))
    return reasons


def lapse(holder: Authority, whose: str) -> str:
    """What is wrong with a registration that is not in date. `whose`: "Your", or a name with its s."""
    ends = holder.registration_expires_on
    if not holder.registration_number or ends is None:
        return f"{whose} registration with the HCPC is not on record."
    return f"{whose} registration with the HCPC ended on {in_words(ends)}."


def _able_to_order(asked: Asked, setting: Setting) -> str:
    """Who of the order's team may order in their own right."""
    able = [
        person.name
        for person in setting.people
        if person.team_id == asked.team_id
        and person.username != asked.made_by
        and not person.is_supervised
        and person.is_registered(setting.on)
    ]
    return (
        f"{listed(sorted(able), 'or')} can order it." if able else "Nobody else in the team can order. Ask the manager."
    )


def _able_to_sign(asked: Asked, setting: Setting) -> str:
    return say_who([person.name for person in who_can_authorise(asked, setting)], "can.")


NOBODY_CAN = "At present nobody can. Ask the manager to name somebody."


def say_who(able: Sequence[str], words: str) -> str:
    """A sentence that names some of those who can, or whom to ask when nobody can."""
    return f"{listed(list(able), 'or')} {words}" if able else NOBODY_CAN


def listed(names: list[str], word: str) -> str:
    """Some of the names, as people say them, with "and" or "or" before the last."""
    more = len(names) - MOST_NAMED
    *first, last = [*names[:MOST_NAMED], f"{more} more"] if more > 0 else names
    return f"{', '.join(first)} {word} {last}" if first else last


def capital(words: str) -> str:
    """With a capital letter first."""
    return words[0].upper() + words[1:]


def low(tier: Tier) -> str:
    """A tier in the middle of a sentence."""
    return tier.text.lower()


def in_pounds(pence: int) -> str:
    """£1,000, or £1,000.50: pence are written only where there are any."""
    pounds, rest = divmod(pence, 100)
    return f"£{pounds:,}.{rest:02}" if rest else f"£{pounds:,}"
