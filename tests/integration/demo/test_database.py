"""The embedded PostgreSQL: what it keeps, and what it survives."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from gateway.demo.account import Account, stand_in
from gateway.demo.database import EmbeddedPostgres
from gateway.demo.errors import AlreadyRunningError, UnreachableError
from gateway.demo.postgres_tree import programs


def _count(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("select count(*) from kept").fetchone()
    assert row is not None
    return int(row[0])


def _write(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table if not exists kept (n int)")
        connection.execute("insert into kept select generate_series(1, 100)")


@pytest.mark.parametrize("ending", ["stop", "immediate", "SIGKILL"])
def test_committed_rows_survive_every_end(server_dir: Path, ending: str) -> None:
    """A commit is durable however the server ends, and the next start needs no help."""
    server = EmbeddedPostgres(server_dir / "db")
    server.start()
    try:
        server.ensure_database("sigap")
        _write(server.url("sigap"))
        if ending == "immediate":
            server.kill_immediate()
        elif ending == "SIGKILL":
            server.child.kill()
        server.stop()
        server.start()
        server.ensure_database("sigap")
        assert _count(server.url("sigap")) == 100
    finally:
        server.stop()


def test_durability_is_that_of_production(postgres: EmbeddedPostgres) -> None:
    """fsync, full_page_writes and synchronous_commit are on; a demo that cheats here proves nothing."""
    with psycopg.connect(postgres.url("postgres")) as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            assert connection.execute(f"show {name}").fetchone() == ("on",)


def test_without_a_port_nothing_listens_on_the_network(server_dir: Path) -> None:
    """The demo's database can be reached through a directory that only its owner may enter, and no other way."""
    server = EmbeddedPostgres(server_dir / "db")
    server.start()
    try:
        with psycopg.connect(server.url("postgres")) as connection:
            assert connection.execute("show listen_addresses").fetchone() == ("",)
            row = connection.execute("show unix_socket_directories").fetchone()
        assert row is not None
        assert Path(row[0]).stat().st_mode & 0o077 == 0
    finally:
        server.stop()


def test_tcp_wants_the_password(postgres: EmbeddedPostgres) -> None:
    """Every user of the machine can reach a loopback port, so reaching it is not enough."""
    with psycopg.connect(postgres.tcp_url("postgres")) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://sigap:wrong@127.0.0.1:{postgres.port}/postgres")


def test_an_interrupted_initdb_is_done_again(server_dir: Path) -> None:
    """A half-made cluster lies under another name and is never started."""
    unfinished = server_dir / "db" / "data.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(server_dir / "db")
    server.start()
    try:
        assert not unfinished.exists()
    finally:
        server.stop()


def test_a_path_too_long_for_a_socket_still_works(server_dir: Path) -> None:
    """Socket paths end at 107 bytes; data directories may be longer."""
    server = EmbeddedPostgres(server_dir / ("d" * 100))
    server.start()
    try:
        with psycopg.connect(server.url("postgres")) as connection:
            row = connection.execute("show unix_socket_directories").fetchone()
        assert row is not None
        assert len(row[0]) < 90
    finally:
        server.stop()
    assert not Path(row[0]).exists()


def test_a_second_supervisor_is_refused(server_dir: Path) -> None:
    """Two demos on one directory would each take the other's server for an orphan."""
    first, second = EmbeddedPostgres(server_dir / "db"), EmbeddedPostgres(server_dir / "db")
    first.start()
    try:
        with pytest.raises(AlreadyRunningError, match="--data"):
            second.start()
        with psycopg.connect(first.url("postgres")) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        first.stop()


def test_a_closed_directory_is_named_in_one_sentence(server_dir: Path) -> None:
    """As root the server runs as another account; where that one may not enter, the reader learns which door
    is shut.
    """
    if os.geteuid() != 0:  # then there is no stand-in, and no door that only we can pass
        assert stand_in("nobody") is None
        return
    closed = server_dir / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(UnreachableError, match="--data") as caught:
        EmbeddedPostgres(closed / "db").start()
    assert caught.value.closed == closed


def test_a_strict_umask_does_not_lock_the_server_out(server_dir: Path) -> None:
    """What we make for the server it can enter and read, even if nobody else may read what we usually make."""
    before = os.umask(0o077)
    try:
        server = EmbeddedPostgres(server_dir / "deep" / "down" / "db")
        server.start()
        server.stop()
    finally:
        os.umask(before)


def test_programs_out_of_reach_are_copied_once(server_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root's virtual environment is often closed to the server's account; a copy beside the data is not, and runs."""
    account = Account("somebody", os.geteuid(), os.getegid())
    with monkeypatch.context() as patch:
        patch.setattr(Account, "may", lambda *_: False)
        folder = programs(server_dir, account)
        made = folder.stat().st_ctime_ns
        assert programs(server_dir, account).stat().st_ctime_ns == made
    assert folder.is_relative_to(server_dir)
    for name in ("postgres", "initdb"):  # the second one needs a library that lies beside the tree
        assert "18" in subprocess.run([folder / name, "--version"], check=True, capture_output=True, text=True).stdout
        assert (stand_in("nobody") or account).may("-x", folder / name)


_SUPERVISOR = """
import sys, time
from pathlib import Path
from gateway.demo.account import Account, stand_in
from gateway.demo.database import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.child.pid, flush=True)
time.sleep(600)
"""


def test_a_killed_supervisor_leaves_no_server_and_a_directory_that_starts(server_dir: Path) -> None:
    """SIGKILL to whoever started it ends the server too, and the next start works."""
    command = [sys.executable, "-c", _SUPERVISOR, str(server_dir / "db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        server_pid = int(supervisor.stdout.readline())
        supervisor.send_signal(signal.SIGKILL)
    server = EmbeddedPostgres(server_dir / "db")
    server.start()
    try:
        deadline = time.monotonic() + 10
        while _alive(server_pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not _alive(server_pid)
    finally:
        server.stop()


def _alive(pid: int) -> bool:
    """Running; a zombie is dead, and nobody may be there to reap it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
