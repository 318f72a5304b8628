"""The real service as a process of its own: started, signed in to, looked at, stopped."""

import asyncio
import compileall
import json
import os
import re
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import httpx

import app
from app.cli.bench.serving import COUNTED
from app.cli.reach import fail

SECRET: Final = "only to measure with, in a database that is thrown away"  # noqa: S105 - it protects nothing
READY_TRIES: Final = 3000
LONGEST_LINE: Final = 1 << 28
SESSION: Final = re.compile(r"stores_session=([^;]+)")
TOKEN_OF_FORM: Final = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(slots=True)
class Service:
    """Where it listens, and who has signed in: a bearer token for the API, a cookie for the pages.

    `started_in`: the seconds from its first instruction until it was ready; `started_with`: those of processors.
    """

    port: int
    pid: int
    started_in: float = 0.0
    started_with: float = 0.0
    tokens: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """As a client wants it."""
        return f"http://127.0.0.1:{self.port}"

    def memory(self) -> int:
        """The resident bytes of it and of its workers."""
        return sum(_resident(pid) for pid in [self.pid, *_children(self.pid)])

    def cpu(self) -> float:
        """The seconds of processors that it and its workers have used."""
        return sum(cpu_of(pid) for pid in [self.pid, *_children(self.pid)])

    async def sign_in(self, username: str, password: str) -> None:
        """As an application does, and as a browser does."""
        if username in self.tokens:
            return
        async with httpx.AsyncClient(base_url=self.address, timeout=60) as client:
            asked = {"username": username, "password": password}
            told = (await client.post("/api/v1/token", data=asked)).raise_for_status()
            self.tokens[username] = told.json()["access_token"]
            form = await client.get("/sign-in")
            visit = form.headers["set-cookie"].split(";", 1)[0]
            found = TOKEN_OF_FORM.search(form.text)
            asked |= {"csrf_token": found[1] if found else "", "next": "/"}
            answer = await client.post("/sign-in", data=asked, headers={"Cookie": visit})
            opened = SESSION.search(", ".join(answer.headers.get_list("set-cookie")))
            if opened is None:
                raise fail(f"{username} could not sign in: {answer.status_code}.")
            self.cookies[username] = opened[1]

    async def statements(self) -> int:
        """How many it has sent so far, where it counts them."""
        async with httpx.AsyncClient(base_url=self.address) as client:
            told: dict[str, int] = (await client.get(COUNTED)).raise_for_status().json()
            return told["statements"]


@asynccontextmanager
async def served(url: str, *, workers: int = 1, is_counting: bool = False) -> AsyncIterator[Service]:
    """`stores serve` on this database, with the settings of production, until the block ends: as an operator starts it.
    The one that counts is the same service, which is told to count."""
    with tempfile.TemporaryDirectory(prefix="stores-bench-") as folder:
        port = _free_port()
        settings = {
            "STORES_DATABASE_URL": url,
            "STORES_SECRET_KEY": SECRET,
            "STORES_LOG_FORMAT": "json",
            "STORES_HOST": "127.0.0.1",
            "STORES_PORT": str(port),
        }
        own = {name: value for name, value in os.environ.items() if not name.startswith("STORES_")}
        said = Path(folder) / "log"
        with said.open("wb") as log:
            began = perf_counter()
            process = await asyncio.create_subprocess_exec(
                *_program(port, workers, is_counting=is_counting), env=own | settings, stdout=log, stderr=log
            )
            try:
                service = Service(port, process.pid)
                await _wait(service, process, said)
                service.started_in, service.started_with = perf_counter() - began, service.cpu()
                yield service
            finally:
                if process.returncode is None:
                    process.terminate()
                await process.wait()


def compile_files() -> None:
    """As `pip install` leaves a package: compiled. Where Python is told to leave no bytecode behind, each start would
    compile every file anew. A folder that may not be written in stays as it is."""
    compileall.compile_dir(Path(app.__file__).parent, quiet=2, workers=1)


async def start(url: str, workers: int) -> tuple[float, float]:
    """Start it and stop it: `started_in` and `started_with`."""
    async with served(url, workers=workers) as service:
        return service.started_in, service.started_with


class Load:
    """The process that sends requests; one for a whole run."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def send(self, service: Service, plan: dict[str, Any]) -> dict[str, Any]:
        """Have a plan carried out; what it found."""
        to, back = self._process.stdin, self._process.stdout
        if to is None or back is None:
            raise fail("The load has no way to be told what to send.")
        to.write(json.dumps(plan | {"address": ["127.0.0.1", service.port]}).encode() + b"\n")
        await to.drain()
        told = await back.readline()
        if not told:
            raise fail("The load could not be sent.")
        found: dict[str, Any] = json.loads(told)
        return found


@asynccontextmanager
async def loading() -> AsyncIterator[Load]:
    """A process that sends load, until the block ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.cli.bench.reference.load",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LONGEST_LINE,
    )
    try:
        yield Load(process)
    finally:
        if process.stdin:
            process.stdin.close()
        await process.wait()


def _program(port: int, workers: int, *, is_counting: bool) -> list[str]:
    if not is_counting:
        return [sys.executable, "-m", "app.cli.main", "serve", "--workers", str(workers)]
    told = ["--factory", "app.cli.bench.serving:make_counting_app", "--port", str(port)]
    return [sys.executable, "-m", "uvicorn", *told, "--no-access-log", "--log-level", "warning", "--no-server-header"]


async def _wait(service: Service, process: asyncio.subprocess.Process, said: Path) -> None:
    async with httpx.AsyncClient(base_url=service.address) as client:
        for _ in range(READY_TRIES):
            if process.returncode is not None:
                break
            try:
                if (await client.get("/readyz")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.02)
    words = await asyncio.to_thread(said.read_text, errors="replace")
    raise fail(f"The service did not start:\n{words[-2000:]}")


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def _resident(pid: int) -> int:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def cpu_of(pid: int, *, with_ended: bool = False) -> float:
    """The seconds of processors of a process; with those of its children that have ended."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(one) for one in told[11 : 15 if with_ended else 13]) / os.sysconf("SC_CLK_TCK")


def cpu_of_server(backend: int) -> float | None:
    """Those of a PostgreSQL server with all its processes, by one of them; nothing if it is on another machine."""
    try:
        said = Path(f"/proc/{backend}/stat").read_text()
    except OSError:
        return None
    if "(postgres" not in said:
        return None
    server = int(said.rpartition(")")[2].split()[1])
    return cpu_of(server, with_ended=True) + sum(cpu_of(pid) for pid in _children(server))


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
