"""A gateway for tests, on a database and a broker of the test's own: as the process that operators start, and
within the test's event loop, where its parts can be looked at.

Both listen on a free port of loopback. The centre is `CENTRE` and knows the units `UNITS`.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx
import psycopg
import pytest
from psycopg import sql

from gateway import app
from gateway.demo.broker import Mosquitto
from gateway.demo.ports import free_port
from gateway.settings import Settings
from gateway.storage import units
from gateway.storage.migrations import migrate
from gateway.storage.units import Unit
from tests.fix_servers import PostgresCluster

CENTRE = "bojonegoro"
UNITS = ("ambulans-01", "ambulans-02", "ambulans-03")
READY_S = 30.0
STOP_S = 10.0
POLL_S = 0.02

T = TypeVar("T")


def until(look: Callable[[], T], within_s: float = READY_S, what: str = "") -> T:
    """Look again and again until there is something true to see, and return it.

    Raises:
        AssertionError: there was not, within the time.
    """
    deadline = time.monotonic() + within_s
    while not (seen := look()):
        assert time.monotonic() < deadline, f"{what or look} did not come true within {within_s:g} s: {seen!r}"
        time.sleep(POLL_S)
    return seen


async def until_here(look: Callable[[], Awaitable[T]], within_s: float = READY_S, what: str = "") -> T:
    """The same within an event loop."""
    deadline = time.monotonic() + within_s
    while not (seen := await look()):
        assert time.monotonic() < deadline, f"{what or look} did not come true within {within_s:g} s: {seen!r}"
        await asyncio.sleep(POLL_S)
    return seen


class Gateway:
    """`sigap serve` as a process. It can be started, ended in any way, and started again on the same port.

    Args:
        directory: for its output.
        settings: environment variables without their prefix, in lower case: ``mqtt_port=1883``.
    """

    def __init__(self, directory: Path, **settings: object) -> None:
        self.directory = directory
        self.port = free_port()
        self.settings = {"centre": CENTRE, "http_port": self.port, **settings}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where its web side is, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def live_url(self) -> str:
        """Its live socket."""
        return f"ws://127.0.0.1:{self.port}/api/v1/live"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process of the last start."""
        assert self._process is not None, "the gateway was not started"
        return self._process

    @property
    def log(self) -> str:
        """What it wrote to standard error since its last start."""
        return (self.directory / "gateway.err").read_text(errors="replace")

    @property
    def resident_bytes(self) -> int:
        """Memory of the process that is in use now (RSS)."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def launch(self) -> None:
        """Start it and do not wait."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SIGAP_")}
        environment |= {f"SIGAP_{name.upper()}": str(value) for name, value in self.settings.items()}
        with (self.directory / "gateway.out").open("wb") as out, (self.directory / "gateway.err").open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "serve"], stdout=out, stderr=err, env=environment,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def start(self, *, parts: tuple[str, ...] = ("database", "live_session", "backlog_session")) -> None:
        """Start it and wait until these parts of its health are well.

        Raises:
            AssertionError: they are not in time, or the process has ended; with its log.
        """
        self.launch()
        self.wait_healthy(*parts)

    def wait_healthy(self, *parts: str, within_s: float = READY_S) -> None:
        """Wait until it listens and these parts of its health are well."""

        def healthy() -> bool:
            assert self.process.poll() is None, f"the gateway ended with {self.process.returncode}: {self.log}"
            health = self.health()
            return health is not None and all(health[part] for part in parts)

        until(healthy, within_s, f"health of {parts}")

    def health(self) -> dict[str, bool] | None:
        """What it says of its parts; None where it does not answer."""
        try:
            answer: dict[str, bool] = httpx.get(f"{self.url}/api/v1/health", timeout=5).json()
        except httpx.TransportError:
            return None
        return answer

    def get(self, path: str, **parameters: str | float) -> Any:
        """The JSON of one answer, which must be good."""
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def stop(self, number: signal.Signals = signal.SIGTERM, within_s: float = STOP_S) -> int:
        """Send it a signal and wait for the end; its exit code.

        Raises:
            subprocess.TimeoutExpired: it did not end in time; it is killed then.
        """
        self.process.send_signal(number)
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """SIGKILL, and wait. Does nothing where nothing runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class MakeGateway(Protocol):
    """Makes a gateway process that is not started yet; ``settings`` as for `Gateway`."""

    def __call__(self, **settings: object) -> Gateway: ...


class ServeHere(Protocol):
    """Runs a gateway in this event loop for the length of the block; gives its address."""

    def __call__(self, **settings: Any) -> AbstractAsyncContextManager[str]: ...


async def enrol_units(url: str, centre: str = CENTRE, ids: tuple[str, ...] = UNITS) -> None:
    """Migrate a database and make units known there."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await migrate(connection)
        for unit in ids:
            await units.enrol(connection, centre, Unit(unit, unit.replace("-", " ").title(), "ambulance"))


