"""Requests that must not be done twice: the Idempotency-Key of the API, and the hidden `once` of a form.

The key, the answer and the act are one transaction: an answer is kept exactly when the act was. A refusal wrote
nothing, so it is not kept, and the same request may be tried again.
"""

import json
from collections.abc import Callable, Coroutine
from hashlib import sha256
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Session
from app.domain.errors import BadValue, Conflict
from app.web.clock import Now
from app.web.questions import refuse_unknown
from app.web.rooms import Declared, Room

CLAIM = text("""
    INSERT INTO idempotency_key (username, key, fingerprint, made_at) VALUES (:username, :key, :fingerprint, :now)
    ON CONFLICT DO NOTHING RETURNING key
""")
FIND = text("SELECT fingerprint, status, headers, body FROM idempotency_key WHERE username = :username AND key = :key")
KEEP = text("""
    UPDATE idempotency_key SET status = :status, headers = CAST(:headers AS jsonb), body = :body
    WHERE username = :username AND key = :key
""")
FORGET = text("DELETE FROM idempotency_key WHERE username = :username AND key = :key")
REUSED = "This Idempotency-Key was used for another request. Make a new one."
SENT_BEFORE = "This form was sent before, with other answers, and that was done. Open the form again for another one."
READ_BY_POST = frozenset({"/api/v1/clients/search"})
"""They change nothing, and what they answer is people's data, of which no copy is kept."""
KEPT_HEADERS = ("content-type", "location", "etag")


class Replay(Exception):
    """The request was done before: this is how it was answered."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__("replay")
        self.status, self.headers, self.body = status, headers, body


async def once(request: Request, session: Session, now: Now) -> None:
    """Claim the request's key, if it brings one; raise Replay when it was done before.

    A second request with the same key waits here until the first has ended. The same key with another body is
    Conflict `idempotency-key-reused`.
    """
    key = await _key(request)
    actor = getattr(request.state, "actor", None)
    if key is None or actor is None or request.url.path in READ_BY_POST:
        return
    claim = {"username": actor.username, "key": key}
    fingerprint = await _fingerprint(request)
    claimed = await session.execute(CLAIM, claim | {"fingerprint": fingerprint, "now": now})
    if claimed.one_or_none():
        request.state.claim = claim
        return
    first = (await session.execute(FIND, claim)).one()
    if first.fingerprint != fingerprint:
        raise Conflict("idempotency-key-reused", REUSED if request.url.path.startswith("/api/") else SENT_BEFORE)
    raise Replay(first.status, first.headers, first.body)


class OnceRoute(Declared):
    """A route whose answer is kept under the key that `once` claimed."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with the keeping of the answer around it but inside the transaction."""
        answer = super().get_route_handler()

        async def answer_once(request: Request) -> Response:
            response = await answer(request)
            claim = getattr(request.state, "claim", None)
            if claim:
                session: AsyncSession = request.state.session
                if response.status_code >= 400:
                    await session.execute(FORGET, claim)
                    return response
                kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
                line = {"status": response.status_code, "headers": json.dumps(kept), "body": bytes(response.body)}
                await session.execute(KEEP, claim | line)
            return response

        return answer_once


def api_router(tag: str) -> APIRouter:
    """A router for JSON routes under /api/v1."""
    dependencies = [Depends(refuse_unknown), Depends(once)]
    return Room(prefix="/api/v1", tags=[tag], route_class=OnceRoute, dependencies=dependencies)


def page_router() -> APIRouter:
    """A router for HTML pages; they are not in the OpenAPI document."""
    return Room(route_class=OnceRoute, dependencies=[Depends(once)], include_in_schema=False)


async def _key(request: Request) -> str | None:
    if request.method != "POST":
        return None
    key = request.headers.get("idempotency-key")
    if key is None and not request.url.path.startswith("/api/"):
        key = str((await request.form()).get("once") or "") or None
    if key is not None and not (1 <= len(key) <= 200 and key.isascii() and key.isprintable()):
        raise BadValue("bad-idempotency-key", "Idempotency-Key must be 1 to 200 printable ASCII characters.")
    return key


async def _fingerprint(request: Request) -> str:
    parts = (request.method, request.url.path, request.url.query)
    # A form was read as a form already; its fields are what was asked.
    if request.url.path.startswith("/api/"):
        body = await request.body()
    else:
        form = await request.form()
        body = json.dumps([[name, str(value)] for name, value in form.multi_items()]).encode()
    return sha256("\n".join(parts).encode() + b"\n" + body).hexdigest()
