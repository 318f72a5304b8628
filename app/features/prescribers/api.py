"""JSON routes of prescribers, their teams and delegations, and funders."""

from typing import Annotated

from fastapi import Header, Query, Response
from pydantic import AfterValidator

from app.db import Session
from app.domain.access import Permission
from app.domain.dates import uk_date
from app.domain.errors import BadValue
from app.features.prescribers import lending, queries, service
from app.features.prescribers.schemas import (
    DelegationBody,
    NamedBody,
    NewDelegation,
    NewTeam,
    PrescriberBody,
    PrescriberDetails,
)
from app.web.auth import Actor
from app.web.clock import Now
from app.web.etags import etag, wanted_version
from app.web.fields import After, Id, Limit, without_controls
from app.web.once import api_router
from app.web.paging import CODE, Page, number_cursor, page_of, text_cursor

router = api_router("prescribers")

Username = Annotated[str, AfterValidator(without_controls)]
UsernameAsked = Annotated[str | None, Query(max_length=100)]
TeamAsked = Annotated[str | None, Query(max_length=40)]


@router.get("/prescribers")
async def list_prescribers(
    session: Session, actor: Actor, now: Now, team: TeamAsked = None, limit: Limit = 50, after: After = None
) -> Page[PrescriberBody]:
    """Prescribers by team and username."""
    rows = await queries.list_prescribers(
        session, today=uk_date(now), team=team, after=place_after(after), limit=limit + 1
    )
    return page_of([_body(row) for row in rows], limit=limit, cursor=lambda row: f"{row.team}/{row.username}")


@router.get("/prescribers/{username}")
async def get_prescriber(
    session: Session, actor: Actor, now: Now, response: Response, username: Username
) -> PrescriberBody:
    """One prescriber; the ETag is wanted by PUT."""
    return await _shown(session, now, response, username)


@router.put("/prescribers/{username}", responses={201: {"model": PrescriberBody}})
async def put_prescriber(
    session: Session,
    actor: Actor,
    now: Now,
    response: Response,
    username: Username,
    body: PrescriberDetails,
    if_match: Annotated[str | None, Header()] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> PrescriberBody:
    """Replace what a prescriber may order alone (If-Match), or set an account up as one (`If-None-Match: *`)."""
    if if_match is None and (if_none_match or "").strip() == "*":
        await service.set_up_prescriber(session, username, body, actor=actor.username, at=now)
        response.status_code = 201
    else:
        version = await wanted_version(if_match)
        await service.change_prescriber(session, username, body, version=version, actor=actor.username, at=now)
    return await _shown(session, now, response, username)


@router.get("/delegations")
async def list_delegations(
    session: Session,
    actor: Actor,
    now: Now,
    username: UsernameAsked = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[DelegationBody]:
    """Delegations in the order they were made, from or to `username`. The manager sees all, others their own.

    `open`: in force or planned.
    """
    rows = await queries.list_delegations(
        session,
        today=uk_date(now),
        username=username,
        seen_by=None if actor.may(Permission.KEEP_PRESCRIBERS) else actor.username,
        is_open=is_open,
        after=number_cursor(after),
        limit=limit + 1,
    )
    return page_of([_delegation(row) for row in rows], limit=limit, cursor=lambda row: row.id)


@router.post("/delegations", status_code=201)
async def lend_authority(session: Session, actor: Actor, now: Now, body: NewDelegation) -> DelegationBody:
    """Lend one's authority to somebody, or, as the manager, somebody else's."""
    delegation_id = await lending.lend_authority(session, body, actor=actor, at=now)
    return _delegation(await queries.get_delegation(session, delegation_id, today=uk_date(now)))


@router.delete("/delegations/{delegation_id}", status_code=204)
async def end_lending(session: Session, actor: Actor, now: Now, delegation_id: Id) -> Response:
    """End a delegation at once, before its last day. It stays on record."""
    await lending.end_lending(session, delegation_id, actor=actor, at=now)
    return Response(status_code=204)


@router.get("/teams")
async def list_teams(session: Session, actor: Actor, limit: Limit = 50, after: After = None) -> Page[NamedBody]:
    """Teams by code."""
    rows = await queries.list_teams(session, after=text_cursor(after, CODE), limit=limit + 1)
    return page_of([_named(row) for row in rows], limit=limit, cursor=lambda row: row.code)


@router.post("/teams", status_code=201)
async def add_team(session: Session, actor: Actor, now: Now, body: NewTeam) -> NamedBody:
    """Add a team that prescribers order from."""
    await service.add_team(session, body.code, name=body.name, actor=actor.username, at=now)
    return NamedBody(code=body.code, name=body.name)


@router.get("/funders")
async def list_funders(session: Session, actor: Actor, limit: Limit = 50, after: After = None) -> Page[NamedBody]:
    """Who pays for orders, by code."""
    rows = await queries.list_funders(session, after=text_cursor(after, CODE), limit=limit + 1)
    return page_of([_named(row) for row in rows], limit=limit, cursor=lambda row: row.code)


def place_after(after: str | None) -> tuple[str, str]:
    """The team and username that a page ended with. Raises BadValue `bad-cursor`."""
    team, slash, username = (after or "/").partition("/")
    if not slash:
        raise BadValue("bad-cursor", "`after` must be the `next` of the page before.", field="after")
    return team, username


async def _shown(session: Session, now: Now, response: Response, username: str) -> PrescriberBody:
    row = await queries.get_prescriber(session, username, today=uk_date(now))
    response.headers["ETag"] = etag(row.version)
    return _body(row)


def _body(row: queries.PrescriberRow) -> PrescriberBody:
    return PrescriberBody.model_validate(row, from_attributes=True)


def _delegation(row: queries.DelegationRow) -> DelegationBody:
    return DelegationBody.model_validate(row, from_attributes=True)


def _named(row: object) -> NamedBody:
    return NamedBody.model_validate(row, from_attributes=True)
