"""The lines of an export, as far as who asks may see them."""

from fastapi import Request

from app.domain.access import Actor, Permission
from app.domain.asked_period import AskedPeriod
from app.features.finance.exports.layouts import Kept, accounts_json
from app.features.finance.exports.lines import LinesAsked
from app.web.auth import secret_of


def lines_asked(request: Request, actor: Actor, period: AskedPeriod, kept: Kept) -> LinesAsked:
    """The lines of a period as far as this reader may see them."""
    may_see = actor.may(Permission.SEE_COSTS_BY_PRESCRIBER)
    return LinesAsked(period, may_see, secret_of(request), accounts_json(kept.layout))
