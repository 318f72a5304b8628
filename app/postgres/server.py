"""The embedded PostgreSQL as our own child: started, stopped, recovered. Its folders are `home` and `cluster`."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from urllib.parse import quote

from app.postgres.cluster import DATABASE, check_version, command, copy_server, create, environment, is_missing, tail
from app.postgres.home import EmbeddedPostgresError, Home, settle

READY_WITHIN = 300.0  # Seconds: recovery of a big database after a power cut reads the whole log.
STOPPED_WITHIN = 60.0
LEFTOVERS_GONE_WITHIN = 15.0

MEMORY = Path("/dev/shm")  # noqa: S108 - what is made in it has a name that nobody can guess
MEMORY_WANTED = 2 << 30  # Bytes: each of a dozen databases takes some 15 MB, and the log up to a gigabyte.

# Lines of postmaster.pid, counted from nought, as PostgreSQL's own pg_ctl reads them.
SOCKET_LINE, STATUS_LINE = 4, 7

SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "cluster_name": "equipment-stores",
    # What is asked for is in memory or on a disk without a moving head: one page costs about as much as the next.
    "random_page_cost": "1.1",
    # A refused row's values and a failed statement are personal data as often as not: neither belongs in a log file.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    # Pages and scans are short: what compiling a plan costs comes back only in statements that take seconds.
    "jit": "off",
}
DURABLE_SETTINGS = {
    # The log of a busy day between two checkpoints, so that none comes in the middle of a burst of scans.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    # Compressing a page takes more of the processors than all else that a scan writes (ADR 75): pglz is all there is.
    "wal_compression": "off",
}
THROWAWAY_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "shared_buffers": "256MB",
    "max_connections": "200",
}


class AlreadyRunning(EmbeddedPostgresError):
    """Another process of ours is using the same data folder."""


class EmbeddedPostgres:
    """One PostgreSQL server on the data in `data_dir/postgres`, reached by a private Unix socket alone.

    It lives as long as the context (or `start()` to `stop()`), and no longer than the process that started it, however
    that one ends. `durable=False` trades the data's safety in a power cut for speed: for tests alone. `settings`: of
    PostgreSQL's, over ours.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True, settings: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.durable, self.settings = durable, settings or {}
        self._home: Home | None = None
        self._claim: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._sockets: Path | None = None

    @property
    def url(self) -> str:
        """`postgresql://postgres:@/stores?host=<folder of the socket>`; only while it runs."""
        if self._sockets is None:
            raise EmbeddedPostgresError("The embedded PostgreSQL has not been started.")
        return _url(self._sockets)

    def start(self) -> None:
        """Return when the server takes connections: about a second, three at first, longer when it must recover.

        From the main thread only: Linux ties "stop when your parent dies" to the thread that made the child.
        Raises `AlreadyRunning`, or `EmbeddedPostgresError` with PostgreSQL's own words.
        """
        if threading.current_thread() is not threading.main_thread():
            raise EmbeddedPostgresError("The embedded PostgreSQL must be started from the main thread.")
        if self._claim is not None:
            raise AlreadyRunning("This embedded PostgreSQL has been started already.")
        self._home = home = settle(self.data_dir)
        self._claim = _claim(home)
        try:
            _stop_orphan(home)
            if is_missing(home):
                create(home, durable=self.durable)
            check_version(home)
            self._sockets = home.new_socket_folder()
            self._launch_until_ready(home, self._sockets)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End every session, write everything out, wait until the server is gone. Harmless when it is not running."""
        if self._process is not None:
            process, self._process = self._process, None
            _end(process)
        if self._sockets is not None:
            with contextlib.suppress(OSError):
                self._sockets.rmdir()
            self._sockets = None
        if self._claim is not None:
            os.close(self._claim)
            self._claim = None

    def wait(self) -> bool:
        """Return when the server is gone: whether it went by itself, and was not stopped. From any thread."""
        process = self._process
        if process is None:
            return False
        process.wait()
        return self._process is process

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _launch_until_ready(self, home: Home, sockets: Path) -> None:
        kind = DURABLE_SETTINGS | _memory_settings() if self.durable else THROWAWAY_SETTINGS
        settings = SETTINGS | kind | dict(self.settings) | {"unix_socket_directories": f'"{sockets}"'}
        options = [f"--{name}={value}" for name, value in settings.items()]
        give_up = time.monotonic() + LEFTOVERS_GONE_WITHIN
        while True:
            with _new_log(home) as log:
                self._process = subprocess.Popen(
                    # SIGINT asks PostgreSQL for a fast shutdown, which ends the sessions and writes everything out.
                    command(home, signal.SIGINT, "postgres", "-D", str(home.cluster), *options),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    env=environment(),
                    # Ctrl-C in the terminal must not reach it before the app has finished with it.
                    start_new_session=True,
                )
            if _becomes_ready(home, self._process):
                return
            said = home.log.read_text(errors="replace")
            # Sessions of a server that was killed outright take a moment to notice; the server will not start before.
            if "pre-existing shared memory block" not in said or time.monotonic() > give_up:
                raise EmbeddedPostgresError(f"PostgreSQL did not start on {home.cluster}. It said:\n{tail(said)}")
            time.sleep(0.2)


@contextlib.contextmanager
def throwaway(settings: Mapping[str, str] | None = None, *, copy_of: str | None = None) -> Iterator[EmbeddedPostgres]:
    """A server on an empty folder that is deleted afterwards: fast, not durable, for tests; in memory where there is
    room, because making a database is mostly making files (measured: a copy in 0.02 s there, 0.2 s on a disk).
    `copy_of`: the address of a server whose streaming replica it is."""
    folder = Path(tempfile.mkdtemp(prefix="stores-throwaway-", dir=_memory()))
    # The folder is ours and holds one private folder, which is all that the server's user has to reach.
    folder.chmod(0o711)
    try:
        if copy_of:
            copy_server(settle(folder), copy_of)
        with EmbeddedPostgres(folder, durable=False, settings=settings) as server:
            yield server
    finally:
        elsewhere = (folder / "postgres").resolve()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(elsewhere, ignore_errors=True)
        elsewhere.with_name(f"{elsewhere.name}.lock").unlink(missing_ok=True)


def _memory_settings() -> dict[str, str]:
    """An eighth of the machine's memory for the server's own cache, and half as what the system is expected to keep:
    the rest is for the service and whatever else runs here. Megabytes, at least PostgreSQL's own usual ones."""
    megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    return {
        "shared_buffers": f"{max(megabytes // 8, 128)}MB",
        "effective_cache_size": f"{max(megabytes // 2, 512)}MB",
    }


