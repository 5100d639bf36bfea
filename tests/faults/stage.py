"""Everything that a fix passes on its way, as real processes, with a fault proxy in each connection:

    sigap-unit simulate -> [units' way] -> Mosquitto <- [gateway's way] <- sigap serve -> [database's way] -> PostgreSQL

All of it is started, killed and started again from the test's own thread. A process that ends without being told to
fails the test.
"""

import asyncio
import os
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Self

import paho.mqtt.publish
import psycopg
from paho.mqtt.enums import MQTTProtocolVersion

from gateway.demo.broker import Mosquitto
from gateway.demo.child import Child
from gateway.demo.database import EmbeddedPostgres
from tests.faults.account import Entry, Verdict, judge, read_ledger, read_table
from tests.fix_gateway import CENTRE, Gateway, enrol_units
from tests.fix_proxy import FaultProxy
from tracker.wire.checksum import xor
from tracker.wire.topics import Channel, UnitTopic

PROFILE = "bojonegoro"
DATABASE = "sigap"
MARKER = "penanda-01"
"""A unit of the test's own: when its fix is stored, so is what came before it."""

HEAL_S = 120.0
SETTLE_S = 60.0
POLL_S = 0.1

_MARK = b"GNRMC,1200%02d.00,A,0709.0000,S,11153.0000,E,0.0,0.0,010126,,,A"
_MARK_BACKLOG = UnitTopic(CENTRE, MARKER, Channel.BACKLOG, "penanda")

WAYS = ("units", "gateway", "database")
"""Whose way it is to the broker, to the broker, and to the database."""

TRUE_GATEWAY = ("gateway",)
TRUE_UNIT = ("fieldunit",)


