"""The servers and processes of one drill.

directory/
    postgres/   broker/     the servers' own; a database of its own for each drill
    roads/PROFILE/          the invented roads of the profile, made once
    gateway.log  fleet.log  enrol.log
"""

import asyncio
import os
import re
import secrets
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg import sql

from gateway.demo.account import check_writable
from gateway.demo.broker import Broker, Preference, choose
from gateway.demo.child import Child
from gateway.demo.database import EmbeddedPostgres
from gateway.demo.errors import ChildDiedError
from gateway.demo.ports import LOOPBACK
from gateway.drills.led import Led
from gateway.drills.region import DrillRoads
from gateway.storage import units
from gateway.storage.units import Unit

_READY_S = 60.0
_LOOK_S = 0.02
_board = re.compile(rb"^board=(\S+)$")


class Stack:
    """All parts of a drill; `stop` ends whatever runs.

    Args:
        directory: of its data.
        profile: of the centre, which has its name.
        only: members of a province whose roads are made; all where empty.
    """

    def __init__(self, directory: Path, profile: str, only: Sequence[str] = ()) -> None:
        self.directory = directory.absolute()
        self.centre = profile
        self.settings: dict[str, str] = {}
        """Of the gateway beside the usual ones: environment variables without their prefix, in lower case."""
        self.database = EmbeddedPostgres(self.directory / "postgres")
        self.broker: Broker = choose(Preference.AUTO, self.directory / "broker")
        self.roads = DrillRoads(self.directory / "roads" / profile, profile, only)
        self.gateway: Led | None = None
        self.fleet: Led | None = None
        self.url = ""
        self._name = f"drill_{secrets.token_hex(6)}"
        self._port = 0  # of the board: once chosen, a restarted gateway listens there again

    def start_servers(self) -> None:
        """Database, broker, roads, and the units of the profile.

        Raises:
            DemoError: with a sentence for whoever started the drill.
        """
        check_writable(self.directory)
        self.roads.make()
        self.database.start()
        self.database.ensure_database(self._name)
        self.broker.start()
        self.run("enrol", "--profile", self.centre)

    def run(self, *arguments: str) -> str:
        """Run `sigap` with these arguments to its end; what it said.

        Raises:
            ChildDiedError: it failed.
        """
        log = self.directory / f"{arguments[0]}.log"
        Child(f"sigap {arguments[0]}", _python("gateway", *arguments), log, environment=self._environment()).wait_end(
            _READY_S
        )
        return log.read_text(errors="replace")

    def start_gateway(self, begin: datetime | None, without: Sequence[str] = ()) -> None:
        """Start it, by a clock that stands at a moment or by the machine's, and wait until it is well.

        Raises:
            ChildDiedError: it is not.
        """
        options = [] if begin is None else ["--begin", begin.isoformat()]
        for feature in without:
            options += ["--without", feature]
        environment = self._environment() | {"SIGAP_HTTP_PORT": str(self._port)}
        command = _python("gateway.drills.gateway_child", *options)
        self.gateway = Led("the gateway", command, self.directory / "gateway.log", environment)
        while (found := _board.match(self.gateway.line(_READY_S))) is None:
            pass
        self.url = found[1].decode().rstrip("/")
        self._port = int(self.url.rpartition(":")[2])
        deadline = time.monotonic() + _READY_S
        while not self._well():
            if time.monotonic() > deadline or not self.gateway.child.running:
                raise ChildDiedError("the gateway", "is not well", self.gateway.child.last_lines())
            time.sleep(_LOOK_S)

    def start_fleet(self, units: int, every_s: float, seed: int) -> None:
        """Let the vehicles of the profile wait at their homes."""
        options = ["--stepped", "--profile", self.centre, "--centre", self.centre, "--units", str(units)]
        options += ["--roads", str(self.roads.file), "--rate", f"{1 / every_s:g}", "--seed", str(seed)]
        options += ["--broker", f"{LOOPBACK}:{self.broker.port}", "--outbox", "memory"]
        options += ["--state", str(self.directory / "fleet")]
        self.fleet = Led(
            "the fleet", _python("fieldunit", "simulate", *options), self.directory / "fleet.log", self._environment()
        )

    def enrol(self, found: Iterable[Unit]) -> None:
        """Make units known whose owners are nobody: those of an exercise."""

        async def enrolled() -> None:
            async with await psycopg.AsyncConnection.connect(self.database_url) as connection:
                for unit in found:
                    await units.enrol(connection, self.centre, unit)

        asyncio.run(enrolled())

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """All of a table of the gateway's."""
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))).fetchall()

    def end_fleet(self) -> None:
        """Let the vehicles go."""
        if self.fleet is not None:
            self.fleet.stop()
            self.fleet = None

    @property
    def database_url(self) -> str:
        """Of the gateway's database."""
        return self.database.url(self._name)

    def stop(self) -> None:
        """Fleet, gateway, broker, database: each while what it needs still runs."""
        for led in (self.fleet, self.gateway):
            if led is not None:
                led.stop()
        self.broker.stop()
        with suppress(psycopg.Error), psycopg.connect(self.database.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self._name)))
        self.database.stop()

    def _well(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/v1/health", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def _environment(self) -> dict[str, str]:
        """Ours, but with the drill's settings instead of any of the person's production."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SIGAP_")}
        own = {
            "centre": self.centre,
            "database_url": self.database_url,
            "mqtt_host": LOOPBACK,
            "mqtt_port": str(self.broker.port),
            "http_host": LOOPBACK,
            "roads_dir": str(self.roads.directory),
        }
        given = own | self.settings
        return kept | {f"SIGAP_{name.upper()}": value for name, value in given.items()} | {"PYTHONUNBUFFERED": "1"}


def _python(module: str, *arguments: str) -> list[str]:
    """The interpreter that runs us, so that an environment that is not activated works too."""
    return [sys.executable, "-m", module, *arguments]
