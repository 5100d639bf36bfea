"""The broker, step by step as a connection is made: name, port, TLS, certificate, login, and what the unit may say.

It logs in as the unit does but under another client id, so that a running agent keeps its connection; a broker that
takes the user name for the client id ends it for a moment.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from fieldunit.agent.config import Config, broker_of
from fieldunit.agent.sections import SettingError
from fieldunit.doctor.finding import Finding, Level
from fieldunit.uplink import tls
from fieldunit.uplink.broker import Broker
from tracker.errors import BadInput
from tracker.wire import presence
from tracker.wire.topics import Channel, UnitTopic, gateway_presence

WAIT_S = 10.0
"""For each answer."""

EXPIRES_SOON_DAYS = 30


def examine(config: Config, health: bytes | None) -> list[Finding]:
    """The findings, up to the first step that fails.

    Args:
        health: published to see whether the unit may; None: not tried, since the agent runs and does it itself.
    """
    try:
        broker = broker_of(config)
    except SettingError as error:
        return [Finding("broker", Level.FAILED, str(error))]
    try:
        with socket.create_connection((broker.host, broker.port), timeout=WAIT_S) as connection:
            found = [] if broker.tls is None else [_certificate(broker, broker.tls, connection)]
    except socket.gaierror as error:
        return [
            Finding(
                "broker", Level.FAILED, f"the name {broker.host} is not known ({error.strerror}): is DNS reachable?"
            )
        ]
    except OSError as error:
        why = error.strerror or str(error) or "no answer"
        return [
            Finding(
                "broker", Level.FAILED, f"{broker} cannot be reached ({why}): is there coverage, is the port right?"
            )
        ]
    if any(finding.level is Level.FAILED for finding in found):
        return found
    return found + _Login(config, broker).examine(health)


def _certificate(broker: Broker, context: ssl.SSLContext, connection: socket.socket) -> Finding:
    try:
        with context.wrap_socket(connection, server_hostname=broker.host) as secured:
            shown = secured.getpeercert() or {}
            version = secured.version()
    except ssl.SSLError as error:
        return Finding("certificate", Level.FAILED, tls.explain(error, str(broker)))
    ends = min(
        [
            ssl.cert_time_to_seconds(str(each["notAfter"]))
            for each in (shown, *context.get_ca_certs())
            if "notAfter" in each
        ],
        default=None,
    )
    if ends is None:
        return Finding("certificate", Level.OK, f"{broker} shows one that is trusted, over {version}")
    day = f"{datetime.fromtimestamp(ends, UTC):%Y-%m-%d}"
    left = (ends - time.time()) / 86_400
    if left < EXPIRES_SOON_DAYS:
        return Finding(
            "certificate",
            Level.WARNING,
            f"that of {broker}, or of its authority, ends on {day}, in {left:.0f} days: have it renewed before",
        )
    return Finding("certificate", Level.OK, f"{broker} shows one that is trusted until {day}, over {version}")


class _Login:
    """One connection, for a look."""

    def __init__(self, config: Config, broker: Broker) -> None:
        self._config = config
        self._broker = broker
        self._answered = threading.Event()
        self._refusals: list[str] = []
        self._gateway: bool | None = None

    def examine(self, health: bytes | None) -> list[Finding]:
        """Log in, subscribe, publish."""
        unit, centre = self._config.unit.id, self._config.unit.centre
        client = Client(CallbackAPIVersion.VERSION2, client_id=f"{unit}-doctor", protocol=MQTTProtocolVersion.MQTTv5)
        if self._broker.password is not None:
            client.username_pw_set(self._broker.username or unit, self._broker.password)
        if self._broker.tls is not None:
            client.tls_set_context(self._broker.tls)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        try:
            client.connect(self._broker.host, self._broker.port, keepalive=30)
        except OSError as error:
            return [Finding("broker", Level.FAILED, f"{self._broker} does not let itself be connected to ({error})")]
        client.loop_start()
        try:
            return self._talk(client, str(UnitTopic(centre, unit, Channel.HEALTH)), health)
        finally:
            client.disconnect()
            client.loop_stop()

    def _talk(self, client: Client, topic: str, health: bytes | None) -> list[Finding]:
        unit, centre = self._config.unit.id, self._config.unit.centre
        if not self._answered.wait(WAIT_S):
            return [Finding("broker", Level.FAILED, f"{self._broker} is there and does not speak MQTT 5")]
        if self._refusals:
            return [
                Finding(
                    "broker",
                    Level.FAILED,
                    f"{self._broker} refuses unit {unit!r} ({self._refusals[0]}): check its id, user name and password",
                )
            ]
        found = [Finding("broker", Level.OK, f"{self._broker} lets unit {unit!r} in")]
        topics = [str(UnitTopic(centre, unit, Channel.COMMAND)), gateway_presence(centre)]
        if self._ask(lambda: client.subscribe([(each, 1) for each in topics])):
            found.append(self._refused("hear commands"))
        if health is not None:
            if self._ask(lambda: client.publish(topic, health, qos=1)):
                found.append(self._refused("publish"))
            else:
                found.append(Finding("access", Level.OK, f"the unit may publish as {unit!r} of centre {centre!r}"))
        deadline = time.monotonic() + 2.0  # a retained message comes with the subscription
        while self._gateway is None and time.monotonic() < deadline:
            time.sleep(0.05)
        found.append(self._centre(centre))
        return found

    def _ask(self, act: Callable[[], object]) -> bool:
        """Do it, and wait for the answer; returns whether it was refused, or none came."""
        self._answered.clear()
        self._refusals.clear()
        act()
        if not self._answered.wait(WAIT_S):
            self._refusals.append("no answer")
        return bool(self._refusals)

    def _refused(self, deed: str) -> Finding:
        return Finding(
            "access",
            Level.FAILED,
            f"the broker does not let the unit {deed} ({self._refusals[0]}): its access rules must name this unit "
            "(deploy/mosquitto/access.acl)",
        )

    def _centre(self, centre: str) -> Finding:
        if self._gateway:
            return Finding("centre", Level.OK, f"the gateway of centre {centre!r} is there")
        said = "has said that it is away" if self._gateway is False else "has never been heard on this broker"
        return Finding(
            "centre",
            Level.WARNING,
            f"the gateway of centre {centre!r} {said}: fixes wait in the outbox; is the centre's id right?",
        )

    def _on_connect(
        self, _client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        self._answer([reason])

    def _on_subscribe(
        self, _client: Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        self._answer(reasons)

    def _on_publish(
        self, _client: Client, _data: object, _mid: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        self._answer([reason])

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if message.topic == gateway_presence(self._config.unit.centre):
            try:
                self._gateway = presence.decode(bytes(message.payload)).online
            except BadInput:
                return  # not a gateway of ours; it is then as if none had been heard

    def _answer(self, reasons: list[ReasonCode]) -> None:
        self._refusals += [str(reason) for reason in reasons if reason.is_failure]
        self._answered.set()
