"""The parts of a running demo, started in one order and stopped in the other.

directory/
    postgres/   broker/                      each server's own, see there
    fleet/      the units' outboxes, and ledger.jsonl of this run
    roads/      the invented roads of the profile, made once
    gateway.log  enrol.log  fleet.log  calls.log
"""

import math
import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gateway.demo.account import check_writable
from gateway.demo.broker import Broker, Preference, choose
from gateway.demo.child import Child
from gateway.demo.database import EmbeddedPostgres
from gateway.demo.display import Display
from gateway.demo.errors import ChildDiedError
from gateway.demo.interruption import held
from gateway.demo.ports import LOOPBACK, Claims, check_free
from gateway.demo.roads import DemoRoads

CENTRE = "bojonegoro"
_PROFILE = "bojonegoro"
_DATABASE = "sigap"
_USUAL_PORT = 8080  # a bookmark of the board then works the next time
_USUAL_BROKER_PORT = 1883  # MQTT's own: what people write without looking
_READY_S = 30.0
_GATEWAY_STOP_S = 10.0
_CALLS_STOP_S = 3.0  # it has nothing to finish
_DRAIN_S = 20.0  # for a run with an end: the fleet may take that long to deliver what it still has
_HASTY_DRAIN_S = 4.0  # for a run that somebody interrupts: he waits, and what is not delivered stays on its unit
_FLEET_DONE = (0, 3, 4)  # exit codes of sigap-unit: all receipted; some items wait; some are in the quarantine
_TAKEN = ("SIGAP_WEB_DIR", "SIGAP_WEBHOOKS_PRIVATE", "SIGAP_INTAKE_SECRET", "SIGAP_TELEPHONY_SECRET")
"""Settings of the person's own that a demo takes: none of them leads to anybody's production."""
_board = re.compile(r"^board=(\S+)$", re.MULTILINE)


class Calls(StrEnum):
    """Who is called."""

    CENTRE = "centre"  # calls come in to the centre all day, and are answered at the board or by a program
    CREWS = "crews"  # each vehicle has calls of its own, of which the centre knows nothing
    NONE = "none"  # vehicles wait at home until somebody at the board sends them


@dataclass(frozen=True)
class Wishes:
    """What the person asked for; see `sigap demo --help`."""

    directory: Path
    units: int = 12
    broker: Preference = Preference.AUTO
    seconds: float | None = None
    silence: str | None = None
    port: int | None = None
    calls: Calls = Calls.CENTRE


