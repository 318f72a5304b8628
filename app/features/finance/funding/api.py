"""JSON routes of who pays: disputes, the split of an order, top-ups, funders and teams."""

from typing import Annotated

from fastapi import Path, Query, Response

from app.db import Session
from app.domain.dates import uk_date
from app.domain.scanning import check_tag
from app.features.finance.funding import disputes, keeping, queries, top_ups
from app.features.finance.funding.schemas import (
    DisputeBody,
    DisputeRow,
    DisputeState,
    FunderBody,
    FunderChange,
    JournalBody,
    NewDispute,
    NewFunder,
    NewSplit,
    NewTopUp,
    OrderFunding,
    Preview,
    ReasonBody,
    Settlement,
    TeamBody,
    TeamChange,
    TopUpBody,
    journal_body,
)
from app.web.auth import Actor
from app.web.clock import Now
from app.web.etags import Version, etag
from app.web.fields import After, Id, Limit
from app.web.funding import as_shares
from app.web.once import api_router
from app.web.paging import CODE, Page, number_cursor, page_of, text_cursor
from app.web.tags import Prefix

router = api_router("finance")

Number = Annotated[str, Path(max_length=20)]
NumberAsked = Annotated[str | None, Query(alias="order", max_length=20)]
CodeAsked = Annotated[str, Path(max_length=40)]


