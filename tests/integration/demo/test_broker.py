"""The brokers of the demo: what they keep, what they refuse, whom they listen to."""

import queue
import socket
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.demo import broker as brokers
from gateway.demo.broker import Broker, EmbeddedBroker, Mosquitto, Preference, choose
from tracker.wire.topics import MAX_PAYLOAD

_WAIT_S = 15.0
BOTH = pytest.mark.parametrize("kind", [Mosquitto, EmbeddedBroker])


class Client:
    """An MQTT 5 client whose callbacks end in queues."""

    def __init__(self, name: str) -> None:
        self.connected: queue.Queue[ReasonCode] = queue.Queue()
        self.disconnected: queue.Queue[ReasonCode] = queue.Queue()
        self.subscribed: queue.Queue[int] = queue.Queue()
        self.published: queue.Queue[ReasonCode] = queue.Queue()
        self.received: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
        self.paho.on_connect = lambda *args: self.connected.put(args[3])
        self.paho.on_disconnect = lambda *args: self.disconnected.put(args[3])
        self.paho.on_subscribe = lambda *args: self.subscribed.put(args[2])
        self.paho.on_publish = lambda *args: self.published.put(args[3])
        self.paho.on_message = lambda *args: self.received.put(args[2])

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exc: object) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()

    def connect(self, port: int) -> "Client":
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own gap
        properties.SessionExpiryInterval = 3600
        self.paho.connect("127.0.0.1", port, clean_start=False, properties=properties)
        self.paho.loop_start()
        assert not self.connected.get(timeout=_WAIT_S).is_failure
        return self

    def subscribe(self, topic: str) -> None:
        self.paho.subscribe(topic, qos=1)
        self.subscribed.get(timeout=_WAIT_S)


def _started(kind: Callable[[Path], Broker], directory: Path) -> Broker:
    broker = kind(directory)
    broker.start()
    return broker


@BOTH
def test_a_message_travels(server_dir: Path, kind: Callable[[Path], Broker]) -> None:
    """MQTT 5 at QoS 1, publisher to subscriber, on one port."""
    broker = _started(kind, server_dir / "b")
    try:
        with Client("reader").connect(broker.port) as reader, Client("writer").connect(broker.port) as writer:
            reader.subscribe("sigap/#")
            writer.paho.publish("sigap/v1/a", b"hello", qos=1)
            assert not writer.published.get(timeout=_WAIT_S).is_failure
            assert reader.received.get(timeout=_WAIT_S).payload == b"hello"
    finally:
        broker.stop()


@BOTH
def test_only_loopback_is_bound(server_dir: Path, kind: Callable[[Path], Broker]) -> None:
    """Anybody may log in, so nobody but this machine may reach it. 127.0.0.2 stands for every other address."""
    broker = _started(kind, server_dir / "b")
    try:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", broker.port), timeout=5).close()
    finally:
        broker.stop()


@BOTH
def test_a_megabyte_is_refused_and_the_largest_message_is_not(server_dir: Path, kind: Callable[[Path], Broker]) -> None:
    """The wire allows 16 KiB; the broker cuts off who sends a megabyte."""
    broker = _started(kind, server_dir / "b")
    try:
        with Client("reader").connect(broker.port) as reader, Client("writer").connect(broker.port) as writer:
            reader.subscribe("sigap/#")
            writer.paho.publish("sigap/v1/centre/units/unit/live/outbox", bytes(MAX_PAYLOAD), qos=1)
            assert len(reader.received.get(timeout=_WAIT_S).payload) == MAX_PAYLOAD
            writer.paho.publish("sigap/v1/centre/units/unit/live/outbox", bytes(1_000_000), qos=0)
            writer.disconnected.get(timeout=_WAIT_S)
            assert reader.received.empty()
    finally:
        broker.stop()


def test_mosquitto_keeps_a_session_over_sigkill(mosquitto: Mosquitto) -> None:
    """Sessions, and what is queued for them, are on disk within seconds; without a limit of a thousand
    messages.
    """
    count = 3000
    fixes = {b"fix-%05d" % number for number in range(count)}
    with Client("gateway").connect(mosquitto.port) as gateway:
        gateway.subscribe("sigap/#")
    with Client("unit").connect(mosquitto.port) as unit:
        for fix in fixes:
            unit.paho.publish("sigap/v1/a", fix, qos=1)
        for _ in range(count):
            assert not unit.published.get(timeout=_WAIT_S).is_failure
    # A PUBACK does not wait for the disk, and need not: receipts are what counts. The next write does come.
    store = mosquitto.directory / "store" / "mosquitto.db"
    mosquitto.child.wait_ready(lambda: store.exists() and _holds(store, fixes), _WAIT_S)
    mosquitto.kill()
    mosquitto.start()
    with Client("gateway").connect(mosquitto.port) as gateway:
        assert {gateway.received.get(timeout=_WAIT_S).payload for _ in range(count)} == fixes


def _holds(store: Path, fixes: set[bytes]) -> bool:
    content = store.read_bytes()
    return all(fix in content for fix in fixes)


def test_a_forgetful_mosquitto_forgets(forgetful_mosquitto: Mosquitto) -> None:
    """The variant for showing what PUBACK does not prove: a queued, acknowledged message is gone with the
    process.
    """
    with Client("gateway").connect(forgetful_mosquitto.port) as gateway:
        gateway.subscribe("sigap/#")
    with Client("unit").connect(forgetful_mosquitto.port) as unit:
        unit.paho.publish("sigap/v1/a", b"gone", qos=1)
        assert not unit.published.get(timeout=_WAIT_S).is_failure
    forgetful_mosquitto.kill()
    forgetful_mosquitto.start()
    with Client("gateway").connect(forgetful_mosquitto.port) as gateway, Client("probe") as probe:
        probe.connect(forgetful_mosquitto.port)
        gateway.subscribe("sigap/#")
        probe.paho.publish("sigap/v1/a", b"later", qos=1)
        assert gateway.received.get(timeout=_WAIT_S).payload == b"later"


def test_without_mosquitto_the_embedded_broker_is_chosen(server_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`auto` never fails for want of a package of the machine."""
    assert isinstance(choose(Preference.AUTO, server_dir), Mosquitto)
    monkeypatch.setattr(brokers, "find_mosquitto", lambda: None)
    assert isinstance(choose(Preference.AUTO, server_dir), EmbeddedBroker)
    assert isinstance(choose(Preference.MOSQUITTO, server_dir), Mosquitto)
