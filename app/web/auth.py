"""Who is asking, and may they: run before every route. Signing in and out is `features/accounts`."""

import hmac
from datetime import datetime
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain import access
from app.domain.access import Role, StoreRef
from app.domain.dates import uk_date
from app.domain.errors import NotAllowed
from app.settings import Settings
from app.web.clock import Now
from app.web.permissions import PERMISSIONS, Anybody
from app.web.who import who_can

SESSION_COOKIE = "stores_session"
VISIT_COOKIE = "stores_visit"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

WHO = text("""
    SELECT account.id, account.username, account.name,
           ARRAY(SELECT role FROM account_role WHERE account_id = account.id ORDER BY role) AS roles,
           (SELECT jsonb_agg(jsonb_build_object('id', store.id, 'code', store.code, 'name', store.name)
                             ORDER BY store.id)
            FROM account_store JOIN store ON store.id = account_store.store_id
            WHERE account_store.account_id = account.id) AS stores
    FROM sign_in JOIN account ON account.id = sign_in.account_id
    WHERE sign_in.secret_hash = :secret_hash AND sign_in.ended_at IS NULL AND sign_in.expires_at > :now
      AND account.is_active
""")


class NotSignedIn(Exception):
    """Nobody is signed in, or the sign-in has ended."""


def secret_hash(secret: str) -> str:
    """What is kept of a sign-in's secret: its SHA-256. The secret has 256 random bits, so no salt is needed."""
    return sha256(secret.encode()).hexdigest()


def csrf_token(settings: Settings, bound_to: str) -> str:
    """The token that a form must bring back; bound to the sign-in (or, before it, to the visit)."""
    return sign(settings, f"csrf:{bound_to}")


def sign(settings: Settings, words: str) -> str:
    """HMAC-SHA-256 of the words under the service's secret key, in hex."""
    return hmac.digest(_secret(settings).encode(), words.encode(), "sha256").hex()


def secret_of(request: Request) -> str:
    """The service's secret key."""
    return _secret(request.app.state.settings)


def _secret(settings: Settings) -> str:
    if settings.secret_key is None:
        raise RuntimeError("create_app refuses to start without a secret key")
    return settings.secret_key.get_secret_value()


async def authorise(request: Request, session: Session, now: Now) -> None:
    """Let the request through, or raise NotSignedIn or NotAllowed. Deny by default: no line in the table, no entry."""
    request.state.actor = None
    needed = PERMISSIONS.get(_route_key(request))
    if isinstance(needed, Anybody):
        return
    secret, by_cookie = _credentials(request)
    hashed = secret_hash(secret) if secret else None
    actor = await _find_actor(session, hashed, now=now) if hashed else None
    if actor is None or hashed is None:
        raise NotSignedIn
    request.state.actor = actor
    request.state.secret_hash = hashed
    request.state.csrf_token = csrf_token(request.app.state.settings, hashed)
    if needed is None or not actor.may(needed):
        raise NotAllowed("not-allowed", await _refusal(session, actor, needed, now=now))
    if by_cookie and request.method not in SAFE_METHODS:
        await check_csrf(request, request.state.csrf_token)


async def check_csrf(request: Request, expected: str) -> None:
    """Raise NotAllowed `csrf-failed` unless the request comes from our own page and brings its token."""
    foreign = request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}
    given = request.headers.get("x-csrf-token") or str((await request.form()).get("csrf_token", ""))
    if foreign or not hmac.compare_digest(given.encode(), expected.encode()):
        raise NotAllowed("csrf-failed", "This form is too old or did not come from this service. Load the page again.")


async def get_actor(request: Request) -> access.Actor:
    """The signed-in person of this request."""
    actor: access.Actor | None = request.state.actor
    if actor is None:
        raise NotSignedIn
    return actor


Actor = Annotated[access.Actor, Depends(get_actor)]


async def is_public() -> None:
    """Marks a route that has no actor; `authorise` reads the permission table, this is for the reader."""


Public = Annotated[None, Depends(is_public)]


def actor_from(row_id: int, username: str, name: str, roles: list[str], stores: list[dict[str, str]]) -> access.Actor:
    """An actor from the columns of `WHO`."""
    places = tuple(StoreRef(int(store["id"]), store["code"], store["name"]) for store in stores)
    return access.Actor(row_id, username, name, frozenset(Role(role) for role in roles), places)


async def _find_actor(session: AsyncSession, hashed: str, *, now: datetime) -> access.Actor | None:
    row = (await session.execute(WHO, {"secret_hash": hashed, "now": now})).one_or_none()
    return actor_from(row.id, row.username, row.name, row.roles, row.stores or []) if row else None


def _route_key(request: Request) -> str:
    method = "GET" if request.method == "HEAD" else request.method
    return f"{method} {request.scope['route'].path}"


def _credentials(request: Request) -> tuple[str | None, bool]:
    """The sign-in's secret and whether a browser sent it by itself (a cookie), which is what forgery lives on."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip(), False
    return request.cookies.get(SESSION_COOKIE), True


async def _refusal(
    session: AsyncSession, actor: access.Actor, needed: access.Permission | None, *, now: datetime
) -> str:
    if needed is None:
        return "Nobody may do this yet: the route has no permission in the table."
    mine = ", ".join(sorted(role.text.lower() for role in actor.roles)) or "no role"
    return f"Your role ({mine}) does not allow this. {await who_can(session, needed, today=uk_date(now))}"
