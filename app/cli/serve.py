"""`stores serve`: the service, on a database that was migrated before."""

import asyncio
import gc
import logging
import multiprocessing
import os
import signal
from collections.abc import Awaitable, Callable
from socket import socket
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any

import structlog
import typer
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from app.cli import begin_to_tidy
from app.cli.reach import configure_logs, fail, read_settings
from app.later import Later
from app.settings import Settings, check_settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from app import main as service
else:
    service = Later("app.main")  # The process that only watches over several others has no use for it.

log = structlog.get_logger()

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


class Several(Multiprocess):
    """Uvicorn's processes, of which one that ended is replaced at once.

    It is not asked whether they hang, as Uvicorn does: on a busy machine one that still imports looks just like that,
    and is killed again and again. Who runs the service asks /livez.
    """

    def keep_subprocess_alive(self) -> None:
        """Put another in the place of each that ended; one that cannot even start ends all."""
        for place, process in enumerate(self.processes):
            if self.should_exit.is_set() or process.process.is_alive():
                continue
            if process.exitcode == STARTUP_FAILURE:
                log.error("process_did_not_start")
                self.should_exit.set()
                return
            log.warning("process_replaced", exit_code=process.exitcode)
            self.processes[place] = Process(self.config, self.sockets)
            self.processes[place].start()


def serve(
    workers: Annotated[int, typer.Option(min=1, max=64, help="How many processes share the port; one a core.")] = 1,
) -> None:
    """Serve on STORES_HOST and STORES_PORT; needs STORES_DATABASE_URL and STORES_SECRET_KEY."""
    settings = read_settings()
    configure_logs(settings)
    if workers == 1:
        return run(settings, announce=lambda _: None)
    return run_several(settings, workers)


def run_several(settings: Settings, workers: int) -> None:
    """Serve with several processes; one that dies is replaced. What they count is added up for /metrics."""
    try:
        check_settings(settings)
    except ValueError as error:
        raise fail(str(error)) from error
    with TemporaryDirectory(prefix="stores-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # Read by the processes, when they begin to count.
        config = _config(settings, "app.cli.serve:made", factory=True, workers=workers)
        with config.bind_socket() as listening:
            Several(config, [listening]).run()


def made() -> "FastAPI":
    """The service of one of several processes, which ends when what started it is gone."""
    Thread(target=end_with_parent, daemon=True).start()
    settings = read_settings()
    configure_logs(settings)
    return make(settings)


def make(settings: Settings) -> "FastAPI":
    """The service, imported and made without a look for rubbish; what is there by then is kept. Raises ValueError."""
    gc.disable()
    app = service.create_app(settings)
    begin_to_tidy()
    return app


def end_with_parent() -> None:
    """Wait until the process that started this one is gone, however it ended; then finish what is under way."""
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def run(settings: Settings, *, announce: Callable[[int], None], beside: Beside | None = None) -> None:
    """Serve until Ctrl-C or SIGTERM; requests under way are finished, and what runs `beside` is stopped."""
    try:
        app = make(settings)
    except ValueError as error:
        raise fail(str(error)) from error
    config = _config(settings, app)
    with config.bind_socket() as listening:
        Server(config, announce, beside).run(sockets=[listening])


def _config(settings: Settings, app: "FastAPI | str", **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level=logging.WARNING,
        access_log=False,
        timeout_graceful_shutdown=PARTING_SECONDS,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        server_header=False,
        **more,
    )
