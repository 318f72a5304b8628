"""The embedded PostgreSQL, started for real: what it is, who reaches it, how it ends, and how it recovers."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from app.postgres import AlreadyRunning, EmbeddedPostgres, EmbeddedPostgresError, running_url, throwaway
from app.postgres.home import STATE_FOLDER, installed_programs, settle

ROOT = Path(__file__).resolve().parents[2]
IS_ROOT = os.geteuid() == 0
PSQL = installed_programs() / "psql"

SERVE_UNTIL_KILLED = """
import sys, time
from pathlib import Path
from app.postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as server:
    print(server.url, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that the server's user can enter, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="stores-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A data folder whose database exists already, so that a start takes a tenth of a second. Leave it as it was."""
    made = Path(tempfile.mkdtemp(prefix="stores-test-"))
    made.chmod(0o711)
    with EmbeddedPostgres(made, durable=False):
        pass
    yield made
    shutil.rmtree(made)


def ask(url: str, sql: str) -> str:
    """The answer of `psql`, or its complaint."""
    done = subprocess.run(
        [PSQL, "--no-psqlrc", "--tuples-only", "--no-align", url, "--command", sql],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{done.stdout}{done.stderr}".strip()


def sockets_of(server: EmbeddedPostgres) -> Path:
    return Path(unquote(parse_qs(urlsplit(server.url).query)["host"][0]))


def server_of(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    give_up = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up, "It did not happen in time."
        time.sleep(0.05)


def start_elsewhere(data_dir: Path) -> tuple[subprocess.Popen[str], str]:
    """Another process of ours that serves `data_dir`, and the address of its server."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE_UNTIL_KILLED, data_dir], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        return process, process.stdout.readline().strip()


def test_the_data_are_there_again_after_a_restart(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        assert (
            ask(server.url, "CREATE TABLE shelf (bay text); INSERT INTO shelf VALUES ('A1')")
            == "CREATE TABLE\nINSERT 0 1"
        )
    with EmbeddedPostgres(folder) as server:
        assert ask(server.url, "SELECT bay FROM shelf") == "A1"


def test_text_means_the_same_on_every_machine(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        kind = ask(
            server.url,
            "SELECT datname, pg_encoding_to_char(encoding), datlocprovider, datlocale, current_setting('TimeZone')"
            " FROM pg_database WHERE datname = current_database()",
        )
        assert kind == "stores|UTF8|b|C.UTF-8|UTC"
        assert ask(server.url, "SELECT upper('économie é')") == "ÉCONOMIE É"


def test_the_server_keeps_what_it_acknowledged_unless_told_that_it_need_not(data_dir: Path) -> None:
    question = (
        "SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes')"
    )
    with EmbeddedPostgres(data_dir) as server:
        assert ask(server.url, question) == "on|on|on"
    with EmbeddedPostgres(data_dir, durable=False) as server:
        assert ask(server.url, question) == "off|off|off"
        assert ask(server.url, "SHOW max_connections") == "200"


def test_what_is_written_first_after_a_checkpoint_is_not_compressed(data_dir: Path) -> None:
    """It took more processor time than all else of a scan (ADR 75), and most on the largest registers."""
    with EmbeddedPostgres(data_dir) as server:
        assert ask(server.url, "SHOW wal_compression") == "off"


def test_no_port_is_opened(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        assert ask(server.url, "SHOW listen_addresses") == ""
        with socket.socket() as tcp:
            tcp.settimeout(1)
            found = tcp.connect_ex(("127.0.0.1", 5432)) == 0
        assert not found or "5432" not in (data_dir / "postgres" / "postmaster.pid").read_text().split()[5:]


def test_nobody_else_reaches_the_socket(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        sockets = sockets_of(server)
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert sockets.stat().st_uid == (data_dir / "postgres").stat().st_uid != (0 if IS_ROOT else -1)
        if IS_ROOT:
            look = ["/bin/ls", str(sockets)]
            with pytest.raises(subprocess.CalledProcessError) as refusal:
                subprocess.run(look, check=True, capture_output=True, user=33_333, group=33_333, extra_groups=[])
            assert b"Permission denied" in refusal.value.stderr
    assert not sockets.exists()


def test_a_refused_row_leaves_no_personal_data_in_the_log(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        said = ask(
            server.url, "CREATE TEMP TABLE c (name text UNIQUE); INSERT INTO c VALUES ('Ada Smith'), ('Ada Smith')"
        )
        assert "Ada Smith" in said
    log = (data_dir / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "Ada Smith" not in log


def test_a_second_start_on_the_same_data_says_who_is_there(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        with pytest.raises(AlreadyRunning, match=rf"already running on .* \(process {os.getpid()}\)"):
            EmbeddedPostgres(data_dir).start()
        assert ask(server.url, "SELECT 1") == "1"


def test_a_second_start_by_another_name_of_the_same_data_is_seen_too(data_dir: Path, folder: Path) -> None:
    (folder / "postgres").symlink_to(data_dir / "postgres")
    with EmbeddedPostgres(data_dir), pytest.raises(AlreadyRunning):
        EmbeddedPostgres(folder).start()


def test_other_processes_find_the_running_server(data_dir: Path, folder: Path) -> None:
    assert running_url(folder) is None
    assert running_url(data_dir) is None
    with EmbeddedPostgres(data_dir) as server:
        assert running_url(data_dir) == server.url
    assert running_url(data_dir) is None


def test_an_address_is_to_be_had_only_while_it_runs(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    with pytest.raises(EmbeddedPostgresError, match="has not been started"):
        _ = server.url
    server.stop()


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir):
        assert os.getsid(server_of(data_dir)) == server_of(data_dir)


def test_stopping_ends_sessions_that_are_still_open(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        asking = threading.Thread(target=ask, args=(server.url, "SELECT pg_sleep(600)"))
        asking.start()
        wait_until(
            lambda: ask(server.url, "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'") == "1"
        )
        began = time.monotonic()
    assert time.monotonic() - began < 30  # Far less than the session's 600 s, even on a slow disk.
    asking.join()


def test_the_server_ends_with_a_killed_parent_and_the_next_start_recovers(data_dir: Path) -> None:
    parent, url = start_elsewhere(data_dir)
    server = server_of(data_dir)
    ask(url, "CREATE TABLE IF NOT EXISTS kept (n int); INSERT INTO kept VALUES (1)")
    parent.kill()
    parent.wait()
    with EmbeddedPostgres(data_dir) as fresh:  # At once, while the old one is still stopping.
        assert ask(fresh.url, "SELECT n FROM kept; DROP TABLE kept") == "1\nDROP TABLE"
        assert not is_alive(server)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has died")
def test_nothing_outlives_a_killed_parent(data_dir: Path) -> None:
    parent, _ = start_elsewhere(data_dir)
    server = server_of(data_dir)
    parent.kill()
    parent.wait()
    wait_until(lambda: not is_alive(server))
    with EmbeddedPostgres(data_dir):  # Which clears away the socket that the killed one left.
        pass


def test_what_was_acknowledged_survives_the_kill_of_everything(data_dir: Path) -> None:
    parent, url = start_elsewhere(data_dir)
    ask(url, "CREATE TABLE IF NOT EXISTS kept (n int); INSERT INTO kept VALUES (1)")
    os.kill(server_of(data_dir), signal.SIGKILL)
    parent.kill()
    parent.wait()
    with EmbeddedPostgres(data_dir) as fresh:
        assert ask(fresh.url, "SELECT n FROM kept; DROP TABLE kept") == "1\nDROP TABLE"


def test_a_demonstration_ends_when_its_server_does(data_dir: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from app.postgres import EmbeddedPostgres;"
        "from app.cli.demo import end_with; server = EmbeddedPostgres(Path(sys.argv[1])); server.start();"
        "import threading; threading.Thread(target=end_with, args=(server,), daemon=True).start();"
        "print(server.url, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, data_dir], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        os.kill(server_of(data_dir), signal.SIGKILL)
        _, said = process.communicate(timeout=30)
    assert "PostgreSQL ended by itself. Start again" in said
    assert process.returncode == -signal.SIGTERM


def test_a_server_that_is_stopped_did_not_end_by_itself(data_dir: Path) -> None:
    server, told = EmbeddedPostgres(data_dir), []
    assert not server.wait()
    server.start()
    waiting = threading.Thread(target=lambda: told.append(server.wait()))
    waiting.start()
    server.stop()
    waiting.join()
    assert told == [False]


def test_a_server_that_outlived_its_parent_is_stopped_first(data_dir: Path) -> None:
    home = settle(data_dir)
    sockets = home.new_socket_folder()
    orphan = subprocess.Popen(
        [home.programs / "postgres", "-D", home.cluster, "-k", sockets, "-h", ""],
        cwd="/",
        stderr=subprocess.DEVNULL,
        **home.run_as,
    )
    wait_until(lambda: running_url(data_dir) is not None)
    reaping = threading.Thread(target=orphan.wait)
    reaping.start()
    with EmbeddedPostgres(data_dir) as server:
        assert ask(server.url, "SELECT 1") == "1"
        assert server_of(data_dir) != orphan.pid
    reaping.join()


def test_a_process_number_that_is_another_programs_by_now_does_not_matter(data_dir: Path) -> None:
    left = data_dir / "postgres" / "postmaster.pid"
    left.write_text(f"{os.getpid()}\n{data_dir / 'postgres'}\n1\n5432\n/tmp\n\n0 0\nready   \n")
    assert running_url(data_dir) is None
    with EmbeddedPostgres(data_dir) as server:
        assert ask(server.url, "SELECT 1") == "1"


def test_data_of_another_version_are_left_alone(data_dir: Path) -> None:
    version = data_dir / "postgres" / "PG_VERSION"
    right = version.read_text()
    version.write_text("13\n")
    try:
        with pytest.raises(
            EmbeddedPostgresError, match=rf"were made by PostgreSQL 13, and this is PostgreSQL {right.strip()}"
        ):
            EmbeddedPostgres(data_dir).start()
    finally:
        version.write_text(right)


def test_a_folder_of_something_else_is_left_alone(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "letter.txt").write_text("Dear Ada")
    if IS_ROOT:
        os.chown(folder / "postgres", 65_534, 65_534)
    with pytest.raises(EmbeddedPostgresError, match="no PostgreSQL data: move it out of the way"):
        EmbeddedPostgres(folder).start()
    assert (folder / "postgres" / "letter.txt").read_text() == "Dear Ada"


def test_a_database_that_cannot_be_made_leaves_nothing_half_made(folder: Path) -> None:
    script = (
        "import resource, sys; from pathlib import Path; from app.postgres import EmbeddedPostgres;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)); EmbeddedPostgres(Path(sys.argv[1])).start()"
    )
    done = subprocess.run([sys.executable, "-c", script, folder], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "The database could not be made" in done.stderr
    assert "File too large" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["postgres.lock"]
    with EmbeddedPostgres(folder, durable=False) as server:
        assert ask(server.url, "SELECT 1") == "1"


def test_what_a_killed_first_start_left_behind_is_cleared_away(folder: Path) -> None:
    (folder / "postgres.new-killed").mkdir()
    with EmbeddedPostgres(folder, durable=False):
        assert not (folder / "postgres.new-killed").exists()


def test_a_very_deep_folder_with_blanks_and_quotes_will_do(folder: Path) -> None:
    deep = folder.joinpath(*["a rather long 'name' of a folder"] * 6)
    with EmbeddedPostgres(deep, durable=False) as server:
        assert ask(server.url, "SELECT 1") == "1"


def test_a_taken_name_of_the_socket_folder_does_not_matter(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as server:
        usual = sockets_of(server)
    usual.mkdir(mode=0o777)
    usual.chmod(0o777)
    try:
        with EmbeddedPostgres(data_dir) as server:
            assert server.url != f"postgresql://postgres:@/stores?host={usual}"
            assert ask(server.url, "SELECT 1") == "1"
    finally:
        usual.rmdir()


def test_it_wants_the_main_thread(data_dir: Path) -> None:
    complaints: list[str] = []

    def start() -> None:
        try:
            EmbeddedPostgres(data_dir).start()
        except EmbeddedPostgresError as error:
            complaints.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert complaints == ["The embedded PostgreSQL must be started from the main thread."]


def test_a_throwaway_server_leaves_nothing() -> None:
    with throwaway() as server:
        data_dir = server.data_dir
        assert ask(server.url, "SELECT 1") == "1"
    assert not data_dir.exists()


@pytest.mark.skipif(
    not IS_ROOT, reason="an ordinary user's server runs as that user, who reaches the user's own folders"
)
def test_for_root_a_closed_folder_stays_closed_and_the_data_go_where_the_server_can_reach_them(folder: Path) -> None:
    folder.chmod(0o700)
    with EmbeddedPostgres(folder, durable=False) as server:
        assert ask(server.url, "CREATE TABLE kept (n int)") == "CREATE TABLE"
    cluster = (folder / "postgres").readlink()
    try:
        assert cluster.parent == STATE_FOLDER
        assert stat.S_IMODE(cluster.stat().st_mode) == 0o700
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        with EmbeddedPostgres(folder, durable=False) as server:
            assert ask(server.url, "SELECT count(*) FROM kept") == "0"
    finally:
        shutil.rmtree(cluster)
        cluster.with_name(f"{cluster.name}.lock").unlink()


@pytest.mark.skipif(not IS_ROOT, reason="an ordinary user cannot make data that are root's")
def test_data_that_belong_to_root_are_refused_with_what_helps(folder: Path) -> None:
    (folder / "postgres").mkdir()
    with pytest.raises(EmbeddedPostgresError, match=r"belong to root, as whom PostgreSQL does not run: .* chown"):
        EmbeddedPostgres(folder).start()
