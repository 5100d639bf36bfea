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
            _listen(SerialPort(config.port.device, config.port.baud), bridge, table, network, stop, tell)
            tell(f"bridge {config.bridge}: heard {bridge.heard}, receipted {delivery.receipted}, waiting {store.depth}")
    finally:
        store.close()


def _listen(
    port: SerialPort,
    bridge: Bridge,
    table: TableFile,
    network: Network,
    stop: threading.Event,
    tell: Callable[[str], None],
) -> None:
    backoff = Backoff(minimum=0.5, maximum=REOPEN_MAX_S)
    told: str | None = None
    looked = time.monotonic()
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
                looked = _look(table, network, looked)
        except PortError as error:
            if error.sentence != told:  # a sentence is not repeated at each try
                told = error.sentence
                tell(f"{error.sentence}; trying again")
            stop.wait(backoff.next_wait())
            looked = _look(table, network, looked)
        finally:
            port.close()


def _look(table: TableFile, network: Network, looked: float) -> float:
    network.check()
    if time.monotonic() - looked < LOOK_S:
        return looked
    table.look()
    return time.monotonic()