@pytest.fixture
def enrolled_url(database_url: str) -> str:
    """A database of one's own with the schema and the units of `UNITS`."""
    asyncio.run(enrol_units(database_url))
    return database_url


@pytest.fixture(scope="module")
def kept_url(postgres_cluster: PostgresCluster) -> Iterator[str]:
    """A database with the schema that lasts for a module: making one for each test is what takes time."""
    name = f"kept_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_cluster.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        asyncio.run(enrol_units(postgres_cluster.url(name)))
        yield postgres_cluster.url(name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def cleared_url(kept_url: str) -> str:
    """The module's database, as good as new: the units of `UNITS`, and nothing else but the schema."""
    with psycopg.connect(kept_url, autocommit=True) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migrations'"
        ).fetchall()
        names = sql.SQL(", ").join(sql.Identifier(name) for (name,) in tables)
        connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
    asyncio.run(enrol_units(kept_url))
    return kept_url


@pytest.fixture
def make_gateway(reachable_dir: Path) -> Iterator[MakeGateway]:
    """Makes gateway processes; kills at the end what the test left running."""
    made: list[Gateway] = []

    def make(**settings: object) -> Gateway:
        directory = reachable_dir / f"gateway-{uuid.uuid4().hex[:8]}"
        directory.mkdir()
        made.append(Gateway(directory, **settings))
        return made[-1]

    yield make
    for gateway in made:
        gateway.kill()


@pytest.fixture
def gateway(make_gateway: MakeGateway, enrolled_url: str, mosquitto: Mosquitto) -> Gateway:
    """`sigap serve`, running and well."""
    made = make_gateway(database_url=enrolled_url, mqtt_port=mosquitto.port)
    made.start()
    return made


@pytest.fixture
def serve_here() -> ServeHere:
    """Runs gateways in the test's event loop: ``async with serve_here(database_url=..., mqtt_port=...) as url``."""

    @asynccontextmanager
    async def serve(**settings: Any) -> AsyncIterator[str]:
        port = free_port()
        stop = asyncio.Event()
        chosen = Settings(**{"centre": CENTRE, "http_port": port, **settings})
        running = asyncio.create_task(app.serve(chosen, stop))
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient() as client:

            async def answers() -> bool:
                if running.done():
                    running.result()
                try:
                    return (await client.get(f"{url}/api/v1/health")).status_code == 200
                except httpx.TransportError:
                    return False

            try:
                await until_here(answers, what="a healthy gateway")
                yield url
            finally:
                stop.set()
                await asyncio.wait_for(running, STOP_S)

    return serve


@pytest.fixture
async def gateway_here(serve_here: ServeHere, database_url: str, mosquitto: Mosquitto) -> AsyncIterator[str]:
    """A gateway in this event loop, running and well; its address."""
    await enrol_units(database_url)
    async with serve_here(database_url=database_url, mqtt_port=mosquitto.port) as url:
        yield url