def _memory() -> Path | None:
    """The folder that the machine keeps in memory, if there is one with room; None stands for the usual place."""
    try:
        room = shutil.disk_usage(MEMORY).free
    except OSError:
        return None
    return MEMORY if room >= MEMORY_WANTED and os.access(MEMORY, os.W_OK | os.X_OK) else None


def running_url(data_dir: Path) -> str | None:
    """The address of the server that another process of ours runs on `data_dir`, or None when none is running there."""
    cluster = (data_dir / "postgres").resolve()
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise EmbeddedPostgresError(f"The data in {cluster} belong to another user.") from error
    pid = int(lines[0])
    return _url(Path(lines[SOCKET_LINE])) if _is_ready(cluster, pid) and _is_server_of(cluster, pid) else None


def _url(sockets: Path) -> str:
    return f"postgresql://postgres:@/{DATABASE}?host={quote(str(sockets))}"


def _claim(home: Home) -> int:
    """Take the lock of this cluster, or say who has it. Beside the cluster, so that a second link counts too."""
    path = home.cluster.with_name(f"{home.cluster.name}.lock")
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"The data folder {home.data_dir} cannot be used: {path.name}: {error.strerror}."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(lock, 20).decode().strip() or "unknown"
        os.close(lock)
        raise AlreadyRunning(
            f"Equipment Stores is already running on {home.data_dir} (process {holder}): "
            "stop it first, or set STORES_DATA_DIR to another folder."
        ) from error
    os.truncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    return lock


def _stop_orphan(home: Home) -> None:
    """End the server of a process of ours that was killed: we hold the lock, so nobody uses it any more."""
    pid_file = home.cluster / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    for number, seconds in ((signal.SIGINT, STOPPED_WITHIN), (signal.SIGQUIT, LEFTOVERS_GONE_WITHIN)):
        if not _is_server_of(home.cluster, pid):
            # The number may by now be another program's, often so in a container, and PostgreSQL would refuse to start.
            pid_file.unlink(missing_ok=True)
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        _wait_until(lambda: not _is_server_of(home.cluster, pid), seconds)
    if _is_server_of(home.cluster, pid):
        raise EmbeddedPostgresError(
            f"An earlier PostgreSQL (process {pid}) is still using {home.cluster} and does not stop."
        )


def _is_server_of(cluster: Path, pid: int) -> bool:
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        if sys.platform == "linux":
            return False
        asked = subprocess.run(["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, check=False)
        return b"postgres" in asked.stdout and os.fsencode(cluster) in asked.stdout
    return os.fsencode(cluster) in arguments


def _wait_until(is_done: Callable[[], bool], seconds: float) -> bool:
    give_up = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)
    return True


def _new_log(home: Home) -> BinaryIO:
    with contextlib.suppress(FileNotFoundError):
        home.log.replace(home.log.with_name(f"{home.log.name}.1"))
    return os.fdopen(os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb")


def _becomes_ready(home: Home, server: subprocess.Popen[bytes]) -> bool:
    """True once it takes connections, false when it has ended; raises when it does neither in `READY_WITHIN`."""

    def is_settled() -> bool:
        return server.poll() is not None or _is_ready(home.cluster, server.pid)

    if not _wait_until(is_settled, READY_WITHIN):
        raise EmbeddedPostgresError(f"PostgreSQL did not become ready in {READY_WITHIN:.0f} seconds; see {home.log}.")
    return server.poll() is None


def _is_ready(cluster: Path, pid: int) -> bool:
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > STATUS_LINE and lines[0] == str(pid) and lines[STATUS_LINE].strip() == "ready"


def _end(server: subprocess.Popen[bytes]) -> None:
    for number, seconds in (
        (signal.SIGINT, STOPPED_WITHIN),
        (signal.SIGQUIT, LEFTOVERS_GONE_WITHIN),
        (signal.SIGKILL, None),
    ):
        server.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(seconds)
            return
