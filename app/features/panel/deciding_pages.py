"""Pages on which members declare interests and recommend, and the chair records the decision."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field

from app.db import Session
from app.domain.access import Actor as Person
from app.domain.panel import Condition, ConditionKind, DecisionKind, Proposal, find_unwanted
from app.domain.panel_funding import Share
from app.domain.panel_meeting import InterestKind
from app.domain.reasons import is_sentence
from app.features.panel import deciding, page_queries, ratifying
from app.features.panel.asking import Answered, read_answer
from app.features.panel.pages import Number, read_shown
from app.web.asked import asked, needed
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import Day, OptionalParagraph, Reason
from app.web.flash import redirect
from app.web.forms import Form, ShowAgain
from app.web.funding import read_shares
from app.web.once import page_router
from app.web.shapes import Shape
from app.web.templating import render

INTEREST, RECOMMEND, DECIDE = "panel/interest.html", "panel/recommend.html", "panel/decide.html"
RATIFY: Final = "panel/ratify.html"
APPROVALS: Final = tuple(kind for kind in DecisionKind if kind.approves)
KINDS = [kind for kind in ConditionKind if kind is not ConditionKind.OTHER]

router = page_router()


class InterestForm(Shape):
    """Why somebody cannot decide."""

    kind: InterestKind
    detail: OptionalParagraph = ""


class RecommendForm(Shape):
    """What a member recommends."""

    recommendation: DecisionKind
    reasons: Reason


class RatifyForm(Shape):
    """Whether the meeting ratifies it; if not, why."""

    ratified: Annotated[Literal["yes", "no"], asked("Choose whether the meeting ratifies it.")] = needed()
    reasons: OptionalParagraph = ""


class DecideForm(Shape):
    """A decision. `information` and `other` say one thing on each line."""

    decision: DecisionKind
    reasons: Reason
    conditions: list[ConditionKind] = Field(default_factory=list, max_length=10)
    other: OptionalParagraph = ""
    information: OptionalParagraph = ""
    alternative: OptionalParagraph = ""
    review_on: Day | None = None
    expires_on: Day | None = None
    why_against: OptionalParagraph = ""

    def as_proposal(self) -> Proposal:
        """The same as the rules take it, and all of it: what belongs to another kind of decision is refused."""
        conditions = [Condition(one) for one in self.conditions]
        conditions += [Condition(ConditionKind.OTHER, line) for line in _lines(self.other)]
        return Proposal(
            kind=self.decision,
            reasons=self.reasons,
            conditions=tuple(conditions),
            information=tuple(_lines(self.information)),
            alternative=self.alternative,
            review_on=self.review_on,
            expires_on=self.expires_on,
            why_against=self.why_against,
        )


@router.get("/panel-cases/{number}/interest")
async def interest_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """Why can you not decide this?"""
    _, context = await read_shown(session, number, actor, now)
    return render(request, INTEREST, {"form": Form(), "kinds": list(InterestKind), **context})


@router.post("/panel-cases/{number}/interest")
async def declare(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Keep it with the case."""
    offered = {"kinds": list(InterestKind)}
    answer = await read_answer(request, session, actor, now, number, InterestForm, INTEREST, **offered)
    with answer.or_again():
        details: dict[str, Any] = {"username": None, **answer.body.model_dump(), "actor": actor.username}
        await deciding.declare_interest(session, number, **details, at=now)
    said = "Your interest is kept with the case. You do not count for its quorum."
    return redirect(request, f"/panel-cases/{answer.case.number}", said)


@router.get("/panel-cases/{number}/recommend")
async def recommend_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """What do you recommend?"""
    _, context = await read_shown(session, number, actor, now)
    return render(request, RECOMMEND, {"form": Form(), "kinds": list(DecisionKind), **context})


