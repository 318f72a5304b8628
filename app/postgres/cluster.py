"""Making the embedded server's data folder, and the programs as they are run on it. Its daily life is in `server`."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from app.postgres.home import EmbeddedPostgresError, Home

logger = logging.getLogger(__name__)

DATABASE = "stores"


def is_missing(home: Home) -> bool:
    if home.is_elsewhere and home.cluster.exists() and not home.link.is_symlink():
        # Whoever deleted the data folder wanted to begin anew. What it pointed to is kept, and named.
        aside = home.cluster.with_name(f"{home.cluster.name}.set-aside-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        home.cluster.rename(aside)
        logger.warning(
            "The data folder %s is new. The earlier one's database was set aside as %s.", home.data_dir, aside
        )
    if (home.cluster / "PG_VERSION").exists():
        return False
    if home.cluster.exists() and any(home.cluster.iterdir()):
        raise EmbeddedPostgresError(f"{home.cluster} holds something, but no PostgreSQL data: move it out of the way.")
    return True


def check_version(home: Home) -> None:
    made_by = (home.cluster / "PG_VERSION").read_text().strip()
    if made_by != home.version:
        raise EmbeddedPostgresError(
            f"The data in {home.cluster} were made by PostgreSQL {made_by}, and this is PostgreSQL {home.version}, "
            f"which cannot read them. Set STORES_DATABASE_URL to a PostgreSQL {made_by} that serves them, "
            "or move the folder out of the way to begin with empty data."
        )


def create(home: Home, *, durable: bool) -> None:
    """Make the cluster with its database under another name, then rename it: there is a whole one or none."""
    for unfinished in home.cluster.parent.glob(f"{home.cluster.name}.new-*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    making = Path(tempfile.mkdtemp(prefix=f"{home.cluster.name}.new-", dir=home.cluster.parent))
    try:
        home.give(making)
        _make_with(home, "initdb", "-D", str(making), "--no-sync", "--no-instructions", "-U", "postgres",
                   "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8",
                   "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")  # fmt: skip
        _make_with(home, "postgres", "--single", "-F", "-D", str(making), "-c", "exit_on_error=on", "template1",
                   say=f"CREATE DATABASE {DATABASE}\n")  # fmt: skip
        if durable:
            _make_with(home, "initdb", "-D", str(making), "--sync-only")
        making.rename(home.cluster)
        if home.is_elsewhere and not home.link.is_symlink():
            home.link.symlink_to(home.cluster)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise


def copy_server(home: Home, url: str) -> None:
    """Make the cluster as a copy of a running server, which follows it as a streaming replica once it is started."""
    home.cluster.mkdir(mode=0o700)
    home.give(home.cluster)
    _make_with(home, "pg_basebackup", "-D", str(home.cluster), "-d", url, "--write-recovery-conf",
               "--checkpoint=fast", "--no-sync")  # fmt: skip


def _make_with(home: Home, program: str, *arguments: str, say: str = "") -> None:
    done = subprocess.run(
        command(home, signal.SIGKILL, program, *arguments),
        input=say.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=environment(),
        start_new_session=True,
        check=False,
    )
    if done.returncode != 0:
        said = tail(done.stdout.decode(errors="replace"))
        raise EmbeddedPostgresError(f"The database could not be made in {home.cluster}. {program} said:\n{said}")


def tail(said: str) -> str:
    return "\n".join(said.strip().splitlines()[-15:])


def command(home: Home, number: signal.Signals, program: str, *arguments: str) -> list[str]:
    """The command line of `program` as the server's user, which is sent the signal `number` when we die.

    The change of user happens in the child, after Python has started: the user need not be able to reach our Python.
    """
    owner = home.owner
    user, group = (-1, -1) if owner is None else (owner.pw_uid, owner.pw_gid)
    child = [sys.executable, "-IS", str(Path(__file__).with_name("child.py"))]
    return [*child, *map(str, (int(number), os.getpid(), user, group, home.programs / program)), *arguments]


def environment() -> dict[str, str]:
    # A PGDATA, PGPORT or locale of the user's must not change what our server is.
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    if "LD_LIBRARY_PATH" in os.environ:
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    return environment
