"""The broker of the compose file, with its own start script, rules and configuration: only its port and paths
differ.
"""

import os
import queue
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from gateway.demo.child import Child
from gateway.demo.ports import accepts, free_port

_DEPLOY = Path(__file__).parents[2] / "deploy" / "mosquitto"
_GATEWAY, _FLEET = "gateways-own-secret", "the-fleets-own-secret"
_BRIDGE, _PHONE = "the-bridges-own-secret", "the-phones-own-secret"
_SYSTEM = "another-systems-own-secret"
_WAIT_S = 10.0
_CENTRE = "sigap/v1/bojonegoro"


@dataclass
class ComposeBroker:
    """The running broker."""

    port: int
    data: Path


class Client:
    """An MQTT 5 client that notes what the broker answers."""

    def __init__(self, broker: ComposeBroker, user: str, password: str, client_id: str = "") -> None:
        self.answers: queue.Queue[ReasonCode] = queue.Queue()
        self.disconnected: queue.Queue[ReasonCode] = queue.Queue()
        self.subscribed: queue.Queue[int] = queue.Queue()
        self.published: queue.Queue[ReasonCode] = queue.Queue()
        self.received: queue.Queue[str] = queue.Queue()
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id or user, protocol=mqtt.MQTTv5)
        self.paho.username_pw_set(user, password)
        self.paho.on_connect = lambda *args: self.answers.put(args[3])
        self.paho.on_disconnect = lambda *args: self.disconnected.put(args[3])
        self.paho.on_subscribe = lambda *args: self.subscribed.put(args[2])
        self.paho.on_publish = lambda *args: self.published.put(args[3])
        self.paho.on_message = lambda *args: self.received.put(args[2].topic)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own gap
        properties.SessionExpiryInterval = 3600
        self.paho.connect("127.0.0.1", broker.port, clean_start=False, properties=properties)
        self.paho.loop_start()
        self.answer = self.answers.get(timeout=_WAIT_S)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exc: object) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()

    def publish(self, topic: str, retain: bool = False) -> bool:
        """Whether the broker took it."""
        self.paho.publish(topic, b"x", qos=1, retain=retain)
        return not self.published.get(timeout=_WAIT_S).is_failure

    def subscribe(self, topic: str) -> None:
        self.paho.subscribe(topic, options=SubscribeOptions(qos=1))
        self.subscribed.get(timeout=_WAIT_S)


def _start(directory: Path, port: int, gateway: str = _GATEWAY, fleet: str = _FLEET) -> Child:
    data = directory / "data"
    data.mkdir()
    shutil.copy(_DEPLOY / "access.acl", directory)
    (directory / "access.acl").chmod(0o644)
    text = (_DEPLOY / "mosquitto.conf").read_text()
    for was, now in [
        ("listener 1883\n", f"listener {port} 127.0.0.1\n"),
        ("/mosquitto/data", str(data)),
        ("/mosquitto/config", str(directory)),
    ]:
        assert was in text
        text = text.replace(was, now)
    (directory / "mosquitto.conf").write_text(text)
    users = {"induk": _BRIDGE, "bojonegoro.ambulans-01": _PHONE, "calltaking": _SYSTEM, "onlooker": _SYSTEM}
    lines = "".join(f"{name}:{password}\n" for name, password in users.items())
    (directory / "users").write_text(f"# further ones\n\n{lines}")
    environment = {
        "PATH": f"{os.environ['PATH']}:/usr/sbin",
        "SIGAP_BROKER_DATA": str(data),
        "SIGAP_BROKER_CONFIG": str(directory / "mosquitto.conf"),
        "SIGAP_GATEWAY_PASSWORD": gateway,
        "SIGAP_FLEET_PASSWORD": fleet,
        "SIGAP_FLEET_UNITS": "3",
        "SIGAP_BROKER_USERS": str(directory / "users"),
    }
    return Child("start.sh", ["/bin/sh", str(_DEPLOY / "start.sh")], directory / "log", environment=environment)


@pytest.fixture
def compose_broker(server_dir: Path) -> Iterator[ComposeBroker]:
    """The broker as the container would start it."""
    port = free_port()
    child = _start(server_dir, port)
    try:
        child.wait_ready(lambda: accepts(port), _WAIT_S)
        yield ComposeBroker(port, server_dir / "data")
    finally:
        child.stop(_WAIT_S)


