"""JSON routes of loans and trials."""

from datetime import date
from typing import Annotated

from fastapi import Query

from app import audit
from app.db import Session
from app.domain.loans import LoanKind
from app.domain.scanning import check_tag
from app.features.loans import answering, queries, service, trials
from app.features.loans.counter import Said
from app.features.loans.schemas import AnswersBody, LoanBody, NewLoan, TrialOutcomeBody
from app.web.answers import answers_of
from app.web.auth import Actor
from app.web.clock import Now
from app.web.fields import After, Id, Limit
from app.web.look_ahead import Ahead
from app.web.old_equipment import by_tag
from app.web.once import api_router
from app.web.paging import Page, number_cursor, page_of
from app.web.tags import Prefix

router = api_router("loans")


@router.post("/loans", status_code=201)
async def issue(session: Session, actor: Actor, now: Now, ahead: Ahead, prefix: Prefix, body: NewLoan) -> LoanBody:
    """Hand an item to a client over the counter, on loan or on trial.

    409 `examination-due-soon` until somebody who may decide it says why (`due_soon_reason`). 422
    `answer-the-warnings` lists what is warned of, as with an order, until each has its answer in `answers`. Without
    `answers` a weight or a load that nobody knows is not asked about, unless this item carries less than its product;
    the warning waits with the loan for its answer (`POST /loans/{loan_id}/answers`). 422 `unknown-funder` says the
    codes of the funders there are.
    """
    loan_id = await service.issue(
        session,
        check_tag(body.barcode, prefix=prefix),
        client_ref=body.client_ref,
        kind=body.kind,
        trial_ends_on=body.trial_ends_on,
        trial_goals=body.trial_goals,
        said=Said(by_tag(body.supersedes, prefix=prefix), answers_of(body), body.funder),
        actor=actor.username,
        at=now,
        ahead=ahead.said(body.due_soon_reason, actor),
    )
    return await queries.get_loan(session, loan_id)


@router.get("/loans")
async def list_loans(
    session: Session,
    actor: Actor,
    now: Now,
    client_ref: Annotated[str | None, Query(max_length=40)] = None,
    kind: LoanKind | None = None,
    due_before: date | None = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[LoanBody]:
    """Loans and trials, oldest first. `due_before`: trials that end before that day. The reading is logged."""
    rows = await queries.list_loans(
        session,
        client_ref=client_ref,
        kind=kind,
        due_before=due_before,
        is_open=is_open,
        after=number_cursor(after),
        limit=limit,
    )
    subject = f"client:{client_ref}" if client_ref else "loans"
    await audit.record(session, "loans_listed", subject, actor=actor.username, at=now, found=len(rows))
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.post("/loans/{loan_id}/answers")
async def answer_warnings(session: Session, actor: Actor, now: Now, loan_id: Id, body: AnswersBody) -> LoanBody:
    """Answer warnings that a short form left out, whatever has become of the loan since."""
    await answering.answer(session, loan_id, body.answers, actor=actor.username, at=now)
    return await queries.get_loan(session, loan_id)


@router.post("/loans/{loan_id}/trial-outcome")
async def decide_trial(session: Session, actor: Actor, now: Now, loan_id: Id, body: TrialOutcomeBody) -> LoanBody:
    """Keep what was tried, have it collected (`collection_number` says by which), or go on until another day.

    422 `answer-the-warnings` lists what is warned of where it is kept, as at the counter, or where it goes on although
    it carries less than the client weighs, until each has its answer in `answers`. Without `answers` only dangers are
    asked about; the others wait with the loan for their answers.
    """
    await trials.decide_trial(
        session,
        loan_id,
        body.outcome,
        tried=body.tried,
        until=body.until,
        answers=answers_of(body),
        actor=actor.username,
        at=now,
    )
    return await queries.get_loan(session, loan_id)
