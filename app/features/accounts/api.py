"""JSON routes to sign in, and about oneself."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.security import OAuth2PasswordRequestForm

from app.db import Session
from app.features.accounts import queries, service
from app.models import SignInKind
from app.settings import Settings
from app.web.auth import Actor, Public
from app.web.clock import Now
from app.web.fields import Id
from app.web.once import api_router
from app.web.problems import problem
from app.web.shapes import Shape
from app.web.visits import address_of

router = api_router("accounts")


class Token(Shape):
    """A bearer token; `expires_in` counts seconds."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - the name of the scheme, not a secret
    expires_in: int


class Me(Shape):
    """Who is signed in."""

    username: str
    name: str
    roles: list[str]
    stores: list[str]


class OpenSignIn(Shape):
    """One open sign-in of one's own."""

    id: int
    kind: str
    device: str
    started_at: datetime
    expires_at: datetime
    is_this: bool


class StoreBody(Shape):
    """A place that keeps equipment."""

    code: str
    name: str


@router.post("/token", response_model=Token)
async def token(
    request: Request, session: Session, now: Now, form: Annotated[OAuth2PasswordRequestForm, Depends()], _: Public
) -> Response | Token:
    """Sign in with username and password (OAuth2 password form) for a bearer token."""
    settings: Settings = request.app.state.settings
    opened = await service.sign_in(
        session,
        form.username,
        form.password,
        kind=SignInKind.API,
        device=request.headers.get("user-agent", ""),
        address=address_of(request),
        hours=settings.session_hours,
        at=now,
    )
    if opened is None:
        return problem(request, 401, "wrong-sign-in", "Username and password do not go together.")
    return Token(access_token=opened.secret, expires_in=int((opened.expires_at - now).total_seconds()))


@router.get("/me")
async def me(actor: Actor) -> Me:
    """Who is signed in, with their roles and stores."""
    return Me(
        username=actor.username,
        name=actor.name,
        roles=sorted(role.value for role in actor.roles),
        stores=[store.code for store in actor.stores],
    )


@router.get("/sign-ins")
async def sign_ins(request: Request, session: Session, actor: Actor, now: Now) -> list[OpenSignIn]:
    """One's own open sign-ins, newest first."""
    rows = await queries.list_sign_ins(session, actor.id, this=request.state.secret_hash, now=now)
    return [OpenSignIn.model_validate(row, from_attributes=True) for row in rows]


@router.delete("/sign-ins/{sign_in_id}", status_code=204)
async def end_sign_in(session: Session, actor: Actor, now: Now, sign_in_id: Id) -> Response:
    """End one of one's own sign-ins."""
    await service.end_own_sign_in(session, sign_in_id, account_id=actor.id, actor=actor.username, at=now)
    return Response(status_code=204)


@router.get("/stores")
async def stores(session: Session, actor: Actor) -> list[StoreBody]:
    """Every store by code."""
    return [StoreBody(code=store.code, name=store.name) for store in await queries.list_stores(session)]