@router.get("/finance/disputes")
async def list_disputes(
    session: Session,
    actor: Actor,
    now: Now,
    state: DisputeState | None = None,
    number: NumberAsked = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[DisputeRow]:
    """Disputes about who pays, in the order in which they were opened; `state=open` has those that are overdue, too."""
    rows = await queries.list_disputes(
        session, actor=actor, state=state, number=number, today=uk_date(now), after=number_cursor(after), limit=limit
    )
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.post("/finance/disputes", status_code=201)
async def open_dispute(session: Session, actor: Actor, now: Now, body: NewDispute) -> DisputeBody:
    """It is not agreed who pays for an order: all that it is charged is in dispute until that is settled."""
    why, until, who = body.reason, body.settle_by, actor.username
    dispute_id = await disputes.open_dispute(session, body.order_number, reason=why, until=until, actor=who, at=now)
    return await queries.get_dispute(session, dispute_id, actor=actor, today=uk_date(now))


@router.get("/finance/disputes/{dispute_id}")
async def get_dispute(session: Session, actor: Actor, now: Now, dispute_id: Id) -> DisputeBody:
    """One dispute, with who pays at present."""
    return await queries.get_dispute(session, dispute_id, actor=actor, today=uk_date(now))


@router.post("/finance/disputes/{dispute_id}/preview")
async def preview(session: Session, actor: Actor, dispute_id: Id, body: Preview) -> JournalBody:
    """What settling it so would post, and what each funder would pay or get back. Nothing is written."""
    return journal_body(await disputes.preview(session, dispute_id, as_shares(body.funding)))


@router.post("/finance/disputes/{dispute_id}/settle")
async def settle(session: Session, actor: Actor, now: Now, dispute_id: Id, body: Settlement) -> JournalBody:
    """End a dispute: everything that was charged for the order is taken back and posted by this split, in one go."""
    shares = as_shares(body.funding)
    who = actor.username
    journal = await disputes.settle(session, dispute_id, shares, settlement=body.settlement, actor=who, at=now)
    return journal_body(journal)


@router.get("/finance/orders/{number}/funding")
async def get_funding(session: Session, actor: Actor, number: Number) -> OrderFunding:
    """Who pays for an order, and what stands charged to whom."""
    return await queries.get_order(session, number)


@router.put("/finance/orders/{number}/funding")
async def change_funding(session: Session, actor: Actor, now: Now, number: Number, body: NewSplit) -> OrderFunding:
    """Another split for an order that is submitted and of which nothing is charged yet."""
    shares = as_shares(body.funding)
    await disputes.change_split(session, number, shares, reason=body.reason, actor=actor.username, at=now)
    return await queries.get_order(session, number)


@router.get("/finance/top-ups")
async def list_top_ups(
    session: Session, actor: Actor, number: NumberAsked = None, limit: Limit = 50, after: After = None
) -> Page[TopUpBody]:
    """What persons added of their own wish, in the order in which it was recorded."""
    rows = await queries.list_top_ups(session, number=number, after=number_cursor(after), limit=limit)
    return page_of(rows, limit=limit, cursor=lambda row: row.id)


@router.post("/finance/top-ups", status_code=201)
async def add_top_up(session: Session, actor: Actor, now: Now, prefix: Prefix, body: NewTopUp) -> TopUpBody:
    """A person adds to what an item of an order was charged at: never more than it is dearer than what would meet the
    need free of charge."""
    barcode = check_tag(body.barcode, prefix=prefix)
    top_up_id = await top_ups.add_top_up(session, body, barcode=barcode, actor=actor.username, at=now)
    return await queries.get_top_up(session, top_up_id)


@router.post("/finance/top-ups/{top_up_id}/withdraw")
async def withdraw_top_up(session: Session, actor: Actor, now: Now, top_up_id: Id, body: ReasonBody) -> TopUpBody:
    """Take a top-up back: the person pays nothing."""
    await top_ups.withdraw_top_up(session, top_up_id, reason=body.reason, actor=actor.username, at=now)
    return await queries.get_top_up(session, top_up_id)


@router.get("/finance/funders")
async def list_funders(session: Session, actor: Actor, limit: Limit = 50, after: After = None) -> Page[FunderBody]:
    """Who pays, by code."""
    rows = await queries.list_funders(session, after=text_cursor(after, CODE), limit=limit)
    return page_of(rows, limit=limit, cursor=lambda row: row.code)


@router.post("/finance/funders", status_code=201)
async def add_funder(session: Session, actor: Actor, now: Now, response: Response, body: NewFunder) -> FunderBody:
    """Add a funder. It is never deleted."""
    await keeping.add_funder(session, body, actor=actor.username, at=now)
    return await _funder(session, response, body.code)


@router.get("/finance/funders/{code}")
async def get_funder(session: Session, actor: Actor, response: Response, code: CodeAsked) -> FunderBody:
    """One funder; the ETag is wanted by PATCH."""
    return await _funder(session, response, code)


@router.patch("/finance/funders/{code}")
async def change_funder(
    session: Session, actor: Actor, now: Now, response: Response, code: CodeAsked, version: Version, body: FunderChange
) -> FunderBody:
    """Change what the body names of a funder."""
    await keeping.change_funder(session, code, body, version=version, actor=actor.username, at=now)
    return await _funder(session, response, code)


@router.get("/finance/teams")
async def list_teams(session: Session, actor: Actor, limit: Limit = 50, after: After = None) -> Page[TeamBody]:
    """Teams by code, with who pays for what they hand out over the counter."""
    rows = await queries.list_teams(session, after=text_cursor(after, CODE), limit=limit)
    return page_of(rows, limit=limit, cursor=lambda row: row.code)


@router.get("/finance/teams/{code}")
async def get_team(session: Session, actor: Actor, response: Response, code: CodeAsked) -> TeamBody:
    """One team; the ETag is wanted by PATCH."""
    return await _team(session, response, code)


@router.patch("/finance/teams/{code}")
async def change_team(
    session: Session, actor: Actor, now: Now, response: Response, code: CodeAsked, version: Version, body: TeamChange
) -> TeamBody:
    """Change who pays for what a team hands out over the counter, and where that is booked."""
    await keeping.change_team(session, code, body, version=version, actor=actor.username, at=now)
    return await _team(session, response, code)


async def _funder(session: Session, response: Response, code: str) -> FunderBody:
    funder = await queries.get_funder(session, code)
    response.headers["ETag"] = etag(funder.version)
    return funder


async def _team(session: Session, response: Response, code: str) -> TeamBody:
    team = await queries.get_team(session, code)
    response.headers["ETag"] = etag(team.version)
    return team
