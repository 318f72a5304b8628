"""Pages on which members declare interests and recommend, and the chair records the decision."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from app.db import Session
from app.domain.panel import Condition, ConditionKind, DecisionKind, Proposal
from app.domain.panel_funding import Share
from app.domain.panel_meeting import InterestKind
from app.features.panel import deciding, page_queries, ratifying
from app.features.panel.case_forms import read_shares
from app.features.panel.pages import Number, read_shown
from app.web.asked import asked, needed
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import Day, OptionalParagraph, Reason
from app.web.flash import redirect
from app.web.forms import Form, or_again, read_form
from app.web.once import page_router
from app.web.templating import render

INTEREST, RECOMMEND, DECIDE = "panel/interest.html", "panel/recommend.html", "panel/decide.html"
RATIFY: Final = "panel/ratify.html"
APPROVALS: Final = tuple(kind for kind in DecisionKind if kind.approves)
KINDS = [kind for kind in ConditionKind if kind is not ConditionKind.OTHER]

router = page_router()


class InterestForm(BaseModel):
    """Why somebody cannot decide."""

    kind: InterestKind
    detail: OptionalParagraph = ""


class RecommendForm(BaseModel):
    """What a member recommends."""

    recommendation: DecisionKind
    reasons: Reason


class RatifyForm(BaseModel):
    """Whether the meeting ratifies it; if not, why."""

    ratified: Annotated[Literal["yes", "no"], asked("Choose whether the meeting ratifies it.")] = needed()
    reasons: OptionalParagraph = ""


class DecideForm(BaseModel):
    """A decision. `information` and `other` say one thing on each line."""

    decision: DecisionKind
    reasons: Reason
    conditions: list[ConditionKind] = Field(default_factory=list, max_length=10)
    other: OptionalParagraph = ""
    information: OptionalParagraph = ""
    alternative: OptionalParagraph = ""
    review_on: Day | None = None
    expires_on: Day | None = None

    def as_proposal(self) -> Proposal:
        """The same as the rules take it; what belongs to another kind of decision is left out."""
        kind = self.decision
        conditions = [Condition(one) for one in self.conditions]
        conditions += [Condition(ConditionKind.OTHER, line) for line in _lines(self.other)]
        return Proposal(
            kind=kind,
            reasons=self.reasons,
            conditions=tuple(conditions) if kind is DecisionKind.APPROVE_WITH_CONDITIONS else (),
            information=tuple(_lines(self.information)) if kind is DecisionKind.DEFER else (),
            alternative=self.alternative if kind is DecisionKind.DECLINE else None,
            review_on=self.review_on,
            expires_on=self.expires_on if kind.approves else None,
        )


@router.get("/panel-cases/{number}/interest")
async def interest_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """Why can you not decide this?"""
    _, context = await read_shown(session, number, actor, now)
    return render(request, INTEREST, {"form": Form(), "kinds": list(InterestKind), **context})


@router.post("/panel-cases/{number}/interest")
async def declare(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Keep it with the case."""
    form, body = await read_form(request, InterestForm)
    case, context = await read_shown(session, number, actor, now)
    context["kinds"] = list(InterestKind)
    if body is None:
        return render(request, INTEREST, {"form": form, **context}, 422)
    details: dict[str, Any] = {"kind": body.kind, "detail": body.detail, "actor": actor.username, "at": now}
    with or_again(INTEREST, form, **context):
        await deciding.declare_interest(session, number, username=None, **details)
    said = "Your interest is kept with the case. You do not count for its quorum."
    return redirect(request, f"/panel-cases/{case.number}", said)


@router.get("/panel-cases/{number}/recommend")
async def recommend_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """What do you recommend?"""
    _, context = await read_shown(session, number, actor, now)
    return render(request, RECOMMEND, {"form": Form(), "kinds": list(DecisionKind), **context})


