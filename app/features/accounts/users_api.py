"""JSON routes of everybody's accounts, for administrators."""

from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AfterValidator

from app.db import Session
from app.domain.access import Role
from app.features.accounts import people, queries
from app.features.accounts.schemas import AddedUser, NewPassword, NewUser, UserBody, UserChange
from app.features.accounts.shown_once import ShownOnceRoute
from app.web.auth import Actor
from app.web.clock import Now
from app.web.etags import Version, etag
from app.web.fields import After, Limit, without_controls
from app.web.once import api_router
from app.web.paging import Page, page_of, text_cursor

router = api_router("accounts")
router.route_class = ShownOnceRoute

Username = Annotated[str, AfterValidator(without_controls)]
Words = Annotated[str, Query(max_length=100), AfterValidator(without_controls)]


@router.get("/users")
async def list_users(
    session: Session,
    actor: Actor,
    now: Now,
    q: Words = "",
    role: Role | None = None,
    is_active: bool | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[UserBody]:
    """Accounts by username, the closed ones too. `q`: part of a name or of a username."""
    place = text_cursor(after, people.USERNAME)
    rows = await queries.list_people(
        session, now=now, q=q, role=role, is_active=is_active, after=place, limit=limit + 1
    )
    return page_of([_body(row) for row in rows], limit=limit, cursor=lambda row: row.username)


@router.post("/users", status_code=201)
async def add_user(
    request: Request, session: Session, actor: Actor, now: Now, response: Response, body: NewUser
) -> AddedUser:
    """Add a person. Their password is made up and answered this once."""
    password = await people.add_user(
        session,
        body.username,
        name=body.name,
        email=body.email,
        roles=body.roles,
        stores=body.stores,
        actor=actor.username,
        at=now,
    )
    row = await queries.get_person(session, body.username, now=now)
    headers = {"ETag": etag(row.version)}
    response.headers.update(headers)
    added = AddedUser(**_body(row).model_dump(), password=password)
    request.state.shown_once = JSONResponse(added.model_dump(mode="json"), 201, headers)
    return added.model_copy(update={"password": None})


@router.get("/users/{username}")
async def get_user(session: Session, actor: Actor, now: Now, response: Response, username: Username) -> UserBody:
    """One account; its ETag is wanted by PATCH."""
    return await _shown(session, now, response, username)


@router.patch("/users/{username}")
async def change_user(
    session: Session,
    actor: Actor,
    now: Now,
    response: Response,
    username: Username,
    version: Version,
    body: UserChange,
) -> UserBody:
    """Change what the body names; the rest stays. Closing an account ends its sign-ins."""
    await people.change_account(session, username, body, version=version, actor=actor.username, at=now)
    return await _shown(session, now, response, username)


@router.post("/users/{username}/password")
async def set_password(request: Request, session: Session, actor: Actor, now: Now, username: Username) -> NewPassword:
    """Give somebody a password that is made up and answered this once, and end their sign-ins."""
    password = await people.set_password(session, username, actor=actor.username, at=now)
    given = NewPassword(username=username, password=password)
    request.state.shown_once = JSONResponse(given.model_dump(mode="json"))
    return given.model_copy(update={"password": None})


async def _shown(session: Session, now: Now, response: Response, username: str) -> UserBody:
    row = await queries.get_person(session, username, now=now)
    response.headers["ETag"] = etag(row.version)
    return _body(row)


def _body(row: queries.PersonRow) -> UserBody:
    return UserBody.model_validate(row, from_attributes=True)
