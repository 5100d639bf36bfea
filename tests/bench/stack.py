"""What is measured: a real Mosquitto, a real PostgreSQL, and the three programs, each a process of its own.

All live side by side for the whole bench, each on topics of its own, and only the one that is measured gets messages:
so rounds can be interleaved without starting anything in between. One database server, with fsync and
synchronous_commit on, serves all; the naive pipeline has a database of its own in it.
"""

import asyncio
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from gateway.demo.broker import Mosquitto
from gateway.demo.child import Child
from gateway.demo.database import EmbeddedPostgres
from gateway.storage import units
from gateway.storage.migrations import migrate
from gateway.storage.units import Unit
from tests.bench.epochs import unit_id

OURS, NAIVE, BARE = "bench", "naive", "bare"
"""Centres: the topics of each program."""

_READY_S = 30.0
_RUN_S = 180.0  # a run that takes longer is broken
_board = re.compile(r"^board=(\S+)$", re.MULTILINE)


class Loaded(msgspec.Struct):
    """What the load says when it is done. Times are monotonic nanoseconds, of one clock for all processes."""

    first_ns: int
    puback_ns: int
    receipted: int
    published_ns: list[list[int]]  # by unit and fix; empty unless paced


class Stack:
    """The running parts."""

    def __init__(self, directory: Path, parts: ExitStack, unit_count: int, bare_run: int) -> None:
        self._directory = directory
        self._parts = parts
        self._bare_run = bare_run
        self.database = EmbeddedPostgres(directory / "postgres")
        self.broker = Mosquitto(directory / "mosquitto")
        for server in (self.database, self.broker):
            server.start()
            parts.callback(server.stop)
        for name in (OURS, NAIVE):
            self.database.ensure_database(name)
        asyncio.run(self._enrol(unit_count))
        self.gateway = self._start("gateway", ["gateway", "serve"], _board)
        self.board = self._said("gateway", _board)
        port = ["--port", str(self.broker.port)]
        naive = ["tests.bench.naive", *port, "--centre", NAIVE, "--database", self.database.url(NAIVE)]
        bare = ["tests.bench.bare", *port, "--centre", BARE, "--every", str(bare_run)]
        self.naive = self._start("naive", naive, re.compile("^(ready)$", re.MULTILINE))
        self.bare = self._start("bare", bare, re.compile("^(ready)$", re.MULTILINE))

    async def load(self, centre: str, *, fixes: int, **options: object) -> "Load":
        """A load that is ready to publish; see ``tests.bench.load`` for its options."""
        command = ["--port", str(self.broker.port), "--centre", centre, "--fixes", str(fixes)]
        for name, value in options.items():
            if value is not False:
                command += [f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)])
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.load", *command,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=64 * 1024 * 1024,
        )  # fmt: skip
        load = Load(process)
        await load.line()
        return load

    async def bare_done(self, before: int) -> int:
        """Wait until the bare receiver has completed a run more than before; when it did (monotonic ns)."""
        deadline = time.monotonic() + _RUN_S
        while time.monotonic() < deadline:
            runs = self.bare_runs()
            if len(runs) > before:
                return runs[-1]
            self._check()
            await asyncio.sleep(0.05)
        raise TimeoutError("the bare receiver did not get every message")

    def bare_runs(self) -> list[int]:
        """When the bare receiver completed each of its runs."""
        return [int(line) for line in self.bare.log.read_text().splitlines() if line.isdigit()]

    async def stored(self, connection: psycopg.AsyncConnection[Any], table: str, expected: int) -> tuple[int, int]:
        """Wait until a table holds so many rows; when it did (monotonic ns), and how many it holds in the end."""
        start = time.monotonic()
        delay = 0.05
        while True:
            await asyncio.sleep(delay)
            count = await rows(connection, table)
            now_ns = time.monotonic_ns()
            elapsed = now_ns / 1e9 - start
            if count >= expected or elapsed > _RUN_S:
                return now_ns, count
            self._check()
            rest = (expected - count) * elapsed / count if count else 1.0
            delay = min(0.25, max(0.01, rest / 2))

    def gateway_cpu_s(self) -> float:
        """Processor seconds the gateway has used."""
        fields = Path(f"/proc/{self.gateway.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def _enrol(self, count: int) -> None:
        async with await psycopg.AsyncConnection.connect(self.database.url(OURS), autocommit=True) as connection:
            await migrate(connection)
            for number in range(count):
                await units.enrol(connection, OURS, Unit(unit_id(number), f"Unit {number}", "ambulance"))

    def _start(self, name: str, module: list[str], ready: re.Pattern[str]) -> Child:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("SIGAP_")}
        environment = kept | {
            "SIGAP_CENTRE": OURS,
            "SIGAP_DATABASE_URL": self.database.url(OURS),
            "SIGAP_MQTT_PORT": str(self.broker.port),
            "SIGAP_HTTP_PORT": "0",
        }
        child = Child(name, [sys.executable, "-m", *module], self._directory / f"{name}.log", environment=environment)
        self._parts.callback(child.stop, 15.0)
        child.wait_ready(lambda: ready.search(child.log.read_text()) is not None, _READY_S)
        return child

    def _said(self, name: str, pattern: re.Pattern[str]) -> str:
        found = pattern.search((self._directory / f"{name}.log").read_text())
        assert found is not None
        return found[1]

    def _check(self) -> None:
        for child in (self.database.child, self.broker.child, self.gateway, self.naive, self.bare):
            if not child.running:
                raise child.died()


class Load:
    """A load process that waits for its signal."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> bytes:
        """The next thing it says."""
        assert self._process.stdout is not None
        said = await self._process.stdout.readline()
        if not said:
            raise RuntimeError(f"the load ended with exit code {await self._process.wait()}")
        return said

    def go(self) -> None:
        """Begin to publish."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")

    async def finished(self) -> Loaded:
        """Wait for its end."""
        loaded = msgspec.convert(json.loads(await self.line()), Loaded)
        await self._process.wait()
        return loaded


async def rows(connection: psycopg.AsyncConnection[Any], table: str) -> int:
    """How many rows a table holds."""
    cursor = await connection.execute(psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table)))
    (count,) = await cursor.fetchone() or (0,)
    return int(count)


@contextmanager
def running(unit_count: int, bare_run: int) -> Iterator[Stack]:
    """Everything started, and stopped at the end.

    Args:
        unit_count: units enrolled with the gateway.
        bare_run: messages in one run of the bare receiver.
    """
    with ExitStack() as parts:
        # The servers run as accounts of their own when we are root, and must be able to enter.
        directory = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="sigap-bench-")))
        directory.chmod(0o711)
        yield Stack(directory, parts, unit_count, bare_run)
