"""Real servers for tests, on loopback, ended by the test run itself: PostgreSQL, Mosquitto, the embedded
broker.

Root's temporary directories of pytest are closed to everybody else, and the servers do not run as root. So
they get directories of their own that their accounts can enter.

``SIGAP_TEST_DATABASE_URL`` puts another PostgreSQL (with TimescaleDB, say) in the embedded one's place. It
must be the URL of somebody who may create databases.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import psycopg
import pytest
from psycopg import conninfo, sql

from gateway.demo.broker import EmbeddedBroker, Mosquitto
from gateway.demo.database import EmbeddedPostgres
from gateway.demo.ports import free_port

OTHER_DATABASE = "SIGAP_TEST_DATABASE_URL"


class PostgresCluster(Protocol):
    """A server that can hold databases of tests."""

    def url(self, database: str) -> str:
        """Connection URL or conninfo of one database."""


class OtherPostgres:
    """A server that somebody else runs."""

    def __init__(self, url: str) -> None:
        self._url = url

    def url(self, database: str) -> str:
        """Conninfo of one database of it."""
        return conninfo.make_conninfo(self._url, dbname=database)


@pytest.fixture(scope="session")
def reachable_dir() -> Iterator[Path]:
    """A short directory that a server's account can enter, for the whole run; cleared at its end."""
    path = Path(tempfile.mkdtemp(prefix="sigap-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def server_dir(reachable_dir: Path) -> Path:
    """A new directory for one test's servers."""
    path = reachable_dir / uuid.uuid4().hex[:8]
    path.mkdir(mode=0o755)
    return path


@pytest.fixture(scope="session")
def postgres_cluster(reachable_dir: Path) -> Iterator[PostgresCluster]:
    """The server for all tests that do not hurt it."""
    if given := os.environ.get(OTHER_DATABASE):
        yield OtherPostgres(given)
        return
    server = EmbeddedPostgres(reachable_dir / "postgres")
    server.start()
    yield server
    server.kill_immediate()  # nobody needs the last checkpoint, which on a busy disk takes its time


@pytest.fixture
def database_url(postgres_cluster: PostgresCluster) -> Iterator[str]:
    """An empty database of one's own, dropped after the test even if connections are still open."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_cluster.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
        yield postgres_cluster.url(name)
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def postgres(server_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A server of one's own that a test may kill and start again; it has a TCP port, so that a proxy fits in
    between.
    """
    server = EmbeddedPostgres(server_dir / "postgres", port=free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mosquitto(server_dir: Path) -> Iterator[Mosquitto]:
    """A Mosquitto of one's own, set as the demo sets it; a test may kill it and start it again."""
    broker = Mosquitto(server_dir / "mosquitto")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def forgetful_mosquitto(server_dir: Path) -> Iterator[Mosquitto]:
    """The same, but it keeps nothing on disk."""
    broker = Mosquitto(server_dir / "forgetful", persistent=False)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def iotcore_broker(server_dir: Path) -> Iterator[EmbeddedBroker]:
    """The embedded broker, MQTT 5 only."""
    broker = EmbeddedBroker(server_dir / "iotcore")
    broker.start()
    yield broker
    broker.stop()