def test_nobody_enters_without_a_password(compose_broker: ComposeBroker) -> None:
    """Neither anonymous nor with a wrong one."""
    with Client(compose_broker, "ambulans-01", "wrong") as stranger:
        assert stranger.answer.is_failure
    with Client(compose_broker, "", "", "somebody") as anonymous:
        assert anonymous.answer.is_failure


def test_a_unit_speaks_for_itself_only(compose_broker: ComposeBroker) -> None:
    """Its own lanes and presence, under its own name; neither another's, nor a receipt, nor the gateway's
    presence.
    """
    with Client(compose_broker, "ambulans-01", _FLEET) as unit:
        for own in ("live/k3", "backlog/k3", "nmea", "presence", "status/k3", "health", "command/reply"):
            assert unit.publish(f"{_CENTRE}/units/ambulans-01/{own}"), own
        for other in (
            f"{_CENTRE}/units/ambulans-02/live/k3",
            f"{_CENTRE}/units/ambulans-02/status/k3",
            f"{_CENTRE}/units/ambulans-02/health",
            f"{_CENTRE}/units/ambulans-02/command/reply",
            f"{_CENTRE}/units/ambulans-01/command",
            f"{_CENTRE}/units/ambulans-01/receipt/k3",
            f"{_CENTRE}/gateway/presence",
            "sigap/v1/x",
        ):
            assert not unit.publish(other), other


def test_a_bridge_speaks_under_its_own_name_only(compose_broker: ComposeBroker) -> None:
    """For any unit or radio (the gateway knows for whom it may), and as no other bridge and no unit."""
    with Client(compose_broker, "induk", _BRIDGE) as bridge:
        for own in ("units/ambulans-01/live/k3", "units/ambulans-01/backlog/k3", "units/ambulans-01/status/k3"):
            assert bridge.publish(f"{_CENTRE}/bridges/induk/{own}"), own
        for own in ("radios/nx-2/live/k3", "radios/nx-2/nmea", "presence"):
            assert bridge.publish(f"{_CENTRE}/bridges/induk/{own}"), own
        for other in (
            f"{_CENTRE}/bridges/cabang/units/ambulans-01/live/k3",
            f"{_CENTRE}/bridges/induk/receipt/k3",
            f"{_CENTRE}/units/ambulans-01/live/k3",
            f"{_CENTRE}/units/ambulans-01/status/k3",
            "owntracks/bojonegoro.ambulans-01/phone",
        ):
            assert not bridge.publish(other), other


def test_a_bridge_hears_its_own_receipts_only(compose_broker: ComposeBroker) -> None:
    """Neither what units say nor what another bridge is told."""
    with Client(compose_broker, "induk", _BRIDGE) as bridge, Client(compose_broker, "gateway", _GATEWAY) as gateway:
        bridge.subscribe("#")
        assert gateway.publish(f"{_CENTRE}/bridges/cabang/receipt/k3")
        assert gateway.publish(f"{_CENTRE}/units/ambulans-01/receipt/k3")
        assert gateway.publish(f"{_CENTRE}/bridges/induk/receipt/k3")
        assert bridge.received.get(timeout=_WAIT_S) == f"{_CENTRE}/bridges/induk/receipt/k3"
        assert bridge.received.empty()


def test_a_phone_speaks_as_itself_and_hears_nothing(compose_broker: ComposeBroker) -> None:
    """Not as another's phone, not as its unit's own device; the gateway hears it."""
    with (
        Client(compose_broker, "bojonegoro.ambulans-01", _PHONE) as phone,
        Client(compose_broker, "gateway", _GATEWAY) as gateway,
        Client(compose_broker, "ambulans-02", _FLEET) as unit,
    ):
        gateway.subscribe("owntracks/+/+")
        unit.subscribe("#")
        phone.subscribe("#")
        for other in ("owntracks/bojonegoro.ambulans-02/phone", f"{_CENTRE}/units/ambulans-01/live/k3", "owntracks/x"):
            assert not phone.publish(other), other
        assert phone.publish("owntracks/bojonegoro.ambulans-01/phone")
        assert gateway.received.get(timeout=_WAIT_S) == "owntracks/bojonegoro.ambulans-01/phone"
        assert phone.received.empty()
        assert unit.received.empty()