class KilledGateway(Gateway):
    """`sigap serve` that leaves one log a life, and dies with the test.

    Args:
        program: module to run in its place.
    """

    def __init__(self, directory: Path, program: Sequence[str], **settings: object) -> None:
        super().__init__(directory, **settings)
        self._program = program
        self.lives = 0
        self._child: Child | None = None

    def launch(self) -> None:
        """Start it and do not wait."""
        self.lives += 1
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SIGAP_")}
        environment |= {f"SIGAP_{name.upper()}": str(value) for name, value in self.settings.items()}
        self._child = Child(
            "gateway",
            [sys.executable, "-m", *self._program, "serve"],
            self.directory / f"gateway-{self.lives}.log",
            environment=environment,
        )
        self._process = self._child.process

    @property
    def log(self) -> str:
        """The end of the log of its last life."""
        return "" if self._child is None else self._child.last_lines(20)

    def kill(self) -> None:
        """SIGKILL; what it had in memory is gone."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    @property
    def has_died(self) -> bool:
        """Whether it ended without being killed by us."""
        return self._child is not None and not self._child.running


class Stage:
    """The whole set.

    Args:
        directory: for logs, outboxes and the ledger.
        postgres: running; this kills and starts it.
        mosquitto: running; this kills and starts it.
        units: how many.
        rate: fixes a second and unit.
        gateway: the gateway's program, as words behind ``python -m``.
        unit: the units' program, likewise.
        bare: whether the units are bare devices.
    """

    def __init__(
        self,
        directory: Path,
        postgres: EmbeddedPostgres,
        mosquitto: Mosquitto,
        *,
        units: int,
        rate: float,
        gateway: Sequence[str] = TRUE_GATEWAY,
        unit: Sequence[str] = TRUE_UNIT,
        bare: bool = False,
    ) -> None:
        self.directory = directory
        self.postgres, self.mosquitto = postgres, mosquitto
        self.units, self.rate, self.bare = units, rate, bare
        assert postgres.port is not None
        self._ways = {
            "units": FaultProxy(mosquitto.port),
            "gateway": FaultProxy(mosquitto.port),
            "database": FaultProxy(postgres.port),
        }
        self.counts: Counter[str] = Counter()
        self._down: set[str] = set()
        self._gateway_program, self._unit_program = gateway, unit
        self._stack = ExitStack()
        self._fleet: Child | None = None
        self._began = time.monotonic()
        self._gateway: KilledGateway | None = None

    # Life

    def __enter__(self) -> Self:
        for way in self._ways.values():
            self._stack.enter_context(way)
        self._stack.callback(self._end_processes)
        self.postgres.ensure_database(DATABASE)
        names = tuple(f"ambulans-{number:02d}" for number in range(1, self.units + 1))
        asyncio.run(enrol_units(self.postgres.url(DATABASE), CENTRE, (*names, MARKER)))
        self._gateway = KilledGateway(
            self.directory,
            self._gateway_program,
            database_url=self.postgres.tcp_url(DATABASE, port=self._ways["database"].port),
            mqtt_port=self._ways["gateway"].port,
        )
        self._gateway.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _end_processes(self) -> None:
        if self._fleet is not None:
            self._fleet.kill()
        if self._gateway is not None:
            self._gateway.kill()

    @property
    def gateway(self) -> KilledGateway:
        """The gateway."""
        assert self._gateway is not None, "the stage is not entered"
        return self._gateway

    @property
    def fleet(self) -> Child:
        """The units' process."""
        assert self._fleet is not None, "the units do not drive yet"
        return self._fleet

    def drive(self, seconds: float, seed: int) -> None:
        """Let the units drive for so long; they stay until everything is receipted."""
        command = [
            *(sys.executable, "-m", *self._unit_program, "simulate"),
            *("--profile", PROFILE, "--centre", CENTRE, "--broker", f"127.0.0.1:{self._ways['units'].port}"),
            *("--state", str(self.directory / "outboxes"), "--ledger", str(self.ledger)),
            *("--units", str(self.units), "--rate", str(self.rate), "--seed", str(seed)),
            *("--for", str(seconds), "--drain", str(HEAL_S + 30)),
            *(("--bare",) if self.bare else ()),
        ]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SIGAP_")}
        self._began = time.monotonic()
        self._fleet = Child("units", command, self.directory / "units.log", environment=environment)

    @property
    def ledger(self) -> Path:
        """The file that the units write."""
        return self.directory / "ledger.jsonl"

    @property
    def elapsed_s(self) -> float:
        """Since the units began to drive."""
        return time.monotonic() - self._began

    def say(self, what: str) -> None:
        """Show what happens, to whoever runs pytest -s."""
        print(f"  {self.elapsed_s:6.1f} s  {what}", flush=True)

    def check(self) -> None:
        """Nobody has died but by our hand.

        Raises:
            AssertionError: with the last lines of the log.
        """
        assert not self.gateway.has_died, f"the gateway ended by itself: {self.gateway.log}"
        if self._fleet is not None and not self._fleet.running:
            code = self._fleet.process.returncode
            assert code == 0, f"the units ended with {code}: {self._fleet.last_lines()}"

    # Faults

    def kill_gateway(self) -> None:
        """SIGKILL."""
        self.gateway.kill()
        self._fell("gateway")

    def start_gateway(self) -> None:
        """And do not wait until it is well."""
        self.gateway.launch()
        self._rose("gateway")

    def kill_broker(self) -> None:
        """SIGKILL: what it has not yet saved is gone."""
        self.mosquitto.kill()
        self._fell("broker")

    def start_broker(self) -> None:
        """On the same port, with what it had saved."""
        self.mosquitto.start()
        self._rose("broker")

    def kill_database(self) -> None:
        """As `pg_ctl stop -m immediate` does."""
        self.postgres.kill_immediate()
        self._fell("database")

    def start_database(self) -> None:
        """It recovers from its log."""
        self.postgres.start()
        self._rose("database")

    def harm(self, way: str, fault: str) -> None:
        """One of the faults of `FaultProxy`, by the names of the way and of the method."""
        self.counts["cuts"] += 1
        if fault == "truncate":
            self._ways[way].truncate(1000)
        else:
            getattr(self._ways[way], fault)()
        self.say(f"way of {way}: {fault}")

    def open_way(self, way: str) -> None:
        """End its fault."""
        self._ways[way].heal()
        self.say(f"way of {way}: healed")

    def heal(self) -> None:
        """Open what is shut and start what is down."""
        for way in self._ways.values():
            way.heal()
        for name in sorted(self._down):
            {"gateway": self.start_gateway, "broker": self.start_broker, "database": self.start_database}[name]()
        self.say("all is whole again")

    def _fell(self, name: str) -> None:
        self.counts[f"kills_{name}"] += 1
        self._down.add(name)
        self.say(f"{name} killed")

    def _rose(self, name: str) -> None:
        self._down.discard(name)
        self.say(f"{name} started")

    # The end

    def wait_for_units(self, within_s: float = HEAL_S) -> float:
        """Wait until the units end, which they do when nothing waits in an outbox; the seconds it took.

        Raises:
            AssertionError: they do not in time, or somebody died.
        """
        began = said = time.monotonic()
        while self.fleet.running:
            self.check()
            now = time.monotonic()
            if now - said > 5:
                said = now
                self.say(f"{len(read_ledger(self.ledger))} made safe, {len(self.rows())} stored")
            if now - began > within_s:
                raise AssertionError(
                    f"not healed within {within_s:g} s: {self.judge()}; in outboxes {self.waiting()}; the gateway's "
                    f"health {self.gateway.health()}; its log {self.gateway.log}; units say {self.fleet.last_lines()}"
                )
            time.sleep(POLL_S)
        self.check()
        return time.monotonic() - began

    def settle(self, within_s: float = SETTLE_S) -> None:
        """Wait until all that the broker holds for the gateway is stored or gone: a mark sent behind it is there.

        Raises:
            AssertionError: it is not there in time.
        """
        deadline = time.monotonic() + within_s
        self.gateway.wait_healthy("database", "live_session", "backlog_session", within_s=within_s)
        for topic, second in ((UnitTopic(CENTRE, MARKER, Channel.NMEA), 1), (_MARK_BACKLOG, 2)):
            mark = _MARK % second
            paho.mqtt.publish.single(
                str(topic), b"$%s*%02X\r\n" % (mark, xor(mark)), qos=1, hostname="127.0.0.1",
                port=self.mosquitto.port, protocol=MQTTProtocolVersion.MQTTv5,
            )  # fmt: skip
        before = -1
        while before != (now := self._stored_marks() and len(self.rows())) or not now:
            before = now
            assert time.monotonic() < deadline, f"the gateway has not caught up within {within_s:g} s"
            time.sleep(1)  # two batches may be under way at once: the mark's, and one that was taken before it

    def _stored_marks(self) -> bool:
        with psycopg.connect(self.postgres.url(DATABASE)) as connection:
            row = connection.execute("SELECT count(*) FROM fixes WHERE unit = %s", (MARKER,)).fetchone()
        return row == (2,)

    def rows(self) -> list[Entry]:
        """What the database holds; nothing while it is down."""
        return [] if "database" in self._down else read_table(self.postgres.url(DATABASE), without=MARKER)

    def waiting(self) -> dict[str, int]:
        """Fixes in each outbox that is not empty."""
        depths = {}
        for path in sorted((self.directory / "outboxes").glob("*.outbox")):
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as outbox:
                (depths[path.stem],) = outbox.execute("SELECT count(*) FROM item").fetchone()
        return {unit: depth for unit, depth in depths.items() if depth}

    def quarantined(self) -> list[tuple[str, str]]:
        """Reason and detail of whatever was kept there: of sound units, nothing may be."""
        with psycopg.connect(self.postgres.url(DATABASE)) as connection:
            return connection.execute("SELECT reason, detail FROM quarantine").fetchall()

    def judge(self) -> Verdict:
        """Ledger against table."""
        return judge(read_ledger(self.ledger), self.rows())

    def summary(self, verdict: Verdict, heal_s: float) -> str:
        """One line."""
        kills = " ".join(f"kills_{name}={self.counts[f'kills_{name}']}" for name in ("gateway", "broker", "database"))
        rest = str(verdict).removeprefix(f"fixes={verdict.fixes} ")
        return f"units={self.units} fixes={verdict.fixes} {kills} cuts={self.counts['cuts']} {rest} heal_s={heal_s:.1f}"
