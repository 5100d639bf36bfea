"""A PostgreSQL of our own, from a wheel: it starts in a second, and production uses another.

It listens on a Unix socket in a directory that only its owner may enter, and trusts whoever gets there. Tests
that put a fault proxy in between ask for a TCP port: that one is on loopback and wants a password, because
every user of the machine can reach it, and whoever may log in as its owner may run programs. Durability is
that of production: fsync and synchronous_commit are on.

    directory/
        data/            the cluster; made under another name and renamed, so that it is whole or absent
        run/             the socket, unless the path is too long for one
        access.conf      who may log in (pg_hba.conf)
        postgres.log     since the last start
        lock             held while a process uses the directory
"""

import fcntl
import os
import secrets
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
from psycopg import sql

from gateway.demo.account import make_directory, stand_in
from gateway.demo.child import Child
from gateway.demo.errors import AlreadyRunningError, DemoError
from gateway.demo.interruption import held
from gateway.demo.postgres_tree import programs

_OWNER = "sigap"
_PORT_OF_SOCKET = 5432  # part of the socket's name, .s.PGSQL.5432, where no TCP port is given
_SOCKET_PATH_LIMIT = 107  # bytes in sockaddr_un.sun_path without its final zero: unix(7)
_READY_S = 60.0  # recovery after a crash included
_STOP_S = 15.0
_ORPHAN_S = 20.0


