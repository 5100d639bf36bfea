"""TimescaleDB without a server: PGlite in Node behind ``tests/timescale/bridge.mjs``, for tests of our own SQL.

What such a server cannot be asked is listed in ``tests/timescale/README.md``.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

FOLDER = Path(__file__).parent / "timescale"
STOP_S = 20.0


class Bridge(NamedTuple):
    """A running bridge: its process (it ends when its standard input closes), and where it listens."""

    process: subprocess.Popen[str]
    url: str  # for libpq; any user and password would do


class StartBridge(Protocol):
    """Starts a bridge, and ends it with the block. A transaction that another connection keeps open is waited for
    at most ``patience_s`` seconds; ``data`` is a directory that keeps the database."""

    def __call__(self, data: Path | None = None, patience_s: float = 30) -> AbstractContextManager[Bridge]: ...


PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
"""Where the set-up has put a Node beside Python, the machine's was missing or too old."""


def _program(name: str) -> str:
    found = shutil.which(name, path=PATH)
    if found is None:
        raise FileNotFoundError(f"{name} is missing, and TimescaleDB's tests need it: run `make setup`")
    return found


@contextmanager
def _bridge(data: Path | None = None, patience_s: float = 30) -> Iterator[Bridge]:
    """Start a bridge; at the end close its standard input and demand that it ends by itself, without an error.

    Raises:
        RuntimeError: it did not start (its own words are on standard error), or did not end well.
    """
    command = [_program("node"), str(FOLDER / "bridge.mjs"), f"--patience={patience_s}"]
    if data is not None:
        command.append(f"--data={data}")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        key, _, port = process.stdout.readline().strip().partition("=")  # empty when the process has ended
        if key != "port":
            raise RuntimeError(f"the TimescaleDB bridge did not start: exit code {process.wait(STOP_S)}")
        try:
            yield Bridge(process, f"postgresql://postgres:anything@127.0.0.1:{port}/postgres?sslmode=disable")
        finally:
            process.stdin.close()
            try:
                code = process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        if code not in (0, -signal.SIGKILL):  # killed by the test itself, on purpose
            raise RuntimeError(f"the TimescaleDB bridge ended with exit code {code}")


@pytest.fixture(scope="session")
def start_timescale(request: pytest.FixtureRequest) -> StartBridge:
    """Starts bridges of one's own; installs what they need where ``make setup`` has not."""
    if not (FOLDER / "node_modules").is_dir():
        if terminal := request.config.pluginmanager.getplugin("terminalreporter"):
            terminal.write_line(f"installing TimescaleDB for tests: npm ci in {FOLDER}")
        subprocess.run(
            [_program("npm"), "ci", "--ignore-scripts"], cwd=FOLDER, env={**os.environ, "PATH": PATH}, check=True
        )
    return _bridge


@pytest.fixture(scope="session")
def timescale_url(start_timescale: StartBridge) -> Iterator[str]:
    """One TimescaleDB for the whole run. It has one database: use tables and centres of your own."""
    with start_timescale() as bridge:
        yield bridge.url
