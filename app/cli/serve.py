"""`stores serve`: the service, on a database that was migrated before."""

import logging
from collections.abc import Callable
from socket import socket

import uvicorn

from app.cli.reach import configure_logs, fail, read_settings
from app.main import create_app
from app.settings import Settings


class Server(uvicorn.Server):
    """Uvicorn that says something once it listens."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[int], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start, then announce the port."""
        await super().startup(sockets=sockets)
        if self.started and sockets:
            self._announce(sockets[0].getsockname()[1])


def serve() -> None:
    """Serve on STORES_HOST and STORES_PORT; needs STORES_DATABASE_URL and STORES_SECRET_KEY."""
    settings = read_settings()
    configure_logs(settings)
    run(settings, announce=lambda _: None)


def run(settings: Settings, *, announce: Callable[[int], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; requests under way are finished."""
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
        Server(config, announce).run(sockets=[listening])
