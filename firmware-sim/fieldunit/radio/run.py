"""Runs a bridge: the port, the table, the outbox and the uplink, until it is told to stop."""

import importlib.metadata
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from fieldunit.outbox import open_outbox, outbox_path
from fieldunit.radio.bridge import Bridge
from fieldunit.radio.config import broker_of, read_config
from fieldunit.radio.delivery import BridgeDelivery
from fieldunit.radio.table import TableFile
from fieldunit.receivers.port import PortError
from fieldunit.receivers.serial_port import SerialPort
from fieldunit.uplink.backoff import Backoff
from fieldunit.uplink.network import Network

LOOK_S = 1.0
"""How often the table is looked at."""

SUM_UP_S = 3600.0
"""How often the log has a line on what was heard: static on the air shows there first."""

REOPEN_MAX_S = 10.0
READ_S = 0.25


def run(config_file: Path, stop: threading.Event, tell: Callable[[str], None]) -> None:
    """Bridge until ``stop`` is set. A port that is not there, or goes, is waited for; so is the broker.

    Raises:
        ConfigError, TableError, BrokerSettingError: the file cannot be meant.
        OutboxError: the outbox is another process's.
    """
    config = read_config(config_file)
    table = TableFile(config_file, tell)
    broker = broker_of(config)
    state = Path(config.state)
    state.mkdir(parents=True, exist_ok=True)
    store = open_outbox(outbox_path(state, config.bridge), tell)
    try:
        with Network() as network:
            delivery = network.add(
                lambda: BridgeDelivery(
                    config.centre,
                    config.bridge,
                    store,
                    lambda: table.table,
                    broker,
                    firmware=f"sigap-unit {importlib.metadata.version('sigap')}",
                    tell=tell,
                )
            )
            bridge = Bridge(
                store,
                lambda: table.table,
                state / f"{config.bridge}.codes",
                lambda seq: network.call(delivery.appended, seq),
                tell,
            )
            tell(f"bridge {config.bridge}: {len(table.table.radios)} radios, {store.depth} items wait in the outbox")

            def sum_up() -> None:
                unreadable = ", ".join(f"{count} {reason}" for reason, count in sorted(bridge.refused.items()))
                tell(
                    f"bridge {config.bridge}: heard {bridge.heard}, receipted {delivery.receipted}, "
                    f"waiting {store.depth}; without a position {bridge.no_fix}, unreadable {unreadable or 0}"
                )

            port = SerialPort(config.port.device, config.port.baud)
            _listen(port, bridge, _Watch(table, network, sum_up), stop, tell)
            sum_up()
    finally:
        store.close()


class _Watch:
    """What is looked at between two readings of the port."""

    def __init__(self, table: TableFile, network: Network, sum_up: Callable[[], None]) -> None:
        self._table = table
        self._network = network
        self._sum_up = sum_up
        self._looked = self._summed_up = time.monotonic()

    def look(self) -> None:
        """Raise what went wrong in the uplink; read the table again if it changed; sum up now and then."""
        self._network.check()
        now = time.monotonic()
        if now - self._looked >= LOOK_S:
            self._looked = now
            self._table.look()
        if now - self._summed_up >= SUM_UP_S:
            self._summed_up = now
            self._sum_up()


def _listen(
    port: SerialPort, bridge: Bridge, watch: _Watch, stop: threading.Event, tell: Callable[[str], None]
) -> None:
    backoff = Backoff(minimum=0.5, maximum=REOPEN_MAX_S)
    told: str | None = None
    while not stop.is_set():
        try:
            port.open()
            if told is not None:
                tell(f"{port.name} is open")
            told = None
            backoff.succeeded()
            while not stop.is_set():
                if data := port.read(READ_S):
                    bridge.hear(data, datetime.now(UTC))
                watch.look()
        except PortError as error:
            if error.sentence != told:  # a sentence is not repeated at each try
                told = error.sentence
                tell(f"{error.sentence}; trying again")
            stop.wait(backoff.next_wait())
            watch.look()
        finally:
            port.close()