class Stack:
    """Database, broker, gateway and fleet."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self.board = ""
        self.database = EmbeddedPostgres(wishes.directory / "postgres")
        self.broker: Broker = choose(wishes.broker, wishes.directory / "broker")
        self._claims = Claims()
        self.roads = DemoRoads(wishes.directory / "roads", _PROFILE)
        self.gateway: Child | None = None
        self.fleet: Child | None = None
        self.caller: Child | None = None
        self._fleet_due = math.inf  # monotonic seconds

    @property
    def fleet_directory(self) -> Path:
        """The state directory of the units."""
        return self.wishes.directory / "fleet"

    @property
    def ledger(self) -> Path:
        """What the fleet says it made in this run."""
        return self.fleet_directory / "ledger.jsonl"

    @property
    def database_url(self) -> str:
        """Of the gateway's database."""
        return self.database.url(_DATABASE)

    @property
    def broker_address(self) -> str:
        """Where units publish, ``HOST:PORT``."""
        return f"{LOOPBACK}:{self.broker.port}"

    def check_wishes(self) -> None:
        """What can be known before anything starts.

        Raises:
            DirectoryError: the data cannot lie there.
            PortError: the board cannot listen there.
        """
        check_writable(self.wishes.directory)
        if self.wishes.port is not None:
            check_free(self.wishes.port)

    def start_servers(self, display: Display) -> None:
        """Database, broker and gateway.

        Raises:
            DemoError: with a sentence for whoever started the demo.
        """
        new_roads = self.roads.begin(self._environment())
        display.step("starting PostgreSQL (the first time it makes a database)")
        self.database.start()
        self.database.ensure_database(_DATABASE)
        display.done(f"PostgreSQL, data in {self.database.directory}")
        display.step("starting the broker")
        self.broker.port = self._claims.usual_or_free(_USUAL_BROKER_PORT)
        self.broker.start()
        display.done(f"{self.broker.name} on {self.broker_address}")
        if self.broker.port != _USUAL_BROKER_PORT:
            display.moved(_USUAL_BROKER_PORT, "broker", self.broker_address)
        display.step("enrolling the units")
        self._run_to_end("enrol", ["enrol", "--profile", _PROFILE])
        if new_roads:
            display.step("inventing roads")
        self.roads.finish()
        display.done(f"roads of {_PROFILE}, invented" + (f", in {self.roads.file}" if new_roads else ""))
        display.step("starting the gateway")
        port = self._claims.usual_or_free(_USUAL_PORT) if self.wishes.port is None else self.wishes.port
        with held():
            self.gateway = Child(
                "the gateway",
                _python("gateway", "serve"),
                self.wishes.directory / "gateway.log",
                environment=self._environment() | {"SIGAP_HTTP_PORT": str(port)},
            )
        self.gateway.wait_ready(self._board_is_up, _READY_S)
        display.done("the gateway")
        if port != _USUAL_PORT and self.wishes.port is None:
            display.moved(_USUAL_PORT, "board", self.board)

    def start_fleet(self) -> None:
        """Let the ambulances drive."""
        self.fleet_directory.mkdir(exist_ok=True)
        self.ledger.unlink(missing_ok=True)  # the last run's was accounted for
        drain_s = _DRAIN_S if self.wishes.seconds is not None else _HASTY_DRAIN_S
        options = ["--profile", _PROFILE, "--roads", str(self.roads.file), "--units", str(self.wishes.units)]
        options += ["--centre", CENTRE, "--broker", self.broker_address]
        options += ["--state", str(self.fleet_directory), "--ledger", str(self.ledger), "--drain", f"{drain_s:g}"]
        if self.wishes.seconds is not None:
            options += ["--for", f"{self.wishes.seconds:g}"]
            self._fleet_due = time.monotonic() + self.wishes.seconds + drain_s + _READY_S
        if self.wishes.silence is not None:
            options += ["--silence", self.wishes.silence]
        if self.wishes.calls is not Calls.CREWS:
            habits = self.fleet_directory / "habits.toml"
            habits.write_text("[day]\nown_calls = false\n")
            options += ["--scenario", str(habits)]
        with held():
            self.fleet = Child(
                "the fleet",
                _python("fieldunit", "simulate", *options),
                self.wishes.directory / "fleet.log",
                environment=self._environment(),
            )

    def start_calls(self) -> None:
        """Let people call the centre."""
        if self.wishes.calls is not Calls.CENTRE:
            return
        with held():
            self.caller = Child(
                "the callers",
                _python("gateway.demo.calls", self.board, str(self.roads.file), _PROFILE),
                self.wishes.directory / "calls.log",
                environment=self._environment(),
            )

    def check(self) -> bool:
        """Whether the fleet still drives.

        Raises:
            ChildDiedError: if anything ended that should not have.
        """
        children = [self.database.child, self.broker.child, self.gateway, self.caller]
        for child in children:
            if child is not None and not child.running:
                raise child.died()
        if self.fleet is None:
            return True
        if self.fleet.running:
            if time.monotonic() > self._fleet_due:
                raise ChildDiedError("the fleet", "did not end when its time was over", self.fleet.last_lines())
            return True
        if self.wishes.seconds is None or self.fleet.process.returncode not in _FLEET_DONE:
            raise self.fleet.died()
        return False

    def stop_fleet(self) -> None:
        """Ask it to stop and give it the time to deliver; nobody calls any more."""
        if self.caller is not None:
            self.caller.stop(_CALLS_STOP_S)
            self.caller = None
        if self.fleet is not None:
            self.fleet.stop(_HASTY_DRAIN_S + 6.0)

    def stop_servers(self) -> None:
        """Gateway, broker, database: each while what it needs still runs."""
        self.roads.abandon()
        if self.gateway is not None:
            self.gateway.stop(_GATEWAY_STOP_S)
        self.broker.stop()
        self.database.stop()
        self._claims.release()

    def abandon(self) -> None:
        """As quickly as data allows: somebody pressed Ctrl-C twice. A crash of any part loses nothing."""
        for child in (self.caller, self.fleet, self.gateway):
            if child is not None:
                child.kill()
        self.roads.abandon()
        self.broker.kill()
        self.database.stop()

    def _board_is_up(self) -> bool:
        found = _board.search((self.wishes.directory / "gateway.log").read_text(errors="replace"))
        if found is not None:
            self.board = found[1]
        return found is not None

    def _run_to_end(self, name: str, arguments: Sequence[str]) -> None:
        child = Child(
            f"sigap {name}",
            _python("gateway", *arguments),
            self.wishes.directory / f"{name}.log",
            environment=self._environment(),
        )
        child.wait_end(_READY_S)

    def _environment(self) -> dict[str, str]:
        """Ours, but with the demo's settings instead of any of the person's production."""
        kept = {name: value for name, value in os.environ.items() if name in _TAKEN or not name.startswith("SIGAP_")}
        return kept | {
            "SIGAP_CENTRE": CENTRE,
            "SIGAP_DATABASE_URL": self.database_url,
            "SIGAP_MQTT_HOST": LOOPBACK,
            "SIGAP_MQTT_PORT": str(self.broker.port),
            "SIGAP_HTTP_HOST": LOOPBACK,
            "SIGAP_ROADS_DIR": str(self.roads.directory),
            "PYTHONUNBUFFERED": "1",
        }


def _python(module: str, *arguments: str) -> list[str]:
    """The interpreter that runs us, so that an environment that is not activated works too."""
    return [sys.executable, "-m", module, *arguments]