class EmbeddedPostgres:
    """One cluster in one directory.

    Args:
        directory: of the cluster; made if absent, kept between starts.
        port: TCP port on loopback, or None for the socket only.
    """

    def __init__(self, directory: Path, *, port: int | None = None) -> None:
        self.directory = directory.absolute()
        self.port = port
        self._account = stand_in("nobody")
        self._password = secrets.token_urlsafe(16)
        self._child: Child | None = None
        self._lock: IO[bytes] | None = None
        self._run = self.directory / "run"
        self._run_is_temporary = False

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """Its log since the last start."""
        return self.directory / "postgres.log"

    @property
    def child(self) -> Child:
        """The running server.

        Raises:
            DemoError: if it was not started.
        """
        if self._child is None:
            raise DemoError("PostgreSQL was not started")
        return self._child

    def url(self, database: str) -> str:
        """Connection URL through the socket; its one user owns the cluster.

        In libpq's form with the socket's directory for a host, which holds no `?` and no `&`: people paste it into a
        shell.
        """
        host = quote(str(self._run), safe="")
        return f"postgresql://{_OWNER}@{host}:{self.port or _PORT_OF_SOCKET}/{quote(database)}"

    def tcp_url(self, database: str, *, port: int | None = None) -> str:
        """Connection URL over TCP on loopback, with its password.

        Args:
            database: its name.
            port: of a proxy in between; None for the server's own.
        """
        return f"postgresql://{_OWNER}:{self._password}@127.0.0.1:{port or self.port}/{quote(database)}"

    def start(self) -> None:
        """Start the server, making the cluster the first time, and wait until it answers.

        Raises:
            AlreadyRunningError: if another process uses the directory.
            UnreachableError: if we are root and the account that runs it cannot enter the directory.
            ChildDiedError: if PostgreSQL does not start; with its last words.
        """
        make_directory(self.directory)
        self._take_lock()
        try:
            binaries = self._prepare()
            self._end_orphan()
            self._launch(binaries)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it (fast: sessions are cut, all is written down). Does nothing if it does not run."""
        if self._child is not None:
            self._child.stop(_STOP_S)
        self._release()

    def kill_immediate(self) -> None:
        """What `pg_ctl stop -m immediate` does: every process quits without a checkpoint. The next start
        recovers.
        """
        self.child.signal(signal.SIGQUIT)
        self.child.process.wait(_STOP_S)
        self._release()

    def ensure_database(self, name: str) -> None:
        """Create a database if it is not there."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if connection.execute("select from pg_database where datname = %s", (name,)).fetchone() is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))

    def _take_lock(self) -> None:
        lock = (self.directory / "lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise AlreadyRunningError(self.directory) from None
        self._lock = lock

    def _release(self) -> None:
        self._child = None
        if self._run_is_temporary:
            shutil.rmtree(self._run, ignore_errors=True)  # only an empty directory is at stake
            self._run, self._run_is_temporary = self.directory / "run", False
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _prepare(self) -> Path:
        """Directories, access rules and the cluster. Returns the folder of the programs."""
        if self._account is not None:
            self._account.check_reach(self.directory)
        binaries = programs(self.directory, self._account)
        name = ".s.PGSQL.65535.lock"  # the longer of the two files PostgreSQL puts there
        if len(os.fsencode(self._run / name)) > _SOCKET_PATH_LIMIT:
            self._run, self._run_is_temporary = Path(tempfile.mkdtemp(prefix="sigap-")), True
        self._private(self._run)
        access = self.directory / "access.conf"
        access.write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        access.chmod(0o644)  # it holds no secret, and PostgreSQL may read it as another account
        if not self._data.is_dir():
            self._make_cluster(binaries)
        return binaries

    def _private(self, path: Path) -> None:
        """Make a directory that only the account can enter."""
        path.mkdir(mode=0o700, exist_ok=True)
        path.chmod(0o700)
        if self._account is not None:
            self._account.own(path)

    def _make_cluster(self, binaries: Path) -> None:
        unfinished = self.directory / "data.unfinished"
        if unfinished.exists():  # an earlier start was interrupted
            shutil.rmtree(unfinished)
        self._private(unfinished)
        child = Child(
            "initdb",
            [
                *(str(binaries / "initdb"), "-D", str(unfinished), "-U", _OWNER, "--encoding=UTF8"),
                *("--locale-provider=builtin", "--locale=C.UTF-8", "--auth=reject", "--no-instructions"),
            ],
            self.directory / "initdb.log",
            account=self._account,
            environment=_environment(),
            directory=self.directory,
        )
        child.wait_end(_READY_S)
        unfinished.rename(self._data)

    def _end_orphan(self) -> None:
        """Deal with the server of a supervisor that was killed. We hold the lock, so nobody else's can be
        here.

        The kernel has told it to stop; it may need a moment. A zombie is different: where process 1 reaps
        nobody its id stays in use for ever, PostgreSQL takes the file that names it for a living server's,
        and would never start.
        """
        pid_file = self._data / "postmaster.pid"
        deadline = time.monotonic() + _ORPHAN_S
        while (pid := _first_number(pid_file)) is not None:
            state = _state_of(pid)
            if state == "Z":
                pid_file.unlink()
            elif state is None or not _works_in(pid, self._data):
                return  # left by a crash: PostgreSQL sees that itself
            elif time.monotonic() > deadline:
                raise DemoError(f"an older PostgreSQL (process {pid}) still runs in {self._data}: end it first")
            else:
                with suppress(ProcessLookupError):  # it has just gone, as it should
                    os.kill(pid, signal.SIGINT)
                time.sleep(0.1)

    def _launch(self, binaries: Path) -> None:
        settings = {
            "listen_addresses": "" if self.port is None else "127.0.0.1",
            "port": str(_PORT_OF_SOCKET if self.port is None else self.port),
            "unix_socket_directories": str(self._run),
            "unix_socket_permissions": "0700",
            "hba_file": str(self.directory / "access.conf"),
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "log_checkpoints": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        command = [str(binaries / "postgres"), "-D", str(self._data)]
        command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with held():
            self._child = Child(
                "PostgreSQL",
                command,
                self.log,
                ending=signal.SIGINT,  # "fast": SIGTERM would wait for every client to leave
                account=self._account,
                environment=_environment(),
                directory=self.directory,
            )
        self._child.wait_ready(self._answers, _READY_S)
        if self.port is not None:
            with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
                connection.execute(
                    sql.SQL("alter role {} password {}").format(sql.Identifier(_OWNER), sql.Literal(self._password))
                )

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:  # no socket yet, or still recovering
            return False
        return True


def _environment() -> dict[str, str]:
    """Neither PGDATA nor a language of the caller may change what the server does."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _first_number(pid_file: Path) -> int | None:
    with suppress(FileNotFoundError, ValueError, IndexError):  # absent, or torn by a crash: then nobody is named
        return int(pid_file.read_text().split("\n", 1)[0])
    return None


def _state_of(pid: int) -> str | None:
    """The process's state letter of proc(5), or None if there is no such process."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return None


def _works_in(pid: int, directory: Path) -> bool:
    with suppress(FileNotFoundError, PermissionError, ProcessLookupError):  # gone, or another user's: not ours
        return Path(f"/proc/{pid}/cwd").readlink() == directory
    return False