def test_a_call_taking_system_tells_of_incidents_and_an_onlooker_of_nothing(compose_broker: ComposeBroker) -> None:
    """Both read how units and incidents stand, and neither what units say. Units tell of no incident, and of themselves
    only on their own topics."""
    with (
        Client(compose_broker, "calltaking", _SYSTEM) as system,
        Client(compose_broker, "onlooker", _SYSTEM) as onlooker,
        Client(compose_broker, "ambulans-01", _FLEET) as unit,
        Client(compose_broker, "gateway", _GATEWAY) as gateway,
    ):
        system.subscribe("#")
        onlooker.subscribe("#")
        gateway.subscribe(f"{_CENTRE}/intake/incident")
        assert system.publish(f"{_CENTRE}/intake/incident")
        assert gateway.received.get(timeout=_WAIT_S) == f"{_CENTRE}/intake/incident"
        for stranger in (onlooker, unit):
            assert not stranger.publish(f"{_CENTRE}/intake/incident")
            assert not stranger.publish(f"{_CENTRE}/live/ambulans-01")
        assert not system.publish(f"{_CENTRE}/live/ambulans-01")
        assert unit.publish(f"{_CENTRE}/units/ambulans-01/live/k3")
        told = [f"{_CENTRE}/live/ambulans-01", f"{_CENTRE}/incidents/i-1/state"]
        for topic in (*told, f"{_CENTRE}/intake/answer"):
            assert gateway.publish(topic)
        assert [onlooker.received.get(timeout=_WAIT_S) for _ in told] == told
        assert [system.received.get(timeout=_WAIT_S) for _ in range(3)] == [*told, f"{_CENTRE}/intake/answer"]
        assert onlooker.received.empty()


def test_a_unit_hears_its_own_commands_only(compose_broker: ComposeBroker) -> None:
    """What another crew is told is not its business, nor what another crew answers."""
    with (
        Client(compose_broker, "ambulans-01", _FLEET) as unit,
        Client(compose_broker, "ambulans-02", _FLEET) as other,
        Client(compose_broker, "gateway", _GATEWAY) as gateway,
    ):
        unit.subscribe("#")
        assert other.publish(f"{_CENTRE}/units/ambulans-02/command/reply")
        assert other.publish(f"{_CENTRE}/units/ambulans-02/status/k3")
        assert gateway.publish(f"{_CENTRE}/units/ambulans-02/command")
        assert gateway.publish(f"{_CENTRE}/units/ambulans-01/command")
        assert unit.received.get(timeout=_WAIT_S) == f"{_CENTRE}/units/ambulans-01/command"
        assert unit.received.empty()


def test_a_unit_hears_its_own_receipts_and_the_gateway_only(compose_broker: ComposeBroker) -> None:
    """Where the others are is not its business."""
    with (
        Client(compose_broker, "ambulans-01", _FLEET) as unit,
        Client(compose_broker, "ambulans-02", _FLEET) as other,
        Client(compose_broker, "gateway", _GATEWAY) as gateway,
    ):
        unit.subscribe("#")
        assert other.publish(f"{_CENTRE}/units/ambulans-02/live/k3")
        assert gateway.publish(f"{_CENTRE}/units/ambulans-02/receipt/k3")
        assert gateway.publish(f"{_CENTRE}/units/ambulans-01/receipt/k3")
        assert gateway.publish(f"{_CENTRE}/gateway/presence", retain=True)
        heard = [unit.received.get(timeout=_WAIT_S) for _ in range(2)]
        assert heard == [f"{_CENTRE}/units/ambulans-01/receipt/k3", f"{_CENTRE}/gateway/presence"]
        assert unit.received.empty()


