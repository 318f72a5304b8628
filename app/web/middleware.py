"""What every answer passes through: request ids, security headers, the body limit, one log line and the metrics."""

import re
import time
import uuid
from contextlib import suppress
from typing import Final

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.replica import as_at_header
from app.settings import Settings
from app.uploads import MOST_BYTES
from app.web.flash import FLASH_COOKIE, read_flash
from app.web.problems import problem
from app.web.security import CONTENT_SECURITY_POLICY

log = structlog.get_logger()

REQUESTS = Counter("stores_requests_total", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram("stores_request_seconds", "Seconds to answer a request", ["route"])

HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=()",
}

# Files of people's may be larger than any other body; `uploads.py` looks at each.
TAKES_FILES = re.compile(r"/safety-notices/[0-9]+/pictures|(/api/v1)?/panel-cases/[^/]+/attachments")
LARGEST_FILE = MOST_BYTES + 100_000


class BodyTooLarge(Exception):
    """The body went past the limit while it was read."""


class Edge:
    """Pure ASGI, so that the scan desk's bursts do not pay for tasks and streams."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        visit = _Visit(self.settings, scope, receive, send)
        if visit.is_announced_too_large():
            await visit.refuse_body()
            return
        try:
            with suppress(BodyTooLarge):
                await self.app(scope, visit.receive, visit.send)
            if visit.is_too_large:
                await visit.refuse_body()
        finally:
            visit.close()


class _Visit:
    def __init__(self, settings: Settings, scope: Scope, receive: Receive, send: Send) -> None:
        self.settings, self.scope = settings, scope
        self._receive, self._send = receive, send
        self.headers = Headers(scope=scope)
        self.began = time.perf_counter()
        self.taken, self.status, self.started, self.is_too_large = 0, 500, False, False
        cookie = cookie_parser(self.headers.get("cookie", "")).get(FLASH_COOKIE)
        self.has_flash = cookie is not None
        takes_files = TAKES_FILES.fullmatch(scope["path"]) is not None
        self.most = max(settings.max_body_bytes, LARGEST_FILE) if takes_files else settings.max_body_bytes
        state = scope.setdefault("state", {})
        state["request_id"] = uuid.uuid4().hex
        state["flash"] = read_flash(settings, cookie)

    def is_announced_too_large(self) -> bool:
        length = self.headers.get("content-length", "")
        return length.isdigit() and int(length) > self.most

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self.taken += len(message.get("body", b""))
            if self.taken > self.most:
                self.is_too_large = True
                raise BodyTooLarge
        return message

    async def send(self, message: Message) -> None:
        if self.is_too_large and not self.started:
            # FastAPI takes the exception for a body that it cannot parse and answers so; `refuse_body` says it right.
            return
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            self._dress(MutableHeaders(raw=message["headers"]))
        await self._send(message)

    def _dress(self, headers: MutableHeaders) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers["X-Request-Id"] = self.scope["state"]["request_id"]
        if reading := self.scope["state"].get("reading"):
            headers["X-Data-As-At"] = as_at_header(reading.as_at)
        if not self.scope["path"].startswith("/static/"):
            headers.setdefault("Cache-Control", "no-store")
        if self.has_flash and self.status == 200 and headers.get("content-type", "").startswith("text/html"):
            headers.append("Set-Cookie", f"{FLASH_COOKIE}=; Max-Age=0; Path=/; HttpOnly; SameSite=lax")

    async def refuse_body(self) -> None:
        if self.started:
            return
        self.is_too_large = False
        detail = f"The body is larger than {self.most:,} bytes. Send it in parts."
        answer = problem(Request(self.scope), 413, "too-large", detail, headers={"Connection": "close"})
        await answer(self.scope, self._receive, self.send)

    def close(self) -> None:
        seconds = time.perf_counter() - self.began
        route = getattr(self.scope.get("route"), "path", "none")
        REQUESTS.labels(self.scope["method"], route, self.status).inc()
        SECONDS.labels(route).observe(seconds)
        actor = self.scope["state"].get("actor")
        log.info(
            "request",
            request_id=self.scope["state"]["request_id"],
            method=self.scope["method"],
            route=route,
            status=self.status,
            ms=round(seconds * 1000, 1),
            actor=actor.username if actor else None,
        )
