"""An MQTT broker of our own on loopback: a Mosquitto of the machine, or else one from a wheel.

Both speak MQTT 5 on one port to the gateway and to the units. Mosquitto is preferred because it is what
production uses and because it keeps sessions on disk; the wheel (`iotcore`, which is rumqttd) keeps all in
memory. Neither may be trusted to keep a message: a fix stays on its unit until the gateway's receipt.

What the embedded one cannot do: access rules, MQTT 3.1.1 on this port, a keep-alive of 0, more than 100
messages in flight to a subscriber. It holds a log in memory that grows up to the segments set here.
"""

import shutil
import signal
import sys
from abc import ABC, abstractmethod
from enum import StrEnum
from pathlib import Path

from gateway.demo.account import make_directory, stand_in
from gateway.demo.child import Child
from gateway.demo.errors import DemoError
from gateway.demo.interruption import held
from gateway.demo.ports import LOOPBACK, accepts, free_port
from tracker.wire.topics import MAX_PAYLOAD

_READY_S = 15.0
_STOP_S = 5.0
_MAX_PACKET = MAX_PAYLOAD + 4096  # bytes: a payload, its topic and its properties
_MAX_QUEUED = 256 * 1024 * 1024  # bytes for one absent subscriber; dropped beyond, and resent by the units


class Preference(StrEnum):
    """Which broker to run."""

    AUTO = "auto"  # Mosquitto if the machine has one
    MOSQUITTO = "mosquitto"
    EMBEDDED = "embedded"


class Broker(ABC):
    """A broker in a child process; `port` stays the same over restarts.

    Args:
        directory: for its configuration, log and, if it has one, its store; made if absent.
        port: TCP port on loopback; None for a free one.
    """

    name: str

    def __init__(self, directory: Path, *, port: int | None = None) -> None:
        self.directory = directory.absolute()
        self.port = port or free_port()
        self._child: Child | None = None

    @property
    def log(self) -> Path:
        """Its log since the last start."""
        return self.directory / "broker.log"

    @property
    def child(self) -> Child:
        """The running broker.

        Raises:
            DemoError: if it was not started.
        """
        if self._child is None:
            raise DemoError("the broker was not started")
        return self._child

    def start(self) -> None:
        """Start it and wait until it listens.

        Raises:
            ChildDiedError: if it does not; with its last words.
        """
        make_directory(self.directory)
        with held():
            self._child = self._launch()
        try:
            self._child.wait_ready(lambda: accepts(self.port), _READY_S)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Stop it cleanly. Does nothing if it does not run."""
        if self._child is not None:
            self._child.stop(_STOP_S)
            self._child = None

    def kill(self) -> None:
        """SIGKILL, as a power cut of the process: what is not on disk is gone."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def restart(self) -> None:
        """Stop it and start it on the same port."""
        self.stop()
        self.start()

    @abstractmethod
    def _launch(self) -> Child: ...


class Mosquitto(Broker):
    """The machine's Mosquitto with a configuration of ours.

    Args:
        directory: see `Broker`. port: see `Broker`. persistent: whether sessions and queued messages survive
        its end; False only to show what is lost then.
    """

    name = "Mosquitto"

    def __init__(self, directory: Path, *, port: int | None = None, persistent: bool = True) -> None:
        super().__init__(directory, port=port)
        self._persistent = persistent

    def _launch(self) -> Child:
        program = find_mosquitto()
        if program is None:
            raise DemoError("there is no mosquitto on this machine: install it, or use --broker embedded")
        account = stand_in("mosquitto", "nobody")
        store = self.directory / "store"
        store.mkdir(mode=0o700, exist_ok=True)
        configuration = self.directory / "mosquitto.conf"
        configuration.write_text(self.configuration(store))
        if account is not None:  # it is started as that account, so it never needs root, and reads this as that account
            account.check_reach(self.directory)
            account.own(store, *store.iterdir(), configuration)
        return Child("Mosquitto", [program, "-c", str(configuration)], self.log, account=account)

    def configuration(self, store: Path) -> str:
        """The text of mosquitto.conf(5)."""
        lines = [
            f"listener {self.port} {LOOPBACK}",
            "allow_anonymous true",  # loopback only, and a demo: production has a password and rules for each unit
            # The default of 1000 drops QoS 1 messages silently, after their PUBACK.
            "max_queued_messages 0",
            f"max_queued_bytes {_MAX_QUEUED}",
            # No limit of its own: each client's Receive Maximum holds. 20 in flight throttle a gateway that
            # acknowledges after a commit.
            "max_inflight_messages 0",
            f"message_size_limit {MAX_PAYLOAD}",
            f"max_packet_size {_MAX_PACKET}",
            "set_tcp_nodelay true",
            "log_dest stderr",
            "log_type error",
            "log_type warning",
            "log_type notice",
            "connection_messages false",
        ]
        if self._persistent:
            lines += [
                "persistence true",
                f"persistence_location {store}/",
                # Each second. After each change would write all that waits for every message more: with 250 bytes each
                # and nobody fetching, 15 s took 6,000 messages, against 255,000 this way. What the last second loses,
                # units send again.
                "autosave_on_changes false",
                "autosave_interval 1",
            ]
        else:
            lines += ["persistence false"]
        return "\n".join(lines) + "\n"


class EmbeddedBroker(Broker):
    """The broker of the wheel `iotcore`; everything is forgotten when it ends."""

    name = "iotcore"

    def _launch(self) -> Child:
        configuration = self.directory / "iotcore.toml"
        configuration.write_text(_IOTCORE.format(address=f"{LOOPBACK}:{self.port}", max_packet=_MAX_PACKET))
        command = [sys.executable, "-m", "gateway.demo.iotcore_broker", str(configuration)]
        return Child("iotcore", command, self.log, ending=signal.SIGTERM)


_IOTCORE = """\
id = 0

[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 16777216
max_segment_count = 16

[v5.demo]
name = "demo"
listen = "{address}"
next_connection_delay_ms = 0

[v5.demo.connections]
connection_timeout_ms = 60000
max_payload_size = {max_packet}
max_inflight_count = 100
dynamic_filters = true
"""


def find_mosquitto() -> str | None:
    """The Mosquitto of this machine. Debian keeps it where an ordinary user's PATH does not look."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def choose(preference: Preference, directory: Path) -> Broker:
    """The broker to run in this directory."""
    if preference is Preference.EMBEDDED or (preference is Preference.AUTO and find_mosquitto() is None):
        return EmbeddedBroker(directory)
    return Mosquitto(directory)