def test_both_sessions_of_the_gateway_hear_every_unit(compose_broker: ComposeBroker) -> None:
    """And each is a user of its own, so neither pushes the other out."""
    with (
        Client(compose_broker, "gateway", _GATEWAY, "bojonegoro-gateway-live") as live,
        Client(compose_broker, "gateway-backlog", _GATEWAY, "bojonegoro-gateway-backlog") as backlog,
        Client(compose_broker, "ambulans-01", _FLEET) as unit,
    ):
        live.subscribe(f"{_CENTRE}/units/+/live/+")
        backlog.subscribe(f"{_CENTRE}/units/+/backlog/+")
        assert unit.publish(f"{_CENTRE}/units/ambulans-01/live/k3")
        assert unit.publish(f"{_CENTRE}/units/ambulans-01/backlog/k3")
        assert live.received.get(timeout=_WAIT_S).endswith("live/k3")
        assert backlog.received.get(timeout=_WAIT_S).endswith("backlog/k3")


def test_a_unit_cannot_take_the_gateways_session(compose_broker: ComposeBroker) -> None:
    """It asks for the gateway's client id and gets its own: what is queued for the gateway stays there."""
    topic = f"{_CENTRE}/units/ambulans-01/live/k3"
    with Client(compose_broker, "gateway", _GATEWAY, "bojonegoro-gateway-live") as gateway:
        gateway.subscribe(f"{_CENTRE}/units/+/live/+")
        for client_id in ("gateway", "bojonegoro-gateway-live"):
            with Client(compose_broker, "ambulans-01", _FLEET, client_id) as thief:
                assert thief.publish(topic)
                assert gateway.received.get(timeout=_WAIT_S) == topic
        assert gateway.disconnected.empty()


def test_the_health_check_of_the_container_passes(compose_broker: ComposeBroker) -> None:
    """The script's own user may see that the broker lives; its password is new at each start and lies in no
    setting.
    """
    password = (compose_broker.data / "health").read_text()
    with Client(compose_broker, "health", password) as health:
        health.subscribe("$SYS/broker/uptime")
        assert health.received.get(timeout=_WAIT_S) == "$SYS/broker/uptime"
        assert not health.publish(f"{_CENTRE}/units/ambulans-01/live/k3")


def test_passwords_are_kept_hashed_and_to_the_broker(compose_broker: ComposeBroker) -> None:
    """Who reads the volume learns no password."""
    file = compose_broker.data / "passwords"
    assert _FLEET not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert not (compose_broker.data / "passwords.new").exists()


@pytest.mark.parametrize("bad", ["short", "has:a:colon:in:it"])
def test_a_password_that_cannot_work_is_explained(server_dir: Path, bad: str) -> None:
    """Before the broker starts, in one line."""
    child = _start(server_dir, free_port(), gateway=bad)
    assert child.process.wait(_WAIT_S) == 1
    assert "a broker password must have" in child.last_lines()


def test_a_megabyte_and_a_topic_that_is_no_text_are_refused(compose_broker: ComposeBroker) -> None:
    """The broker closes the connection of whoever sends either."""
    with Client(compose_broker, "ambulans-01", _FLEET) as unit:
        unit.paho.publish(f"{_CENTRE}/units/ambulans-01/live/k3", bytes(1_000_000), qos=1)
        unit.disconnected.get(timeout=_WAIT_S)
    with socket.create_connection(("127.0.0.1", compose_broker.port), timeout=_WAIT_S) as raw:
        raw.sendall(_connect_packet("ambulans-02", _FLEET))
        assert raw.recv(4)[0] == 0x20  # CONNACK
        raw.sendall(b"\x30\x07\x00\x03a\xff\xfex\x00")  # PUBLISH, QoS 0, topic a, FF, FE
        assert raw.recv(1) == b""


def _connect_packet(user: str, password: str) -> bytes:
    """CONNECT of MQTT 3.1.1, clean session, with user name and password (section 3.1)."""

    def text(value: str) -> bytes:
        return len(value).to_bytes(2, "big") + value.encode()

    body = text("MQTT") + b"\x04\xc2\x00\x3c" + text(user) + text(user) + text(password)
    return b"\x10" + bytes([len(body)]) + body


def test_the_script_is_one_that_every_shell_reads() -> None:
    """The image's shell is not bash."""
    subprocess.run(["/bin/dash", "-n", str(_DEPLOY / "start.sh")], check=True)