@router.post("/panel-cases/{number}/recommend")
async def recommend(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Keep it with the case."""
    offered = {"kinds": list(DecisionKind)}
    answer = await read_answer(request, session, actor, now, number, RecommendForm, RECOMMEND, **offered)
    with answer.or_again():
        details: dict[str, Any] = {"kind": answer.body.recommendation, "reasons": answer.body.reasons}
        await deciding.recommend(session, number, **details, actor=actor.username, at=now)
    return redirect(request, f"/panel-cases/{answer.case.number}", "Your recommendation is kept with the case.")


@router.get("/panel-cases/{number}/decide")
async def decide_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """What did the panel decide?"""
    return await _ask(request, session, actor, now, number, tuple(DecisionKind))


@router.post("/panel-cases/{number}/decide")
async def decide(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Record it; the order goes on by itself."""
    answer, split = await _read_decision(request, session, actor, now, number, tuple(DecisionKind))
    shares = split if answer.body.decision.approves else []
    with answer.or_again():
        await deciding.decide(session, number, answer.body.as_proposal(), shares, actor=actor.username, at=now)
    order = answer.case.order_number
    goes = {
        DecisionKind.DEFER: "Its prescriber is told what is missing.",
        DecisionKind.DECLINE: f"Order {order} is declined.",
    }.get(answer.body.decision, f"Order {order} goes on.")
    return redirect(request, f"/panel-cases/{answer.case.number}", f"{answer.body.decision.text}. {goes}")


@router.get("/panel-cases/{number}/chair-action")
async def chair_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """What cannot wait for a meeting?"""
    return await _ask(request, session, actor, now, number, APPROVALS)


@router.post("/panel-cases/{number}/chair-action")
async def act_as_chair(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Approve it; the next meeting ratifies that or not."""
    answer, split = await _read_decision(request, session, actor, now, number, APPROVALS)
    with answer.or_again():
        await deciding.act_as_chair(session, number, answer.body.as_proposal(), split, actor=actor.username, at=now)
    said = f"{answer.body.decision.text}. Order {answer.case.order_number} goes on, and the next meeting hears of it."
    return redirect(request, f"/panel-cases/{answer.case.number}", said)


@router.get("/panel-cases/{number}/ratify")
async def ratify_form(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> HTMLResponse:
    """Does the meeting ratify what the chair did?"""
    _, context = await read_shown(session, number, actor, now)
    return render(request, RATIFY, {"form": Form(), **context})


@router.post("/panel-cases/{number}/ratify")
async def ratify(request: Request, session: Session, actor: Actor, now: Now, number: Number) -> Response:
    """Record it."""
    answer = await read_answer(request, session, actor, now, number, RatifyForm, RATIFY)
    is_yes = answer.body.ratified == "yes"
    details: dict[str, Any] = {"ratified": is_yes, "reasons": answer.body.reasons, "meeting_id": None}
    with answer.or_again():
        await ratifying.ratify(session, number, **details, actor=actor.username, at=now)
    said = "The chair's action is ratified." if is_yes else "It is not ratified. Its prescriber is told what follows."
    return redirect(request, f"/panel-cases/{answer.case.number}", said)


async def _ask(
    request: Request, session: Session, actor: Person, now: Now, number: str, kinds: Sequence[DecisionKind]
) -> HTMLResponse:
    case, context = await read_shown(session, number, actor, now)
    context |= await _choices(session, kinds, number, now)
    typed = {f"percent-{share.funder}": [f"{share.percent:g}"] for share in case.proposed_funding}
    return render(request, DECIDE, {"form": Form(typed), **context})


async def _read_decision(
    request: Request, session: Session, actor: Person, now: Now, number: str, kinds: Sequence[DecisionKind]
) -> tuple[Answered[DecideForm], list[Share]]:
    """The decision and who pays, as they were typed."""
    offered = await _choices(session, kinds, number, now)
    answer = await read_answer(request, session, actor, now, number, DecideForm, DECIDE, **offered)
    shares = read_shares(answer.form, [code for code, _ in offered["funders"]])
    if answer.body.decision is DecisionKind.DECLINE and not is_sentence(answer.body.reasons):
        answer.form.refuse("Say in a sentence or two why: six words at least. The person reads it.", "reasons")
    for refusal in find_unwanted(answer.body.as_proposal()):
        in_words = refusal.field == "conditions" and not answer.body.conditions
        answer.form.refuse(refusal.detail, "other" if in_words else refusal.field)
    if answer.form.errors:
        raise ShowAgain(DECIDE, {**answer.context, "form": answer.form})
    return answer, [Share(one["funder"], one["percent"]) for one in shares]


async def _choices(session: Session, kinds: Sequence[DecisionKind], number: str, now: Now) -> dict[str, Any]:
    funders = await page_queries.list_funders(session)
    counts = await page_queries.list_who_counts(session, number, at=now) if kinds is not APPROVALS else []
    return {
        "counts": counts,
        "kinds": kinds,
        "by_chair": kinds is APPROVALS,
        "condition_kinds": KINDS,
        "funders": funders,
    }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