@router.post("/panel-cases/{number}/recommend")
async def recommend(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Keep it with the case."""
    form, body = await read_form(request, RecommendForm)
    case, context = await read_shown(session, number, actor, now)
    context["kinds"] = list(DecisionKind)
    if body is None:
        return render(request, RECOMMEND, {"form": form, **context}, 422)
    details: dict[str, Any] = {"kind": body.recommendation, "reasons": body.reasons}
    with or_again(RECOMMEND, form, **context):
        await deciding.recommend(session, number, **details, actor=actor.username, at=now)
    return redirect(request, f"/panel-cases/{case.number}", "Your recommendation is kept with the case.")


@router.get("/panel-cases/{number}/decide")
async def decide_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """What did the panel decide?"""
    case, context = await read_shown(session, number, actor, now)
    context |= await _choices(session)
    typed = {f"percent-{share.funder}": [f"{share.percent:g}"] for share in case.proposed_funding}
    return render(request, DECIDE, {"form": Form(typed), **context})


@router.get("/panel-cases/{number}/chair-action")
async def chair_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """What cannot wait for a meeting?"""
    case, context = await read_shown(session, number, actor, now)
    context |= await _choices(session, APPROVALS)
    typed = {f"percent-{share.funder}": [f"{share.percent:g}"] for share in case.proposed_funding}
    return render(request, DECIDE, {"form": Form(typed), **context})


@router.post("/panel-cases/{number}/chair-action")
async def act_as_chair(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Approve it; the next meeting ratifies that or not."""
    form, body = await read_form(request, DecideForm)
    case, context = await read_shown(session, number, actor, now)
    context |= await _choices(session, APPROVALS)
    shares = read_shares(form, [code for code, _ in context["funders"]])
    if body is None or form.errors:
        return render(request, DECIDE, {"form": form, **context}, 422)
    split = [Share(one["funder"], one["percent"]) for one in shares]
    with or_again(DECIDE, form, **context):
        await deciding.act_as_chair(session, number, body.as_proposal(), split, actor=actor.username, at=now)
    said = f"{body.decision.text}. Order {case.order_number} goes on, and the next meeting hears of it."
    return redirect(request, f"/panel-cases/{case.number}", said)


@router.get("/panel-cases/{number}/ratify")
async def ratify_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """Does the meeting ratify what the chair did?"""
    _, context = await read_shown(session, number, actor, now)
    return render(request, RATIFY, {"form": Form(), **context})


@router.post("/panel-cases/{number}/ratify")
async def ratify(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Record it."""
    form, body = await read_form(request, RatifyForm)
    case, context = await read_shown(session, number, actor, now)
    if body is None:
        return render(request, RATIFY, {"form": form, **context}, 422)
    is_yes = body.ratified == "yes"
    details: dict[str, Any] = {"ratified": is_yes, "reasons": body.reasons, "meeting_id": None}
    with or_again(RATIFY, form, **context):
        await ratifying.ratify(session, number, **details, actor=actor.username, at=now)
    said = "The chair's action is ratified." if is_yes else "It is not ratified. Its prescriber is told what follows."
    return redirect(request, f"/panel-cases/{case.number}", said)


@router.post("/panel-cases/{number}/decide")
async def decide(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Record it; the order goes on by itself."""
    form, body = await read_form(request, DecideForm)
    case, context = await read_shown(session, number, actor, now)
    context |= await _choices(session)
    shares = read_shares(form, [code for code, _ in context["funders"]])
    if body is None or form.errors:
        return render(request, DECIDE, {"form": form, **context}, 422)
    split = [Share(one["funder"], one["percent"]) for one in shares] if body.decision.approves else []
    with or_again(DECIDE, form, **context):
        await deciding.decide(session, number, body.as_proposal(), split, actor=actor.username, at=now)
    goes = {
        DecisionKind.DEFER: "Its prescriber is told what is missing.",
        DecisionKind.DECLINE: f"Order {case.order_number} is declined.",
    }.get(body.decision, f"Order {case.order_number} goes on.")
    return redirect(request, f"/panel-cases/{case.number}", f"{body.decision.text}. {goes}")


async def _choices(session: Session, kinds: Sequence[DecisionKind] = tuple(DecisionKind)) -> dict[str, Any]:
    funders = await page_queries.list_funders(session)
    return {"kinds": kinds, "by_chair": kinds is APPROVALS, "condition_kinds": KINDS, "funders": funders}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
