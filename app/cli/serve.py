"""`stores serve`: the service, on a database that was migrated before."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from socket import socket

import uvicorn

from app.cli.reach import configure_logs, fail, read_settings
from app.main import create_app
from app.settings import Settings

Beside = Callable[[asyncio.Event], Awaitable[None]]
"""What runs beside the server until the event is set."""

PARTING_SECONDS = 10


class Server(uvicorn.Server):
    """Uvicorn that says something once it listens, and may have something running beside it."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[int], None], beside: Beside | None = None) -> None:
        super().__init__(config)
        self._announce, self._beside = announce, beside
        self._stop_beside = asyncio.Event()
        self._running: asyncio.Future[None] | None = None

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start, then announce the port."""
        await super().startup(sockets=sockets)
        if self.started and sockets:
            if self._beside:
                self._running = asyncio.ensure_future(self._beside(self._stop_beside))
            self._announce(sockets[0].getsockname()[1])

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Finish what is under way, here and beside, then stop."""
        self._stop_beside.set()
        await super().shutdown(sockets=sockets)
        if self._running:
            await asyncio.wait([self._running], timeout=PARTING_SECONDS)
            self._running.cancel()


def serve() -> None:
    """Serve on STORES_HOST and STORES_PORT; needs STORES_DATABASE_URL and STORES_SECRET_KEY."""
    settings = read_settings()
    configure_logs(settings)
    run(settings, announce=lambda _: None)


def run(settings: Settings, *, announce: Callable[[int], None], beside: Beside | None = None) -> None:
    """Serve until Ctrl-C or SIGTERM; requests under way are finished, and what runs `beside` is stopped."""
    try:
        app = create_app(settings)
    except ValueError as error:
        raise fail(str(error)) from error
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level=logging.WARNING,
        access_log=False,
        timeout_graceful_shutdown=10,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        server_header=False,
    )
    with config.bind_socket() as listening:
        Server(config, announce, beside).run(sockets=[listening])
