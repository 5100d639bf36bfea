"""`sigap demo` as a person runs it: a process of its own, watched from outside."""

import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from gateway.demo.child import Child
from gateway.demo.roads import DemoRoads

_numbers = count()  # of the demos of this run: several may share their data, one after the other
_START_S = 180.0  # on two busy cores
_END_S = 120.0
_board = re.compile(r"^board=(\S+)$", re.MULTILINE)
_last_line = re.compile(
    r"sent=(?P<sent>\d+) stored=(?P<stored>\d+) lost=(?P<lost>\d+) duplicated=(?P<duplicated>\d+)"
    r" p50_ms=(?P<p50_ms>[\d.]+|unknown) p99_ms=(?P<p99_ms>[\d.]+|unknown)"
)


class Demo:
    """A running demo.

    Args:
        data: its data directory.
        options: of `sigap demo`, beside `--data`.
    """

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        number = next(_numbers)
        self._output = data.with_name(f"{data.name}-{number}.out")
        command = [sys.executable, "-m", "gateway", "demo", "--data", str(data), *options]
        with self._output.open("wb") as output:
            self.child = Child(
                "sigap demo",
                command,
                data.with_name(f"{data.name}-{number}.err"),
                ending=signal.SIGINT,
                output=output.fileno(),
            )

    @property
    def output(self) -> str:
        """What it has printed on standard output."""
        return self._output.read_text()

    @property
    def errors(self) -> str:
        """What it has printed on standard error."""
        return self.child.log.read_text()

    @property
    def board(self) -> str:
        """Address of the board, ``http://127.0.0.1:PORT/``; empty before it was printed."""
        found = _board.search(self.output)
        return found[1] if found else ""

    def wait_for_board(self) -> None:
        """Wait until the address is printed."""
        self.child.wait_ready(lambda: bool(self.board), _START_S)

    def wait_until(self, true: Callable[[], bool], within_s: float = _START_S) -> None:
        """Poll until something is true of a demo that runs."""
        self.child.wait_ready(true, within_s)

    def wait_for_end(self, within_s: float = _END_S) -> int:
        """Wait for its end by itself; returns the exit code."""
        return self.child.process.wait(within_s)

    def interrupt(self) -> None:
        """Ctrl-C. At a terminal too it reaches the supervisor only: the children have sessions of their own."""
        self.child.signal(signal.SIGINT)

    def account(self) -> dict[str, float | None]:
        """The figures of the last line of standard output."""
        found = _last_line.fullmatch(self.output.splitlines()[-1])
        assert found is not None, f"last line of: {self.output!r}\n{self.errors}"
        return {name: None if text == "unknown" else float(text) for name, text in found.groupdict().items()}

    def processes(self) -> set[int]:
        """Its process and all that descend from it."""
        parents = {int(path.name): _parent(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
        found = {self.child.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found


def alive(pid: int) -> bool:
    """Whether the process runs. A zombie does not, and nobody may be there to reap it."""
    return _stat(Path("/proc", str(pid)))[:1] not in ([], ["Z"])


def wait_until_gone(pids: set[int], within_s: float) -> set[int]:
    """Wait until none of the processes runs; returns those that still do after the time."""
    deadline = time.monotonic() + within_s
    while (left := {pid for pid in pids if alive(pid)}) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _parent(process: Path) -> int | None:
    fields = _stat(process)
    return int(fields[1]) if fields else None


def _stat(process: Path) -> list[str]:
    """State, parent, and the rest of proc(5) behind the name; empty if the process is gone."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


@pytest.fixture(scope="session")
def demo_roads(reachable_dir: Path) -> DemoRoads:
    """The roads of the demo, made once for all tests: each demo is given a copy, as if it were its second start."""
    roads = DemoRoads(reachable_dir / "roads", "bojonegoro")
    roads.begin(os.environ)
    roads.finish()
    return roads


@pytest.fixture
def start_demo(server_dir: Path, demo_roads: DemoRoads) -> Iterator[Callable[..., Demo]]:
    """Start demos on one data directory, one after the other; whatever still runs after the test is ended."""
    started: list[Demo] = []
    shutil.copytree(demo_roads.directory, server_dir / "demo" / "roads")

    def start(*options: str) -> Demo:
        started.append(Demo(server_dir / "demo", *options))
        return started[-1]

    yield start
    for demo in started:
        demo.child.stop(_END_S)
